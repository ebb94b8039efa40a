"""The types of the configuration: the default of every key, and the JSON Schema for editors."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner

from feeds.cli.commands import main
from feeds.cli.starter import write_starter
from feeds.config.json_schema import json_schema
from feeds.config.loader import load_config
from feeds.config.schema import (
    AllFeed,
    Author,
    Config,
    ConfigFile,
    CustomFeed,
    Enclosures,
    EntrySettings,
    FeedKinds,
    ProviderFeeds,
    ProviderRule,
    ProviderSettings,
    ServeSettings,
    SiteSettings,
    SourceLimits,
    SourceSettings,
    Topic,
    TopicFeeds,
    TopicRule,
    first_set,
    period,
)
from feeds.errors import ConfigError
from feeds.storage.sources import LocalSource
from feeds.text.yaml import load_yaml
from feeds.text.yaml_loaders import ConfigLoader
from tests.support.configs import COMPLETE, MINIMAL
from tests.support.paths import ROOT
from tests.support.site import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.site import Site as SiteFolder

CONFIG = ROOT / "config"
SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

SITE = SiteSettings(title="Test Wire", url="https://feeds.example.com/")
SOURCE = SourceSettings(articles=("../articles",))
OF_A_FEED = dict.fromkeys(["language", "limit", "min_entries", "content", "images", "related", "formats", "archives"])
KINDS = {
    "all": {**OF_A_FEED, "title": "{site}", "description": None, "limit": 100, "min_entries": 0},
    "topics": {
        **OF_A_FEED,
        "title": "{name} – {site}",
        "description": "{name}: articles and related coverage",
        "limit": 50,
        "min_entries": 1,
    },
    "providers": {
        **OF_A_FEED,
        "title": "{name} – {site}",
        "description": "Stories published by {name}",
        "limit": 50,
        "min_entries": 2,
    },
}
LIMITS = {
    "bytes": 1_000_000,
    "depth": 100,
    "related": 500,
    "topics": 100,
    "article_topics": 200,
    "new_feeds": 50_000,
    "images": 100,
}
ENCLOSURES = {"probe": "off", "dead": "keep", "ttl": "90 days", "retry": "1 day", "allow_private": ()}
ENTRIES = {"related": "both", "content": "full", "images": "all", "related_title": "Related coverage"}
DEFAULTS: list[tuple[msgspec.Struct, dict[str, Any]]] = [
    (
        ConfigFile(site=SITE, source=SOURCE),
        {
            "entries": ENTRIES,
            "enclosures": ENCLOSURES,
            "feeds": {**KINDS, "custom": ()},
            "formats": ("rss", "atom", "json"),
            "pages": "on",
            "archives": "off",
            "compress": (),
            "moved": {},
            "serve": {"files": ()},
            "topics": {},
            "providers": {},
        },
    ),
    (
        SITE,
        {
            "description": "",
            "language": "en",
            "author": None,
            "icon": None,
            "logo": None,
            "rights": None,
            "ttl": 60,
            "hub": None,
        },
    ),
    (Author(name="Ada"), {"email": None, "uri": None}),
    (SOURCE, {"unpublished": "skip", "undated": "skip", "link": "web", "base_url": None, "limits": LIMITS}),
    (SourceLimits(), LIMITS),
    (EntrySettings(), ENTRIES),
    (Enclosures(), ENCLOSURES),
    (FeedKinds(), {**KINDS, "custom": ()}),
    (AllFeed(), KINDS["all"]),
    (TopicFeeds(), KINDS["topics"]),
    (ProviderFeeds(), KINDS["providers"]),
    (
        CustomFeed(path="a"),
        {
            **OF_A_FEED,
            "limit": 50,
            "min_entries": 0,
            "title": None,
            "description": None,
            "icon": None,
            "topics": {"any": (), "all": (), "none": ()},
            "providers": {"any": (), "none": ()},
            "types": (),
            "min_quality": None,
            "min_heat": None,
            "match": None,
            "newer_than": None,
            "sort": "date",
        },
    ),
    (ServeSettings(), {"files": ()}),
    (TopicRule(), {"any": (), "all": (), "none": ()}),
    (ProviderRule(), {"any": (), "none": ()}),
    (
        Topic(),
        {
            **OF_A_FEED,
            "slug": None,
            "title": None,
            "description": None,
            "parent": None,
            "aliases": (),
            "icon": None,
        },
    ),
    (ProviderSettings(), {**OF_A_FEED, "title": None, "description": None, "feed": None, "icon": None}),
]
REQUIRED = {
    "ConfigFile": ["site", "source"],
    "SiteSettings": ["title", "url"],
    "SourceSettings": ["articles"],
    "Author": ["name"],
    "CustomFeed": ["path"],
}


def accepts(text: str) -> bool:
    return VALIDATOR.is_valid(load_yaml(text, ConfigLoader))


def loads(path: Path) -> bool:
    try:
        load_config(path)
    except ConfigError:
        return False
    return True


def patterns(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """The regular expressions in a schema, each with its keys."""
    if isinstance(value, dict):
        if isinstance(value.get("pattern"), str):
            yield place, value["pattern"]
        for key, part in value.items():
            yield from patterns(part, place if key in {"properties", "$defs", "items"} else f"{place}.{key}".strip("."))
    elif isinstance(value, list):
        for part in value:
            yield from patterns(part, place.removesuffix(".anyOf"))


PATTERNS = dict(patterns(SCHEMA))


@pytest.mark.parametrize(("section", "expected"), DEFAULTS, ids=[type(section).__name__ for section, _ in DEFAULTS])
def test_every_key_but_the_required_ones_has_its_default(section: msgspec.Struct, expected: dict[str, Any]) -> None:
    required = REQUIRED.get(type(section).__name__, [])
    found = {key: value for key, value in msgspec.to_builtins(section).items() if key not in required}
    assert found == expected


def test_every_section_of_the_schema_has_its_defaults_tested() -> None:
    assert {type(section).__name__ for section, _ in DEFAULTS} == {"ConfigFile", *SCHEMA["$defs"]}


@pytest.mark.parametrize("name", ["ConfigFile", *SCHEMA["$defs"]])
def test_only_what_the_design_names_is_required(name: str) -> None:
    section = SCHEMA if name == "ConfigFile" else SCHEMA["$defs"][name]
    assert section["required"] == REQUIRED.get(name, [])


@pytest.mark.parametrize("name", ["ConfigFile", *SCHEMA["$defs"]])
def test_no_section_takes_unknown_keys(name: str) -> None:
    section = SCHEMA if name == "ConfigFile" else SCHEMA["$defs"][name]
    assert section["additionalProperties"] is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 minute", dt.timedelta(minutes=1)),
        ("90 minutes", dt.timedelta(minutes=90)),
        ("1 hour", dt.timedelta(hours=1)),
        ("12 hours", dt.timedelta(hours=12)),
        ("1 day", dt.timedelta(days=1)),
        ("90 days", dt.timedelta(days=90)),
        ("1 week", dt.timedelta(weeks=1)),
        ("2 weeks", dt.timedelta(weeks=2)),
    ],
)
def test_a_period_is_a_number_of_units(text: str, expected: dt.timedelta) -> None:
    assert period(text) == expected


def test_the_longest_period_lies_within_the_calendar() -> None:
    assert accepts(f"{MINIMAL}feeds: {{custom: [{{path: a, newer_than: 99999 weeks}}]}}")
    assert NOW - period("99999 weeks") < NOW


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param((1, 2, 3), 1, id="own"),
        pytest.param((None, 2, 3), 2, id="the kind's"),
        pytest.param((None, None, 3), 3, id="global"),
        pytest.param((0, 2), 0, id="zero is set"),
        pytest.param(("", "a"), "", id="empty text is set"),
        pytest.param(((), (1,)), (), id="empty list is set"),
    ],
)
def test_the_first_value_that_is_set_counts(values: tuple[Any, ...], expected: Any) -> None:
    assert first_set(*values) == expected


@pytest.mark.parametrize(
    "url", ["https://feeds.example.com", "https://feeds.example.com/", "https://feeds.example.com//"]
)
def test_the_base_url_ends_with_one_slash(url: str) -> None:
    site = msgspec.structs.replace(SITE, url=url)
    config = Config(site=site, source=SOURCE, path=Path("/site/config/feeds.yaml"), articles=())
    assert config.base_url == "https://feeds.example.com/"


def test_the_output_is_beside_the_folder_of_the_configuration() -> None:
    config = Config(site=SITE, source=SOURCE, path=Path("/site/config/feeds.yaml"), articles=())
    assert config.default_output == Path("/site/output")


def test_the_schema_is_valid_draft_2020_12() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_reference_in_the_schema_leads_to_a_section() -> None:
    references = set(re.findall(r'"\$ref": ?"([^"]*)"', json.dumps(SCHEMA)))
    assert references == {f"#/$defs/{name}" for name in SCHEMA["$defs"]}


@pytest.mark.parametrize("place", PATTERNS)
def test_patterns_mean_in_an_editor_what_they_mean_here(place: str) -> None:
    """In JavaScript `\\w` and `\\d` are ASCII only, and in its Unicode mode only syntax characters may be escaped."""
    pattern = PATTERNS[place]
    assert set(re.findall(r"\\(.)", pattern)) <= set("sStnrfvxu^$\\.*+?()[]{}|/-")
    assert "(?" not in pattern


def test_the_committed_schema_is_what_the_command_prints() -> None:
    result = CliRunner().invoke(main, ["config-schema"])
    assert result.exit_code == 0
    assert result.stdout_bytes == (CONFIG / "feeds.schema.json").read_bytes()


def test_the_sample_is_accepted_and_loads() -> None:
    VALIDATOR.validate(load_yaml((CONFIG / "feeds.yaml").read_text(encoding="utf-8"), ConfigLoader))
    assert load_config(CONFIG / "feeds.yaml").site.title == "Machine Weekly"


def test_the_starter_is_accepted_and_loads(tmp_path: Path) -> None:
    write_starter(tmp_path)
    path = tmp_path / "config" / "feeds.yaml"
    VALIDATOR.validate(load_yaml(path.read_text(encoding="utf-8"), ConfigLoader))
    assert load_config(path).articles == (LocalSource((tmp_path / "articles").resolve()),)


def test_sample_and_starter_point_editors_at_the_schema_beside_them(tmp_path: Path) -> None:
    write_starter(tmp_path)
    for folder in (CONFIG, tmp_path / "config"):
        first = (folder / "feeds.yaml").read_text(encoding="utf-8").splitlines()[0]
        name = first.removeprefix("# yaml-language-server: $schema=")
        assert json.loads((folder / name).read_text(encoding="utf-8")) == json.loads(json.dumps(SCHEMA))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(COMPLETE, id="the design's"),
        pytest.param(MINIMAL, id="the smallest"),
        pytest.param(f"{MINIMAL}feeds: {{all: off, topics: off, providers: off}}", id="every kind off"),
        pytest.param(f"{MINIMAL}entries: {{images: off, related: off}}", id="off as a word"),
        pytest.param(f"{MINIMAL}entries:", id="null section"),
        pytest.param(f"{MINIMAL}feeds: {{topics: }}", id="null kind"),
        pytest.param(f"{MINIMAL}topics: {{AI: {{slug: null, limit: ~}}}}", id="optional keys null"),
        pytest.param(f"{MINIMAL}topics: {{AI: {{slug: künstliche-intelligenz}}}}", id="German slug"),
        pytest.param(f"{MINIMAL}topics: {{AI: {{slug: हिन्दी}}}}", id="Hindi slug"),
        pytest.param(f"{MINIMAL}topics: {{AI: {{slug: ข่าวเทคโนโลยี}}}}", id="Thai slug"),
        pytest.param(f"{MINIMAL}topics: {{2024: {{slug: year-2024}}}}", id="topic that is a number"),
        pytest.param(f"{MINIMAL}topics: {{true: {{slug: truth}}}}", id="topic that is a boolean"),
        pytest.param(f"{MINIMAL}providers: {{localhost: {{}}, 192.168.0.1: {{}}}}", id="hosts without a dot or name"),
        pytest.param(f"{MINIMAL}feeds: {{custom: [{{path: समाचार/हिन्दी}}]}}", id="Hindi path"),
        pytest.param(f"{MINIMAL}feeds: {{custom: [{{path: v1.2/a_b-c}}]}}", id="path with dots"),
        pytest.param(f"{MINIMAL}feeds: {{custom: []}}", id="no custom feed"),
    ],
)
def test_loader_and_schema_both_take_what_is_right(site: SiteFolder, text: str) -> None:
    assert (loads(site.configure(text)), accepts(text)) == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("- site", id="a list"),
        pytest.param("site: {title: T, url: https://e.com/}", id="no source"),
        pytest.param(f"{MINIMAL}feed: {{}}", id="unknown section"),
        pytest.param(f"{MINIMAL}entries: {{image: off}}", id="unknown key"),
        pytest.param(f"{MINIMAL}topics: {{AI: {{name: x}}}}", id="unknown key of a topic"),
        pytest.param(f"{MINIMAL}formats: []", id="no formats"),
        pytest.param(f"{MINIMAL}feeds: {{topics: {{formats: []}}}}", id="a kind without formats"),
        pytest.param(f"{MINIMAL}formats: rss", id="one format without a list"),
        pytest.param(f"{MINIMAL}formats: [rdf]", id="unknown format"),
        pytest.param(f"{MINIMAL}feeds: {{topics: no}}", id="another word for off"),
        pytest.param(f"{MINIMAL}feeds: {{topics: false}}", id="false for off"),
        pytest.param(f"{MINIMAL}feeds: {{topics: {{limit: 0}}}}", id="limit below"),
        pytest.param(f"{MINIMAL}feeds: {{topics: {{limit: 100001}}}}", id="limit above"),
        pytest.param(f"{MINIMAL}feeds: {{topics: {{limit: '5'}}}}", id="limit as text"),
        pytest.param(f"{MINIMAL}feeds: {{topics: {{limit: true}}}}", id="limit as boolean"),
        pytest.param(f"{MINIMAL}feeds: {{topics: {{title: ''}}}}", id="empty title"),
        pytest.param(f"{MINIMAL}feeds: {{custom: [{{title: T}}]}}", id="custom feed without a path"),
        pytest.param(f"{MINIMAL}feeds: {{custom: [{{path: /a}}]}}", id="path with a slash in front"),
        pytest.param(f"{MINIMAL}feeds: {{custom: [{{path: ../a}}]}}", id="path that leads out"),
        pytest.param(f"{MINIMAL}feeds: {{custom: [{{path: a, newer_than: 3 months}}]}}", id="unknown unit"),
        pytest.param(f"{MINIMAL}feeds: {{custom: [{{path: a, newer_than: 1٣ days}}]}}", id="digits of another script"),
        pytest.param(f"{MINIMAL}feeds: {{custom: [{{path: a, newer_than: 999999 weeks}}]}}", id="before the calendar"),
        pytest.param(f"{MINIMAL}feeds: {{custom: [{{path: a, topics: [AI]}}]}}", id="topics without a rule"),
        pytest.param(f"{MINIMAL}topics: {{AI: {{slug: a/b}}}}", id="slug with a slash"),
        pytest.param(f"{MINIMAL}topics: {{AI: {{slug: a.b}}}}", id="slug with a dot"),
        pytest.param(f"{MINIMAL}topics: {{'': {{slug: a}}}}", id="topic without a name"),
        pytest.param(f"{MINIMAL}topics: {{' ': {{slug: a}}}}", id="topic of white space"),
        pytest.param(f"{MINIMAL}providers: {{https://e.com/: {{}}}}", id="provider by address"),
        pytest.param(f"{MINIMAL}providers: {{e.com: {{feed: e.com/feed}}}}", id="address without a scheme"),
        pytest.param("site: {title: ' ', url: https://e.com/}\nsource: {articles: [../articles]}", id="blank title"),
        pytest.param(
            "site: {title: T, url: https://e.com/?a}\nsource: {articles: [../articles]}", id="site address with a query"
        ),
    ],
)
def test_loader_and_schema_both_refuse_what_is_wrong(site: SiteFolder, text: str) -> None:
    assert (loads(site.configure(text)), accepts(text)) == (False, False)

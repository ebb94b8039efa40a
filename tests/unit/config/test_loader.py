"""The loader of the configuration: valid files, and the message for each error."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from feeds.config.loader import load_config, locate
from feeds.config.schema import (
    AllFeed,
    Author,
    Config,
    CustomFeed,
    EntrySettings,
    FeedKinds,
    ProviderFeeds,
    ProviderRule,
    ProviderSettings,
    SiteSettings,
    SourceSettings,
    Topic,
    TopicFeeds,
    TopicRule,
)
from feeds.errors import ConfigError, Diagnostic, LocatedDiagnostic, quoted
from feeds.storage.sources import LocalSource
from tests.support.configs import COMPLETE, MINIMAL, SITE, SOURCE

if TYPE_CHECKING:
    from tests.support.site import Site as SiteFolder

SITE_KEYS = "title, url, description, language, author, icon, logo, rights, ttl, hub"
SOURCE_KEYS = "articles, unpublished, undated, link, base_url, limits"
TOP_KEYS = (
    "site, source, entries, enclosures, feeds, formats, pages, archives, compress, moved, serve, topics, providers"
)
FEED_KEYS = "language, limit, min_entries, content, images, related, formats, archives"
CUSTOM_KEYS = (
    f"{FEED_KEYS}, path, title, description, icon, topics, providers, types, min_quality, min_heat, match, "
    "newer_than, sort"
)
TOPIC_KEYS = f"{FEED_KEYS}, slug, title, description, parent, aliases, icon"
PROVIDER_KEYS = f"{FEED_KEYS}, title, description, feed, icon"

URL = "an http or https address"
SITE_URL = "the http or https address where output/ is served; every address starts with it"
PATH = "a path such as ai or news/ai: letters, digits, dots, hyphens; no leading slash, no extension"
SLUG = "a part of an address such as c-plus-plus: letters, digits and hyphens"
DOMAIN = "a domain such as example.com"
RESERVED = (
    "expected a path other than all, feeds, index, topics/…, providers/… and …/archive/YYYY-MM, "
    "which the publisher uses itself"
)
LANGUAGE = "a language tag such as en or pt-BR"
PERIOD = "a number and a unit, such as 90 days or 12 hours"
BRACKET = "missing ), unterminated subpattern at position 0"
TEMPLATE = "text in which {name} is the topic or provider and {site} the site's title"


#: The configuration in messages: its path below the working directory, which is the folder of the site.
FILE = "config/feeds.yaml"


def messages_about(path: Path) -> list[str]:
    """The messages about an invalid file, without its path."""
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    return [str(mistake).removeprefix(f"{FILE}:") for mistake in caught.value.mistakes]


def test_the_complete_configuration_of_the_design_loads(site: SiteFolder) -> None:
    path = site.configure(COMPLETE)
    assert load_config(path) == Config(
        site=SiteSettings(
            title="AI Wire",
            url="https://feeds.example.com/",
            description="Artificial intelligence, by topic and by provider",
            language="en",
            author=Author(name="AI Wire", email="editor@example.com"),
        ),
        source=SourceSettings(
            articles=("../articles",),
            unpublished="skip",
            undated="skip",
            link="web",
            base_url="https://www.example.com/",
        ),
        entries=EntrySettings(related="both", content="full", images="all"),
        feeds=FeedKinds(
            all=AllFeed(limit=100),
            topics=TopicFeeds(limit=50, min_entries=1),
            providers=ProviderFeeds(limit=50, min_entries=2),
            custom=(
                CustomFeed(
                    path="facial-recognition",
                    title="Facial recognition",
                    topics=TopicRule(any=("Computer Vision",), none=("AWS AI",)),
                    providers=ProviderRule(none=("law360.com",)),
                    types=("article",),
                    min_quality=60,
                    match="facial|face recognition",
                    newer_than="90 days",
                ),
            ),
        ),
        formats=("rss", "atom", "json"),
        topics={
            "Computer Vision": Topic(
                slug="vision", title="Vision", description="How machines see", parent="AI", aliases=("CV",)
            )
        },
        providers={
            "techcrunch.com": ProviderSettings(
                title="TechCrunch", feed="https://techcrunch.com/feed/", icon="https://techcrunch.com/icon.png"
            )
        },
        path=path,
        articles=(LocalSource(site.folder / "articles"),),
    )


def test_the_smallest_configuration_is_all_defaults(site: SiteFolder) -> None:
    site.configure("site: {title: Test Wire, url: https://feeds.example.com/}\nsource: {articles: [../articles]}\n")
    assert load_config(site.config_path) == Config(
        site=SiteSettings(title="Test Wire", url="https://feeds.example.com/"),
        source=SourceSettings(articles=("../articles",)),
        path=site.config_path,
        articles=(LocalSource(site.folder / "articles"),),
    )


def test_a_path_may_be_text(site: SiteFolder) -> None:
    assert load_config(str(site.config_path)) == load_config(site.config_path)


def test_paths_are_absolute_however_the_file_is_named(site: SiteFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site.folder)
    config = load_config("config/feeds.yaml")
    assert (config.path, config.articles, config.default_output) == (
        site.config_path,
        (LocalSource(site.folder / "articles"),),
        site.output,
    )


@pytest.mark.parametrize("is_absolute", [False, True], ids=["relative", "absolute"])
@pytest.mark.parametrize(
    ("working_folder", "expected"), [(".", FILE), ("config", "feeds.yaml"), ("articles", "{path}")], ids=str
)
def test_a_message_names_the_file_relative_to_the_working_directory_if_below(
    site: SiteFolder, monkeypatch: pytest.MonkeyPatch, working_folder: str, expected: str, *, is_absolute: bool
) -> None:
    path = site.configure(MINIMAL + "entires: {}")
    monkeypatch.chdir(site.folder / working_folder)
    given = path if is_absolute else Path(os.path.relpath(path))
    with pytest.raises(ConfigError) as caught:
        load_config(given)
    expected = expected.format(path=path)
    assert str(caught.value) == f"{expected}:3: entires: unknown key; did you mean entries?"
    assert caught.value.mistakes == (LocatedDiagnostic(expected, 3, "entires: unknown key; did you mean entries?"),)


def test_all_mistakes_are_reported_at_once_by_line(site: SiteFolder) -> None:
    path = site.configure(
        """\
        site:
          title: Test Wire
          url: feeds.example.com
          langauge: en
        source:
          articles: [nowhere]
          undated: maybe
        feeds:
          custom:
            - {path: all, match: (, limit: 0}
            - path: a
              title: once
              title: twice
        topics:
          AI: {parent: AI}
        providers: {x.example: {}, www.x.example: {}}
        formats: [rss, xml]
        """
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value).splitlines() == [
        f"{FILE}:3: site.url: 'feeds.example.com'; expected {SITE_URL}",
        f"{FILE}:4: site.langauge: unknown key; did you mean language?",
        f"{FILE}:6: source.articles.0: 'nowhere' is not there; expected a folder of articles, seen from config",
        f"{FILE}:7: source.undated: 'maybe'; expected one of file, skip",
        f"{FILE}:10: feeds.custom.0.limit: 0; expected a whole number from 1 to 100000",
        f"{FILE}:10: feeds.custom.0.match: '('; expected a regular expression ({BRACKET})",
        f"{FILE}:10: feeds.custom.0.path: 'all'; {RESERVED}",
        f"{FILE}:13: feeds.custom.1.title: the key is there twice; expected it once",
        f"{FILE}:15: topics.AI.parent: 'AI' is below 'AI' itself; expected a topic above it",
        f"{FILE}:16: providers.www.x.example: 'x.example' is the same provider; expected it once",
        f"{FILE}:17: formats.1: 'xml'; expected one of atom, json, rss",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", f"1: nothing; expected a mapping with {TOP_KEYS}", id="nothing"),
        pytest.param("# nothing yet\n", f"1: nothing; expected a mapping with {TOP_KEYS}", id="a comment"),
        pytest.param("\n\n- site\n", f"3: a list; expected a mapping with {TOP_KEYS}", id="a list"),
        pytest.param("[]", f"1: an empty list; expected a mapping with {TOP_KEYS}", id="an empty list"),
        pytest.param("site", f"1: 'site'; expected a mapping with {TOP_KEYS}", id="text"),
        pytest.param("3", f"1: 3; expected a mapping with {TOP_KEYS}", id="a number"),
        pytest.param(SITE, f"1: source is missing; expected a mapping with {SOURCE_KEYS}", id="no source"),
        pytest.param(SOURCE, f"1: site is missing; expected a mapping with {SITE_KEYS}", id="no site"),
        pytest.param(
            f"{MINIMAL}formats: [rss\nfeeds: {{}}",
            "4: not valid YAML: while parsing a flow sequence did not find expected ',' or ']'",
            id="a list without end",
        ),
        pytest.param(
            f"{MINIMAL}\tfeeds: off",
            "3: not valid YAML: a tab; expected spaces",
            id="a tab",
        ),
        pytest.param(
            f"{MINIMAL}---\n{MINIMAL}",
            "3: not valid YAML: expected a single document in the stream but found another document",
            id="two documents",
        ),
        pytest.param(f"{MINIMAL}a: *b", "3: not valid YAML: found undefined alias", id="an unknown alias"),
        pytest.param(f"{MINIMAL}a: &b [*b]", "3: not valid YAML here: nested in itself", id="a list in itself"),
        pytest.param(
            "site: &a {title: T, url: https://e.com/, author: *a}",
            "1: not valid YAML here: nested in itself",
            id="a mapping in itself",
        ),
        pytest.param(
            f"{MINIMAL}a0: &a0 [b]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 1300)),
            "103: not valid YAML here: nested more than 100 levels deep",
            id="too many levels by aliases",
        ),
        pytest.param("- " * 4000, "1: not valid YAML here: nested more than 100 levels deep", id="too many levels"),
        pytest.param(f"{MINIMAL}a: \x07", "3: not valid YAML: the character U+0007 is not allowed", id="a bell"),
    ],
)
def test_what_is_no_configuration_at_all_is_one_mistake(site: SiteFolder, text: str, message: str) -> None:
    assert messages_about(site.configure(text)) == [message]


def test_a_missing_file_is_reported_with_the_way_to_make_one(site: SiteFolder) -> None:
    path = site.folder / "nowhere.yaml"
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value) == "nowhere.yaml: there is no such file; `feeds init` makes one"


def test_a_file_that_has_disappeared_since_it_was_loaded_is_reported(site: SiteFolder) -> None:
    config = load_config(site.config_path)
    assert locate(config, [Diagnostic(("pages",), "is off")]) == [LocatedDiagnostic(FILE, 3, "is off")]
    site.config_path.unlink()
    with pytest.raises(ConfigError, match=r"feeds\.yaml: there is no such file"):
        locate(config, [Diagnostic(("pages",), "is off")])


def test_a_folder_in_place_of_the_file_is_reported(site: SiteFolder) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(site.config_path.parent)
    assert str(caught.value) == "config: cannot be read: Is a directory"


def test_text_that_is_not_utf_8_is_reported_with_its_line(site: SiteFolder) -> None:
    site.config_path.write_bytes(SITE.encode() + b"# caf\xe9\n" + SOURCE.encode())
    assert messages_about(site.config_path) == ["2: byte 0xe9 is not UTF-8; expected text in UTF-8"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xef\xbb\xbf" + MINIMAL.encode(), id="byte order mark"),
        pytest.param(MINIMAL.replace("\n", "\r\n").encode(), id="Windows line ends"),
        pytest.param(b"---\n" + MINIMAL.encode() + b"...\n", id="document marks"),
    ],
)
def test_what_editors_add_is_no_mistake(site: SiteFolder, content: bytes) -> None:
    site.config_path.write_bytes(content)
    assert load_config(site.config_path).site.title == "Test Wire"


def test_windows_line_ends_do_not_shift_lines(site: SiteFolder) -> None:
    site.config_path.write_bytes(f"{MINIMAL}\nformats: rdf\n".replace("\n", "\r\n").encode())
    assert messages_about(site.config_path) == [
        "4: formats: 'rdf'; expected a list of one of atom, json, rss, not empty"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("feed: {}", "feed: unknown key; did you mean feeds?", id="near a section"),
        pytest.param("entires: {}", "entires: unknown key; did you mean entries?", id="letters swapped"),
        pytest.param("limit: 5", f"limit: unknown key; expected one of {TOP_KEYS}", id="near no section"),
        pytest.param("7: 5", f"7: unknown key; expected one of {TOP_KEYS}", id="a number"),
        pytest.param("null: 5", f"null: unknown key; expected one of {TOP_KEYS}", id="null"),
        pytest.param("true: 5", f"true: unknown key; expected one of {TOP_KEYS}", id="a boolean"),
        pytest.param("entries: {image: all}", "entries.image: unknown key; did you mean images?", id="of the entries"),
        pytest.param(
            "feeds: {limit: 5}",
            "feeds.limit: unknown key; expected one of all, topics, providers, custom",
            id="of feeds",
        ),
        pytest.param(
            "feeds: {topics: {minentries: 5}}",
            "feeds.topics.minentries: unknown key; did you mean min_entries?",
            id="of a kind",
        ),
        pytest.param(
            "feeds: {custom: [{path: a, mach: b}]}",
            "feeds.custom.0.mach: unknown key; did you mean match?",
            id="of a custom feed",
        ),
        pytest.param(
            "feeds: {custom: [{path: a, topics: {some: [AI]}}]}",
            "feeds.custom.0.topics.some: unknown key; expected one of any, all, none",
            id="of a topic rule",
        ),
        pytest.param(
            "feeds: {custom: [{path: a, providers: {all: [a.example]}}]}",
            "feeds.custom.0.providers.all: unknown key; expected one of any, none",
            id="of a provider rule",
        ),
        pytest.param("topics: {AI: {slg: ai}}", "topics.AI.slg: unknown key; did you mean slug?", id="of a topic"),
        pytest.param(
            "providers: {a.example: {slug: a}}",
            f"providers.a.example.slug: unknown key; expected one of {PROVIDER_KEYS}",
            id="of a provider",
        ),
    ],
)
def test_an_unknown_key_is_reported_with_the_nearest_known_one(site: SiteFolder, text: str, message: str) -> None:
    assert messages_about(site.configure(MINIMAL + text)) == [f"3: {message}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("site:", f"site: nothing; expected a mapping with {SITE_KEYS}", id="section, null"),
        pytest.param("site: Test Wire", f"site: 'Test Wire'; expected a mapping with {SITE_KEYS}", id="section, text"),
        pytest.param(
            "site: {url: https://e.com/}", "site: title is missing; expected the name of the site", id="title, missing"
        ),
        pytest.param("site: {title: T}", f"site: url is missing; expected {SITE_URL}", id="url, missing"),
        pytest.param(
            "site: {title: 5, url: https://e.com/}", "site.title: 5; expected the name of the site", id="title, number"
        ),
        pytest.param(
            "site: {title: '', url: https://e.com/}", "site.title: ''; expected the name of the site", id="title, empty"
        ),
        pytest.param(
            "site: {title: ' ', url: https://e.com/}",
            "site.title: ' '; expected the name of the site",
            id="title, blank",
        ),
        pytest.param(
            'site: {title: "T\\x07", url: https://e.com/}',
            "site.title: 'T\\x07'; expected text without control characters",
            id="title, control character",
        ),
        pytest.param("site: {title: T, url: }", f"site.url: nothing; expected {SITE_URL}", id="url, null"),
        pytest.param("site: {title: T, url: e.com}", f"site.url: 'e.com'; expected {SITE_URL}", id="url, no scheme"),
        pytest.param(
            "site: {title: T, url: ftp://e.com/}", f"site.url: 'ftp://e.com/'; expected {SITE_URL}", id="url, FTP"
        ),
        pytest.param(
            "site: {title: T, url: https://e.com/?a=b}",
            f"site.url: 'https://e.com/?a=b'; expected {SITE_URL}",
            id="url, query",
        ),
        pytest.param(
            "site: {title: T, url: https://e.com/#a}",
            f"site.url: 'https://e.com/#a'; expected {SITE_URL}",
            id="url, fragment",
        ),
        pytest.param(
            'site: {title: T, url: "https://e.com/\\n"}',
            f"site.url: 'https://e.com/\\n'; expected {SITE_URL}",
            id="url, line break",
        ),
        pytest.param(
            "site: {title: T, url: https://e.com:99999/}",
            "site.url: 'https://e.com:99999/'; expected an address that a browser can open",
            id="url, no such port",
        ),
        pytest.param(
            "site: {title: T, url: https://e..com/}",
            "site.url: 'https://e..com/'; expected an address that a browser can open",
            id="url, no such host",
        ),
    ],
)
def test_a_wrong_site_is_reported(site: SiteFolder, text: str, message: str) -> None:
    assert messages_about(site.configure(f"{text}\n{SOURCE}")) == [f"1: {message}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("language: en_GB", f"site.language: 'en_GB'; expected {LANGUAGE}", id="language, underscore"),
        pytest.param("language: english", f"site.language: 'english'; expected {LANGUAGE}", id="language, name"),
        pytest.param("author: Ada", "site.author: 'Ada'; expected a mapping with name, email, uri", id="author, text"),
        pytest.param("author: {}", "site.author: name is missing; expected text", id="author, no name"),
        *(
            pytest.param(
                f'author: {{name: A, email: "{email}"}}',
                f"site.author.email: {email!r}; expected an e-mail address such as ada@example.com",
                id=f"author, e-mail {email}",
            )
            for email in (
                *("ada", "a@b", "mailto:a@b.example", "a@[192.0.2.1]", "a,b@c.example", "a@b.example;c@d.example"),
                *("a@é.example", "a..b@c.example", ".a@b.example", "a@b..example", "a@-b.example", "a@b_c.example"),
                *("a@b.example.", "a(b)@c.example", "a b@c.example"),
            )
        ),
        pytest.param("author: {name: A, uri: a.b}", f"site.author.uri: 'a.b'; expected {URL}", id="author, address"),
        pytest.param("icon: icon.png", f"site.icon: 'icon.png'; expected {URL}", id="icon"),
        pytest.param(
            "icon: https://e..com/icon.png",
            "site.icon: 'https://e..com/icon.png'; expected an address that a browser can open",
            id="icon, no such host",
        ),
        pytest.param("logo: 5", f"site.logo: 5; expected {URL}", id="logo"),
        pytest.param("rights: 2024", "site.rights: 2024; expected text", id="rights"),
        pytest.param("ttl: 0", "site.ttl: 0; expected a whole number from 1 to 525600", id="ttl, zero"),
        pytest.param("ttl: 1 hour", "site.ttl: '1 hour'; expected a whole number from 1 to 525600", id="ttl, text"),
        pytest.param(
            "ttl: 12:30", "site.ttl: '12:30'; expected a whole number from 1 to 525600", id="ttl, time of day"
        ),
    ],
)
def test_a_wrong_key_of_the_site_is_reported(site: SiteFolder, text: str, message: str) -> None:
    text = f"site:\n  title: T\n  url: https://e.com/\n  {text}\n{SOURCE}"
    assert messages_about(site.configure(text)) == [f"4: {message}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("source:", f"source: nothing; expected a mapping with {SOURCE_KEYS}", id="section, null"),
        pytest.param("source: {}", "source: articles is missing; expected a list of text, not empty", id="no articles"),
        pytest.param(
            "source: {articles: ../articles}",
            "source.articles: '../articles'; expected a list of text, not empty",
            id="articles, text",
        ),
        pytest.param(
            "source: {articles: []}",
            "source.articles: an empty list; expected a list of text, not empty",
            id="articles, empty",
        ),
        pytest.param("source: {articles: [5]}", "source.articles.0: 5; expected text", id="articles, number"),
        pytest.param("source: {articles: [~]}", "source.articles.0: nothing; expected text", id="articles, null"),
        pytest.param(
            "source: {articles: [../articles, nowhere]}",
            "source.articles.1: 'nowhere' is not there; expected a folder of articles, seen from config",
            id="articles, missing",
        ),
        pytest.param(
            "source: {articles: [feeds.yaml]}",
            "source.articles.0: a file; expected a folder of articles, seen from config",
            id="articles, a file",
        ),
        pytest.param(
            f"source: {{articles: [{'a' * 5000}]}}",
            f"source.articles.0: '{'a' * 58}… is not there; expected a folder of articles, seen from config",
            id="articles, longer than a name can be",
        ),
        pytest.param(
            "source: {articles: [../articles], unpublished: true}",
            "source.unpublished: True; expected one of include, skip",
            id="unpublished",
        ),
        pytest.param(
            "source: {articles: [../articles], undated: now}",
            "source.undated: 'now'; expected one of file, skip",
            id="undated",
        ),
        pytest.param(
            "source: {articles: [../articles], link: mobile}",
            "source.link: 'mobile'; expected one of amp, cdn-amp, original, web",
            id="link",
        ),
        pytest.param(
            "source: {articles: [../articles], base_url: e.com}",
            f"source.base_url: 'e.com'; expected {URL}",
            id="base address",
        ),
    ],
)
def test_a_wrong_source_is_reported(site: SiteFolder, text: str, message: str) -> None:
    assert messages_about(site.configure(f"{SITE}{text}\n")) == [f"2: {message}"]


@pytest.mark.parametrize(
    "text",
    [
        "entries:",
        "feeds:",
        "formats:",
        "topics:",
        "providers:",
        "feeds: {topics: }",
        "feeds: {custom: }",
        "feeds: {all: {title: , limit: }}",
        "entries: {related_title: }",
    ],
)
def test_a_key_that_is_given_nothing_has_its_default(site: SiteFolder, text: str) -> None:
    assert load_config(site.configure(MINIMAL + text)) == load_config(site.configure(MINIMAL))


def test_a_topic_or_provider_without_settings_is_known(site: SiteFolder) -> None:
    config = load_config(site.configure(f"{MINIMAL}topics: {{AI: }}\nproviders: {{a.example: }}"))
    assert (config.topics, config.providers) == ({"AI": Topic()}, {"a.example": ProviderSettings()})


def test_an_item_of_a_list_that_is_nothing_is_reported(site: SiteFolder) -> None:
    message = f"3: feeds.custom.0: nothing; expected a mapping with {CUSTOM_KEYS}"
    assert messages_about(site.configure(f"{MINIMAL}feeds: {{custom: [~]}}")) == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "entries: {related: no}",
            "entries.related: 'no'; expected one of both, entries, links, off",
            id="entries.related",
        ),
        pytest.param("entries: {content: off}", "entries.content: 'off'; expected one of full, summary", id="content"),
        pytest.param(
            "entries: {images: false}", "entries.images: False; expected one of all, first, off", id="entries.images"
        ),
        pytest.param(
            "formats: []",
            "formats: an empty list; expected a list of one of atom, json, rss, not empty",
            id="no formats",
        ),
        pytest.param(
            "formats: rss", "formats: 'rss'; expected a list of one of atom, json, rss, not empty", id="formats, text"
        ),
        pytest.param("formats: [rss, RSS]", "formats.1: 'RSS'; expected one of atom, json, rss", id="formats, case"),
        pytest.param("topics: [AI]", "topics: a list; expected a mapping", id="topics, list"),
        pytest.param("topics: {AI: ai}", f"topics.AI: 'ai'; expected a mapping with {TOPIC_KEYS}", id="topic, text"),
        pytest.param("topics: {AI: {slug: a/b}}", f"topics.AI.slug: 'a/b'; expected {SLUG}", id="slug, slash"),
        pytest.param("topics: {AI: {slug: ..}}", f"topics.AI.slug: '..'; expected {SLUG}", id="slug, dots"),
        pytest.param('topics: {AI: {slug: "a\\n"}}', f"topics.AI.slug: 'a\\n'; expected {SLUG}", id="slug, line break"),
        pytest.param("topics: {AI: {slug: ''}}", f"topics.AI.slug: ''; expected {SLUG}", id="slug, empty"),
        pytest.param("topics: {AI: {slug: 12}}", f"topics.AI.slug: 12; expected {SLUG}", id="slug, number"),
        pytest.param(
            f"topics: {{AI: {{slug: {'人' * 40}}}}}",
            f"topics.AI.slug: '{'人' * 40}' is 120 bytes long; expected at most 100",
            id="slug, too many bytes",
        ),
        pytest.param("topics: {AI: {title: ''}}", "topics.AI.title: ''; expected text", id="topic title"),
        pytest.param("topics: {AI: {description: 1.5}}", "topics.AI.description: 1.5; expected text", id="topic text"),
        pytest.param("topics: {AI: {parent: [A]}}", "topics.AI.parent: a list; expected text", id="parent"),
        pytest.param("topics: {AI: {aliases: KI}}", "topics.AI.aliases: 'KI'; expected a list of text", id="aliases"),
        pytest.param("topics: {AI: {icon: a.png}}", f"topics.AI.icon: 'a.png'; expected {URL}", id="topic icon"),
        pytest.param("topics: {AI: {language: de-}}", f"topics.AI.language: 'de-'; expected {LANGUAGE}", id="language"),
        pytest.param(
            "topics: {AI: {limit: 0}}",
            "topics.AI.limit: 0; expected a whole number from 1 to 100000",
            id="topic limit",
        ),
        pytest.param(
            "topics: {AI: {formats: [xml]}}", "topics.AI.formats.0: 'xml'; expected one of atom, json, rss", id="format"
        ),
        pytest.param("providers: [a.example]", "providers: a list; expected a mapping", id="providers, list"),
        pytest.param(
            "providers: {https://a.example/: {}}",
            f"providers.https://a.example/: 'https://a.example/'; expected {DOMAIN}",
            id="provider, address",
        ),
        pytest.param("providers: {A B: {}}", f"providers.A B: 'A B'; expected {DOMAIN}", id="provider, name"),
        pytest.param(
            "providers: {256.256.256.256: {}}",
            f"providers.256.256.256.256: '256.256.256.256'; expected {DOMAIN}",
            id="provider, no such host",
        ),
        pytest.param(
            "providers: {a.example: {feed: a.example/feed}}",
            f"providers.a.example.feed: 'a.example/feed'; expected {URL}",
            id="provider feed",
        ),
        pytest.param(
            "providers: {a.example: {icon: 3}}", f"providers.a.example.icon: 3; expected {URL}", id="provider icon"
        ),
        pytest.param(
            "providers: {a.example: {title: }, b.example: {title: ''}}",
            "providers.b.example.title: ''; expected text",
            id="provider title",
        ),
    ],
)
def test_a_wrong_value_is_reported(site: SiteFolder, text: str, message: str) -> None:
    assert messages_about(site.configure(MINIMAL + text)) == [f"3: {message}"]


@pytest.mark.parametrize("kind", ["all", "topics", "providers"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("no", ": 'no'; expected a mapping or off", id="another word for off"),
        pytest.param("OFF", ": 'OFF'; expected a mapping or off", id="off in capitals"),
        pytest.param("false", ": False; expected a mapping or off", id="false"),
        pytest.param("[]", ": an empty list; expected a mapping or off", id="list"),
        pytest.param("{limit: 0}", ".limit: 0; expected a whole number from 1 to 100000", id="limit below"),
        pytest.param("{limit: 100001}", ".limit: 100001; expected a whole number from 1 to 100000", id="limit above"),
        pytest.param("{limit: 5.5}", ".limit: 5.5; expected a whole number from 1 to 100000", id="limit, fraction"),
        pytest.param("{limit: '5'}", ".limit: '5'; expected a whole number from 1 to 100000", id="limit, text"),
        pytest.param("{limit: true}", ".limit: True; expected a whole number from 1 to 100000", id="limit, boolean"),
        pytest.param("{limit: off}", ".limit: 'off'; expected a whole number from 1 to 100000", id="limit, off"),
        pytest.param("{min_entries: -1}", ".min_entries: -1; expected a whole number, 0 or more", id="min_entries"),
        pytest.param("{title: ''}", f".title: ''; expected {TEMPLATE}", id="title, empty"),
        pytest.param("{title: '{nme}'}", ".title: {nme}; expected {name} or {site}", id="title, placeholder"),
        pytest.param("{title: '{}'}", ".title: {}; expected {name} or {site}", id="title, empty placeholder"),
        pytest.param(
            "{description: '{site.title}'}",
            ".description: {site.title}; expected {name} or {site}",
            id="description, placeholder",
        ),
        pytest.param("{content: off}", ".content: 'off'; expected one of full, summary", id="content"),
        pytest.param("{images: none}", ".images: 'none'; expected one of all, first, off", id="images"),
        pytest.param("{related: all}", ".related: 'all'; expected one of both, entries, links, off", id="related"),
        pytest.param("{formats: [rdf]}", ".formats.0: 'rdf'; expected one of atom, json, rss", id="formats"),
        pytest.param("{language: german}", f".language: 'german'; expected {LANGUAGE}", id="language"),
    ],
)
def test_wrong_settings_of_a_kind_are_reported(site: SiteFolder, kind: str, text: str, message: str) -> None:
    assert messages_about(site.configure(f"{MINIMAL}feeds: {{{kind}: {text}}}")) == [f"3: feeds.{kind}{message}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a", f": 'a'; expected a mapping with {CUSTOM_KEYS}", id="text"),
        pytest.param("{title: A}", f": path is missing; expected {PATH}", id="no path"),
        pytest.param("{path: 2024}", f".path: 2024; expected {PATH}", id="path, number"),
        pytest.param("{path: ''}", f".path: ''; expected {PATH}", id="path, empty"),
        pytest.param("{path: /a}", f".path: '/a'; expected {PATH}", id="path, slash in front"),
        pytest.param("{path: a/}", f".path: 'a/'; expected {PATH}", id="path, slash behind"),
        pytest.param("{path: a//b}", f".path: 'a//b'; expected {PATH}", id="path, two slashes"),
        pytest.param("{path: ../a}", f".path: '../a'; expected {PATH}", id="path, out"),
        pytest.param("{path: a/../b}", f".path: 'a/../b'; expected {PATH}", id="path, out and in"),
        pytest.param("{path: .a}", f".path: '.a'; expected {PATH}", id="path, hidden"),
        pytest.param("{path: a b}", f".path: 'a b'; expected {PATH}", id="path, space"),
        pytest.param("{path: a%20b}", f".path: 'a%20b'; expected {PATH}", id="path, escape"),
        pytest.param("{path: 'a\\b'}", f".path: 'a\\\\b'; expected {PATH}", id="path, backslash"),
        pytest.param('{path: "a\\n"}', f".path: 'a\\n'; expected {PATH}", id="path, line break"),
        pytest.param(f"{{path: {'a' * 201}}}", f".path: '{'a' * 58}…; expected {PATH}", id="path, too long"),
        pytest.param(
            f"{{path: {'人' * 80}}}",
            f".path: '{'人' * 58}… is 240 bytes long; expected at most 200",
            id="path, too many bytes",
        ),
        pytest.param("{path: a, title: ''}", ".title: ''; expected text", id="title"),
        pytest.param("{path: a, limit: 0}", ".limit: 0; expected a whole number from 1 to 100000", id="limit"),
        pytest.param("{path: a, icon: a.png}", f".icon: 'a.png'; expected {URL}", id="icon"),
        pytest.param(
            "{path: a, topics: AI}", ".topics: 'AI'; expected a mapping with any, all, none", id="topics, text"
        ),
        pytest.param(
            "{path: a, topics: [AI]}", ".topics: a list; expected a mapping with any, all, none", id="topics, list"
        ),
        pytest.param("{path: a, topics: {any: AI}}", ".topics.any: 'AI'; expected a list of text", id="topics.any"),
        pytest.param("{path: a, topics: {all: [5]}}", ".topics.all.0: 5; expected text", id="topics.all"),
        pytest.param("{path: a, topics: {none: [' ']}}", ".topics.none.0: ' '; expected text", id="topics.none"),
        pytest.param(
            "{path: a, providers: {any: [https://a.example]}}",
            f".providers.any.0: 'https://a.example'; expected {DOMAIN}",
            id="providers.any",
        ),
        pytest.param(
            "{path: a, providers: {none: [a.example, 999.0.0.1]}}",
            f".providers.none.1: '999.0.0.1'; expected {DOMAIN}",
            id="providers.none",
        ),
        pytest.param("{path: a, types: article}", ".types: 'article'; expected a list of text", id="types"),
        pytest.param("{path: a, min_quality: high}", ".min_quality: 'high'; expected a whole number", id="min_quality"),
        pytest.param("{path: a, min_heat: 1.5}", ".min_heat: 1.5; expected a whole number", id="min_heat"),
        pytest.param(
            "{path: a, match: ''}",
            ".match: ''; expected a regular expression searched in title and summary, in any case",
            id="match, empty",
        ),
        pytest.param(
            "{path: a, match: '(a'}",
            f".match: '(a'; expected a regular expression ({BRACKET})",
            id="match, bracket",
        ),
        pytest.param(
            "{path: a, match: '*'}",
            ".match: '*'; expected a regular expression (nothing to repeat at position 0)",
            id="match, nothing to repeat",
        ),
        pytest.param(
            "{path: a, match: 'a{99999999999}'}",
            ".match: 'a{99999999999}'; expected a regular expression (the repetition number is too large)",
            id="match, too many repeats",
        ),
        pytest.param("{path: a, newer_than: 90}", f".newer_than: 90; expected {PERIOD}", id="newer_than, number"),
        pytest.param("{path: a, newer_than: 90d}", f".newer_than: '90d'; expected {PERIOD}", id="newer_than, short"),
        pytest.param(
            "{path: a, newer_than: 1 month}", f".newer_than: '1 month'; expected {PERIOD}", id="newer_than, unit"
        ),
        pytest.param(
            "{path: a, newer_than: 0 days}", f".newer_than: '0 days'; expected {PERIOD}", id="newer_than, zero"
        ),
        pytest.param(
            "{path: a, newer_than: 999999 weeks}",
            f".newer_than: '999999 weeks'; expected {PERIOD}",
            id="newer_than, before the calendar",
        ),
        pytest.param("{path: a, sort: newest}", ".sort: 'newest'; expected one of date, heat, quality", id="sort"),
    ],
)
def test_a_wrong_custom_feed_is_reported(site: SiteFolder, text: str, message: str) -> None:
    assert messages_about(site.configure(f"{MINIMAL}feeds: {{custom: [{text}]}}")) == [f"3: feeds.custom.0{message}"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param("all", RESERVED, id="the feed of everything"),
        pytest.param("ALL", RESERVED, id="in another case"),
        pytest.param("Ａll", RESERVED, id="in full width"),
        pytest.param("feeds", RESERVED, id="the manifest"),
        pytest.param("index", RESERVED, id="index"),
        pytest.param("topics", RESERVED, id="the topics' folder"),
        pytest.param("topics/ai", RESERVED, id="in the topics' folder"),
        pytest.param("Providers/ai", RESERVED, id="in the providers' folder"),
        pytest.param("news/archive/2026-01", RESERVED, id="an archive"),
        pytest.param("ai.rss", "expected a path without extension", id="rss"),
        pytest.param("ai.ATOM", "expected a path without extension", id="Atom in capitals"),
        pytest.param("ai.json/news", "expected a path without extension", id="extension of a folder"),
    ],
)
def test_a_path_that_is_in_use_or_has_an_extension_is_reported(site: SiteFolder, path: str, message: str) -> None:
    found = messages_about(site.configure(f"{MINIMAL}feeds: {{custom: [{{path: {path}}}]}}"))
    assert found == [f"3: feeds.custom.0.path: {path!r}; {message}"]


@pytest.mark.parametrize(
    "path", ["topics-of-the-day", "news/all", "news/topics", "v1.2", "all-things", "समाचार", "künste"]
)
def test_a_path_that_only_looks_reserved_is_fine(site: SiteFolder, path: str) -> None:
    assert load_config(site.configure(f"{MINIMAL}feeds: {{custom: [{{path: {path}}}]}}")).feeds.custom[0].path == path


LONG = "é" * 101
NO_DEVICE = "expected a path without names that Windows has for devices, such as con and nul"
NO_FORMER_PATH = "expected a path other than feeds, index and …/archive/YYYY-MM, which the publisher uses itself"


@pytest.mark.parametrize(
    ("moved", "message"),
    [
        pytest.param("feeds: all", f"moved.feeds: {NO_FORMER_PATH}", id="the manifest"),
        pytest.param("Index: all", f"moved.Index: {NO_FORMER_PATH}", id="index"),
        pytest.param("a/archive/2026-01: all", f"moved.a/archive/2026-01: {NO_FORMER_PATH}", id="an archive"),
        pytest.param("a: a", "moved.a: is the same path; expected the one that the feed has now", id="the same"),
        pytest.param("a: b, b: c", "moved.a: 'b' has moved, too; expected the path that the feed has now", id="twice"),
        pytest.param("a.rss: b", "moved.a.rss: 'a.rss'; expected a path without extension", id="rss"),
        pytest.param("a.rss/x: b", "moved.a.rss/x: 'a.rss/x'; expected a path without extension", id="a folder"),
        pytest.param("a.html: b", "moved.a.html: 'a.html'; expected a path without extension", id="html"),
        pytest.param("a: b, A: b", "moved.A: clashes with 'a'; expected a path of its own", id="case"),
        pytest.param("a: A", "moved.a: is the same path; expected the one that the feed has now", id="only the case"),
        pytest.param("nul: b", f"moved.nul: 'nul'; {NO_DEVICE}", id="a device"),
        pytest.param(
            LONG + ": b", f"moved.{LONG}: {quoted(LONG)} is 202 bytes long; expected at most 200", id="too long"
        ),
    ],
)
def test_a_path_that_cannot_have_moved_is_reported(site: SiteFolder, moved: str, message: str) -> None:
    assert messages_about(site.configure(f"{MINIMAL}moved: {{{moved}}}")) == [f"3: {message}"]


@pytest.mark.parametrize("moved", ["../a: b", "a: ../b", "/a: b", "a: [b]", "a: 1"])
def test_what_is_no_path_cannot_have_moved(site: SiteFolder, moved: str) -> None:
    (found,) = messages_about(site.configure(f"{MINIMAL}moved: {{{moved}}}"))
    assert "expected a path such as ai or news/ai" in found


@pytest.mark.parametrize("other", ["news/ai", "news/AI", "news/ＡＩ"], ids=["same", "case", "full width"])
def test_clashing_paths_are_reported(site: SiteFolder, other: str) -> None:
    text = f"{MINIMAL}feeds:\n  custom:\n    - {{path: news/ai}}\n    - {{path: {other}}}"
    assert messages_about(site.configure(text)) == [
        f"6: feeds.custom.1.path: {other!r} clashes with 'news/ai'; expected a path of its own"
    ]


@pytest.mark.parametrize(
    ("topics", "messages"),
    [
        pytest.param(
            ["AI: {}", "ai: {}"], ["5: topics.ai: 'ai' is a name of 'AI' already; expected one topic a name"], id="case"
        ),
        pytest.param(
            ["AI: {aliases: [KI]}", "KI: {}"],
            ["5: topics.KI: 'KI' is a name of 'AI' already; expected one topic a name"],
            id="alias, then topic",
        ),
        pytest.param(
            ["AI: {}", "Robotics: {aliases: [Robots, ai]}"],
            ["5: topics.Robotics.aliases.1: 'ai' is a name of 'AI' already; expected one topic a name"],
            id="topic, then alias",
        ),
        pytest.param(
            ["AI: {aliases: [KI]}", "Robotics: {aliases: [' k i', ' ki ']}"],
            ["5: topics.Robotics.aliases.1: ' ki ' is a name of 'AI' already; expected one topic a name"],
            id="two aliases",
        ),
        pytest.param(
            ["AI: {slug: ai}", "Robotics: {slug: AI}"],
            ["5: topics.Robotics.slug: 'AI' is the slug of 'AI'; expected one of its own"],
            id="slugs",
        ),
        pytest.param(
            ["AI: {slug: straße}", "Robotics: {slug: strasse}"],
            ["5: topics.Robotics.slug: 'strasse' is the slug of 'AI'; expected one of its own"],
            id="slugs that case makes the same",
        ),
        pytest.param(
            ["AI: {slug: ai, limit: 0}", "Robotics: {slug: ai}"],
            [
                "4: topics.AI.limit: 0; expected a whole number from 1 to 100000",
                "5: topics.Robotics.slug: 'ai' is the slug of 'AI'; expected one of its own",
            ],
            id="slugs, in a topic with another mistake",
        ),
        pytest.param(
            ["AI: {parent: ai}"],
            ["4: topics.AI.parent: 'ai' is below 'AI' itself; expected a topic above it"],
            id="own parent",
        ),
        pytest.param(
            ["AI: {parent: Robotics}", "Robotics: {parent: AI}"],
            [
                "4: topics.AI.parent: 'Robotics' is below 'AI' itself; expected a topic above it",
                "5: topics.Robotics.parent: 'AI' is below 'Robotics' itself; expected a topic above it",
            ],
            id="cycle of two",
        ),
        pytest.param(
            ["A: {parent: B}", "B: {parent: C}", "C: {parent: D}", "D: {parent: B}"],
            [
                "5: topics.B.parent: 'C' is below 'B' itself; expected a topic above it",
                "6: topics.C.parent: 'D' is below 'C' itself; expected a topic above it",
                "7: topics.D.parent: 'B' is below 'D' itself; expected a topic above it",
            ],
            id="cycle above a topic",
        ),
        pytest.param(
            ["AI: {aliases: [KI], parent: KI}"],
            ["4: topics.AI.parent: 'KI' is below 'AI' itself; expected a topic above it"],
            id="own alias for a parent",
        ),
        pytest.param(
            ["AI: {aliases: [KI], parent: Robotics}", "Robotics: {parent: ki}"],
            [
                "4: topics.AI.parent: 'Robotics' is below 'AI' itself; expected a topic above it",
                "5: topics.Robotics.parent: 'ki' is below 'Robotics' itself; expected a topic above it",
            ],
            id="cycle through an alias",
        ),
    ],
)
def test_topics_that_contradict_each_other_are_reported(
    site: SiteFolder, topics: list[str], messages: list[str]
) -> None:
    lines = "".join(f"  {topic}\n" for topic in topics)
    assert messages_about(site.configure(f"{MINIMAL}topics:\n{lines}")) == messages


@pytest.mark.parametrize(
    "topics",
    [
        pytest.param("{A: {parent: B}, B: {parent: C}}", id="chain"),
        pytest.param("{A: {parent: Nowhere}}", id="parent that is not configured"),
        pytest.param("{A: {parent: b}, B: {aliases: [C]}, D: {parent: C}}", id="parent by another name"),
        pytest.param("{C: {}, C++: {}, C#: {aliases: [C sharp]}}", id="C and its relatives"),
        pytest.param("{off: {}, no: {}, yes: {}, 2024: {}, null: {}}", id="words and numbers"),
    ],
)
def test_topics_that_do_not_contradict_each_other_are_fine(site: SiteFolder, topics: str) -> None:
    assert load_config(site.configure(f"{MINIMAL}topics: {topics}")).topics


@pytest.mark.parametrize("other", ["A.example", "www.a.example", "WWW.A.EXAMPLE"])
def test_the_same_provider_twice_is_reported(site: SiteFolder, other: str) -> None:
    text = f"{MINIMAL}providers:\n  a.example: {{}}\n  {other}: {{}}"
    assert messages_about(site.configure(text)) == [
        f"5: providers.{other}: 'a.example' is the same provider; expected it once"
    ]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        pytest.param(f"{MINIMAL}{SITE}", ["3: site"], id="section"),
        pytest.param(f"{MINIMAL}topics:\n  AI: {{}}\n  AI: {{}}", ["5: topics.AI"], id="topic"),
        pytest.param(f"{MINIMAL}topics:\n  AI: {{slug: a, slug: a}}", ["4: topics.AI.slug"], id="key on one line"),
        pytest.param(f"{MINIMAL}topics:\n  AI: {{}}\n  'AI': {{}}", ["5: topics.AI"], id="one quoted"),
        pytest.param(f"{MINIMAL}topics:\n  1: {{}}\n  '1': {{}}", ["5: topics.1"], id="number and text"),
        pytest.param(f"{MINIMAL}topics:\n  AI: {{}}\n  AI: {{}}\n  AI: {{}}", ["6: topics.AI"], id="three times"),
    ],
)
def test_a_duplicate_key_is_reported(site: SiteFolder, text: str, messages: list[str]) -> None:
    expected = [f"{message}: the key is there twice; expected it once" for message in messages]
    assert messages_about(site.configure(text)) == expected


@pytest.mark.parametrize("kind", ["all", "topics", "providers"])
def test_off_is_a_word_that_switches_a_kind_off(site: SiteFolder, kind: str) -> None:
    assert getattr(load_config(site.configure(f"{MINIMAL}feeds: {{{kind}: off}}")).feeds, kind) == "off"


def test_a_control_character_in_a_key_is_reported(site: SiteFolder) -> None:
    text = MINIMAL + 'topics:\n  Physics: {title: P}\n  "AI\\a": {title: A, slug: a}\n'
    assert messages_about(site.configure(text)) == ["3: topics: 'AI\\x07'; expected text without control characters"]


@pytest.mark.parametrize("key", ["images", "related"])
def test_off_is_a_word_of_the_entries(site: SiteFolder, key: str) -> None:
    assert getattr(load_config(site.configure(f"{MINIMAL}entries: {{{key}: off}}")).entries, key) == "off"


def test_no_is_a_language(site: SiteFolder) -> None:
    assert load_config(site.configure(f"{MINIMAL}topics: {{Oslo: {{language: no}}}}")).topics["Oslo"].language == "no"


@pytest.mark.parametrize("style", ["|", ">", ">-"], ids=["literal", "folded", "folded, stripped"])
def test_a_description_may_span_lines(site: SiteFolder, style: str) -> None:
    text = f"{MINIMAL}topics:\n  AI:\n    description: {style}\n      How machines\n      think\n"
    description = load_config(site.configure(text)).topics["AI"].description
    assert (description or "").split() == ["How", "machines", "think"]


def test_anchors_and_merge_keys_are_understood(site: SiteFolder) -> None:
    feeds = load_config(
        site.configure(f"{MINIMAL}feeds: {{topics: &few {{limit: 7}}, providers: {{<<: *few, min_entries: 3}}}}")
    ).feeds
    assert (feeds.topics, feeds.providers) == (TopicFeeds(limit=7), ProviderFeeds(limit=7, min_entries=3))


def test_a_mistake_in_what_is_merged_is_reported_where_it_stands(site: SiteFolder) -> None:
    text = f"{MINIMAL}feeds:\n  topics: &few\n    limit: 0\n  providers:\n    <<: *few"
    assert messages_about(site.configure(text)) == [
        "5: feeds.providers.limit: 0; expected a whole number from 1 to 100000",
        "5: feeds.topics.limit: 0; expected a whole number from 1 to 100000",
    ]


@pytest.mark.parametrize(
    ("written", "base_url"),
    [
        pytest.param("https://e.com", "https://e.com/", id="no slash"),
        pytest.param("https://e.com/feeds", "https://e.com/feeds/", id="folder"),
        pytest.param("http://localhost:8000/", "http://localhost:8000/", id="port"),
        pytest.param("https://bücher.example/", "https://xn--bcher-kva.example/", id="international domain"),
        pytest.param("https://e.com/süd", "https://e.com/s%C3%BCd/", id="letters beyond ASCII"),
        pytest.param('"https://e.com/<a>"', "https://e.com/%3Ca%3E/", id="brackets"),
    ],
)
def test_addresses_of_the_site_start_with_a_valid_one(site: SiteFolder, written: str, base_url: str) -> None:
    assert load_config(site.configure(f"site: {{title: T, url: {written}}}\n{SOURCE}")).base_url == base_url


def test_folders_of_articles_are_relative_to_the_file(site: SiteFolder) -> None:
    (site.config_path.parent / "more").mkdir()
    (site.folder / "absolute").mkdir()
    text = f"{SITE}source: {{articles: [../articles, more, {site.folder / 'absolute'}]}}"
    assert [str(source) for source in load_config(site.configure(text)).articles] == [
        str(site.folder / "articles"),
        str(site.config_path.parent / "more"),
        str(site.folder / "absolute"),
    ]


@pytest.mark.parametrize("other", ["../articles/", "../articles/news", ".."], ids=["same", "inside", "around"])
def test_folders_of_articles_that_overlap_are_reported(site: SiteFolder, other: str) -> None:
    (site.folder / "articles" / "news").mkdir()
    assert messages_about(site.configure(f"{SITE}source: {{articles: [../articles, {other}]}}")) == [
        f"2: source.articles.1: {other!r} overlaps '../articles'; expected folders apart from each other"
    ]


KEYS = ["site", "source", "entries", "feeds", "formats", "topics", "providers", "title", "url", "all", "custom", "path"]
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4) | st.integers(), inner, max_size=4)
    ),
    max_leaves=25,
)
FILES = (
    st.text(max_size=50)
    | VALUES.map(yaml.safe_dump)
    | st.builds(lambda key, value: MINIMAL + yaml.safe_dump({key: value}), st.sampled_from(KEYS[2:7]), VALUES)
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILES)
@example("x: &x [*x]")
@example(f"{MINIMAL}feeds: {{custom: [{{path: a, match: 'a{{99999999999}}'}}]}}")
def test_any_file_is_a_configuration_or_a_sorted_list_of_mistakes(site: SiteFolder, text: str) -> None:
    site.config_path.write_text(text, encoding="utf-8")
    try:
        load_config(site.config_path)
    except ConfigError as error:
        found = error.mistakes
    else:
        return
    assert found == tuple(sorted(set(found)))
    assert all(mistake.path == FILE and mistake.line >= 1 for mistake in found)

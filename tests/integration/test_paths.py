"""Paths of documents: none is outside the output folder, and no two are one file, for any articles and settings."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import unicodedata
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import feeds
from feeds.errors import ConfigError
from feeds.output.manifest import read_manifest
from feeds.storage.local import LocalFolder
from feeds.storage.names import is_device
from feeds.text.slugs import folded
from tests.support.site import Site
from tests.support.strategies import examples

if TYPE_CHECKING:
    from collections.abc import Collection

#: The number of generated sites; `make soak` has more.
EXAMPLES = int(os.environ.get("EXAMPLES", examples(40)))

#: The maximum length of a file name on common file systems in bytes, and what a temporary name adds to it.
MAX_NAME, TEMPORARY_PARTS = 255, len("..01234567.feeds-new")


#: Parts of names: some lead out of a folder, are reserved, are another spelling of the same name, or are long.
PIECES = (
    *(
        "..",
        ".",
        "/",
        "\\",
        "\0",
        "\n",
        "\x1b[31m",
        "\x85",
        "\u202e",
        "\u2028",
        "%2e%2e",
        "%2f",
        ":",
        "~",
        "$HOME",
        "*",
    ),
    *("con", "NUL", "aux.txt", "com1", "index", "index.html", "all", "feeds", "feeds.json", "feeds.opml", "assets"),
    *("archive", "2026-05", "topics", "providers", ".rss", ".json.br", "feed.css", ".feeds-journal", ".feeds-new"),
    *("Straße", "STRASSE", "ﬁ", "fi", "é", "e\u0301", "\u212a", "K", "k", "Σίσυφος", "ΣΊΣΥΦΟΣ", "İ", "ı", "AI", "ＡＩ"),
    *("a" * 300, "漢" * 100, "é" * 127, " ", "-", "_", "\u200d", "🤖", "R&D", "R and D", "C++", "C#", "C", ".NET"),
)
NAMES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join) | st.text(max_size=20)
DOMAINS = st.sampled_from(
    ["con.example", "aux.tv", "a.example", "A.EXAMPLE.", "bücher.example", "xn--bcher-kva.example", "[::1]", "127.1"]
) | NAMES.map(lambda name: f"{name}.example")
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
ARTICLES = st.lists(
    st.fixed_dictionaries({"topics": st.lists(NAMES, max_size=3), "domain": DOMAINS, "name": NAMES}),
    min_size=1,
    max_size=4,
)
CONFIGURATIONS = st.fixed_dictionaries(
    {
        "slugs": st.dictionaries(NAMES, NAMES, max_size=3),
        "custom": st.lists(PATHS, max_size=3),
        "moved": st.dictionaries(PATHS, PATHS | st.sampled_from(["all", "topics/ai"]), max_size=3),
    }
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(ARTICLES, CONFIGURATIONS)
@example(
    [{"topics": ["con", "CON ", "Straße", "STRASSE!", "a" * 300], "domain": "aux.tv", "name": "x"}],
    {"slugs": {"AI": "İ"}, "custom": ["é" * 100, "assets", "all/index"], "moved": {"ALL": "topics/ai", "é": "all"}},
)
@example(
    [{"topics": ["Other", "ai", "Third", "Σίσυφος", "Fourth", "STRASSE"], "domain": "a.example", "name": "x"}],
    {"slugs": {"Other": "AI", "Third": "ΣΊΣΥΦΟΣ", "Fourth": "Straße"}, "custom": [], "moved": {}},
)
def test_documents_are_inside_the_folder_and_apart(articles: list[dict[str, Any]], configured: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder) / "site")
        for number, article in enumerate(articles):
            write_article(site, number, article)
        configure(site, configured)
        site.regenerate()
        check_paths(site)
        assert {path.name for path in Path(folder).iterdir()} == {"site"}
        assert {path.name for path in site.folder.iterdir()} == {"articles", "config", "output", ".feeds"}
        assert site.regenerate(full=True).written == 0


def write_article(site: Site, number: int, article: dict[str, Any]) -> None:
    front_matter = {
        "title": f"Story {number}",
        "webUrl": f"https://web.example/{number}",
        "publishedDateTime": dt.date(2026, 1 + number, 1),
        "topics": article["topics"],
        "provider": {"name": article["name"], "domain": article["domain"]},
    }
    site.article(f"{number}.md", yaml.safe_dump(front_matter, allow_unicode=False))


def configure(site: Site, configured: dict[str, Any]) -> None:
    """Write a configuration with those of the generated settings that are valid."""
    settings: dict[str, Any] = {
        "site": {"title": "Test Wire", "url": "https://feeds.example.com/"},
        "source": {"articles": ["../articles"]},
        "feeds": {"all": {"limit": 1}, "providers": {"min_entries": 1}},
        "archives": "month",
        "compress": ["gzip", "br"],
    }
    for name, slug in configured["slugs"].items():
        add_if_valid(site, settings, ("topics", name), {"slug": slug})
    for path in configured["custom"]:
        add_if_valid(site, settings, ("feeds", "custom"), [*settings["feeds"].get("custom", []), {"path": path}])
    for old, new in configured["moved"].items():
        add_if_valid(site, settings, ("moved", old), new)
    site.configure(yaml.safe_dump(settings, allow_unicode=False))


def add_if_valid(site: Site, settings: dict[str, Any], keys: tuple[str, str], value: Any) -> None:
    first, second = keys
    changed = {**settings, first: {**settings.get(first, {}), second: value}}
    site.configure(yaml.safe_dump(changed, allow_unicode=False))
    try:
        feeds.load_config(site.config_path)
    except ConfigError:
        return
    settings[first] = changed[first]


def check_paths(site: Site) -> None:
    paths = [record.path for record in read_manifest(LocalFolder(site.output)).documents]
    found = [path for path in site.output.rglob("*") if not path.is_dir()]
    assert {path.relative_to(site.output).as_posix() for path in found} == {*paths, "feeds.json"}
    assert all(path.is_file() and not path.is_symlink() for path in found)
    check_apart([*paths, "feeds.json", ".feeds-journal"])
    for path in paths:
        check_name(path)


def check_apart(paths: Collection[str]) -> None:
    """No two paths are one file, and none is a folder of another, on any file system."""
    keys = [folded(path) for path in paths]
    assert len(set(keys)) == len(keys)
    folders = {str(parent) for key in keys for parent in PurePosixPath(key).parents}
    assert not folders & set(keys)


def check_name(path: str) -> None:
    parts = path.split("/")
    assert not {"", ".", ".."} & set(parts)
    assert not any(map(is_device, parts))
    assert all(len(part.encode()) + TEMPORARY_PARTS <= MAX_NAME for part in parts)
    assert not any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in path)
    assert not set('<>:"\\|?*') & set(path)
    assert not any(part.endswith((".", " ")) for part in parts)

"""Paths of feeds: none outside the output folder, no two on one file, whatever articles and configurations say."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import unicodedata
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import feeds
from feeds.errors import ConfigError
from feeds.output.manifest import read_manifest
from feeds.storage.local import DiskFolder
from feeds.storage.names import is_archive, is_device, wrong_path
from feeds.text.slugs import folded
from tests.support.site import Site

if TYPE_CHECKING:
    from collections.abc import Collection

#: How many sites are published, of names and paths that are made up; `make soak` has more.
EXAMPLES = int(os.environ.get("EXAMPLES", "40"))

#: The longest name of a file on usual file systems, in bytes, and what is around that of a document as it is written.
LONGEST_NAME, AROUND = 255, len("..01234567.feeds-new")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Vision", "vision"),
        ("Straße", "STRASSE"),
        ("é", "e\u0301"),
        ("ﬁ", "fi"),
        ("\u212a", "k"),
        ("Σ", "ς"),
        ("Å", "\u212b"),
        ("ＡＩ", "ai"),
        ("ŉ", "ʼN"),
    ],
)
def test_names_that_a_file_system_may_take_for_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("ı", "i"), ("C", "C+"), ("é", "e"), ("漢", "汉")])
def test_names_that_none_takes_for_one(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@given(st.text())
def test_what_was_folded_stays(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert folded(unicodedata.normalize("NFD", text)) == folded(unicodedata.normalize("NFC", text)) == folded(text)


@pytest.mark.parametrize("name", ["con", "NUL", "aux.txt", "com1", "LPT9.rss", "prn.a.b", "com¹", "conin$"])
def test_names_of_devices(name: str) -> None:
    assert is_device(name)


@pytest.mark.parametrize("name", ["", "icon", "console", "com", "com10", "nul-", "a.con", "auxiliary", "lpt"])
def test_names_that_look_like_those_of_devices(name: str) -> None:
    assert not is_device(name)


@pytest.mark.parametrize(
    ("path", "expected"), [("a/archive/2026-01", True), ("A/ARCHIVE/2026-01", True), ("archive/2026", False)]
)
def test_where_the_history_of_a_feed_stands(path: str, expected: bool) -> None:
    assert is_archive(path) is expected


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("news/ai", None),
        ("v1.5/notes", None),
        ("é" * 100, None),
        ("a/all.rss", "extension"),
        ("a.JSON/b", "extension"),
        ("x/nul", "devices"),
        ("Con.d/x", "devices"),
        ("é" * 101, "is 202 bytes long; expected at most 200"),
    ],
)
def test_what_is_wrong_with_a_path(path: str, wrong: str | None) -> None:
    assert wrong_path(path) is None if wrong is None else wrong in str(wrong_path(path))


# Whole sites

#: What is put into names: what leads out, what is reserved, what other spellings fall on, what is long.
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
def test_no_site_writes_outside_its_folder_nor_two_documents_to_one_file(
    articles: list[dict[str, Any]], configured: dict[str, Any]
) -> None:
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
    said = {
        "title": f"Story {number}",
        "webUrl": f"https://web.example/{number}",
        "publishedDateTime": dt.date(2026, 1 + number, 1),
        "topics": article["topics"],
        "provider": {"name": article["name"], "domain": article["domain"]},
    }
    site.article(f"{number}.md", yaml.safe_dump(said, allow_unicode=False))


def configure(site: Site, configured: dict[str, Any]) -> None:
    """The configuration, without what is reported in it, of which there is no site."""
    told: dict[str, Any] = {
        "site": {"title": "Test Wire", "url": "https://feeds.example.com/"},
        "source": {"articles": ["../articles"]},
        "feeds": {"all": {"limit": 1}, "providers": {"min_entries": 1}},
        "archives": "month",
        "compress": ["gzip", "br"],
    }
    for name, slug in configured["slugs"].items():
        keep(site, told, ("topics", name), {"slug": slug})
    for path in configured["custom"]:
        keep(site, told, ("feeds", "custom"), [*told["feeds"].get("custom", []), {"path": path}])
    for old, new in configured["moved"].items():
        keep(site, told, ("moved", old), new)
    site.configure(yaml.safe_dump(told, allow_unicode=False))


def keep(site: Site, told: dict[str, Any], keys: tuple[str, str], value: Any) -> None:
    """Say so in the configuration, if nothing is wrong with that."""
    first, second = keys
    changed = {**told, first: {**told.get(first, {}), second: value}}
    site.configure(yaml.safe_dump(changed, allow_unicode=False))
    try:
        feeds.load_config(site.config_path)
    except ConfigError:
        return
    told[first] = changed[first]


def check_paths(site: Site) -> None:
    paths = [record.path for record in read_manifest(DiskFolder(site.output)).documents]
    found = [path for path in site.output.rglob("*") if not path.is_dir()]
    assert {path.relative_to(site.output).as_posix() for path in found} == {*paths, "feeds.json"}
    assert all(path.is_file() and not path.is_symlink() for path in found)
    check_apart([*paths, "feeds.json", ".feeds-journal"])
    for path in paths:
        check_name(path)


def check_apart(paths: Collection[str]) -> None:
    """No two are one file or one of them a folder of the other's, on no file system."""
    keys = [folded(path) for path in paths]
    assert len(set(keys)) == len(keys)
    folders = {str(parent) for key in keys for parent in PurePosixPath(key).parents}
    assert not folders & set(keys)


def check_name(path: str) -> None:
    parts = path.split("/")
    assert not {"", ".", ".."} & set(parts)
    assert not any(map(is_device, parts))
    assert all(len(part.encode()) + AROUND <= LONGEST_NAME for part in parts)
    assert not any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in path)
    assert not set('<>:"\\|?*') & set(path)
    assert not any(part.endswith((".", " ")) for part in parts)

"""The documents beside the feeds: pages, lists, precompressed files, former paths. They change only with the feeds."""

from __future__ import annotations

import gzip
import json
from importlib import resources
from typing import TYPE_CHECKING

import brotli
import pytest

import feeds
from feeds.cli.wording import why_nothing
from feeds.errors import PublishError
from feeds.models import ASSETS
from feeds.output.manifest import read_manifest
from feeds.output.publisher import WrittenDocument, write_document
from feeds.storage.local import LocalFolder
from tests.support.site import NOW

if TYPE_CHECKING:
    from feeds.models import Document
    from feeds.storage.folder import Folder
    from tests.support.site import Site

CONFIGURATION = """\
site: {title: Test Wire, url: https://feeds.example.com/}
source: {articles: [../articles]}
"""
LISTS = {"index.html", "feeds.opml", *ASSETS}


def article(site: Site, name: str, topic: str, title: str = "A title") -> None:
    site.article(
        f"{name}.md",
        f"""\
        title: {title}
        webUrl: https://{name}.example/story
        publishedDateTime: 2026-01-02T03:04:05Z
        topics: [{topic}]
        """,
    )


@pytest.fixture
def published(site: Site) -> Site:
    """A site with two topics and their pages."""
    site.configure(CONFIGURATION)
    article(site, "a", "Robots")
    article(site, "b", "Energy")
    site.regenerate()
    return site


def test_every_feed_has_a_page_and_is_in_the_lists(published: Site) -> None:
    documents = published.documents()
    feeds = {path.removesuffix(".rss") for path in documents if path.endswith(".rss")}
    assert {path for path in documents if path.endswith(".html")} == {"index.html", *(f"{f}/index.html" for f in feeds)}
    assert documents.keys() >= LISTS
    assert b'href="topics/robots/"' in documents["index.html"]
    assert b"https://feeds.example.com/topics/robots.rss" in documents["feeds.opml"]


def test_the_assets_are_those_of_the_package(published: Site) -> None:
    documents = published.documents()
    for path in ASSETS:
        assert documents[path] == resources.files("feeds.render.templates").joinpath(path).read_bytes()


def test_the_manifest_lists_pages_and_lists(published: Site) -> None:
    manifest = published.documents()["feeds.json"].decode()
    assert '"path": "topics/robots/index.html"' in manifest
    assert '"path": "feeds.opml"' in manifest


def test_a_feed_links_to_its_page_and_to_the_style_sheet(published: Site) -> None:
    documents = published.documents()
    for format_, link in (("rss", b"<link>%s</link>"), ("atom", b'<link href="%s" rel="alternate" type="text/html"/>')):
        document = documents[f"topics/robots.{format_}"]
        assert link % b"https://feeds.example.com/topics/robots/" in document
        assert b'<?xml-stylesheet type="text/css" href="https://feeds.example.com/assets/feed.css"?>' in document
    assert b'"home_page_url": "https://feeds.example.com/topics/robots/"' in documents["topics/robots.json"]


def test_the_title_of_an_entry_changes_pages_and_no_list(published: Site) -> None:
    article(published, "a", "Robots", title="Another title")
    report = published.regenerate()
    changed = {path.partition(".")[0].removesuffix("/index") for path in report.written_paths}
    assert changed == {"all", "topics/robots"}
    assert len(report.written_paths) == 2 * 4


def test_a_new_topic_is_listed(published: Site) -> None:
    article(published, "c", "Tides")
    report = published.regenerate()
    assert {"index.html", "feeds.opml", "topics/tides/index.html"} <= {*report.written_paths}
    assert not {*ASSETS, "topics/robots/index.html"} & {*report.written_paths}


def test_a_second_run_writes_nothing(published: Site) -> None:
    assert published.regenerate().written == 0


@pytest.mark.parametrize("path", ["index.html", "feeds.opml", "assets/page.css", "topics/robots/index.html"])
def test_a_changed_or_removed_document_is_published_again(published: Site, path: str) -> None:
    before = published.documents()
    (published.output / path).write_bytes(b"changed")
    assert published.regenerate().written_paths == (path,)
    (published.output / path).unlink()
    assert published.regenerate().written_paths == (path,)
    assert published.documents() == before


def test_an_empty_feed_keeps_its_page_and_is_not_in_the_opml(published: Site) -> None:
    (published.folder / "articles" / "a.md").unlink()
    published.regenerate()
    documents = published.documents()
    assert b"None yet" in documents["topics/robots/index.html"]
    assert b"no entries" in documents["index.html"]
    assert b"topics/robots" not in documents["feeds.opml"]


def test_without_pages_the_opml_is_published(published: Site) -> None:
    published.configure(f"{CONFIGURATION}pages: off\n")
    report = published.regenerate()
    documents = published.documents()
    assert [path for path in documents if path.endswith((".html", ".css", ".js"))] == []
    assert "feeds.opml" in documents
    assert report.removed == len(LISTS) - 1 + 3
    assert b"xml-stylesheet" not in documents["all.rss"]
    assert b"<link>https://feeds.example.com/</link>" in documents["all.rss"]
    assert not (published.output / "assets").exists()


def test_a_page_that_is_not_ours_is_not_overwritten(site: Site) -> None:
    site.configure(CONFIGURATION)
    article(site, "a", "Robots")
    site.output.mkdir()
    (site.output / "index.html").write_text("mine", encoding="utf-8")
    (mistake,) = site.regenerate().mistakes
    assert mistake.message.endswith("so it is not ours; move it away or use --output; the document is left out")
    documents = site.documents()
    assert documents["index.html"] == b"mine"
    assert documents.keys() >= {"all.rss", "feeds.opml", "topics/robots/index.html", "assets/page.css"}
    assert site.regenerate().written == 0
    (site.output / "index.html").unlink()
    assert site.regenerate().written_paths == ("index.html",)


def test_a_copy_that_is_not_ours_leaves_out_its_document(site: Site) -> None:
    """A web server would send the copy in place of the document."""
    site.configure(f"{CONFIGURATION}compress: [gzip, br]\n")
    article(site, "a", "Robots")
    site.output.mkdir()
    (site.output / "index.html.gz").write_text("mine", encoding="utf-8")
    assert len(site.regenerate().mistakes) == 1
    assert {"index.html", "index.html.br"}.isdisjoint(site.documents())


def test_a_published_document_stays_beside_a_copy_that_is_not_ours(published: Site) -> None:
    before = published.documents()
    for path in ("index.html.gz", "assets/page.css.gz"):
        (published.output / path).write_text("mine", encoding="utf-8")
    published.configure(f"{CONFIGURATION}compress: [gzip]\n")
    mistakes = published.regenerate().mistakes
    assert [mistake.message.rpartition("; ")[2] for mistake in mistakes] == ["the document stays as it was"] * 2
    documents = published.documents()
    assert documents["index.html"] == before["index.html"]
    assert documents["index.html.gz"] == b"mine"
    assert "index.html" not in read_manifest(LocalFolder(published.output)).gone_paths
    (published.output / "index.html.gz").unlink()
    published.regenerate()
    assert gzip.decompress(published.documents()["index.html.gz"]) == published.documents()["index.html"]


def test_the_output_of_another_publisher_is_not_published_into(site: Site) -> None:
    article(site, "a", "Robots")
    site.output.mkdir()
    (site.output / "feeds.opml").write_text("mine", encoding="utf-8")
    with pytest.raises(PublishError, match="is not ours"):
        site.regenerate()
    assert site.documents() == {"feeds.opml": b"mine"}


def test_a_run_that_finds_all_paths_taken_says_so(site: Site) -> None:
    site.configure(CONFIGURATION.partition("feeds:")[0] + "feeds: {topics: off, providers: off}\n")
    (site.output / "all.rss").mkdir(parents=True)
    report = site.regenerate()
    assert report.feeds == 0
    assert list(why_nothing(report))[-1] == "  something else is at the paths of all feeds"


def test_pages_can_be_added_to_published_feeds(site: Site) -> None:
    article(site, "a", "Robots")
    site.regenerate()
    site.configure(CONFIGURATION)
    assert site.regenerate().removed == 0
    assert site.documents().keys() >= LISTS


@pytest.fixture
def compressed(published: Site) -> Site:
    """The same, with precompressed files."""
    published.configure(f"{CONFIGURATION}compress: [gzip, br]\n")
    published.regenerate()
    return published


def test_every_document_has_precompressed_files(compressed: Site) -> None:
    documents = compressed.documents()
    originals = [path for path in documents if not path.endswith((".gz", ".br")) and path != "feeds.json"]
    assert documents.keys() - {*originals, "feeds.json"} == {
        f"{path}.{end}" for path in originals for end in ("gz", "br")
    }
    for path in originals:
        assert gzip.decompress(documents[f"{path}.gz"]) == documents[path]
        assert brotli.decompress(documents[f"{path}.br"]) == documents[path]


def test_a_coding_that_is_listed_twice_is_used_once(published: Site) -> None:
    published.configure(f"{CONFIGURATION}compress: [gzip, gzip]\n")
    published.regenerate()
    paths = [record["path"] for record in json.loads(published.documents()["feeds.json"])["documents"]]
    assert len(paths) == len({*paths})


def test_precompressed_files_are_written_only_with_their_documents(compressed: Site) -> None:
    assert compressed.regenerate().written == 0
    article(compressed, "a", "Robots", title="Another title")
    written = {*compressed.regenerate().written_paths}
    originals = {path for path in written if not path.endswith((".gz", ".br"))}
    assert {path.partition(".")[0].removesuffix("/index") for path in originals} == {"all", "topics/robots"}
    assert written == {f"{path}{end}" for path in originals for end in ("", ".gz", ".br")}
    documents = compressed.documents()
    assert gzip.decompress(documents["all.rss.gz"]) == documents["all.rss"]


@pytest.mark.parametrize("path", ["all.rss.gz", "topics/robots/index.html.br", "assets/page.css.gz"])
def test_a_changed_or_removed_precompressed_file_is_published_again(compressed: Site, path: str) -> None:
    before = compressed.documents()
    (compressed.output / path).write_bytes(b"stale")
    assert compressed.regenerate().written_paths == (path,)
    (compressed.output / path).unlink()
    assert compressed.regenerate().written_paths == (path,)
    assert compressed.documents() == before


def test_precompressed_files_are_removed_when_they_are_turned_off(compressed: Site) -> None:
    compressed.configure(f"{CONFIGURATION}compress: [gzip]\n")
    compressed.regenerate()
    assert not [path for path in compressed.documents() if path.endswith(".br")]
    compressed.configure(CONFIGURATION)
    compressed.regenerate()
    assert not [path for path in compressed.documents() if path.endswith((".gz", ".br"))]
    assert gone(compressed) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [('"entries": 1,', '"entries": 7,'), ('"name": "Robots"', '"name": "Robot"'), ("2026-01-02T03", "2026-01-02T04")],
    ids=["entries", "name", "updated"],
)
def test_a_changed_manifest_is_not_believed(published: Site, old: str, new: str) -> None:
    before = published.documents()
    manifest = published.output / "feeds.json"
    changed = manifest.read_text(encoding="utf-8").replace(old, new)
    assert changed != manifest.read_text(encoding="utf-8")
    manifest.write_text(changed, encoding="utf-8")
    article(published, "c", "Robots")
    published.regenerate()
    (published.folder / "articles" / "c.md").unlink()
    published.regenerate()
    assert published.documents() == before


@pytest.mark.parametrize("name", ["feeds.json", ".feeds-journal"])
def test_nested_json_is_no_recursion_error(published: Site, name: str) -> None:
    (published.output / name).write_text('{"version": 1, "documents": ' + "[" * 100_000, encoding="utf-8")
    if name == "feeds.json":
        with pytest.raises(PublishError, match="is not a manifest of ours"):
            published.regenerate()
    else:
        published.regenerate()


def test_a_moved_feed_is_also_published_at_its_former_path(published: Site) -> None:
    published.configure(
        f"{CONFIGURATION}topics: {{Robots: {{slug: machines}}}}\nmoved: {{topics/robots: topics/machines}}\n"
    )
    assert published.regenerate().mistakes == ()
    documents = published.documents()
    for format_ in ("rss", "atom", "json"):
        assert documents[f"topics/robots.{format_}"] == documents[f"topics/machines.{format_}"]
        assert b"https://feeds.example.com/topics/machines." in documents[f"topics/robots.{format_}"]
        assert b"topics/robots" not in documents[f"topics/robots.{format_}"]
    assert b'content="0; url=../../topics/machines/"' in documents["topics/robots/index.html"]
    assert b"topics/robots" not in documents["index.html"] + documents["feeds.opml"]
    assert published.regenerate().written == 0


def test_a_moved_feed_is_updated_at_both_paths(published: Site) -> None:
    published.configure(f"{CONFIGURATION}moved: {{old/robots: topics/robots}}\n")
    published.regenerate()
    article(published, "a", "Robots", title="Another title")
    written = published.regenerate().written_paths
    assert {"topics/robots.rss", "old/robots.rss"} <= {*written}
    assert "old/robots/index.html" not in written


def test_a_moved_feed_counts_as_published_at_its_new_path(published: Site) -> None:
    """Even if it has fewer entries than a new feed needs: it has subscribers."""
    published.configure(
        f"{CONFIGURATION}topics: {{Robots: {{slug: machines}}}}\nmoved: {{topics/robots: topics/machines}}\n"
        "feeds: {topics: {min_entries: 5}}\n"
    )
    report = published.regenerate()
    assert (report.mistakes, gone(published)) == ((), [])
    documents = published.documents()
    assert documents["topics/robots.rss"] == documents["topics/machines.rss"]


def test_archives_are_also_published_at_the_former_path(published: Site) -> None:
    site = published
    for year in (2025, 2024):
        story = f"title: Old\nwebUrl: https://c.example/{year}\npublishedDateTime: {year}-01-01\ntopics: [Robots]"
        site.article(f"{year}.md", story)
    site.configure(f"{CONFIGURATION}archives: month\nmoved: {{old: topics/robots}}\nfeeds: {{topics: {{limit: 1}}}}\n")
    site.regenerate()
    documents = site.documents()
    assert documents["old/archive/2025-01.atom"] == documents["topics/robots/archive/2025-01.atom"]


@pytest.mark.parametrize(
    ("moved", "message"),
    [
        ("topics/robots: topics/energy", "moved.topics/robots: is the path of a feed; expected one that no feed has"),
        ("old: topics/nothing", "moved.old: topics/nothing is no feed; expected the path that the feed has now"),
    ],
)
def test_a_wrong_move_is_reported_and_changes_nothing(published: Site, moved: str, message: str) -> None:
    before = published.documents()
    published.configure(f"{CONFIGURATION}moved: {{{moved}}}\n")
    (mistake,) = published.regenerate().mistakes
    assert mistake.message.startswith(message)
    assert published.documents() == before


def gone(site: Site) -> list[str]:
    """The paths that the manifest lists as gone."""
    return list(read_manifest(LocalFolder(site.output)).gone_paths)


def test_removed_documents_are_listed_as_gone(published: Site) -> None:
    assert gone(published) == []
    published.configure(f"{CONFIGURATION}feeds: {{topics: off}}\n")
    published.regenerate()
    paths = [
        f"topics/{name}{end}" for name in ("energy", "robots") for end in (".atom", ".json", ".rss", "/index.html")
    ]
    assert gone(published) == sorted(paths)
    article(published, "a", "Robots", title="Another title")
    published.regenerate()
    assert gone(published) == sorted(paths)
    published.configure(CONFIGURATION)
    published.regenerate()
    assert gone(published) == []


def prune(site: Site, *, dry_run: bool = False) -> feeds.Report:
    return feeds.regenerate(feeds.load_config(site.config_path), now=NOW, prune=True, dry_run=dry_run)


def test_a_feed_that_lost_its_last_entry_stays_until_it_is_pruned(published: Site) -> None:
    (published.folder / "articles" / "a.md").unlink()
    assert published.regenerate().removed == 0
    before = published.documents()
    removed = tuple(f"topics/robots{end}" for end in (".atom", ".json", ".rss", "/index.html"))
    assert prune(published, dry_run=True).removed_paths == removed
    assert published.documents() == before
    report = prune(published)
    assert (report.removed_paths, report.written_paths) == (removed, ("index.html",))
    assert [*removed] == gone(published)
    assert published.regenerate().written == 0
    assert "topics/robots.rss" not in published.documents()


def test_a_pruned_feed_is_published_again_with_a_new_entry(published: Site) -> None:
    (published.folder / "articles" / "a.md").unlink()
    prune(published)
    article(published, "c", "Robots")
    published.regenerate()
    assert "topics/robots.rss" in published.documents()
    assert gone(published) == []


def test_pruning_keeps_configured_feeds_without_entries(published: Site) -> None:
    published.configure(f"{CONFIGURATION}feeds: {{custom: [{{path: mine, types: [video]}}]}}\n")
    published.regenerate()
    assert prune(published).removed == 0
    assert "mine.rss" in published.documents()


def test_pruning_needs_an_article(published: Site) -> None:
    """Their disk may not be mounted."""
    before = published.documents()
    for file in (published.folder / "articles").iterdir():
        file.unlink()
    for dry_run in (True, False):
        with pytest.raises(feeds.FeedsError, match="there is no article, so every feed would go"):
            prune(published, dry_run=dry_run)
    assert published.documents() == before


def test_pruning_removes_a_former_topic_even_if_topics_need_no_entries(published: Site) -> None:
    published.configure(f"{CONFIGURATION}feeds: {{topics: {{min_entries: 0}}}}\ntopics: {{Energy: {{}}}}\n")
    (published.folder / "articles" / "a.md").unlink()
    published.regenerate()
    prune(published)
    assert "topics/robots.rss" not in published.documents()
    assert "topics/energy.rss" in published.documents()


def test_a_precompressed_file_is_never_older_than_its_document(
    compressed: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At no time: a run may be killed."""
    article(compressed, "a", "Robots", title="Another title")
    older = []

    def write_and_compare(output: Folder, document: Document) -> WrittenDocument:
        done = write_document(output, document)
        for path in ("all.rss", "topics/robots/index.html"):
            texts = [gzip.decompress(output.read(f"{path}.gz") or b""), output.read(path) or b""]
            if [b"Another title" in text for text in texts] == [False, True]:
                older.append(path)
        return done

    monkeypatch.setattr("feeds.pipeline.publish.write_document", write_and_compare)
    compressed.regenerate()
    assert b"Another title" in compressed.documents()["all.rss"]
    assert older == []

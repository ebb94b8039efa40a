"""A published site in which nothing is wrong, and pieces of its documents that examples of rules change."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from feeds.checks.folder import validate_folder
from feeds.output.manifest import read_manifest
from feeds.progress import untracked
from feeds.storage.local import LocalFolder
from tests.support.site import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from feeds.errors import LocatedDiagnostic
    from tests.support.site import Site

BASE = "https://feeds.example.com/"
CONFIGURATION = """\
site:
  title: Fish & Wire
  url: https://feeds.example.com/
  description: All of it
  author: {name: Ed Itor, email: editor@example.com, uri: https://www.example.com/}
  icon: https://www.example.com/icon.png
  rights: © Fish & Wire
  hub: https://hub.example.net/
source: {articles: [../articles]}
archives: month
compress: [gzip, br]
feeds:
  all: {limit: 2}
  providers: {min_entries: 1}
providers:
  a.example: {title: The A & B, feed: https://a.example/feed.xml}
"""
ARTICLE = """\
title: Cod & <b> chips
excerpt: What is said of it.
webUrl: https://a.example/story
originalUrl: https://b.example/paper
publishedDateTime: 2026-05-01T08:30:00Z
updatedDateTime: 2026-05-02T08:30:00Z
provider: {name: A, domain: a.example, authors: [{name: Jo Cod, url: https://a.example/jo}]}
topics: [Energy, R&D]
images:
  - {url: https://img.example/one.jpg?w=1&h=2, width: 1200, height: 630, length: 2048, title: A cod}
  - {url: https://img.example/two.png}
related:
  - {title: Elsewhere, webUrl: https://c.example/else, publishedDateTime: 2026-04-02T12:00:00Z}
"""

#: Paths of documents.
RSS, ATOM, JSON, OPML, PAGE = "all.rss", "all.atom", "all.json", "feeds.opml", "all/index.html"
MONTH_RSS, MONTH_ATOM = "all/archive/2026-04.rss", "all/archive/2026-04.atom"
#: Parts of documents.
PUBLISHED = "<pubDate>Fri, 01 May 2026 08:30:00 +0000</pubDate>"
UPDATED = "<updated>2026-05-02T08:30:00+00:00</updated>\n    <author>"
GUID = '<guid isPermaLink="false">https://a.example/story</guid>'
ENTRY_ID = "<id>https://a.example/story</id>"
ENCLOSED = '<enclosure url="https://img.example/one.jpg?w=1&amp;h=2'
ENCLOSURE = '<enclosure url="https://img.example/one.jpg?w=1&amp;h=2" length="2048" type="image/jpeg"/>'
THUMBNAIL = '<media:thumbnail url="https://img.example/one.jpg?w=1&amp;h=2" width="1200" height="630"/>'
CREATOR = "<dc:creator>Jo Cod</dc:creator>"


def publish_sound(site: Site) -> None:
    """Publish a site that has something of everything."""
    site.configure(CONFIGURATION)
    site.article("a.md", ARTICLE, "A body with a [link](https://a.example/more).\n")
    site.article("b.md", "title: B\nwebUrl: https://a.example/b\npublishedDateTime: 2026-03-01\ntopics: [Energy]")
    site.regenerate()


def diagnose(output: Path) -> tuple[LocatedDiagnostic, ...]:
    """Return the diagnostics of the documents in an output folder."""
    return validate_folder(output, BASE, NOW, jobs=1, track=untracked).diagnostics


def rewrite(output: Path, path: str, body: bytes) -> None:
    """Replace a document. The manifest lists it as it is then, without its compressed copies."""
    (output / path).write_bytes(body)
    manifest = read_manifest(LocalFolder(output))
    records = [
        replace(record, bytes=len(body), digest=f"sha256:{hashlib.sha256(body).hexdigest()}")
        if record.path == path
        else record
        for record in manifest.documents
        if not (record.coding and record.path.startswith(f"{path}."))
    ]
    manifest = replace(manifest, documents=tuple(records))
    (output / "feeds.json").write_bytes(msgspec.json.encode(manifest))

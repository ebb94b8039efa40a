"""The contract of `content.discovery`: the same articles are found in every kind of source, and in every way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import fsspec
from hypothesis import strategies as st

from feeds.content.discovery import find_articles, find_below, find_from_top
from feeds.storage.object_source import ObjectSource
from feeds.storage.objects import ObjectFolder

if TYPE_CHECKING:
    from collections.abc import Collection

    from feeds.storage.sources import Source

#: Paths in an archive. Stores have folders with an empty name.
PATHS = st.sets(
    st.builds(
        lambda folders, name: "/".join([*folders, name]),
        st.lists(st.sampled_from(["", "", "news", "a b", "größe", ".hidden"]), max_size=4),
        st.sampled_from(["a.md", "b.markdown", "c.txt", ".d.md"]),
    ),
    max_size=8,
)
UNUSUAL_PATHS = {
    *("a.md", "/a.md", "//a.md", "/news/a.md", "news//a.md", "news/a.md", "news/.hidden//a.md"),
    "a b/größe///b.md",
}


def write_objects(address: str, paths: Collection[str]) -> ObjectSource:
    """Write objects with their paths as bytes, and return the source at the URL."""
    for path in paths:
        fsspec.filesystem(address.partition(":")[0]).pipe_file(f"{address}/{path}", path.encode())
    return ObjectSource(ObjectFolder(address))


def check_discovery(source: Source, paths: Collection[str]) -> None:
    """Assert that the articles at these paths are found, at once and by several processes."""
    folders, diagnostics = find_articles([source])
    nameless = {path for path in paths if path.startswith("/") and path.count("/") == 1}
    visible = {path for path in paths if not f"/{path}".count("/.") and path.endswith(("md", "markdown"))}
    files = [folder.file(file).path for folder in folders for file in folder.files]
    assert sorted(files) == sorted(visible - nameless)
    assert [diagnostic.path for diagnostic in diagnostics] == [
        f"{source}/{path}" for path in sorted(visible & nameless)
    ]
    if isinstance(source, ObjectSource):
        assert source.folder.fetch(sorted(visible), 1000) == {path: path.encode() for path in sorted(visible)}
    for min_pending in (1, 3, 100):
        top = find_from_top([source], min_pending)
        parts = [top, *(find_below(of, path) for of, path in top.pending)]
        found = [folder for part in parts for folder in part.folders]
        assert sorted(found, key=lambda folder: folder.path) == sorted(folders, key=lambda folder: folder.path)
        assert sorted(diagnostic for part in parts for diagnostic in part.diagnostics) == diagnostics

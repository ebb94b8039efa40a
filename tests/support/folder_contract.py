"""The contract of `storage.folder.Folder`, and what all object stores have in common.

A test class inherits it and has a fixture `folder`: an empty folder that gives objects the headers of `headers_of`.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from feeds.storage.folder import DryRunFolder
from feeds.storage.local import LocalFolder

if TYPE_CHECKING:
    from feeds.models import Coding
    from feeds.storage.folder import Folder
    from feeds.storage.objects import ObjectFolder

_RSS = "application/rss+xml"


def headers_of(media_type: str, coding: Coding | None) -> dict[str, str]:
    """The headers of an object."""
    headers = {"Content-Type": f"{media_type}; charset=utf-8", "Cache-Control": "max-age=3600"}
    return {**headers, "Content-Encoding": coding} if coding else headers


class FolderContract:
    """Every folder does this."""

    def test_a_written_file_is_read(self, folder: Folder) -> None:
        assert (folder.read("topics/ai.rss"), folder.stat("topics/ai.rss")) == (None, None)
        version = folder.write("topics/ai.rss", b"<rss/>", media_type=_RSS)
        assert folder.read("topics/ai.rss") == b"<rss/>"
        assert folder.stat("topics/ai.rss") == (6, version)
        assert folder.paths() == ["topics/ai.rss"]
        assert folder.listing() in (None, {"topics/ai.rss": (6, version)})
        assert folder.stat("topics") is None or isinstance(folder, LocalFolder)

    def test_a_file_with_the_same_bytes_is_unchanged(self, folder: Folder) -> None:
        version = folder.write("a.rss", b"one", media_type=_RSS)
        assert folder.unchanged_version("a.rss", b"one") == version
        assert folder.unchanged_version("a.rss", b"two") is None
        assert folder.unchanged_version("a.rss", b"three") is None
        assert folder.unchanged_version("b.rss", b"one") is None
        absent = folder.assume_absent(["a.rss"])
        assert absent.unchanged_version("a.rss", b"one") == (version if isinstance(folder, LocalFolder) else None)
        assert folder.write("a.rss", b"two", media_type=_RSS) != version
        assert folder.unchanged_version("a.rss", b"one") is None

    def test_a_removed_file_is_gone(self, folder: Folder) -> None:
        folder.write("topics/ai.rss", b"<rss/>", media_type=_RSS)
        assert DryRunFolder(folder).remove("topics/ai.rss")
        assert folder.read("topics/ai.rss") == b"<rss/>"
        assert folder.remove("topics/ai.rss")
        assert folder.read("topics/ai.rss") is None
        assert not folder.remove("topics/ai.rss")

    def test_a_path_outside_is_refused(self, folder: Folder) -> None:
        outside = ["../a.rss", "/etc/a.rss", "topics/../../a.rss"]
        found = folder.obstacles(["a.rss", "topics/ai.rss", *outside])
        assert list(found) == outside
        assert all("expected a folder inside it" in str(error) for error in found.values())

    def test_a_copy_in_another_process_is_equal(self, folder: Folder) -> None:
        folder.write("a.rss", b"one", media_type=_RSS)
        same = pickle.loads(pickle.dumps(folder))  # noqa: S301
        assert (same, same.key, str(same), same.read("a.rss")) == (folder, folder.key, str(folder), b"one")
        assert folder.label("a.rss") == f"{folder}/a.rss"

    def test_names_may_have_any_characters(self, folder: Folder) -> None:
        for path in ("topics/größe.rss", "topics/日本.rss", "a b.rss", "a+b%20c.rss"):
            folder.write(path, path.encode(), media_type=_RSS)
            assert folder.read(path) == path.encode()
            assert folder.stat(path) is not None
            assert path in (folder.listing() or {path})


class StoreContract(FolderContract):
    """Folders of object stores do this too; articles are read from them."""

    def test_many_objects_are_found_and_fetched_at_once(self, folder: ObjectFolder) -> None:
        assert list(folder.find()) == []
        paths = ("a.md", "b/c.md", "b/d.txt")
        versions = {path: folder.write(path, path.encode(), media_type=_RSS) for path in paths}
        found = {path: (size, version) for path, size, _, version in folder.find()}
        assert found == {path: (len(path), version) for path, version in versions.items()}
        assert all(mtime > 0 for _, _, mtime, _ in folder.find())
        contents = folder.fetch(["a.md", "b/c.md", "none.md"], 1000)
        assert isinstance(contents.pop("none.md"), FileNotFoundError)
        assert contents == {"a.md": b"a.md", "b/c.md": b"b/c.md"}
        assert folder.fetch(["a.md"], 4) == {"a.md": b"a.md"}
        assert folder.exists("a.md")
        assert not folder.exists("none.md")

    def test_one_byte_more_than_allowed_is_fetched_of_a_large_object(self, folder: ObjectFolder) -> None:
        folder.write("a.md", b"x" * 100_000, media_type=_RSS)
        folder.write("empty.md", b"", media_type=_RSS)
        assert folder.fetch(["a.md", "empty.md"], 9) == {"a.md": b"x" * 10, "empty.md": b""}

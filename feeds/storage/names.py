"""Paths of feeds, which must be valid on every file system and web server, and names of files."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from feeds.text.slugs import folded

if TYPE_CHECKING:
    from pathlib import Path

#: The folders of the feeds of topics and of providers, by kind.
FOLDERS = {"topic": "topics", "provider": "providers"}
#: Extensions of documents and of gzip files. `.br` alone is the end of a domain.
_EXTENSIONS = "rss|atom|json|opml|html|css|js|gz"
#: The end of a document's name. A folder with such a name could take the path of a document.
_DOCUMENT_END = re.compile(rf"(\.({_EXTENSIONS})(\.br)*)+$")
_EXTENSION = re.compile(rf"\.({_EXTENSIONS}|br)(/|$)")
_RESERVED_PATHS = frozenset({"all", "feeds", "index"})
_ARCHIVE = re.compile(r"/archive/\d{4}-\d{2}$")
#: Characters that no segment of a path may contain, for use in a character class.
NOT_IN_SEGMENT = (
    r"""\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\s\x00-\x1f\x7f-\x9f/\\?#%&+:;,'<>|*`$!@=^~()\[\]{}""" + '"'
)
_PATH = re.compile(rf"[^.{NOT_IN_SEGMENT}][^{NOT_IN_SEGMENT}]*(?:/[^.{NOT_IN_SEGMENT}][^{NOT_IN_SEGMENT}]*)*")
#: Names of devices on Windows, whatever follows a dot (Microsoft, "Naming Files, Paths, and Namespaces").
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?")
#: The maximum length of a feed's path in bytes. A file name has 255, which includes extensions and temporary suffixes.
MAX_LENGTH = 200
#: The same with the longest ending, such as `/archive/2026-06.atom.gz`.
_MAX_DOCUMENT_LENGTH = MAX_LENGTH + 30


def is_device(name: str) -> bool:
    """Whether Windows takes a file name for a device."""
    return _DEVICE.fullmatch(name.casefold()) is not None


def without_extensions(path: str) -> str:
    """A folded path without the extensions of documents and precompressed files that it ends in."""
    return _DOCUMENT_END.sub("", path)


def is_reserved(path: str) -> bool:
    """Whether the publisher itself uses a path, or the folder that it is in, so that no custom feed can have it."""
    key = folded(path)
    return key in _RESERVED_PATHS or key.partition("/")[0] in FOLDERS.values() or is_archive(path)


def is_archive(path: str) -> bool:
    """Whether a feed at this path would take the path of another feed's archive."""
    return _ARCHIVE.search(folded(path)) is not None


def is_path(path: str) -> bool:
    """Whether a feed or a document may have this path: its segments begin with no dot, and it is not too long."""
    return _PATH.fullmatch(path) is not None and len(path.encode(errors="surrogatepass")) <= _MAX_DOCUMENT_LENGTH


def wrong_path(path: str) -> str | None:
    """The end of a message about the path of a feed, or None if it is valid. Characters are checked elsewhere."""
    key = folded(path)
    if _EXTENSION.search(key):
        return "; expected a path without extension"
    if any(map(is_device, key.split("/"))):
        return "; expected a path without names that Windows has for devices, such as con and nul"
    length = len(path.encode(errors="surrogatepass"))
    return f" is {length} bytes long; expected at most {MAX_LENGTH}" if len(path) <= MAX_LENGTH < length else None


def is_utf8(path: str) -> bool:
    """Whether a file name is valid UTF-8. Python represents other bytes of a name as surrogates."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def readable(path: str) -> str:
    """The path with each byte that is not UTF-8 as an escape such as `\\xff`."""
    return os.fsencode(path).decode(errors="backslashreplace")


def not_utf8(path: Path) -> str:
    """The end of a message about a path that is not UTF-8."""
    return f"{readable(str(path))}, which is not UTF-8; expected a path that is"


def display_path(path: str) -> str:
    """A path as messages show it: relative to the working directory if it is below, else absolute.

    The URL of a store stays as it is.
    """
    if "://" in path:
        return path
    try:
        prefix = os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118  # called for each of thousands of diagnostics
        absolute = os.path.abspath(path)  # noqa: PTH100
    except OSError:  # the working directory was removed
        return path
    if os.path.normcase(absolute).startswith(os.path.normcase(prefix)):
        return absolute[len(prefix) :] or "."
    return "." if absolute == prefix.rstrip(os.sep) else absolute

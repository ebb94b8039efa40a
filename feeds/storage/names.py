"""Paths: those of feeds, which hold on every file system and in a web server's configuration, and those of files."""

from __future__ import annotations

import os
import re

from feeds.text.slugs import folded

#: What documents are called: a folder with such a name would stand in the place of one.
_EXTENSIONS = (".rss", ".atom", ".json", ".opml", ".html", ".css", ".js", ".gz", ".br")

_ARCHIVE = re.compile(r"/archive/\d{4}-\d{2}$")

#: What Windows takes for a device, whatever comes after a dot (Naming Files, Paths, and Namespaces).
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?")

#: In bytes; beside what is behind and around it in the name of a file, of which there may be 255.
LONGEST = 200


def is_device(name: str) -> bool:
    """Whether Windows would take the name of a file for that of a device."""
    return _DEVICE.fullmatch(name.casefold()) is not None


def is_archive(path: str) -> bool:
    """Whether a feed at the path would stand where the history of another one does."""
    return _ARCHIVE.search(folded(path)) is not None


def wrong_path(path: str) -> str | None:
    """What is wrong with the path of a feed, as a part of a sentence; its characters and their number are right."""
    parts = folded(path).split("/")
    if any(part.endswith(_EXTENSIONS) for part in parts):
        return "; expected a path without extension"
    if any(map(is_device, parts)):
        return "; expected a path without names that Windows has for devices, such as con and nul"
    length = len(path.encode(errors="surrogatepass"))
    return f" is {length} bytes long; expected at most {LONGEST}" if len(path) <= LONGEST < length else None


def is_utf8(path: str) -> bool:
    """Whether the name of a file can be written down; in that of one that is not UTF-8, Python has surrogates."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def readable(path: str) -> str:
    """The path with each byte that is not UTF-8 written as an escape, so that it can be shown."""
    return os.fsencode(path).decode(errors="backslashreplace")

"""The files of a new site, and configurations of web servers, which belong to the user from then on."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from feeds.config.json_schema import json_schema
from feeds.errors import PublishError
from feeds.storage.files import check_path, exists
from feeds.storage.names import display_path

if TYPE_CHECKING:
    from pathlib import Path


SCHEMA_NAME = "feeds.schema.json"


def write_starter(folder: Path) -> list[Path]:
    """Write a configuration, its schema and a first article into `folder`; return their paths.

    Raises PublishError, before anything is written, if one of them exists or the folder cannot be used.
    """
    check_path(folder)
    templates = files(__package__)
    schema = msgspec.json.format(msgspec.json.encode(json_schema()), indent=2) + b"\n"
    contents = {
        folder / "config" / "feeds.yaml": templates.joinpath("feeds.yaml").read_bytes(),
        folder / "config" / SCHEMA_NAME: schema,
        folder / "articles" / "welcome.md": templates.joinpath("welcome.md").read_bytes(),
    }
    for path in contents:
        if _exists(path):
            raise PublishError(display_path(str(path)), "is there already; expected a folder without a site")
    for path, content in contents.items():
        _write(path, content)
    return list(contents)


def write_new(path: Path, text: str) -> bool:
    """Write a new file. Return False if it exists with this text; raise PublishError if it has another one."""
    content = text.encode()
    try:
        if path.read_bytes() == content:
            return False
    except FileNotFoundError:
        _write(path, content)
        return True
    except OSError as error:
        raise PublishError(display_path(str(path)), f"cannot be read: {error.strerror}") from error
    raise PublishError(
        display_path(str(path)), "is there already and differs; move it away, or leave --to out to print the new one"
    )


def _exists(path: Path) -> bool:
    try:
        return exists(path)
    except OSError as error:
        raise PublishError(display_path(str(path)), f"cannot be written: {error.strerror}") from error


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise PublishError(display_path(str(path)), f"cannot be written: {error.strerror}") from error

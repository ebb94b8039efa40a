"""The files with which `feeds init` starts a site, and others that a person keeps from then on."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from feeds.config.json_schema import json_schema
from feeds.errors import PublishError
from feeds.storage.files import check_name

if TYPE_CHECKING:
    from pathlib import Path


SCHEMA_NAME = "feeds.schema.json"


def write_starter(folder: Path) -> list[Path]:
    """Write a configuration, its schema and a first article into `folder`; the paths of what was written.

    Raises PublishError, before anything is written, where one of them is there already, or the path is not UTF-8.
    """
    check_name(folder)
    templates = files(__package__)
    schema = msgspec.json.format(msgspec.json.encode(json_schema()), indent=2) + b"\n"
    contents = {
        folder / "config" / "feeds.yaml": templates.joinpath("feeds.yaml").read_bytes(),
        folder / "config" / SCHEMA_NAME: schema,
        folder / "articles" / "welcome.md": templates.joinpath("welcome.md").read_bytes(),
    }
    for path in contents:
        if path.exists():
            raise PublishError(str(path), "is there already; expected a folder without a site")
    for path, content in contents.items():
        _write(path, content)
    return list(contents)


def write_new(path: Path, text: str) -> bool:
    """Write a file that is not there; False where it holds that text. Raises PublishError where it holds another."""
    content = text.encode()
    try:
        if path.read_bytes() == content:
            return False
    except FileNotFoundError:
        _write(path, content)
        return True
    except OSError as error:
        raise PublishError(str(path), f"cannot be read: {error.strerror}") from error
    raise PublishError(str(path), "is there already and differs; move it away, or leave --to out to print the new one")


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise PublishError(str(path), f"cannot be written: {error.strerror}") from error

"""The loader of the configuration file: YAML to Config, or all its errors at once, each with file, line and key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect

from feeds.config.checks import check_values
from feeds.config.schema import Config, ConfigFile
from feeds.config.typecheck import wrong_values
from feeds.errors import ConfigError, Diagnostic, LocatedDiagnostic
from feeds.storage.files import read_regular
from feeds.storage.names import display_path, is_utf8, readable
from feeds.storage.sources import open_sources
from feeds.text.yaml import YamlError, decode_text, load_yaml
from feeds.text.yaml_loaders import ConfigLoader
from feeds.text.yaml_positions import Positions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def load_config(path: str | Path) -> Config:
    """Read and check a configuration file; raise ConfigError with everything that is wrong with it."""
    path = Path(path)
    text = _read_text(path)
    try:
        values = load_yaml(text, ConfigLoader)
    except YamlError as error:
        raise _error(path, error.line, str(error), "config-not-yaml") from error
    config_path = path.absolute()
    diagnostics = list(_check(values, Positions(text, ConfigLoader), config_path.parent))
    if diagnostics:
        label = display_path(str(path))
        raise ConfigError(sorted(LocatedDiagnostic(label, *diagnostic) for diagnostic in diagnostics))
    file = msgspec.convert(_without_nulls(_with_empty_sections(values)), ConfigFile)
    sources = open_sources(config_path.parent, file.source.articles)
    return Config(**msgspec.structs.asdict(file), path=config_path, articles=sources)


def locate(config: Config, diagnostics: Iterable[Diagnostic]) -> list[LocatedDiagnostic]:
    """Locate diagnostics about a loaded configuration in its file as it is now.

    Raise ConfigError if the file has become unreadable.
    """
    diagnostics = list(diagnostics)
    if not diagnostics:
        return []
    positions = Positions(_read_text(config.path), ConfigLoader)
    label = display_path(str(config.path))
    return [LocatedDiagnostic(label, positions.line(found.keys), found.message, found.rule) for found in diagnostics]


def file_version(path: Path) -> tuple[int, ...] | None:
    """Return a version of the file, which differs once the file is replaced or changed; None if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _read_text(path: Path) -> str:
    """Read the text of the file; raise ConfigError if it is missing, unreadable or not UTF-8."""
    try:
        if is_utf8(str(path.absolute())):
            return decode_text(read_regular(path))
    except FileNotFoundError as error:
        raise _error(path, 0, "there is no such file; `feeds init` makes one", "config-unreadable") from error
    except OSError as error:
        raise _error(path, 0, f"cannot be read: {error.strerror}", "config-unreadable") from error
    except YamlError as error:
        raise _error(path, error.line, str(error), "config-not-yaml") from error
    message = f"is at a path that is not UTF-8, {readable(str(path.absolute()))}; expected one that is"
    raise _error(path, 0, message, "config-unreadable")


def _error(path: Path, line: int, message: str, rule: str) -> ConfigError:
    return ConfigError([LocatedDiagnostic(readable(display_path(str(path))), line, message, rule)])


def _check(values: Any, positions: Positions, config_folder: Path) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the message, which starts with the key, and the rule of each diagnostic."""
    found = (
        *positions.duplicate_keys(),
        *wrong_values(values, inspect.type_info(ConfigFile)),
        *check_values(values, config_folder),
    )
    for diagnostic in found:
        key = ".".join(map(str, diagnostic.keys))
        message = f"{key}: {diagnostic.message}" if key else diagnostic.message
        yield positions.line(diagnostic.keys), message, diagnostic.rule


def _with_empty_sections(values: dict[str, Any]) -> dict[str, Any]:
    """Turn nulls below `topics` and `providers` into empty sections: these have meaning without settings."""
    for kind in ("topics", "providers"):
        values = {**values, kind: {name: settings or {} for name, settings in (values.get(kind) or {}).items()}}
    return values


def _without_nulls(value: Any) -> Any:
    """Remove the keys with a null, at any depth, so that they get their defaults."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value

"""The configuration file: YAML to Config, with every mistake in it at once, each with its file, line and key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect

from feeds.config.checks import article_root, wrong_meanings
from feeds.config.schema import Config, ConfigFile
from feeds.config.typecheck import wrong_values
from feeds.errors import ConfigError, Diagnostic, LocatedDiagnostic
from feeds.storage.files import read_regular
from feeds.storage.names import is_utf8, readable
from feeds.text.yaml import YamlError, decode_text, load_yaml
from feeds.text.yaml_loaders import ConfigLoader
from feeds.text.yaml_positions import Positions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def load_config(path: str | Path) -> Config:
    """Read and check a configuration file; raises ConfigError with all that is wrong with it."""
    path = Path(path)
    label = str(path)
    try:
        if not is_utf8(str(path.absolute())):
            message = f"is at a path that is not UTF-8, {readable(str(path.absolute()))}; expected one that is"
            raise ConfigError([LocatedDiagnostic(readable(label), 0, message, "config-unreadable")])
        text = decode_text(read_regular(path))
        values = load_yaml(text, ConfigLoader)
        findings = list(_findings(values, Positions(text, ConfigLoader), path.absolute().parent))
    except FileNotFoundError as error:
        raise ConfigError(
            [LocatedDiagnostic(label, 0, "there is no such file; `feeds init` makes one", "config-unreadable")]
        ) from error
    except OSError as error:
        raise ConfigError(
            [LocatedDiagnostic(label, 0, f"cannot be read: {error.strerror}", "config-unreadable")]
        ) from error
    except YamlError as error:
        raise ConfigError([LocatedDiagnostic(label, error.line, str(error), "config-not-yaml")]) from error
    if findings:
        raise ConfigError(sorted(LocatedDiagnostic(label, *finding) for finding in findings))
    file = msgspec.convert(_given(values), ConfigFile)
    folders = [article_root(path.absolute().parent, name) for name in file.source.articles]
    return Config(**msgspec.structs.asdict(file), path=path.absolute(), articles=tuple(folders))


def locate(config: Config, findings: Iterable[Diagnostic]) -> list[LocatedDiagnostic]:
    """Findings about a configuration that is in use, with the lines of its file as they are now."""
    findings = list(findings)
    if not findings:
        return []
    positions = Positions(decode_text(read_regular(config.path)), ConfigLoader)
    label = config.path.name
    return [
        LocatedDiagnostic(label, positions.line(finding.keys), finding.message, finding.rule) for finding in findings
    ]


def file_facts(path: Path) -> tuple[int, ...] | None:
    """What tells that a file is another, or was changed; None where there is none."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def _findings(values: Any, positions: Positions, folder: Path) -> Iterator[tuple[int, str, str]]:
    """The line, the message, with its key, and the rule of all that is wrong."""
    found = (
        *positions.duplicate_keys(),
        *wrong_values(values, inspect.type_info(ConfigFile)),
        *wrong_meanings(values, folder),
    )
    for finding in found:
        key = ".".join(map(str, finding.keys))
        yield positions.line(finding.keys), f"{key}: {finding.message}" if key else finding.message, finding.rule


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """The values without the keys that are given nothing; a topic or provider without settings is still one."""
    for kind in ("topics", "providers"):
        values = {**values, kind: {name: settings or {} for name, settings in (values.get(kind) or {}).items()}}
    given: dict[str, Any] = _without_nothing(values)
    return given


def _without_nothing(value: Any) -> Any:
    """The value without the keys, at any depth, that are given nothing."""
    if isinstance(value, dict):
        return {key: _without_nothing(item) for key, item in value.items() if item is not None}
    return [_without_nothing(item) for item in value] if isinstance(value, list) else value

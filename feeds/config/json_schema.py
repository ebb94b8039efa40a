"""The JSON Schema of the configuration, generated from its types."""

from __future__ import annotations

from typing import Any

import msgspec

from feeds.config.schema import ConfigFile


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the configuration, for editors."""
    schema = msgspec.json.schema(ConfigFile)
    definitions = schema.pop("$defs")
    for definition in definitions.values():
        _allow_nothing(definition)
    root = definitions.pop("ConfigFile")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **root,
        "title": "feeds configuration",
        "$defs": dict(sorted(definitions.items())),
    }


def _allow_nothing(definition: dict[str, Any]) -> None:
    """A key with nothing behind it, such as one whose lines are all commented out, has its default."""
    for name, schema in definition["properties"].items():
        if isinstance(schema.get("additionalProperties"), dict):
            schema["additionalProperties"] = _or_null(schema["additionalProperties"])
        if name not in definition["required"]:
            definition["properties"][name] = _or_null(schema)


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {key: schema[key] for key in ("description", "default") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in said}
    choices = rest.get("anyOf", [rest])
    null = {"type": "null"}
    return {**said, "anyOf": [*(choice for choice in choices if choice != null), null]}

"""The JSON Schema of the configuration, generated from its types."""

from __future__ import annotations

from typing import Any

import msgspec

from feeds.config.schema import ConfigFile


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the configuration, with which editors complete and check it."""
    schema = msgspec.json.schema(ConfigFile)
    definitions = schema.pop("$defs")
    for definition in definitions.values():
        _allow_null(definition)
    root = definitions.pop("ConfigFile")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **root,
        "title": "feeds configuration",
        "$defs": dict(sorted(definitions.items())),
    }


def _allow_null(definition: dict[str, Any]) -> None:
    """Let optional keys be null, as YAML has it for a section whose lines are all commented out."""
    for name, schema in definition["properties"].items():
        if isinstance(schema.get("additionalProperties"), dict):
            schema["additionalProperties"] = _or_null(schema["additionalProperties"])
        if name not in definition["required"]:
            definition["properties"][name] = _or_null(schema)


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    annotations: dict[str, Any] = {key: schema[key] for key in ("description", "default") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in annotations}
    choices = rest.get("anyOf", [rest])
    null = {"type": "null"}
    return {**annotations, "anyOf": [*(choice for choice in choices if choice != null), null]}

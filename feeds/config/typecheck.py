"""Validation of YAML values against msgspec types, with a diagnostic for each value that does not fit.

msgspec itself stops at the first error.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from msgspec import inspect

from feeds.errors import Diagnostic, Keys, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def wrong_values(value: Any, type_: inspect.Type, keys: Keys = ()) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each part of `value`, which is at `keys`, that `type_` does not allow.

    A null is valid for an optional key, which then has its default.
    """
    match bare := _bare(type_):
        case inspect.StructType() if isinstance(value, dict):
            yield from _wrong_fields(value, bare, keys)
        case inspect.DictType() if isinstance(value, dict):
            for key, item in value.items():
                for wrong_key in wrong_values(key, bare.key_type):
                    yield Diagnostic((*keys, key), wrong_key.message, wrong_key.rule)
                if item is not None:
                    yield from wrong_values(item, bare.value_type, (*keys, key))
        case inspect.VarTupleType() if isinstance(value, list) and len(value) >= (bare.min_length or 0):
            for index, item in enumerate(value):
                yield from wrong_values(item, bare.item_type, (*keys, index))
        case inspect.UnionType() if (member := _likely_member(value, bare)) is not None:
            yield from wrong_values(value, member, keys)
        case _ if not _fits(value, bare):
            yield Diagnostic(keys, f"{_shown(value)}; expected {_expected(type_)}", "wrong-value")


def _bare(type_: inspect.Type) -> inspect.Type:
    """Return the type without its metadata, such as descriptions."""
    return _bare(type_.type) if isinstance(type_, inspect.Metadata) else type_


def _wrong_fields(value: dict[Any, Any], type_: inspect.StructType, keys: Keys) -> Iterator[Diagnostic]:
    fields = {field.name: field for field in type_.fields}
    for key, item in value.items():
        if key in fields:
            if item is not None or fields[key].required:
                yield from wrong_values(item, fields[key].type, (*keys, key))
        else:
            yield Diagnostic((*keys, key), f"unknown key; {_suggestion(str(key), fields)}", "unknown-key")
    for field in type_.fields:
        if field.required and field.name not in value:
            yield Diagnostic(keys, f"{field.name} is missing; expected {_expected(field.type)}", "missing-key")


def _likely_member(value: Any, type_: inspect.UnionType) -> inspect.Type | None:
    """Return the member of a union that `value` was meant to be, or None if that is not clear."""
    if value is None and type_.includes_none:
        return inspect.NoneType()
    members = [member for member in type_.types if not isinstance(member, inspect.NoneType)]
    structs = [member for member in members if isinstance(member, inspect.StructType)]
    if isinstance(value, dict) and structs:
        return structs[0]
    return members[0] if len(members) == 1 else next((one for one in members if _fits(value, _bare(one))), None)


def _fits(value: Any, type_: inspect.Type) -> bool:
    match type_:
        case inspect.NoneType():
            return value is None
        case inspect.LiteralType():
            return value in type_.values
        case inspect.IntType():
            minimum, maximum = type_.ge, type_.le
            is_int = isinstance(value, int) and not isinstance(value, bool)
            return is_int and (minimum is None or value >= minimum) and (maximum is None or value <= maximum)
        case inspect.StrType():
            return isinstance(value, str) and _fits_text(value, type_)
    return False


def _fits_text(value: str, type_: inspect.StrType) -> bool:
    max_length = type_.max_length if type_.max_length is not None else len(value)
    if not (type_.min_length or 0) <= len(value) <= max_length:
        return False
    # `$` of a JSON Schema pattern is the end of the text; that of Python also matches before a final line break.
    return type_.pattern is None or bool(re.search(re.sub(r"\$$", r"\\Z", type_.pattern), value))


def _expected(type_: inspect.Type) -> str:
    """Describe a type in words. The description of a text takes precedence."""
    match type_:
        case inspect.Metadata():
            words = _expected(type_.type)
            description = (type_.extra_json_schema or {}).get("description")
            words = str(description) if description and words == "text" else words
        case inspect.StructType():
            words = "a mapping with " + ", ".join(field.name for field in type_.fields)
        case inspect.DictType():
            words = "a mapping"
        case inspect.VarTupleType():
            words = f"a list of {_expected(type_.item_type)}" + (", not empty" if type_.min_length else "")
        case inspect.LiteralType():
            words = ("one of " if len(type_.values) > 1 else "") + ", ".join(map(str, type_.values))
        case inspect.IntType():
            words = f"a whole number{_bounds(type_)}"
        case inspect.UnionType():
            words = _expected_one_of([member for member in type_.types if not isinstance(member, inspect.NoneType)])
        case _:
            words = "text"
    return words


def _expected_one_of(types: list[inspect.Type]) -> str:
    """Describe the members of a union. Among several members, a mapping is described without its keys."""
    if len(types) == 1:
        return _expected(types[0])
    return " or ".join("a mapping" if isinstance(type_, inspect.StructType) else _expected(type_) for type_ in types)


def _bounds(type_: inspect.IntType) -> str:
    if type_.ge is None:
        return ""
    return f" from {type_.ge} to {type_.le}" if type_.le is not None else f", {type_.ge} or more"


def _suggestion(key: str, known_keys: Iterable[str]) -> str:
    names = list(known_keys)
    close = difflib.get_close_matches(key.lower(), names, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else "expected one of " + ", ".join(names)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return "an empty list" if value == [] else quoted(value)

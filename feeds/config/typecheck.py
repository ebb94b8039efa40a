"""Values read from YAML held against msgspec types, with a finding for each that does not fit.

msgspec itself stops at the first mistake; people want all of them at once.
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
    """What in `value` is not what `type_` allows. A key that is given nothing has its default."""
    match bare := _bare(type_):
        case inspect.StructType() if isinstance(value, dict):
            yield from _wrong_fields(value, bare, keys)
        case inspect.DictType() if isinstance(value, dict):
            for key, item in value.items():
                yield from (
                    Diagnostic((*keys, key), wrong.message, wrong.rule) for wrong in wrong_values(key, bare.key_type)
                )
                if item is not None:
                    yield from wrong_values(item, bare.value_type, (*keys, key))
        case inspect.VarTupleType() if isinstance(value, list) and len(value) >= (bare.min_length or 0):
            for index, item in enumerate(value):
                yield from wrong_values(item, bare.item_type, (*keys, index))
        case inspect.UnionType() if (meant := _alternative(value, bare)) is not None:
            yield from wrong_values(value, meant, keys)
        case _ if not _fits(value, bare):
            yield Diagnostic(keys, f"{_shown(value)}; expected {_expected(type_)}", "wrong-value")


def _bare(type_: inspect.Type) -> inspect.Type:
    """The type without what is only said about it."""
    return _bare(type_.type) if isinstance(type_, inspect.Metadata) else type_


def _wrong_fields(value: dict[Any, Any], type_: inspect.StructType, keys: Keys) -> Iterator[Diagnostic]:
    fields = {field.name: field for field in type_.fields}
    for key, item in value.items():
        if key in fields:
            if item is not None or fields[key].required:
                yield from wrong_values(item, fields[key].type, (*keys, key))
        else:
            yield Diagnostic((*keys, key), f"unknown key; {_nearest(str(key), fields)}", "unknown-key")
    for field in type_.fields:
        if field.required and field.name not in value:
            yield Diagnostic(keys, f"{field.name} is missing; expected {_expected(field.type)}", "missing-key")


def _alternative(value: Any, type_: inspect.UnionType) -> inspect.Type | None:
    """The alternative of a union that `value` is meant to be; None where that is not clear."""
    if value is None and type_.includes_none:
        return inspect.NoneType()
    others = [other for other in type_.types if not isinstance(other, inspect.NoneType)]
    structs = [other for other in others if isinstance(other, inspect.StructType)]
    if isinstance(value, dict) and structs:
        return structs[0]
    return others[0] if len(others) == 1 else next((other for other in others if _fits(value, _bare(other))), None)


def _fits(value: Any, type_: inspect.Type) -> bool:
    match type_:
        case inspect.NoneType():
            return value is None
        case inspect.LiteralType():
            return value in type_.values
        case inspect.IntType():
            low, high = type_.ge, type_.le
            is_int = isinstance(value, int) and not isinstance(value, bool)
            return is_int and (low is None or value >= low) and (high is None or value <= high)
        case inspect.StrType():
            return isinstance(value, str) and _fits_text(value, type_)
    return False


def _fits_text(value: str, type_: inspect.StrType) -> bool:
    longest = type_.max_length if type_.max_length is not None else len(value)
    return (type_.min_length or 0) <= len(value) <= longest and _matches(value, type_.pattern)


def _matches(value: str, pattern: str | None) -> bool:
    """Whether JSON Schema's pattern is found: its `$` is the very end, not the place before a last line break."""
    return pattern is None or bool(re.search(re.sub(r"\$$", r"\\Z", pattern), value))


def _expected(type_: inspect.Type) -> str:
    """What a value of this type is, in words."""
    match type_:
        case inspect.Metadata():
            words = _expected(type_.type)
            described = (type_.extra_json_schema or {}).get("description")
            words = str(described) if described and words == "text" else words
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
            words = _expected_one_of([other for other in type_.types if not isinstance(other, inspect.NoneType)])
        case _:
            words = "text"
    return words


def _expected_one_of(types: list[inspect.Type]) -> str:
    """What a value of one of these types is; of several, a mapping goes without its keys."""
    if len(types) == 1:
        return _expected(types[0])
    return " or ".join("a mapping" if isinstance(type_, inspect.StructType) else _expected(type_) for type_ in types)


def _bounds(type_: inspect.IntType) -> str:
    if type_.ge is None:
        return ""
    return f" from {type_.ge} to {type_.le}" if type_.le is not None else f", {type_.ge} or more"


def _nearest(key: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(key.lower(), names, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else "expected one of " + ", ".join(names)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return "an empty list" if value == [] else quoted(value)

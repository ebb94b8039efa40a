"""Validation of values against types: messages, and agreement with msgspec and JSON Schema."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta, inspect

from feeds.config import schema
from feeds.config.json_schema import json_schema
from feeds.config.typecheck import wrong_values
from feeds.errors import Diagnostic
from tests.support.strategies import examples

Colour = Annotated[str, Meta(pattern="^[a-z]+$", max_length=5, description="a colour such as red")]


class Box(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    colour: Colour
    width: int = 0
    lid: Literal["flat", "round"] = "flat"


class Room(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    boxes: tuple[Box, ...] = ()
    by_colour: dict[Colour, Box] = {}
    best: Box | Literal["off"] = "off"
    spare: Box | None = None
    paint: Annotated[Colour | None, Meta(description="what the walls are painted with")] = None


def diagnostics(value: Any, type_: Any) -> list[tuple[str, str]]:
    found = wrong_values(value, inspect.type_info(type_))
    return [(".".join(map(str, diagnostic.keys)), diagnostic.message) for diagnostic in found]


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        pytest.param("", str, id="empty text"),
        pytest.param("red", Colour, id="text of a pattern"),
        pytest.param("black", Colour, id="text as long as can be"),
        pytest.param("two\nlines\n", Annotated[str, Meta(pattern=r"\S")], id="text of two lines"),
        pytest.param(0, int, id="zero"),
        pytest.param(-(10**30), int, id="very small number"),
        pytest.param(1, Annotated[int, Meta(ge=1, le=3)], id="lower bound"),
        pytest.param(3, Annotated[int, Meta(ge=1, le=3)], id="upper bound"),
        pytest.param("flat", Literal["flat", "round"], id="word"),
        pytest.param(None, str | None, id="nothing"),
        pytest.param("a", str | None, id="text or nothing"),
        pytest.param([], tuple[str, ...], id="empty list"),
        pytest.param(["a", ""], tuple[str, ...], id="list"),
        pytest.param({}, dict[str, int], id="empty mapping"),
        pytest.param({"a": 1}, dict[str, int], id="mapping"),
        pytest.param({"colour": "red"}, Box, id="what must be there"),
        pytest.param({"colour": "red", "width": 2, "lid": "round"}, Box, id="all there is"),
        pytest.param({"name": "a", "best": "off"}, Room, id="word in place of a section"),
        pytest.param({"name": "a", "best": {"colour": "red"}}, Room, id="section in place of a word"),
        pytest.param({"name": "a", "spare": None, "paint": None}, Room, id="explicit nothing"),
    ],
)
def test_what_fits_has_no_finding(value: Any, type_: Any) -> None:
    assert diagnostics(value, type_) == []


@pytest.mark.parametrize(
    ("value", "type_", "message"),
    [
        pytest.param(5, str, "5; expected text", id="number for text"),
        pytest.param(True, str, "True; expected text", id="boolean for text"),
        pytest.param(None, str, "nothing; expected text", id="nothing for text"),
        pytest.param([], str, "an empty list; expected text", id="empty list for text"),
        pytest.param(["a"], str, "a list; expected text", id="list for text"),
        pytest.param({"a": 1}, str, "a mapping; expected text", id="mapping for text"),
        pytest.param("RED", Colour, "'RED'; expected a colour such as red", id="pattern"),
        pytest.param("a\n", Colour, "'a\\n'; expected a colour such as red", id="pattern and a line break"),
        pytest.param("purple", Colour, "'purple'; expected a colour such as red", id="too long"),
        pytest.param(5, Colour, "5; expected a colour such as red", id="number for described text"),
        pytest.param("RED", Colour | None, "'RED'; expected a colour such as red", id="optional pattern"),
        pytest.param("1", int, "'1'; expected a whole number", id="text for a number"),
        pytest.param(1.5, int, "1.5; expected a whole number", id="fraction"),
        pytest.param(True, int, "True; expected a whole number", id="boolean for a number"),
        pytest.param(0, Annotated[int, Meta(ge=1)], "0; expected a whole number, 1 or more", id="below the bound"),
        pytest.param(0, Annotated[int, Meta(ge=1, le=3)], "0; expected a whole number from 1 to 3", id="below"),
        pytest.param(4, Annotated[int, Meta(ge=1, le=3)], "4; expected a whole number from 1 to 3", id="above"),
        pytest.param("FLAT", Literal["flat", "round"], "'FLAT'; expected one of flat, round", id="word"),
        pytest.param(None, Literal["flat", "round"], "nothing; expected one of flat, round", id="nothing for a word"),
        pytest.param(["flat"], Literal["flat", "round"], "a list; expected one of flat, round", id="list for a word"),
        pytest.param("no", Literal["off"], "'no'; expected off", id="the only word"),
        pytest.param("a", tuple[str, ...], "'a'; expected a list of text", id="text for a list"),
        pytest.param({"a", "b"}, str, "a set; expected text", id="set for text"),
        pytest.param(b"a", str, "bytes; expected text", id="bytes for text"),
        pytest.param({}, tuple[str, ...], "a mapping; expected a list of text", id="mapping for a list"),
        pytest.param(
            [],
            Annotated[tuple[str, ...], Meta(min_length=1)],
            "an empty list; expected a list of text, not empty",
            id="empty list",
        ),
        pytest.param([], dict[str, int], "an empty list; expected a mapping", id="list for a mapping"),
        pytest.param("a", Box, "'a'; expected a mapping with colour, width, lid", id="text for a section"),
        pytest.param(None, Box, "nothing; expected a mapping with colour, width, lid", id="nothing for a section"),
        pytest.param(
            "no",
            Box | Literal["off"],
            "'no'; expected a mapping or off",
            id="neither section nor word",
        ),
        pytest.param(
            None,
            Box | Literal["off"],
            "nothing; expected a mapping or off",
            id="nothing for a section or a word",
        ),
        pytest.param("a", Box | None, "'a'; expected a mapping with colour, width, lid", id="text or nothing"),
    ],
)
def test_what_does_not_fit_is_named_with_what_was_expected(value: Any, type_: Any, message: str) -> None:
    assert diagnostics(value, type_) == [("", message)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param({}, [("", "name is missing; expected text")], id="missing key"),
        pytest.param(
            {"name": "a", "boxes": [{}]},
            [("boxes.0", "colour is missing; expected a colour such as red")],
            id="missing described key",
        ),
        pytest.param({"nmae": "a", "name": "a"}, [("nmae", "unknown key; did you mean name?")], id="near a known key"),
        pytest.param(
            {"name": "a", "zzz": "a"},
            [("zzz", "unknown key; expected one of name, boxes, by_colour, best, spare, paint")],
            id="near no known key",
        ),
        pytest.param(
            {"name": "a", "boxes": [{"colour": "red"}, {"colour": 1, "wdth": 2}]},
            [
                ("boxes.1.colour", "1; expected a colour such as red"),
                ("boxes.1.wdth", "unknown key; did you mean width?"),
            ],
            id="in a list",
        ),
        pytest.param(
            {"name": "a", "by_colour": {"RED": {"colour": "red"}}},
            [("by_colour.RED", "'RED'; expected a colour such as red")],
            id="key of a mapping",
        ),
        pytest.param(
            {"name": "a", "by_colour": {"red": {"colour": "red", "lid": "open"}}},
            [("by_colour.red.lid", "'open'; expected one of flat, round")],
            id="value of a mapping",
        ),
        pytest.param(
            {"name": "a", "best": {"colour": 1}, "spare": {"colour": 1}},
            [("best.colour", "1; expected a colour such as red"), ("spare.colour", "1; expected a colour such as red")],
            id="in an alternative",
        ),
        pytest.param(
            {"name": "a", "paint": 1},
            [("paint", "1; expected a colour such as red")],
            id="the description of the value, not of the key",
        ),
    ],
)
def test_findings_say_at_which_keys_they_are(value: Any, expected: list[tuple[str, str]]) -> None:
    assert diagnostics(value, Room) == expected


def test_every_mistake_is_found_and_not_only_the_first() -> None:
    value = {"nmae": 1, "boxes": [{"colour": 1}, 2], "best": 3}
    assert [keys for keys, _ in diagnostics(value, Room)] == ["nmae", "boxes.0.colour", "boxes.1", "best", ""]


def test_findings_are_below_the_keys_that_were_given() -> None:
    found = list(wrong_values({"width": "a"}, inspect.type_info(Box), ("boxes", 0)))
    assert found == [
        Diagnostic(("boxes", 0, "width"), "'a'; expected a whole number"),
        Diagnostic(("boxes", 0), "colour is missing; expected a colour such as red"),
    ]


SCHEMA = json_schema()
SECTIONS = sorted(SCHEMA["$defs"])
WORDS = ["", "off", "all", "rss", "en", "AI", "a/b", "/a", "a b", "https://e.com/", "e.com", "a@b.c", "90 days", "{x}"]
SCALARS = st.none() | st.booleans() | st.integers(-2, 200_000) | st.just(0.5) | st.sampled_from(WORDS)


def near(type_: inspect.Type) -> st.SearchStrategy[Any]:
    """Values of the type, and similar ones that it does not allow."""
    strategy: st.SearchStrategy[Any] = SCALARS
    match type_:
        case inspect.Metadata():
            strategy = near(type_.type)
        case inspect.UnionType():
            strategy = st.one_of(*map(near, type_.types))
        case inspect.StructType():
            parts = {field.name: near(field.type) for field in type_.fields}
            right = {field.name: parts.pop(field.name) for field in type_.fields if field.required}
            wrong = {"x": SCALARS, **dict.fromkeys(right, SCALARS)}
            strategy = st.fixed_dictionaries(right, optional=parts) | st.fixed_dictionaries({}, optional=wrong)
        case inspect.DictType():
            names = near(type_.key_type) | st.sampled_from(WORDS)
            strategy = st.dictionaries(names, near(type_.value_type), max_size=2)
        case inspect.VarTupleType():
            strategy = st.lists(near(type_.item_type), max_size=2)
        case inspect.LiteralType():
            strategy = st.sampled_from(type_.values)
        case inspect.StrType() if type_.pattern:
            strategy = st.from_regex(type_.pattern).filter(lambda text: not text.endswith("\n"))
        case inspect.IntType():
            strategy = st.integers(type_.ge, type_.le)
    return strategy | SCALARS


def given_keys(value: Any) -> Any:
    """The value without known keys whose value is null, which have their defaults."""
    if isinstance(value, dict):
        return {key: given_keys(item) for key, item in value.items() if item is not None or key == "x"}
    return [given_keys(item) for item in value] if isinstance(value, list) else value


def converts(value: Any, type_: type[msgspec.Struct]) -> bool:
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError:
        return False
    return True


@cache
def sections(name: str) -> st.SearchStrategy[Any]:
    return near(inspect.type_info(getattr(schema, name)))


@pytest.mark.parametrize("name", SECTIONS)
@settings(deadline=None, max_examples=examples(50))
@given(draw=st.data())
def test_the_check_the_schema_and_msgspec_agree(name: str, draw: st.DataObject) -> None:
    section = getattr(schema, name)
    value = draw.draw(sections(name))
    by_schema = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]}).is_valid(value)
    assert (diagnostics(value, section) == [], by_schema) == (converts(given_keys(value), section),) * 2

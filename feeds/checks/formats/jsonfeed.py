"""JSON Feed 1.1 documents (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import codecs
import contextlib
import json
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import yaml
from msgspec import Meta, inspect

from feeds.checks.formats.html import validate_html
from feeds.checks.formats.media import validate_shown_images
from feeds.checks.formats.result import ValidationResult
from feeds.checks.formats.values import address, identity, language, media_type, rfc3339, uri
from feeds.config.typecheck import wrong_values
from feeds.errors import Keys, quoted
from feeds.text.characters import BEYOND, is_letter_beyond
from feeds.text.yaml_loaders import ConfigLoader
from feeds.text.yaml_positions import Positions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from feeds.checks.formats.result import DocumentContext


Text = Annotated[str, Meta(min_length=1)]


class _Shape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The base of what objects may hold."""


class _Author(_Shape, kw_only=True):
    name: Text
    url: Text = ""


class _Attachment(_Shape, kw_only=True):
    url: Text
    mime_type: Text
    title: Text = ""
    size_in_bytes: Annotated[int, Meta(ge=0)] = 0


class _Item(_Shape, kw_only=True):
    id: Text
    url: Text
    external_url: Text = ""
    title: Text
    content_html: Text
    summary: Text = ""
    image: Text = ""
    date_published: Text
    date_modified: Text
    authors: tuple[_Author, ...] = ()
    tags: tuple[Text, ...] = ()
    attachments: tuple[_Attachment, ...] = ()


class _Hub(_Shape, kw_only=True):
    type: Literal["WebSub"]
    url: Text


class _Document(_Shape, kw_only=True):
    version: Literal["https://jsonfeed.org/version/1.1"]
    title: Text
    home_page_url: Text
    feed_url: Text
    description: str = ""
    next_url: Text = ""
    icon: Text = ""
    favicon: Text = ""
    authors: tuple[_Author, ...] = ()
    language: Text
    hubs: tuple[_Hub, ...] = ()
    items: tuple[_Item, ...]


_TYPE = inspect.type_info(_Document)

#: What the rules for values of YAML are called where the value is one of JSON.
_RULES = {"wrong-value": "json-wrong-value", "unknown-key": "json-unknown-key", "missing-key": "json-missing-key"}

#: What the texts under these keys are, wherever they are.
_CHECKS: dict[str, Callable[..., tuple[str, str] | None]] = {
    "url": uri,
    "external_url": address,
    "image": address,
    "home_page_url": address,
    "feed_url": address,
    "next_url": address,
    "icon": address,
    "favicon": address,
    "date_published": rfc3339,
    "date_modified": rfc3339,
    "mime_type": media_type,
    "language": language,
}

_DISCOURAGED = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffd-\uffff{BEYOND}]")


def validate_json(body: bytes, context: DocumentContext) -> ValidationResult:
    """What is wrong with a document in JSON Feed."""
    result = ValidationResult(context.path)
    value = _parsed(body, result)
    if result.mistakes:
        result.is_readable = False
        return result
    for line, rule, message in _with_lines(
        body, [*_duplicates(body.decode()), *_wrong(value, context), *_wrong_meanings(value, context)]
    ):
        result.note(line, rule, message)
    if not isinstance(value, dict):
        result.is_readable = False
        return result
    result.links += [(0, str(value[key])) for key in ("home_page_url", "next_url") if key in value]
    for item in _dicts(value.get("items")):
        result.images[str(item.get("id"))] = _attached(item)
    return result


def _parsed(body: bytes, result: ValidationResult) -> Any:
    if body.startswith(codecs.BOM_UTF8):
        result.note(1, "not-utf-8", "there is a byte order mark; expected none (RFC 8259, 8.1)")
        return None
    try:
        body.decode()
        return msgspec.json.decode(body)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        result.note(line, "not-utf-8", f"byte 0x{body[error.start]:02x} is not UTF-8; expected UTF-8")
    except (msgspec.DecodeError, RecursionError) as error:
        position = re.search(r"byte (\d+)", str(error))
        line = body.count(b"\n", 0, int(position[1])) + 1 if position else 0
        result.note(line, "json-not-well-formed", f"not JSON: {error}")
    return None


_Wrong = tuple[Keys, str, str]


def _duplicates(text: str) -> Iterator[_Wrong]:
    """Keys that an object has twice, which parsers do not tell; what knows the lines of YAML finds where that is."""
    if _has_duplicates(text):
        for finding in Positions(text, ConfigLoader).duplicate_keys():
            yield finding.keys, "json-duplicate-key", _at(finding.keys, finding.message)


def _has_duplicates(text: str) -> bool:
    found = False

    def look_at(pairs: list[tuple[str, object]]) -> None:
        nonlocal found
        found = found or len(pairs) > len({key for key, _ in pairs})

    with contextlib.suppress(RecursionError):  # deeper than any that we publish, which has its finding
        json.loads(text, object_pairs_hook=look_at, parse_int=str, parse_float=str, parse_constant=str)
    return found


def _wrong(value: Any, context: DocumentContext) -> Iterator[_Wrong]:
    """What is not of the right type, or not the text that it is to be."""
    for finding in wrong_values(value, _TYPE):
        yield finding.keys, _RULES[finding.rule], _at(finding.keys, finding.message)
    for keys, key, text in _texts(value, ()):
        check = _CHECKS.get(key)
        wrong = check(text, context.now) if check else None
        if wrong and text:
            rule, expected = wrong
            yield keys, rule, _at(keys, f"{quoted(text)}; expected {expected}")
        for found in _DISCOURAGED.finditer(text):
            if is_letter_beyond(found[0]):
                continue
            message = f"there is U+{ord(found[0]):04X}; expected none that shows nothing"
            yield keys, "doubtful-character", _at(keys, message)


def _wrong_meanings(value: Any, context: DocumentContext) -> Iterator[_Wrong]:
    if not isinstance(value, dict):
        return
    if "feed_url" in value and value["feed_url"] != context.address:
        yield ("feed_url",), "self-link", f"feed_url is {quoted(value['feed_url'])}; expected {context.address}"
    if value.get("next_url") != context.history.get("prev-archive"):
        there = f"next_url is {quoted(value['next_url'])}" if "next_url" in value else "there is no next_url"
        yield ("next_url",), "bad-history", f"{there}; expected {context.history.get('prev-archive', 'none')}"
    seen: set[str] = set()
    for index, item in enumerate(value.get("items") or () if isinstance(value.get("items"), list) else ()):
        if not isinstance(item, dict):
            continue
        keys = ("items", index)
        yield from _wrong_id(item.get("id"), keys, seen, context)
        html = item.get("content_html")
        if isinstance(html, str):
            for _, rule, message in validate_html(html).wrong:
                yield (*keys, "content_html"), rule, _at(keys, message)
        yield from _wrong_pictures(item, keys, context)


def _wrong_id(id_: Any, keys: Keys, seen: set[str], context: DocumentContext) -> Iterator[_Wrong]:
    if not isinstance(id_, str) or not id_:
        return
    if id_ in seen:
        yield (*keys, "id"), "duplicate-id", f"{id_!r} is the id of two items; expected one of its own"
    seen.add(id_)
    wrong = identity(id_, context.now)
    if wrong:
        rule, expected = wrong
        yield (*keys, "id"), rule, f"id is {quoted(id_)}; expected {expected}"


def _wrong_pictures(item: dict[str, Any], keys: Keys, context: DocumentContext) -> Iterator[_Wrong]:
    """The image is the first attached, and the content shows all that are attached, under the same addresses."""
    attached = [each for each in _dicts(item.get("attachments")) if str(each.get("mime_type")).startswith("image/")]
    images = [str(each.get("url")) for each in attached]
    if item.get("image", "") not in (images[:1] or [""]):
        message = f"image is {quoted(item.get('image'))}; expected the address of the first picture attached"
        yield (*keys, "image"), "picture-differs", _at(keys, message)
    within = ValidationResult(context.path)
    validate_shown_images(images, str(item.get("content_html")), 0, within)
    for mistake in within.mistakes:
        yield (*keys, "attachments"), mistake.rule, _at(keys, mistake.message)


def _attached(item: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(each.get("url")) for each in _dicts(item.get("attachments")))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(value: Any, keys: Keys) -> Iterator[tuple[Keys, str, str]]:
    """All texts, with their keys and the name that they have."""
    if isinstance(value, str):
        yield keys, str(next((key for key in reversed(keys) if isinstance(key, str)), "")), value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*keys, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*keys, index))


def _at(keys: Keys, message: str) -> str:
    return f"{'.'.join(map(str, keys))}: {message}" if keys else message


def _with_lines(body: bytes, found: list[_Wrong]) -> Iterator[tuple[int, str, str]]:
    """What was found with its lines. JSON is YAML but for rare characters, so what knows the lines of that is asked."""
    positions = Positions(body.decode(), ConfigLoader) if found else None
    for keys, rule, message in found:
        try:
            line = positions.line(keys) if positions else 0
        except yaml.YAMLError:
            line = 0
        yield line, rule, message

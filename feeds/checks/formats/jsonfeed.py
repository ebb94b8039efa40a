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

from feeds.checks.documents import ParsedDocument, ParsedEntry, ValidationResult
from feeds.checks.rules.addresses import address
from feeds.checks.rules.characters import decode_utf8, doubtful_in_json
from feeds.checks.rules.dates import parse_rfc3339, rfc3339
from feeds.checks.rules.html import validate_html
from feeds.checks.rules.ids import identity
from feeds.checks.rules.images import hidden_images
from feeds.checks.rules.people import uri
from feeds.checks.rules.registry import check_document
from feeds.checks.rules.values import language, media_type
from feeds.config.typecheck import wrong_values
from feeds.errors import quoted
from feeds.text.yaml_loaders import ConfigLoader
from feeds.text.yaml_positions import Positions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from feeds.checks.documents import DocumentContext, Problem
    from feeds.checks.rules.rule import ValueCheck
    from feeds.errors import Keys


Text = Annotated[str, Meta(min_length=1)]


class _Object(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The base of the objects of a document."""


class _Author(_Object, kw_only=True):
    name: Text
    url: Text = ""


class _Attachment(_Object, kw_only=True):
    url: Text
    mime_type: Text
    title: Text = ""
    size_in_bytes: Annotated[int, Meta(ge=0)] = 0


class _Item(_Object, kw_only=True):
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


class _Hub(_Object, kw_only=True):
    type: Literal["WebSub"]
    url: Text


class _Feed(_Object, kw_only=True):
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


_TYPE = inspect.type_info(_Feed)
#: The rules of the configuration and those for the same problems in JSON.
_RULES = {"wrong-value": "json-wrong-value", "unknown-key": "json-unknown-key", "missing-key": "json-missing-key"}
#: The checks of texts by their key, wherever the key is.
_CHECKS: Mapping[str, ValueCheck] = {
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


def validate_json(body: bytes, context: DocumentContext) -> ValidationResult:
    result = ValidationResult(context.path)
    value = _parse(body, result)
    if result.diagnostics:
        result.is_readable = False
        return result
    text = body.decode()
    problems = [*_duplicate_keys(text), *_wrong_types(value), *_wrong_texts(value, context)]
    result.is_readable = isinstance(value, dict)
    if result.is_readable:
        items = _items(value)
        document = _parse_document(value, items, context)
        problems += [*_wrong_feed(value, context), *_wrong_items(items, context), *check_document(document)]
        result.enclosures = {entry.id or "": entry.enclosures for entry in document.entries}
    for line, rule, message in _with_lines(text, problems):
        result.note(line, rule, message)
    return result


def _parse(body: bytes, result: ValidationResult) -> Any:
    if body.startswith(codecs.BOM_UTF8):
        result.note(1, "not-utf-8", "there is a byte order mark; expected none (RFC 8259, 8.1)")
        return None
    if decode_utf8(body, result) is None:
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        position = re.search(r"byte (\d+)", str(error))
        line = body.count(b"\n", 0, int(position[1])) + 1 if position else 0
        result.note(line, "json-not-well-formed", f"not JSON: {error}")
        return None


def _items(feed: Mapping[str, Any]) -> list[tuple[Keys, dict[str, Any]]]:
    """The objects among the items, with their keys."""
    items = feed.get("items")
    numbered = enumerate(items if isinstance(items, list) else ())
    return [(("items", index), item) for index, item in numbered if isinstance(item, dict)]


def _parse_document(
    feed: Mapping[str, Any], items: Iterable[tuple[Keys, Mapping[str, Any]]], context: DocumentContext
) -> ParsedDocument:
    links = tuple((0, str(feed[key])) for key in ("home_page_url", "next_url") if key in feed)
    entries = tuple(_parse_entry(keys, item) for keys, item in items)
    return ParsedDocument(context=context, format="json", entries=entries, links=links)


def _parse_entry(keys: Keys, item: Mapping[str, Any]) -> ParsedEntry:
    texts = {key: value for key, value in item.items() if isinstance(value, str)}
    return ParsedEntry(
        location=(*keys, "id"),
        id=texts.get("id") or None,
        title=texts.get("title", ""),
        link=texts.get("url", ""),
        published=parse_rfc3339(texts.get("date_published", "")),
        updated=parse_rfc3339(texts.get("date_modified", "")),
        enclosures=tuple(str(attachment.get("url")) for attachment in _attachments(item)),
    )


def _attachments(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    attachments = item.get("attachments")
    return [each for each in attachments if isinstance(each, dict)] if isinstance(attachments, list) else []


def _duplicate_keys(text: str) -> Iterator[Problem]:
    """Yield keys that an object has twice. JSON parsers do not report them; the YAML parser does, with lines."""
    if _has_duplicate_keys(text):
        for diagnostic in Positions(text, ConfigLoader).duplicate_keys():
            yield diagnostic.keys, "json-duplicate-key", _at(diagnostic.keys, diagnostic.message)


def _has_duplicate_keys(text: str) -> bool:
    found = False

    def compare(pairs: list[tuple[str, object]]) -> None:
        nonlocal found
        found = found or len(pairs) > len({key for key, _ in pairs})

    with contextlib.suppress(RecursionError):  # a document nested so deeply has other problems
        json.loads(text, object_pairs_hook=compare, parse_int=str, parse_float=str, parse_constant=str)
    return found


def _wrong_types(value: Any) -> Iterator[Problem]:
    for diagnostic in wrong_values(value, _TYPE):
        yield diagnostic.keys, _RULES[diagnostic.rule], _at(diagnostic.keys, diagnostic.message)


def _wrong_texts(value: Any, context: DocumentContext) -> Iterator[Problem]:
    for keys, key, text in _texts(value, ()):
        check = _CHECKS.get(key)
        violation = check(text, context.now) if check and text else None
        if violation:
            rule, expected = violation
            yield keys, rule, _at(keys, f"{quoted(text)}; expected {expected}")
        for message in doubtful_in_json(text):
            yield keys, "doubtful-character", _at(keys, message)


def _texts(value: Any, keys: Keys, key: str = "") -> Iterator[tuple[Keys, str, str]]:
    """Yield all texts with their keys and the last of them that is a name."""
    if isinstance(value, str):
        yield keys, key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, (*keys, name), name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*keys, index), key)


def _wrong_feed(feed: Mapping[str, Any], context: DocumentContext) -> Iterator[Problem]:
    if "feed_url" in feed and feed["feed_url"] != context.url:
        yield ("feed_url",), "self-link", f"feed_url is {quoted(feed['feed_url'])}; expected {context.url}"
    expected = context.history.get("prev-archive")
    if feed.get("next_url") != expected:
        there = f"next_url is {quoted(feed['next_url'])}" if "next_url" in feed else "there is no next_url"
        yield ("next_url",), "bad-history", f"{there}; expected {expected or 'none'}"


def _wrong_items(items: Iterable[tuple[Keys, Mapping[str, Any]]], context: DocumentContext) -> Iterator[Problem]:
    for keys, item in items:
        id_, html = item.get("id"), item.get("content_html")
        violation = identity(id_, context.now) if isinstance(id_, str) and id_ else None
        if violation:
            rule, expected = violation
            yield (*keys, "id"), rule, f"id is {quoted(id_)}; expected {expected}"
        if isinstance(html, str):
            for _, rule, message in validate_html(html).wrong:
                yield (*keys, "content_html"), rule, _at(keys, message)
        yield from _wrong_images(keys, item)


def _wrong_images(keys: Keys, item: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield an image that is not the first image attached, and images attached that the content does not show."""
    attachments = _attachments(item)
    images = [str(each.get("url")) for each in attachments if str(each.get("mime_type")).startswith("image/")]
    if item.get("image", "") not in (images[:1] or [""]):
        message = f"image is {quoted(item.get('image'))}; expected the address of the first picture attached"
        yield (*keys, "image"), "picture-differs", _at(keys, message)
    for message in hidden_images(images, str(item.get("content_html"))):
        yield (*keys, "attachments"), "picture-differs", _at(keys, message)


def _at(keys: Keys, message: str) -> str:
    return f"{'.'.join(map(str, keys))}: {message}" if keys else message


def _with_lines(text: str, problems: list[Problem]) -> Iterator[tuple[int, str, str]]:
    """Replace the keys of problems by lines. JSON is YAML, but for rare characters, and the YAML parser knows lines."""
    positions = Positions(text, ConfigLoader)
    for location, rule, message in problems:
        try:
            line = location if isinstance(location, int) else positions.line(location)
        except yaml.YAMLError:
            line = 0
        yield line, rule, message

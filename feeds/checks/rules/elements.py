"""The elements and attributes of XML formats. formats/schema.py checks them against the tables of the formats."""

from __future__ import annotations

from itertools import dropwhile
from typing import TYPE_CHECKING

from feeds.checks.rules.rule import Rule

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from lxml import etree

    from feeds.checks.rules.rule import ValueCheck
    from feeds.text.iris import Violation


RULES = (
    Rule(
        "unknown-element",
        "error",
        "An element is not expected where it is.",
        "Readers pass over it, and validators refuse it.",
        "RSS 2.0 specification; RFC 4287, 4; OPML 2.0",
    ),
    Rule(
        "missing-element",
        "error",
        "An element that has to be there is missing.",
        "Validators refuse the feed; readers show an entry without title, date or link, or not at all.",
        "RSS 2.0 specification; RFC 4287, 4.1",
    ),
    Rule(
        "duplicate-element",
        "error",
        "An element that there may be once is there twice.",
        "Readers take the first or the last, and validators refuse it.",
        "RSS 2.0 specification; RFC 4287, 4.1",
    ),
    Rule(
        "misplaced-element",
        "warning",
        "What is said of the whole feed comes behind an entry.",
        "Readers that read as it comes do not know it when they need it.",
        "RSS profile, <channel>; RFC 4287, 4.1.1",
    ),
    Rule(
        "unknown-attribute",
        "error",
        "An attribute is not expected where it is.",
        "Validators refuse it.",
        "RSS 2.0 specification; RFC 4287, 4",
    ),
    Rule(
        "missing-attribute",
        "error",
        "An attribute that has to be there is missing.",
        "An enclosure without type or length, a link without address is of no use to readers.",
        "RSS 2.0 specification, <enclosure>; RFC 4287, 4.2.7; OPML 2.0",
    ),
    Rule(
        "unexpected-text",
        "error",
        "There is text between elements.",
        "Validators refuse it; it is mostly the rest of something broken.",
        "RSS 2.0 specification; RFC 4287, 2",
    ),
    Rule(
        "empty-text",
        "error",
        "A text has nothing in it.",
        "Readers show an empty line, or an entry that cannot be told from others.",
        "RSS 2.0 specification; RFC 4287, 4.2",
    ),
    Rule(
        "wrong-version",
        "error",
        "A document names another version of its format.",
        "Readers read it by other rules, or refuse it.",
        "RSS 2.0 specification; OPML 2.0",
    ),
    Rule(
        "bad-outline",
        "error",
        "A feed in the list of feeds has a type or a version that is not one of them.",
        "Readers that import the list pass over it.",
        "OPML 2.0, Subscription lists",
    ),
)


def some_text(value: str, _: dt.datetime) -> Violation | None:
    return None if value.strip() else ("empty-text", "some text")


def any_text(_value: str, _now: dt.datetime) -> Violation | None:
    return None


def one_of(rule: str, *values: str) -> ValueCheck:
    """Return the check for one of `values`; another value breaks `rule`."""
    violation = rule, " or ".join(filter(None, (", ".join(values[:-1]), values[-1])))

    def check(value: str, _: dt.datetime) -> Violation | None:
        return None if value in values else violation

    return check


def elements_behind(feed: etree._Element, entry: str) -> Iterator[etree._Element]:
    """Yield the elements of a feed that follow its first entry and are none, by the tag of entries."""
    following = dropwhile(lambda child: child.tag != entry, feed.iterchildren("*"))
    return (child for child in following if child.tag != entry)

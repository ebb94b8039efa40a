"""The fields of front matter, each read as the type that is meant, with a finding for what does not fit."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from feeds.errors import Diagnostic, Keys, LocatedDiagnostic, quoted
from feeds.text.characters import clean_line, remove_controls, shorten
from feeds.text.yaml import parse_timestamp
from feeds.text.yaml_loaders import ArticleLoader
from feeds.text.yaml_positions import Positions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


_FIRST_YEAR = 1000

_LONGEST_WRITTEN = 60

#: Of one article: they are kept in the cache, and a file may be made of nothing else.
_MOST_MISTAKES = 100

#: Names are in addresses, in lists and in the cache; titles may be whole sentences.
_LONGEST_NAME = 500

_LONGEST_TITLE = 2000

#: From here on not every whole number is one that JSON can tell from the next.
_LARGEST = 2**53

_DATE = "a date and time such as 2020-06-10T23:09:00Z"

#: RFC 5322, 3.3 and 4.3, with seconds optional and the zones that it defines.
_RFC5322 = re.compile(
    r"(?:[a-z]{3},?\s+)?\d{1,2}\s+[a-z]{3}\s+\d{4}\s+\d{1,2}:\d\d(?::\d\d)?(?:\s+(?:[+-]\d{4}|UTC?|GMT|Z|[ECMP][SD]T))?",
    re.IGNORECASE,
)

_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class Diagnostics:
    """What is wrong with an article: the first of it, to be reported and one more, and how much there is."""

    def __init__(self, findings: Iterable[Diagnostic] = ()) -> None:
        self.first: list[Diagnostic] = []
        self.count = 0
        self.extend(findings)

    def append(self, finding: Diagnostic) -> None:
        self.count += 1
        if self.count <= _MOST_MISTAKES + 1:
            self.first.append(finding)

    def extend(self, findings: Iterable[Diagnostic]) -> None:
        for finding in findings:
            self.append(finding)


@dataclass
class FrontMatterSource:
    """The text of a file and its front matter as they are written, to say where in the file something stands."""

    label: str
    text: str
    front_matter: str = ""

    def locate(self, findings: Diagnostics | Sequence[Diagnostic]) -> tuple[LocatedDiagnostic, ...]:
        """The findings with the lines that they are about; of very many, the first and how many more there are."""
        found = findings if isinstance(findings, Diagnostics) else Diagnostics(findings)
        mistakes = [
            LocatedDiagnostic(self.label, self.line(finding.keys), finding.message, finding.rule)
            for finding in found.first[:_MOST_MISTAKES]
        ]
        if found.count > _MOST_MISTAKES:
            more = found.first[_MOST_MISTAKES]
            message = f"from here on {found.count - _MOST_MISTAKES} more mistakes; expected none"
            mistakes.append(LocatedDiagnostic(self.label, self.line(more.keys), message, more.rule))
        return tuple(mistakes)

    def line(self, keys: Keys) -> int:
        return self._positions.line(keys) + self.lines_before

    def scalar(self, keys: Keys) -> str | None:
        return self._positions.scalar(keys)

    def repeated_keys(self) -> Iterator[Diagnostic]:
        """A finding for each key that is there twice."""
        for found in self._positions.duplicate_keys():
            there = f"{found.keys[-1]} is there twice; expected it once; the last one counts"
            yield Diagnostic(found.keys, there, found.rule)

    @cached_property
    def lines_before(self) -> int:
        return self.text.count("\n", 0, self.text.find(self.front_matter)) if self.front_matter else 0

    @cached_property
    def _positions(self) -> Positions:
        return Positions(self.front_matter, ArticleLoader)


@dataclass(slots=True)
class Fields:
    """The fields of one mapping, each read as the type that is meant; what does not fit becomes a finding."""

    values: dict[str, Any]
    source: FrontMatterSource
    at: Keys = ()
    findings: Diagnostics = field(default_factory=Diagnostics)

    def title(self, name: str) -> str | None:
        """A line of text. A number or a date that YAML saw in it is taken as it is written; one that is long is cut."""
        line = self._line(name)
        if line and len(line) > _LONGEST_TITLE:
            self._too_long((*self.at, name), line, _LONGEST_TITLE, "cut")
            return shorten(line, _LONGEST_TITLE)
        return line

    def name(self, name: str) -> str | None:
        """A line of text, none if it is long: cut, it would be the name of something else."""
        line = self._line(name)
        if line and len(line) > _LONGEST_NAME:
            self._too_long((*self.at, name), line, _LONGEST_NAME, "left out")
            return None
        return line

    def _line(self, name: str) -> str | None:
        raw = self.raw_text(name)
        return clean_line(raw) or None if raw else None

    def raw_text(self, name: str) -> str | None:
        """Text as it is written, without control characters."""
        value = self.values.get(name)
        if value is None:
            return None
        text = value if isinstance(value, str) else self._as_text(value, (*self.at, name))
        return remove_controls(text) if text else None

    def integer(self, name: str) -> int | None:
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if type(value) is int and -_LARGEST < value < _LARGEST:  # a boolean is not
            return value
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            try:
                number = round(float(value))
            except (ValueError, OverflowError):
                number = _LARGEST
            if abs(number) < _LARGEST:
                return number
        self._wrong((*self.at, name), value, "a whole number")
        return None

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.values.get(name)
        if value is None or value == "":
            return default
        known = _WORDS.get(value.strip().lower()) if isinstance(value, str) else value
        if isinstance(known, bool):
            return known
        self._wrong((*self.at, name), value, "true or false")
        return default

    def time(self, name: str) -> dt.datetime | None:
        """A time in UTC. A time without an offset is in UTC, a date without a time its first moment."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        parsed = _parse_time(value)
        if parsed is None:
            self._wrong((*self.at, name), value, _DATE)
        return parsed

    def names(self, name: str, most: int) -> tuple[str, ...]:
        """A list of names, of which what is beyond `most` is passed over, without repeats; a text is a list of one."""
        found = self.values.get(name)
        if not (isinstance(found, list) and len(found) <= most and set(map(type, found)) <= {str}):
            found = [self._as_text(value, keys) for keys, value in self._items(name, most)]
        lines = [clean_line(text) if text else "" for text in found]
        if lines and len(max(lines, key=len)) > _LONGEST_NAME:
            lines = list(self._short_ones(name, lines))
        return tuple(dict.fromkeys(filter(None, lines)))

    def _short_ones(self, name: str, lines: Sequence[str]) -> Iterator[str]:
        for index, line in enumerate(lines):
            if len(line) <= _LONGEST_NAME:
                yield line
            else:
                keys = (*self.at, name, index) if isinstance(self.values[name], list) else (*self.at, name)
                self._too_long(keys, line, _LONGEST_NAME, "left out")

    def expect(self, names: Sequence[str], elsewhere: frozenset[str]) -> None:
        """Where none of `names` is there, a finding for each key that may stand for them, in lower case `elsewhere`."""
        for name in names:
            if self.values.get(name) is not None:
                return
        for key in self.values:
            if str(key).lower() in elsewhere and key not in names:
                self.findings.append(
                    Diagnostic((*self.at, key), f"{key} is not read; expected {names[0]}", "field-not-read")
                )

    def mapping(self, name: str) -> Fields | None:
        """A mapping. A single text is taken for its `name`."""
        return self._mapping(self.values.get(name), (*self.at, name), "name")

    def mappings(self, name: str, main: str, most: int | None = None) -> Iterator[Fields]:
        """A list of mappings; a single one is a list of one, a text is taken for its field `main`.

        An item that is not a mapping is an empty one, so that the others keep their places. What is beyond `most`, if
        that is given, is passed over.
        """
        for keys, value in self._items(name, most):
            yield self._mapping(value, keys, main) or Fields({}, self.source, keys, self.findings)

    def _mapping(self, value: Any, keys: Keys, main: str) -> Fields | None:
        if value is None:
            return None
        if isinstance(value, str):
            value = {main: value}
        if not isinstance(value, dict):
            self._wrong(keys, value, "a mapping")
            return None
        return Fields(value, self.source, keys, self.findings)

    def _items(self, name: str, most: int | None) -> Sequence[tuple[Keys, Any]]:
        values = self.values.get(name)
        if values is None or values == "":
            return ()
        keys = (*self.at, name)
        is_list = isinstance(values, list)
        found = values if is_list else [values]
        if most is not None and len(found) > most:
            there = f"{name} has {len(found)} items; {_expected(name, most)}"
            self.findings.append(Diagnostic(keys, there, "beyond-limit"))
        return [((*keys, index) if is_list else keys, value) for index, value in enumerate(found[:most])]

    def _as_text(self, value: Any, keys: Keys) -> str | None:
        if value is None or isinstance(value, str):
            return value
        written = self.source.scalar(keys)
        if written is None:
            self._wrong(keys, value, "text")
        return written

    def _wrong(self, keys: Keys, value: Any, expected: str) -> None:
        written = None if isinstance(value, str) else self.source.scalar(keys)
        there = f"{_named(keys)} is {_shown(value, written)}; expected {expected}"
        self.findings.append(Diagnostic(keys, there, "bad-field-value"))

    def _too_long(self, keys: Keys, line: str, most: int, what: str) -> None:
        there = f"{_named(keys)} has {len(line)} characters; expected {most} at most; it is {what}"
        self.findings.append(Diagnostic(keys, there, "beyond-limit"))


def _named(keys: Keys) -> str:
    return keys[-1] if isinstance(keys[-1], str) else f"{keys[-2]}[{keys[-1]}]"


def _expected(name: str, most: int) -> str:
    return f"expected {most} at most (source.limits.{name}); the others are passed over"


def _shown(value: Any, written: str | None) -> str:
    """A value as a person knows it: as it is written in the file, a text in quotes."""
    return written if written and len(written) <= _LONGEST_WRITTEN else quoted(value)


def _parse_time(value: Any) -> dt.datetime | None:
    """A time in UTC, in whole seconds; RSS takes years of four digits only, and systems write year 1 for no date."""
    if isinstance(value, str):
        value = _time_from_text(value.strip())
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    if not isinstance(value, dt.datetime):
        return None
    whole = value.replace(microsecond=0) if value.microsecond else value
    try:
        time = whole.astimezone(dt.UTC) if whole.tzinfo else whole.replace(tzinfo=dt.UTC)
    except OverflowError:
        return None
    return time if time.year >= _FIRST_YEAR else None


def _time_from_text(text: str) -> dt.date | None:
    """ISO 8601, or the form of e-mail and RSS, or that of YAML."""
    for parse in (dt.datetime.fromisoformat, _parse_rfc5322, parse_timestamp):
        try:
            return parse(text)
        except (ValueError, OverflowError):
            continue
    return None


def _parse_rfc5322(text: str) -> dt.datetime:
    """Python's parser passes over what it does not understand."""
    if not _RFC5322.fullmatch(text):
        raise ValueError(text)
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  # takes long, and few articles need it

    return parsedate_to_datetime(text)

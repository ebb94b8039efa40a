"""Front matter fields, each read as its expected type, with a diagnostic for each value of another type."""

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


#: Years need four digits in RSS, and content systems write year 1 for a missing date.
_MIN_YEAR = 1000

#: Characters of a value that a message shows as the file has it.
_MAX_SHOWN = 60

#: Diagnostics of an article. They are kept in the cache, and a file may hold nothing but errors.
_MAX_DIAGNOSTICS = 100

#: Characters. Names are parts of URLs, lists and the cache; titles may be whole sentences.
_MAX_NAME = 500

_MAX_TITLE = 2000

#: JSON numbers from here on are not exact (RFC 8259, 6).
_MAX_INTEGER = 2**53

_DATE = "a date and time such as 2020-06-10T23:09:00Z"

#: RFC 5322, 3.3 and 4.3: with optional seconds, and the time zones defined there.
_RFC5322 = re.compile(
    r"(?:[a-z]{3},?\s+)?\d{1,2}\s+[a-z]{3}\s+\d{4}\s+\d{1,2}:\d\d(?::\d\d)?(?:\s+(?:[+-]\d{4}|UTC?|GMT|Z|[ECMP][SD]T))?",
    re.IGNORECASE,
)

_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class Diagnostics:
    """The diagnostics of an article: the `first` ones, one more than are reported, and the `count` of all."""

    def __init__(self, diagnostics: Iterable[Diagnostic] = ()) -> None:
        self.first: list[Diagnostic] = []
        self.count = 0
        self.extend(diagnostics)

    def append(self, diagnostic: Diagnostic) -> None:
        self.count += 1
        if self.count <= _MAX_DIAGNOSTICS + 1:
            self.first.append(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self.append(diagnostic)


@dataclass
class FrontMatterSource:
    """The text of a file and of its front matter, in which the positions of values are looked up.

    `label` is the file's name in messages, `first_body_line` the line of the file at which the body begins.
    """

    label: str
    text: str
    front_matter: str
    first_body_line: int = 0

    def locate(self, diagnostics: Diagnostics | Sequence[Diagnostic]) -> tuple[LocatedDiagnostic, ...]:
        """Return the diagnostics with their lines: the first 100, and one more that counts the others."""
        found = diagnostics if isinstance(diagnostics, Diagnostics) else Diagnostics(diagnostics)
        located = [
            LocatedDiagnostic(self.label, self._line_of(diagnostic), diagnostic.message, diagnostic.rule)
            for diagnostic in found.first[:_MAX_DIAGNOSTICS]
        ]
        if found.count > _MAX_DIAGNOSTICS:
            next_one = found.first[_MAX_DIAGNOSTICS]
            message = f"from here on {found.count - _MAX_DIAGNOSTICS} more mistakes; expected none"
            located.append(LocatedDiagnostic(self.label, self._line_of(next_one), message, next_one.rule))
        return tuple(located)

    def _line_of(self, diagnostic: Diagnostic) -> int:
        if diagnostic.body_line:
            return self.first_body_line + diagnostic.body_line - 1
        return self.line(diagnostic.keys)

    def line(self, keys: Keys) -> int:
        """Return the line of a value in the file, from 1."""
        return self._positions.line(keys) + self.lines_before

    def scalar(self, keys: Keys) -> str | None:
        """Return a scalar as the file has it, before YAML resolves it to a number or a boolean."""
        return self._positions.scalar(keys)

    def duplicate_keys(self) -> Iterator[Diagnostic]:
        """Yield a diagnostic for each key that a mapping contains twice."""
        for duplicate in self._positions.duplicate_keys():
            message = f"{duplicate.keys[-1]} is there twice; expected it once; the last one counts"
            yield Diagnostic(duplicate.keys, message, duplicate.rule)

    @cached_property
    def lines_before(self) -> int:
        """The number of lines before the first line of `---`."""
        return self.text.count("\n", 0, self.text.find(self.front_matter))

    @cached_property
    def _positions(self) -> Positions:
        return Positions(self.front_matter, ArticleLoader)


@dataclass(slots=True)
class Fields:
    """The fields of a mapping in front matter. `keys` lead to the mapping.

    Each method reads a field as one type. A value of another type is missing, and is added to `diagnostics`.
    """

    values: dict[str, Any]
    source: FrontMatterSource
    keys: Keys = ()
    diagnostics: Diagnostics = field(default_factory=Diagnostics)

    def title(self, name: str) -> str | None:
        """Return a line of text, cut to 2000 characters. A number is read as the file has it."""
        line = self._line(name)
        if line and len(line) > _MAX_TITLE:
            self._report_length((*self.keys, name), line, _MAX_TITLE, "cut")
            return shorten(line, _MAX_TITLE)
        return line

    def name(self, name: str) -> str | None:
        """Return a line of text, or None if it has over 500 characters: cut, it would be the name of something else."""
        line = self._line(name)
        if line and len(line) > _MAX_NAME:
            self._report_length((*self.keys, name), line, _MAX_NAME, "left out")
            return None
        return line

    def _line(self, name: str) -> str | None:
        raw = self.raw_text(name)
        return clean_line(raw) or None if raw else None

    def raw_text(self, name: str) -> str | None:
        """Return text as the file has it, without control characters."""
        value = self.values.get(name)
        if value is None:
            return None
        text = value if isinstance(value, str) else self._as_text(value, (*self.keys, name))
        return remove_controls(text) if text else None

    def integer(self, name: str) -> int | None:
        """Return a number, rounded to an integer; also one in quotes."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if type(value) is int and -_MAX_INTEGER < value < _MAX_INTEGER:  # not a bool
            return value
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            try:
                number = round(float(value))
            except (ValueError, OverflowError):
                number = _MAX_INTEGER
            if abs(number) < _MAX_INTEGER:
                return number
        self._report_type((*self.keys, name), value, "a whole number")
        return None

    def boolean(self, name: str, *, default: bool) -> bool:
        """Return a boolean, which may also be a text such as `yes` or `off`."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        boolean = _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else value
        if isinstance(boolean, bool):
            return boolean
        self._report_type((*self.keys, name), value, "true or false")
        return default

    def time(self, name: str) -> dt.datetime | None:
        """Return a time in UTC, in whole seconds. The default offset is UTC; a date is its first moment."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        time = _parse_time(value)
        if time is None:
            self._report_type((*self.keys, name), value, _DATE)
        return time

    def names(self, name: str, max_count: int) -> tuple[str, ...]:
        """Return the names in a list, without repeats, of its first `max_count` values. A text is a list of one."""
        values = self.values.get(name)
        if not (isinstance(values, list) and len(values) <= max_count and set(map(type, values)) <= {str}):
            values = [self._as_text(value, keys) for keys, value in self._listed(name, max_count)]
        lines = [clean_line(text) if text else "" for text in values]
        if lines and len(max(lines, key=len)) > _MAX_NAME:
            lines = list(self._short_names(name, lines))
        return tuple(dict.fromkeys(filter(None, lines)))

    def _short_names(self, name: str, lines: Sequence[str]) -> Iterator[str]:
        for index, line in enumerate(lines):
            if len(line) <= _MAX_NAME:
                yield line
            else:
                keys = (*self.keys, name, index) if isinstance(self.values[name], list) else (*self.keys, name)
                self._report_length(keys, line, _MAX_NAME, "left out")

    def report_other_names(self, names: Sequence[str], other_names: frozenset[str]) -> None:
        """Report the fields that may be meant for `names`, if all of these are missing.

        `other_names` are their names in other formats of front matter, in lower case.
        """
        for name in names:
            if self.values.get(name) is not None:
                return
        for key in self.values:
            if str(key).lower() in other_names and key not in names:
                self.diagnostics.append(
                    Diagnostic((*self.keys, key), f"{key} is not read; expected {names[0]}", "field-not-read")
                )

    def mapping(self, name: str) -> Fields | None:
        """Return the fields of a mapping. A text is read as a mapping with a `name`."""
        return self._mapping(self.values.get(name), (*self.keys, name), "name")

    def mappings(self, name: str, main: str, max_count: int | None = None) -> Iterator[Fields]:
        """Yield the fields of each mapping in a list: of the first `max_count`, or of all.

        A mapping is a list of one, and a text is a mapping with the field `main`. Any other value is an empty mapping,
        so that the mappings keep their indexes.
        """
        for keys, value in self._listed(name, max_count):
            yield self._mapping(value, keys, main) or Fields({}, self.source, keys, self.diagnostics)

    def _mapping(self, value: Any, keys: Keys, main: str) -> Fields | None:
        if value is None:
            return None
        if isinstance(value, str):
            value = {main: value}
        if not isinstance(value, dict):
            self._report_type(keys, value, "a mapping")
            return None
        return Fields(value, self.source, keys, self.diagnostics)

    def _listed(self, name: str, max_count: int | None) -> Sequence[tuple[Keys, Any]]:
        """Return the first `max_count` values of a list with their keys. Any other value is a list of one."""
        value = self.values.get(name)
        if value is None or value == "":
            return ()
        keys, is_list = (*self.keys, name), isinstance(value, list)
        values = value if is_list else [value]
        if max_count is not None and len(values) > max_count:
            limit = f"expected {max_count} at most (source.limits.{name}); the others are passed over"
            self.diagnostics.append(Diagnostic(keys, f"{name} has {len(values)} items; {limit}", "beyond-limit"))
        return [((*keys, index) if is_list else keys, one) for index, one in enumerate(values[:max_count])]

    def _as_text(self, value: Any, keys: Keys) -> str | None:
        if value is None or isinstance(value, str):
            return value
        written = self.source.scalar(keys)
        if written is None:
            self._report_type(keys, value, "text")
        return written

    def _report_type(self, keys: Keys, value: Any, expected: str) -> None:
        written = None if isinstance(value, str) else self.source.scalar(keys)
        shown = written if written and len(written) <= _MAX_SHOWN else quoted(value)
        self.diagnostics.append(
            Diagnostic(keys, f"{_name_of(keys)} is {shown}; expected {expected}", "bad-field-value")
        )

    def _report_length(self, keys: Keys, line: str, max_length: int, outcome: str) -> None:
        message = f"{_name_of(keys)} has {len(line)} characters; expected {max_length} at most; it is {outcome}"
        self.diagnostics.append(Diagnostic(keys, message, "beyond-limit"))


def _name_of(keys: Keys) -> str:
    """Return the last key with its index, if it has one: `topics[1]`."""
    return keys[-1] if isinstance(keys[-1], str) else f"{keys[-2]}[{keys[-1]}]"


def _parse_time(value: Any) -> dt.datetime | None:
    """Return the time in UTC, in whole seconds, that a value of front matter stands for."""
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
    return time if time.year >= _MIN_YEAR else None


def _time_from_text(text: str) -> dt.date | None:
    """Parse a date by ISO 8601, RFC 5322 or YAML 1.1."""
    for parse in (dt.datetime.fromisoformat, _parse_rfc5322, parse_timestamp):
        try:
            return parse(text)
        except (ValueError, OverflowError):
            continue
    return None


def _parse_rfc5322(text: str) -> dt.datetime:
    """Parse a date by RFC 5322. email.utils alone would ignore parts that it does not understand."""
    if not _RFC5322.fullmatch(text):
        raise ValueError(text)
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  # slow to import, and few articles need it

    return parsedate_to_datetime(text)

"""Pages: that nothing runs in them but our own script, what they say of themselves, and where they lead.

Browsers read damaged HTML in ways of their own. So a page is held against what our pages are made of: what is not among
that, a comment or a `<textarea>`, could hide from us what a browser sees.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from feeds.checks.formats.html import ADDRESSES, as_browsers_read
from feeds.checks.formats.lines import Lines
from feeds.checks.formats.result import ValidationResult
from feeds.errors import quoted
from feeds.models import ASSETS
from feeds.render.entries import MOVED_POLICY, POLICY

if TYPE_CHECKING:
    from feeds.checks.formats.result import DocumentContext


#: What our pages are made of; `<style>` and frames are not among it, nor is what holds text that is no HTML.
_ELEMENTS = frozenset(
    "a article body button circle details div footer form h1 h2 h3 head header html img input label li link main meta "
    "nav p path script section span summary svg time title ul".split()
)

_DOCTYPE = re.compile(r"<!doctype html>", re.IGNORECASE)

_MARKUP = re.compile(r"<[!?]")

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)

_SCHEMES = frozenset({"http", "https", "mailto", "feed"})

_REFRESH = re.compile(r"0; url=(.+)")

_LONGEST = 60


def validate_page(body: bytes, context: DocumentContext) -> ValidationResult:
    """What is wrong with a page."""
    result = ValidationResult(context.path)
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        result.note(line, "not-utf-8", f"byte 0x{body[error.start]:02x} is not UTF-8; expected UTF-8")
        result.is_readable = False
        return result
    _validate_markup(text, result)
    reader = _Reader(text, context, result)
    for what, is_there in (("a <title>", reader.title.strip()), ("a lang in <html>", reader.language)):
        if not is_there:
            result.note(1, "page-without-name", f"the page has no {what}; expected one")
    if reader.policies not in ([POLICY], [MOVED_POLICY]):
        message = (
            f"the Content-Security-Policy is {quoted('; '.join(reader.policies))}; expected that of our pages, once"
        )
        result.note(1, "page-without-policy", message)
    return result


def _validate_markup(text: str, result: ValidationResult) -> None:
    """Note comments and the like: where one ends, browsers and others do not always agree."""
    lines = Lines(text)
    doctype = _DOCTYPE.match(text)
    for found in _MARKUP.finditer(text, doctype.end() if doctype else 0):
        there = text[found.start() : found.start() + _LONGEST]
        message = f"{quoted(there)} is in the page; expected neither comments nor declarations"
        result.note(lines.number(found.start()), "unsafe-html", message)


class _Reader(HTMLParser):
    """Reads a page, and notes what runs in it and where it leads."""

    def __init__(self, text: str, context: DocumentContext, result: ValidationResult) -> None:
        super().__init__(convert_charrefs=True)
        self._about = context
        self._validated = result
        self._within = ""
        self.title = ""
        self.language = ""
        self.policies: list[str] = []
        try:
            self.feed(text)
            self.close()
        except AssertionError as error:  # <![x[: the rest is not read
            self._note("unsafe-html", f"{error}; expected neither comments nor declarations")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._within = tag
        if tag not in _ELEMENTS:
            self._note("unsafe-html", f"<{tag}> is in the page; expected nothing that our pages are not made of")
        if tag == "html":
            self.language = given.get("lang", "")
        if tag == "meta":
            self._validate_meta(given.get("http-equiv", "").lower(), given.get("content", ""))
        if tag == "script":
            self._validate_script(given.get("src", ""))
        for name, value in attrs:
            if name.startswith("on") or name in {"style", "srcdoc"}:
                self._note("unsafe-html", f"<{tag}> has {name}; expected nothing that runs or styles")
            if name in ADDRESSES:
                self._validate_url(f"{name} of <{tag}>", value or "")

    def handle_endtag(self, _tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "title" and not self.title:
            self.title = data

    def _validate_meta(self, header: str, content: str) -> None:
        """What stands for a header (HTML, 4.2.5.3): a policy, or where a feed has moved to, on this site."""
        if header == "content-security-policy":
            self.policies.append(content)
        elif header == "refresh":
            target = _REFRESH.fullmatch(content)
            if target:
                self._validate_url("the target of refresh", target[1])
            if not target or not self._absolute(target[1]).startswith(self._about.base_url):
                self._note("unsafe-html", f"refresh is {quoted(content)}; expected an address of this site")
        elif header:
            self._note("unsafe-html", f"<meta> stands for the header {header}; expected none but our own")

    def _validate_script(self, source: str) -> None:
        if not source or self._absolute(source) not in {f"{self._about.base_url}{path}" for path in ASSETS}:
            there = f"from {quoted(source)}" if source else "of its own"
            self._note("unsafe-html", f"the page has a script {there}; expected {ASSETS[1]} only")

    def _validate_url(self, what: str, value: str) -> None:
        scheme = _SCHEME.match(as_browsers_read(value))
        if scheme and scheme[1].lower() not in _SCHEMES:
            self._note("unsafe-html", f"{what} is {quoted(value)}; expected an http or https address")
        elif value and (not scheme or scheme[1].lower().startswith("http")) and not value.startswith("#"):
            address = self._absolute(value)
            if address:
                self._validated.links.append((self.getpos()[0], address))
            else:
                self._note("bad-address", f"{what} is {quoted(value)}; expected an address")

    def _absolute(self, value: str) -> str:
        """The address that a page leads to, nothing where it is none."""
        try:
            return urljoin(self._about.address, as_browsers_read(value))
        except ValueError:  # brackets that are no host, letters that become others
            return ""

    def _note(self, rule: str, message: str) -> None:
        self._validated.note(self.getpos()[0], rule, message)

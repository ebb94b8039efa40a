"""Pages: they run nothing but our own script, name themselves, and link to what is there.

Browsers repair broken HTML in ways of their own, so a comment or a `<textarea>` could hide from us what they run.
Therefore a page may consist only of the elements of our templates.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from feeds.checks.documents import ParsedDocument, ValidationResult
from feeds.checks.formats.schema import Lines, conclude
from feeds.checks.rules.addresses import SCHEME
from feeds.checks.rules.characters import decode_utf8
from feeds.checks.rules.html import URL_ATTRIBUTES, active_attribute, as_browsers_read
from feeds.errors import quoted
from feeds.models import ASSETS
from feeds.render.entries import MOVED_POLICY, POLICY

if TYPE_CHECKING:
    from feeds.checks.documents import DocumentContext, Location


#: The elements of our templates. Neither `<style>` and frames nor elements with raw text are among them.
_ELEMENTS = frozenset(
    "a article body button circle details div footer form h1 h2 h3 head header html img input label li link main meta "
    "nav p path script section span summary svg time title ul".split()
)
_DOCTYPE = re.compile(r"<!doctype html>", re.IGNORECASE)
_MARKUP = re.compile(r"<[!?]")
_URL_SCHEMES = frozenset({"http", "https", "mailto", "feed"})
_REFRESH = re.compile(r"0; url=(.+)")
_MAX_EXCERPT = 60


def validate_page(body: bytes, context: DocumentContext) -> ValidationResult:
    result = ValidationResult(context.path)
    text = decode_utf8(body, result)
    if text is None:
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
    return conclude(ParsedDocument(context=context, format="html", links=tuple(reader.links)), result)


def _validate_markup(text: str, result: ValidationResult) -> None:
    """Note comments and declarations: browsers and other parsers do not always agree where they end."""
    lines = Lines(text)
    doctype = _DOCTYPE.match(text)
    for match in _MARKUP.finditer(text, doctype.end() if doctype else 0):
        there = text[match.start() : match.start() + _MAX_EXCERPT]
        message = f"{quoted(there)} is in the page; expected neither comments nor declarations"
        result.note(lines.number(match.start()), "unsafe-html", message)


class _Reader(HTMLParser):
    """Reads a page, notes what runs in it, and collects its title, language, policies and links."""

    def __init__(self, text: str, context: DocumentContext, result: ValidationResult) -> None:
        super().__init__(convert_charrefs=True)
        self._context = context
        self._result = result
        self._last_tag = ""
        self.title = ""
        self.language = ""
        self.policies: list[str] = []
        self.links: list[tuple[Location, str]] = []
        try:
            self.feed(text)
            self.close()
        except AssertionError as error:  # `<![x[` stops Python's parser
            self._note("unsafe-html", f"{error}; expected neither comments nor declarations")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._last_tag = tag
        if tag not in _ELEMENTS:
            self._note("unsafe-html", f"<{tag}> is in the page; expected nothing that our pages are not made of")
        if tag == "html":
            self.language = given.get("lang", "")
        if tag == "meta":
            self._check_meta(given.get("http-equiv", "").lower(), given.get("content", ""))
        if tag == "script":
            self._check_script(given.get("src", ""))
        for name, value in attrs:
            if message := active_attribute(tag, name):
                self._note("unsafe-html", message)
            if name in URL_ATTRIBUTES:
                self._check_url(f"{name} of <{tag}>", value or "")

    def handle_endtag(self, _tag: str) -> None:
        self._last_tag = ""

    def handle_data(self, data: str) -> None:
        if self._last_tag == "title" and not self.title:
            self.title = data

    def _check_meta(self, header: str, content: str) -> None:
        """Check a pragma directive (HTML, 4.2.5.3): the policy, or the redirect from a feed that has moved."""
        if header == "content-security-policy":
            self.policies.append(content)
        elif header == "refresh":
            target = _REFRESH.fullmatch(content)
            if target:
                self._check_url("the target of refresh", target[1])
            if not target or not self._absolute(target[1]).startswith(self._context.base_url):
                self._note("unsafe-html", f"refresh is {quoted(content)}; expected an address of this site")
        elif header:
            self._note("unsafe-html", f"<meta> stands for the header {header}; expected none but our own")

    def _check_script(self, source: str) -> None:
        if not source or self._absolute(source) not in {f"{self._context.base_url}{path}" for path in ASSETS}:
            there = f"from {quoted(source)}" if source else "of its own"
            self._note("unsafe-html", f"the page has a script {there}; expected {ASSETS[1]} only")

    def _check_url(self, what: str, value: str) -> None:
        scheme = SCHEME.match(as_browsers_read(value))
        if scheme and scheme[1].lower() not in _URL_SCHEMES:
            self._note("unsafe-html", f"{what} is {quoted(value)}; expected an http or https address")
        elif value and (not scheme or scheme[1].lower().startswith("http")) and not value.startswith("#"):
            url = self._absolute(value)
            if url:
                self.links.append((self.getpos()[0], url))
            else:
                self._note("bad-address", f"{what} is {quoted(value)}; expected an address")

    def _absolute(self, value: str) -> str:
        """Return the URL that the page links to, "" if it is not one."""
        try:
            return urljoin(self._context.url, as_browsers_read(value))
        except ValueError:  # square brackets that are no host, characters that NFKC makes delimiters
            return ""

    def _note(self, rule: str, message: str) -> None:
        self._result.note(self.getpos()[0], rule, message)

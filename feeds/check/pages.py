"""HTML pages: what runs in them, what they say of themselves, and where they lead."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from feeds.check.judged import Judged

if TYPE_CHECKING:
    from feeds.check.judged import About

_POLICY = "content-security-policy"


def judge_page(body: bytes, about: About) -> Judged:
    """What is wrong with a page."""
    judged = Judged(about.path)
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        judged.note(line, "not-utf-8", f"byte 0x{body[error.start]:02x} is not UTF-8; expected UTF-8")
        judged.is_readable = False
        return judged
    reader = _Reader(about, judged)
    reader.feed(text)
    reader.close()
    for what, is_there in (("a <title>", reader.title.strip()), ("a lang in <html>", reader.language)):
        if not is_there:
            judged.note(1, "page-without-name", f"the page has no {what}; expected one")
    if not reader.has_policy:
        judged.note(1, "page-without-policy", "the page has no Content-Security-Policy; expected one in a <meta>")
    return judged


class _Reader(HTMLParser):
    """Reads a page, and notes what runs in it and where it leads."""

    def __init__(self, about: About, judged: Judged) -> None:
        super().__init__(convert_charrefs=True)
        self._about = about
        self._judged = judged
        self._within = ""
        self.title = ""
        self.language = ""
        self.has_policy = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._within = tag
        if tag == "html":
            self.language = given.get("lang", "")
        if tag == "meta" and given.get("http-equiv", "").lower() == _POLICY:
            self.has_policy = bool(given.get("content"))
        for name, value in given.items():
            if name.startswith("on") or name == "style":
                self._note("unsafe-html", f"<{tag}> has {name}; expected nothing that runs or styles")
            if name in {"href", "src"}:
                self._judge_address(tag, name, value)
        if tag in {"iframe", "object", "embed", "base", "style"} or (tag == "script" and "src" not in given):
            self._note("unsafe-html", f"<{tag}> is in the page; expected scripts and styles in files of their own")

    def handle_endtag(self, _tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "title" and not self.title:
            self.title = data

    def _judge_address(self, tag: str, name: str, value: str) -> None:
        if value.split(":", 1)[0].strip().lower() in {"javascript", "vbscript", "data", "file"}:
            self._note("unsafe-html", f"{name} of <{tag}> is {value[:60]!r}; expected an http or https address")
        elif value and not value.startswith(("#", "feed:", "mailto:")):
            self._judged.links.append((self.getpos()[0], urljoin(self._about.address, value)))

    def _note(self, rule: str, message: str) -> None:
        self._judged.note(self.getpos()[0], rule, message)

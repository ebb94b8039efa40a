"""Articles parsed: what the bytes of a file say.

A file is Markdown with YAML front matter. Whatever is wrong in it becomes a mistake with its line; what is right is
kept. What the fields mean for entries is decided in `entries.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import frontmatter
from frontmatter.default_handlers import YAMLHandler

from feeds.config.schema import SourceLimits
from feeds.content.frontmatter import Fields, FrontMatterSource
from feeds.errors import Diagnostic, LocatedDiagnostic
from feeds.models import Article, Image, Person, Publisher, RelatedLink
from feeds.text.characters import remove_controls
from feeds.text.yaml import YamlError, decode_text, load_article_yaml

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping


#: Printable ASCII, tabs and line feeds: most articles in English hold nothing else.
_USUAL = bytes(range(0x20, 0x7F)) + b"\t\n"

#: As python-frontmatter has it.
_BOUNDARY = re.compile(r"^-{3,}\s*$", re.MULTILINE)

#: The start of a line that may be a key of the outermost mapping.
_KEY = re.compile(r"^[\w\"']", re.MULTILINE)

_NO_OTHER = SourceLimits()

_LINE_ENDS = re.compile(r"\r\n?")

#: YAML breaks lines at these, and no editor does.
_LINE_SEPARATORS = {0x85: " ", 0x2028: " ", 0x2029: " "}

#: The fields that an entry cannot do without, and what they are called elsewhere, in lower case.
_ELSEWHERE = {
    ("title",): frozenset("title headline name".split()),
    ("webUrl", "originalUrl"): frozenset("weburl web_url originalurl original_url url link permalink href".split()),
    ("publishedDateTime", "updatedDateTime"): frozenset(
        "publisheddatetime updateddatetime published_date_time publisheddate published_at pubdate date datetime".split()
    ),
}


@dataclass(frozen=True, slots=True)
class ParsedArticle:
    """What came of a file. Without an article, `mistakes` says why; else they are the `findings` with their lines.

    Of very many there are only the first.
    """

    article: Article | None
    mistakes: tuple[LocatedDiagnostic, ...] = ()
    source: FrontMatterSource | None = None
    findings: tuple[Diagnostic, ...] = ()


def parse_article(
    content: bytes, *, path: str, modified: dt.datetime, label: str | None = None, limits: SourceLimits = _NO_OTHER
) -> ParsedArticle:
    """The article that the bytes of a file hold. `label` is how mistakes name the file, by default its path."""
    label = label or path
    try:
        source, metadata, body = _split(_usual_text(content), label, limits.depth)
    except YamlError as error:
        return ParsedArticle(None, (LocatedDiagnostic(label, error.line, str(error), "bad-front-matter"),))
    fields = Fields(metadata, source)
    article = _article(fields, path=path, modified=modified, body=body, limits=limits)
    if _may_repeat(source.front_matter, metadata):
        fields.findings.extend(source.repeated_keys())
    return ParsedArticle(article, source.locate(fields.findings), source, tuple(fields.findings.first))


class _Handler(YAMLHandler):
    """YAML front matter, read by yaml12 where it can; remembers what it was given."""

    front_matter: str | None = None
    body: str = ""

    def __init__(self, deepest: int = _NO_OTHER.depth) -> None:
        super().__init__()
        self._deepest = deepest

    def split(self, text: str) -> tuple[str, str]:
        """As the base has it, between the first two lines of dashes; but not every line is tried for the second."""
        first = _BOUNDARY.match(text)
        start = end = first.end() if first else 0
        second = None
        while not second:
            end = text.index("\n---", end) + 1
            second = _BOUNDARY.match(text, end)
        self.front_matter, self.body = text[start:end], text[second.end() :]
        return self.front_matter, self.body

    def load(self, fm: str, **_: object) -> Any:
        return load_article_yaml(fm, self._deepest)


def _split(text: str, label: str, deepest: int) -> tuple[FrontMatterSource, dict[str, Any], str]:
    handler = _Handler(deepest)
    if not handler.detect(text.lstrip()):
        raise YamlError(_first_line(text), "there is no front matter; expected YAML between two lines of ---")
    source = FrontMatterSource(label, text)
    try:
        metadata, _body = frontmatter.parse(text, handler=handler)
    except YamlError as error:
        source.front_matter = handler.front_matter or ""
        raise YamlError(error.line + source.lines_before, str(error)) from error
    if handler.front_matter is None:
        raise YamlError(_first_line(text), "the front matter has no end; expected a second line of ---")
    if not metadata:
        raise YamlError(_first_line(text), "the front matter is not a mapping; expected lines such as title: …")
    source.front_matter = handler.front_matter
    return source, metadata, handler.body.strip("\n")


def _usual_text(content: bytes) -> str:
    """The text of a file without control characters, and with line breaks where editors have them."""
    text = decode_text(content)
    if not content.translate(None, _USUAL):
        return text
    if "\r" in text:
        text = _LINE_ENDS.sub("\n", text)
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return remove_controls(text.translate(_LINE_SEPARATORS))


def _first_line(text: str) -> int:
    """The line of the first that is not white space."""
    return text[: len(text) - len(text.lstrip())].count("\n") + 1 if text.strip() else 1


def _may_repeat(front_matter: str, metadata: Mapping[str, object]) -> bool:
    """Whether more lines begin as a key does than there are keys: of several, parsers take the last in silence."""
    lines = front_matter.count("\n") - front_matter.count("\n ")
    return lines > len(metadata) and len(_KEY.findall(front_matter)) > len(metadata)


def _article(fields: Fields, *, path: str, modified: dt.datetime, body: str, limits: SourceLimits) -> Article:
    links = fields.mappings("related", "webUrl", limits.related)
    related = tuple(RelatedLink(**_story(link, limits)) for link in links)
    return Article(**_story(fields, limits), path=path, modified=modified, body=body, related=related)


def _story(fields: Fields, limits: SourceLimits) -> dict[str, Any]:
    for names, elsewhere in _ELSEWHERE.items():
        fields.expect(names, elsewhere)
    return {
        "id": fields.raw_text("id"),
        "title": fields.title("title"),
        "web_url": fields.raw_text("webUrl"),
        "original_url": fields.raw_text("originalUrl"),
        "amp_url": fields.raw_text("ampWebUrl"),
        "cdn_amp_url": fields.raw_text("cdnAmpWebUrl"),
        "published": fields.time("publishedDateTime"),
        "updated": fields.time("updatedDateTime"),
        "excerpt": fields.raw_text("excerpt"),
        "type": fields.name("type"),
        "quality": fields.integer("quality"),
        "heat": fields.integer("heat"),
        "is_published": fields.flag("published", default=True) and not fields.flag("draft", default=False),
        "provider": _publisher(fields.mapping("provider"), limits),
        "topics": fields.names("topics", limits.topics),
        "images": _images(fields, limits),
    }


def _publisher(fields: Fields | None, limits: SourceLimits) -> Publisher | None:
    if fields is None:
        return None
    people = (
        Person(name=name, uri=author.raw_text("url"))
        for author in fields.mappings("authors", "name")
        if (name := author.name("name"))
    )
    return Publisher(
        name=fields.name("name"),
        domain=fields.name("domain"),
        authors=tuple(people),
        images=_images(fields, limits),
    )


def _images(fields: Fields, limits: SourceLimits) -> tuple[Image, ...]:
    return tuple(
        Image(
            url=image.raw_text("url") or "",
            title=image.title("title") or image.title("alt"),
            type=image.name("type"),
            length=image.integer("length"),
            width=image.integer("width"),
            height=image.integer("height"),
        )
        for image in fields.mappings("images", "url", limits.images)
    )

"""Articles parsed from the bytes of files: Markdown with YAML front matter.

Every error in a file becomes a diagnostic with its line, and the valid fields are kept. `entries.py` decides what they
mean for entries.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import frontmatter
from frontmatter.default_handlers import YAMLHandler

from feeds.config.schema import SourceLimits
from feeds.content.frontmatter import Fields, FrontMatterSource
from feeds.errors import Diagnostic, LocatedDiagnostic
from feeds.models import Article, Image, Person, Publisher, RelatedLink
from feeds.text.characters import remove_controls
from feeds.text.yaml import YamlError, decode_text, join_surrogates, load_article_yaml
from feeds.values import PlainValue

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping


#: Printable ASCII, tabs and line feeds: most English articles contain nothing else.
_PLAIN_BYTES = bytes(range(0x20, 0x7F)) + b"\t\n"

#: The line before and after front matter, as python-frontmatter defines it.
_BOUNDARY = re.compile(r"^-{3,}\s*$", re.MULTILINE)

#: The start of a line that may be a key of the outermost mapping.
_KEY = re.compile(r"^[\w\"']", re.MULTILINE)

_DEFAULT_LIMITS = SourceLimits()

_LINE_BREAKS = re.compile(r"\r\n?")

#: Line breaks of YAML 1.1 that are no line breaks in editors.
_LINE_SEPARATORS = {0x85: " ", 0x2028: " ", 0x2029: " "}

#: The fields that an entry needs, and their names in other formats of front matter, in lower case.
_OTHER_NAMES = {
    ("title",): frozenset("title headline name".split()),
    ("webUrl", "originalUrl"): frozenset("weburl web_url originalurl original_url url link permalink href".split()),
    ("publishedDateTime", "updatedDateTime"): frozenset(
        "publisheddatetime updateddatetime published_date_time publisheddate published_at pubdate date datetime".split()
    ),
}


class ParsedArticle(PlainValue, frozen=True):
    """The article of a file, if the file has valid front matter, and everything that is wrong with it.

    `diagnostics` are `unlocated` with their lines; only the first are kept. Without an article there is one diagnostic,
    and neither `source` nor `unlocated`.
    """

    article: Article | None
    diagnostics: tuple[LocatedDiagnostic, ...] = ()
    source: FrontMatterSource | None = None
    unlocated: tuple[Diagnostic, ...] = ()


def parse_article(
    content: bytes,
    *,
    path: str,
    modified: dt.datetime,
    label: str | None = None,
    limits: SourceLimits = _DEFAULT_LIMITS,
) -> ParsedArticle:
    """Parse the bytes of a file to an article. `label` is the file's name in messages, by default `path`."""
    label = label or path
    try:
        source, metadata, body = _parse_front_matter(_normalized_text(content), label, limits.depth)
    except YamlError as error:
        return ParsedArticle(None, (LocatedDiagnostic(label, error.line, str(error), "bad-front-matter"),))
    fields = Fields(metadata, source)
    links = fields.mappings("related", "webUrl", limits.related)
    related = tuple(RelatedLink(**_story(link, limits)) for link in links)
    article = Article(**_story(fields, limits), path=path, modified=modified, body=body, related=related)
    if _may_have_duplicate_keys(source.front_matter, metadata):
        fields.diagnostics.extend(source.duplicate_keys())
    return ParsedArticle(article, source.locate(fields.diagnostics), source, tuple(fields.diagnostics.first))


class FrontMatterHandler(YAMLHandler):
    """A handler of python-frontmatter that reads YAML with our loaders, and keeps the parts of the text."""

    front_matter: str | None = None
    #: The front matter in the file, if it was changed to be read.
    as_written: str | None = None
    body = ""

    def __init__(self, max_depth: int = _DEFAULT_LIMITS.depth) -> None:
        super().__init__()
        self._max_depth = max_depth

    def split(self, text: str) -> tuple[str, str]:
        """Split a text at its first two lines of `---`; raises ValueError if there is no second one.

        The result is that of the base class, which tries its pattern at every line.
        """
        first = _BOUNDARY.match(text)
        start = end = first.end() if first else 0
        second = None
        while not second:
            end = text.index("\n---", end) + 1
            second = _BOUNDARY.match(text, end)
        self.front_matter, self.body = text[start:end], text[second.end() :]
        return self.front_matter, self.body

    def load(self, fm: str, **_: object) -> Any:
        try:
            return load_article_yaml(fm, self._max_depth)
        except YamlError:
            joined = join_surrogates(fm)
            if joined == fm:
                raise
            self.as_written, self.front_matter = fm, joined
            return load_article_yaml(joined, self._max_depth)


def _parse_front_matter(text: str, label: str, max_depth: int) -> tuple[FrontMatterSource, dict[str, Any], str]:
    """Return the front matter, the mapping that it contains, and the body. Raises YamlError with a line of the file."""
    stripped = text.strip()
    first_line = text.count("\n", 0, text.find(stripped)) + 1
    handler = FrontMatterHandler(max_depth)
    if not handler.detect(stripped):
        raise YamlError(first_line, "there is no front matter; expected YAML between two lines of ---")
    try:
        metadata, _ = frontmatter.parse(stripped, handler=handler)
    except YamlError as error:
        lines_before = FrontMatterSource(label, text, handler.front_matter or "").lines_before
        raise YamlError(error.line + lines_before, str(error)) from error
    if handler.front_matter is None:
        raise YamlError(first_line, "the front matter has no end; expected a second line of ---")
    if not metadata:
        raise YamlError(first_line, "the front matter is not a mapping; expected lines such as title: …")
    if handler.as_written is not None:
        text = text.replace(handler.as_written, handler.front_matter, 1)
    body = handler.body.lstrip("\n")
    first_body_line = text.count("\n", 0, text.find(stripped) + len(stripped) - len(body)) + 1
    return FrontMatterSource(label, text, handler.front_matter, first_body_line), metadata, body.rstrip("\n")


def _normalized_text(content: bytes) -> str:
    """Return the text of a file without control characters, and with the line breaks that editors show."""
    text = decode_text(content)
    if not content.translate(None, _PLAIN_BYTES):
        return text
    if "\r" in text:
        text = _LINE_BREAKS.sub("\n", text)
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return remove_controls(text.translate(_LINE_SEPARATORS))


def _may_have_duplicate_keys(front_matter: str, metadata: Mapping[str, object]) -> bool:
    """Whether more lines look like keys than there are keys. YAML parsers silently keep the last of duplicate keys."""
    lines = front_matter.count("\n") - front_matter.count("\n ")
    return lines > len(metadata) and len(_KEY.findall(front_matter)) > len(metadata)


def _story(fields: Fields, limits: SourceLimits) -> dict[str, Any]:
    """Return the arguments of StoryFields."""
    for names, other_names in _OTHER_NAMES.items():
        fields.report_other_names(names, other_names)
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
        "is_published": fields.boolean("published", default=True) and not fields.boolean("draft", default=False),
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

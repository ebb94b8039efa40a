"""Articles and related links. feeds/content/ checks them when they are read."""

from __future__ import annotations

from feeds.checks.rules.rule import Rule

RULES = (
    Rule(
        "article-unreadable",
        "error",
        "A file or folder of the archive cannot be read.",
        "What it held before stays published, and what is new in it is not.",
        "docs/internals.md, The catalog",
    ),
    Rule(
        "not-a-file-of-ours",
        "error",
        "A name of an article is a pipe, a device, a link out of the archive, in a folder without a name, or no UTF-8.",
        "It is not read: it could be waited for without end, or be what nobody meant to publish.",
        "docs/articles.md",
    ),
    Rule(
        "beyond-limit",
        "error",
        "An article, its names, lists or body, is larger than `source.limits` or we allow.",
        "What is beyond is left out, cut or shown in a simpler way: what anybody writes must not stop a run.",
        "docs/configuration.md, source",
    ),
    Rule(
        "bad-front-matter",
        "error",
        "An article has no front matter, or such that is not YAML.",
        "The article is left out.",
        "docs/articles.md",
    ),
    Rule(
        "bad-field-value",
        "error",
        "A field of an article is not what it is to be, a date, a number, a list.",
        "The field is passed over, and the entry may lack its date.",
        "docs/articles.md",
    ),
    Rule(
        "field-not-read",
        "error",
        "An article names its title, address or date in another way than is read.",
        "The entry lacks what the author has written.",
        "docs/articles.md",
    ),
    Rule(
        "entry-without-title",
        "error",
        "An article or related link has no title.",
        "It is left out: Atom asks for a title, and readers list entries by it.",
        "RFC 4287, 4.1.2",
    ),
    Rule(
        "entry-without-link",
        "error",
        "An article or related link has no address.",
        "It is left out: there is nothing to open, and nothing to tell it from others by.",
        "RFC 4287, 4.1.2",
    ),
    Rule(
        "entry-without-date",
        "error",
        "An article or related link has no date.",
        "It is left out: readers sort by date, and would show it as new for ever.",
        "RFC 4287, 4.1.2; docs/configuration.md, source.undated",
    ),
    Rule(
        "bad-link",
        "error",
        "An address of a story is none, or is relative.",
        "The next address is taken in its place, or the entry is left out.",
        "RFC 3986",
    ),
    Rule(
        "bad-domain",
        "error",
        "The domain of a provider is none.",
        "The host of the story is taken, and the entry may be in another provider's feed.",
        "docs/articles.md",
    ),
    Rule(
        "image-without-address",
        "error",
        "An image has no address, or none that can be opened.",
        "The image is left out.",
        "docs/articles.md",
    ),
    Rule(
        "same-article",
        "warning",
        "Two articles have the same id.",
        "They are published as one entry, and one of them is not seen.",
        "docs/formats.md",
    ),
)

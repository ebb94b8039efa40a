"""The configuration by itself. feeds/config/ checks it when it is read."""

from __future__ import annotations

from feeds.checks.rules.rule import Rule

RULES = (
    Rule(
        "config-unreadable",
        "error",
        "The configuration cannot be read.",
        "Nothing is published: it says where articles are and what feeds there are.",
        "docs/configuration.md",
    ),
    Rule(
        "config-not-yaml",
        "error",
        "The configuration is not YAML.",
        "Nothing is published until it is mended.",
        "YAML 1.2",
    ),
    Rule(
        "unknown-key",
        "error",
        "A key of the configuration is not known.",
        "It is mostly a slip of the pen, and what was meant would not happen.",
        "docs/configuration.md",
    ),
    Rule(
        "missing-key",
        "error",
        "A key that the configuration needs is missing.",
        "Nothing is published without a title, an address and a folder of articles.",
        "docs/configuration.md",
    ),
    Rule(
        "wrong-value",
        "error",
        "A value of the configuration is not of the type that its key has.",
        "It is not clear what was meant, so nothing is published.",
        "docs/configuration.md",
    ),
    Rule(
        "duplicate-key",
        "error",
        "A mapping has the same key twice.",
        "YAML forbids it, and readers of YAML keep the last one without a word.",
        "YAML 1.2, 3.2.1.3",
    ),
    Rule(
        "config-folder",
        "error",
        "A folder of articles is not there, is a file, or is within another one.",
        "Without it every article would count as removed; twice read, every article would count as a duplicate.",
        "docs/configuration.md, source.articles",
    ),
    Rule(
        "config-address",
        "error",
        "An address in the configuration is none that a browser can open.",
        "It stands in every feed, and validators refuse it.",
        "RFC 3986",
    ),
    Rule(
        "config-template",
        "error",
        "A title or description has a placeholder other than {name} and {site}.",
        "Subscribers would read the placeholder.",
        "docs/configuration.md, feeds",
    ),
    Rule(
        "config-path",
        "error",
        "The path of a custom feed is reserved, has an extension, is too long or clashes with another one.",
        "Two feeds would be one file, which some file systems see only when it is too late.",
        "docs/configuration.md, feeds.custom",
    ),
    Rule(
        "config-moved",
        "error",
        "`moved` leads in a circle, to itself, over two steps, or from a path that is not a feed's.",
        "Subscribers to the old address would be led astray.",
        "docs/configuration.md, moved",
    ),
    Rule(
        "config-match",
        "error",
        "`match` is not a regular expression.",
        "The feed would hold nothing.",
        "Python's documentation of re",
    ),
    Rule(
        "config-topic",
        "error",
        "A name or slug belongs to two topics, a topic is above itself, or a slug is too long.",
        "It is not clear in which feed an entry belongs, or two feeds would be one file.",
        "docs/configuration.md, topics",
    ),
    Rule(
        "config-provider",
        "error",
        "A provider is no domain, or is there twice.",
        "Its settings would apply to nothing, or it would not be clear which apply.",
        "docs/configuration.md, providers",
    ),
    Rule(
        "not-configured",
        "error",
        "A command needs a setting that is off or missing.",
        "It has nothing to do without it: `feeds probe` and `feeds ping` say so, `feeds check` never.",
        "docs/configuration.md",
    ),
    Rule(
        "images-file-unreadable",
        "error",
        "The file of what is known of images is damaged or cannot be read.",
        "Without it other lengths and types would be published, and every feed would change.",
        "docs/configuration.md, enclosures.probe",
    ),
    Rule(
        "slug-collision",
        "warning",
        "Two topics want the same slug.",
        "The second is published at an address with a digest, which nobody can guess.",
        "docs/configuration.md, topics",
    ),
    Rule(
        "moved-nowhere",
        "error",
        "`moved` leads from the path of a feed, or to no feed.",
        "Subscribers to the old address find nothing.",
        "docs/configuration.md, moved",
    ),
)

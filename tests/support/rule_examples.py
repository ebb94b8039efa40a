"""Examples of rules: a sound site that is changed so that it breaks one rule.

The tables are in tests/integration/checks/rules/, a module for each module in feeds/checks/rules/. Each table is called
`EXAMPLES`; test_rules.py runs all of them. A rule for parsed documents may have its examples beside its check instead.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import shutil
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Protocol

import feeds
from feeds.checks.report import check
from feeds.checks.rules.registry import RULES
from feeds.errors import ConfigError
from tests.support.paths import TESTS
from tests.support.site import NOW, Site
from tests.support.sound_site import diagnose, rewrite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIGURATION = (
    "site: {title: Test Wire, url: https://feeds.example.com/}\nsource: {articles: [../articles]}\npages: off\n"
)
ARTICLE = "title: A\nwebUrl: https://a.example/a\npublishedDateTime: 2026-05-01\ntopics: [Energy]\n"


class Example(Protocol):
    """Something that breaks one rule, and others in `also` inevitably."""

    @property
    def rule(self) -> str: ...

    @property
    def also(self) -> tuple[str, ...]: ...

    @property
    def id(self) -> str: ...

    def broken_rules(self, sound: Site, folder: Path, /) -> set[str]:
        """Break `sound`, a copy of it in `folder`, or a site in `folder`; return the rules that are broken then."""


@dataclass(frozen=True)
class Broken:
    """A document of the sound site with a change; `what` makes its id unique."""

    rule: str
    path: str
    change: Callable[[str], str]
    also: tuple[str, ...] = ()
    what: str = ""

    @property
    def id(self) -> str:
        return "-".join(filter(None, (self.rule, self.path.rpartition(".")[2], self.what)))

    def broken_rules(self, sound: Site, _folder: Path, /) -> set[str]:
        _, rules = self.apply(sound.output)
        return rules

    def apply(self, output: Path) -> tuple[str, set[str]]:
        """Change the document, and put it back; return its changed text, and the rules that were broken."""
        file, manifest = output / self.path, output / "feeds.json"
        before, listed = file.read_bytes(), manifest.read_bytes()
        try:
            text = self.change(before.decode())
            body = text.encode(errors="surrogateescape")
            assert body != before
            rewrite(output, self.path, body)
            return text, {diagnostic.rule for diagnostic in diagnose(output)}
        finally:
            file.write_bytes(before)
            manifest.write_bytes(listed)


@dataclass(frozen=True)
class BrokenFolder:
    """The output folder of the sound site with a change."""

    rule: str
    change: Callable[[Path], object]
    also: tuple[str, ...] = ()
    what: str = ""

    @property
    def id(self) -> str:
        return "-".join(filter(None, (self.rule, self.what or getattr(self.change, "__name__", ""))))

    def broken_rules(self, sound: Site, folder: Path, /) -> set[str]:
        output = folder / "output"
        shutil.copytree(sound.output, output)
        self.change(output)
        return {diagnostic.rule for diagnostic in diagnose(output)}


@dataclass(frozen=True)
class BrokenConfiguration:
    """A configuration, with one article."""

    rule: str
    configuration: str
    also: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.rule

    def broken_rules(self, _sound: Site, folder: Path, /) -> set[str]:
        site = Site(folder)
        site.article("a.md", ARTICLE)
        site.configure(self.configuration)
        return check_site(site)


@dataclass(frozen=True)
class BrokenArticle:
    """The front matter of an article beside a sound one."""

    rule: str
    front_matter: str
    also: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.rule

    def broken_rules(self, _sound: Site, folder: Path, /) -> set[str]:
        site = Site(folder)
        site.configure(CONFIGURATION)
        site.article("b.md", ARTICLE.replace("/a", "/b"))
        file = site.article("a.md", self.front_matter)
        findings = check(feeds.load_config(site.config_path), now=NOW).findings
        assert {finding.path for finding in findings} == {str(file)}
        return {finding.rule for finding in findings}


@dataclass(frozen=True)
class BrokenDisk:
    """A site with one article whose files are changed."""

    rule: str
    change: Callable[[Site], object]
    also: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.rule

    def broken_rules(self, _sound: Site, folder: Path, /) -> set[str]:
        site = Site(folder)
        site.article("a.md", ARTICLE)
        site.configure(f"{CONFIGURATION}enclosures: {{probe: on}}\n")
        self.change(site)
        return check_site(site)


def check_site(site: Site) -> set[str]:
    """Return the rules that the configuration and the articles of a site break."""
    try:
        return {finding.rule for finding in check(feeds.load_config(site.config_path), now=NOW).findings}
    except ConfigError as error:
        return {diagnostic.rule for diagnostic in error.mistakes}


def read_examples() -> tuple[Example, ...]:
    """Return the examples of all tables, in the order of the rules."""
    package = "tests.integration.checks.rules"
    names = (module.name for module in pkgutil.iter_modules([str(TESTS / "integration" / "checks" / "rules")]))
    tables = (importlib.import_module(f"{package}.{name}").EXAMPLES for name in names)
    order = list(RULES)
    return tuple(sorted((example for table in tables for example in table), key=lambda each: order.index(each.rule)))


def swap(old: str, new: str) -> Callable[[str], str]:
    """Return a change that replaces the first occurrence of a text, which must be there."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


def sub(pattern: str, new: str) -> Callable[[str], str]:
    """Return a change that replaces the first match of a pattern, which must match."""

    def change(text: str) -> str:
        changed, count = re.subn(pattern, new, text, count=1, flags=re.DOTALL)
        assert count
        return changed

    return change


def move(part: str, end: str) -> Callable[[str], str]:
    """Return a change that moves a part of the text before its end."""

    def change(text: str) -> str:
        assert part in text
        return text.replace(part, "", 1).replace(end, part + end, 1)

    return change


def before_body(html: str) -> Callable[[str], str]:
    """Return a change that puts HTML before the body of the first entry, escaped as the format requires."""

    def change(text: str) -> str:
        for body, written in (("&lt;p&gt;A body", escape(html, quote=False)), ("<p>A body", json.dumps(html)[1:-1])):
            if body in text:
                return text.replace(body, written + body, 1)
        raise AssertionError(text)

    return change

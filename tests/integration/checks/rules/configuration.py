"""Configurations that are wrong by themselves, or that the articles contradict."""

from __future__ import annotations

from tests.support.rule_examples import CONFIGURATION, BrokenConfiguration, BrokenDisk

EXAMPLES = (
    BrokenDisk("config-unreadable", lambda site: site.config_path.unlink()),
    BrokenConfiguration("config-not-yaml", "site: ["),
    BrokenConfiguration("unknown-key", f"{CONFIGURATION}colour: red\n"),
    BrokenConfiguration("missing-key", "site: {title: A}\nsource: {articles: [../articles]}\n"),
    BrokenConfiguration("wrong-value", f"{CONFIGURATION}formats: [pdf]\n"),
    BrokenConfiguration("duplicate-key", f"{CONFIGURATION}pages: off\n"),
    BrokenConfiguration("config-folder", CONFIGURATION.replace("../articles", "../nowhere")),
    BrokenConfiguration("config-address", CONFIGURATION.replace("title: Test Wire", 'title: A, icon: "https://[x]/"')),
    BrokenConfiguration("config-template", f"{CONFIGURATION}feeds: {{topics: {{title: '{{nonsense}}'}}}}\n"),
    BrokenConfiguration("config-path", f"{CONFIGURATION}feeds: {{custom: [{{path: all}}]}}\n"),
    BrokenConfiguration("config-moved", f"{CONFIGURATION}moved: {{a: a}}\n"),
    BrokenConfiguration("config-match", f"{CONFIGURATION}feeds: {{custom: [{{path: a, match: '['}}]}}\n"),
    BrokenConfiguration("config-topic", f"{CONFIGURATION}topics: {{A: {{slug: x}}, B: {{slug: x}}}}\n"),
    BrokenConfiguration("config-provider", f"{CONFIGURATION}providers: {{a.example: {{}}, www.a.example: {{}}}}\n"),
    BrokenDisk(
        "images-file-unreadable",
        lambda site: (site.folder / "config" / "enclosures.lock").write_text("[\n", encoding="utf-8"),
    ),
    BrokenConfiguration("slug-collision", f"{CONFIGURATION}topics: {{A: {{slug: energy}}}}\n", also=("unused-topic",)),
    BrokenDisk("path-taken", lambda site: (site.output / "topics" / "energy.rss").mkdir(parents=True)),
    BrokenConfiguration(
        "too-many-new-feeds", CONFIGURATION.replace("../articles]", "../articles], limits: {new_feeds: 1}")
    ),
    BrokenConfiguration("moved-nowhere", f"{CONFIGURATION}moved: {{topics/old: topics/never}}\n"),
)

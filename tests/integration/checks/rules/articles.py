"""Articles that cannot be read, or from which something cannot be published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.rule_examples import ARTICLE, BrokenArticle, BrokenDisk

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.site import Site


def _link_out(site: Site) -> None:
    (site.folder / "secret.md").write_text("---\ntitle: A\n---\n", encoding="utf-8")
    (site.folder / "articles" / "b.md").symlink_to(site.folder / "secret.md")


def _with_body(body: str) -> Callable[[Site], object]:
    """Return a change that adds an article with a body."""
    return lambda site: site.article("b.md", ARTICLE.replace("/a", "/b"), body)


EXAMPLES = (
    BrokenDisk("article-unreadable", lambda site: (site.folder / "articles" / "b.md").symlink_to("nowhere")),
    BrokenDisk("not-a-file-of-ours", _link_out),
    BrokenArticle(
        "beyond-limit",
        f"{ARTICLE}related: [{', '.join(f'https://b.example/{number}' for number in range(501))}]\n",
        also=("entry-without-title",),
    ),
    BrokenArticle("bad-front-matter", "title: ["),
    BrokenArticle("bad-field-value", f"{ARTICLE}quality: high\n"),
    BrokenArticle("field-not-read", ARTICLE.replace("webUrl", "link"), also=("entry-without-link",)),
    BrokenArticle("entry-without-title", ARTICLE.replace("title: A\n", "")),
    BrokenArticle("entry-without-link", ARTICLE.replace("webUrl: https://a.example/a\n", "")),
    BrokenArticle("entry-without-date", ARTICLE.replace("publishedDateTime: 2026-05-01\n", "")),
    BrokenArticle("bad-link", ARTICLE.replace("https://a.example/a", "nowhere")),
    BrokenArticle("bad-id", f"{ARTICLE}id: mine\n"),
    BrokenArticle("bad-domain", f"{ARTICLE}provider: {{domain: no domain}}\n"),
    BrokenArticle("image-without-address", f"{ARTICLE}images: [{{url: '', width: 3}}]\n"),
    BrokenDisk("same-article", lambda site: site.article("b.md", ARTICLE)),
    BrokenDisk("embed-replaced", _with_body("<iframe src='https://f.example/a'></iframe>")),
    BrokenDisk("formula-replaced", _with_body("<math><mi>a</mi></math>")),
    BrokenDisk("hidden-removed", _with_body("<p hidden>a</p>")),
    BrokenDisk("image-removed", _with_body("<img src='data:image/png,a'>")),
    BrokenDisk("media-removed", _with_body("<video></video>")),
)

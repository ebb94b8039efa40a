"""No script of an article runs in a browser, neither in the content of a feed as readers show it nor in a page."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

import feedparser
import pytest
import yaml
from lxml import etree
from playwright.sync_api import sync_playwright

import feeds
from tests.support.site import NOW, Site
from tests.support.vectors import VECTORS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)")

#: Texts that break out of an attribute, an element of text, a comment, a CDATA section, a script or a template.
ESCAPES = (
    '" onmouseover=steal() autofocus onfocus=steal() x="',
    "' onmouseover=steal() autofocus onfocus=steal() x='",
    '"><img src=x onerror=steal()>',
    "'><img src=x onerror=steal()>",
    "`onerror=steal()`",
    "</title><img src=x onerror=steal()>",
    "</textarea></style></noscript></template><img src=x onerror=steal()>",
    "--><img src=x onerror=steal()><!--",
    "]]><img src=x onerror=steal()>",
    "</script><script>steal()</script>",
    "&lt;img src=x onerror=steal()&gt;",
    "&amp;lt;img src=x onerror=steal()&amp;gt;",
    "&#60;img src=x onerror=steal()&#62;",
    "{{ steal() }}",
    "{% raw %}<img src=x onerror=steal()>",
    "\u2028<img src=x onerror=steal()>\u2029",
    "\ufeff<img src=x onerror=steal()>",
    "<im\x00g src=x onerror=steal()>",
    "[x](javascript:steal())",
    "![x](javascript:steal())",
    "<javascript:steal()>",
    "[x]: javascript:steal()\n\n[x]",
    '[x](https://a.example/ "x" onclick=steal())',
    '![x" onerror="steal()](https://a.example/a.png)',
    '<svg></p><style><a id="</style><img src=x onerror=steal()>">',
    '<math><annotation-xml encoding="text/html"><img src=x onerror=steal()></annotation-xml></math>',
    "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=steal()>",
    "<select><template><img src=x onerror=steal()></template></select>",
    "<details open ontoggle=steal()><summary>x</summary></details>",
    "<img src=x:x onerror&#61;steal()>",
)
ATTACKS = [*(str(vector.values[0]) for vector in VECTORS), *ESCAPES]
#: Values that are no URL of the web.
ADDRESSES = (
    "javascript:steal()",
    " \x01JaVaScRiPt:steal()",
    "java\tscript:steal()",
    "&#106;avascript:steal()",
    "data:text/html,<script>steal()</script>",
    "vbscript:steal()",
    "file:///etc/passwd",
    'https://a.example/"onmouseover="steal()',
    "https://a.example/'onmouseover='steal()",
    "https://a.example/<img src=x onerror=steal()>",
    'https://a.example/a.png" onerror="steal()',
    "//javascript:steal()/",
    "https://javascript:steal()@a.example/",
)
#: A script of every open page: the function that an attack calls. And a search for attributes that would call it later.
WATCHED = "window.steal = () => { console.log('stolen in ' + location.href + ' ' + document.title) }"
DANGERS = """() => {
    const addresses = new Set('href src action formaction poster data cite background xlink:href ping'.split(' '));
    const known = new Set(['http:', 'https:', 'feed:', 'mailto:']);
    const isOfTheWeb = value => { try { return known.has(new URL(value, 'https://base.example/').protocol) }
        catch { return true } };
    return [...document.querySelectorAll('*')].flatMap(element => [...element.attributes]
        .filter(({name, value}) => name.startsWith('on') || name === 'srcdoc' || name === 'style'
            || (addresses.has(name) && !isOfTheWeb(value)))
        .map(({name, value}) => `${element.tagName} ${name}=${value}`))
}"""
CONFIG = {
    "site": {
        "title": "<img src=x onerror=steal()> \" onfocus=steal() '",
        "url": "https://feeds.example.com/",
        "description": "</title><script>steal()</script>",
        "rights": '"><img src=x onerror=steal()>',
        "author": {"name": "<script>steal()</script>"},
    },
    "source": {"articles": ["../articles"], "base_url": "https://base.example/"},
    "entries": {"related_title": "<img src=x onerror=steal()>"},
    "feeds": {
        "all": {"limit": 1000},
        "topics": {"title": "<script>steal()</script> {name}", "description": '"><script>steal()</script>{name}'},
        "custom": [{"path": "mine", "title": "'><img src=x onerror=steal()>", "limit": 1000}],
    },
}


def attacked(number: int, attack: str) -> dict[str, Any]:
    """An article with the attack in every field."""
    image = {"url": f"https://a.example/{number}.png", "title": attack, "alt": attack}
    story = {
        "title": attack,
        "excerpt": attack,
        "publishedDateTime": "2026-05-01",
        "type": attack,
        "topics": [attack, f"T {attack}"],
        "provider": {
            "name": attack,
            "domain": attack,
            "authors": [{"name": attack, "url": attack}, {"name": f"A {attack}", "url": f"https://a.example/{number}"}],
            "images": [image],
        },
        "images": [image, {"url": attack}],
    }
    related = {**story, "webUrl": f"https://b.example/{number}"}
    return {**story, "webUrl": f"https://a.example/{number}", "related": [related]}


def addressed(number: int, address: str) -> dict[str, Any]:
    """An article with the value in every field for a URL."""
    story = {
        "title": f"Address {number}",
        "publishedDateTime": "2026-05-02",
        "webUrl": address,
        "originalUrl": f"https://c.example/{number}",
        "ampWebUrl": address,
        "images": [{"url": address}],
        "provider": {"name": "P", "authors": [{"name": "Ada", "url": address}], "images": [{"url": address}]},
    }
    return {**story, "related": [{**story, "originalUrl": f"https://d.example/{number}"}, address]}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"))
    site.configure(yaml.safe_dump(CONFIG, allow_unicode=True))
    for number, attack in enumerate(ATTACKS):
        body = f"{attack}\n\nSome *text* {attack}\n\n> {attack}\n\n- {attack}\n"
        site.article(f"attack-{number}.md", yaml.safe_dump(attacked(number, attack)), body=body)
    for number, address in enumerate(ADDRESSES):
        body = f"[x]({address}) ![x]({address}) <{address}> <a href=\"{address}\">x</a> <img src='{address}'>"
        site.article(f"address-{number}.md", yaml.safe_dump(addressed(number, address)), body=body)
    report = site.regenerate()
    assert report.entries >= len(ATTACKS) + len(ADDRESSES)
    return site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without a network; scripts that run print a line to its console, see `stolen`."""
    context = browser.new_context(offline=True)
    context.add_init_script(WATCHED)
    yield context.new_page()
    context.close()


def stolen(page: Page) -> list[str]:
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.text.startswith("stolen") else None)
    return found


def contents(site: Site) -> list[str]:
    """All HTML in the feed of everything, in all formats, each once."""
    found: dict[str, None] = {}
    for path, body in site.documents().items():
        if not path.startswith("all."):
            continue
        if path.endswith((".rss", ".atom")):
            for entry in feedparser.parse(body, sanitize_html=False).entries:
                parts = [*entry.get("content", ()), entry.get("summary_detail")]
                found |= {part.value: None for part in parts if part and part.type == "text/html"}
        elif path.endswith(".json") and path != "feeds.json":
            found |= {item["content_html"]: None for item in json.loads(body)["items"]}
    return list(found)


def show(page: Page, parts: list[str]) -> list[str]:
    """Put HTML into a page in the ways of readers; return the dangerous attributes."""
    page.set_content("<!doctype html><title>reader</title><div id=a></div><div id=b></div>")
    page.evaluate(
        """parts => { for (const part of parts) {
            const box = document.createElement('div'); document.getElementById('a').append(box); box.innerHTML = part;
        } }""",
        parts,
    )
    dangers = page.evaluate(DANGERS)
    page.evaluate(
        """part => new Promise(done => { const frame = document.createElement('iframe');
            frame.onload = () => done(); frame.srcdoc = part; document.getElementById('b').append(frame); })""",
        "\n".join(parts),
    )
    page.evaluate(
        """() => { addEventListener('click', event => event.preventDefault(), true);
            for (const element of document.querySelectorAll('*'))
            for (const kind of ['click', 'mouseover', 'focus', 'error', 'load', 'toggle', 'begin'])
                element.dispatchEvent(new Event(kind, {cancelable: true})) }"""
    )
    page.wait_for_timeout(50)
    return list(dangers)


def test_attacks_are_detected(page: Page) -> None:
    """Otherwise, the other tests could not fail."""
    ran = stolen(page)
    dangers = show(page, [attack for attack in ATTACKS if "refresh" not in attack])  # that one leaves the page
    assert len(ran) > 15
    assert len(dangers) > 25


def test_no_script_in_the_content_of_feeds_runs(published: Site, page: Page) -> None:
    """Without a Content-Security-Policy, as in readers that trust the feed."""
    parts = contents(published)
    assert len(parts) > 2 * len(ATTACKS)
    ran = stolen(page)
    assert show(page, parts) == []
    assert ran == []


def test_no_script_in_pages_runs(published: Site, page: Page) -> None:
    """With the Content-Security-Policy of pages, and also without it, which shows that it is not needed."""
    ran = stolen(page)
    paths = [path for path in published.documents() if path.endswith(".html")]
    assert len(paths) > 20
    for path in sorted(paths, key=lambda path: (path.count("/"), path))[:12]:
        html = published.documents()[path].decode()
        assert "Content-Security-Policy" in html
        for text in (html, html.replace("Content-Security-Policy", "X-Nothing")):
            page.set_content(text, wait_until="domcontentloaded")
            assert page.evaluate(DANGERS) == [], path
            assert page.evaluate("document.querySelectorAll('script').length") == 1
    assert ran == []


def addresses_in_xml(body: bytes) -> Iterator[str]:
    """The URLs in elements and attributes of RSS, Atom and their extensions."""
    for element in etree.fromstring(body).iter("*"):
        if etree.QName(element).localname in {"link", "uri", "url", "icon", "logo"} and (element.text or "").strip():
            yield str(element.text)
        yield from (value for name, value in element.items() if name in {"href", "src", "uri", "url"})


def addresses_in_json(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from addresses_in_json(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from addresses_in_json(part, key)
    elif key.endswith("url") or key in {"image", "icon", "favicon", "avatar", "banner_image"}:
        yield value


def test_every_url_is_one_of_the_web(published: Site) -> None:
    seen = Counter[str]()
    for path, body in published.documents().items():
        _, _, extension = path.rpartition(".")
        if extension in {"rss", "atom"}:
            addresses = list(addresses_in_xml(body))
        elif extension == "json" and path != "feeds.json":
            addresses = list(addresses_in_json(json.loads(body)))
        else:
            continue
        assert [address for address in addresses if not address.startswith(("https://", "http://"))] == [], path
        seen[extension] += len(addresses)
    assert min(seen[extension] for extension in ("rss", "atom", "json")) > 1000


def test_urls_are_found_in_every_element_and_key() -> None:
    xml = b"<a xmlns:m='m' href='1'><link>2</link><uri>3</uri><m:thumbnail url='4'/><b src='5' domain='x'>y</b></a>"
    assert sorted(addresses_in_xml(xml)) == ["1", "2", "3", "4", "5"]
    feed = {"icon": "1", "items": [{"url": "2", "id": "x", "authors": [{"url": "3", "avatar": "4"}]}], "next_url": "5"}
    assert sorted(addresses_in_json(feed)) == ["1", "2", "3", "4", "5"]


def test_the_policy_of_pages_forbids_other_hosts(published: Site) -> None:
    config = feeds.load_config(published.config_path)
    assert config.has_pages
    html = (published.output / "index.html").read_text(encoding="utf-8")
    for part in ("default-src 'none'", "script-src 'self'", "base-uri 'none'", "form-action 'none'"):
        assert part in html
    assert published.regenerate(now=NOW).written == 0

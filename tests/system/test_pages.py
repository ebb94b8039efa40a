"""The pages of the sample archive in Chromium, checked for accessibility by axe-core."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

import feeds
from feeds.http.media_types import MEDIA_TYPES
from feeds.serving.server import serving
from feeds.serving.wsgi import Application
from tests.support.paths import ROOT
from tests.support.site import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Route

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)")

PAGES = ["", "all/", "topics/ai/", "topics/künstliche-intelligenz/", "providers/harbour-post.example/"]
FOREIGN_PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>'
SIZES = {"desktop": (1280, 900), "phone": (360, 740)}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL at which the sample archive is served."""
    folder = tmp_path_factory.mktemp("sample")
    config = feeds.load_config(ROOT / "config" / "feeds.yaml")
    feeds.regenerate(config, output=folder / "output", cache=folder / "cache", now=NOW, jobs=1)
    with serving(Application(config, folder / "output"), "127.0.0.1", 0) as server:
        yield server.address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Visit:
    """An open page, its requests to other hosts (kind and URL), and its errors and warnings."""

    page: Page
    address: str
    foreign: list[tuple[str, str]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page


def visit(browser: Browser, address: str, **of_context: Any) -> Visit:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], **of_context)
    found = Visit(context.new_page(), address)

    def note(route: Route) -> None:
        found.foreign.append((route.request.resource_type, route.request.url))
        route.fulfill(body=FOREIGN_PICTURE, content_type="image/svg+xml")

    found.page.route(lambda url: not url.startswith(address), note)
    found.page.on("console", lambda message: found.complaints.append(message.text))
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    return found


@pytest.fixture
def desktop(browser: Browser, address: str) -> Iterator[Visit]:
    found = visit(browser, address)
    yield found
    assert found.complaints == []
    found.page.context.close()


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_axe_finds_nothing(browser: Browser, address: str, size: str, scheme: str) -> None:
    width, height = SIZES[size]
    found = visit(browser, address, color_scheme=scheme, viewport={"width": width, "height": height})
    for path in PAGES:
        page = found.open(path)
        for details in page.locator("summary").all():
            details.click()
        assert [violation["id"] for violation in Axe().run(page).response["violations"]] == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert found.complaints == []
    found.page.context.close()


@pytest.mark.parametrize("path", PAGES)
def test_pages_load_only_images_of_entries_from_other_hosts(desktop: Visit, path: str) -> None:
    page = desktop.open(path)
    for picture in page.locator("article img").all():
        picture.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    pictures = {picture.get_attribute("src") for picture in page.locator("article img").all()}
    icon = page.locator("link[rel=icon]").get_attribute("href")
    assert {address for _, address in desktop.foreign} - {icon} == pictures
    assert path == "" or pictures
    assert page.evaluate("[...document.images].every((picture) => picture.complete && picture.naturalWidth)")


def test_feeds_are_found_as_one_types(desktop: Visit) -> None:
    page = desktop.open("")
    everything = page.locator(".card:visible").count()
    page.get_by_label("Find a feed").press_sequentially("kun")
    assert page.locator(".card:visible a").all_inner_texts() == ["Künstliche Intelligenz"]
    assert page.get_by_role("status").inner_text() == f"1 of {everything} feeds"
    assert page.locator(".kind:visible h2").count() == 1
    page.get_by_label("Find a feed").press("Enter")
    page.wait_for_url("**/topics/k*/")
    page.go_back()
    page.get_by_label("Find a feed").fill("no such feed")
    assert page.locator(".card:visible").count() == 0
    page.get_by_label("Find a feed").fill("")
    assert page.locator(".card:visible").count() == everything


def test_an_address_is_copied(desktop: Visit) -> None:
    page = desktop.open("topics/ai/")
    page.get_by_text("Other formats").click()
    for label, extension in (("RSS", "rss"), ("Atom", "atom"), ("JSON Feed", "json")):
        page.get_by_role("button", name=f"Copy the address of {label}").click()
        page.wait_for_function("document.querySelector('.copied').textContent === 'Copied.'")
        assert page.evaluate("navigator.clipboard.readText()") == f"https://feeds.example.com/topics/ai.{extension}"


def test_the_keyboard_reaches_everything(desktop: Visit) -> None:
    page = desktop.open("topics/ai/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    reached = set()
    for _ in range(page.locator("a, button, input, summary").count() + 1):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML"))
    there = page.locator("main :is(a, button, input, summary):visible")
    assert {*there.evaluate_all("(all) => all.map((one) => one.outerHTML)")} <= reached


def test_autodiscovery_leads_to_feeds(desktop: Visit) -> None:
    for path in PAGES:
        links = desktop.open(path).locator("link[rel=alternate]")
        found = links.evaluate_all("(links) => links.map((link) => [link.type, link.href])")
        assert [type_ for type_, _ in found] == list(MEDIA_TYPES.values())
        assert [href for _, href in found if not desktop.page.request.get(href).ok] == []


def test_without_scripts_pages_are_readable_and_show_no_dead_button(browser: Browser, address: str) -> None:
    found = visit(browser, address, java_script_enabled=False)
    page = found.open("")
    assert page.locator(".card:visible").count() > 10
    assert page.locator("form:visible, button:visible").count() == 0
    page.goto(f"{address}topics/ai/")
    assert page.locator("article:visible").count() > 5
    assert page.locator("input:visible").count() == 1
    assert page.locator("button:visible").count() == 0
    found.page.context.close()


@pytest.mark.parametrize(("format_", "title"), [("rss", "item > title"), ("atom", "entry > title")])
def test_a_feed_sent_as_xml_is_readable_and_names_its_page(
    desktop: Visit, address: str, format_: str, title: str
) -> None:
    feed = desktop.page.request.get(f"{address}topics/ai.{format_}").text()
    here = feed.replace("https://feeds.example.com/assets/", f"{address}assets/")
    desktop.page.route("**/shown.xml", lambda route: route.fulfill(body=here, content_type="text/xml"))
    page = desktop.open("shown.xml")
    assert page.evaluate(f"getComputedStyle(document.querySelector('{title}')).display") == "block"
    assert "Its page is:" in page.evaluate("getComputedStyle(document.documentElement, '::before').content")
    shown = {"rss": "channel > link", "atom": "link[rel=alternate][type='text/html']"}[format_]
    assert page.evaluate(f'getComputedStyle(document.querySelector("{shown}")).display') == "block"

"""Makes the pictures of README.md: pages of the sample archive in headless Chromium.

    make screenshots

The pictures of the entries are on domains that do not exist, so some are drawn in their place.
"""

from __future__ import annotations

import sys
import tempfile
import zlib
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Literal, NamedTuple

from playwright.sync_api import ViewportSize, sync_playwright

import feeds
from feeds.serving.server import serving
from feeds.serving.wsgi import Application

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"


class Shot(NamedTuple):
    """A picture: its name, the page, the size of the window, and the colours."""

    name: str
    path: str
    size: ViewportSize
    colours: Literal["dark", "light"]


SHOTS = (
    Shot("index", "", {"width": 1200, "height": 960}, "light"),
    Shot("feed", "topics/ai/", {"width": 1200, "height": 820}, "light"),
    Shot("phone", "topics/energy/", {"width": 390, "height": 820}, "dark"),
)
_PICTURE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 480">
<defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="hsl({0} 45% 55%)"/>
<stop offset="1" stop-color="hsl({1} 50% 30%)"/></linearGradient></defs>
<rect width="640" height="480" fill="url(#g)"/><circle cx="{2}" cy="200" r="110" fill="hsl({0} 60% 75% / .5)"/>
</svg>"""


def main() -> None:
    browser_path = which("chromium") or which("chromium-browser") or which("google-chrome")
    if not browser_path:
        sys.exit("Chromium is needed: on Debian, apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        output = Path(folder) / "output"
        config = feeds.load_config(ROOT / "config" / "feeds.yaml")
        feeds.regenerate(config, output=output, cache=folder, ping=False)
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        with serving(Application(config, output), "127.0.0.1", 0) as server:
            for shot in SHOTS:
                _take(browser, server.address, shot)
        browser.close()


def _take(browser: Browser, base: str, shot: Shot) -> None:
    page = browser.new_page(viewport=shot.size, color_scheme=shot.colours)
    page.route(lambda url: not url.startswith(base), _draw)
    page.goto(base + shot.path, wait_until="networkidle")
    page.screenshot(path=IMAGES / f"{shot.name}.png")
    page.close()


def _draw(route: Route) -> None:
    hue = zlib.crc32(route.request.url.encode()) % 360
    route.fulfill(body=_PICTURE.format(hue, (hue + 50) % 360, 150 + hue), content_type="image/svg+xml")


if __name__ == "__main__":
    main()

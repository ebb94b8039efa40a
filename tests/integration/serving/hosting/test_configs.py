"""Responses of nginx, Caddy and Apache with the configurations of `feeds hosting`, and of `feeds serve`."""

from __future__ import annotations

import gzip
import http.client
import socket
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import brotli
import pytest
import yaml
from msgspec.structs import replace

import feeds
from feeds.config.schema import Config, SiteSettings, SourceSettings
from feeds.errors import HostingError
from feeds.output.manifest import DocumentRecord, Manifest, read_manifest
from feeds.serving.hosting.configs import Folders, Listen, parse_listen, render_hosting
from feeds.serving.hosting.kinds import KINDS
from feeds.serving.server import serving
from feeds.serving.wsgi import Application
from feeds.storage.local import LocalFolder
from feeds.text.urls import absolute_url
from tests.support.hosting import EACH, STARTS, date_back
from tests.support.servers import (
    LISTEN,
    NGINX_HAS_BROTLI,
    apache_command,
    caddy_command,
    nginx_command,
    open_folder,
)
from tests.support.site import NOW, Site

if TYPE_CHECKING:
    from collections.abc import Iterator

STORY = (
    "title: A story\nwebUrl: https://a.example/{0}\npublishedDateTime: {1}\ntopics: [{2}]\nprovider: {{domain: nau.de}}"
)
CONFIG = """\
serve: {{files: ["*"]}}
site: {{title: Test Wire, url: "{url}", ttl: 5, hub: "https://hub.example.net/?a,b=$c"}}
source: {{articles: [../articles]}}
archives: month
formats: {formats}
feeds: {{all: {{limit: 1}}, providers: {{min_entries: 1}}}}
moved: {{news: topics/ki-für-alle, café/news: topics/ai}}
"""
URLS = {"top": "https://feeds.example.com/", "below": "https://www.example.com/feeds/"}
HUB = '<https://hub.example.net/?a,b=$c>; rel="hub"'
MAX_AGE = "max-age=300"


@dataclass(frozen=True)
class Response:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def __getitem__(self, name: str) -> str | None:
        return self.headers[name]


@dataclass(frozen=True)
class Served:
    """A server at `address` that serves `output` as the site at `url`, with precompressed files or without."""

    kind: str
    address: str
    output: Path
    url: str
    is_precompressed: bool

    def request(self, path: str, method: str = "GET", **headers: str) -> Response:
        """Request a path below the URL of the site. `_` in the name of a header stands for a hyphen."""
        return self.request_root(f"{urlsplit(self.url).path.rstrip('/')}{quote(path, safe='/%')}", method, **headers)

    def request_root(self, path: str, method: str = "GET", **headers: str) -> Response:
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=30)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        received = connection.getresponse()
        response = Response(received.status, received.headers, received.read())
        connection.close()
        return response


def publish(site: Site, url: str, *, compress: bool) -> Config:
    """Publish a site with archives, moved feeds, removed documents, and files that the publisher does not own."""
    text = CONFIG.format(url=url, formats="[rss, atom, json]") + ("compress: [gzip, br]\n" if compress else "")
    (site.folder / "articles").mkdir()
    for number, (day, topic) in enumerate([("05-01", "AI"), ("03-01", "AI"), ("04-01", "KI für alle")]):
        site.article(f"{number}.md", STORY.format(number, f"2026-{day}T08:30:00Z", topic))
    old = site.article("old.md", STORY.format("old", "2026-02-01T08:30:00Z", "Old times"))
    site.configure(text)
    site.regenerate()
    old.unlink()
    feeds.regenerate(feeds.load_config(site.config_path), now=NOW, prune=True)
    (site.output / "robots.txt").write_text("User-agent: *\n" * 100, encoding="utf-8")
    (site.output / "map.xml").write_text("<map/>\n" * 100, encoding="utf-8")
    (site.output / "logo.PNG").write_bytes(b"\x89PNG")
    (site.output / ".secret").write_text("a secret", encoding="utf-8")
    (site.output / ".git").mkdir()
    (site.output / ".git" / "config").write_text("a secret", encoding="utf-8")
    (site.output / ".well-known").mkdir()
    (site.output / ".well-known" / "security.txt").write_text("Contact: mailto:editor@example.com\n", encoding="utf-8")
    date_back(site.output)
    return feeds.load_config(site.config_path)


@pytest.fixture(scope="module", params=["copies", "plain"])
def published(request: pytest.FixtureRequest) -> Iterator[tuple[Site, Config]]:
    """The site twice: with precompressed files at the root of its host, and without them below a path."""
    is_precompressed = request.param == "copies"
    with open_folder() as folder:
        site = Site(folder)
        yield site, publish(site, URLS["top" if is_precompressed else "below"], compress=is_precompressed)


@pytest.fixture(scope="module", params=["feeds serve", *EACH])
def served(request: pytest.FixtureRequest, published: tuple[Site, Config]) -> Iterator[Served]:
    site, config = published
    kind = request.param
    if kind == "feeds serve":
        with serving(Application(config, site.output), "127.0.0.1", 0) as server:
            yield Served(kind, server.address, site.output, config.base_url, bool(config.codings))
        return
    if kind == "nginx" and config.codings and not NGINX_HAS_BROTLI:
        pytest.skip("nginx has no Brotli (Debian: apt-get install libnginx-mod-http-brotli-static)")
    manifest = read_manifest(LocalFolder(site.output))
    _, text = render_hosting(kind, config, manifest, root=str(site.output), listen=parse_listen(LISTEN))
    with STARTS[kind](site.folder / kind, text) as address:
        yield Served(kind, address, site.output, config.base_url, bool(config.codings))


TYPES = {
    "/all.rss": "application/rss+xml; charset=utf-8",
    "/topics/ai.atom": "application/atom+xml; charset=utf-8",
    "/all/archive/2026-03.json": "application/feed+json; charset=utf-8",
    "/topics/ki-für-alle.json": "application/feed+json; charset=utf-8",
    "/providers/nau.de.rss": "application/rss+xml; charset=utf-8",
    "/feeds.json": "application/json; charset=utf-8",
    "/feeds.opml": "text/x-opml; charset=utf-8",
    "/": "text/html; charset=utf-8",
    "/index.html": "text/html; charset=utf-8",
    "/topics/ai/": "text/html; charset=utf-8",
    "/topics/ki-für-alle/": "text/html; charset=utf-8",
    "/assets/page.css": "text/css; charset=utf-8",
    "/assets/page.js": "text/javascript; charset=utf-8",
    "/robots.txt": "text/plain; charset=utf-8",
    "/map.xml": "application/xml; charset=utf-8",
    "/logo.PNG": "image/png",
    "/.well-known/security.txt": "text/plain; charset=utf-8",
}


def file_of(served: Served, path: str) -> Path:
    return served.output / (path[1:] + ("index.html" if path.endswith("/") else ""))


@pytest.mark.parametrize("path", TYPES)
def test_a_file_is_sent_with_its_type_and_what_caches_need(served: Served, path: str) -> None:
    response = served.request(path)
    assert (response.status, response["Content-Type"]) == (200, TYPES[path])
    assert response.body == file_of(served, path).read_bytes()
    assert response["Content-Encoding"] is None
    assert response["Content-Language"] is None
    assert response["ETag"]
    assert response["Last-Modified"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == MAX_AGE
    assert "Accept-Encoding" in (response["Vary"] or "") or path == "/logo.PNG"


DECODE = {"gzip": gzip.decompress, "br": brotli.decompress, "identity": bytes}


@pytest.mark.parametrize("coding", DECODE)
@pytest.mark.parametrize("path", ["/all.rss", "/topics/ki-für-alle.json", "/feeds.json", "/feeds.opml", "/topics/ai/"])
def test_a_document_is_sent_in_the_coding_that_is_asked_for(served: Served, path: str, coding: str) -> None:
    response = served.request(path, Accept_Encoding=coding)
    is_precompressed = served.is_precompressed and path != "/feeds.json"
    sent = response["Content-Encoding"] or "identity"
    if coding != "br" or is_precompressed:
        assert sent == ("identity" if coding == "gzip" and len(file_of(served, path).read_bytes()) < 512 else coding)
    assert DECODE[sent](response.body) == file_of(served, path).read_bytes()
    assert response["Content-Type"] == TYPES.get(path, "application/feed+json; charset=utf-8")
    assert response["Cache-Control"] == MAX_AGE
    assert "Accept-Encoding" in (response["Vary"] or "")
    assert response["Content-Language"] is None
    if is_precompressed and coding != "identity":
        copy = file_of(served, path + ("index.html" if path.endswith("/") else ""))
        assert response.body == copy.with_name(copy.name + {"gzip": ".gz", "br": ".br"}[coding]).read_bytes()


@pytest.mark.parametrize("coding", DECODE)
@pytest.mark.parametrize("path", ["/all.rss", "/feeds.json", "/topics/ai/", "/robots.txt"])
def test_what_a_reader_has_is_not_sent_again(served: Served, path: str, coding: str) -> None:
    first = served.request(path, Accept_Encoding=coding)
    for condition in ({"If_None_Match": first["ETag"]}, {"If_Modified_Since": first["Last-Modified"]}):
        again = served.request(path, Accept_Encoding=coding, **{name: value or "" for name, value in condition.items()})
        assert (again.status, again.body) == (304, b""), condition
        assert again["Cache-Control"] == MAX_AGE, "what a cache has lives on (RFC 9110, 15.4.5)"
    changed = served.request(path, Accept_Encoding=coding, If_None_Match='"another"')
    assert changed.status == 200


def test_codings_that_were_refused_are_not_sent(served: Served) -> None:
    response = served.request("/all.rss", Accept_Encoding="gzip;q=0, br;q=0.0, identity")
    assert response["Content-Encoding"] is None
    assert response.body == file_of(served, "/all.rss").read_bytes()


@pytest.mark.parametrize("path", ["/all.rss", "/topics/ai/"])
def test_head_is_answered_like_get_without_a_body(served: Served, path: str) -> None:
    get, head = served.request(path), served.request(path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Last-Modified", "Cache-Control"):
        assert head[name] == get[name], name


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_written(served: Served, method: str) -> None:
    assert served.request("/all.rss", method).status == 405


MOVED = {
    "/news.rss": "/topics/ki-für-alle.rss",
    "/news.json": "/topics/ki-für-alle.json",
    "/news": "/topics/ki-für-alle/",
    "/news/": "/topics/ki-für-alle/",
    "/news/archive/2026-03.rss": "/topics/ki-für-alle/archive/2026-03.rss",
    "/café/news.atom": "/topics/ai.atom",
    "/café/news/": "/topics/ai/",
}


@pytest.mark.parametrize("path", MOVED)
def test_what_moved_is_redirected(served: Served, path: str) -> None:
    response = served.request(path)
    assert response.status == 301
    target = urlsplit(response["Location"] or "")
    assert target.path == urlsplit(served.url).path.rstrip("/") + quote(MOVED[path])
    assert target.netloc in {"", urlsplit(served.address).netloc}
    assert response["Link"] is None


@pytest.mark.parametrize("path", ["/topics/ai", "/topics/ki-für-alle"])
def test_a_page_without_its_slash_is_redirected(served: Served, path: str) -> None:
    response = served.request(path)
    assert response.status in {301, 308}
    target = urlsplit(response["Location"] or "").path
    assert target.lower() == (urlsplit(served.url).path.rstrip("/") + quote(path) + "/").lower()


GONE = ["/topics/old-times.rss", "/topics/old-times.atom", "/topics/old-times/", "/all/archive/2026-02.rss"]


@pytest.mark.parametrize("path", GONE)
def test_what_is_gone_is_gone(served: Served, path: str) -> None:
    assert not file_of(served, path).exists()
    response = served.request(path)
    assert (response.status, response["Link"]) == (410, None)
    assert response["Cache-Control"] in {None, "no-store"}


def test_what_was_gone_and_is_back_is_sent(served: Served) -> None:
    file = file_of(served, "/topics/old-times.rss")
    file.write_text("<rss/>", encoding="utf-8")
    try:
        response = served.request("/topics/old-times.rss")
        assert (response.status, response.body) == (200, b"<rss/>")
        assert response["Content-Type"] == "application/rss+xml; charset=utf-8"
    finally:
        file.unlink()


@pytest.mark.parametrize(
    "path", ["/nothing.rss", "/topics/", "/assets/", "/.secret", "/%2esecret", "/.git/config", "/topics/.git/config"]
)
def test_nothing_else_is_shown(served: Served, path: str) -> None:
    response = served.request(path)
    assert response.status in {403, 404}
    assert b"secret" not in response.body
    assert b"ai.rss" not in response.body
    assert response["Link"] is None
    assert response["Cache-Control"] in {None, "no-store"}


@pytest.mark.parametrize(
    "path",
    [
        "/../secret",
        "/../../../../../../etc/passwd",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/topics/..%2f..%2fsecret",
        "/..\\secret",
    ],
)
def test_nothing_outside_is_shown(served: Served, path: str) -> None:
    (served.output.parent / "secret").write_text("a secret", encoding="utf-8")
    host = urlsplit(served.address)
    with socket.create_connection((str(host.hostname), int(host.port or 0)), timeout=30) as connection:
        target = urlsplit(served.url).path.rstrip("/") + path
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {host.netloc}\r\nConnection: close\r\n\r\n".encode())
        response = b"".join(iter(lambda: connection.recv(65536), b""))
    assert response.split(b" ")[1] in {b"400", b"403", b"404"}
    assert b"a secret" not in response
    assert b"root:" not in response


@pytest.mark.parametrize(
    ("path", "is_subscribed"),
    [
        ("/all.rss", True),
        ("/topics/ai.atom", True),
        ("/topics/ki-für-alle.json", True),
        ("/providers/nau.de.rss", True),
        ("/all/archive/2026-03.rss", False),
        ("/topics/ai/", False),
        ("/feeds.json", False),
        ("/feeds.opml", False),
        ("/robots.txt", False),
    ],
)
def test_what_people_subscribe_to_names_its_hub_and_itself(served: Served, path: str, is_subscribed: bool) -> None:
    response = served.request(path)
    own = f'<{served.url.rstrip("/")}{quote(path)}>; rel="self"'
    assert response.headers.get_all("Link", []) == ([HUB, own] if is_subscribed else [])


@pytest.mark.parametrize("path", TYPES)
def test_scripts_elsewhere_may_read_feeds(served: Served, path: str) -> None:
    is_feed = path.endswith((".rss", ".atom", ".json", ".opml")) and path != "/feeds.json"
    assert served.request(path)["Access-Control-Allow-Origin"] == ("*" if is_feed else None)


def test_the_top_of_the_host_leads_to_a_site_below_it(served: Served) -> None:
    response = served.request_root("/")
    if served.url == URLS["top"]:
        assert response.status == 200
        return
    assert (response.status, urlsplit(response["Location"] or "").path) == (302, "/feeds/")
    assert urlsplit(served.request_root("/feeds")["Location"] or "").path == "/feeds/"
    assert served.request_root("/all.rss").status == 404


#: Texts with a character that at least one server interprets.
HOSTILE = [
    'a"; b',
    "a; } server {",
    "a$host",
    "a${HOME}",
    "a#b",
    "a\\",
    'a\\"b',
    "a'b",
    "a`b",
    "a*[b]?",
    "%{env}e",
    "~ ^a",
]


def hostile(text: str) -> tuple[Config, Manifest]:
    """A configuration and a manifest with `text` in every place. The checks of the configuration would refuse most."""
    below = text.replace("#", "").replace("?", "")
    site = SiteSettings(title="t", url=f"https://a.example/{below}/", hub=f"https://hub.example/{text}")
    config = Config(
        site=site, source=SourceSettings(articles=("a",)), moved={f"old/{text}": text}, path=Path("x"), articles=()
    )
    return config, Manifest(documents=(record(text),), gone=(f"gone/{text}.rss", f"gone/{text}/index.html"))


def record(path: str) -> DocumentRecord:
    return DocumentRecord(
        path=f"{path}.rss",
        feed=path,
        kind="custom",
        name="n",
        title="t",
        type="x",
        entries=0,
        updated=NOW,
        bytes=0,
        digest="",
    )


COMMANDS: dict[str, Any] = {
    "nginx": lambda folder, text: [*nginx_command(folder, text), "-t"],
    "caddy": lambda folder, text: caddy_command(folder, text, "validate"),
    "apache": lambda folder, text: [*apache_command(folder, text), "-t"],
}


def is_refused(kind: str, text: str) -> bool:
    return (kind == "caddy" and any(sign in text for sign in "{}*?[\\")) or (
        kind == "apache" and ("${" in text or '"' in text)
    )


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("kind", EACH)
def test_no_value_is_taken_for_more_than_one(kind: str, text: str) -> None:
    config, manifest = hostile(text)
    with open_folder() as folder:
        output = folder / text
        output.mkdir()
        (output / "a.txt").write_text("a text", encoding="utf-8")
        (output / f"{text}.rss").write_text("<rss/>", encoding="utf-8")
        if is_refused(kind, text):
            with pytest.raises(HostingError, match="expected no"):
                render_hosting(kind, config, manifest, root=str(output))
            return
        _, rendered = render_hosting(kind, config, manifest, root=str(output), listen=parse_listen(LISTEN))
        with STARTS[kind](folder / kind, rendered) as address:
            served = Served(kind, address, output, config.base_url, is_precompressed=False)
            assert served.request("/a.txt").body == b"a text"
            subscribed = served.request(f"/{quote(text)}.rss")
            assert subscribed.body == b"<rss/>"
            assert subscribed.headers.get_all("Link") == [
                f'<{config.site.hub and absolute_url(config.site.hub)}>; rel="hub"',
                f'<{config.base_url}{quote(text)}.rss>; rel="self"',
            ]
            moved = served.request(f"/old/{quote(text)}.rss")
            there = urlsplit(f"{config.base_url}{quote(text)}.rss").path
            assert (moved.status, unquote(urlsplit(moved["Location"] or "").path)) == (301, unquote(there))
            assert served.request(f"/gone/{quote(text)}.rss").status == 410
            assert served.request(f"/gone/{quote(text)}/").status == 410
            assert served.request(f"/gone/{quote(text)}x").status == 404


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\x00b", "a\x7fb"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_value_that_would_end_a_line_is_refused(kind: str, text: str) -> None:
    config, manifest = hostile("a")
    for wrong in (
        (config, manifest, f"/{text}"),
        (config, replace(manifest, gone=(text,)), "/srv"),
        (config, replace(manifest, documents=(*manifest.documents, record(text))), "/srv"),
    ):
        with pytest.raises(HostingError, match="control character"):
            render_hosting(kind, wrong[0], wrong[1], root=wrong[2])


@pytest.mark.parametrize("root", ["output", "", "./output", "../output"])
def test_a_root_that_is_relative_is_refused(root: str) -> None:
    config, manifest = hostile("a")
    with pytest.raises(HostingError, match="from the top"):
        render_hosting("nginx", config, manifest, root=root)


@pytest.mark.parametrize(
    ("kind", "root"), [("caddy", "/srv/{env.HOME}"), ("caddy", "/srv/`\\"), ("apache", "/srv/${HOME}")]
)
def test_a_root_that_a_server_would_expand_is_refused(kind: str, root: str) -> None:
    config, manifest = hostile("a")
    with pytest.raises(HostingError, match="expected no"):
        render_hosting(kind, config, manifest, root=root)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8080", Listen("127.0.0.1", 8080)),
        ("[::1]:8080", Listen("[::1]", 8080)),
        ("localhost:80", Listen("localhost", 80)),
        ("8080", Listen("", 8080)),
        (":8080", Listen("", 8080)),
        ("*:8080", Listen("", 8080)),
    ],
)
def test_what_to_listen_on_is_understood(text: str, expected: Listen) -> None:
    assert parse_listen(text) == expected


@pytest.mark.parametrize("text", ["", "a:b", "127.0.0.1", "80 ;", "1:2:3", "99999", "a b:80"])
def test_what_nothing_listens_on_is_refused(text: str) -> None:
    with pytest.raises(HostingError, match="expected one such as"):
        parse_listen(text)


@pytest.mark.parametrize("url", ["https://feeds.example.com/", "http://feeds.example.com:8000/a/", "http://[::1]/"])
@pytest.mark.parametrize("kind", EACH)
def test_servers_take_what_is_for_their_public_address(kind: str, url: str, site: Site) -> None:
    site.configure(CONFIG.format(url=url, formats="[rss]"))
    config = feeds.load_config(site.config_path)
    _, text = render_hosting(kind, config, Manifest(), root=str(site.folder))
    ran = subprocess.run(
        COMMANDS[kind](site.folder / kind, text), capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert " warn" not in ran.stderr.lower().replace("permissions", "")


def test_each_kind_has_a_path_for_its_file() -> None:
    config, manifest = hostile("a")
    assert {kind: render_hosting(kind, config, manifest, root="/srv")[0] for kind in KINDS} == {
        "apache": "feeds.conf",
        "caddy": "Caddyfile",
        "github-pages": ".github/workflows/feeds.yml",
        "netlify": "netlify.toml",
        "nginx": "feeds.conf",
    }


def rendered(kind: str, site: Site, folders: Folders) -> str:
    config = publish(site, URLS["top"], compress=False)
    return render_hosting(kind, config, read_manifest(LocalFolder(site.output)), root="/", folders=folders)[1]


def test_netlify_is_told_of_types_redirects_and_what_is_gone(tmp_path: Path) -> None:
    text = tomllib.loads(rendered("netlify", Site(tmp_path), Folders(output="out put")))
    assert text["build"]["publish"] == "out put"
    assert text["build"]["command"].endswith("feeds.git && feeds regenerate --no-ping --output 'out put'")
    (plugin,) = text["plugins"]
    assert plugin["inputs"]["paths"] == [".feeds", "out put"]
    said = [(rule["for"], name) for rule in text["headers"] for name in rule["values"]]
    assert len(said) == len({*said}), "what several rules say is joined"
    headers = {rule["for"]: rule["values"] for rule in text["headers"]}
    assert headers["/*"] == {"X-Content-Type-Options": "nosniff", "Cache-Control": MAX_AGE}
    for path, type_ in {"/*.rss": "/all.rss", "/topics/*.json": "/topics/ki-für-alle.json"}.items():
        assert headers[path] == {"Content-Type": TYPES[type_], "Access-Control-Allow-Origin": "*"}
    assert headers["/feeds.json"] == {"Content-Type": TYPES["/feeds.json"]}
    own = f'{HUB}, <https://feeds.example.com/topics/ki-f%C3%BCr-alle.rss>; rel="self"'
    assert headers["/topics/ki-für-alle.rss"] == {"Link": own}
    assert "/all/archive/2026-03.rss" not in headers
    redirects = {rule["from"]: rule for rule in text["redirects"]}
    for old, new in MOVED.items():
        if "archive" not in old:
            assert redirects[old] == {"from": old, "to": quote(new), "status": 301, "force": True}
    assert redirects["/news/archive/*"]["to"] == "/topics/ki-f%C3%BCr-alle/archive/:splat"
    for path in GONE:
        assert redirects[path] == {"from": path, "to": path, "status": 410}, "not forced: what comes back is served"


def test_github_pages_publishes_what_it_keeps(tmp_path: Path) -> None:
    text = rendered("github-pages", Site(tmp_path), Folders(config="feeds.yaml"))
    workflow = yaml.safe_load(text)
    assert set(workflow[True]) == {"push", "schedule", "workflow_dispatch"}  # YAML 1.1 takes `on` for a boolean
    assert workflow["permissions"] == {"contents": "read", "pages": "write", "id-token": "write"}
    steps = workflow["jobs"]["publish"]["steps"]
    assert [(step.get("uses") or step["run"]).partition("@")[0] for step in steps] == [
        "actions/checkout",
        "actions/setup-python",
        "actions/cache/restore",
        "pip install git+https://git.example.com/feeds.git",
        "feeds regenerate --no-ping --config feeds.yaml",
        "actions/upload-pages-artifact",
        "actions/deploy-pages",
        "feeds ping --config feeds.yaml",
        "actions/cache/save",
    ]
    restore, save = (step["with"] for step in steps if "cache" in step.get("uses", ""))
    assert restore["path"] == save["path"] == ".feeds\noutput\n"
    assert restore["key"] == save["key"]
    assert save["key"].startswith(restore["restore-keys"])
    assert "${{ steps.deployment.outputs.page_url }}" in text


def test_without_a_hub_nothing_names_one(tmp_path: Path) -> None:
    site = Site(tmp_path)
    config = publish(site, URLS["top"], compress=False)
    config = replace(config, site=replace(config.site, hub=None))
    for kind in KINDS:
        _, text = render_hosting(kind, config, read_manifest(LocalFolder(site.output)), root="/srv")
        assert "rel=" not in text
        assert "feeds ping" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_site_that_was_never_published_has_a_configuration(kind: str, site: Site) -> None:
    config = feeds.load_config(site.config_path)
    first, second = (render_hosting(kind, config, Manifest(), root="/srv/output") for _ in range(2))
    assert first == second
    assert first[1].startswith("# ")
    assert first[1].endswith("\n")
    assert config.base_url in first[1]
    assert not [line for line in first[1].splitlines() if line != line.rstrip()]
    assert "pip install feeds" not in first[1]

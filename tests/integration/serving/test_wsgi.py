"""Responses of the WSGI application, without a network."""

from __future__ import annotations

import gzip
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import brotli
import psutil
import pytest
from werkzeug.test import Client, create_environ

from feeds import load_config
from feeds.errors import PublishError, ServeError
from feeds.serving.wsgi import Application, CompressedTexts, Served, check_published
from tests.support.samples import MONTHLY

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.test import TestResponse

    from tests.support.site import Site

STORY = "title: Story {0}\nwebUrl: https://a.example/{0}\npublishedDateTime: {1}\ntopics: [Café]"
CAFE = "/topics/caf%C3%A9"


@pytest.fixture
def published(site: Site) -> Site:
    site.configure(MONTHLY + "serve: {files: ['*']}\n")
    site.article("a.md", STORY.format("one", "2026-05-01T08:30:00Z"), body="Word. " * 400)
    site.article("b.md", STORY.format("two", "2026-03-01T08:30:00Z"))
    site.article("c.md", STORY.format("three", "2026-01-01T08:30:00Z"))
    site.regenerate()
    for file in site.output.rglob("*.*"):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    return site


@pytest.fixture
def client(published: Site) -> Client:
    return client_of(published)


class BufferedClient(Client):
    """A client that reads each response to its end, and closes it."""

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        return super().open(*arguments, **{"buffered": True, **options})


def client_of(site: Site) -> Client:
    return BufferedClient(Application(load_config(site.config_path), site.output))


def get(client: Client, path: str, **headers: str) -> TestResponse:
    return client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


# Codings


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("br", "br"),
        ("BR", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0", None),
        ("*", "br"),
        ("*;q=0", None),
        ("br;q=0, *;q=0.1", "gzip"),
        ("gzip;q=0.5, identity", None),
        ("gzip;q=0.5, identity;q=0.5", "gzip"),
        ("identity;q=0.1, gzip;q=0.2", "gzip"),
        ("identity;q=0", None),
        ("deflate", None),
    ],
)
def test_the_coding_is_the_one_that_the_client_likes_best(
    client: Client, published: Site, accepted: str | None, expected: str | None
) -> None:
    response = get(client, "/all.rss", **({} if accepted is None else {"Accept_Encoding": accepted}))
    assert response.headers.get("Content-Encoding") == expected
    assert response.headers["Vary"] == "Accept-Encoding"
    undo = {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}[expected]
    assert undo(response.data) == (published.output / "all.rss").read_bytes()
    assert response.headers["Content-Length"] == str(len(response.data))


def test_what_is_small_or_a_picture_is_not_compressed(client: Client, published: Site) -> None:
    (published.output / "small.txt").write_text("a" * 500)
    (published.output / "picture.png").write_bytes(b"a" * 5000)
    assert "Content-Encoding" not in get(client, "/small.txt", Accept_Encoding="gzip").headers
    with get(client, "/picture.png", Accept_Encoding="gzip") as response:
        assert "Content-Encoding" not in response.headers
        assert "Vary" not in response.headers


def test_a_large_file_is_sent_a_piece_at_a_time(client: Client, published: Site) -> None:
    film = published.output / "film.mp4"
    film.write_bytes(b"0123456789" * 100_000)
    os.utime(film, (1_700_000_000, 1_700_000_000))
    with client.get("/film.mp4", buffered=False) as response:
        chunks = list(response.iter_encoded())
    assert (len(chunks) > 10, b"".join(chunks) == film.read_bytes()) == (True, True)
    assert (response.headers["Content-Length"], response.headers["Content-Type"]) == ("1000000", "video/mp4")
    assert client.head("/film.mp4", buffered=True).headers["Content-Length"] == "1000000"
    with get(client, "/film.mp4", If_None_Match=response.headers["ETag"]) as again:
        assert again.status_code == 304


def replace_film(film: Path) -> None:
    """Replace the file as a run does: move another file to its path."""
    film.with_name("film.new").write_bytes(b"short body")
    film.with_name("film.new").replace(film)


def append_to_film(film: Path) -> None:
    with film.open("ab") as file:
        file.write(b"x" * 100_000)


@pytest.mark.parametrize("change", [replace_film, append_to_film, Path.unlink], ids=["replaced", "longer", "removed"])
def test_a_file_that_changes_after_its_length_was_sent_is_sent_with_that_length(
    published: Site, change: Callable[[Path], None]
) -> None:
    film = published.output / "film.mp4"
    film.write_bytes(b"0123456789" * 10_000)
    sent: dict[str, str] = {}
    application = Application(load_config(published.config_path), published.output)
    body = application(create_environ("/film.mp4"), lambda _status, headers: sent.update(headers))
    change(film)
    assert (sent["Content-Length"], b"".join(body)) == ("100000", b"0123456789" * 10_000)
    body.close()  # type: ignore[attr-defined]  # PEP 3333


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, 200),
        ("HEAD", {}, 200),
        ("GET", {"If-None-Match": "*"}, 304),
        ("GET", {"If-Match": '"x"'}, 412),
        ("POST", {}, 405),
    ],
    ids=str,
)
def test_no_file_stays_open(client: Client, published: Site, method: str, headers: dict[str, str], status: int) -> None:
    film = published.output / "film.mp4"
    film.write_bytes(b"0123456789" * 10_000)
    with client.open("/film.mp4", method=method, headers=headers) as response:
        assert response.status_code == status
    assert str(film) not in [file.path for file in psutil.Process().open_files()]


# Conditions


def test_each_coding_has_an_etag_of_its_own_which_is_strong(client: Client) -> None:
    etags = {get(client, "/all.rss", Accept_Encoding=coding).headers["ETag"] for coding in ("identity", "gzip", "br")}
    assert len(etags) == 3
    assert all(etag.startswith('"') for etag in etags)


@pytest.mark.parametrize("coding", ["identity", "gzip", "br"])
def test_a_client_that_has_it_gets_304(client: Client, coding: str) -> None:
    first = get(client, "/all.rss", Accept_Encoding=coding)
    again = get(client, "/all.rss", Accept_Encoding=coding, If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again.headers[name] == first.headers[name]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If_None_Match": "ETAG"}, 304),
        ({"If_None_Match": "W/ETAG"}, 304),
        ({"If_None_Match": '"x", ETAG'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"x"'}, 200),
        ({"If_None_Match": '"x"', "If_Modified_Since": "MODIFIED"}, 200),
        ({"If_None_Match": "ETAG", "If_Modified_Since": "Thu, 01 Jan 1970 00:00:00 GMT"}, 304),
        ({"If_Modified_Since": "MODIFIED"}, 304),
        ({"If_Modified_Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, 304),
        ({"If_Modified_Since": "Thu, 01 Jan 1970 00:00:00 GMT"}, 200),
        ({"If_Modified_Since": "yesterday"}, 200),
        ({"Range": "bytes=0-9"}, 200),
        ({"If_Match": '"x"'}, 412),
    ],
    ids=str,
)
def test_conditions(client: Client, headers: dict[str, str], status: int) -> None:
    first = get(client, "/all.rss")
    known = {"ETAG": first.headers["ETag"], "MODIFIED": first.headers["Last-Modified"]}
    sent = {}
    for name, value in headers.items():
        for word, meant in known.items():
            value = value.replace(word, meant)  # noqa: PLW2901  # insert the known values
        sent[name] = value
    assert get(client, "/all.rss", **sent).status_code == status


def test_what_changed_is_sent_whole_with_another_etag(client: Client, published: Site) -> None:
    first = get(client, "/all.rss")
    published.article("d.md", STORY.format("four", "2026-05-02T08:30:00Z"))
    published.regenerate()
    again = get(client, "/all.rss", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (200, (published.output / "all.rss").read_bytes())
    assert again.headers["ETag"] != first.headers["ETag"]


def test_another_version_than_the_one_that_is_asked_for_is_refused_in_a_line(client: Client) -> None:
    response = get(client, "/all.rss", If_Match='"x"')
    assert (response.status_code, response.text) == (412, "412 Precondition Failed: this is another version\n")
    assert response.headers["Cache-Control"] == "no-store"


def test_a_time_within_which_a_file_may_change_again_is_not_said(client: Client, published: Site) -> None:
    note = published.output / "note.txt"
    note.write_text("one")
    os.utime(note, (time.time() + 5, time.time() + 5))
    assert "Last-Modified" not in client.get("/note.txt").headers
    os.utime(note, (1_700_000_000, 1_700_000_000))
    assert client.get("/note.txt").headers["Last-Modified"] == "Tue, 14 Nov 2023 22:13:20 GMT"


def test_only_get_and_head(client: Client) -> None:
    head = client.head("/all.rss")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(client.get("/all.rss").data))
    for method in (client.post, client.put, client.delete, client.options):
        response = method("/all.rss")
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


# Paths


@pytest.mark.parametrize(
    "path",
    [
        "/../outside.txt",
        "/%2e%2e/outside.txt",
        "/topics/../../outside.txt",
        "/topics/..%2f..%2foutside.txt",
        "/..\\outside.txt",
        "/topics/..%5c..%5coutside.txt",
        "/%2foutside.txt",
        "/topics//ai.rss",
        "/./all.rss",
        "/all.rss%00",
        "/%00",
        "/all.rss/",
        "/%ff.rss",
        "/.hidden",
        "/.folder/file.txt",
        "/topics/.hidden",
        "/.well-known/.hidden",
        "/topics/.well-known/file",
        "/link.txt",
        "/folder/outside.txt",
        "/pipe",
        "/" + "a" * 5000,
        "/topics",
        "/nothing.rss",
    ],
)
def test_no_address_leaves_the_folder_and_what_is_hidden_stays_so(client: Client, published: Site, path: str) -> None:
    (published.folder / "outside.txt").write_text("secret")
    for hidden in (".hidden", ".folder/file.txt", "topics/.hidden", ".well-known/.hidden", "topics/.well-known/file"):
        (published.output / hidden).parent.mkdir(exist_ok=True)
        (published.output / hidden).write_text("secret")
    (published.output / "link.txt").symlink_to("../outside.txt")
    (published.output / "folder").symlink_to("..")
    os.mkfifo(published.output / "pipe")
    response = client.get(path)
    assert response.status_code == 404
    assert "secret" not in response.text
    assert response.headers["Cache-Control"] == "no-store"


def test_other_files_in_the_folder_are_served_and_links_that_stay_in_it(client: Client, published: Site) -> None:
    (published.output / ".well-known").mkdir()
    (published.output / ".well-known" / "security.txt").write_text("Contact: us")
    (published.output / "latest.rss").symlink_to("all.rss")
    assert client.get("/.well-known/security.txt").text == "Contact: us"
    assert client.get("/latest.rss").data == client.get("/all.rss").data


def test_files_of_others_are_served_only_if_the_configuration_allows_them(published: Site) -> None:
    published.configure(MONTHLY + "serve: {files: [robots.txt, 'images/*.png']}\n")
    (published.output / "images" / "deep").mkdir(parents=True)
    (published.output / ".well-known").mkdir()
    names = ("robots.txt", "images/deep/a.png", ".well-known/security.txt", "notes.txt", "images/a.txt", "b.html")
    for name in names:
        (published.output / name).write_text("theirs")
    (published.output / "secret.txt").write_text("secret")
    (published.output / "robots2.txt").symlink_to("secret.txt")
    client = client_of(published)
    wanted = {*names[:3], "feeds.json", "all.rss"}
    for name in (*names, "robots2.txt", "feeds.json", "all.rss"):
        with client.get(f"/{name}") as response:
            assert response.status_code == (200 if name in wanted else 404), name


def test_links_to_hidden_files_and_to_themselves_are_not_followed(client: Client, published: Site) -> None:
    (published.output / ".git").mkdir()
    (published.output / ".git" / "config").write_text("secret")
    (published.output / "config.txt").symlink_to(".git/config")
    (published.output / "loop.txt").symlink_to("loop.txt")
    (published.output / "loop").symlink_to("loop")
    for path in ("/config.txt", "/loop.txt", "/loop", "/loop/", "/loop/a.rss"):
        assert client.get(path).status_code == 404, path


@pytest.mark.parametrize("seconds", [-62_135_596_801, -(10**10), 2**33])
def test_a_file_of_any_time_is_served(client: Client, published: Site, seconds: int) -> None:
    try:
        os.utime(published.output / "all.rss", (seconds, seconds))
    except OSError:
        pytest.skip("the file system does not have such times")
    assert client.get("/all.rss").status_code == 200


def test_compressed_texts_take_a_bounded_space() -> None:
    texts = CompressedTexts(max_bytes=10_000)
    bodies = {str(number): os.urandom(1500) for number in range(20)}
    for digest, body in bodies.items():
        assert gzip.decompress(texts.get(body, digest, "gzip") or b"") == body
        assert texts.size <= 10_000
    kept = {digest: texts.get(b"", digest, "gzip") for digest in ("19", "18", "0", "19")}
    assert gzip.decompress(kept["19"] or b"") == bodies["19"]
    assert gzip.decompress(kept["18"] or b"") == bodies["18"]
    assert gzip.decompress(kept["0"] or b"") == b""  # forgotten, and compressed anew


def test_one_text_is_compressed_at_a_time(client: Client, published: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are sent as they are, so that nobody waits for a processor."""
    begun, is_over = threading.Event(), threading.Event()

    def compress(body: bytes, _: str) -> bytes:
        begun.set()
        assert is_over.wait(60)
        return gzip.compress(body)

    monkeypatch.setattr("feeds.serving.wsgi.compress", compress)
    first = threading.Thread(target=get, args=(client, "/all.rss"), kwargs={"Accept_Encoding": "gzip"})
    first.start()
    assert begun.wait(60)
    response = get(client, "/all.atom", Accept_Encoding="gzip")
    is_over.set()
    first.join()
    assert "Content-Encoding" not in response.headers
    assert response.data == (published.output / "all.atom").read_bytes()
    assert get(client, "/all.atom", Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("path", ["empty.bin", "empty.txt", "empty.html"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_empty_file_is_served(client: Client, published: Site, path: str, method: str) -> None:
    (published.output / path).touch()
    response = client.open(f"/{path}", method=method, headers={"Accept-Encoding": "gzip"})
    assert (response.status_code, response.data, response.headers["Content-Length"]) == (200, b"", "0")


def test_a_long_text_is_not_compressed(client: Client, published: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.serving.wsgi._MAX_COMPRESSED", 100)
    response = get(client, "/all.rss", Accept_Encoding="gzip")
    assert "Content-Encoding" not in response.headers
    assert response.data == (published.output / "all.rss").read_bytes()


def test_json_of_others_is_no_feed(client: Client, published: Site) -> None:
    (published.output / "data.json").write_text("{}")
    response = client.get("/data.json")
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Access-Control-Allow-Origin" not in response.headers


def test_a_folder_that_is_a_link_may_be_switched(published: Site) -> None:
    """Some deployments put each release in its own folder."""
    published.output.rename(published.folder / "first")
    published.output.symlink_to("first")
    client = client_of(published)
    assert client.get("/all.rss").status_code == 200
    (published.folder / "second").mkdir()
    (published.folder / "second" / "new.txt").write_text("new")
    published.output.unlink()
    published.output.symlink_to("second")
    assert client.get("/new.txt").text == "new"


def test_pages_are_at_folders(client: Client) -> None:
    page = client.get(f"{CAFE}/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    redirect = client.get(CAFE)
    assert (redirect.status_code, redirect.headers["Location"]) == (301, f"{CAFE}/")
    assert client.get("/").headers["Content-Type"] == "text/html; charset=utf-8"


def test_without_pages_the_start_says_where_the_feeds_are_listed(published: Site) -> None:
    published.configure(MONTHLY + "pages: off\n")
    published.regenerate()
    response = client_of(published).get("/")
    assert response.status_code == 404
    assert response.text == "404 Not Found: the site has no pages; feeds.opml lists its feeds\n"


def test_a_site_below_a_path(published: Site) -> None:
    published.configure(MONTHLY.replace("example.com/", "example.com/our%20feeds/"))
    published.regenerate()
    client = client_of(published)
    for path in ("/", "/our%20feeds"):
        response = client.get(path)
        assert (response.status_code, response.headers["Location"]) == (302, "/our%20feeds/")
    assert client.get("/our%20feeds/").status_code == 200
    assert client.get("/our%20feeds/all.rss").status_code == 200
    assert client.get(f"/our%20feeds{CAFE}").headers["Location"] == f"/our%20feeds{CAFE}/"
    assert client.get("/all.rss").status_code == 404
    assert client.get("/our%20feeds/../all.rss").status_code == 404


# What moved, and what is gone


def test_what_moved_redirects_and_what_is_gone_is_410(client: Client, published: Site) -> None:
    published.configure(
        MONTHLY.replace("archives: month", "formats: [rss]\nmoved: {topics/café: news/café}").replace(
            "providers: off", "providers: off, topics: off, custom: [{path: news/café, topics: {any: [Café]}}]"
        )
    )
    published.regenerate()
    for path, expected in ((f"{CAFE}.rss", "/news/caf%C3%A9.rss"), (f"{CAFE}/", "/news/caf%C3%A9/")):
        response = client.get(path)
        assert (response.status_code, response.headers["Location"]) == (301, expected)
        assert response.headers["Cache-Control"] == "max-age=300"
    for path in (f"{CAFE}.atom", "/all.json", "/all/archive/2026-03.rss"):
        assert client.get(path).status_code == 410
    published.configure(MONTHLY + "pages: off\n")
    published.regenerate()
    for path in ("/all/", "/all", "/all/index.html"):
        assert client.get(path).status_code == 410
    assert client.get("/never.json").status_code == 404


# Headers


def test_documents_that_people_subscribe_to_name_the_hub(published: Site) -> None:
    published.configure(MONTHLY.replace("ttl: 5", "hub: https://hub.example/"))
    published.regenerate()
    client = client_of(published)
    self_ = f"https://feeds.example.com{CAFE}.json"
    links = client.get(f"{CAFE}.json").headers.getlist("Link")
    assert links == ['<https://hub.example/>; rel="hub"', f'<{self_}>; rel="self"']
    for path in ("/all/archive/2026-03.rss", "/feeds.opml", "/", f"{CAFE}/"):
        response = client.get(path)
        assert response.status_code == 200
        assert "Link" not in response.headers


def test_feeds_may_be_read_by_scripts_of_other_sites_and_pages_not(client: Client) -> None:
    for path in ("/all.rss", "/all.atom", "/all.json", "/feeds.opml"):
        assert client.get(path).headers["Access-Control-Allow-Origin"] == "*"
    for path in ("/", "/feeds.json", "/nothing"):
        assert "Access-Control-Allow-Origin" not in client.get(path).headers
        assert client.get(path).headers["X-Content-Type-Options"] == "nosniff"


def test_answers_may_be_cached_as_long_as_ttl_says(client: Client, published: Site) -> None:
    for path in ("/all.rss", "/", "/assets/page.css"):
        assert client.get(path).headers["Cache-Control"] == "max-age=300"
    published.configure(MONTHLY.replace("ttl: 5", "ttl: 7"))
    assert client.get("/all.rss").headers["Cache-Control"] == "max-age=420"
    published.configure("site: {")
    assert client.get("/all.rss").headers["Cache-Control"] == "max-age=420"  # of the last valid one


def test_a_manifest_that_cannot_be_read_does_not_end_it(client: Client, published: Site) -> None:
    assert client.get("/all.rss").status_code == 200
    (published.output / "feeds.json").write_text("{")
    assert client.get("/all.rss").status_code == 200


def test_each_request_is_noted_with_its_path_as_it_was_sent(published: Site) -> None:
    noted: list[Served] = []
    client = BufferedClient(Application(load_config(published.config_path), published.output, noted.append))
    etag = client.get(f"{CAFE}.rss").headers["ETag"]
    client.get(f"{CAFE}.rss", headers={"If-None-Match": etag})
    client.head("/")
    client.get("/a%0Ab")
    size = (published.output / "topics" / "café.rss").stat().st_size
    assert noted == [
        Served("GET", f"{CAFE}.rss", 200, size),
        Served("GET", f"{CAFE}.rss", 304, 0),
        Served("HEAD", "/", 200, 0),
        Served("GET", "/a%0Ab", 404, 37),
    ]


def test_where_nothing_is_published_there_is_nothing_to_serve(site: Site) -> None:
    with pytest.raises(ServeError, match="nothing is published there; `feeds regenerate` does it, and --watch"):
        check_published(site.output)
    site.output.mkdir()
    (site.output / "feeds.json").write_text("{")
    with pytest.raises(PublishError):
        check_published(site.output)

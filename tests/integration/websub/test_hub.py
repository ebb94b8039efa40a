"""What the hub is told after a run: exactly the feeds that changed, each once, whatever happens in between."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import feedparser
import pytest
import urllib3
from click.testing import CliRunner

import feeds
from feeds.build import Report
from feeds.cli.commands import main
from feeds.cli.wording import hub_line
from feeds.output.manifest import read_manifest
from feeds.storage import files
from feeds.storage.local import DiskFolder
from feeds.watcher import Outcome, watch
from feeds.websub import client
from feeds.websub import hub as module
from feeds.websub.hub import HubReport, hub_of, topic_digests
from tests.integration.websub.test_client import PATIENCE, always, respond, running, waiting_for
from tests.support.paths import ROOT
from tests.support.site import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.websub.test_client import ScriptedHub
    from tests.support.site import Site

BASE = "https://feeds.example.com/"
STORY = "title: Story {0}\nwebUrl: https://a.example/{0}\npublishedDateTime: 2026-05-01T08:30:00Z\ntopics: [{1}]"
CONFIG = """\
site: {{title: Test Wire, url: "{base}", hub: "{hub}"}}
source: {{articles: [../articles]}}
pages: off
"""


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_PAUSES", (0.0, 0.01, 0.02))


@pytest.fixture
def hub() -> Iterator[ScriptedHub]:
    """A hub that takes all."""
    with running(always(202)) as hub:
        yield hub


def configure(site: Site, hub: str, more: str = "feeds: {providers: off}\n", base: str = BASE) -> None:
    site.configure(CONFIG.format(hub=hub, base=base) + more)


def regenerate(site: Site, **options: Any) -> HubReport:
    report = feeds.regenerate(feeds.load_config(site.config_path), now=NOW, **options).hub
    assert report is not None
    return report


def ping(site: Site, **options: Any) -> HubReport:
    return feeds.ping(feeds.load_config(site.config_path), **options)


def addresses(*paths: str, formats: tuple[str, ...] = ("atom", "json", "rss")) -> list[str]:
    return sorted(f"{BASE}{path}.{format_}" for path in paths for format_ in formats)


def heard(hub: ScriptedHub) -> list[str]:
    """What a hub was told since this was asked last."""
    told, hub.forms = sorted(hub.told), []
    return told


def memory_of(site: Site) -> Path:
    return site.folder / ".feeds" / "feeds.hub.json"


@pytest.fixture
def published(site: Site, hub: ScriptedHub) -> Site:
    """A site with two topics, of which the hub knows."""
    configure(site, hub.address)
    site.article("ai.md", STORY.format("one", "AI"))
    site.article("robots.md", STORY.format("two", "Robots"))
    regenerate(site)
    assert heard(hub) == addresses("all", "topics/ai", "topics/robots")
    return site


# What is told


def test_exactly_the_feeds_that_changed_are_told(published: Site, hub: ScriptedHub) -> None:
    published.article("robots.md", STORY.format("two", "Robots").replace("Story", "Tale"))
    report = regenerate(published)
    expected = addresses("all", "topics/robots")
    assert heard(hub) == expected
    assert report == HubReport(hub=hub.address, told=tuple(expected))


def test_a_run_that_changes_nothing_tells_nothing(published: Site, hub: ScriptedHub) -> None:
    assert regenerate(published) == HubReport(hub=hub.address)
    assert regenerate(published, full=True) == HubReport(hub=hub.address)
    assert heard(hub) == []


def test_a_new_feed_is_told_and_one_that_is_gone_is_forgotten(published: Site, hub: ScriptedHub) -> None:
    published.article("robots.md", STORY.format("two", "Energy"))
    regenerate(published, prune=True)
    assert heard(hub) == addresses("all", "topics/energy")
    assert "robots" not in memory_of(published).read_text()


def test_without_a_hub_nothing_is_told_or_remembered(site: Site) -> None:
    site.article("a.md", STORY.format("one", "AI"))
    assert site.regenerate().hub is None
    assert not memory_of(site).exists()


@pytest.mark.parametrize("options", [{"dry_run": True}, {"strict": True}], ids=["dry run", "strict"])
def test_a_run_that_publishes_nothing_tells_nothing(
    published: Site, hub: ScriptedHub, options: dict[str, bool]
) -> None:
    before = memory_of(published).read_bytes()
    published.article("robots.md", STORY.format("three", "Robots"))
    published.article("mistake.md", "title: No link")
    try:
        assert feeds.regenerate(feeds.load_config(published.config_path), now=NOW, **options).hub is None  # type: ignore[arg-type]
    except feeds.StrictError:
        assert options == {"strict": True}
    assert heard(hub) == []
    assert memory_of(published).read_bytes() == before


def test_only_what_people_subscribe_to_is_a_topic(site: Site, hub: ScriptedHub) -> None:
    configure(
        site,
        hub.address,
        "archives: month\ncompress: [gzip, br]\nmoved: {topics/old: topics/café}\nformats: [rss, json]\n"
        "feeds: {all: {limit: 1}, providers: off}\n",
    )
    site.article("a.md", STORY.format("one", "Café"))
    site.article("b.md", STORY.format("two", "Café").replace("2026-05", "2026-03"))
    site.article("c.md", STORY.format("three", "Café").replace("2026-05", "2026-01"))
    regenerate(site)
    documents = site.documents()
    assert {"all/archive/2026-03.rss", "all.rss.gz", "all.rss.br", "topics/old.rss"} <= documents.keys()
    assert heard(hub) == addresses("all", "topics/caf%C3%A9", formats=("json", "rss"))


def test_a_topic_is_what_the_feed_says_of_itself(published: Site) -> None:
    config = feeds.load_config(published.config_path)
    topics = topic_digests(read_manifest(DiskFolder(published.output)).documents, config.base_url)
    for path in ("all", "topics/ai", "topics/robots"):
        assert json.loads(published.documents()[f"{path}.json"])["feed_url"] in topics


def test_addresses_are_encoded(site: Site, hub: ScriptedHub) -> None:
    configure(
        site,
        hub.address,
        "feeds: {all: off, topics: off, providers: off, custom: [{path: neu/über, title: Ü}]}\nformats: [rss]\n",
    )
    regenerate(site)
    assert heard(hub) == [f"{BASE}neu/%C3%BCber.rss"]


# What is left to tell


def test_a_hub_that_is_down_fails_no_run_and_is_told_by_the_next_one(published: Site, hub: ScriptedHub) -> None:
    published.article("ai.md", STORY.format("three", "AI"))
    address = hub.address
    hub.answer = always(500)
    report = regenerate(published)
    expected = addresses("all", "topics/ai")
    assert report == HubReport(hub=address, waiting=tuple(expected), reason="500 Internal Server Error")
    assert b"Story three" in published.documents()["all.rss"]
    heard(hub)
    hub.answer = always(202)
    assert regenerate(published).told == tuple(expected)
    assert heard(hub) == expected
    assert regenerate(published).told == ()


def test_of_what_a_hub_takes_in_part_the_rest_is_left(published: Site, hub: ScriptedHub) -> None:
    def answer(request: BaseHTTPRequestHandler, _: int) -> None:
        respond(request, 404 if hub.told[-1].endswith(".json") else 202)

    hub.answer = answer
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "_THREADS", 1)
        published.article("ai.md", STORY.format("three", "AI"))
        report = regenerate(published)
    assert list(report.waiting) == addresses("all", "topics/ai", formats=("json",))
    assert list(report.told) == addresses("all", "topics/ai", formats=("atom", "rss"))
    assert report.reason == "404 Not Found"
    heard(hub)
    hub.answer = always(202)
    regenerate(published)
    assert heard(hub) == list(report.waiting)


def test_a_run_with_a_hub_that_hangs_ends_within_the_limit(
    published: Site, hub: ScriptedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIMIT", 0.5)
    monkeypatch.setattr(module.notify, "__defaults__", (0.5,))
    end = threading.Event()
    hub.answer = waiting_for(end)
    published.article("ai.md", STORY.format("three", "AI"))
    report = regenerate(published)
    end.set()
    assert (report.told, list(report.waiting), report.reason) == ((), addresses("all", "topics/ai"), "timed out")


def test_what_a_killed_run_published_is_told_by_the_next_one(published: Site, hub: ScriptedHub) -> None:
    before = memory_of(published).read_bytes()
    published.article("ai.md", STORY.format("three", "AI"))
    regenerate(published)
    heard(hub)
    memory_of(published).write_bytes(before)  # as it is where a run is killed between publishing and telling
    assert regenerate(published).told == tuple(addresses("all", "topics/ai"))
    assert heard(hub) == addresses("all", "topics/ai")


def test_the_first_run_with_a_hub_that_is_killed_loses_nothing(
    site: Site, hub: ScriptedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(site, hub.address)
    site.article("a.md", STORY.format("one", "AI"))

    def killed(*_: object) -> HubReport:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("feeds.build.notify", killed)
        with pytest.raises(KeyboardInterrupt):
            regenerate(site)
    assert regenerate(site).told == tuple(addresses("all", "topics/ai"))


def test_what_was_told_before_an_interruption_is_not_told_again(
    published: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = []

    def interrupted(_address: str, topics: list[str], _limit: float) -> Iterator[tuple[str, str | None]]:
        first.append(topics[0])
        yield topics[0], None
        raise KeyboardInterrupt

    published.article("ai.md", STORY.format("three", "AI"))
    with monkeypatch.context() as patch:
        patch.setattr(client, "notify_hub", interrupted)
        with pytest.raises(KeyboardInterrupt):
            regenerate(published)
    assert {*regenerate(published).told} == {*addresses("all", "topics/ai")} - {*first}


@pytest.mark.parametrize("damage", [b'{"version": 2, "hub": "x", "told": {}}', None], ids=["version", "missing"])
def test_where_it_is_not_known_what_was_told_only_what_the_run_wrote_is(published: Site, damage: bytes | None) -> None:
    if damage is None:
        memory_of(published).unlink()
    else:
        memory_of(published).write_bytes(damage)
    published.article("ai.md", STORY.format("three", "AI"))
    assert regenerate(published).told == tuple(addresses("all", "topics/ai"))
    assert regenerate(published).told == ()


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b'{"version": 1, "hub": 1}', b"\xff"],
    ids=["empty", "half", "list", "types", "bytes"],
)
def test_where_what_was_told_is_damaged_everything_is_told_again(published: Site, damage: bytes) -> None:
    memory_of(published).write_bytes(damage)
    assert regenerate(published).told == tuple(addresses("all", "topics/ai", "topics/robots"))
    assert regenerate(published).told == ()


def test_another_hub_is_told_of_what_the_run_wrote(published: Site) -> None:
    with running(always(202)) as other:
        configure(published, other.address)
        assert regenerate(published).told == tuple(addresses("all", "topics/ai", "topics/robots"))  # all name the hub
        assert regenerate(published).told == ()
        published.article("ai.md", STORY.format("three", "AI"))
        assert regenerate(published).told == tuple(addresses("all", "topics/ai"))


def test_what_is_published_elsewhere_does_not_count_as_told_here(published: Site, hub: ScriptedHub) -> None:
    published.article("ai.md", STORY.format("three", "AI"))
    regenerate(published, output=published.folder / "preview")
    heard(hub)
    assert regenerate(published).told == tuple(addresses("all", "topics/ai"))


def test_an_output_folder_that_is_gone_is_forgotten(published: Site) -> None:
    regenerate(published, output=published.folder / "preview")
    assert sorted(json.loads(memory_of(published).read_bytes())["told"]) == ["../output", "../preview"]
    for file in (published.folder / "preview").rglob("*.*"):
        file.unlink()
    (published.folder / "preview" / "topics").rmdir()
    (published.folder / "preview").rmdir()
    published.article("ai.md", STORY.format("three", "AI"))
    regenerate(published)
    assert list(json.loads(memory_of(published).read_bytes())["told"]) == ["../output"]


def test_a_site_that_is_moved_as_a_whole_keeps_what_was_told(published: Site) -> None:
    moved = type(published)(published.folder / "moved")
    moved.folder.mkdir()
    for name in ("config", "articles", "output", ".feeds"):
        (published.folder / name).rename(moved.folder / name)
    moved.article("ai.md", STORY.format("three", "AI"))
    assert regenerate(moved).told == tuple(addresses("all", "topics/ai"))


def test_what_cannot_be_remembered_fails_no_run(published: Site, hub: ScriptedHub) -> None:
    memory_of(published).unlink()
    memory_of(published).mkdir()
    published.article("ai.md", STORY.format("three", "AI"))
    report = regenerate(published)
    assert heard(hub) == addresses("all", "topics/ai", "topics/robots")  # better twice than never
    assert report.reason is not None
    assert report.reason.startswith(f"{memory_of(published)}: cannot be written: ")


def test_what_cannot_be_read_for_a_moment_loses_no_notice(
    published: Site, hub: ScriptedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    published.article("ai.md", STORY.format("three", "AI"))
    regenerate(published, ping=False)
    with monkeypatch.context() as refusing:
        refusing.setattr(files, "read_regular", refused)
        published.regenerate()
    assert set(heard(hub)) >= set(addresses("all", "topics/ai"))


def test_who_reads_what_is_remembered_finds_it_whole_whoever_writes_it(tmp_path: Path) -> None:
    """As where `feeds ping` runs beside a watcher."""
    remembered = module.Hub("https://hub.example/", tmp_path / "hub.json", DiskFolder(tmp_path / "output"))
    (tmp_path / "output").mkdir()
    known = [{f"https://feeds.example.com/{name}.rss": "x" * 9000} for name in ("a", "b")]
    module._remember(remembered, known[0])
    is_over = threading.Event()

    def write(told: dict[str, str]) -> None:
        while not is_over.is_set():
            module._remember(remembered, told)

    writers = [threading.Thread(target=write, args=(told,)) for told in known]
    for writer in writers:
        writer.start()
    found = [module._read(remembered).get(remembered.key) for _ in range(300)]
    is_over.set()
    for writer in writers:
        writer.join()
    assert [told for told in found if told not in known] == []
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["hub.json"]


# Telling later


def test_what_is_not_told_at_once_is_told_by_ping(published: Site, hub: ScriptedHub) -> None:
    for number in ("three", "four"):
        published.article("ai.md", STORY.format(number, "AI"))
        report = regenerate(published, ping=False)
        assert report == HubReport(hub=hub.address, waiting=tuple(addresses("all", "topics/ai")))
    assert heard(hub) == []
    assert ping(published).told == tuple(addresses("all", "topics/ai"))
    assert heard(hub) == addresses("all", "topics/ai")
    assert ping(published) == HubReport(hub=hub.address)


def test_the_first_run_without_telling_keeps_what_ping_has_to_tell(site: Site, hub: ScriptedHub) -> None:
    configure(site, hub.address)
    site.article("a.md", STORY.format("one", "AI"))
    regenerate(site, ping=False)
    assert ping(site).told == tuple(addresses("all", "topics/ai"))


def test_ping_tells_of_all_feeds_if_it_is_told_to(published: Site) -> None:
    assert ping(published, everything=True).told == tuple(addresses("all", "topics/ai", "topics/robots"))
    memory_of(published).unlink()
    assert len(ping(published, everything=True).told) == 9
    assert ping(published).told == ()


def test_ping_does_not_guess(published: Site, hub: ScriptedHub) -> None:
    memory_of(published).unlink()
    with pytest.raises(feeds.HubError, match=r"feeds\.hub\.json does not say what http://127"):
        ping(published)
    assert heard(hub) == []


def test_the_hub_is_the_address_that_feeds_name(site: Site) -> None:
    configure(site, "https://hub.example")
    found = hub_of(feeds.load_config(site.config_path), DiskFolder(site.output), site.folder / ".feeds")
    assert found is not None
    assert found.address == "https://hub.example/"


# The command line


def run(site: Site, *arguments: str) -> Any:
    return CliRunner().invoke(main, [*arguments, "--config", str(site.config_path)])


@pytest.mark.parametrize(
    ("told", "waiting", "reason", "expected"),
    [
        (0, 0, None, ""),
        (1, 0, None, "the hub was told of 1 document"),
        (0, 2, None, "the hub is to be told of 2 documents: `feeds ping` does it"),
        (0, 2, "timed out", "the hub H was not told of 2 documents (timed out); the next run tries again"),
        (
            3,
            1,
            "404 Not Found",
            (
                "the hub was told of 3 documents; the hub H was not told of 1 document (404 Not Found); "
                "the next run tries again"
            ),
        ),
        (3, 0, "f: full", "the hub was told of 3 documents; what the hub was told cannot be remembered (f: full)"),
    ],
    ids=["nothing", "told", "later", "failed", "in part", "forgotten"],
)
def test_what_a_run_says_of_the_hub(told: int, waiting: int, reason: str | None, expected: str) -> None:
    assert hub_line(HubReport(hub="H", told=("t",) * told, waiting=("w",) * waiting, reason=reason)) == expected


def test_regenerate_says_what_was_told(site: Site, hub: ScriptedHub) -> None:
    configure(site, hub.address)
    site.article("a.md", STORY.format("one", "AI"))
    assert run(site, "regenerate").stdout.splitlines()[-1] == "The hub was told of 6 documents"
    again = run(site, "regenerate")
    assert "hub" not in again.output
    site.article("a.md", STORY.format("two", "AI"))
    hub.answer = always(403)
    failed = run(site, "regenerate", "-q")
    line = f"The hub {hub.address} was not told of 6 documents (403 Forbidden); the next run tries again\n"
    assert (failed.exit_code, failed.stdout, failed.stderr) == (0, "", line)
    report = json.loads(run(site, "regenerate", "--json").stdout)["hub"]
    expected = addresses("all", "topics/ai")
    assert report == {"hub": hub.address, "told": [], "waiting": expected, "reason": "403 Forbidden"}


def test_no_ping_then_ping(site: Site, hub: ScriptedHub) -> None:
    configure(site, hub.address)
    site.article("a.md", STORY.format("one", "AI"))
    line = "The hub is to be told of 6 documents: `feeds ping` does it"
    assert run(site, "regenerate", "--no-ping").stdout.splitlines()[-1] == line
    hub.answer = always(403)
    failed = run(site, "ping", "-q")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert "was not told of 6 documents (403 Forbidden)" in failed.stderr
    hub.answer = always(204)
    done = run(site, "ping")
    assert (done.exit_code, done.output) == (0, "The hub was told of 6 documents\n")
    assert run(site, "ping").output == "The hub knows of everything.\n"
    assert json.loads(run(site, "ping", "--all", "--json").stdout)["told"] == addresses("all", "topics/ai")
    assert run(site, "ping", "-q").output == ""


def test_ping_without_a_hub_exits_2_and_says_which_key_is_missing(site: Site) -> None:
    result = run(site, "ping")
    assert result.exit_code == 2
    assert result.stderr == "feeds.yaml: site.hub: is not there; expected the address of a WebSub hub\n"


def test_ping_before_anything_was_published_exits_1(site: Site, hub: ScriptedHub) -> None:
    configure(site, hub.address)
    result = run(site, "ping")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "publish first, or `feeds ping --all`" in result.stderr


def test_threads_that_hang_do_not_keep_the_process(site: Site) -> None:
    """The name is looked up for ever; only the time for telling is over."""
    configure(site, "https://hub.invalid/")
    site.article("a.md", STORY.format("one", "AI"))
    code = (
        "import socket, threading, feeds, feeds.websub.hub\n"
        "socket.getaddrinfo = lambda *_, **__: threading.Event().wait()\n"
        "feeds.websub.hub.notify.__defaults__ = (0.3,)\n"
        f"print(feeds.regenerate(feeds.load_config({str(site.config_path)!r})).hub.reason)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout == "timed out\n"


def test_while_watching_what_waits_is_tried_with_each_minute_and_told_once(site: Site, hub: ScriptedHub) -> None:
    """As a process, with minutes of half a second."""
    configure(site, hub.address)
    site.article("a.md", STORY.format("one", "AI"))
    hub.answer = always(403)
    arguments = ["regenerate", "--watch", "--config", str(site.config_path)]
    code = f"import feeds.watcher, feeds.cli; feeds.watcher._MINUTE = 0.5; feeds.cli.main({arguments!r})"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        watching.stdout.readline()
        first = watching.stdout.readline()
        wait_until(lambda: len(hub.forms) >= 18)  # three runs
        hub.answer = always(202)
        second = watching.stdout.readline()
        watching.send_signal(signal.SIGTERM)
        assert watching.stdout.read() == ""
    line = f"; the hub {hub.address} was not told of 6 documents (403 Forbidden); the next run tries again\n"
    assert first.endswith(line)
    assert "; the hub was told of " in second


def test_while_watching_no_save_waits_for_a_hub_that_could_not_be_told(site: Site, hub: ScriptedHub) -> None:
    """It is left alone for a minute; what a run says of it is the reason that there was."""
    configure(site, hub.address)
    site.article("a.md", STORY.format("one", "AI"))
    hub.answer = always(403)
    reports = []
    for event in watch(site.config_path):
        if isinstance(event, Outcome):
            assert isinstance(event.result, Report)
            reports.append(event.result)
            site.article("a.md", STORY.format(f"number {len(reports)}", "AI"))
        if len(reports) == 3:
            break
    assert len(hub.forms) == 6
    assert [report.hub.reason for report in reports if report.hub] == ["403 Forbidden"] * 3


def wait_until(is_so: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


# A hub that delivers


class Subscriber(BaseHTTPRequestHandler):
    """A callback that agrees to what the hub asks, and notes what it delivers."""

    delivered: list[bytes]

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        respond(self, 200, query["hub.challenge"][0].encode())

    def do_POST(self) -> None:
        self.delivered.append(self.rfile.read(int(self.headers["Content-Length"])))
        respond(self, 204)

    def log_message(self, *_: object) -> None:
        """Not on the screen."""


class FeedServer(SimpleHTTPRequestHandler):
    """A web server of output/ that says what WebSub wants it to (section 4)."""

    links: list[str]

    def end_headers(self) -> None:
        for link in self.links:
            self.send_header("Link", link.format(self.path))
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Not on the screen."""


@contextmanager
def serving(handler: Any) -> Iterator[str]:
    """The address of a server on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)


@contextmanager
def flask_websub(folder: Path) -> Iterator[str]:
    """The address of a hub that runs."""
    command = [sys.executable, "-m", "tests.support.websub_hub", str(folder / "subscriptions.sqlite")]
    root = ROOT
    with (
        (folder / "hub.log").open("w") as log,
        subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def subscribe(hub: str, callback: str, topic: str) -> int:
    form = {"hub.mode": "subscribe", "hub.callback": callback, "hub.topic": topic, "hub.lease_seconds": "3600"}
    with urllib3.PoolManager() as pool:
        return pool.request("POST", hub, fields=form, encode_multipart=False).status


def test_a_hub_delivers_exactly_the_feed_that_changed_to_who_subscribed(site: Site, tmp_path: Path) -> None:
    delivered: list[bytes] = []
    subscriber = type("_", (Subscriber,), {"delivered": delivered})
    site.output.mkdir()
    links: list[str] = []
    server = partial(type("_", (FeedServer,), {"links": links}), directory=str(site.output))
    with flask_websub(tmp_path) as hub, serving(server) as base, serving(subscriber) as callback:
        links += [f'<{hub}>; rel="hub"', f'<{base[:-1]}{{}}>; rel="self"']
        configure(site, hub, base=base)
        site.article("ai.md", STORY.format("one", "AI"))
        site.article("robots.md", STORY.format("two", "Robots"))
        assert regenerate(site).reason is None
        topic = f"{base}topics/robots.rss"
        with urlopen(topic) as response:  # noqa: S310  # on loopback
            assert ("hub", hub) in [(link.rel, link.href) for link in feedparser.parse(response.read()).feed.links]
        assert subscribe(hub, callback, topic) == 202
        site.article("ai.md", STORY.format("three", "AI"))
        assert regenerate(site).reason is None
        assert delivered == []  # another feed changed
        site.article("robots.md", STORY.format("four", "Robots"))
        report = regenerate(site)
    assert report.reason is None
    assert topic in report.told
    assert f"{base}topics/ai.rss" not in report.told
    assert delivered == [site.documents()["topics/robots.rss"]]
    assert b"Story four" in delivered[0]

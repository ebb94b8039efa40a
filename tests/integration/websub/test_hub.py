"""The notifications after a run: exactly the feeds that changed, each once, whatever happens in between."""

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
from feeds.storage.folder import open_folder
from feeds.watcher import Outcome, watch
from feeds.websub import client
from feeds.websub.client import NotifyLimits
from feeds.websub.hub import Hub, HubReport, hub_of, read_notified, topic_digests, write_notified
from tests.support.paths import ROOT
from tests.support.scripted_hub import PATIENCE, always, respond, running, waiting_for
from tests.support.site import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.scripted_hub import ScriptedHub
    from tests.support.site import Site

BASE = "https://feeds.example.com/"
STORY = "title: Story {0}\nwebUrl: https://a.example/{0}\npublishedDateTime: 2026-05-01T08:30:00Z\ntopics: [{1}]"
SHORT_PAUSES = NotifyLimits(pauses=(0.0, 0.01, 0.02))
CONFIG = """\
site: {{title: Test Wire, url: "{base}", hub: "{hub}"}}
source: {{articles: [../articles]}}
pages: off
"""


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "DEFAULT_LIMITS", SHORT_PAUSES)


@pytest.fixture
def hub() -> Iterator[ScriptedHub]:
    """A hub that accepts everything."""
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


def urls(*paths: str, formats: tuple[str, ...] = ("atom", "json", "rss")) -> list[str]:
    return sorted(f"{BASE}{path}.{format_}" for path in paths for format_ in formats)


def received_by(hub: ScriptedHub) -> list[str]:
    """The topic URLs that the hub received since the last call, sorted."""
    received, hub.forms = sorted(hub.told), []
    return received


def state_path_of(site: Site) -> Path:
    return site.folder / ".feeds" / "feeds.hub.json"


@pytest.fixture
def published(site: Site, hub: ScriptedHub) -> Site:
    """A site with two topics, whose feeds the hub was notified of."""
    configure(site, hub.address)
    site.article("ai.md", STORY.format("one", "AI"))
    site.article("robots.md", STORY.format("two", "Robots"))
    regenerate(site)
    assert received_by(hub) == urls("all", "topics/ai", "topics/robots")
    return site


# Changed feeds


def test_the_hub_is_notified_of_exactly_the_feeds_that_changed(published: Site, hub: ScriptedHub) -> None:
    published.article("robots.md", STORY.format("two", "Robots").replace("Story", "Tale"))
    report = regenerate(published)
    expected = urls("all", "topics/robots")
    assert received_by(hub) == expected
    assert report == HubReport(hub=hub.address, told=tuple(expected))


def test_a_run_that_changes_nothing_sends_nothing(published: Site, hub: ScriptedHub) -> None:
    assert regenerate(published) == HubReport(hub=hub.address)
    assert regenerate(published, full=True) == HubReport(hub=hub.address)
    assert received_by(hub) == []


def test_a_new_feed_is_sent_and_a_removed_one_is_dropped_from_the_state(published: Site, hub: ScriptedHub) -> None:
    published.article("robots.md", STORY.format("two", "Energy"))
    regenerate(published, prune=True)
    assert received_by(hub) == urls("all", "topics/energy")
    assert "robots" not in state_path_of(published).read_text()


def test_without_a_hub_there_is_no_report_and_no_state(site: Site) -> None:
    site.article("a.md", STORY.format("one", "AI"))
    assert site.regenerate().hub is None
    assert not state_path_of(site).exists()


@pytest.mark.parametrize("options", [{"dry_run": True}, {"strict": True}], ids=["dry run", "strict"])
def test_a_run_that_publishes_nothing_sends_nothing(
    published: Site, hub: ScriptedHub, options: dict[str, bool]
) -> None:
    before = state_path_of(published).read_bytes()
    published.article("robots.md", STORY.format("three", "Robots"))
    published.article("mistake.md", "title: No link")
    try:
        assert feeds.regenerate(feeds.load_config(published.config_path), now=NOW, **options).hub is None  # type: ignore[arg-type]
    except feeds.StrictError:
        assert options == {"strict": True}
    assert received_by(hub) == []
    assert state_path_of(published).read_bytes() == before


def test_only_documents_that_people_subscribe_to_are_topics(site: Site, hub: ScriptedHub) -> None:
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
    assert received_by(hub) == urls("all", "topics/caf%C3%A9", formats=("json", "rss"))


def test_a_topic_is_the_url_in_the_feed(published: Site) -> None:
    config = feeds.load_config(published.config_path)
    topics = topic_digests(read_manifest(open_folder(published.output)).documents, config.base_url)
    for path in ("all", "topics/ai", "topics/robots"):
        assert json.loads(published.documents()[f"{path}.json"])["feed_url"] in topics


def test_topic_urls_are_encoded(site: Site, hub: ScriptedHub) -> None:
    configure(
        site,
        hub.address,
        "feeds: {all: off, topics: off, providers: off, custom: [{path: neu/über, title: Ü}]}\nformats: [rss]\n",
    )
    regenerate(site)
    assert received_by(hub) == [f"{BASE}neu/%C3%BCber.rss"]


# Failures and interruptions


def test_a_hub_that_is_down_is_notified_by_the_next_run(published: Site, hub: ScriptedHub) -> None:
    published.article("ai.md", STORY.format("three", "AI"))
    address = hub.address
    hub.answer = always(500)
    report = regenerate(published)
    expected = urls("all", "topics/ai")
    assert report == HubReport(hub=address, waiting=tuple(expected), reason="500 Internal Server Error")
    assert b"Story three" in published.documents()["all.rss"]
    received_by(hub)
    hub.answer = always(202)
    assert regenerate(published).told == tuple(expected)
    assert received_by(hub) == expected
    assert regenerate(published).told == ()


def test_refused_topics_are_left_for_the_next_run(published: Site, hub: ScriptedHub) -> None:
    def answer(request: BaseHTTPRequestHandler, _: int) -> None:
        respond(request, 404 if hub.told[-1].endswith(".json") else 202)

    hub.answer = answer
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "DEFAULT_LIMITS", NotifyLimits(threads=1))
        published.article("ai.md", STORY.format("three", "AI"))
        report = regenerate(published)
    assert list(report.waiting) == urls("all", "topics/ai", formats=("json",))
    assert list(report.told) == urls("all", "topics/ai", formats=("atom", "rss"))
    assert report.reason == "404 Not Found"
    received_by(hub)
    hub.answer = always(202)
    regenerate(published)
    assert received_by(hub) == list(report.waiting)


def test_a_run_with_a_silent_hub_ends_within_the_limit(
    published: Site, hub: ScriptedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "DEFAULT_LIMITS", NotifyLimits(total=0.5))
    end = threading.Event()
    hub.answer = waiting_for(end)
    published.article("ai.md", STORY.format("three", "AI"))
    report = regenerate(published)
    end.set()
    assert (report.told, list(report.waiting), report.reason) == ((), urls("all", "topics/ai"), "timed out")


def test_the_next_run_notifies_of_what_a_killed_run_published(published: Site, hub: ScriptedHub) -> None:
    before = state_path_of(published).read_bytes()
    published.article("ai.md", STORY.format("three", "AI"))
    regenerate(published)
    received_by(hub)
    state_path_of(published).write_bytes(before)  # as if the run had been killed between publishing and notifying
    assert regenerate(published).told == tuple(urls("all", "topics/ai"))
    assert received_by(hub) == urls("all", "topics/ai")


def test_a_killed_first_run_loses_no_notification(
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
    assert regenerate(site).told == tuple(urls("all", "topics/ai"))


def test_what_was_sent_before_an_interruption_is_not_sent_again(
    published: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = []

    def interrupted(_: str, topic_urls: list[str], __: NotifyLimits | None) -> Iterator[tuple[str, str | None]]:
        first.append(topic_urls[0])
        yield topic_urls[0], None
        raise KeyboardInterrupt

    published.article("ai.md", STORY.format("three", "AI"))
    with monkeypatch.context() as patch:
        patch.setattr(client, "notify_hub", interrupted)
        with pytest.raises(KeyboardInterrupt):
            regenerate(published)
    assert {*regenerate(published).told} == {*urls("all", "topics/ai")} - {*first}


@pytest.mark.parametrize("damage", [b'{"version": 2, "hub": "x", "told": {}}', None], ids=["version", "missing"])
def test_without_a_state_only_what_the_run_wrote_is_sent(published: Site, damage: bytes | None) -> None:
    if damage is None:
        state_path_of(published).unlink()
    else:
        state_path_of(published).write_bytes(damage)
    published.article("ai.md", STORY.format("three", "AI"))
    assert regenerate(published).told == tuple(urls("all", "topics/ai"))
    assert regenerate(published).told == ()


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b'{"version": 1, "hub": 1}', b"\xff"],
    ids=["empty", "half", "list", "types", "bytes"],
)
def test_with_a_damaged_state_everything_is_sent_again(published: Site, damage: bytes) -> None:
    state_path_of(published).write_bytes(damage)
    assert regenerate(published).told == tuple(urls("all", "topics/ai", "topics/robots"))
    assert regenerate(published).told == ()


def test_a_new_hub_is_notified_of_what_the_run_wrote(published: Site) -> None:
    with running(always(202)) as other:
        configure(published, other.address)
        assert regenerate(published).told == tuple(urls("all", "topics/ai", "topics/robots"))  # all name the hub
        assert regenerate(published).told == ()
        published.article("ai.md", STORY.format("three", "AI"))
        assert regenerate(published).told == tuple(urls("all", "topics/ai"))


def test_each_output_folder_has_its_own_state(published: Site, hub: ScriptedHub) -> None:
    published.article("ai.md", STORY.format("three", "AI"))
    regenerate(published, output=published.folder / "preview")
    received_by(hub)
    assert regenerate(published).told == tuple(urls("all", "topics/ai"))


def test_a_removed_output_folder_is_dropped_from_the_state(published: Site) -> None:
    regenerate(published, output=published.folder / "preview")
    assert sorted(json.loads(state_path_of(published).read_bytes())["told"]) == ["../output", "../preview"]
    for file in (published.folder / "preview").rglob("*.*"):
        file.unlink()
    (published.folder / "preview" / "topics").rmdir()
    (published.folder / "preview").rmdir()
    published.article("ai.md", STORY.format("three", "AI"))
    regenerate(published)
    assert list(json.loads(state_path_of(published).read_bytes())["told"]) == ["../output"]


def test_a_moved_site_keeps_its_state(published: Site) -> None:
    moved = type(published)(published.folder / "moved")
    moved.folder.mkdir()
    for name in ("config", "articles", "output", ".feeds"):
        (published.folder / name).rename(moved.folder / name)
    moved.article("ai.md", STORY.format("three", "AI"))
    assert regenerate(moved).told == tuple(urls("all", "topics/ai"))


def test_a_state_that_cannot_be_written_fails_no_run(published: Site, hub: ScriptedHub) -> None:
    state_path_of(published).unlink()
    state_path_of(published).mkdir()
    published.article("ai.md", STORY.format("three", "AI"))
    report = regenerate(published)
    assert received_by(hub) == urls("all", "topics/ai", "topics/robots")  # better twice than never
    assert report.reason is not None
    assert report.reason.startswith(".feeds/feeds.hub.json: cannot be written: ")


def test_a_state_that_cannot_be_read_loses_no_notification(
    published: Site, hub: ScriptedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    published.article("ai.md", STORY.format("three", "AI"))
    regenerate(published, ping=False)
    with monkeypatch.context() as refusing:
        refusing.setattr("feeds.websub.hub.read_regular", refused)
        published.regenerate()
    assert set(received_by(hub)) >= set(urls("all", "topics/ai"))


def test_the_state_is_replaced_atomically(tmp_path: Path) -> None:
    """`feeds ping` may run beside a watcher."""
    hub = Hub("https://hub.example/", tmp_path / "hub.json", open_folder(tmp_path / "output"))
    (tmp_path / "output").mkdir()
    states = [{f"https://feeds.example.com/{name}.rss": "x" * 9000} for name in ("a", "b")]
    write_notified(hub, states[0])
    is_over = threading.Event()

    def write(state: dict[str, str]) -> None:
        while not is_over.is_set():
            write_notified(hub, state)

    writers = [threading.Thread(target=write, args=(state,)) for state in states]
    for writer in writers:
        writer.start()
    found = [read_notified(hub).get(hub.key) for _ in range(300)]
    is_over.set()
    for writer in writers:
        writer.join()
    assert [state for state in found if state not in states] == []
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["hub.json"]


# Notifying later


def test_ping_sends_what_runs_deferred(published: Site, hub: ScriptedHub) -> None:
    for number in ("three", "four"):
        published.article("ai.md", STORY.format(number, "AI"))
        report = regenerate(published, ping=False)
        assert report == HubReport(hub=hub.address, waiting=tuple(urls("all", "topics/ai")))
    assert received_by(hub) == []
    assert ping(published).told == tuple(urls("all", "topics/ai"))
    assert received_by(hub) == urls("all", "topics/ai")
    assert ping(published) == HubReport(hub=hub.address)


def test_ping_sends_what_the_first_run_deferred(site: Site, hub: ScriptedHub) -> None:
    configure(site, hub.address)
    site.article("a.md", STORY.format("one", "AI"))
    regenerate(site, ping=False)
    assert ping(site).told == tuple(urls("all", "topics/ai"))


def test_ping_everything_sends_all_feeds(published: Site) -> None:
    assert ping(published, everything=True).told == tuple(urls("all", "topics/ai", "topics/robots"))
    state_path_of(published).unlink()
    assert len(ping(published, everything=True).told) == 9
    assert ping(published).told == ()


def test_ping_without_a_state_is_an_error(published: Site, hub: ScriptedHub) -> None:
    state_path_of(published).unlink()
    with pytest.raises(feeds.HubError, match=r"feeds\.hub\.json does not say what http://127"):
        ping(published)
    assert received_by(hub) == []


def test_the_hub_url_is_that_of_the_feeds(site: Site) -> None:
    configure(site, "https://hub.example")
    found = hub_of(feeds.load_config(site.config_path), open_folder(site.output), site.folder / ".feeds")
    assert found is not None
    assert found.url == "https://hub.example/"


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
def test_the_line_about_the_hub(told: int, waiting: int, reason: str | None, expected: str) -> None:
    assert hub_line(HubReport(hub="H", told=("t",) * told, waiting=("w",) * waiting, reason=reason)) == expected


def test_regenerate_reports_the_notifications(site: Site, hub: ScriptedHub) -> None:
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
    expected = urls("all", "topics/ai")
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
    assert json.loads(run(site, "ping", "--all", "--json").stdout)["told"] == urls("all", "topics/ai")
    assert run(site, "ping", "-q").output == ""


def test_ping_without_a_hub_exits_2_and_names_the_key(site: Site) -> None:
    result = run(site, "ping")
    assert result.exit_code == 2
    assert result.stderr == "config/feeds.yaml: site.hub: is not there; expected the address of a WebSub hub\n"


def test_ping_before_the_first_run_exits_1(site: Site, hub: ScriptedHub) -> None:
    configure(site, hub.address)
    result = run(site, "ping")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "publish first, or `feeds ping --all`" in result.stderr


def test_a_hanging_thread_does_not_keep_the_process(site: Site) -> None:
    """The DNS lookup never ends, but the time for notifying does."""
    configure(site, "https://hub.invalid/")
    site.article("a.md", STORY.format("one", "AI"))
    code = (
        "import socket, threading, feeds, feeds.websub.client\n"
        "socket.getaddrinfo = lambda *_, **__: threading.Event().wait()\n"
        "feeds.websub.client.DEFAULT_LIMITS = feeds.websub.client.NotifyLimits(total=0.3)\n"
        f"print(feeds.regenerate(feeds.load_config({str(site.config_path)!r})).hub.reason)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout == "timed out\n"


def test_the_watcher_retries_every_minute_until_it_succeeds(site: Site, hub: ScriptedHub) -> None:
    """In a process whose minutes are half a second."""
    configure(site, hub.address)
    site.article("a.md", STORY.format("one", "AI"))
    hub.answer = always(403)
    arguments = ["regenerate", "--watch", "--config", str(site.config_path)]
    code = (
        "import feeds.cli; from feeds import watcher\n"
        "watcher.DEFAULT_TIMINGS = watcher.WatchTimings(minute=0.5)\n"
        f"feeds.cli.main({arguments!r})"
    )
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


def test_the_watcher_does_not_delay_saves_for_a_failing_hub(site: Site, hub: ScriptedHub) -> None:
    """The hub is not notified for a minute; until then, runs report the earlier reason."""
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


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.01)


# A hub that delivers


class Subscriber(BaseHTTPRequestHandler):
    """A callback that confirms its subscription and records what the hub delivers."""

    delivered: list[bytes]

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        respond(self, 200, query["hub.challenge"][0].encode())

    def do_POST(self) -> None:
        self.delivered.append(self.rfile.read(int(self.headers["Content-Length"])))
        respond(self, 204)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class FeedServer(SimpleHTTPRequestHandler):
    """A web server of output/ that sends the Link headers of WebSub (section 4)."""

    links: list[str]

    def end_headers(self) -> None:
        for link in self.links:
            self.send_header("Link", link.format(self.path))
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def serving(handler: Any) -> Iterator[str]:
    """The URL of a server on loopback."""
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
    """The URL of a Flask-WebSub hub that runs as a process."""
    command = [sys.executable, "-m", "tests.support.websub_hub", str(folder / "subscriptions.sqlite")]
    with (
        (folder / "hub.log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def subscribe(hub: str, callback: str, topic_url: str) -> int:
    form = {"hub.mode": "subscribe", "hub.callback": callback, "hub.topic": topic_url, "hub.lease_seconds": "3600"}
    with urllib3.PoolManager() as pool:
        return pool.request("POST", hub, fields=form, encode_multipart=False).status


def test_a_real_hub_delivers_exactly_the_feed_that_changed(site: Site, tmp_path: Path) -> None:
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
        topic_url = f"{base}topics/robots.rss"
        with urlopen(topic_url) as response:  # noqa: S310  # on loopback
            assert ("hub", hub) in [(link.rel, link.href) for link in feedparser.parse(response.read()).feed.links]
        assert subscribe(hub, callback, topic_url) == 202
        site.article("ai.md", STORY.format("three", "AI"))
        assert regenerate(site).reason is None
        assert delivered == []  # another feed changed
        site.article("robots.md", STORY.format("four", "Robots"))
        report = regenerate(site)
    assert report.reason is None
    assert topic_url in report.told
    assert f"{base}topics/ai.rss" not in report.told
    assert delivered == [site.documents()["topics/robots.rss"]]
    assert b"Story four" in delivered[0]

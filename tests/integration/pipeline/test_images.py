"""Images probed while publishing. Only the known metadata decides the bytes of documents."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from click.testing import CliRunner

import feeds
from feeds.cli.commands import main
from feeds.errors import ConfigError
from feeds.images.lock import LOCK, ImageInfo, read_lock, write_lock
from feeds.pipeline import images
from feeds.pipeline.images import ImagesReport
from tests.support.image_server import GIF, ImageServer, Reply, serving
from tests.support.site import NOW, Site

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

T = TypeVar("T")

CONFIG = """\
site: {title: Test Wire, url: https://feeds.example.com/}
source: {articles: [../articles]}
enclosures: {probe: on, allow_private: [127.0.0.1]}
pages: off
"""


@pytest.fixture
def server() -> Iterator[ImageServer]:
    replies = {
        f"/{name}.jpg": Reply(type="image/webp", body=GIF + bytes(number)) for number, name in enumerate("abcdefgh")
    }
    with serving(replies | {"/gone.jpg": Reply(status=404)}) as server:
        yield server


def write(
    site: Site, server: ImageServer, name: str, *images: str, topic: str = "Energy", date: str = "2026-05-01"
) -> None:
    listed = ", ".join(f"{{url: '{server.base}/{image}.jpg'}}" for image in images or (name,))
    site.article(
        f"{name}.md",
        f"title: Story {name}\nwebUrl: https://a.example/{name}\npublishedDateTime: {date}\n"
        f"topics: [{topic}]\nimages: [{listed}]",
    )


def lock_of(site: Site) -> Path:
    return site.config_path.parent / LOCK


def attachments(site: Site, path: str = "all") -> list[dict[str, Any]]:
    items = json.loads(site.documents()[f"{path}.json"])["items"]
    return [attachment for item in items for attachment in item.get("attachments", [])]


def test_probed_metadata_is_published_and_kept(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG)
    write(site, server, "a")
    report = site.regenerate()
    address = f"{server.base}/a.jpg"
    assert attachments(site) == [{"url": address, "mime_type": "image/webp", "size_in_bytes": len(GIF)}]
    rss = site.documents()["all.rss"].decode()
    assert f'<enclosure url="{address}" length="{len(GIF)}" type="image/webp"/>' in rss
    assert report.images is not None
    assert (report.images.asked, report.images.known, report.images.failed) == (1, 1, {})
    assert read_lock(lock_of(site))[address].length == len(GIF)


def test_nothing_is_probed_unless_that_is_enabled(site: Site, server: ImageServer) -> None:
    write(site, server, "a")
    assert site.regenerate().images is None
    site.configure(CONFIG)
    assert site.regenerate(dry_run=True).images is None
    assert feeds.regenerate(feeds.load_config(site.config_path), now=NOW, probe=False).images is None
    assert server.asked == []
    assert not lock_of(site).exists()
    assert attachments(site) == [{"url": f"{server.base}/a.jpg", "mime_type": "image/jpeg"}]


def test_an_image_is_probed_once(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG)
    write(site, server, "a")
    write(site, server, "b", "b", "a", topic="Water")
    site.regenerate()
    count = len(server.asked)
    assert {path for _, path in server.asked} == {"/a.jpg", "/b.jpg"}
    lock = lock_of(site).stat().st_mtime_ns
    assert site.regenerate().written == 0
    write(site, server, "c")
    report = site.regenerate()
    assert report.images is not None
    assert report.images.asked == 1
    assert {path for _, path in server.asked[count:]} == {"/c.jpg"}
    assert lock_of(site).stat().st_mtime_ns != lock
    shutil.rmtree(site.folder / ".feeds")
    assert site.regenerate().written == 0
    assert {path for _, path in server.asked[count:]} == {"/c.jpg"}


def test_a_build_without_a_network_gives_the_same_bytes(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG)
    write(site, server, "a")
    write(site, server, "b", "b", "gone")
    site.regenerate()
    documents, lock = site.documents(), lock_of(site).read_bytes()
    server.replies = {"*": Reply(status=500)}
    count = len(server.asked)
    for folder in (site.output, site.folder / ".feeds"):
        shutil.rmtree(folder)
    site.regenerate()
    assert site.documents() == documents
    assert lock_of(site).read_bytes() == lock
    assert len(server.asked) == count


def test_only_images_that_a_feed_shows_are_probed(site: Site, server: ImageServer) -> None:
    kinds = "feeds: {all: {limit: 1}, topics: {min_entries: 2, images: first}, providers: off}\n"
    site.configure(CONFIG + kinds)
    write(site, server, "a", "a", "b", date="2026-05-03")
    write(site, server, "c", "c", "d", date="2026-05-02")
    write(site, server, "e", "e", topic="Water")
    site.regenerate()
    assert {path for _, path in server.asked} == {"/a.jpg", "/b.jpg", "/c.jpg"}
    site.configure(CONFIG + kinds.replace("limit: 1", "limit: 9"))
    site.regenerate()
    assert {path for _, path in server.asked} == {f"/{name}.jpg" for name in "abcde"}


def test_images_that_are_off_are_not_probed(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG + "entries: {images: off}\n")
    write(site, server, "a")
    site.regenerate()
    assert server.asked == []


def test_only_feeds_whose_image_metadata_changed_are_rendered(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG + "feeds: {all: off, providers: off}\n")
    write(site, server, "a")
    write(site, server, "b", topic="Water")
    site.regenerate()
    lock = lock_of(site)
    lock.write_text(lock.read_text(encoding="utf-8").replace(f'"length":{len(GIF)}', '"length":99'), encoding="utf-8")
    report = site.regenerate()
    assert {path for path in report.written_paths if path.startswith("topics")} == {
        f"topics/energy.{name}" for name in ("rss", "atom", "json")
    }
    assert attachments(site, "topics/energy")[0]["size_in_bytes"] == 99


def test_stale_metadata_is_probed_again_if_a_feed_shows_the_image(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG)
    write(site, server, "a")
    write(site, server, "b")
    site.regenerate()
    (site.folder / "articles" / "b.md").unlink()
    server.replies = {"/a.jpg": Reply(type="image/png", body=GIF)}
    later = NOW + dt.timedelta(days=90)
    count = len(server.asked)
    report = site.regenerate(now=later)
    assert {path for _, path in server.asked[count:]} == {"/a.jpg"}
    assert report.written
    assert attachments(site)[0]["mime_type"] == "image/png"
    assert [image.probed_at for image in read_lock(lock_of(site)).values()] == [later]


def test_a_secret_in_the_address_of_an_image_is_not_reported(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG)
    write(site, server, "a.jpg?sig=SECRET&x=")
    server.replies = {"*": Reply(status=500)}
    report = site.regenerate()
    assert report.images is not None
    assert list(report.images.failed) == [f"{server.base}/a.jpg?sig=***&x=.jpg"]


def test_a_failure_is_kept_and_retried_after_a_while(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG)
    write(site, server, "a")
    server.replies = {"*": Reply(status=500)}
    report = site.regenerate()
    assert report.images is not None
    assert report.images.failed == {f"{server.base}/a.jpg": "500 Internal Server Error"}
    count = len(server.asked)
    site.regenerate(now=NOW + dt.timedelta(hours=23))
    assert len(server.asked) == count
    server.replies = {"*": Reply()}
    assert site.regenerate(now=NOW + dt.timedelta(days=1)).written
    assert attachments(site)[0]["size_in_bytes"] == len(GIF)


def test_dead_images_are_dropped_if_configured_and_the_next_one_is_shown(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG.replace("probe: on", "probe: on, dead: drop") + "entries: {images: first}\n")
    write(site, server, "b", "gone", "b")
    site.regenerate()
    assert [attachment["url"] for attachment in attachments(site)] == [f"{server.base}/b.jpg"]
    assert b"gone.jpg" not in b"".join(site.documents().values())
    site.configure(CONFIG)
    site.regenerate()
    assert len(attachments(site)) == 2


def test_without_a_network_nothing_is_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr("socket.getaddrinfo", unreachable)
    site.configure(CONFIG)
    site.article(
        "a.md",
        "title: A\nwebUrl: https://a.example/\npublishedDateTime: 2026-05-01\nimages: ['https://a.example/a.jpg']",
    )
    report = site.regenerate()
    assert report.images is not None
    assert report.images.is_offline
    assert not lock_of(site).exists()


def probed(report: feeds.Report) -> int:
    """The number of images that a run probed."""
    assert report.images is not None
    return report.images.asked


def test_a_run_that_does_not_probe_leaves_that_to_the_next_one(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG)
    write(site, server, "a")
    assert probed(site.regenerate()) == 1
    write(site, server, "b")
    assert site.regenerate(probe=False).images is None
    assert probed(site.regenerate()) == 1
    write(site, server, "c")
    site.configure(CONFIG.replace("probe: on", "probe: off"))
    site.regenerate()
    site.configure(CONFIG)
    assert probed(site.regenerate()) == 1
    write(site, server, "d")
    site.article("wrong.md", "title: Wrong")
    with pytest.raises(feeds.StrictError):
        site.regenerate(strict=True)
    assert probed(site.regenerate()) == 1
    assert probed(site.regenerate()) == 0


def test_a_run_without_a_network_leaves_probing_to_the_next_one(
    site: Site, server: ImageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError(101, "Network is unreachable")

    site.configure(CONFIG)
    write(site, server, "a")
    with monkeypatch.context() as offline:
        offline.setattr("socket.getaddrinfo", unreachable)
        assert probed(site.regenerate()) == 1
    report = site.regenerate()
    assert (probed(report), report.images and report.images.known) == (1, 1)


def test_no_feed_is_searched_for_images_if_nothing_changed(
    site: Site, server: ImageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.configure(CONFIG)
    write(site, server, "a")
    site.regenerate()
    searched: list[object] = []

    def note(_: object, only: object = None) -> Iterator[tuple[str, bool]]:
        searched.append(only)
        return iter(())

    monkeypatch.setattr("feeds.pipeline.images.shown_images", note)
    site.regenerate()
    assert searched == [set()]


def test_nothing_is_probed_if_the_results_cannot_be_kept(
    site: Site, server: ImageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.configure(CONFIG)
    write(site, server, "a")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as refusing:
        refusing.setattr("pathlib.Path.touch", refuse)
        with pytest.raises(feeds.PublishError, match=rf"{LOCK}: cannot be written: Read-only file system"):
            site.regenerate()
    assert server.asked == []
    assert probed(site.regenerate()) == 1


def test_results_are_saved_while_other_images_are_probed(
    site: Site, server: ImageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "SAVE_INTERVAL", 0)
    site.configure(CONFIG)
    for name in "abcd":
        write(site, server, name)
    known: list[int] = []

    def count(items: Iterable[T], length: int, label: str) -> Iterable[T]:
        for item in items:
            if (label, length) == ("Asking for images", 4):
                known.append(len(read_lock(lock_of(site))))
            yield item

    feeds.regenerate(feeds.load_config(site.config_path), now=NOW, track=count)
    assert known == [0, 1, 2, 3]


def test_results_that_others_write_meanwhile_are_kept(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG)
    write(site, server, "a")
    other = ImageInfo(url="https://other.example/", type="image/png", length=5, probed_at=NOW)

    def write_meanwhile(items: Iterable[T], length: int, label: str) -> Iterable[T]:
        for item in items:
            if (label, length) == ("Asking for images", 1):
                write_lock(lock_of(site), [other])
            yield item

    feeds.regenerate(feeds.load_config(site.config_path), now=NOW, track=write_meanwhile)
    assert set(read_lock(lock_of(site))) == {other.url, f"{server.base}/a.jpg"}


def test_the_same_metadata_of_another_image_changes_documents(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG)
    write(site, server, "a", "a", "b")
    for name in "ab":
        image = ImageInfo(url=f"{server.base}/{name}.jpg", type="image/png", length=77, probed_at=NOW)
        write_lock(lock_of(site), [image])
        site.regenerate(probe=False)
    documents = site.documents()
    assert site.regenerate(probe=False, full=True).written == 0
    assert site.documents() == documents


def test_the_lifetime_of_results_changes_no_document(
    site: Site, server: ImageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.configure(CONFIG)
    write(site, server, "a")
    site.regenerate()
    monkeypatch.setattr("feeds.engines.local.render_task", lambda *_: pytest.fail("a feed was rendered"))
    site.configure(CONFIG.replace("probe: on", "probe: on, ttl: 100 days, retry: 2 days"))
    assert site.regenerate().written == 0


def test_prune_probes_and_reports_that(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG)
    write(site, server, "a", "a", "gone")
    assert "asked for" not in run(site, "prune", "--no-probe").stdout
    result = run(site, "prune")
    assert result.stdout.startswith("2 images asked for, 1 of them without success\n")


def test_a_stopped_run_keeps_its_results(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG)
    for name in "abcd":
        write(site, server, name)

    def stop(items: Iterable[T], length: int, label: str) -> Iterable[T]:
        for number, item in enumerate(items):
            if (label, length, number) == ("Asking for images", 4, 2):
                raise KeyboardInterrupt
            yield item

    with pytest.raises(KeyboardInterrupt):
        feeds.regenerate(feeds.load_config(site.config_path), now=NOW, track=stop)
    assert len(read_lock(lock_of(site))) == 2
    report = site.regenerate()
    assert report.images is not None
    assert (report.images.asked, report.images.known) == (2, 4)


def test_a_damaged_lock_file_stops_the_run_and_changes_nothing(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG)
    write(site, server, "a")
    site.regenerate()
    documents = site.documents()
    lock_of(site).write_text("<<<<<<< HEAD\n", encoding="utf-8")
    write(site, server, "b")
    with pytest.raises(ConfigError, match=f"{LOCK}:1: is no line that"):
        site.regenerate()
    assert site.documents() == documents


# The command


def run(site: Site, *arguments: str) -> Any:
    return CliRunner().invoke(main, [*arguments, "--config", str(site.config_path)])


def test_probe_publishes_nothing(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG)
    write(site, server, "a", "a", "gone")
    result = run(site, "probe")
    assert (result.exit_code, result.stdout) == (0, "2 images asked for, 1 of them without success\n")
    assert result.stderr == f"{server.base}/gone.jpg: 404 Not Found\n"
    assert list(site.output.glob("*")) == []
    assert run(site, "probe").stdout == "Nothing is to be asked: 2 images known.\n"
    assert run(site, "probe", "--quiet").stdout == ""
    count = len(server.asked)
    assert run(site, "probe", "--all").stdout == "2 images asked for, 1 of them without success\n"
    assert len(server.asked) > count


def test_probe_all_drops_images_that_no_feed_shows(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG)
    write(site, server, "a")
    write(site, server, "b")
    run(site, "probe")
    (site.folder / "articles" / "b.md").unlink()
    run(site, "probe")
    assert len(read_lock(lock_of(site))) == 2
    report = json.loads(run(site, "probe", "--all", "--json").stdout)
    assert report == {"known": 1, "asked": 1, "failed": {}, "is_offline": False}


def test_probe_is_refused_if_probing_is_off(site: Site) -> None:
    result = run(site, "probe")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("enclosures.probe is off; expected on to ask for images\n")


def test_regenerate_reports_what_was_probed(site: Site, server: ImageServer) -> None:
    site.configure(CONFIG)
    write(site, server, "a", "a", "gone")
    assert "asked for" not in run(site, "regenerate", "--no-probe").stdout
    result = run(site, "regenerate")
    assert result.stdout.startswith("2 images asked for, 1 of them without success\n1 article read\n")
    assert result.stderr == f"{server.base}/gone.jpg: 404 Not Found\n"
    assert "asked for" not in run(site, "regenerate").stdout


def test_probe_fails_without_a_network(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    report = ImagesReport(known=0, asked=3, is_offline=True)
    monkeypatch.setattr("feeds.build.with_probed_images", lambda *_, **__: (None, report))
    site.configure(CONFIG)
    result = run(site, "probe", "--quiet")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "No network: 3 images could not be asked for; the next run tries again\n"

"""Watching: every way of saving leads to a run, only relevant changes do, and runs follow when they are due."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import watchfiles
from watchfiles import Change

from feeds import watcher as module
from feeds.build import Report, regenerate
from feeds.errors import CatalogError, ConfigError, FeedsError, PublishError, StrictError, WatchError
from feeds.run import RunOptions
from feeds.watcher import DEFAULT_TIMINGS, Alarm, Outcome, WatchedSite, Watching, watch, watch_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from feeds.storage.sources import Source
    from feeds.watcher import WatchTimings
    from tests.support.site import Site

    Changes = set[tuple[Change, str]]
    Step = tuple[Callable[[], object], Callable[[], bool]]

STORY = "title: Story {0}\nwebUrl: https://a.example/{0}\npublishedDateTime: 2026-05-01T08:30:00Z\ntopics: [Energy]"
#: Seconds until a test gives up: a machine may be slow.
MAX_WAIT = 90
#: The run of each minute would hide that a change was not seen.
TIMINGS = replace(DEFAULT_TIMINGS, minute=10**6)


class Play:
    """Watches a site, and carries out one step after the other, each when the one before had its effect."""

    def __init__(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.site = site
        self.outcomes: list[Outcome] = []
        self.watched: list[tuple[Source, ...]] = []
        self.polled: list[bool | None] = []
        self._steps: Iterator[Step] = iter(())
        self._has_effect: Callable[[], bool] = lambda: False
        self._deadline = 0.0
        monkeypatch.setattr(module, "watch_folders", self._followed)

    def __call__(
        self, *steps: Step, min_outcomes: int = 1, timings: WatchTimings = TIMINGS, **options: Any
    ) -> list[Outcome]:
        """The outcomes. A step is an action and whether it had its effect; the first follows `min_outcomes`."""
        self._steps = iter(steps)
        self._has_effect = lambda: len(self.outcomes) >= min_outcomes
        self._deadline = time.monotonic() + MAX_WAIT
        try:
            for event in watch(self.site.config_path, timings=timings, **options):
                if isinstance(event, Watching):
                    self.watched.append(event.folders)
                else:
                    self.outcomes.append(event)
        except EndOfPlayError:
            pass
        return self.outcomes

    def _followed(self, folders: Iterable[str], timings: WatchTimings, *, polling: bool | None) -> Iterator[Changes]:
        self.polled.append(polling)
        for changes in watch_folders(folders, timings, polling=polling):
            yield changes
            if self._has_effect():
                self._next()
            elif time.monotonic() > self._deadline:
                pytest.fail(f"timed out, after {self.outcomes}")

    def _next(self) -> None:
        step = next(self._steps, None)
        if step is None:
            raise EndOfPlayError
        act, self._has_effect = step
        act()
        self._deadline = time.monotonic() + MAX_WAIT


class EndOfPlayError(Exception):
    """All steps were carried out."""


@pytest.fixture
def play(site: Site, monkeypatch: pytest.MonkeyPatch) -> Play:
    site.article("a.md", STORY.format("one"))
    return Play(site, monkeypatch)


def later(file: Path) -> None:
    """Set the mtime of a file to a later second, the least that polling notices."""
    second = file.stat().st_mtime + 2
    os.utime(file, (second, second))


def shows(site: Site, text: str) -> Callable[[], bool]:
    """A condition: the feed of everything contains a text."""
    return lambda: text.encode() in (site.output / "all.json").read_bytes()


def hides(site: Site, text: str) -> Callable[[], bool]:
    return lambda: not shows(site, text)()


def quiet(steps: int = 10) -> Step:
    """Do nothing for this many steps of the watcher."""
    left = iter(range(steps))
    return (lambda: None, lambda: next(left, None) is None)


def watched_paths(play: Play) -> list[list[Path | None]]:
    """The folders that were watched, one list for each time that they changed."""
    return [[source.local_path for source in sources] for sources in play.watched]


def errors(outcomes: list[Outcome]) -> list[type]:
    return [type(outcome.result) for outcome in outcomes if isinstance(outcome.result, FeedsError)]


def changed(outcomes: list[Outcome]) -> list[int]:
    """The number of changed articles of each run that found any."""
    return [
        outcome.result.changed for outcome in outcomes if isinstance(outcome.result, Report) and outcome.result.changed
    ]


# Ways of saving, with the real watcher


def rewrite(site: Site) -> None:
    site.article("a.md", STORY.format("two"))


def replace_file(site: Site) -> None:
    new = site.article("a.md.tmp", STORY.format("two"))
    new.replace(site.folder / "articles" / "a.md")


def replace_from_elsewhere(site: Site) -> None:
    new = site.folder / "new"
    new.write_text(f"---\n{STORY.format('two')}\n---\n")
    new.replace(site.folder / "articles" / "a.md")


def save_like_vim(site: Site) -> None:
    folder = site.folder / "articles"
    (folder / "4913").touch()
    (folder / "4913").unlink()
    (folder / "a.md").rename(folder / "a.md~")
    site.article("a.md", STORY.format("two"))
    (folder / "a.md~").unlink()


def move_in(site: Site) -> None:
    new = site.article("../new.md", STORY.format("two"))
    new.rename(site.folder / "articles" / "new.md")


def make_a_folder(site: Site) -> None:
    site.article("deep/deeper/new.MARKDOWN", STORY.format("two"))


def copy_a_folder_in(site: Site) -> None:
    site.article("../elsewhere/deep/new.md", STORY.format("two"))
    shutil.copytree(site.folder / "elsewhere", site.folder / "articles" / "copy")


def move_a_folder_in(site: Site) -> None:
    site.article("../elsewhere/deep/new.md", STORY.format("two"))
    (site.folder / "elsewhere").rename(site.folder / "articles" / "moved")


@pytest.mark.parametrize(
    "save",
    [
        rewrite,
        replace_file,
        replace_from_elsewhere,
        save_like_vim,
        move_in,
        make_a_folder,
        copy_a_folder_in,
        move_a_folder_in,
    ],
)
def test_every_way_of_saving_publishes(site: Site, play: Play, save: Callable[[Site], None]) -> None:
    outcomes = play((lambda: save(site), shows(site, "Story two")))
    assert outcomes[0].cause == "start"
    assert {outcome.cause for outcome in outcomes[1:]} == {"articles"}
    assert not errors(outcomes)


def test_a_folder_is_watched_after_it_is_renamed(site: Site, play: Play) -> None:
    def rename(old: str, new: str) -> Callable[[], object]:
        return lambda: (site.folder / "articles" / old).rename(site.folder / "articles" / new)

    play(
        (lambda: site.article("new/b.md", STORY.format("two")), shows(site, "Story two")),
        (lambda: site.article("new/b.md", STORY.format("three")), shows(site, "Story three")),
        (rename("new", "renamed"), lambda: changed(play.outcomes)[-1] == 2),
        (lambda: site.article("renamed/b.md", STORY.format("four")), shows(site, "Story four")),
        (rename("renamed", "../away"), hides(site, "Story four")),
        (rename("../away", "back"), shows(site, "Story four")),
        (lambda: site.article("back/b.md", STORY.format("five")), shows(site, "Story five")),
        (lambda: shutil.rmtree(site.folder / "articles" / "back"), hides(site, "Story five")),
    )


def test_many_files_at_once_lead_to_few_runs(site: Site, play: Play) -> None:
    began, took = 0.0, 0.0

    def copy() -> None:
        nonlocal began, took
        began = time.monotonic()
        for number in range(1000):
            site.article(f"many/{number}.md", "title: A\npublished: false")
        took = time.monotonic() - began

    outcomes = play((copy, lambda: sum(changed(play.outcomes)) >= 1001))
    assert len(changed(outcomes)) <= 4
    assert took < 60 or len(changed(outcomes)) == 1


def test_a_link_to_a_folder_is_watched_wherever_it_leads(site: Site, play: Play) -> None:
    folder, link = site.folder / "articles", site.folder / "link"
    folder.rename(site.folder / "first")
    link.symlink_to("first")
    site.article("../second/b.md", STORY.format("second"))
    site.configure(site.config_path.read_text().replace("../articles", "../link"))

    def change_target() -> None:
        (site.folder / "new").symlink_to("second")
        (site.folder / "new").replace(link)

    play(
        (lambda: site.article("../first/a.md", STORY.format("two")), shows(site, "Story two")),
        (change_target, shows(site, "Story second")),
        (lambda: site.article("../second/b.md", STORY.format("three")), shows(site, "Story three")),
    )
    assert watched_paths(play) == [[site.folder / "first"], [site.folder / "second"]]


def test_polling_sees_changes(site: Site, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "1")
    play(
        (lambda: later(site.article("a.md", STORY.format("two"))), shows(site, "Story two")),
        (lambda: site.article("new/deep/b.md", STORY.format("three")), shows(site, "Story three")),
        (lambda: later(site.article("new/deep/b.md", STORY.format("four"))), shows(site, "Story four")),
    )


@pytest.mark.parametrize("polling", ["", "1"], ids=["watching", "polling"])
@pytest.mark.parametrize(
    ("output", "cache"),
    [("articles/output", "articles/cache"), ("articles", "articles"), (".", ".")],
    ids=["inside", "the same", "around"],
)
def test_publishing_into_a_watched_folder_leads_to_no_more_runs(
    site: Site, play: Play, monkeypatch: pytest.MonkeyPatch, output: str, cache: str, polling: str
) -> None:
    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", polling)
    timings = replace(TIMINGS, poll=50)
    outcomes = play(quiet(), timings=timings, output=site.folder / output, cache=site.folder / cache)
    assert (site.folder / output / "all.rss").exists()
    assert (site.folder / cache / "feeds.sqlite").exists()
    assert len(outcomes) <= 3  # new folders lead to runs


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="other systems refuse such a name")
def test_a_name_that_is_not_utf8_does_not_end_watching(site: Site, play: Play) -> None:
    name = os.fsdecode(b"\xff")

    def write() -> None:
        (site.folder / "articles" / name).mkdir()
        (site.folder / "articles" / f"{name}.md").touch()

    def are_reported() -> bool:
        return any(isinstance(outcome.result, Report) and outcome.result.mistakes for outcome in play.outcomes)

    outcomes = play(
        (write, are_reported),
        (lambda: site.article("a.md", STORY.format("two")), shows(site, "Story two")),
    )
    assert not errors(outcomes)


def test_a_file_that_is_gone_when_it_is_read_is_no_mistake(site: Site, play: Play) -> None:
    """A folder is moved away after it was listed."""
    for number in range(3):
        site.article(f"many/{number}.md", STORY.format(number))

    def track(items: Iterable[Any], length: int, label: str) -> Iterable[Any]:  # noqa: ARG001
        folder = site.folder / "articles" / "many"
        if label == "Reading" and folder.exists():
            folder.rename(site.folder / "away")
        return items

    (outcome,) = play(track=track)
    assert isinstance(outcome.result, Report)
    assert outcome.result.mistakes == ()


# Time


def test_an_entry_is_published_when_it_is_due(site: Site, play: Play) -> None:
    due = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=4)
    site.article("soon.md", f"title: Soon\nwebUrl: https://a.example/soon\npublishedDateTime: {due.isoformat()}")
    outcomes = play((lambda: None, shows(site, "Soon")))
    assert dt.datetime.now(dt.UTC) >= due.replace(microsecond=0)
    assert [outcome.cause for outcome in outcomes] == ["start", "time"]


@pytest.mark.parametrize(
    ("result", "seconds"),
    [
        (None, 60),
        ("07:59:00", 60),
        ("08:00:20", 20),
        ("08:02:00", 60),
        (PublishError("output", "is full"), 5),
        (StrictError(()), 60),
    ],
    ids=["no folder", "nothing is due", "due soon", "due later", "error", "strict"],
)
def test_the_time_of_the_next_run(
    site: Site, monkeypatch: pytest.MonkeyPatch, result: FeedsError | str | None, seconds: int
) -> None:
    now = dt.datetime(2027, 1, 15, 8, tzinfo=dt.UTC).timestamp()
    monkeypatch.setattr(time, "time", lambda: now)
    if isinstance(result, str):
        site.article("a.md", f"title: A\nwebUrl: https://a.example/\npublishedDateTime: 2027-01-15T{result}Z")
        report = site.regenerate(now=dt.datetime.fromtimestamp(now, dt.UTC))
    alarm = Alarm(report if isinstance(result, str) else result, DEFAULT_TIMINGS)
    now += seconds - 0.01
    assert not alarm.is_due()
    now += 0.01
    assert alarm.is_due()
    now -= 3600
    assert alarm.is_due()  # the clock was set back


def test_a_run_is_at_the_start_of_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_800_000_059.0
    monkeypatch.setattr(time, "time", lambda: now)
    alarm = Alarm(None, DEFAULT_TIMINGS)
    now += 1
    assert alarm.is_due()


# The configuration


def test_an_invalid_configuration_is_ignored_until_it_is_fixed(site: Site, play: Play) -> None:
    right = site.config_path.read_text()

    def fix() -> None:
        new = site.config_path.with_name("new")
        new.write_text(right.replace("Test Wire", "Fixed Wire"))
        new.replace(site.config_path)

    outcomes = play(
        (lambda: site.configure(right.replace("site", "sight")), lambda: ConfigError in errors(play.outcomes)),
        (lambda: site.article("a.md", STORY.format("two")), shows(site, "Story two")),
        (fix, shows(site, "Fixed Wire")),
    )
    assert set(errors(outcomes)) == {ConfigError}
    assert outcomes[-1].cause == "configuration"
    assert next(outcome.cause for outcome in outcomes if isinstance(outcome.result, ConfigError)) == "configuration"
    assert len(play.watched) == 1


def test_a_missing_configuration_is_ignored_until_it_is_back(site: Site, play: Play) -> None:
    away = site.config_path.with_name("away")
    play(
        (lambda: site.config_path.rename(away), lambda: ConfigError in errors(play.outcomes)),
        (lambda: away.rename(site.config_path), lambda: play.outcomes[-1].cause == "configuration"),
        (lambda: site.article("a.md", STORY.format("two")), shows(site, "Story two")),
    )


def test_the_folders_to_watch_change_with_the_configuration(site: Site, play: Play) -> None:
    site.article("../more/b.md", STORY.format("more"))
    right = site.config_path.read_text()
    outcomes = play(
        (lambda: site.configure(right.replace("[../articles]", "[../more]")), shows(site, "Story more")),
        (lambda: site.article("../more/b.md", STORY.format("two")), shows(site, "Story two")),
    )
    assert watched_paths(play) == [[site.folder / "articles"], [site.folder / "more"]]
    assert not errors(outcomes)


def test_a_configuration_with_a_new_time_and_the_same_content_changes_nothing(site: Site, play: Play) -> None:
    outcomes = play((lambda: os.utime(site.config_path, (1, 1)), lambda: len(play.outcomes) > 1))
    assert [outcome.cause for outcome in outcomes] == ["start", "articles"]


def test_nothing_is_published_while_a_folder_is_missing(site: Site, play: Play) -> None:
    folder, away = site.folder / "articles", site.folder / "away"
    play(
        (lambda: folder.rename(away), lambda: ConfigError in errors(play.outcomes)),
        quiet(),
        (lambda: None, shows(site, "Story one")),
        (lambda: away.rename(folder), lambda: play.outcomes[-1].cause == "configuration"),
        (lambda: site.article("a.md", STORY.format("two")), shows(site, "Story two")),
    )


def test_an_invalid_configuration_at_the_start_is_an_error(site: Site) -> None:
    site.configure("site: nonsense")
    with pytest.raises(ConfigError):
        next(watch(site.config_path))


@pytest.mark.parametrize("is_settled", [True, False])
def test_a_configuration_is_loaded_when_it_no_longer_changes(site: Site, *, is_settled: bool) -> None:
    watched = WatchedSite(site.config_path, RunOptions())
    assert not watched.has_changed()
    site.config_path.write_text("")
    assert not watched.has_changed()  # a text may follow
    if not is_settled:
        site.config_path.write_text("site:")
    assert watched.has_changed() is is_settled


# Relevant changes


@pytest.mark.parametrize(
    ("change", "path", "expected"),
    [
        (Change.added, "a.md", True),
        (Change.modified, "a.md", True),
        (Change.deleted, "a.md", True),
        (Change.modified, "deep/A.Markdown", True),
        (Change.modified, "a.txt", False),
        (Change.added, "a.txt", False),
        (Change.modified, ".a.md.swp", False),
        (Change.modified, ".a.md", False),
        (Change.added, ".hidden/a.md", False),
        (Change.added, "#a.md#", False),
        (Change.added, "a.md~", False),
        (Change.added, "4913", False),
        (Change.added, "folder", True),
        (Change.modified, "folder", False),
        (Change.deleted, "was-a-folder-perhaps", True),
        (Change.deleted, ".git", False),
        (Change.added, "output/topics", False),
        (Change.deleted, "output/all.rss", False),
        (Change.deleted, "cache/feeds.sqlite-wal", False),
        (Change.added, "output/a.md", True),
        (Change.modified, "../elsewhere/a.md", False),
        (Change.modified, "../articles-too/a.md", False),
    ],
    ids=lambda value: value.name if isinstance(value, Change) else None,
)
def test_relevant_changes(site: Site, change: Change, path: str, *, expected: bool) -> None:
    folder = site.folder / "articles"
    for name in ("folder", "output/topics", "cache"):
        (folder / name).mkdir(parents=True)
    for name in ("a.txt", "#a.md#", "a.md~", "4913"):
        (folder / name).touch()
    watched = WatchedSite(site.config_path, RunOptions(output=folder / "output", cache=folder / "cache"))
    assert watched.is_relevant(change, os.path.normpath(folder / path)) is expected


def test_only_folders_that_may_hold_articles_are_watched(site: Site) -> None:
    folder = site.folder / "articles"
    for name in ("a/b", ".git/objects", "output/topics", "a/.cache/x"):
        (folder / name).mkdir(parents=True)
    (folder / "link").symlink_to("a")
    (folder / os.fsdecode(b"\xff")).mkdir()
    watched = WatchedSite(site.config_path, RunOptions(output=folder / "output"))
    assert sorted(watched.folders()) == [str(folder / name) for name in ("", "a", "a/b")]


# Runs


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[RunOptions]:
    """The options of each run, none of which is carried out."""
    options: list[RunOptions] = []

    def regenerate(_: object, given: RunOptions) -> Any:
        options.append(given)
        return SimpleNamespace(hub=None)

    monkeypatch.setattr(module, "regenerate", regenerate)
    return options


def follow(site: Site, monkeypatch: pytest.MonkeyPatch, runs: list[RunOptions], *bursts: Changes) -> tuple[int, str]:
    """Watch a site whose watcher reports these bursts and ends, or is no longer followed.

    Return the number of runs until then, and the cause of the run that follows when the folders are watched again.
    """
    counts: list[int] = []

    def watch_twice(*_: object, **__: object) -> Iterator[Changes]:
        if counts:
            yield set()
        try:
            yield from bursts
        finally:
            counts.append(len(runs))

    monkeypatch.setattr(module, "watch_folders", watch_twice)
    site.article("a.md", STORY.format("one"))
    outcomes = (event for event in watch(site.config_path, timings=TIMINGS) if isinstance(event, Outcome))
    for outcome in outcomes:
        if counts:
            return counts[0], outcome.cause
    raise AssertionError("watching has no end")


def test_a_burst_is_one_run(site: Site, monkeypatch: pytest.MonkeyPatch, runs: list[RunOptions]) -> None:
    folder = site.folder / "articles"
    burst = {(change, f"{folder}/{number}.md") for number in range(1000) for change in Change}
    assert follow(site, monkeypatch, runs, set(), set(), burst, set(), burst, set()) == (3, "articles")


def test_an_irrelevant_change_leads_to_no_run(
    site: Site, monkeypatch: pytest.MonkeyPatch, runs: list[RunOptions]
) -> None:
    change = (Change.added, f"{site.folder}/articles/notes.txt")
    assert follow(site, monkeypatch, runs, set(), {change}) == (1, "articles")


def test_a_new_folder_is_watched_before_it_is_read(
    site: Site, monkeypatch: pytest.MonkeyPatch, runs: list[RunOptions]
) -> None:
    new = site.folder / "articles" / "new"
    new.mkdir()
    burst = {(Change.added, str(new)), (Change.added, str(new / "a.md"))}
    assert follow(site, monkeypatch, runs, set(), burst, burst) == (1, "articles")


def test_folders_that_appear_all_the_time_do_not_prevent_runs(
    site: Site, monkeypatch: pytest.MonkeyPatch, runs: list[RunOptions]
) -> None:
    assert follow(site, monkeypatch, runs, {(Change.added, str(site.folder / "articles"))}) == (1, "articles")


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (CatalogError("locked"), CatalogError, "locked"),
        (OSError(28, "No space left", "x"), PublishError, "x: cannot be used: No space left"),
    ],
    ids=["ours", "system"],
)
def test_an_error_of_a_run_is_an_outcome_and_a_run_follows(
    play: Play, monkeypatch: pytest.MonkeyPatch, error: Exception, expected: type, message: str
) -> None:
    failing = [error, error]

    def failing_twice(*arguments: Any, **options: Any) -> Report:
        if failing:
            raise failing.pop()
        return regenerate(*arguments, **options)

    monkeypatch.setattr(module, "regenerate", failing_twice)
    outcomes = play((lambda: None, lambda: len(play.outcomes) == 3), timings=replace(TIMINGS, retry=0))
    assert [(type(outcome.result), outcome.cause) for outcome in outcomes] == [
        (expected, "start"),
        (expected, "time"),
        (Report, "time"),
    ]
    assert str(outcomes[0].result) == message


def test_only_the_first_run_that_succeeds_is_full(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    full: list[bool] = []

    def locked_at_first(_: object, options: RunOptions) -> Any:
        full.append(options.full)
        if len(full) == 1:
            raise CatalogError("locked")
        return SimpleNamespace(hub=None)

    monkeypatch.setattr(module, "regenerate", locked_at_first)
    play(
        (lambda: None, lambda: len(full) == 2),
        (lambda: play.site.article("a.md", STORY.format("two")), lambda: len(full) == 3),
        timings=replace(TIMINGS, retry=0),
        full=True,
    )
    assert full == [True, True, False]


def test_a_strict_run_publishes_nothing_until_the_mistake_is_fixed(site: Site, play: Play) -> None:
    site.article("b.md", "title: Unlinked")
    outcomes = play(
        (lambda: site.article("a.md", STORY.format("two")), lambda: len(errors(play.outcomes)) > 1),
        (lambda: site.article("b.md", STORY.format("fixed")), lambda: "all.rss" in site.documents()),
        strict=True,
    )
    assert set(errors(outcomes)) == {StrictError}
    assert shows(site, "Story two")()


# Polling


def refusing(monkeypatch: pytest.MonkeyPatch, *, polling_too: bool) -> None:
    real = watchfiles.watch

    def refused(*paths: str, **options: Any) -> Iterator[Any]:
        if polling_too or not options["force_polling"]:
            raise OSError('OS file watch limit reached. about ["/x"] (Error { kind: MaxFilesWatch })')
        yield from real(*paths, **options)

    monkeypatch.setattr(watchfiles, "watch", refused)


def test_files_are_polled_if_the_system_refuses_to_watch(
    site: Site, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, polling_too=False)
    save = (lambda: later(site.article("a.md", STORY.format("two"))), shows(site, "Story two"))
    outcomes = play(save, min_outcomes=2)
    assert play.polled[:2] == [None, True]
    assert str(outcomes[0].result) == (
        'the folders of articles cannot be watched: OS file watch limit reached. about ["/x"]'
    )
    assert outcomes[1].cause == "start"


def test_it_is_an_error_if_polling_is_refused_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, polling_too=True)
    events = watch(site.config_path)
    assert isinstance(next(events), Watching)
    assert isinstance(next(events), Outcome)
    with pytest.raises(WatchError, match="OS file watch limit reached"):
        next(events)


@pytest.mark.parametrize("polling", [None, True], ids=["watching", "polling"])
def test_a_folder_that_is_removed_before_it_is_watched_is_no_error(polling: bool | None) -> None:
    bursts = watch_folders(["/there/is/no/such/folder"], DEFAULT_TIMINGS, polling=polling)
    assert next(bursts, set()) == set()

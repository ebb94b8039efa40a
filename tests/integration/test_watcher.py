"""Watching: what matters of what the system tells, when there is a run, and that every way of saving leads to one."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import watchfiles
from watchfiles import Change

from feeds import watcher as module
from feeds.build import Report, regenerate
from feeds.errors import CatalogError, ConfigError, FeedsError, PublishError, StrictError, WatchError
from feeds.watcher import Outcome, Watching, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from feeds.content.files import Root
    from tests.support.site import Site

    BucketChanges = set[tuple[Change, str]]
    Step = tuple[Callable[[], object], Callable[[], bool]]

STORY = "title: Story {0}\nwebUrl: https://a.example/{0}\npublishedDateTime: 2026-05-01T08:30:00Z\ntopics: [Energy]"
#: Seconds until a test gives up: a machine may be slow.
PATIENCE = 90


@pytest.fixture(autouse=True)
def _no_run_by_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run of the minute would hide that a change was not seen."""
    monkeypatch.setattr(module, "_MINUTE", 10**6)


class Play:
    """Watches a site while one thing after the other is done in it, the next when the last one had its effect."""

    def __init__(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.site = site
        self.outcomes: list[Outcome] = []
        self.watched: list[tuple[Root, ...]] = []
        self.polled: list[bool | None] = []
        self._steps: Iterator[Step] = iter(())
        self._has_effect: Callable[[], bool] = lambda: bool(self.outcomes)
        self._bursts = module._bursts
        self._deadline = 0.0
        monkeypatch.setattr(module, "_bursts", self._followed)

    def __call__(self, *steps: Step, **options: Any) -> list[Outcome]:
        """What came of it all: a step is what to do, and what tells that it had its effect."""
        self._steps = iter(steps)
        self._deadline = time.monotonic() + PATIENCE
        try:
            for event in watch(self.site.config_path, **options):
                if isinstance(event, Watching):
                    self.watched.append(event.folders)
                else:
                    self.outcomes.append(event)
        except EndOfPlayError:
            pass
        return self.outcomes

    def _followed(self, folders: Iterable[str], *, polling: bool | None) -> Iterator[BucketChanges]:
        self.polled.append(polling)
        for changes in self._bursts(folders, polling=polling):
            yield changes
            if self._has_effect():
                self._next()
            elif time.monotonic() > self._deadline:
                pytest.fail(f"waited in vain, and saw {self.outcomes}")

    def _next(self) -> None:
        step = next(self._steps, None)
        if step is None:
            raise EndOfPlayError
        act, self._has_effect = step
        act()
        self._deadline = time.monotonic() + PATIENCE


class EndOfPlayError(Exception):
    """All that was to be done was done."""


@pytest.fixture
def play(site: Site, monkeypatch: pytest.MonkeyPatch) -> Play:
    site.article("a.md", STORY.format("one"))
    return Play(site, monkeypatch)


def later(file: Path) -> None:
    """Give the file a later second: where files are polled, nothing less is seen."""
    second = file.stat().st_mtime + 2
    os.utime(file, (second, second))


def shows(site: Site, text: str) -> Callable[[], bool]:
    """Whether the feed of everything shows a text."""
    return lambda: text.encode() in (site.output / "all.json").read_bytes()


def hides(site: Site, text: str) -> Callable[[], bool]:
    return lambda: not shows(site, text)()


def quiet(steps: int = 10) -> Step:
    """Nothing is done for so many steps of the watcher."""
    left = iter(range(steps))
    return (lambda: None, lambda: next(left, None) is None)


def errors(outcomes: list[Outcome]) -> list[type]:
    return [type(outcome.result) for outcome in outcomes if isinstance(outcome.result, FeedsError)]


def changed(outcomes: list[Outcome]) -> list[int]:
    """How many articles each run found changed, but those that found none."""
    return [
        outcome.result.changed for outcome in outcomes if isinstance(outcome.result, Report) and outcome.result.changed
    ]


# Ways of saving, with the real watcher


def rewrite(site: Site) -> None:
    site.article("a.md", STORY.format("two"))


def replace(site: Site) -> None:
    new = site.article("a.md.tmp", STORY.format("two"))
    new.replace(site.folder / "articles" / "a.md")


def replace_from_elsewhere(site: Site) -> None:
    new = site.folder / "new"
    new.write_text(f"---\n{STORY.format('two')}\n---\n")
    new.replace(site.folder / "articles" / "a.md")


def save_as_vim_does(site: Site) -> None:
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
        replace,
        replace_from_elsewhere,
        save_as_vim_does,
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


def test_what_is_done_in_a_folder_is_seen_wherever_it_goes(site: Site, play: Play) -> None:
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


def test_many_files_at_once_are_few_runs(site: Site, play: Play) -> None:
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

    def lead_elsewhere() -> None:
        (site.folder / "new").symlink_to("second")
        (site.folder / "new").replace(link)

    play(
        (lambda: site.article("../first/a.md", STORY.format("two")), shows(site, "Story two")),
        (lead_elsewhere, shows(site, "Story second")),
        (lambda: site.article("../second/b.md", STORY.format("three")), shows(site, "Story three")),
    )
    assert play.watched == [(site.folder / "first",), (site.folder / "second",)]


def test_polling_sees_changes_too(site: Site, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "1")
    play(
        (lambda: later(site.article("a.md", STORY.format("two"))), shows(site, "Story two")),
        (lambda: site.article("new/deep/b.md", STORY.format("three")), shows(site, "Story three")),
        (lambda: later(site.article("new/deep/b.md", STORY.format("four"))), shows(site, "Story four")),
    )


@pytest.mark.parametrize("polling", ["", "1"], ids=["told", "polling"])
@pytest.mark.parametrize(
    ("output", "cache"),
    [("articles/output", "articles/cache"), ("articles", "articles"), (".", ".")],
    ids=["inside", "the same", "around"],
)
def test_what_is_published_into_a_watched_folder_leads_to_no_more_runs(
    site: Site, play: Play, monkeypatch: pytest.MonkeyPatch, output: str, cache: str, polling: str
) -> None:
    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", polling)
    monkeypatch.setattr(module, "_POLL", 50)
    outcomes = play(quiet(), output=site.folder / output, cache=site.folder / cache)
    assert (site.folder / output / "all.rss").exists()
    assert (site.folder / cache / "feeds.sqlite").exists()
    assert len(outcomes) <= 3  # folders that are new are looked at


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="other systems refuse such a name")
def test_a_name_that_is_not_utf8_does_not_end_it(site: Site, play: Play) -> None:
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


def test_a_file_that_is_not_an_article_any_more_when_it_is_read_is_no_mistake(site: Site, play: Play) -> None:
    """A folder is moved away between the finding and the reading."""
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


def test_an_entry_is_published_when_its_time_has_come(site: Site, play: Play) -> None:
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
def test_the_next_look(
    site: Site, monkeypatch: pytest.MonkeyPatch, result: FeedsError | str | None, seconds: int
) -> None:
    now = dt.datetime(2027, 1, 15, 8, tzinfo=dt.UTC).timestamp()
    monkeypatch.setattr(module, "_MINUTE", 60)
    monkeypatch.setattr(time, "time", lambda: now)
    if isinstance(result, str):
        site.article("a.md", f"title: A\nwebUrl: https://a.example/\npublishedDateTime: 2027-01-15T{result}Z")
        report = site.regenerate(now=dt.datetime.fromtimestamp(now, dt.UTC))
    alarm = module._Alarm(report if isinstance(result, str) else result)
    now += seconds - 0.01
    assert not alarm.is_due()
    now += 0.01
    assert alarm.is_due()
    now -= 3600
    assert alarm.is_due()  # the clock was set back


def test_a_run_is_in_step_with_the_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_800_000_059.0
    monkeypatch.setattr(module, "_MINUTE", 60)
    monkeypatch.setattr(time, "time", lambda: now)
    alarm = module._Alarm(None)
    now += 1
    assert alarm.is_due()


# The configuration


def test_a_wrong_configuration_is_not_taken_over_until_it_is_mended(site: Site, play: Play) -> None:
    right = site.config_path.read_text()

    def mend() -> None:
        new = site.config_path.with_name("new")
        new.write_text(right.replace("Test Wire", "Mended Wire"))
        new.replace(site.config_path)

    outcomes = play(
        (lambda: site.configure(right.replace("site", "sight")), lambda: ConfigError in errors(play.outcomes)),
        (lambda: site.article("a.md", STORY.format("two")), shows(site, "Story two")),
        (mend, shows(site, "Mended Wire")),
    )
    assert set(errors(outcomes)) == {ConfigError}
    assert outcomes[-1].cause == "configuration"
    assert next(outcome.cause for outcome in outcomes if isinstance(outcome.result, ConfigError)) == "configuration"
    assert len(play.watched) == 1


def test_a_configuration_that_is_gone_for_a_moment_is_like_one_that_is_wrong(site: Site, play: Play) -> None:
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
    assert play.watched == [(site.folder / "articles",), (site.folder / "more",)]
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


def test_a_wrong_configuration_at_the_start_is_an_error(site: Site) -> None:
    site.configure("site: nonsense")
    with pytest.raises(ConfigError):
        next(watch(site.config_path))


@pytest.mark.parametrize("is_settled", [True, False])
def test_a_configuration_is_loaded_when_it_has_come_to_rest(site: Site, *, is_settled: bool) -> None:
    watched = module._WatchedSite(site.config_path, None, None)
    assert not watched.is_altered()
    site.config_path.write_text("")
    assert not watched.is_altered()  # a text may follow
    if not is_settled:
        site.config_path.write_text("site:")
    assert watched.is_altered() is is_settled


# What matters


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
def test_what_matters(site: Site, change: Change, path: str, *, expected: bool) -> None:
    folder = site.folder / "articles"
    for name in ("folder", "output/topics", "cache"):
        (folder / name).mkdir(parents=True)
    for name in ("a.txt", "#a.md#", "a.md~", "4913"):
        (folder / name).touch()
    watched = module._WatchedSite(site.config_path, folder / "output", folder / "cache")
    assert watched.matters(change, os.path.normpath(folder / path)) is expected


def test_only_folders_that_may_hold_articles_are_watched(site: Site) -> None:
    folder = site.folder / "articles"
    for name in ("a/b", ".git/objects", "output/topics", "a/.cache/x"):
        (folder / name).mkdir(parents=True)
    (folder / "link").symlink_to("a")
    (folder / os.fsdecode(b"\xff")).mkdir()
    watched = module._WatchedSite(site.config_path, folder / "output", None)
    assert sorted(watched.folders()) == [str(folder / name) for name in ("", "a", "a/b")]


# Runs


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The options of each run, none of which is carried out."""
    options: list[dict[str, Any]] = []

    def regenerate(_: object, **given: Any) -> Any:
        options.append(given)
        return SimpleNamespace(hub=None)

    monkeypatch.setattr(module, "regenerate", regenerate)
    return options


def session(site: Site, monkeypatch: pytest.MonkeyPatch, *bursts: BucketChanges) -> str:
    """Why a session ended whose watcher told of these bursts."""
    monkeypatch.setattr(module, "_bursts", lambda *_, **__: iter(bursts))
    site.article("a.md", STORY.format("one"))
    watched = module._WatchedSite(site.config_path, None, None)
    run = module._PublishRun(watched, vars(module)["regenerate"], full=False, ping=True)
    steps = module._session(watched, run, "start", polling=None)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return str(end.value)


def test_a_burst_is_one_run(site: Site, monkeypatch: pytest.MonkeyPatch, runs: list[dict[str, Any]]) -> None:
    folder = site.folder / "articles"
    burst = {(change, f"{folder}/{number}.md") for number in range(1000) for change in Change}
    assert session(site, monkeypatch, set(), set(), burst, set(), burst, set()) == "articles"
    assert len(runs) == 3


def test_what_does_not_matter_is_no_run(
    site: Site, monkeypatch: pytest.MonkeyPatch, runs: list[dict[str, Any]]
) -> None:
    session(site, monkeypatch, set(), {(Change.added, f"{site.folder}/articles/notes.txt")})
    assert len(runs) == 1


def test_a_new_folder_is_watched_before_it_is_read(
    site: Site, monkeypatch: pytest.MonkeyPatch, runs: list[dict[str, Any]]
) -> None:
    new = site.folder / "articles" / "new"
    new.mkdir()
    burst = {(Change.added, str(new)), (Change.added, str(new / "a.md"))}
    assert session(site, monkeypatch, set(), burst, burst) == "articles"
    assert len(runs) == 1


def test_folders_that_appear_all_the_time_do_not_keep_from_running(
    site: Site, monkeypatch: pytest.MonkeyPatch, runs: list[dict[str, Any]]
) -> None:
    assert session(site, monkeypatch, {(Change.added, str(site.folder / "articles"))}) == "articles"
    assert len(runs) == 1


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
    monkeypatch.setattr(module, "_RETRY", 0)
    outcomes = play((lambda: None, lambda: len(play.outcomes) == 3))
    assert [(type(outcome.result), outcome.cause) for outcome in outcomes] == [
        (expected, "start"),
        (expected, "time"),
        (Report, "time"),
    ]
    assert str(outcomes[0].result) == message


def test_only_the_first_run_that_goes_through_is_full(site: Site) -> None:
    asked = []

    def locked_at_first(*_: object, full: bool, **__: object) -> Any:
        asked.append(full)
        if len(asked) == 1:
            raise CatalogError("locked")
        return SimpleNamespace(hub=None)

    site.article("a.md", STORY.format("one"))
    watched = module._WatchedSite(site.config_path, None, None)
    run = module._PublishRun(watched, locked_at_first, full=True, ping=True)
    assert isinstance(run(), CatalogError)
    run()
    run()
    assert asked == [True, True, False]


def test_a_strict_run_publishes_nothing_until_the_mistake_is_mended(site: Site, play: Play) -> None:
    site.article("b.md", "title: Unlinked")
    outcomes = play(
        (lambda: site.article("a.md", STORY.format("two")), lambda: len(errors(play.outcomes)) > 1),
        (lambda: site.article("b.md", STORY.format("mended")), lambda: "all.rss" in site.documents()),
        strict=True,
    )
    assert set(errors(outcomes)) == {StrictError}
    assert shows(site, "Story two")()


# Where the system does not tell of changes


def refusing(monkeypatch: pytest.MonkeyPatch, *, polling_too: bool) -> None:
    real = watchfiles.watch

    def refused(*paths: str, **options: Any) -> Iterator[Any]:
        if polling_too or not options["force_polling"]:
            raise OSError('OS file watch limit reached. about ["/x"] (Error { kind: MaxFilesWatch })')
        yield from real(*paths, **options)

    monkeypatch.setattr(watchfiles, "watch", refused)


def test_where_the_system_refuses_files_are_polled(site: Site, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, polling_too=False)
    play._has_effect = lambda: len(play.outcomes) > 1
    outcomes = play((lambda: later(site.article("a.md", STORY.format("two"))), shows(site, "Story two")))
    assert play.polled[:2] == [None, True]
    assert str(outcomes[0].result) == (
        'the folders of articles cannot be watched: OS file watch limit reached. about ["/x"]'
    )
    assert outcomes[1].cause == "start"


def test_where_polling_is_refused_too_it_is_an_error(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, polling_too=True)
    events = watch(site.config_path)
    assert isinstance(next(events), Watching)
    assert isinstance(next(events), Outcome)
    with pytest.raises(WatchError, match="OS file watch limit reached"):
        next(events)


@pytest.mark.parametrize("polling", [None, True], ids=["told", "polled"])
def test_a_folder_that_goes_away_before_it_is_watched_is_no_error(polling: bool | None) -> None:
    bursts = module._bursts(["/there/is/no/such/folder"], polling=polling)
    assert next(bursts, set()) == set()

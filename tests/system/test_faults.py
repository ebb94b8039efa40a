"""Nothing is lost if runs are killed, disks are full, folders are gone, or two runs overlap."""

from __future__ import annotations

import ast
import fcntl
import json
import os
import pickle
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

import pytest
from click.testing import CliRunner

import feeds
from feeds import errors, overview
from feeds.cli.commands import main
from feeds.cli.printing import exit_on_errors
from feeds.engines import local
from feeds.errors import ConfigError, EmptiedError, FeedsError, LocatedDiagnostic, PublishError, StrictError
from feeds.pipeline.plan import current_feeds
from feeds.run import read_archive
from feeds.storage.local import LocalFolder
from tests.support.faults import Points, in_process
from tests.support.paths import PACKAGE, ROOT
from tests.support.site import NOW, Site

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from feeds.engines.base import Engine
    from feeds.models import Feed
    from feeds.pipeline.plan import Snapshot
    from feeds.run import RunContext

#: Seconds until a test gives up: a machine may be slow.
PATIENCE = 60
#: The number of points at which a run is killed; `make soak` has them all.
POINTS = int(os.environ.get("POINTS", "24"))

BASE = "https://feeds.example.com/"
CONFIG = """\
site: {title: Test Wire, url: https://feeds.example.com/}
source: {articles: [../articles]}
archives: month
compress: [gzip]
formats: [rss, atom]
feeds: {all: {limit: 2}, topics: {limit: 2}, providers: off, custom: [{path: gone, limit: 1}]}
pages: off
"""
CHANGED = (
    CONFIG.replace("Test Wire", "Other Wire")
    .replace("path: gone", "path: new")
    .replace("pages: off", "pages: on")
    .replace("formats: [rss, atom]", "formats: [rss, atom, json]")
    + "moved: {topics/sun: topics/energy}\n"
)
#: Documents that people may open who know only the URL of the site. And patterns of URLs in documents.
ENTRANCES = ("index.html", "feeds.opml")
TEXTS = (".rss", ".atom", ".json", ".html", ".opml")
ADDRESSES = re.compile(
    rb"""(?:href|src|url|xmlUrl|htmlUrl|next_url|home_page_url|feed_url)["']?\s*[=:]\s*["']([^"']+)["']|<link>([^<]+)<"""
)
STORY = "title: {1}\nwebUrl: https://a.example/{0}\npublishedDateTime: {2}\ntopics: [{3}]"
DATES = ("2026-05-20", "2026-05-10", "2026-04-20", "2026-04-10", "2026-03-20", "2026-03-10")


def write(site: Site, number: int, title: str, topic: str) -> None:
    file = site.article(f"{number}.md", STORY.format(number, title, DATES[number % 6], topic))
    os.utime(file, (0, 1_700_000_000 + len(title)))


#: The change back: pages, a format, archives' neighbours and precompressed files are removed.
BACK = CONFIG.replace("compress: [gzip]\n", "")


@pytest.fixture(scope="module", params=["forth", "back"])
def before(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A published site that has changed in every way since: new, changed and removed stories, and other settings."""
    first, then = (CONFIG, CHANGED) if request.param == "forth" else (CHANGED, BACK)
    site = Site(tmp_path_factory.mktemp("before"))
    (site.folder / "articles").mkdir()
    site.configure(first)
    for number in range(12):
        write(site, number, "Old", ("Energy", "Water", "Light")[number % 3])
    site.regenerate()
    for number in (0, 2, 5):
        write(site, number, "Changed", "Wind")
    for number in (1, 7):
        (site.folder / "articles" / f"{number}.md").unlink()
    site.article("12.md", STORY.format(12, "New", "2026-05-25", "Energy"))
    site.article("13.md", STORY.format(13, "Of another month", "2026-02-10", "Energy"))
    site.configure(then)
    return site


@pytest.fixture(scope="module")
def after(before: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The documents of the site after an undisturbed run."""
    site = copied(before, tmp_path_factory.mktemp("after"))
    site.regenerate()
    return site.documents()


def copied(site: Site, folder: Path) -> Site:
    shutil.copytree(site.folder, folder, dirs_exist_ok=True)
    return Site(folder)


def is_temporary(path: str) -> bool:
    return path.endswith(".feeds-new") or path == ".feeds-journal"


def check_whole(site: Site, old: dict[str, bytes], new: dict[str, bytes]) -> None:
    """Check that every file is complete, old or new, and that no reachable one links to a missing document."""
    found = {path: body for path, body in site.documents().items() if not is_temporary(path)}
    for path, body in found.items():
        assert body in (old.get(path), new.get(path)), path
    assert found.keys() >= old.keys() & new.keys()
    for path, body in found.items():
        copy = f"{path}.gz"
        if copy in found and body == new.get(path) != old.get(path):
            assert found[copy] == new.get(copy), f"{copy} is older"
    assert missing(found, {*(old.keys() & new.keys()), *ENTRANCES}) == set()


def missing(documents: dict[str, bytes], known: Collection[str]) -> set[tuple[str, str]]:
    """Broken links that are reachable from the `known` documents, as (document, path of the target)."""
    left = [path for path in known if path in documents]
    seen = set(left)
    found = set()
    while left:
        path = left.pop()
        for target in named(path, documents[path]) if path.endswith(TEXTS) else ():
            if target not in documents:
                found.add((path, target))
            elif target not in seen:
                seen.add(target)
                left.append(target)
    return found


def named(path: str, body: bytes) -> Iterator[str]:
    """The paths of its own site that a document links to, except the site itself, which may have no pages."""
    for groups in ADDRESSES.findall(body):
        address = urljoin(BASE + path, "".join(part.decode() for part in groups)).partition("#")[0]
        target = unquote(address.removeprefix(BASE))
        if target and address.startswith(BASE):
            yield f"{target}index.html" if target.endswith("/") else target


def test_the_change_writes_and_removes_documents_of_every_kind(before: Site, after: dict[str, bytes]) -> None:
    """Otherwise, the tests below would prove nothing."""
    old = before.documents()
    assert missing(old, old) == missing(after, after) == set()
    changed = {path for path in old if old[path] != after.get(path, old[path])}
    assert {"all.rss", "all/archive/2026-03.rss"} <= changed
    if "all/index.html" in old:
        assert {"new.rss", "all.json", "all/index.html", "index.html", "all.rss.gz"} <= old.keys() - after.keys()
        assert {"assets/page.css", "all/index.html"} <= set(named("index.html", old["index.html"]))
        return
    assert {"gone.rss", "gone/archive/2026-03.atom.gz"} <= old.keys() - after.keys()
    new = after.keys() - old.keys()
    assert {"new.rss", "all.json", "all/index.html", "topics/sun.rss", "all/archive/2026-02.atom"} <= new
    assert {"assets/feed.css", "all.json", "all/archive/2026-04.atom"} <= set(named("all.atom", after["all.atom"]))
    assert {"assets/page.css", "all/index.html"} <= set(named("index.html", after["index.html"]))
    assert set(named("all.json", after["all.json"])) >= {"all/archive/2026-04.json", "all/index.html"}


def kill_at(site: Site, point: int, jobs: int) -> tuple[int, int]:
    """Run until a point is reached; return the exit code and the number of points passed."""
    points = Points(point)

    def run() -> None:
        sys.addaudithook(points.audit)
        site.regenerate(jobs=jobs)

    return in_process(run), points.count


def spread(count: int) -> list[int]:
    """The numbers of some points, from the first to the last."""
    return sorted({1 + round(number * (count - 1) / (min(POINTS, count) - 1)) for number in range(min(POINTS, count))})


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_run_loses_nothing_and_the_next_one_completes_it(
    before: Site, after: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    monkeypatch.setattr(local, "MIN_PARALLEL_FILES", 2)
    monkeypatch.setattr(local, "MIN_PARALLEL_TASKS", 2)
    code, count = kill_at(copied(before, tmp_path / "whole"), 0, jobs)
    assert (code, count > 100) == (0, True)
    old = before.documents()
    for point in spread(count):
        site = copied(before, tmp_path / str(point))
        code, passed = kill_at(site, point, jobs)
        assert code != 0 or passed < point  # how much two processes do is not always the same
        check_whole(site, old, after)
        site.regenerate()
        assert site.documents() == after, point
        assert site.regenerate().written == 0
        shutil.rmtree(site.folder)


def test_runs_killed_one_after_the_other_lose_nothing(before: Site, after: dict[str, bytes], tmp_path: Path) -> None:
    site = copied(before, tmp_path)
    old = before.documents()
    for point in (30, 60, 5, 90, 2, 95):
        assert kill_at(site, point, 1)[0] == -signal.SIGKILL
        check_whole(site, old, after)
    site.regenerate()
    assert site.documents() == after


STRACE = shutil.which("strace")
SYSTEM_CALLS = "write,pwrite64,rename,unlink,mkdir,rmdir,ftruncate,fsync,fdatasync,openat"
RUN = """
import sys, datetime, feeds
now = datetime.datetime.fromisoformat(sys.argv[2])
feeds.regenerate(feeds.load_config(sys.argv[1]), jobs=1, now=now)
"""


def traced(site: Site, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(STRACE), "-f", "-qq", "-o", str(site.folder / "trace"), "-e", f"trace={SYSTEM_CALLS}", *options]
    program = [sys.executable, "-c", RUN, str(site.config_path), NOW.isoformat()]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([*command, *program], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
def test_a_run_killed_at_any_system_call_loses_nothing(before: Site, after: dict[str, bytes], tmp_path: Path) -> None:
    """Also while SQLite writes, which raises no audit event."""
    whole = copied(before, tmp_path / "whole")
    done = traced(whole)
    if "ptrace" in done.stderr:
        pytest.skip(f"strace may not trace here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    calls = numbered_calls((whole.folder / "trace").read_text(encoding="utf-8"))
    assert len(calls) > 300
    old = before.documents()
    for point in spread(len(calls))[::3]:
        call, number = calls[point - 1]
        site = copied(before, tmp_path / str(point))
        killed = traced(site, "-e", f"inject={call}:signal=SIGKILL:when={number}")
        assert killed.returncode != 0, (call, number)
        (site.folder / "trace").unlink()
        check_whole(site, old, after)
        site.regenerate()
        assert site.documents() == after, (call, number)
        shutil.rmtree(site.folder)


def numbered_calls(trace: str) -> list[tuple[str, int]]:
    """The system calls of a run from the first that changes anything, each with its number among those of its kind."""
    counts: Counter[str] = Counter()
    found = []
    for call in re.findall(r"^\d+ +(\w+)\(", trace, re.MULTILINE):
        counts[call] += 1
        found.append((call, counts[call]))
    first = next(number for number, (call, _) in enumerate(found) if call != "openat")
    return found[first:]


# The disk


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("limit", [200, 3_000, 30_000])
def test_a_limit_on_file_sizes_loses_nothing(
    before: Site,
    after: dict[str, bytes],
    tmp_path: Path,
    limit: int,
    jobs: int,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The limit stops a write in its middle, as a full disk does."""
    monkeypatch.setattr(local, "MIN_PARALLEL_FILES", 2)
    monkeypatch.setattr(local, "MIN_PARALLEL_TASKS", 2)
    site = copied(before, tmp_path)

    def run() -> None:
        most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
        try:
            site.regenerate(jobs=jobs)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    assert in_process(run) == 1
    last = capfd.readouterr().err.strip().splitlines()[-1]
    assert re.match(r"feeds\.\S*(Publish|Catalog)Error: \S+: (cannot be written: |the cache cannot be used: )", last), (
        last
    )
    check_whole(site, before.documents(), after)
    assert not list(site.output.rglob("*.feeds-new"))
    site.regenerate()
    assert site.documents() == after


FILL = """
mount -t tmpfs -o size={size}k tmpfs {mount} && cp -a {site}/. {mount}/ || exit 99
{python} -m feeds regenerate -q --config {mount}/config/feeds.yaml 2>{result}/stderr; echo $? >{result}/code
cp -a {mount}/output {result}/output
"""


@pytest.mark.parametrize("spare", [4, 20, 40])
def test_a_full_disk_loses_nothing(before: Site, tmp_path: Path, spare: int) -> None:
    site = copied(before, tmp_path / "site")
    for name in ("mount", "result"):
        (tmp_path / name).mkdir()
    taken = sum(-(-path.stat().st_size // 4096) * 4 for path in site.folder.rglob("*")) + 40
    places = {"mount": tmp_path / "mount", "site": site.folder, "result": tmp_path / "result"}
    script = FILL.format(size=taken + spare, python=sys.executable, **places)
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not (tmp_path / "result" / "code").exists():
        pytest.skip(f"no disk of our own can be mounted here: {done.stderr.strip()}")
    code = (tmp_path / "result" / "code").read_text().strip()
    stderr = (tmp_path / "result" / "stderr").read_text()
    assert (code, stderr.count("\n")) == ("1", 1), stderr
    assert "No space left on device" in stderr or "disk is full" in stderr
    result = Site(tmp_path / "result")
    new = copied(before, tmp_path / "new")
    feeds.regenerate(feeds.load_config(new.config_path))
    check_whole(result, before.documents(), new.documents())


FILL_CACHE = """
mount -t tmpfs -o size={size}k tmpfs {mount} && cp -a {site}/.feeds/. {mount}/ || exit 99
exec {python} -m feeds regenerate -q --jobs 1 --config {site}/config/feeds.yaml --cache {mount}
"""


@pytest.mark.parametrize("spare", [0, 8, 60])
def test_a_full_disk_of_the_cache_loses_nothing(
    before: Site, after: dict[str, bytes], tmp_path: Path, spare: int
) -> None:
    site = copied(before, tmp_path / "site")
    (tmp_path / "mount").mkdir()
    size = sum(-(-path.stat().st_size // 4096) * 4 for path in (site.folder / ".feeds").rglob("*")) + spare
    script = FILL_CACHE.format(size=size, mount=tmp_path / "mount", python=sys.executable, site=site.folder)
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 99 or done.stderr.startswith("unshare"):
        pytest.skip(f"no disk of our own can be mounted here: {done.stderr.strip()}")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert re.search(r"the cache cannot be used: .*(disk is full|disk I/O error)", done.stderr), done.stderr
    check_whole(site, before.documents(), after)
    site.regenerate()
    assert site.documents() == after


READ_ONLY = """
mount --bind {folder} {folder} && mount -o remount,bind,ro {folder} || exit 99
exec {python} -m feeds regenerate -q --jobs 1 --config {config}
"""


@pytest.mark.parametrize(
    ("name", "message"), [("output", "Read-only file system"), (".feeds", "attempt to write a readonly database")]
)
def test_a_folder_that_is_read_only_loses_nothing(before: Site, tmp_path: Path, name: str, message: str) -> None:
    site = copied(before, tmp_path)
    script = READ_ONLY.format(folder=site.folder / name, python=sys.executable, config=site.config_path)
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 99 or done.stderr.startswith("unshare"):
        pytest.skip(f"nothing can be mounted read-only here: {done.stderr.strip()}")
    assert (done.returncode, done.stderr.count("\n"), message in done.stderr) == (1, 1, True), done.stderr
    assert site.documents() == before.documents()


@pytest.mark.parametrize(
    ("name", "other", "code", "message"),
    [
        ("output", "file", 1, "is not a folder; expected one to publish in"),
        (".feeds", "file", 1, "the cache cannot be used: "),
        (".feeds/feeds.sqlite", "folder", 1, "the cache cannot be used: unable to open database file"),
        ("config/feeds.yaml", "", 2, "there is no such file"),
    ],
)
def test_something_else_at_a_path_is_reported_and_left_alone(
    before: Site, tmp_path: Path, name: str, other: str, code: int, message: str
) -> None:
    site = copied(before, tmp_path)
    place = site.folder / name
    place.rename(site.folder / "away")
    if other:
        place.touch() if other == "file" else place.mkdir()
    output = site.documents()
    result = CliRunner().invoke(main, ["regenerate", "--jobs", "1", "--config", str(site.config_path)])
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (code, "", 1)
    assert message in result.stderr
    assert site.documents() == output
    assert (place.is_file(), place.is_dir()) == (other == "file", other == "folder")


def test_a_folder_without_write_permission_loses_nothing(
    before: Site, after: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is simulated, because root may write everywhere."""
    site = copied(before, tmp_path)
    replace = Path.replace

    def denied(self: Path, target: Path) -> Path:
        if self.parent.name == "topics":
            raise PermissionError(13, "Permission denied", str(target))
        return replace(self, target)

    with monkeypatch.context() as denying:
        denying.setattr(Path, "replace", denied)
        with pytest.raises(PublishError, match=r"topics/.*: cannot be written: Permission denied"):
            site.regenerate(jobs=1)
    check_whole(site, before.documents(), after)
    site.regenerate()
    assert site.documents() == after


def test_a_link_in_place_of_a_folder_is_not_followed(before: Site, tmp_path: Path) -> None:
    site = copied(before, tmp_path / "site")
    elsewhere = tmp_path / "elsewhere"
    shutil.move(site.output / "topics", elsewhere)
    (site.output / "topics").symlink_to(elsewhere)
    there = {path: path.read_bytes() for path in elsewhere.rglob("*.rss")}
    assert all("leads out of" in mistake.message for mistake in site.regenerate().mistakes)
    assert {path: path.read_bytes() for path in elsewhere.rglob("*.rss")} == there


SETPRIV = shutil.which("setpriv")


def unprivileged(site: Site, *options: str) -> subprocess.CompletedProcess[str]:
    """A run without the privileges of root, whoever runs the tests."""
    command = [sys.executable, "-m", "feeds", "regenerate", "-q", "--config", str(site.config_path), *options]
    if os.geteuid() == 0:
        command = [str(SETPRIV), "--bounding-set=-dac_override,-dac_read_search", *command]
    return subprocess.run(command, capture_output=True, text=True, check=False)


needs_setpriv = pytest.mark.skipif(os.geteuid() == 0 and SETPRIV is None, reason="setpriv is not installed")


@needs_setpriv
@pytest.mark.parametrize(("name", "mode"), [("sub", 0o600), ("sub", 0o000), (".", 0o400)])
def test_an_unreadable_folder_removes_nothing(site: Site, name: str, mode: int) -> None:
    for path in ("a.md", "sub/b.md", "sub/c.md"):
        site.article(path, STORY.format(path, "One", "2026-05-01", "Energy"))
    assert unprivileged(site).returncode == 0
    publish = site.documents()
    folder = site.folder / "articles" / name
    folder.chmod(mode)
    try:
        done = unprivileged(site)
        assert (done.returncode, site.documents()) == (0, publish)
        assert "cannot be read: Permission denied" in done.stderr
        assert unprivileged(site, "--strict").returncode == 1
    finally:
        folder.chmod(0o755)
    assert (unprivileged(site).stderr, site.documents()) == ("", publish)


@needs_setpriv
def test_a_document_that_cannot_be_removed_stays_ours(site: Site) -> None:
    configuration = site.config_path.read_text(encoding="utf-8")
    site.configure(configuration + "feeds: {custom: [{path: gone/x}]}\n")
    site.article("a.md", STORY.format(1, "One", "2026-05-01", "Energy"))
    assert unprivileged(site).returncode == 0
    site.configure(configuration)
    folder = site.output / "gone"
    folder.chmod(0o000)
    try:
        done = unprivileged(site)
    finally:
        folder.chmod(0o755)
    assert (done.returncode, "gone/x" in done.stderr, "Permission denied" in done.stderr) == (1, True, True)
    assert (unprivileged(site).returncode, "gone/x.rss" in site.documents()) == (0, False)


# Articles that are gone


def test_an_emptied_archive_empties_no_feed(site: Site) -> None:
    site.article("a.md", STORY.format(1, "One", "2026-05-01", "Energy"))
    site.regenerate()
    publish = site.documents()
    (site.folder / "articles" / "a.md").rename(site.folder / "a.md")
    message = "articles: held articles and holds none now; nothing was done; expected articles"
    for _ in range(2):
        for option in ("ping", "dry_run", "strict"):
            with pytest.raises(EmptiedError, match=re.escape(message)):
                site.regenerate(**{option: True})  # type: ignore[arg-type]  # none of them is `now`
        assert site.documents() == publish
    (site.folder / "a.md").rename(site.folder / "articles" / "a.md")
    assert site.regenerate().written == 0


def test_an_emptied_archive_without_a_cache_empties_no_feed(site: Site) -> None:
    site.article("a.md", STORY.format(1, "One", "2026-05-01", "Energy"))
    site.regenerate()
    (site.folder / "articles" / "a.md").unlink()
    shutil.rmtree(site.folder / ".feeds")
    with pytest.raises(EmptiedError, match="there is no article, and feeds with up to 1 entries are published"):
        site.regenerate()


def test_one_emptied_folder_of_two_removes_nothing(site: Site) -> None:
    site.configure(site.config_path.read_text(encoding="utf-8").replace("../articles", "../articles, ../more"))
    (site.folder / "more").mkdir()
    site.article("a.md", STORY.format(1, "One", "2026-05-01", "Energy"))
    site.article("../more/b.md", STORY.format(2, "Two", "2026-05-01", "Energy"))
    assert site.regenerate().entries == 2
    (site.folder / "more" / "b.md").unlink()
    with pytest.raises(EmptiedError, match="more: held articles"):
        site.regenerate()
    assert site.regenerate(allow_empty=True).entries == 1
    assert site.regenerate().entries == 1


@pytest.mark.parametrize("how", ["full", "settings", "version"])
def test_an_emptied_folder_is_noticed_by_a_run_that_reads_everything(
    site: Site, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    configuration = site.config_path.read_text(encoding="utf-8").replace("../articles", "../articles, ../more")
    site.configure(configuration)
    (site.folder / "more").mkdir()
    site.article("a.md", STORY.format(1, "One", "2026-05-01", "Energy"))
    site.article("../more/b.md", STORY.format(2, "Two", "2026-05-01", "Energy"))
    assert site.regenerate().entries == 2
    (site.folder / "more" / "b.md").unlink()
    if how == "settings":
        site.configure(configuration.replace("../more]", "../more], link: amp"))
    if how == "version":
        monkeypatch.setattr("feeds.run.fingerprint", lambda _: "another")
    with pytest.raises(EmptiedError, match="more: held articles"):
        site.regenerate(full=how == "full")


def test_an_empty_archive_can_be_allowed(site: Site) -> None:
    site.article("a.md", STORY.format(1, "One", "2026-05-01", "Energy"))
    site.regenerate()
    (site.folder / "articles" / "a.md").unlink()
    arguments = ["regenerate", "--config", str(site.config_path)]
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ")
    assert result.stderr.endswith("expected articles, or --allow-empty if that is meant\n")
    assert CliRunner().invoke(main, [*arguments, "--allow-empty"]).exit_code == 0
    assert json.loads(site.documents()["all.json"])["items"] == []
    assert CliRunner().invoke(main, arguments).exit_code == 0


def test_an_archive_that_never_had_articles_is_no_error(site: Site) -> None:
    assert site.regenerate().articles == 0
    assert site.regenerate().articles == 0


def test_articles_that_are_not_published_are_no_error(site: Site) -> None:
    site.article("a.md", STORY.format(1, "One", "2026-05-01", "Energy"))
    site.regenerate()
    site.article("a.md", STORY.format(1, "One", "2026-05-01", "Energy") + "\npublished: false")
    assert site.regenerate().entries == 0


# Two runs at once


def hold(output: Path, seconds: float = 60) -> subprocess.Popen[str]:
    """A process that holds the lock of a folder."""
    code = (
        "import sys, time; from feeds.storage.folder import open_folder\n"
        "with open_folder(sys.argv[1]).locked(0): print('locked', flush=True); time.sleep(float(sys.argv[2]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(output), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    return process


def test_the_second_run_into_a_folder_waits_for_the_first(site: Site) -> None:
    site.article("a.md", STORY.format(1, "One", "2026-05-01", "Energy"))
    with hold(site.output, 0.5) as process:
        assert site.regenerate().written
        assert process.wait() == 0


def test_the_second_run_into_a_folder_is_refused_after_a_while(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.build.LOCK_TIMEOUT", 0.2)
    site.article("a.md", STORY.format(1, "One", "2026-05-01", "Energy"))
    with hold(site.output) as process:
        with pytest.raises(PublishError) as caught:
            site.regenerate()
        assert str(caught.value) == "output: another run is publishing into it; expected it to end"
        assert site.documents() == {}
        assert site.regenerate(dry_run=True).written
        process.kill()
    assert site.regenerate().written


def test_the_lock_ends_with_the_run_that_holds_it(tmp_path: Path) -> None:
    """Its processes inherit the lock, and end when it is killed."""
    code = (
        "import os, sys, time; from feeds.parallel import process_map; from feeds.storage.folder import open_folder\n"
        "def work(seconds):\n"
        "    os.write(1, b'started\\n'); time.sleep(seconds)\n"
        "with open_folder(sys.argv[1]).locked(0), process_map(2, work) as map_items:\n"
        "    for _ in map_items([60, 60]): pass\n"
    )
    (tmp_path / "output").mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code, str(tmp_path / "output")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    with pytest.raises(PublishError), LocalFolder(tmp_path / "output").locked(0):
        pass
    process.kill()
    process.wait()
    with LocalFolder(tmp_path / "output").locked(20):
        pass
    process.stdout.close()


def test_a_file_system_without_locks_is_not_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refused)
    with LocalFolder(tmp_path).locked(5), LocalFolder(tmp_path).locked(5):
        pass


def test_a_folder_that_replaces_the_locked_one_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output, lock, swapped = tmp_path / "output", fcntl.flock, tmp_path / "swapped"

    def lock_and_swap(descriptor: int, operation: int) -> None:
        lock(descriptor, operation)
        if not swapped.exists():
            output.rename(swapped)
            output.mkdir()

    monkeypatch.setattr(fcntl, "flock", lock_and_swap)
    with LocalFolder(output).locked(5), pytest.raises(PublishError), LocalFolder(output).locked(0):
        pass
    with LocalFolder(swapped).locked(0):
        pass


def test_a_lock_leaves_nothing_behind(tmp_path: Path) -> None:
    with LocalFolder(tmp_path / "output").locked(5):
        assert list((tmp_path / "output").iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_two_runs_with_caches_of_their_own_publish_one_after_the_other(site: Site, tmp_path: Path) -> None:
    for number in range(40):
        site.article(f"{number}.md", STORY.format(number, "One", "2026-05-01", f"T{number}"))
    command = [sys.executable, "-m", "feeds", "regenerate", "-q", "--config", str(site.config_path), "--jobs", "1"]
    runs = [subprocess.Popen([*command, "--cache", str(tmp_path / f"cache-{name}")]) for name in "abc"]
    assert [run.wait() for run in runs] == [0, 0, 0]
    assert not [path for path in site.documents() if is_temporary(path)]
    manifest = json.loads(site.documents()["feeds.json"])
    assert {document["path"] for document in manifest["documents"]} == site.documents().keys() - {"feeds.json"}


def test_a_run_that_was_overtaken_publishes_what_is_there_by_then(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a run reads, another one with its own cache publishes a newer article, which is not undone."""
    site.article("a.md", STORY.format(1, "One", "2026-05-01", "Energy"))
    site.regenerate(cache=tmp_path / "other")
    others: list[feeds.Report | None] = []

    def overtaken(context: RunContext, engine: Engine) -> Snapshot:
        snapshot = read_archive(context, engine)
        if others:
            return snapshot
        others.append(None)
        site.article("b.md", STORY.format(2, "Two", "2026-05-02", "Water"))
        others.append(site.regenerate(cache=tmp_path / "other"))
        return snapshot

    monkeypatch.setattr("feeds.build.LOCK_TIMEOUT", 0)
    monkeypatch.setattr("feeds.build.read_archive", overtaken)
    report = site.regenerate()
    assert [other.changed for other in others if other] == [1]
    assert report.entries == 2
    assert b"Two" in site.documents()["topics/water.rss"]
    assert site.regenerate().written == 0


def test_a_strict_run_that_publishes_nothing_creates_no_folder(site: Site, tmp_path: Path) -> None:
    site.article("a.md", "title: No address")
    with pytest.raises(feeds.StrictError):
        site.regenerate(output=tmp_path / "x" / "y", strict=True)
    assert not (tmp_path / "x").exists()


def test_a_survey_keeps_no_run_waiting(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the cache keeps nothing of what it reads."""
    monkeypatch.setattr("feeds.catalog.schema.LOCK_TIMEOUT", 0)
    site.article("a.md", STORY.format(1, "One", "2026-05-01", "Energy"))
    site.regenerate()
    site.article("b.md", STORY.format(2, "Two", "2026-05-02", "Water"))

    def publishing(snapshot: Snapshot) -> Iterator[Feed]:
        assert site.regenerate().changed == 1
        return current_feeds(snapshot)

    monkeypatch.setattr("feeds.overview.current_feeds", publishing)
    found = overview.survey(feeds.load_config(site.config_path), now=NOW)
    assert {feed.path for feed in found.feeds} == {"all", "topics/energy", "topics/water", "providers/a.example"}


# Output that cannot be printed, and other refusals


def test_a_run_whose_output_cannot_be_printed_has_published(site: Site) -> None:
    site.article("a.md", STORY.format(1, "One", "2026-05-01", "Energy"))
    message = "Error: what is to be said cannot be printed: No space left on device\n"
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        for options in ([], ["--json"]):
            command = [sys.executable, "-m", "feeds", "regenerate", "--config", str(site.config_path), *options]
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
            assert done.returncode in {1, 120}
            assert "Traceback" not in done.stderr
            assert done.stderr.startswith(message)
    assert "all.rss" in site.documents()


def test_a_working_directory_that_is_gone_leads_to_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    script = f"cd {tmp_path / 'gone'} && rmdir {tmp_path / 'gone'} && exec {sys.executable} -P -m feeds regenerate"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr


@pytest.mark.parametrize("error", [ConfigError, StrictError, PublishError, EmptiedError])
def test_errors_are_pickled_unchanged(error: type[FeedsError]) -> None:
    one = made(error)
    same = pickle.loads(pickle.dumps(one))  # noqa: S301
    assert (type(same), str(same), vars(same)) == (type(one), str(one), vars(one))


# Documentation


#: The errors with a text of their own, and not a list of diagnostics.
RAISED = [
    kind.__name__
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, FeedsError) and not issubclass(kind, ConfigError | StrictError)
]


def messages(path: Path, shared: dict[str, ast.expr]) -> Iterator[str]:
    """The longest constant part of each message that a module raises an error with.

    `shared` are the constants of all modules by name.
    """
    module = ast.parse(path.read_text(encoding="utf-8"))
    constants = shared | assigned(module.body)
    for function in (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)):
        known = constants | assigned(ast.walk(function))
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED and node.args:
                message = node.args[-1]
                text = known[message.id] if isinstance(message, ast.Name) else message
                pieces = [part.value for part in ast.walk(text) if isinstance(part, ast.Constant)]
                yield max((piece for piece in pieces if isinstance(piece, str)), key=len, default="").strip(" :;,()")


def assigned(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """The values of assignments by name."""
    found = [node for node in nodes if isinstance(node, ast.Assign)]
    return {target.id: node.value for node in found for target in node.targets if isinstance(target, ast.Name)}


def test_a_run_that_stops_because_every_article_is_skipped_says_why(site: Site) -> None:
    site.configure(CONFIG)
    site.article("a.md", STORY.format("a", "Old", "2026-05-01", "Energy"))
    site.regenerate()
    before = site.documents()
    site.article("a.md", "title: [t")
    result = CliRunner().invoke(main, ["regenerate", "--config", str(site.config_path)])
    assert result.exit_code == 1
    assert "articles/a.md:3: not valid YAML" in result.stderr
    assert "Error: every article is left out for its mistakes, and feeds with up to 1 " in result.stderr
    assert site.documents() == before
    as_json = CliRunner().invoke(main, ["regenerate", "--json", "--config", str(site.config_path)])
    assert [mistake["line"] for mistake in json.loads(as_json.stdout)["mistakes"]] == [3]
    assert site.regenerate(allow_empty=True).entries == 0


def test_every_error_is_in_the_troubleshooting_guide() -> None:
    guide = (PACKAGE.parent / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    starting = (PACKAGE / "serving" / "hosting", PACKAGE / "cli")
    modules = [path for path in PACKAGE.rglob("*.py") if path.parent not in starting]
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in modules)
    shared = {name: value for tree in trees for name, value in assigned(tree.body).items() if name.isupper()}
    found = {message for path in modules for message in messages(path, shared)}
    assert len(found) > 20
    assert [message for message in sorted(found) if message not in guide] == []


def made(kind: type[FeedsError]) -> FeedsError:
    """An error of this class."""
    if issubclass(kind, ConfigError | StrictError):
        return kind([LocatedDiagnostic("a.md", 3, "is wrong; expected it right", "a-rule")])
    return kind("output", "is in use") if issubclass(kind, PublishError) else kind("it cannot be done")


def test_every_class_of_error_is_in_the_guide_with_its_exit_code() -> None:
    guide = (PACKAGE.parent / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    codes = dict(re.findall(r"^\| `(\w+Error)` \| (\d) \|", guide, re.MULTILINE))
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, FeedsError)]
    named = {kind.__name__: kind for kind in kinds if kind is not FeedsError and not kind.__name__.startswith("_")}
    assert codes.keys() == named.keys()
    for name, kind in named.items():
        with pytest.raises(SystemExit) as ended, exit_on_errors():
            raise made(kind)
        assert str(ended.value.code) == codes[name], name

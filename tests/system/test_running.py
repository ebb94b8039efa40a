"""The recipes of docs/running.md work, in a site in another folder."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from tests.support.site import Site

PAGE = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
PLACE = "/srv/my-site"
UNITS = re.findall(r"`/etc/systemd/system/([\w.-]+)`.*?```ini\n(.*?)```", PAGE, re.DOTALL)
ANALYZE = shutil.which("systemd-analyze")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found).strip()


@pytest.fixture
def installed(site: Site) -> Site:
    """A site with an article, and the program at the path of the recipes."""
    site.article("a.md", "title: A story\nwebUrl: https://a.example/story\npublishedDateTime: 2026-05-01")
    (site.folder / ".venv" / "bin").mkdir(parents=True)
    (site.folder / ".venv" / "bin" / "feeds").symlink_to(Path(sys.executable).parent / "feeds")
    return site


def test_there_are_units() -> None:
    assert [name for name, _ in UNITS] == ["feeds.service", "feeds.timer", "feeds-watch.service"]


def test_the_line_for_cron_publishes_and_is_silent(installed: Site) -> None:
    *times, command = block("crontab").split(maxsplit=5)
    assert times == ["*/10", "*", "*", "*", "*"]
    assert "%" not in command, "cron takes it for a line break"
    ran = subprocess.run(
        ["/bin/sh", "-c", command.replace(PLACE, str(installed.folder))], capture_output=True, check=True, timeout=60
    )
    assert (ran.stdout, ran.stderr) == (b"", b"")
    assert "all.rss" in installed.documents()


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed (Debian: apt-get install systemd)")
def test_systemd_accepts_the_units(installed: Site, tmp_path: Path) -> None:
    folder = tmp_path / "units"
    folder.mkdir()
    for name, unit in UNITS:
        text = unit.replace(PLACE, str(installed.folder)).replace("User=feeds", "User=root")
        (folder / name).write_text(text, encoding="utf-8")
    files = [str(folder / name) for name, _ in UNITS]
    ran = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", *files], capture_output=True, text=True, check=False, timeout=60
    )
    assert [line for line in ran.stderr.splitlines() if "feeds" in line] == []
    assert ran.returncode == 0, ran.stderr


def command_of(unit: str, site: Site) -> list[str]:
    (line,) = re.findall(r"^ExecStart=(.*)$", dict(UNITS)[unit], re.MULTILINE)
    return str(line).replace(PLACE, str(site.folder)).split()


def test_the_service_publishes(installed: Site) -> None:
    subprocess.run(command_of("feeds.service", installed), cwd=installed.folder, check=True, timeout=60)
    assert "all.rss" in installed.documents()


def test_the_service_that_watches_ends_on_sigterm(installed: Site) -> None:
    command = command_of("feeds-watch.service", installed)
    with subprocess.Popen(command, cwd=installed.folder, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout
        assert watching.stdout.readline().startswith("Watching articles")
        assert "1 article, 1 entry" in watching.stdout.readline()
        watching.send_signal(signal.SIGTERM)
        assert watching.wait(timeout=60) == 0
    assert "all.rss" in installed.documents()


def test_the_job_publishes_into_the_folder_that_it_keeps(installed: Site) -> None:
    job = yaml.safe_load(block("yaml"))["pages"]
    install, publish = job["script"]
    assert install.startswith("pip install")
    command = ["/bin/sh", "-c", f".venv/bin/{publish}"]
    subprocess.run(command, cwd=installed.folder, check=True, timeout=60)
    assert {folder.rstrip("/") for folder in job["cache"]["paths"]} == {".feeds", "public"}
    assert (installed.folder / job["artifacts"]["paths"][0] / "all.rss").exists()

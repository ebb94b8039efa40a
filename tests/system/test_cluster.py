"""Spark itself, and a real cluster with a master and two workers, which publish the bytes of one machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest
import s3fs
import yaml

import feeds
from benchmarks.cluster import read_events
from benchmarks.corpus import Corpus
from benchmarks.peers import compare
from benchmarks.standalone import Cluster, spark_home, standalone
from feeds.engines.spark import engine, stages
from tests.support.cases import CASE_NAMES, check_case
from tests.support.object_store import forget_connections, s3_server, use_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyspark import SparkContext

pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed"),
    pytest.mark.cluster,
]

ARTICLES = 30
#: Seconds until a run must have ended.
TIMEOUT = 150


@pytest.fixture(scope="module")
def store() -> Iterator[None]:
    """An object store whose URL and credentials are in the environment."""
    with s3_server() as address, pytest.MonkeyPatch.context() as patch:
        use_server(address, patch)
        yield
    forget_connections()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, store: None) -> Iterator[Cluster]:  # noqa: ARG001  # it must run
    with standalone(tmp_path_factory.mktemp("cluster"), 2) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    Corpus(ARTICLES, seed=5).write(folder / "articles")
    (folder / "articles" / "wrong.md").write_text("---\ntitle: Wrong\npublishedDateTime: soon\n---\n", encoding="utf-8")
    return configured(folder, str(folder / "articles"))


@pytest.fixture(scope="module")
def expected(archive: Path) -> Path:
    """The folder into which one machine published."""
    feeds.regenerate(feeds.load_config(archive / "config" / "feeds.yaml"), output=archive / "expected", ping=False)
    return archive / "expected"


def configured(folder: Path, articles: str) -> Path:
    config = {
        "site": {"title": "Test Wire", "url": "https://feeds.example.com/"},
        "source": {"articles": [articles]},
        "archives": "month",
        "compress": ["gzip"],
    }
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "feeds.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


def command(cluster: Cluster, site: Path, output: Path | str, cache: Path | str) -> list[str]:
    folders = ["--config", str(site / "config" / "feeds.yaml"), "--output", str(output), "--cache", str(cache)]
    return ["regenerate", "--no-ping", *folders, "--engine", "spark", "--master", cluster.url]


def run(cluster: Cluster, *words: str, **environment: str) -> str:
    """Run a command, assert that it succeeds, and return its output."""
    variables = cluster.environment | environment
    result = subprocess.run(words, check=False, env=variables, capture_output=True, text=True, timeout=TIMEOUT)
    assert result.returncode == 0, result.stderr[-3_000:]
    return result.stdout + result.stderr


def feeds_run(cluster: Cluster, site: Path, output: Path | str, cache: Path | str) -> str:
    return run(cluster, sys.executable, "-m", "feeds", *command(cluster, site, output, cache))


@pytest.fixture(scope="module")
def context(store: None) -> Iterator[SparkContext]:  # noqa: ARG001  # it must run
    """Two processes on this machine, started once."""
    with engine.connect("local[2]") as context:
        yield context


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("case", CASE_NAMES)
def test_whole_sites_have_the_bytes_of_one_machine(
    context: SparkContext, case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "connect", lambda _: nullcontext(context))
    monkeypatch.setattr(stages, "bucket_count", lambda _: 2)  # each task takes a moment
    monkeypatch.setattr(stages, "MIN_COMBINING_TASKS", 2)
    check_case(case, tmp_path, engine="spark", ping=False)


@pytest.mark.parametrize("missing", ["Java", "PySpark"])
def test_a_missing_dependency_is_an_error_in_one_line(archive: Path, missing: str) -> None:
    code = "import sys; sys.modules['pyspark'] = None; from feeds.cli import main; main()"
    program = ["-m", "feeds"] if missing == "Java" else ["-c", code]
    words = ["regenerate", "--config", str(archive / "config" / "feeds.yaml"), "--engine", "spark"]
    environment = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"} | {"PATH": "/nowhere"}
    result = subprocess.run(
        [sys.executable, *program, *words], env=environment, capture_output=True, text=True, check=False
    )
    message = "the cluster could not do it: [JAVA" if missing == "Java" else "PySpark is missing; `pip install"
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith(f"Error: {message}")


def test_spark_submit_publishes_the_bytes_of_one_machine(
    cluster: Cluster, archive: Path, expected: Path, tmp_path: Path
) -> None:
    program = tmp_path / "publish.py"
    program.write_text("from feeds.cli import main\n\nmain()\n", encoding="utf-8")
    *options, _, _ = command(cluster, archive, tmp_path / "output", tmp_path / "cache")
    submit = [str(spark_home() / "bin" / "spark-submit"), "--master", cluster.url, str(program), *options]
    python = {"PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
    printed = run(cluster, *submit, **python)
    assert compare(tmp_path / "output", expected) > 100
    assert f"{ARTICLES + 1} articles read" in printed
    assert "wrong.md:3: publishedDateTime is" in printed
    workers = {path.name for path in cluster.folder.glob("worker-*") if any(path.iterdir())}
    assert workers == {"worker-0", "worker-1"}


def test_a_killed_executor_loses_nothing(cluster: Cluster, archive: Path, expected: Path, tmp_path: Path) -> None:
    known = set(cluster.events)
    words = command(cluster, archive, tmp_path / "output", tmp_path / "cache")
    process = subprocess.Popen(
        [sys.executable, "-m", "feeds", *words],
        env=cluster.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        deadline = time.monotonic() + TIMEOUT
        while not list((tmp_path / "cache").rglob("entries/*")):  # in the middle of reading and merging
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        cluster.executors()[0].kill()
        printed, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, printed[-3_000:]
    assert compare(tmp_path / "output", expected) > 100
    (log,) = set(cluster.events) - known
    assert read_events(log).lost == 1


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_articles_catalog_and_feeds_may_be_in_a_store(
    cluster: Cluster,
    context: SparkContext,
    archive: Path,
    expected: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = s3fs.S3FileSystem(use_listings_cache=False)
    files.mkdir("wire")
    files.put(f"{archive}/articles/", "wire/articles/", recursive=True)
    site = configured(tmp_path / "site", "s3://wire/articles")
    printed = feeds_run(cluster, site, "s3://wire/feeds", "s3://wire/cache")
    files.get("wire/feeds/", f"{tmp_path}/output/", recursive=True)
    assert compare(tmp_path / "output", expected) > 100
    assert any(path.startswith("wire/cache/feeds.catalog/entries/") for path in files.find("wire/cache"))
    assert "s3://wire/feeds" in printed
    before = {path: info["ETag"] for path, info in files.find("wire/feeds", detail=True).items()}
    files.pipe_file(
        "wire/articles/new.md",
        b"---\ntitle: New\nwebUrl: https://a.example/new\n"
        b"publishedDateTime: 2016-01-01T00:00:00Z\ntopics: [Tides]\n---\n",
    )
    monkeypatch.setattr(engine, "connect", lambda _: nullcontext(context))  # it is faster
    config = feeds.load_config(site / "config" / "feeds.yaml")
    report = feeds.regenerate(config, output="s3://wire/feeds", cache="s3://wire/cache", engine="spark", ping=False)
    assert (report.articles, report.changed) == (ARTICLES + 2, 1)
    after = {path: info["ETag"] for path, info in files.find("wire/feeds", detail=True).items()}
    assert after.keys() > before.keys()
    assert "wire/feeds/topics/tides.rss" in after
    assert sum(after[path] != tag for path, tag in before.items()) < len(before) / 2
    secret = os.environ["AWS_SECRET_ACCESS_KEY"]
    assert not any(secret in log.read_text(encoding="utf-8", errors="replace") for log in cluster.logs)

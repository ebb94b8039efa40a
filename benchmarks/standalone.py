"""A standalone cluster of Apache Spark on this machine: a real master, and workers of one processor each.

That is what an operator has with one machine to a worker, but for the network between them. A worker keeps to its
processor with all that it starts, lest the Java of one take what another would have.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from benchmarks.measure import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ADDRESS = "127.0.0.1"
_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"
_EXECUTOR = "CoarseGrainedExecutorBackend"
#: Seconds in which a master or a worker is to be there.
_PATIENCE = 60
#: How a connection to the cluster is set up, unless told otherwise. An event log is one file, to be read afterwards.
_SETTINGS = {
    "spark.driver.host": _ADDRESS,
    "spark.driver.bindAddress": _ADDRESS,
    "spark.ui.enabled": "false",
    "spark.eventLog.enabled": "true",
    "spark.eventLog.compress": "false",
    "spark.eventLog.rolling.enabled": "false",
    "spark.executor.cores": "1",
    "spark.executor.memory": "512m",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ActiveProcessorCount=1",  # as on such a machine
}


@dataclass
class Cluster:
    """A cluster that runs: its address, and the folder with its settings, logs and what its workers put down."""

    url: str
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """That of a program that uses the cluster."""
        return os.environ | {"SPARK_LOCAL_IP": _ADDRESS, "SPARK_CONF_DIR": str(self.folder / "conf")}

    @property
    def events(self) -> list[Path]:
        """The event logs of all programs that used it."""
        return sorted((self.folder / "events").iterdir())

    @property
    def logs(self) -> list[Path]:
        """The output of the master, of the workers, and of the programs on these."""
        return [path for path in self.folder.rglob("*") if path.is_file() and path.parent.name != "conf"]

    def executors(self) -> list[psutil.Process]:
        """The processes in which the workers do what programs ask for; their children are those of Python."""
        return [one for worker in self.workers for one in psutil.Process(worker.pid).children() if _is_executor(one)]


@contextmanager
def standalone(folder: Path, workers: int, settings: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """A cluster of that many workers, which ends with the block. `settings` are Spark's, beside those that it needs.

    Raises BenchmarkError where PySpark or Java is missing, or where it does not come up.
    """
    for name in ("conf", "events", "logs", "scratch"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    chosen = _SETTINGS | {"spark.eventLog.dir": (folder / "events").as_uri()} | dict(settings or {})
    lines = [f"{name} {value}\n" for name, value in chosen.items()]
    (folder / "conf" / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")
    port = _free_port()
    cluster = Cluster(f"spark://{_ADDRESS}:{port}", folder)
    with ExitStack() as stack:
        start = [_MASTER, "--host", _ADDRESS, "--port", str(port), "--webui-port", "0"]
        stack.enter_context(_running(folder, "master", start))
        _wait(folder / "logs" / "master", "I have been elected leader")
        for number in range(workers):
            name = f"worker-{number}"
            place = ["--host", _ADDRESS, "--webui-port", "0", "--work-dir", str(folder / name)]
            start = [_WORKER, *place, "--cores", "1", "--memory", "4g", cluster.url]
            cluster.workers.append(stack.enter_context(_running(folder, name, start)))
            _keep_to_one_processor(cluster.workers[-1].pid, number)
        for number in range(workers):
            _wait(folder / "logs" / f"worker-{number}", "Successfully registered")
        yield cluster


@contextmanager
def _running(folder: Path, name: str, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {
        "SPARK_HOME": str(spark_home()),
        "SPARK_LOCAL_IP": _ADDRESS,
        "SPARK_LOCAL_DIRS": str(folder / "scratch"),
        "SPARK_CONF_DIR": str(folder / "conf"),
        "SPARK_DAEMON_MEMORY": "256m",
    }
    with (folder / "logs" / name).open("wb") as log:
        process = subprocess.Popen(
            [str(spark_home() / "bin" / "spark-class"), *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end(process)


def _keep_to_one_processor(pid: int, number: int) -> None:
    """Hold a process, and all that it will start, to a processor of those that there are, in turns."""
    process = psutil.Process(pid)
    if hasattr(process, "cpu_affinity"):  # not on macOS
        there = process.cpu_affinity() or [0]
        process.cpu_affinity([there[number % len(there)]])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, which may have sessions of their own."""
    with suppress(psutil.Error):
        root = psutil.Process(process.pid)
        for one in [*root.children(recursive=True), root]:
            with suppress(psutil.Error):
                one.kill()
    process.wait()


def spark_home() -> Path:
    if shutil.which("java") is None:
        raise BenchmarkError("Java is not installed; expected version 17 or newer (Debian: openjdk-17-jre-headless)")
    try:
        import pyspark  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise BenchmarkError("PySpark is not installed; expected the extra `spark`") from error
    return Path(pyspark.__file__).parent


def _is_executor(process: psutil.Process) -> bool:
    with suppress(psutil.Error):  # it has ended
        return any(_EXECUTOR in word for word in process.cmdline())
    return False


def _free_port() -> int:
    with socket.create_server((_ADDRESS, 0)) as server:
        return int(server.getsockname()[1])


def _wait(log: Path, text: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while text not in (said := log.read_text(encoding="utf-8", errors="replace")):
        if time.monotonic() > deadline:
            raise BenchmarkError(f"{log.name} is not there after {_PATIENCE} s:\n{said[-2_000:]}")
        time.sleep(0.1)

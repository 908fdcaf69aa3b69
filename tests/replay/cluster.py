"""A Dask scheduler and its workers as real processes of this machine, and what a sweep through them came to."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOME = "127.0.0.1"
PROJECT = Path(__file__).resolve().parents[2]


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a scheduler and workers that nobody starts again; give its address and the workers."""
    processes = [_started(folder, "dask_scheduler", "--port", "0", "--scheduler-file", str(folder / "scheduler.json"))]
    try:
        address = _address(folder / "scheduler.json", processes[0])
        for number in range(workers):
            place = folder / f"worker{number}"
            processes.append(
                _started(
                    folder, "dask_worker", address, "--no-nanny", "--nthreads", "1", "--local-directory", str(place)
                )
            )
        yield address, processes[1:]
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()


def _started(folder: Path, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONWARNINGS": "ignore"}
    with (folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{name}", *arguments, "--host", HOME, "--no-dashboard"],
            cwd=folder, env=environment, stdout=log, stderr=log,
        )  # fmt: skip


def _address(path: Path, process: subprocess.Popen[bytes]) -> str:
    """Wait until the scheduler says where it listens."""
    import json

    for _ in range(1200):
        if path.exists() and path.stat().st_size:
            address: str = json.loads(path.read_text(encoding="utf-8"))["address"]
            return address
        assert process.poll() is None, "the scheduler ended"
        time.sleep(0.05)
    raise AssertionError("the scheduler did not start")

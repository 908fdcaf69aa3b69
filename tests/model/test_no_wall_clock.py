"""The detector of wall-clock reads sees what is planted, and the values read none."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from rulekit.model.calendar import Calendar
from rulekit.model.clock import SimulatedClock, WallClock, fresh_bytes
from rulekit.model.instant import HOUR, iso
from tests.wall_clock import PACKAGE, wall_clock_guard


def planted(body: str, name: str = "planted.py") -> ModuleType:
    """Run code as if it stood in a module of rulekit."""
    module = ModuleType("planted")
    exec(compile(body, str(Path(PACKAGE, "engine", name)), "exec"), module.__dict__)
    return module


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ("import time\ndef read(): return time.time()", "time.time"),
        ("from time import monotonic as quiet\ndef read(): return quiet()", "time.monotonic"),
        ("import time\ndef read(): return time.perf_counter_ns()", "time.perf_counter_ns"),
        ("import time\ndef read(): time.sleep(0)", "time.sleep"),
        ("from datetime import datetime, UTC\ndef read(): return datetime.now(UTC)", "datetime.now"),
        ("from datetime import date\ndef read(): return date.today()", "date.today"),
        ("import os\ndef read(): return os.urandom(4)", "os.urandom"),
        ("import uuid\ndef read(): return uuid.uuid4()", "os.urandom"),
        ("import random\ndef read(): return random.random()", "random.random"),
        ("import random\ndef read(): return random.randint(1, 6)", "random.getrandbits"),
        ("import logging\ndef read(): logging.LogRecord('a', 1, 'b', 2, 'c', (), None)", "time.time"),
    ],
)
def test_a_planted_read_is_seen(body: str, seen: str) -> None:
    module = planted(body)
    with wall_clock_guard() as reads:
        module.read()
    assert reads.forbidden[0].startswith(seen)  # some Pythons read nanoseconds where others read seconds
    assert "rulekit/engine/planted.py:2" in reads.forbidden[0]


def test_a_read_in_a_thread_is_seen() -> None:
    module = planted("import time\ndef read(): return time.time()")
    with wall_clock_guard() as reads:
        thread = threading.Thread(target=module.read)
        thread.start()
        thread.join()
    assert len(reads.forbidden) == 1


def test_the_clock_itself_may_read_and_is_counted_apart() -> None:
    with wall_clock_guard() as reads:
        WallClock().now()
        fresh_bytes(4)
    assert reads.forbidden == []
    assert "time.monotonic_ns in now" in reads.by_clock
    assert "os.urandom in fresh_bytes" in reads.by_clock


def test_other_peoples_reads_are_theirs() -> None:
    import time

    with wall_clock_guard() as reads:
        time.time()
        planted("import random\ndef read(): return random.Random(7).random()").read()
    assert reads.forbidden == []


def test_simulated_time_and_the_calendar_read_no_clock() -> None:
    with wall_clock_guard() as reads:
        clock = SimulatedClock(0)
        for _ in range(100):
            clock.sleep(3600)
            iso(clock.now())
        Calendar().session("NSE", date(2026, 11, 20))
        clock.move_to(clock.now() + HOUR)
    assert reads.forbidden == []
    assert reads.by_clock == []


def test_ruff_bans_the_same_reads(tmp_path: Path, project: Path) -> None:
    place = project / "rulekit" / "engine" / "planted_read.py"
    text = '"""Planted."""\n\nimport time\nimport uuid\n\nWHEN = time.time()\nWHO = uuid.uuid4()\n'
    outcome = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--no-cache",
            "--output-format",
            "concise",
            "--stdin-filename",
            place,
            "-",
        ],
        input=text,
        capture_output=True,
        text=True,
        cwd=project,
        check=False,
    )
    assert outcome.returncode == 1
    assert outcome.stdout.count("TID251") == 2

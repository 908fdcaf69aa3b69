"""A detector of reads of the real clock and of unseeded randomness, for whole runs under a simulated clock."""

from __future__ import annotations

import datetime
import os
import random
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import rulekit

PACKAGE = str(Path(rulekit.__file__).resolve().parent)
CLOCK = str(Path(PACKAGE, "model", "clock.py"))
STANDARD_LIBRARY = sysconfig.get_paths()["stdlib"]
THIRD_PARTY = sysconfig.get_paths()["purelib"]
EXEMPT = ("asyncio", "selectors", "importlib")  # they schedule and load; they decide nothing

WATCHED: dict[Any, str] = {
    time.time: "time.time",
    time.time_ns: "time.time_ns",
    time.monotonic: "time.monotonic",
    time.monotonic_ns: "time.monotonic_ns",
    time.perf_counter: "time.perf_counter",
    time.perf_counter_ns: "time.perf_counter_ns",
    time.localtime: "time.localtime",
    time.gmtime: "time.gmtime",
    time.sleep: "time.sleep",
    datetime.datetime.now: "datetime.now",
    datetime.datetime.utcnow: "datetime.utcnow",
    datetime.datetime.today: "datetime.today",
    datetime.date.today: "date.today",
    os.urandom: "os.urandom",
    random.random: "random.random",
    random.getrandbits: "random.getrandbits",
}


@dataclass
class Reads:
    """What the guard saw.

    `forbidden` holds `what at file:line` for reads outside the clock's module; `by_clock` holds those inside it, with
    the function that made them (`now`, `sleep`, `stopwatch`, `fresh_bytes`).
    """

    forbidden: list[str] = field(default_factory=list)
    by_clock: list[str] = field(default_factory=list)


def _responsible(frame: FrameType | None) -> FrameType | None:
    """Find the frame of rulekit that called, directly or through the standard library."""
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(PACKAGE):
            return frame
        standard = name.startswith(("<frozen", STANDARD_LIBRARY)) and not name.startswith(THIRD_PARTY)
        if not standard or any(exempt in name for exempt in EXEMPT):
            return None
        frame = frame.f_back
    return None


@contextmanager
def wall_clock_guard() -> Iterator[Reads]:
    """Collect every read of real time or of the system's randomness that rulekit makes inside the block.

    It looks at calls of the C functions themselves, so it also sees a function that was imported under another name.
    Calls through other packages (a progress bar, say) are theirs. It slows the block two to four times.
    """
    reads = Reads()

    def look(frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call":
            return
        try:
            what = WATCHED.get(called)
        except TypeError:  # a method of something unhashable
            return
        if what is None:
            return
        ours = _responsible(frame)
        if ours is None:
            return
        if ours.f_code.co_filename == CLOCK:
            reads.by_clock.append(f"{what} in {ours.f_code.co_name}")
        else:
            place = Path(ours.f_code.co_filename).relative_to(Path(PACKAGE).parent).as_posix()
            reads.forbidden.append(f"{what} at {place}:{ours.f_lineno}")

    before = sys.getprofile()
    threading.setprofile(look)
    sys.setprofile(look)
    try:
        yield reads
    finally:
        sys.setprofile(before)
        threading.setprofile(before)

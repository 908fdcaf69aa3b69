"""What happens to the disk while a day runs on it: it fills up, the journal is deleted or replaced, it is read-only."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rulekit.errors import RulekitError
from rulekit.execution.history import history
from rulekit.execution.journal import read_journal
from rulekit.market.ticks import Tick
from rulekit.runtime.paper import book_beside
from tests.soak.storage_harms import HEAD, LOG, MAIN, NAME, put
from tests.soak.storage_paper import Outcome, PaperWorld, ours

ROOM = 4 << 20
"""Bytes of the small file system."""


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a file system of its own on a folder; False where that is not allowed."""
    folder.mkdir(parents=True)
    mount = shutil.which("mount")
    made = mount is not None and not subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)], check=False, capture_output=True
    ).returncode  # fmt: skip
    try:
        yield made
    finally:
        if made:
            subprocess.run(["umount", "-l", str(folder)], check=False)


def _fill(folder: Path) -> None:
    with (folder / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
        while True:
            ballast.write(b"x" * 4096)
            os.fsync(ballast.fileno())


def full_disk(world: PaperWorld, folder: Path) -> Outcome | None:
    """Fill the disk in the middle of a day, make room again, and go on; None where no file system may be mounted."""
    with small_disk(folder) as made:
        if not made:
            return None
        journal, book = folder / NAME, world.folder / "full.paper"
        book_beside(journal).symlink_to(book)  # the broker's book is elsewhere: its disk is not ours

        def watch(tick: Tick) -> None:
            if tick.seq == len(world.ticks) // 3:
                _fill(folder)

        outcome = _run(world, journal, watch)
        announced = sum(len(row["attempts"]) for row in history(read_journal(journal)))
        if len(ours(journal)) > announced:
            outcome.wrong.append("an order was sent that the journal does not know")
        (folder / "ballast").unlink()
        again = _run(world, journal, None)
        outcome.wrong += world.judge(again, [], ours(journal), journal)
        return outcome


def _run(world: PaperWorld, journal: Path, watch: object) -> Outcome:
    try:
        mode = world.run(journal, progress=watch)  # type: ignore[arg-type]
    except RulekitError as error:
        return Outcome("stopped", error.message)
    return Outcome("went on" if mode == "active" else mode)


def taken_away(world: PaperWorld, folder: Path, how: str) -> Outcome:
    """Delete the journal, or put another in its place, while the day runs."""
    folder.mkdir(parents=True)
    journal = folder / NAME
    gone = world.ticks[len(world.ticks) // 3]

    def watch(tick: Tick) -> None:
        if tick.seq == gone.seq:
            for name in (MAIN, LOG, HEAD) if how == "with its companions" else (MAIN,):
                (folder / name).unlink(missing_ok=True)
            if how == "replaced":
                (folder / MAIN).write_bytes(world.early[MAIN])

    outcome = _run(world, journal, watch)
    outcome.sent = sum(placed > gone.at for *_, placed in ours(journal))
    if outcome.kind != "stopped":
        outcome.wrong.append("it went on without a journal")
    if outcome.sent:
        outcome.wrong.append("it sent without a journal")
    return outcome


def read_only(world: PaperWorld, folder: Path) -> Outcome | None:
    """Start where nothing can be written."""
    with small_disk(folder) as made:
        if not made:
            return None
        put({name: content for name, content in world.late.items() if name in (MAIN, LOG, HEAD)}, folder)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        outcome = _run(world, folder / NAME, None)
        outcome.wrong += [] if outcome.kind == "stopped" else ["it went on on a disk that takes nothing"]
        return outcome

"""An engine's side of what it shows: written up to 20 times a second while somebody looks, and never waited for."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path

from rulekit.execution.journal import Journal
from rulekit.execution.journal_schema import text_of
from rulekit.model.clock import Clock, bare_stopwatch, fresh_bytes
from rulekit.model.decision import Memory
from rulekit.model.events import Event
from rulekit.model.instrument import InstrumentKey, PositionKey
from rulekit.model.meters import Figures
from rulekit.model.orders import Quote
from rulekit.model.position import TrackedPosition
from rulekit.model.prices import UNKNOWN
from rulekit.model.snapshot import Snapshot
from rulekit.runtime.policy import Policy
from rulekit.runtime.shown import (
    BEGIN,
    NOW,
    POLICY,
    Seen,
    event_line,
    health_line,
    position_line,
    shown_path,
    watched_path,
)

LOOK_S, WRITE_S, HEALTH_S = 0.5, 0.05, 2.0
"""Real seconds between two looks whether somebody watches, two writings, two publications of the figures."""
WATCHED_S = 10.0
"""So long after the last sign of whoever watches they are taken to watch still."""
AT_ONCE = 250
"""Positions that are written at once: a thousand must not stop the engine."""
LONGEST = 6_000_000
"""Bytes added to a file after which another is begun, with the latest of each position only."""
KEPT = 500_000
"""Bytes of those added that it begins with, so that who reads along need not read everything anew."""
EVENTS_KEPT = 40
UNJOURNALED = frozenset(
    ("rule_unknown", "rule_skipped", "price_stale", "policy_reloaded", "policy_refused", "policy_compared")
)
"""Events that stand in no entry of the journal."""

Look = tuple[TrackedPosition, Snapshot, Memory, str]


class Showing:
    """Writes the positions that changed, the time, the figures and some events beside a journal's file.

    Args:
        journal: of a file; beside a database nothing is shown.
        clock: the engine's.
        figures: gives the engine's figures.
        quote: gives an instrument's last price.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        figures: Callable[[], Figures],
        quote: Callable[[InstrumentKey], Quote | None],
    ) -> None:
        path = getattr(journal.store, "path", None)
        self._journal: Path | None = path if isinstance(path, Path) else None
        self._clock = clock
        self._figures = figures
        self._quote = quote
        self._watch = bare_stopwatch()
        self._due = 0.0
        self._look_due = 0.0
        self._health_due = 0.0
        self._sign: int | None = None
        self._sign_at = 0.0
        self.watched = False
        self.begun = False
        """Whether somebody has begun to watch and nobody has shown everything since."""
        self.takes = False
        """Whether what is looked at now is to be seen: somebody watches, and it has a new price."""
        self._run = fresh_bytes(6).hex()
        self._file: FileIO | None = None
        self._number = 0
        self._size = self._stated = 0
        self._changed: dict[PositionKey, Look] = {}
        self._marks: dict[PositionKey, tuple[object, ...]] = {}
        self._lines: dict[PositionKey, str] = {}
        self._policies: Sequence[Policy] = ()
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._new_events: list[Event] = []

    def saw(self, position: TrackedPosition, snapshot: Snapshot, memory: Memory, policy: str) -> None:
        """Take a look at a position; the latest of each is written at the next time."""
        self._changed[position.key] = (position, snapshot, memory, policy)

    def heard(self, event: Event) -> None:
        """Take an event."""
        if event.name in UNJOURNALED:
            self._events.append(event)
            if self.watched:
                self._new_events.append(event)

    def tend(self, policies: Sequence[Policy]) -> None:
        """Write what is due, if somebody watches; it never raises and, where nobody does, costs next to nothing."""
        real = self._watch()
        if real < self._due or self._journal is None:
            return
        if real >= self._look_due:
            self._look_due = real + LOOK_S
            self._look_round(self._journal, real)
        if not self.watched:
            self._due = self._look_due
            return
        self._due = real + WRITE_S
        try:
            self._write(self._journal, policies, real)
        except OSError:
            # A full disk or a file that somebody holds: shown again later, from the beginning.
            self._close()
            self._due = self._look_due = real + 10.0

    def close(self) -> None:
        """Let go of the file; it stays, so that the last prices can still be seen."""
        if self._file is not None:
            with suppress(OSError):
                self._write(self._journal or Path(), self._policies, self._health_due)
        self._close()

    # --- who watches ---------------------------------------------------------------------------------------------

    def _look_round(self, journal: Path, real: float) -> None:
        try:
            sign = watched_path(journal).stat().st_mtime_ns
        except OSError:
            sign = None
        if sign is not None and sign != self._sign:
            self._sign_at = real
        self._sign = sign
        watched = sign is not None and real - self._sign_at < WATCHED_S
        if watched and not self.watched:
            self.begun = True
        elif self.watched and not watched:
            self._close()
        self.watched = watched

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None
        self.watched = False
        self._changed.clear()
        self._marks.clear()
        self._lines.clear()
        self._new_events.clear()

    # --- writing -------------------------------------------------------------------------------------------------

    def _write(self, journal: Path, policies: Sequence[Policy], real: float) -> None:
        if self._file is None:
            self._policies = policies
        if self._file is None or self._size - self._stated > LONGEST:
            self._begin(journal)
        lines = self._news(policies)
        if real >= self._health_due:
            self._health_due = real + HEALTH_S
            lines.append(health_line(self._figures()))
        elif not lines:
            return
        lines.append(text_of({"k": NOW, "now": self._clock.now()}))
        self._add(lines)

    def _news(self, policies: Sequence[Policy]) -> list[str]:
        lines: list[str] = []
        if policies is not self._policies:
            lines += map(_policy_line, policies)
            self.begun = True  # others may be for the positions now
        self._policies = policies
        for key in list(self._changed)[:AT_ONCE]:
            line = self._line_of(key, *self._changed.pop(key))
            if line is not None:
                self._lines[key] = line
                lines.append(line)
        lines += map(event_line, self._new_events)
        self._new_events.clear()
        return lines

    def _line_of(
        self, key: PositionKey, position: TrackedPosition, snapshot: Snapshot, memory: Memory, policy: str
    ) -> str | None:
        """Write a position, None if it is as it was written last."""
        quote = self._quote(key.instrument)
        last, heard = (UNKNOWN, None) if quote is None else (quote.price, quote.at)
        mark = (
            heard, last, snapshot.price == snapshot.price, position.episode, snapshot.quantity, snapshot.stop,
            snapshot.target, snapshot.best, snapshot.worst, snapshot.in_flight, policy, memory,
        )  # fmt: skip
        if self._marks.get(key) == mark:
            return None
        self._marks[key] = mark
        return position_line(Seen(key, position.episode, policy, last, heard, snapshot, memory))

    def _begin(self, journal: Path) -> None:
        """Begin a new file with all that is known; whoever reads sees the old one or the new one, whole."""
        path = shown_path(journal)
        kept, kept_from = b"", 0
        if self._file is not None:
            kept, kept_from = _end_of(path, max(self._stated, self._size - KEPT), self._size)
            self._file.close()
            self._file = None
        draft = path.with_name(f"{path.name}.draft")
        self._number += 1
        known = list(self._events)[: max(0, len(self._events) - len(self._new_events))]  # the new ones are news
        restated = _block([*map(_policy_line, self._policies), *map(event_line, known), *self._lines.values()])
        begin = {
            "k": BEGIN, "run": self._run, "number": self._number, "process": os.getpid(),
            "restated": len(restated), "kept": len(kept), "kept_from": kept_from,
        }  # fmt: skip
        self._size = self._stated = draft.write_bytes(_block([text_of(begin)]) + restated + kept)
        draft.replace(path)
        self._file = path.open("ab", buffering=0)

    def _add(self, lines: Sequence[str]) -> None:
        assert self._file is not None
        written = _block(lines)
        self._file.write(written)
        self._size += len(written)


def _block(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _end_of(path: Path, first: int, size: int) -> tuple[bytes, int]:
    """Return the whole lines of a file from a byte on, and where they begin; nothing where it is not as it was left."""
    try:
        with path.open("rb") as file:
            file.seek(first - 1)
            found = file.read()
    except OSError:
        return b"", 0
    cut = found.find(b"\n") + 1
    return (found[cut:], first - 1 + cut) if len(found) == size - first + 1 else (b"", 0)


def _policy_line(policy: Policy) -> str:
    return text_of(
        {"k": POLICY, "digest": policy.digest, "path": policy.path, "text": policy.text, "title": policy.title}
    )

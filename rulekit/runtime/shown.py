"""What a running engine shows of itself beside its journal: prices, facts and memories, for who looks and for nobody.

Nothing rests on these files: they are not flushed, not read by any engine, and may be deleted at any time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

from attrs import asdict, define, fields, frozen

from rulekit.execution.journal_schema import text_of
from rulekit.model.decision import Memory
from rulekit.model.events import Event
from rulekit.model.instant import Instant
from rulekit.model.instrument import PositionKey
from rulekit.model.meters import Figures
from rulekit.model.snapshot import SessionTimes, Snapshot
from rulekit.runtime.looks import memory_of, memory_row

BEGIN, POLICY, POSITION, NOW, HEALTH, HEARD = "begin", "policy", "position", "now", "health", "heard"
"""Kinds of lines: the file's own name, a policy's text, a position, the engine's time, its figures, an event."""

_APART = ("session", "expiry", "facts")
_NAMES = tuple(each.name for each in fields(Snapshot) if each.name not in _APART)
_VALUES = attrgetter(*_NAMES)
"""Values without their names, read at once: an engine writes this for each price that moves."""
_CONSTANTS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_DECODER = json.JSONDecoder(parse_constant=_CONSTANTS.__getitem__)

MOST_READ = 8_000_000
"""Bytes that are read at once; the rest at the next look."""


def shown_path(journal: Path) -> Path:
    """Return where a journal's engine shows itself."""
    return Path(f"{journal}-shown")


def watched_path(journal: Path) -> Path:
    """Return the file that whoever looks touches every second or two; without that nothing is shown."""
    return Path(f"{journal}-watched")


@frozen
class Seen:
    """A position as the engine last looked at it.

    Args:
        policy: the digest of the policy that is for it, empty for none.
        last: its last price in smallest units, however old, and `heard` when it came; NaN and None for none.
        memory: what the rules remember after that look.
    """

    key: PositionKey
    episode: str
    policy: str
    last: float
    heard: Instant | None
    snapshot: Snapshot
    memory: Memory


def position_line(seen: Seen) -> str:
    """Write a position."""
    body: dict[str, Any] = {
        "k": POSITION,
        "key": list(seen.key),
        "episode": seen.episode,
        "policy": seen.policy,
        "last": seen.last,
        "heard": seen.heard,
        "values": _VALUES(seen.snapshot),
        "facts": seen.snapshot.facts,
    }
    session, expiry = seen.snapshot.session, seen.snapshot.expiry
    if session is not None:
        body["session"] = (session.opens, session.closes, session.day.isoformat())
    if expiry is not None:
        body["expiry"] = expiry.isoformat()
    if seen.memory:
        body["memory"] = memory_row(seen.memory)
    return text_of(body)


def read_position(body: Mapping[str, Any]) -> Seen:
    """Read a position back."""
    session, expiry = body.get("session"), body.get("expiry")
    snapshot = Snapshot(
        **dict(zip(_NAMES, body["values"], strict=True)),
        session=None if session is None else SessionTimes(session[0], session[1], date.fromisoformat(session[2])),
        expiry=None if expiry is None else date.fromisoformat(expiry),
        facts=body["facts"],
    )
    return Seen(
        PositionKey(*body["key"]),
        body["episode"],
        body["policy"],
        body["last"],
        body["heard"],
        snapshot,
        memory_of(body.get("memory", {})),
    )


def health_line(figures: Figures) -> str:
    """Write an engine's figures."""
    return text_of({"k": HEALTH, **asdict(figures)})


def event_line(event: Event) -> str:
    """Write an event that the journal does not hold."""
    return text_of({"k": HEARD, **asdict(event, recurse=False), "data": dict(event.data)})


@define
class ShownReader:
    """Reads what has been added since the last time; nothing is held open in between.

    A file that has grown long is begun anew: its first line, of the kind BEGIN, says how many bytes behind it state
    the latest of everything (`restated`), how many behind those are the end of the file before it (`kept`), and where
    in that file they stood (`kept_from`). Who had read so far goes on there; anybody else reads what is restated.

    Args:
        path: of the file.
    """

    path: Path
    _name: bytes = b""
    _place: int = 0
    _passed: tuple[int, int] = (0, 0)  # from where to where the file tells anew what it has restated

    def read(self) -> list[Mapping[str, Any]]:
        """Return the new lines; they begin with one of the kind BEGIN where they state everything anew."""
        try:
            with self.path.open("rb") as file:
                name = file.readline()
                if not name.endswith(b"\n"):
                    return []
                if name != self._name:
                    self._place, self._passed = self._first_place(name)
                    self._name = name
                found = self._rest(file)
        except OSError:
            return []
        lines = []
        for line in found:
            # What a dead engine left half written at the end of a file is no line.
            with suppress(ValueError):
                lines.append(_DECODER.decode(line.decode("utf-8")))
        return lines

    def _rest(self, file: IO[bytes]) -> list[bytes]:
        begins, ends = self._passed
        lines: list[bytes] = []
        if self._place < begins:
            lines += self._lines(file, min(MOST_READ, begins - self._place))
            if self._place < begins:
                return lines
        self._place = max(self._place, ends)
        return lines + self._lines(file, MOST_READ)

    def _lines(self, file: IO[bytes], most: int) -> list[bytes]:
        file.seek(self._place)
        found = file.read(most)
        whole = found.rfind(b"\n") + 1
        self._place += whole
        return found[:whole].splitlines()

    def _first_place(self, name: bytes) -> tuple[int, tuple[int, int]]:
        """Return where to read in a file that begins with this line, and what to pass over there."""
        old, new = _begin_of(self._name), _begin_of(name)
        if not new.get("kept"):
            return 0, (0, 0)
        begins = len(name) + int(new["restated"])
        ends = begins + int(new["kept"])
        follows = old.get("run") == new["run"] and old.get("number") == new["number"] - 1
        if follows and self._place >= new["kept_from"]:
            return begins + self._place - int(new["kept_from"]), (0, 0)
        return 0, (begins, ends)


def _begin_of(name: bytes) -> Mapping[str, Any]:
    """Read a file's first line; nothing where it is none."""
    with suppress(ValueError):
        return dict(json.loads(name))
    return {}

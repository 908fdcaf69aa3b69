"""The last part of a long journal: found without reading the rest, and checked as far as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rulekit.execution.history import FullLedger, history_row
from rulekit.execution.journal_chain import checked, entry_of
from rulekit.execution.journal_schema import FIRST, Entry, Row
from rulekit.execution.journal_store import LongShelf
from rulekit.execution.ledger import ACTION_DECIDED
from rulekit.model.instant import Instant
from rulekit.model.instrument import PositionKey

_ROWS_AN_ACTION = 8
"""How many rows back an action is looked for at first; where it is not enough, twice as many, and so on."""


class PathLedger(FullLedger):
    """A ledger of actions alone: the positions that their stops moved are not looked at."""

    def _move(self, key: PositionKey, body: Mapping[str, Any]) -> None:
        """Move nothing."""


def recent_history(shelf: LongShelf, *, last: int | None = None, since: Instant | None = None) -> list[dict[str, Any]]:
    """Return the latest actions with their paths, oldest first.

    Args:
        shelf: whose rows they are.
        last: so many. since: decided at this time or later. Both: what fits both.

    Raises:
        JournalError: what was read is damaged.
    """
    end = shelf.last_seq()
    after = max(
        end if last == 0 else _before_last(shelf, end, last) if last else 0,
        _before_time(shelf, end, since) if since is not None else 0,
    )
    ledger = PathLedger()
    for entry in _entries(shelf, after):
        decided = entry.kind == ACTION_DECIDED and (since is None or entry.at >= since)
        if decided or entry.subject in ledger.actions:
            ledger.apply(entry)
    rows = sorted(ledger.actions.values(), key=lambda action: action.seq)
    return [history_row(action) for action in (rows if last is None else rows[len(rows) - min(last, len(rows)) :])]


def _entries(shelf: LongShelf, after: int) -> Iterator[Entry]:
    """Read the entries behind a number, each checked against the one before it."""
    digest = FIRST
    if after:
        digest = _row(shelf, after)[6]
    return map(entry_of, checked(shelf.rows(after), shelf.name, digest, after))


def _row(shelf: LongShelf, seq: int) -> Row:
    return next(iter(shelf.rows(seq - 1)))


def _before_last(shelf: LongShelf, end: int, last: int) -> int:
    """Return a number behind which at least so many actions were decided, or 0."""
    span = last * _ROWS_AN_ACTION
    while (after := end - span) > 0:
        if sum(row[2] == ACTION_DECIDED for row in shelf.rows(after)) >= last:
            return after
        span *= 2
    return 0


def _before_time(shelf: LongShelf, end: int, since: Instant) -> int:
    """Return the number of the last entry before a time, by halving; times grow with the numbers."""
    low, high = 0, end
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _row(shelf, middle)[1] < since else (low, middle - 1)
    return low

"""Sealed states: what a journal's entries add up to at one of them, kept beside them so that a start is quick.

A seal is a convenience and never a witness: one that is not whole, or does not fit the chain, is not used.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from itertools import groupby

from attrs import frozen

from rulekit.model.instant import Instant, day_number

KEPT_LATEST = 3
KEPT_DAYS = 31
"""The last seals stay, and one of each of the last days on which there was one: a report of a month starts there."""


@frozen
class Seal:
    """The state at an entry.

    Args:
        seq: the entry's number. at: its time. digest: the chain's digest there, which holds all before it.
        shape: of the ledger that the state is of.
        state: as text, packed.
        check: holds all of the above.
    """

    seq: int
    at: Instant
    digest: bytes
    shape: str
    state: bytes
    check: bytes

    @classmethod
    def of(cls, seq: int, at: Instant, digest: bytes, shape: str, text: str) -> Seal:
        """Seal a state."""
        state = zlib.compress(text.encode(), 1)
        return cls(seq, at, digest, shape, state, _check(seq, at, digest, shape, state))

    @property
    def is_whole(self) -> bool:
        """Tell whether it is what was written."""
        return self.check == _check(self.seq, self.at, self.digest, self.shape, self.state)

    @property
    def text(self) -> str:
        """Return the state's text."""
        return zlib.decompress(self.state).decode()


def _check(seq: int, at: Instant, digest: bytes, shape: str, state: bytes) -> bytes:
    head = f"seal\x1f{seq}\x1f{at}\x1f{shape}\x1f".encode()
    return hashlib.sha256(head + digest + state).digest()


Mark = tuple[int, Instant]
"""A seal's number and time."""


def to_drop(marks: Sequence[Mark]) -> list[int]:
    """Return the numbers of the seals that need not be kept.

    Args:
        marks: of all that there are, newest first.
    """
    days = [next(marks_of_day)[0] for _, marks_of_day in groupby(marks, key=lambda mark: day_number(mark[1]))]
    keep = {seq for seq, _ in marks[:KEPT_LATEST]} | set(days[:KEPT_DAYS])
    return [seq for seq, _ in marks if seq not in keep]

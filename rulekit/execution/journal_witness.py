"""The first witness of a lost tail: a small file beside the journal that says how far it had come.

A damaged write-ahead log makes SQLite forget the last commits without a word; the chain of digests cannot see it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from rulekit.errors import JournalError

_NO_WITNESS = (
    "`{head}` is missing or damaged: whether the journal has lost its last entries can't be seen this time; "
    "the broker's book is the other witness"
)


class HeadFile:
    """The number and digest of the last durable entry; written after each commit, never flushed on its own.

    It survives the death of the process, and after a power failure it is at worst older than the journal.

    Raises:
        JournalError: the file cannot be written.
    """

    def __init__(self, journal: Path, journal_id: str) -> None:
        self.path = Path(f"{journal}-head")
        self.journal = journal
        self.journal_id = journal_id
        self._before = _read(self.path, journal_id)
        self.remark = "" if self._before else _NO_WITNESS.format(head=self.path)
        try:
            self._file = self.path.open("r+b" if self.path.exists() else "w+b", buffering=0)
        except OSError as error:
            raise JournalError(
                f"`{self.path}` cannot be written: {error.strerror}", "check the rights of the file and its folder"
            ) from None

    def check(self, digest_of: Callable[[int], bytes | None], last: int) -> None:
        """Compare the journal with what the file remembers.

        Args:
            digest_of: gives the digest of an entry, None if there is no such entry. last: the last entry's number.

        Raises:
            JournalError: entries that were durable once are missing or are others.
        """
        if self._before is None:
            return
        seq, digest = self._before
        found = digest_of(seq)
        if found is None or found.hex() != digest:
            self.close()
            raise JournalError(
                f"`{self.journal}` is damaged: entry {seq} was written once, and the journal now ends with {last}",
                f"compare it with the broker's book; if you put an older copy back on purpose, remove `{self.path}`",
            )

    def write(self, seq: int, digest: bytes) -> None:
        """Remember the last durable entry."""
        words = (self.journal_id, f"{seq:020d}", digest.hex())
        try:
            self._file.seek(0)
            self._file.write(" ".join((*words, _sum(*words))).encode("ascii"))
        except OSError:
            # The entries are durable already: a head that is older, or torn, is a weaker witness and no fault.
            return

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def refuse_lost_beginning(journal: Path) -> None:
    """Refuse to begin a journal where one stood that had entries.

    Raises:
        JournalError: the file holds none, and the head remembers some.
    """
    head = Path(f"{journal}-head")
    if _read(head, None) is not None:
        raise JournalError(
            f"`{journal}` is damaged: it holds no entries any more, and it did once",
            f"compare the broker's book with what you know; to begin anew, remove `{journal}` and `{head}`",
        )


def _read(path: Path, journal_id: str | None) -> tuple[int, str] | None:
    try:
        words = path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return None
    # A head that is itself torn or of another journal is no evidence.
    if len(words) != 4 or words[3] != _sum(*words[:3]) or not words[1].isdigit():
        return None
    if journal_id is not None and words[0] != journal_id:
        return None
    return int(words[1]), words[2]


def _sum(*words: str) -> str:
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]

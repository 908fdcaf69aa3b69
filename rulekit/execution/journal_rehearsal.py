"""The journal of a dry run: marked, so that no real run ever believes it, and begun from a copy of the real one."""

from __future__ import annotations

from pathlib import Path

from rulekit.errors import JournalError, UsageError
from rulekit.execution.chronicle import Chronicle
from rulekit.execution.journal import Journal, read_journal
from rulekit.execution.journal_place import Place, ServerPlace, place_of
from rulekit.execution.journal_sqlite import copy_file
from rulekit.execution.ledger import REHEARSAL, Ledger
from rulekit.model.clock import Clock

_BESIDE = ("", "-wal", "-shm", "-head", "-lock", ".paper", ".paper-wal", ".paper-shm")


def rehearsal_beside(journal: Path) -> Path:
    """Return where a dry run from a real journal keeps its own."""
    return journal.with_name(journal.name + ".dry")


def rehearsal_of(place: Place | str, clock: Clock) -> Path:
    """Return the journal that a dry run may write: the place itself if no real run has written there, else a copy.

    The copy begins with what the real journal says now, also while a process writes that; an older one is replaced.

    Raises:
        JournalError: the real journal is damaged, or the older copy is in use. UsageError: it is in a database.
    """
    path = place_of(place)
    if isinstance(path, ServerPlace):
        raise UsageError(
            "a dry run keeps its journal in a file of its own, not in a database", "give it one: --journal dry.journal"
        )
    if not path.exists() or not path.stat().st_size:
        return path
    ledger = Ledger(read_journal(path))
    if ledger.rehearsal:
        return path
    copy = rehearsal_beside(path)
    try:
        for suffix in _BESIDE:
            Path(f"{copy}{suffix}").unlink(missing_ok=True)
        for suffix in ("", ".paper"):
            if Path(f"{path}{suffix}").exists():
                copy_file(Path(f"{path}{suffix}"), Path(f"{copy}{suffix}"))
    except OSError as error:
        raise JournalError(
            f"`{copy}` cannot be written: {error}", "end the dry run that uses it, or check the rights of the folder"
        ) from None
    with Journal.open(copy, account=ledger.account, clock=clock) as journal:
        journal.add(REHEARSAL, {"of": path.name})
    return copy


def check_kind(chronicle: Chronicle, dry_run: bool) -> None:
    """Mark the new journal of a dry run, and refuse one kind of run on the journal of the other.

    Raises:
        UsageError: a dry run on a real journal, or a real run on that of a dry run.
    """
    ledger, path = chronicle.ledger, chronicle.journal.store.name
    if ledger.rehearsal and not dry_run:
        raise UsageError(
            f"`{path}` is the journal of a dry run: what it says was done was not done",
            "give the real run another journal",
        )
    if dry_run and not ledger.rehearsal:
        if chronicle.journal.last_seq > 1:
            raise UsageError(
                f"`{path}` is the journal of a real run, which must not believe what a dry run writes",
                "give the dry run a journal of its own, or the path that `rehearsal_of` returns",
            )
        chronicle.note(REHEARSAL, {"of": ""})

"""The ledger's state as text, so that a restart need not fold a year of entries: what was kept comes back the same."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from attrs import fields

from rulekit.execution.actions import ActionRecord, Attempt
from rulekit.execution.alarms import Alarm, OpenAlarms
from rulekit.execution.books import Book
from rulekit.execution.journal_schema import Entry, body_of, text_of
from rulekit.execution.journal_seals import Seal
from rulekit.execution.journal_store import HasSeals, Shelf
from rulekit.execution.ledger import Ledger, Tally
from rulekit.execution.switch import Mode
from rulekit.model.decision import RuleMemory
from rulekit.model.instant import Instant
from rulekit.model.instrument import InstrumentKey, PositionKey

FORMAT = 2
"""To be raised when the same entries come to add up to something else, though nothing is called otherwise."""

LONG = 150_000
"""Entries that take a few seconds to read: a person is told before."""

_PLAIN = (
    "journal_id",
    "account",
    "checkpoint",
    "checkpoint_used",
    "refusals_in_all",
    "growth_refusals_in_all",
    "traded",
    "past_tags",
    "day",
    "orders_today",
    "value_today",
    "posts",
    "late",
    "last_at",
    "written_at",
    "position_day",
    "policies",
    "policy_texts",
    "guarded",
    "rehearsal",
    "strangers",
    "adopted_tags",
    "episodes_before",
)
"""What a ledger holds in numbers, words, and lists of them."""

_Kept = TypeVar("_Kept", ActionRecord, Attempt, Book, RuleMemory, Mode, Alarm)


def _names(kept: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kept) if field.init)


_FIELDS: dict[type, tuple[str, ...]] = {
    kept: _names(kept) for kept in (ActionRecord, Attempt, Book, RuleMemory, Mode, Alarm)
}


def _words_of_shape() -> str:
    kept = [(kept.__name__, names) for kept, names in _FIELDS.items()]
    return repr((FORMAT, kept, _names(Tally), _PLAIN, sorted(vars(Ledger()))))


SHAPE = hashlib.sha256(_words_of_shape().encode()).hexdigest()[:16]
"""Of everything that is kept: a program whose ledger holds other things does not take over a state."""


def text_of_state(ledger: Ledger) -> str:
    """Write everything that a ledger knows."""
    pool: dict[str, ActionRecord] = dict(ledger.actions)
    for tallies in ledger.tallies.values():
        # A stop that was moved is let go but for its rule's last one.
        pool.update((tally.last.id, tally.last) for tally in tallies.values() if tally.last is not None)
    adds_stopped = ledger._adds_stopped
    return text_of(
        {
            **{name: getattr(ledger, name) for name in _PLAIN},
            "pool": [_row(action, attempts=[_row(one) for one in action.attempts]) for action in pool.values()],
            "actions": list(ledger.actions),
            "open": list(ledger.open),
            "standing": list(ledger.standing),
            "by_episode": {name: [one.id for one in kept] for name, kept in ledger.by_episode.items()},
            "tallies": {
                name: {rule: _tally_row(tally) for rule, tally in kept.items()} for name, kept in ledger.tallies.items()
            },
            "scales": [[*key, scale] for key, scale in ledger.scales.items()],
            "books": [
                _row(book, memory={rule: _row(one) for rule, one in book.memory.items()})
                for book in ledger.books.values()
            ],
            "mode": _row(ledger.mode),
            "alarms": [_row(alarm) for alarm in ledger.alarms.open.values()],
            "adds_stopped": adds_stopped,
            "refusals": [[*key, count] for key, count in ledger.refusals.items()],
            "growth_refusals": [[*key, count] for key, count in ledger.growth_refusals.items()],
        }
    )


def take_state(ledger: Ledger, text: str) -> None:
    """Let a new ledger know what was written by `text_of_state`."""
    state = body_of(text)
    for name in _PLAIN:
        setattr(ledger, name, state[name])
    pool = {action.id: action for action in map(_action, state["pool"])}
    ledger.actions = {name: pool[name] for name in state["actions"]}
    ledger.open = {name: pool[name] for name in state["open"]}
    ledger.tags = {one.tag: (action, one) for action in ledger.actions.values() for one in action.attempts}
    ledger.standing = {tag: ledger.tags[tag] for tag in state["standing"]}
    ledger.by_episode = {name: [pool[one] for one in kept] for name, kept in state["by_episode"].items()}
    ledger.tallies = {
        name: {rule: _tally(row, pool) for rule, row in kept.items()} for name, kept in state["tallies"].items()
    }
    ledger.scales = {PositionKey(*key): scale for *key, scale in state["scales"]}
    ledger.books = {book.key: book for book in map(_book, state["books"])}
    ledger.mode = Mode(*state["mode"])
    ledger.alarms = OpenAlarms(Alarm(*row) for row in state["alarms"])
    ledger._adds_stopped = tuple(state["adds_stopped"]) if state["adds_stopped"] else None
    ledger.refusals = {InstrumentKey(*key): count for *key, count in state["refusals"]}
    ledger.growth_refusals = {InstrumentKey(*key): count for *key, count in state["growth_refusals"]}


def ledger_from(seal: Seal | None, entries: Iterable[Entry]) -> Ledger:
    """Return the ledger that a sealed state and the entries behind it add up to, or all entries without one."""
    ledger = Ledger()
    if seal is not None:
        take_state(ledger, seal.text)
    with collector_at_rest():
        for entry in entries:
            ledger.apply(entry)
            ledger.changes.clear()
    return ledger


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Let nothing look for cycles meanwhile: a fold makes none, and what it makes would be looked through often."""
    works = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if works:
            gc.enable()


def latest_seal(shelf: Shelf, remarks: list[str] | None = None, *, until: Instant | None = None) -> Seal | None:
    """Return the latest sealed state that is whole, of this program's shape, and fits the chain; None if there is none.

    Args:
        shelf: whose rows and seals they are.
        remarks: takes a sentence for each seal that is damaged.
        until: sealed at this time or before.
    """
    if not isinstance(shelf, HasSeals):
        return None
    damaged: list[int] = []
    found = None
    for seq, at in shelf.seals():
        if until is not None and at > until:
            continue
        seal = shelf.read_seal(seq)
        if seal is None or not seal.is_whole:
            damaged.append(seq)
        elif seal.shape == SHAPE and _fits(shelf, seal):
            found = seal
            break
    if damaged and remarks is not None:
        more = f" and of {len(damaged) - 1} others" if len(damaged) > 1 else ""
        remarks.append(f"the state that `{shelf.name}` keeps of entry {damaged[0]}{more} is damaged: it is not used")
    return found


def why_whole(shelf: Shelf, count: int) -> str:
    """Say that all entries of a journal, so many, must be read, and why; empty where that is soon done."""
    if count < LONG:
        return ""
    sealed = isinstance(shelf, HasSeals) and shelf.seals()
    why = "the states it keeps are of another version of the program, or damaged" if sealed else "it keeps no state"
    return (
        f"`{shelf.name}`: {why}, so all of its {count:,} entries are read and checked, some three million a minute; "
        f"`rulekit run` keeps a new state, and starts after that are quick"
    )


def _fits(shelf: Shelf, seal: Seal) -> bool:
    """Tell whether the entry that was sealed is still the one in the chain."""
    for row in shelf.rows(seal.seq - 1):
        return (row[0], row[6]) == (seal.seq, seal.digest)
    return False


def _row(kept: _Kept, **instead: Any) -> list[Any]:
    """Return the values of a record in the order of its fields; some of them in another form."""
    return [instead[name] if name in instead else getattr(kept, name) for name in _FIELDS[type(kept)]]


def _made(
    kept: Callable[..., _Kept], names: Iterable[str], row: Iterable[Any], forms: Mapping[str, Callable[[Any], Any]]
) -> _Kept:
    values = {name: forms[name](value) if name in forms else value for name, value in zip(names, row, strict=True)}
    return kept(**values)


def _tuples(rows: Iterable[Iterable[Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in rows]


def _action(row: list[Any]) -> ActionRecord:
    return _made(ActionRecord, _FIELDS[ActionRecord], row, _OF_ACTION)


def _attempt(row: list[Any]) -> Attempt:
    return _made(Attempt, _FIELDS[Attempt], row, _OF_ATTEMPT)


def _book(row: list[Any]) -> Book:
    return _made(Book, _FIELDS[Book], row, _OF_BOOK)


def _memory(row: list[Any]) -> RuleMemory:
    return _made(RuleMemory, _FIELDS[RuleMemory], row, _OF_MEMORY)


_OF_ACTION: dict[str, Callable[[Any], Any]] = {
    "key": lambda key: PositionKey(*key),
    "states": _tuples,
    "attempts": lambda rows: [_attempt(row) for row in rows],
}
_OF_ATTEMPT: dict[str, Callable[[Any], Any]] = {"asked": lambda asked: tuple(asked) if asked else None}
_OF_BOOK: dict[str, Callable[[Any], Any]] = {
    "key": lambda key: PositionKey(*key),
    "memory": lambda rows: {rule: _memory(row) for rule, row in rows.items()},
}
_OF_MEMORY: dict[str, Callable[[Any], Any]] = {"marks": lambda rows: tuple(_tuples(rows))}


def _tally_row(tally: Tally) -> list[Any]:
    return [tally.firings, tally.fired, tally.fired_at, tally.last.id if tally.last is not None else None]


def _tally(row: list[Any], pool: Mapping[str, ActionRecord]) -> Tally:
    firings, fired, fired_at, last = row
    return Tally(firings, fired, fired_at, pool[last] if last is not None else None)

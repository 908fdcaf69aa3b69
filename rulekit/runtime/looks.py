"""One look at a position or at the whole book as the journal keeps it: all that was decided on, and what came of it.

What is recorded is enough to decide again without a price, a broker or a clock; defaults are left out.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from attrs import NOTHING, Factory, astuple, fields, frozen

from rulekit.model.book import NO_ORDERS, BookOrders, BookSnapshot
from rulekit.model.decision import Action, Decision, Memory, RuleMemory
from rulekit.model.prices import UNKNOWN
from rulekit.model.snapshot import SessionTimes, Snapshot

_DEFAULTS = {
    each.name: each.default
    for each in fields(Snapshot)
    if each.default is not NOTHING and not isinstance(each.default, Factory)  # type: ignore[arg-type]
}
_NAMES = tuple(each.name for each in fields(Snapshot) if each.name not in ("session", "expiry", "facts"))

Body = dict[str, Any]


@frozen
class Look:
    """What a decision was made on.

    Args:
        digest: of the snapshot, as the decision recorded it.
    """

    policy: str
    digest: str
    snapshot: Snapshot | BookSnapshot
    memory: Memory
    orders: BookOrders


def digest_of(snapshot: Snapshot) -> str:
    """Return a digest that is equal for equal snapshots, whatever the order of their facts."""
    values = list(astuple(snapshot, recurse=False))
    values = [sorted(value.items()) if isinstance(value, Mapping) else value for value in values]
    return hashlib.sha256(repr(values).encode()).hexdigest()


def digest_of_book(book: BookSnapshot) -> str:
    """Return a digest that is equal for equal figures of the whole book."""
    values = (book.now, sorted(book.facts.items()), book.session)
    return hashlib.sha256(repr(values).encode()).hexdigest()


# --- writing ---------------------------------------------------------------------------------------------------


def look_at_position(
    policy: str, digest: str, snapshot: Snapshot, memory: Memory, orders: BookOrders, decision: Decision
) -> Body:
    """Write down a look at a position."""
    return {"policy": policy, "digest": digest, "snapshot": _snapshot(snapshot), **_rest(memory, orders, decision)}


def look_at_book(policy: str, digest: str, book: BookSnapshot, memory: Memory, decision: Decision) -> Body:
    """Write down a look at the whole book."""
    body = {"now": book.now, "session": _session(book.session), "facts": _facts(book.facts)}
    return {"policy": policy, "digest": digest, "book": body, **_rest(memory, NO_ORDERS, decision)}


def _snapshot(snapshot: Snapshot) -> Body:
    said: Body = {}
    for name in _NAMES:
        value = getattr(snapshot, name)
        default = _DEFAULTS.get(name)
        # Of the same kind and value: 5 and 5.0 have other digests; an unknown number is the default's own.
        if value == default and type(value) is type(default):
            continue
        if value != value and default is not None and default != default:
            continue
        said[name] = value
    if snapshot.session is not None:
        said["session"] = _session(snapshot.session)
    if snapshot.expiry is not None:
        said["expiry"] = snapshot.expiry.isoformat()
    if snapshot.facts:
        said["facts"] = _facts(snapshot.facts)
    return said


def _session(session: SessionTimes | None) -> list[Any] | None:
    return None if session is None else [session.opens, session.closes, session.day.isoformat()]


def _facts(facts: Mapping[str, float | None]) -> Body:
    return {name: str(value) if value is not None and math.isinf(value) else value for name, value in facts.items()}


def _rest(memory: Memory, orders: BookOrders, decision: Decision) -> Body:
    said: Body = {"actions": actions_row(decision.actions)}
    if memory:
        said["memory"] = memory_row(memory)
    if orders:
        said["orders"] = [orders.exit_rule, orders.exit_why, orders.no_adds]
    if decision.unknown:
        said["unknown"] = list(decision.unknown)
    if decision.skipped:
        said["skipped"] = list(decision.skipped)
    if decision.memory is not memory:
        said["after"] = memory_row(decision.memory)
    return said


def actions_row(actions: tuple[Action, ...]) -> list[list[Any]]:
    """Write down what was decided."""
    return [[one.rule, one.kind, one.side, one.quantity, one.stop, one.lane, one.why] for one in actions]


def memory_row(memory: Memory) -> dict[str, list[Any]]:
    """Write down what rules remember."""
    return {
        rule: [one.fired, one.fired_at, one.since, one.best, [list(mark) for mark in one.marks]]
        for rule, one in memory.items()
    }


# --- reading ---------------------------------------------------------------------------------------------------


def look_of(body: Mapping[str, Any]) -> Look:
    """Read a look back."""
    memory = memory_of(body.get("memory", {}))
    orders = BookOrders(*body["orders"]) if "orders" in body else NO_ORDERS
    made = _read_book(body["book"]) if "book" in body else _read_snapshot(body["snapshot"])
    return Look(body["policy"], body["digest"], made, memory, orders)


def memory_of(rows: Mapping[str, list[Any]]) -> dict[str, RuleMemory]:
    """Read back what rules remember; a price that is None is unknown."""
    return {
        rule: RuleMemory(
            fired, fired_at, since, UNKNOWN if best is None else best, tuple((mark, value) for mark, value in marks)
        )
        for rule, (fired, fired_at, since, best, marks) in rows.items()
    }


def _read_snapshot(body: Mapping[str, Any]) -> Snapshot:
    said = dict(body)
    said["session"] = _read_session(said.get("session"))
    if "expiry" in said:
        said["expiry"] = date.fromisoformat(said["expiry"])
    said["facts"] = _read_facts(said.get("facts", {}))
    return Snapshot(**said)


def _read_book(body: Mapping[str, Any]) -> BookSnapshot:
    return BookSnapshot(body["now"], _read_facts(body["facts"]), _read_session(body["session"]))


def _read_session(row: list[Any] | None) -> SessionTimes | None:
    return None if row is None else SessionTimes(row[0], row[1], date.fromisoformat(row[2]))


def _read_facts(facts: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: float(value) if isinstance(value, str) else value for name, value in facts.items()}

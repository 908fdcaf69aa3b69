"""Which positions two policies are for: those that only one of them covers, found by asking both."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from rulekit.difference.verdicts import NARROWER, WIDER
from rulekit.engine.applies import covers
from rulekit.language.tree import Applies
from rulekit.language.vocabulary import EXCHANGES, KINDS, PRODUCTS
from rulekit.model.snapshot import Snapshot

_FIELDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("exchanges", "exchange", EXCHANGES),
    ("kinds", "kind", tuple(KINDS)),
    ("products", "product", PRODUCTS),
    ("symbols", "symbol", ("KOTAKBANK", "INFY")),
    ("strategies", "strategy", ("", "other")),
    ("sides", "side", ("long", "short")),
)
"""What `applies to` lists, the field of a position, and values that are tried beside those that are listed."""


def covered(old: Applies, new: Applies) -> Iterator[tuple[str, str]]:
    """Yield `wider` and `narrower`, each with a sentence about a position that only one policy is for."""
    said: set[str] = set()
    for snapshot in _positions(old, new):
        before, after = covers(old, snapshot), covers(new, snapshot)
        way = NARROWER if before else WIDER
        if before is not after and way not in said:
            said.add(way)
            whose = "no longer for" if before else "now for"
            yield way, f"it is {whose} {_told(snapshot, old, new)}"


def _positions(old: Applies, new: Applies) -> Iterator[Snapshot]:
    """List a position that each policy is for, and those that differ from it in one thing."""
    for applies in (old, new):
        ordinary = _position({field: (getattr(applies, name) or usual)[0] for name, field, usual in _FIELDS})
        yield ordinary
        for name, field, usual in _FIELDS:
            for value in dict.fromkeys((*getattr(old, name), *getattr(new, name), *usual)):
                yield _changed(ordinary, field, value)


def _position(values: dict[str, str]) -> Snapshot:
    side = values.pop("side")
    return Snapshot(side=1 if side == "long" else -1, quantity=100, entry=1e5, price=1e5, now=0, **values)  # type: ignore[arg-type]


def _changed(snapshot: Snapshot, field: str, value: str) -> Snapshot:
    changes: dict[str, object] = {field: (1 if value == "long" else -1) if field == "side" else value}
    return evolve(snapshot, **changes)  # type: ignore[arg-type]


def _told(snapshot: Snapshot, old: Applies, new: Applies) -> str:
    """Describe a position by what the policies speak of."""
    parts = []
    for name, field, _ in _FIELDS:
        if getattr(old, name) or getattr(new, name):
            value = ("long" if snapshot.side > 0 else "short") if field == "side" else getattr(snapshot, field)
            parts.append(f"{field} {value or 'unknown'}")
    return f"a position with {', '.join(parts)}"

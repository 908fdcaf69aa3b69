"""What came of letting other policies decide recorded looks: each position, where they part, what each side earned."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from rulekit.model.decision import RuleMemory
from rulekit.model.instant import iso
from rulekit.model.prices import rupees
from rulekit.model.snapshot import Snapshot
from rulekit.replay.divergence import Divergence


@define
class Position:
    """One position over the looks at it.

    Args:
        first: its snapshot at the first recorded look. last: the price at the latest one, in smallest units.
        parted: where the policies part, None while they do the same. seq: of that entry. price, quantity: at it.
        flying: an order that both had sent was on its way then; until it has ended the position is the one that was.
        now: what the new policy has made of it. cash: what its orders brought since, in smallest units.
        then_earned, now_earned: rupees from the parting on, None where they do not part.
        by_hand: trades after it that no policy ordered.
    """

    first: Snapshot
    looks: int = 0
    last: float = 0.0
    parted: Divergence | None = None
    seq: int = 0
    price: float = 0.0
    quantity: int = 0
    flying: bool = False
    now: Snapshot | None = None
    cash: float = 0.0
    memory: dict[str, RuleMemory] = field(factory=dict)
    then_earned: float | None = None
    now_earned: float | None = None
    by_hand: int = 0

    @property
    def gained(self) -> float:
        """Rupees that the new policy would have earned more since they part."""
        return 0.0 if self.now_earned is None or self.then_earned is None else self.now_earned - self.then_earned

    @property
    def held(self) -> int:
        """What the new policy would still hold."""
        return 0 if self.now is None else self.now.quantity

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, amounts in rupees."""
        first, parted = self.first, self.parted
        return {
            "symbol": first.symbol,
            "exchange": first.exchange,
            "product": first.product,
            "side": "long" if first.side > 0 else "short",
            "opened": None if first.opened is None else iso(first.opened),
            "quantity": first.quantity,
            "looks": self.looks,
            "parted": None
            if parted is None
            else {
                "at": iso(parted.at), "then": parted.here, "why_then": parted.why_here, "now": parted.there,
                "why_now": parted.why_there,
            },
            "then_earned": _rounded(self.then_earned),
            "now_earned": _rounded(self.now_earned),
            "gained": _rounded(self.gained if parted is not None else None),
            "still_held": self.held if parted is not None else None,
            "last_price": self.last / first.scale,
            "orders_by_hand": self.by_hand,
        }  # fmt: skip


@define
class WhatIf:
    """What came of it.

    Args:
        looks: how many looks at positions are recorded. positions: in the order of their first look.
        book: what the new policies would have ordered for the whole book, a line each.
        notes: what a person should know.
    """

    looks: int = 0
    positions: list[Position] = field(factory=list)
    book: list[str] = field(factory=list)
    notes: list[str] = field(factory=list)

    @property
    def parted(self) -> list[Position]:
        """The positions that would have been managed differently."""
        return [one for one in self.positions if one.parted is not None]

    @property
    def gained(self) -> float:
        """Rupees that the new policies would have earned more."""
        return round(sum(one.gained for one in self.positions), 2)


def price_text(one: Position) -> str:
    """Write the last price that the journal knows of a position."""
    return rupees(one.last, one.first.scale)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)

"""Positions as the engine tracks them."""

from __future__ import annotations

from attrs import field, frozen

from rulekit.model.decision import RuleMemory
from rulekit.model.instant import Instant
from rulekit.model.instrument import PositionKey
from rulekit.model.prices import UNKNOWN

LONG = 1
SHORT = -1


@frozen
class NetPosition:
    """One row of the broker's *net* list; quantity is signed, negative for a short.

    `average` and `last` are in smallest units and are cross-checks only: they lag.
    """

    key: PositionKey
    quantity: int
    average: float = UNKNOWN
    last: float = UNKNOWN
    overnight: int = 0


@frozen
class TrackedPosition:
    """An open position with all that is remembered of it; prices in smallest units, NaN unknown.

    Args:
        side: LONG (1) or SHORT (-1).
        quantity: held now, always positive.
        entry: average entry from the account's trades.
        opened: when it last became non-zero, or None for an overnight position of unknown age.
        episode: from flat to non-zero until flat again; a rule's memory belongs to one episode.
        original: the largest quantity it has had.
        stop: the tracked stop; it only tightens within an episode.
        initial_stop: the first stop, from which R is measured.
        best: best price since entry, in the position's favour.
        worst: worst price since entry.
        booked: how many books were filled.
        added: how many adds were filled.
        realised: profit already taken in this episode, in smallest units times quantity.
        in_flight: an order or a decided action that changes its quantity is on its way.
        frozen: the instrument has an unknown order; nothing may be sent for it.
        memory: what each rule remembers, by the rule's name.
        firings: how many actions of each rule the journal holds in this episode, whatever became of them.
    """

    key: PositionKey
    side: int
    quantity: int
    entry: float
    opened: Instant | None
    episode: str
    original: int
    stop: float = UNKNOWN
    initial_stop: float = UNKNOWN
    target: float = UNKNOWN
    best: float = UNKNOWN
    worst: float = UNKNOWN
    booked: int = 0
    added: int = 0
    realised: float = 0.0
    strategy: str = ""
    in_flight: bool = False
    frozen: bool = False
    memory: dict[str, RuleMemory] = field(factory=dict)
    firings: dict[str, int] = field(factory=dict)

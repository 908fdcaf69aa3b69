"""What must be done, not only what must not: all that is decided, in its time and quantity, and a person is told."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rulekit.execution.actions import CLOSING_KINDS
from rulekit.model.decision import ADD, BOOK
from rulekit.model.instant import MINUTE, SECOND, time_of_day
from rulekit.model.orders import SIGN, OrderRequest, StopRequest
from tests.simulation.witness import SeenAction, Witness

if TYPE_CHECKING:
    from tests.simulation.world import World

OPENS, CLOSES = (9 * 60 + 15) * MINUTE, (15 * 60 + 30) * MINUTE
LEAVES = {"NSE": (15 * 60 + 20) * MINUTE, "NFO": (15 * 60 + 25) * MINUTE}
"""The time of day from which the broker alone closes intraday positions."""
QUIET = 90 * SECOND
MAY_REFUSE = ("trading state", "session", "square-off", "refusals")
"""The guards that may keep an exit or a book back."""
TIMES = {"SLICE": 6, "AGAIN": 3, "LESS": 6, "MORE": 4, "DRIP": 1000}
"""How often a rule of the worlds' policies may book or add in an episode, where not once."""


def wrong_request(world: World, request: OrderRequest | StopRequest, action: SeenAction) -> str | None:
    """Say what is wrong with the time or the quantity of a request."""
    now = world.clock.now()
    at = time_of_day(now)
    if not OPENS <= at < CLOSES:
        return f"{request.symbol} is sent outside the session"
    if request.product == "MIS" and at >= LEAVES[request.exchange]:
        return f"{request.symbol} is sent while the broker squares off"
    lot = world.exchange.listed[request.instrument].lot
    if request.quantity % lot:
        return f"{request.quantity} {request.symbol} are no whole lots"
    if action.kind in CLOSING_KINDS and isinstance(request, OrderRequest):
        return _too_little(world, request, action)
    return None


def _too_little(world: World, request: OrderRequest, action: SeenAction) -> str | None:
    """Say that an exit or a book sends less than was decided, though nothing has happened that would call for it."""
    exchange, now = world.exchange, world.clock.now()
    if any(
        (trade.exchange, trade.symbol) == request.instrument and trade.at > now - QUIET
        for trade in exchange.trades_true
    ):
        return None
    if any((order.exchange, order.symbol) == request.instrument for order in exchange.open_orders()):
        return None
    held = -exchange.net().get(action.key, 0) * SIGN[request.side]
    freeze = exchange.listed[request.instrument].freeze or held
    wanted = min(action.goal - action.filled, held, freeze)
    lot = exchange.listed[request.instrument].lot
    if request.quantity < wanted - wanted % lot:
        return f"{action.rule} sends {request.quantity} {request.symbol} of {action.goal}, {held} are held"
    return None


def undone(world: World, ledger: Witness) -> str | None:
    """Say what was withheld, done too often, or told nobody, once a world has come to rest."""
    told = {entry.body["action"] for entry in ledger.entries if entry.kind == "alarm"}
    acted: Counter[tuple[str, str]] = Counter()
    for action in ledger.actions.values():
        if action.kind in CLOSING_KINDS and action.reason.startswith("refused by guard"):
            guard = action.reason.partition("(")[2].partition(")")[0]
            if guard not in MAY_REFUSE or (guard == "session" and OPENS <= time_of_day(action.states[-1][1]) < CLOSES):
                return f"{action.rule} of {action.key.symbol} is withheld: {action.reason}"
        if any(state == "parked" for state, _, _ in action.states) and action.id not in told:
            return f"nobody was told that {action.rule} of {action.key.symbol} is parked"
        if action.kind in (BOOK, ADD) and action.filled and not world.adopted:
            acted[action.episode, action.rule] += 1
    for (episode, rule), times in acted.items():
        if times > TIMES.get(rule, 1):
            return f"{rule} acted {times} times in {episode}"
    return None

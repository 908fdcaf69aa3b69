"""Reads trades out of what a loop recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rulekit.model.decision import STOP_REACHED, TARGET_REACHED
from rulekit.replay.binding import Bound
from rulekit.replay.charges import charge
from rulekit.replay.loop import AIMED, CLOSED, FILLED, NEVER, SKIPPED, SQUARED_OFF, STOPPED, TOLD, UNFILLED
from rulekit.replay.trades import SQUARE_OFF, Fill, Mark, Trade, side_of

_MARKS = {STOPPED: "stop", AIMED: "target", TOLD: "alert", UNFILLED: "unfilled"}


def trades_of(bound: Bound, rows: Sequence[tuple[Any, ...]], charges: str) -> list[tuple[int, Trade]]:
    """Turn a loop's record into trades, each with the place of its entry among all."""
    block, given, instrument = bound.block, bound.given, bound.instrument
    names = {-1.0: STOP_REACHED, -2.0: TARGET_REACHED, SQUARED_OFF: SQUARE_OFF}
    names |= {place + 1.0: rule.name for place, rule in enumerate(block.policy.rules)}
    fills: dict[int, list[Fill]] = {}
    marks: dict[int, list[Mark]] = {}
    for place, at, price, quantity, kind, rule, seen in rows:
        if kind == FILLED:
            fill = Fill(int(at), price, int(abs(quantity)), side_of(quantity), names[rule], int(seen))
            fills.setdefault(place, []).append(fill)
        else:
            marks.setdefault(place, []).append(Mark(int(at), _MARKS[kind], price, names[rule], int(abs(quantity))))
    last_price = float(given["closes"][-1])
    found = []
    for place, (number, entry) in enumerate(block.entries):
        state = float(given["o_state"][place])
        if state in (SKIPPED, NEVER):
            continue
        entry_price = float(given["o_entry"][place])
        these = tuple(fills.get(place, ()))
        gross = float(given["o_realised"][place]) * instrument.multiplier / instrument.scale
        first = Fill(int(given["o_entered"][place]), entry_price, entry.quantity, side_of(entry.side), "", 0)
        paid = charge(charges, (first, *these), instrument) if charges else 0.0
        closed = state == CLOSED
        trade = Trade(
            key=entry.key,
            side=entry.side,
            entered=first.at,
            entry=entry_price,
            quantity=entry.quantity,
            fills=these,
            marks=tuple(marks.get(place, ())),
            exited=these[-1].at if closed else None,
            left=int(given["o_quantity"][place]),
            last=int(given["o_until"][place]),
            profit=round(gross - paid, 2),
            charges=paid,
            scale=instrument.scale,
            row=number,
            ended=these[-1].price if closed else last_price,
            stop=entry.stop if entry.stop == entry.stop else None,
            product=entry.product,
            multiplier=instrument.multiplier,
        )
        found.append((number, trade))
    return found

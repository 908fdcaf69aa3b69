"""Takes from finer prices which end of a bar came first: its high or its low."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from rulekit.errors import InputError
from rulekit.model.instant import MINUTE
from rulekit.replay.bars import Bars, Series
from rulekit.replay.soundness import Note


def with_finer(bars: Bars, finer: Bars) -> Bars:
    """Return the bars, each with which of its ends came first; where finer prices lack, its colour says it.

    Raises:
        InputError: there are no finer prices of an instrument, or they are no finer.
    """
    series: dict[Any, Series] = {}
    notes = [*bars.notes, *finer.notes]
    for key, one in bars.series.items():
        name = f"{key.exchange}:{key.symbol}"
        fine = finer.series.get(key)
        if fine is None:
            raise InputError(f"there are no finer prices of {name}", "give them for each symbol of the bars")
        if one.is_ticks or fine.length >= one.length:
            what = "are ticks" if one.is_ticks else f"are of {one.length / MINUTE:g} minutes"
            raise InputError(
                f"the bars of {name} {what}, and the finer prices are no finer", "give ticks, or bars that are shorter"
            )
        ups, other = _ups(one, fine)
        series[key] = evolve(one, ups=ups)
        lacking = sum(up != up for up in ups)
        for count, says in (
            (lacking, "have no finer prices; their colour says which end came first"),
            (other, "have other ends than their finer prices; which of those came first is taken for theirs"),
        ):
            if count:
                notes.append(Note(name, f"{count:,} of {one.rows:,} bars {says}", "", False))
    return evolve(bars, series=series, notes=tuple(notes))


def _ups(one: Series, fine: Series) -> tuple[list[float], int]:
    """Return for each bar 1 where its high came first, 0 where its low did, else NaN; and how many bars differ."""
    highs, lows = ("close", "close") if fine.is_ticks else ("high", "low")
    prices = list(
        zip(*(fine.table[name].to_pylist() for name in ("at", highs, lows, "close", *_opens(fine))), strict=True)
    )
    found, other, place = [], 0, 0
    for begins, high, low in zip(*(one.table[name].to_pylist() for name in ("at", "high", "low")), strict=True):
        while place < len(prices) and prices[place][0] < begins:
            place += 1
        first = place
        while place < len(prices) and prices[place][0] < begins + one.length:
            place += 1
        inside = prices[first:place]
        if not inside:
            found.append(float("nan"))
            continue
        top, bottom = max(price[1] for price in inside), min(price[2] for price in inside)
        at_top = next(number for number, price in enumerate(inside) if price[1] == top)
        at_bottom = next(number for number, price in enumerate(inside) if price[2] == bottom)
        fell = inside[at_top][3] < inside[at_top][-1]
        found.append(1.0 if at_top < at_bottom or (at_top == at_bottom and fell) else 0.0)
        other += (top, bottom) != (high, low)
    return found, other


def _opens(fine: Series) -> tuple[str, ...]:
    """Name the column of opens; of ticks the price itself stands for it."""
    return ("close",) if fine.is_ticks else ("open",)

"""One trade as the page of a replay draws it: its bars, the stops over time, each action with its reason."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import frozen

from rulekit.model.decision import ADD, ALERT, STOP, STOP_REACHED, TARGET, TARGET_REACHED
from rulekit.model.instant import MINUTE, SECOND, Instant, day_of, iso
from rulekit.model.orders import BUY, SELL
from rulekit.replay.bars import Series
from rulekit.replay.divergence import Divergence, Done, done_by
from rulekit.replay.measures import ended_at
from rulekit.replay.studying import Study
from rulekit.replay.trades import Trade

BARS = 900
"""A chart has at most so many bars; of a longer trade several are drawn as one."""
AROUND = 30
"""So many bars are drawn before the entry and behind the end."""
LISTED = 40
"""So many stop moves of a trade are listed; a trail makes hundreds."""

_GUARDS = (STOP_REACHED, TARGET_REACHED)


@frozen
class Drawn:
    """Bars of a chart: when each begins, and its four prices in smallest units."""

    starts: list[Instant]
    opens: list[float]
    highs: list[float]
    lows: list[float]
    closes: list[float]

    def place(self, at: Instant) -> int:
        """Return the bar of an instant."""
        return max(0, bisect_right(self.starts, at) - 1)


def bars_round(series: Series, first: Instant, last: Instant) -> Drawn:
    """Return the bars from somewhat before one instant to somewhat behind another; ticks become bars of a minute."""
    column = series.table["at"].combine_chunks().to_numpy()
    around = AROUND if not series.is_ticks else AROUND * 60
    begins = max(0, int(column.searchsorted(first)) - around)
    ends = min(series.rows, int(column.searchsorted(last, side="right")) + around)
    part = series.table.slice(begins, ends - begins)
    starts, close = part["at"].to_pylist(), part["close"].to_pylist()
    opens, highs, lows = (close if series.is_ticks else part[name].to_pylist() for name in ("open", "high", "low"))
    step = MINUTE if series.is_ticks else series.length
    drawn = _joined(starts, opens, highs, lows, close, step if series.is_ticks else 0)
    while len(drawn.starts) > BARS:
        step *= -(-len(drawn.starts) // BARS)
        drawn = _joined(drawn.starts, drawn.opens, drawn.highs, drawn.lows, drawn.closes, step)
    return drawn


def _joined(
    starts: Sequence[Instant], opens: Sequence[float], highs: Sequence[float], lows: Sequence[float],
    closes: Sequence[float], step: int,
) -> Drawn:  # fmt: skip
    """Draw as one what begins on one day within a step; 0 keeps all."""
    found = Drawn([], [], [], [], [])
    behind: tuple[object, int] | None = None
    for at, first, high, low, last in zip(starts, opens, highs, lows, closes, strict=True):
        group = (day_of(at), at // step) if step else (at, 0)
        if group != behind:
            found.starts.append(at)
            found.opens.append(first)
            found.highs.append(high)
            found.lows.append(low)
            found.closes.append(last)
            behind = group
        else:
            found.highs[-1] = max(found.highs[-1], high)
            found.lows[-1] = min(found.lows[-1], low)
            found.closes[-1] = last
    return found


def chart_of(
    study: Study, place: int, other: Trade | None, parted: Divergence | None, *, reasons: bool
) -> dict[str, Any]:
    """Return what the page's script draws of one trade.

    Args:
        place: of the trade among all. other: the same entry under the second policy, and where the two part.
        reasons: go through its looks again to say why.
    """
    trade = study.trades[place]
    series = study.prepared.plan.bars.series[trade.key]
    end = max(ended_at(trade), ended_at(other) if other is not None else 0)
    bars = bars_round(series, trade.entered, end)
    base, scale = round(bars.opens[0]), trade.scale
    done = done_by(trade)
    numbered = {id(one): number for number, one in enumerate((one for one in done if one.quantity), start=1)}
    whys = _reasons(study, trade, done) if reasons else {}
    instrument = study.prepared.plan.instruments(trade.key)
    tick = (5.0 if instrument is None else instrument.tick) / scale
    return {
        "name": f"{place + 1}. {trade.key.symbol} {_side(trade)} {trade.quantity:,}, {_when(trade.entered)[:16]}, "
        f"{trade.profit:+,.0f}",
        "start": bars.starts[0] // SECOND,
        "t": [0, *((b - a) // SECOND for a, b in zip(bars.starts, bars.starts[1:], strict=False))],
        "o": _from(base, bars.opens),
        "h": _from(base, bars.highs),
        "l": _from(base, bars.lows),
        "c": _from(base, bars.closes),
        "base": base,
        "scale": scale,
        "places": 2 if scale == 100 else 4,
        "tick": tick,
        "entry": trade.entry / scale,
        "from": bars.place(trade.entered),
        "to": max(bars.place(trade.entered), bars.place(ended_at(trade))),
        "stops": _levels(trade, bars, STOP),
        "targets": _levels(trade, bars, TARGET),
        "others": [] if other is None else _levels(other, bars, STOP),
        "marks": _marks(trade, bars, numbered, done, parted),
        "done": _rows(trade, done, numbered, whys),
        "said": _said(trade, other, parted, study.other_title),
    }  # fmt: skip


def _from(base: int, prices: Iterable[float]) -> list[float]:
    """Return prices as their distance from one, whole where they are."""
    return [int(price - base) if price == round(price) else round(price - base, 4) for price in prices]


def _side(trade: Trade) -> str:
    return "long" if trade.side > 0 else "short"


def _when(at: Instant) -> str:
    return iso(at)[:19].replace("T", " ")


def _short(at: Instant, trade: Trade) -> str:
    """Write a time without its day where a trade has one day only."""
    text = _when(at)
    return text[11:] if day_of(trade.entered) == day_of(ended_at(trade)) else text


def _levels(trade: Trade, bars: Drawn, kind: str) -> list[tuple[int, float | None]]:
    """Return how a stop or target stood over time: bars, and the price from there on."""
    points: dict[int, float] = {}
    if kind == STOP and trade.stop is not None:
        points[bars.place(trade.entered)] = trade.stop / trade.scale
    for mark in trade.marks:
        if mark.kind == kind:
            points[bars.place(mark.at)] = mark.price / trade.scale
    if not points:
        return []
    last = bars.place(ended_at(trade))
    found: list[tuple[int, float | None]] = sorted(points.items())
    level = found[-1][1]
    if last > found[-1][0]:
        found.append((last, level))
    return found


def _marks(
    trade: Trade, bars: Drawn, numbered: dict[int, int], done: Sequence[Done], parted: Divergence | None
) -> list[dict[str, Any]]:
    """Return the marks on the bars, in order: entry, orders by their numbers, stop moves, alerts, where two part."""
    long = trade.side > 0
    found = [{"i": bars.place(trade.entered), "buy": long, "colour": "--mark", "text": "entry"}]
    for one in done:
        if id(one) in numbered:
            buys = (one.kind == ADD) == long
            filled = next((fill for fill in trade.fills if fill.decided == one.at and fill.rule == one.rule), None)
            at = one.at if filled is None else filled.at
            colour = "--soft" if filled is None else "--gain" if buys else "--loss"
            found.append({"i": bars.place(at), "buy": buys, "colour": colour, "text": str(numbered[id(one)])})
    for mark in trade.marks:
        if mark.kind == ALERT:
            found.append(
                {"i": bars.place(mark.at), "buy": not long, "shape": "circle", "colour": "--mark", "text": "!"}
            )
    if parted is not None:
        found.append({"i": bars.place(parted.at), "buy": not long, "shape": "square", "colour": "--mark", "text": "≠"})
    unlike: dict[tuple[Any, ...], dict[str, Any]] = {tuple(one.items()): one for one in found}
    return sorted(unlike.values(), key=lambda one: int(one["i"]))


def _reasons(study: Study, trade: Trade, done: Sequence[Done]) -> dict[tuple[Instant, str], str]:
    """Return why each thing was done, in the engine's words."""
    teller = study.teller(trade.row)
    listed = {one.at for one in _listed(done)} | {mark.at for mark in trade.marks if mark.kind == ALERT}
    return {
        (int(seen.state["s_now"]), action.rule): action.why
        for seen in teller.looks(trade.row, listed)
        for action in teller.decision(seen, trade)[1].actions
    }


def _listed(done: Sequence[Done]) -> list[Done]:
    """Leave out the stop moves in the middle where there are very many."""
    levels = [one for one in done if not one.quantity]
    dropped = {id(one) for one in levels[LISTED // 2 : -LISTED // 2]} if len(levels) > LISTED else set()
    return [one for one in done if id(one) not in dropped]


def _rows(
    trade: Trade, done: Sequence[Done], numbered: dict[int, int], whys: dict[tuple[Instant, str], str]
) -> list[list[str]]:
    """Return the list under a chart: number, time, what, price, why."""
    opening = BUY if trade.side > 0 else SELL
    rows = [
        [
            "",
            _short(trade.entered, trade),
            f"entry: {opening.lower()} {trade.quantity:,}",
            _price(trade.entry, trade),
            "",
        ]
    ]
    listed = _listed(done)
    for one in listed:
        fill = next((each for each in trade.fills if each.decided == one.at and each.rule == one.rule), None)
        price = one.price if one.price else None if fill is None else fill.price
        what = f"{one.rule}: {one.kind} {one.quantity:,}" if one.quantity else f"{one.rule}: {one.kind}"
        why = whys.get((one.at, one.rule), "") or (f"the {one.rule} was reached" if one.rule in _GUARDS else "")
        if one.quantity and fill is None:
            why = f"it met no price; {why}" if why else "it met no price"
        rows.append(
            [
                str(numbered.get(id(one), "")),
                _short(one.at, trade),
                what,
                "" if price is None else _price(price, trade),
                why,
            ]
        )
    if len(listed) < len(done):
        rows.append(["", "", f"and {len(done) - len(listed):,} stop moves between", "", ""])
    for mark in trade.marks:
        if mark.kind == ALERT:
            why = whys.get((mark.at, mark.rule), "")
            rows.append(["!", _short(mark.at, trade), f"{mark.rule}: alert", _price(mark.price, trade), why])
    if trade.exited is None:
        rows.append(["", _short(trade.last, trade), f"still held: {trade.left:,}", _price(trade.ended, trade), ""])
    return [rows[0], *sorted(rows[1:], key=lambda row: row[1] or "9")]


def _price(units: float, trade: Trade) -> str:
    return f"{units / trade.scale:,.{2 if trade.scale == 100 else 4}f}"


def _said(trade: Trade, other: Trade | None, parted: Divergence | None, title: str) -> str:
    if other is None:
        return ""
    if parted is None:
        return f"{title} did the same."
    return f"{parted.text('this', title)}. It came to ₹{other.profit:,.0f} instead of ₹{trade.profit:,.0f}."

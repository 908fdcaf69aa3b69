"""Puts the page of a replay together: what a study tells, in the form that the report room draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rulekit.compile.policy import CompiledPolicy
from rulekit.errors import UsageError
from rulekit.model.version import VERSION
from rulekit.replay.measures import equity
from rulekit.replay.studying import LOOKS, Beside, Study
from rulekit.report.chart_library import chart_library
from rulekit.report.drawing import Drawing, draw
from rulekit.report.page import minutes, moment, number, rupees, share, signed, tone
from rulekit.report.replay_page import Parted, ReplayPage, Row, Tile, replay_page
from rulekit.runtime.replay_charts import chart_of

DRAWN = 60
"""So many trades are drawn: the widest partings, the worst and the best, the first."""
LISTED = 1000
"""So many trades are listed."""
_LOOKS = {"live": "looked at as live", "path": "looked at each price of a bar's path", "close": "looked at once a bar"}
_FILLS = {"last": "orders fill at the price of the look", "open": "orders fill at the next open",
          "touch": "orders fill where the rule first held"}  # fmt: skip


def report(study: Study, *, drawn: int = DRAWN, told: int = LOOKS) -> str:
    """Write the page of a study as HTML.

    Args:
        drawn: so many trades come with a chart.
        told: the reasons of actions are looked up until about so many looks were gone through again.

    Raises:
        InputError: the charting library is not installed.
    """
    library = chart_library()
    beside = study.beside
    chosen = chosen_trades(study, drawn)
    charts = []
    left = told
    for place in chosen:
        other = beside[place] if beside else None
        left -= (cost := study.looks_at(study.trades[place]))
        charts.append(
            chart_of(
                study, place, None if other is None else other.other, None if other is None else other.parted,
                reasons=left + cost > 0,
            )
        )  # fmt: skip
    places = {place: number for number, place in enumerate(chosen)}
    parted = sorted((one for one in range(len(beside)) if beside[one].parted), key=lambda one: -abs(beside[one].gained))
    return replay_page(
        ReplayPage(
            title=study.title or "a policy",
            about=about(study),
            tiles=tiles(study),
            curve=_curve(study),
            curve_words=_curve_words(study),
            rules=[{**rule.to_dict(), "size": abs(rule.against_holding or 0.0)} for rule in study.rules],
            charts=charts,
            trades=_rows(study, places),
            trades_in_all=len(study.trades),
            policies=_policies(study),
            charting=library,
            made=f"Made by Rulekit {VERSION}. What would have happened is no promise of what will.",
            notes=[str(note) for note in study.replay.notes],
            other_title=study.other_title if study.other is not None else "",
            parted=[_parted(beside[place], places.get(place)) for place in parted[:100]],
            parted_in_all=len(parted),
            same=sum(one.gained == 0 for one in beside),
            chance=_chance(study),
            multiples=_multiples(study),
            multiples_words=_multiples_words(study),
            tells_worth=study.without is not None,
        )
    )


def write_report(study: Study, path: Path) -> None:
    """Write the page of a study to a file.

    Raises:
        UsageError: it cannot be written. InputError: the charting library is not installed.
    """
    text = report(study)
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {error.strerror or error}", "give another file") from None


def chosen_trades(study: Study, most: int) -> list[int]:
    """Return which trades are drawn, in order: widest partings, worst and best, then the first ones."""
    count = len(study.trades)
    if count <= most:
        return list(range(count))
    by_profit = sorted(range(count), key=lambda place: study.trades[place].profit)
    by_gain = sorted(range(len(study.beside)), key=lambda place: -abs(study.beside[place].gained))
    third = most // 3
    wanted = [*by_gain[:third], *by_profit[:third], *reversed(by_profit[-third:]), *range(count)]
    return sorted(list(dict.fromkeys(wanted))[:most])


def about(study: Study) -> list[str]:
    """Say in two lines what was replayed, and how."""
    plan, trades = study.prepared.plan, study.trades
    options = plan.options
    symbols = list(dict.fromkeys(trade.key.symbol for trade in trades))
    some = ", ".join(symbols[:5]) + (f" and {len(symbols) - 5} more" if len(symbols) > 5 else "")
    first = min((trade.entered for trade in trades), default=None)
    last = max((trade.last for trade in trades), default=None)
    costs = [f"spread {options.spread:g} and slippage {options.slippage:g} ticks"]
    costs += [f"{options.charges} charges"] if options.charges else []
    count = "1 trade" if len(trades) == 1 else f"{len(trades):,} trades"
    return [
        f"{count} in {some}, {moment(first)} to {moment(last)}; {plan.bars.rows:,} prices",
        f"{_LOOKS[options.looks]}, {_FILLS[options.fill]}, {', '.join(costs)}",
    ]


def tiles(study: Study) -> list[Tile]:
    """Return the figures at the head of a page."""
    found = study.figures
    shown = [
        Tile("profit", rupees(found["profit"]), tone(found["profit"])),
        Tile("the entries left alone", rupees(found["left_alone"]), tone(found["left_alone"])),
        Tile("earned by managing", signed(found["managed_gained"]), tone(found["managed_gained"])),
    ]
    if study.other is not None:
        shown.append(Tile(f"{study.other_title} earns", rupees(found["other_profit"]), tone(found["other_profit"])))
    shown += [
        Tile("trades with a profit", f"{found['won']:,} of {found['trades']:,}"),
        Tile("deepest drawdown", rupees(-found["drawdown"]), tone(-found["drawdown"])),
        Tile("average R", number(found["average_r"]) if found["with_r"] else "–", tone(found["average_r"])),
        Tile("profit factor", number(found["profit_factor"])),
        Tile("time in trade (median)", minutes(found["median_minutes"])),
        Tile("worst and best trade", f"{rupees(found['worst'])} / {rupees(found['best'])}"),
    ]
    return shown + ([Tile("charges", rupees(found["charges"]))] if found["charges"] else [])


def _curve(study: Study) -> Drawing:
    own = _way(total for _, total in equity(study.trades))
    curves = [("curve", own)]
    if study.other is not None:
        curves.insert(0, ("other", _way(total for _, total in equity(study.other.trades))))
    if study.chance is None:
        return draw(curves)
    chance = study.chance
    edges = {
        level: [(0.0, 0.0), *((float(at), total) for at, total in zip(chance.at, band, strict=True))]
        for level, band in chance.bands.items()
    }
    return draw(curves, [("band", edges[5], edges[95]), ("inner", edges[25], edges[75])])


def _way(totals: Any) -> list[tuple[float, float]]:
    """Return a curve that begins at nothing, thinned out where it has more points than can be seen."""
    points = [(0.0, 0.0), *((float(place), total) for place, total in enumerate(totals, start=1))]
    step = math.ceil(len(points) / 1500)
    return [*points[:-1:step], points[-1]]


def _curve_words(study: Study) -> str:
    words = "The sum of profits in rupees after each trade, in the order in which they ended"
    if study.other is not None:
        words += f"; dashed: {study.other_title}"
    if study.chance is not None:
        words += "; shaded: where half and where nine tenths of the other orders of these trades lie"
    return f"{words}."


def _chance(study: Study) -> list[str]:
    chance = study.chance
    if chance is None:
        return []
    falls, sums = chance.drawdowns, chance.profits
    return [
        f"In {chance.runs:,} other orders of these trades (seed {chance.seed}) the deepest drawdown lay between "
        f"{rupees(falls[5])} and {rupees(falls[95])} nine times in ten, at {rupees(falls[50])} in the middle; it was "
        f"deeper than here ({rupees(chance.drawdown)}) in {share(chance.deeper)} of them.",
        f"As many trades drawn anew from these, each as likely as any: a profit between {rupees(sums[5])} and "
        f"{rupees(sums[95])} nine times in ten; a loss in {share(chance.loses)} of the draws. Both take the trades "
        "to be independent of each other, which trades of one day seldom are.",
    ]


_WIDEST = 8.0
"""Trades of more R than that, either way, stand in the last bar."""


def _multiples(study: Study) -> Drawing | None:
    """Draw how many trades came to how many R, in steps of a half."""
    multiples = [max(-_WIDEST, min(_WIDEST, one.r)) for one in study.measured if one.r == one.r]
    if not multiples:
        return None
    counts: dict[int, int] = {}
    for r in multiples:
        counts[math.floor(2 * r)] = counts.get(math.floor(2 * r), 0) + 1
    bars = [
        (
            "won" if step >= 0 else "lost",
            [(step / 2 + 0.02, 0.0), (step / 2 + 0.48, 0.0)],
            [(step / 2 + 0.02, float(count)), (step / 2 + 0.48, float(count))],
        )
        for step, count in sorted(counts.items())
    ]
    lowest, highest = min(0, *counts), max(1, *(step + 1 for step in counts))
    return draw([("", [(lowest / 2, 0.0), (highest / 2, 0.0)])], bars)


def _multiples_words(study: Study) -> str:
    """Say what the bars are."""
    found = study.figures
    return (
        f"How many of {found['with_r']:,} trades with a stop came to how many R (the rupees between the entry and its "
        f"first stop), in steps of half an R; {number(found['average_r'])} on average, {number(found['median_r'])} in "
        "the middle."
    )


def _rows(study: Study, places: dict[int, int]) -> list[Row]:
    return [
        Row(
            number=place + 1,
            symbol=trade.key.symbol,
            side="long" if trade.side > 0 else "short",
            quantity=trade.quantity,
            entered=trade.entered,
            exited=trade.exited,
            entry=trade.entry / trade.scale,
            profit=trade.profit,
            alone=study.left_alone[trade.row].profit,
            r=study.measured[place].r,
            minutes=study.measured[place].minutes,
            rules=", ".join(dict.fromkeys(fill.rule for fill in trade.fills)) or "nothing",
            drawn=places.get(place),
        )
        for place, trade in enumerate(study.trades[:LISTED])
    ]


def _parted(one: Beside, drawn: int | None) -> Parted:
    where = one.parted
    assert where is not None
    trade = one.trade
    return Parted(
        f"{trade.key.symbol} {'long' if trade.side > 0 else 'short'}", trade.entered, trade.profit, one.other.profit,
        one.gained, where.at, where.here, where.why_here, where.there, where.why_there, drawn,
    )  # fmt: skip


def _policies(study: Study) -> list[tuple[str, str]]:
    def texts(policies: Sequence[CompiledPolicy], word: str) -> list[tuple[str, str]]:
        return [(f"{word}: {policy.title}" if policy.title else word, policy.tree.source) for policy in policies]

    found = texts(study.prepared.plan.policies, "The policy")
    if study.other_prepared is not None:
        found += texts(study.other_prepared.plan.policies, "The second policy")
    return found

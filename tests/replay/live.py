"""Runs the same prices through a live run on paper and through a replay, and lists what was decided differently."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import evolve

from rulekit.model.events import Event
from rulekit.model.instant import day_of, iso
from rulekit.model.prices import UNKNOWN
from rulekit.replay import Options, read_bars
from rulekit.replay.entries import Entry
from rulekit.replay.running import run
from rulekit.replay.trades import SQUARE_OFF
from rulekit.runtime.entries import Entry as LiveEntry
from rulekit.runtime.paper import open_paper_day
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings

Decision = tuple[str, str, str, str, float]
"""Symbol, moment, what, rule, and the quantity or the price."""


def settings() -> Settings:
    """Return a day without costs, and without the guard that only reduces after a silence of the feed."""
    plain = Settings()
    return evolve(
        plain,
        paper=evolve(plain.paper, spread=0.0, slippage=0.0),
        execution=evolve(plain.execution, stale_feed_s=1e9),
    )


def decided_live(policy: Policy, feed: Path, entries: Sequence[Entry], folder: Path) -> list[Decision]:
    """Run a day on paper at full speed and return what was decided."""
    found: list[Decision] = []

    def note(event: Event) -> None:
        data: dict[str, Any] = dict(event.data)
        if event.name == "action_decided" and data["kind"] in ("exit", "book", "add"):
            found.append((event.symbol, iso(event.at), data["kind"], data["rule"], float(data["quantity"])))
        elif event.name in ("stop_moved", "target_moved"):
            kind = event.name.removesuffix("_moved")
            found.append((event.symbol, iso(event.at), kind, data["rule"], round(float(data[kind]), 4)))
        elif event.name == "action_decided" and data["kind"] == "alert":
            found.append((event.symbol, iso(event.at), "alert", data["rule"], 0.0))

    live = [
        LiveEntry(
            row=number,
            instrument=entry.key,
            product=entry.product,
            side=entry.side,
            quantity=entry.quantity,
            entry=entry.price,
            opened=entry.at,
            stop=entry.stop,
        )
        for number, entry in enumerate(entries)
    ]
    journal = folder / "live.journal"
    with open_paper_day(
        [policy], feed, sorted(live, key=lambda one: (one.opened, one.row)), journal,
        settings=settings(), fast=True, clock=None, emit=note,
    ) as (day, _):  # fmt: skip
        day.run()
    return found


def decided_in_replay(
    policy: Policy, feed: Path, entries: Sequence[Entry], *, native: bool | None = None
) -> list[Decision]:
    """Replay and return what was decided; what the broker closes by itself is nobody's decision."""
    bars = read_bars(feed, skip_bad=True)
    outcome = run(
        [policy.compiled], bars, entries, Options(native=native), instruments=settings().instruments.lookup
    )  # fmt: skip
    found: list[tuple[int, Decision]] = []
    for trade in outcome.trades:
        symbol = trade.key.symbol
        held = trade.quantity
        for fill in trade.fills:
            grows = (fill.side == "BUY") == (trade.side > 0)
            held += fill.quantity if grows else -fill.quantity
            kind = "add" if grows else "book" if held else "exit"
            if fill.rule != SQUARE_OFF:
                found.append((fill.decided, (symbol, iso(fill.decided), kind, fill.rule, float(fill.quantity))))
        for mark in trade.marks:
            if mark.kind == "unfilled":
                # what met no price is still a decision; only an exit is of everything
                had = trade.quantity + sum(
                    fill.quantity if (fill.side == "BUY") == (trade.side > 0) else -fill.quantity
                    for fill in trade.fills
                    if fill.decided <= mark.at
                )
                kind = "exit" if mark.quantity == had else "book"
                found.append((mark.at, (symbol, iso(mark.at), kind, mark.rule, float(mark.quantity))))
                continue
            value = 0.0 if mark.kind == "alert" else round(mark.price / trade.scale, 4)
            found.append((mark.at, (symbol, iso(mark.at), mark.kind, mark.rule, value)))
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def differences(live: Sequence[Decision], replayed: Sequence[Decision]) -> list[str]:
    """List what only one of the two decided."""
    ours, theirs = sorted(replayed), sorted(live)
    only_live = [one for one in theirs if one not in set(ours)]
    only_replay = [one for one in ours if one not in set(theirs)]
    twice = (
        [] if len(ours) == len(set(ours)) == len(set(theirs)) or sorted(ours) == sorted(theirs) else ["counts differ"]
    )
    return (
        [f"only live: {one}" for one in only_live]
        + [f"only replay: {one}" for one in only_replay]
        + (twice if not only_live and not only_replay else [])
    )


def entries_over(feed: Path, *, days: int, product: str, quantity: int = 100, symbols: int = 1000) -> list[Entry]:
    """Enter every symbol on every so manyth day, at changing times and sides, at the price of that moment."""
    bars = read_bars(feed, skip_bad=True)
    found: list[Entry] = []
    for number, (key, series) in enumerate(list(bars.series.items())[:symbols]):
        starts, closes = series.table["at"].to_pylist(), series.table["close"].to_pylist()
        firsts = [0, *(place for place in range(1, len(starts)) if day_of(starts[place]) != day_of(starts[place - 1]))]
        for turn, (first, behind) in enumerate(zip(firsts, [*firsts[1:], len(starts)], strict=True)):
            if turn % days or behind - first < 20:
                continue
            place = first + (behind - first) * ((turn * 7 + number * 3) % 17 + 1) // 40
            side = 1 if (turn // days + number) % 2 else -1
            price = closes[place]
            stop = UNKNOWN if turn % 3 == 0 else float(round(price * (1 - 0.006 * side) / 5) * 5)
            moment = starts[place] + series.length
            found.append(Entry(key, side, quantity, moment, price, stop, product, where=f"entry {len(found) + 1}"))
    return found


__all__ = ["decided_in_replay", "decided_live", "differences", "entries_over"]

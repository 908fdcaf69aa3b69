"""Draws policies, prices and entries, and replays them with and without passing over what lies within a box."""

from __future__ import annotations

from random import Random
from typing import Any

import pyarrow as pa
from attrs import evolve, frozen

from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.errors import InputError
from rulekit.model.instrument import InstrumentKey
from rulekit.model.prices import UNKNOWN
from rulekit.replay import Options, Replay, read_bars
from rulekit.replay import kernel as kernels
from rulekit.replay.bars import Bars
from rulekit.replay.entries import Entry
from rulekit.replay.running import Prepared, prepare
from tests.compile.policies import FACT_NAMES, random_policy

KEY = InstrumentKey("NSE", "KOTAKBANK")
START = 1_609_731_900_000_000
"""09:15 on Monday, 4 January 2021."""
DAY, MINUTE = 86_400_000_000, 60_000_000
_CONSTANT = {
    "open positions": 4.0, "exposure": 90_000.0, "day profit": 500.0, "spread": 0.1, "day high": 104.0,
    "previous close": 99.0, "sma": 100.0, "vwap": 100.0,
}  # fmt: skip


@frozen
class Drawn:
    """A policy, prices and entries, and how they are replayed."""

    policy: CompiledPolicy
    bars: Bars
    entries: list[Entry]
    options: Options


def draw_replay(seed: int, rows: int, *, native: bool = False) -> Drawn:
    """Draw everything by a seed."""
    draw = Random(seed)
    policy = compile_policy(random_policy(draw, draw.choice((1, 2, 3, 5)), guarded=0.2))
    ticks = draw.random() < 0.15
    table, closes = _prices(draw, rows, ticks)
    looks = draw.choice(("close", "path", "live"))
    options = Options(
        looks=looks, path=draw.choice(("colour", "stop-first")),
        fill=draw.choice(("last", "open") if looks == "close" else ("last", "open", "touch")),
        spread=draw.choice((0, 2)), slippage=draw.choice((0, 1)), sessions=draw.choice(("exchange", "always")),
        facts={**_CONSTANT, **{name: made(draw) for name, made in FACT_NAMES.items()}}, native=native,
    )  # fmt: skip
    moments = table["ts"].cast(pa.int64()).to_pylist()
    return Drawn(policy, read_bars(table), [_entry(draw, moments, closes) for _ in range(6)], options)


def _prices(draw: Random, rows: int, ticks: bool) -> tuple[pa.Table, list[int]]:
    """Draw a walk on minutes of a few days, with holes."""
    large, price = draw.choice((1, 3, 12)), 10_000
    columns: dict[str, list[Any]] = {name: [] for name in ("ts", "open", "high", "low", "close", "volume")}
    for number in range(rows):
        opens, price = price + draw.randint(-1, 1), price + draw.randint(-large, large)
        if draw.random() < 0.01:
            continue
        high, low = max(opens, price) + draw.randint(0, 3), min(opens, price) - draw.randint(0, 3)
        row = (START + number // 375 * DAY + number % 375 * MINUTE, opens, high, low, price, draw.randint(1, 1000))
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    closes = columns["close"]
    stamps = pa.array(columns.pop("ts"), pa.timestamp("us", tz="Asia/Kolkata"))
    told = {"symbol": ["KOTAKBANK"] * len(closes), "ts": stamps}
    if ticks:
        return pa.table({**told, "price": [one / 100 for one in closes]}), closes
    volume = columns.pop("volume")
    paid = {name: [one / 100 for one in column] for name, column in columns.items()}
    return pa.table({**told, **paid, "volume": [float(one) for one in volume]}), closes


def _entry(draw: Random, moments: list[int], closes: list[int]) -> Entry:
    """Draw an entry: with a price and a stop or without."""
    place, side = draw.randrange(len(moments) - 20), draw.choice((1, -1))
    price = draw.choice((UNKNOWN, float(closes[place])))
    stop = price - side * draw.choice((10, 30, 100, 1e9)) if draw.random() < 0.5 else UNKNOWN
    quantity, product = draw.choice((1, 50, 75, 100)), draw.choice(("MIS", "NRML"))
    return Entry(KEY, side, quantity, moments[place], price, stop if 0 < stop < 1e8 else UNKNOWN, product)


def outcome_of(drawn: Drawn, *, passing: bool) -> tuple[Replay, int] | None:
    """Replay; return the outcome and how often the policy was asked, or None if it is refused."""
    asked = 0
    try:
        prepared = prepare([drawn.policy], drawn.bars, drawn.entries, drawn.options)
    except InputError:
        return None
    bound = []
    for one in prepared.bound:
        ticks = one.block.series.is_ticks
        options = drawn.options
        looks = "path" if ticks and options.looks == "close" else options.looks
        path = "ticks" if ticks else options.path
        kernel = kernels.build(
            drawn.policy, looks=looks, path=path, fill=options.fill, native=options.native, passing=passing
        )
        if not options.native:
            names: dict[str, Any] = kernel.run.__globals__
            look = names["look"]

            def counted(*given: float, look: Any = look) -> Any:
                nonlocal asked
                asked += 1
                return look(*given)

            names["look"] = counted
        bound.append(evolve(one, kernel=kernel))
    return Prepared(prepared.plan, bound, prepared.notes, prepared.entries).run(), asked

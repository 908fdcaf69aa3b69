"""Draws policies, prices and entries, and replays them with and without passing over what lies within a box."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pyarrow as pa
from attrs import evolve, frozen

from rulekit.compile.layout import NOT_SEEN, SIDE_OF
from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.errors import InputError
from rulekit.model.instrument import InstrumentKey
from rulekit.model.prices import UNKNOWN
from rulekit.replay import Options, Replay, read_bars
from rulekit.replay import kernel as kernels
from rulekit.replay.bars import Bars
from rulekit.replay.entries import Entry
from rulekit.replay.look import Look
from rulekit.replay.running import Prepared, prepare
from rulekit.runtime.policy import Policy
from tests.compile.policies import FACT_NAMES, random_policy

KEY = InstrumentKey("NSE", "KOTAKBANK")
START = 1_609_731_900_000_000
"""09:15 on Monday, 4 January 2021."""
DAY, MINUTE, SECOND = 86_400_000_000, 60_000_000, 1_000_000
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


_HELD = (
    "exit when profit is at least {x}% for {n}", "book 50% when loss is at least {x}% for {n}",
    "tighten stop to 3% from price when loss is above {x}% for {n}", "exit when profit is below -{x}%",
    'alert "slow" when price is above entry for {n}', "trail stop 2% when profit is above {x}% for {n}",
    "book 10% when price crosses above ₹100", "add 10% at {x}% profit, up to 3 times",
)  # fmt: skip


def draw_held(seed: int, rows: int) -> Drawn:
    """Draw rules that must hold for a while, over prices with long holes, in which a price grows too old to be known.

    Every policy reads the time, so that each look tells its moment.
    """
    draw = Random(seed)
    chosen = draw.sample(_HELD, draw.choice((1, 2, 3)))
    times = ("40 seconds", "2 minutes", "5 minutes", "12 minutes")
    rules = [
        f"R{place}: " + rule.format(x=draw.choice((0.02, 0.1, 0.3)), n=draw.choice(times))
        for place, rule in enumerate(chosen)
    ]
    policy = Policy.from_text("\n".join([*rules, "LATE: exit at 15:20"])).compiled
    ticks = draw.random() < 0.35
    # a tick is too old to be known after five seconds
    step = draw.choice((2, 4)) * SECOND if ticks else MINUTE
    table, closes = _prices(draw, rows, ticks, hole=draw.choice((2, 5, 20)), step=step)
    looks, path = draw.choice(("live", "live", "path")), draw.choice(("colour", "stop-first"))
    options = Options(looks=looks, path=path, sessions=draw.choice(("exchange", "always")), native=False)
    moments = table["ts"].cast(pa.int64()).to_pylist()
    return Drawn(policy, read_bars(table), [_entry(draw, moments, closes) for _ in range(3)], options)


def _prices(draw: Random, rows: int, ticks: bool, hole: int = 1, step: int = MINUTE) -> tuple[pa.Table, list[int]]:
    """Draw a walk over a few days, so many microseconds a price, with holes of so many prices."""
    large, price, left = draw.choice((1, 3, 12)), 10_000, 0
    columns: dict[str, list[Any]] = {name: [] for name in ("ts", "open", "high", "low", "close", "volume")}
    for number in range(rows):
        opens, price = price + draw.randint(-1, 1), price + draw.randint(-large, large)
        if not left and draw.random() < (0.01 if hole == 1 else 0.03):
            left = hole
        if left:
            left -= 1
            continue
        high, low = max(opens, price) + draw.randint(0, 3), min(opens, price) - draw.randint(0, 3)
        row = (START + number // 375 * DAY + number % 375 * step, opens, high, low, price, draw.randint(1, 1000))
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


def kept_of(policy: CompiledPolicy, answers: Sequence[float]) -> dict[str, float]:
    """Return the memory after a look as the loop keeps it: of a crossing only its side."""
    kept = {}
    for place, (_, part) in enumerate(policy.layout.memory):
        value = answers[place]
        if part.startswith(SIDE_OF) and value == value and value != NOT_SEEN:
            value = 1.0 if value > 0.0 else 0.0
        kept[f"m{place}"] = value
    return kept


@frozen
class Asked:
    """One look: what it was given, and what it answered with the memory as it is kept, by name."""

    given: dict[str, float]
    answered: dict[str, float]

    @property
    def done(self) -> list[str]:
        """What came of it: orders, stops, targets, alerts, and what is remembered otherwise than before."""
        found = [name for name in ("r0", "r3", "r6") if self.answered[name] != 0.0]
        found += [name for name, value in self.answered.items() if name.startswith("told") and value == 1.0]
        kept = [name for name in self.answered if name.startswith("m")]
        return found + [name for name in kept if repr(self.answered[name]) != repr(self.given[name])]


def outcome_of(drawn: Drawn, *, passing: bool, asked: list[Asked] | None = None) -> tuple[Replay, int] | None:
    """Replay; return the outcome and how often the policy was asked, or None if it is refused.

    Args:
        asked: takes every look.
    """
    times = 0
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

            def counted(*given: float, look: Any = look, way: Look = kernel.look) -> Any:
                nonlocal times
                times += 1
                answers = look(*given)
                if asked is not None:
                    told = dict(zip(way.arguments, given, strict=True))
                    named = dict(zip(way.answers, answers, strict=True))
                    asked.append(Asked(told, named | kept_of(drawn.policy, answers)))
                return answers

            names["look"] = counted
        bound.append(evolve(one, kernel=kernel))
    return Prepared(prepared.plan, bound, prepared.notes, prepared.entries).run(), times


def passed_over(some: list[Asked], every: list[Asked]) -> list[Asked]:
    """Return the looks that were passed over.

    Raises:
        AssertionError: one was taken that is not among all, in their order.
    """
    missed, place = [], 0
    for one in some:
        while place < len(every) and repr(every[place].given) != repr(one.given):
            missed.append(every[place])
            place += 1
        assert place < len(every), f"a look that is not taken otherwise: {one.given}"
        place += 1
    return missed + every[place:]

"""Decisions on columns: against a numba loop, NumPy and polars written by hand, which give the same answers.

Run it with `python -m tests.benchmarks.bulk [ROWS …]`; every ratio is the median of pairs measured in turn in one run.
"""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import polars as pl

from rulekit.bulk.deciding import decide_many
from rulekit.compile.policy import compile_policy
from rulekit.model.instant import DAY, HOUR, MINUTE
from tests.compile.policies import NOW, SEVEN

POLICY = compile_policy(SEVEN)
BOOK_50, BOOK_75, SCALE, BREAK_EVEN, TIME, VOLATILITY, SQUARE_OFF = range(7)
NAMES = [rule.name for rule in POLICY.rules]
IST = 5 * HOUR + 30 * MINUTE
QUARTER_PAST_THREE = 15 * HOUR + 15 * MINUTE
STOP_REACHED = len(NAMES)
DONE = {BOOK_50: "booked_50", BOOK_75: "booked_75", SCALE: "added_once"}
Columns = dict[str, Any]
BY_RULE, STOPPED, UNJUDGED, NOTHING, HELD_BACK = 1, 2, 7, 0, 6


def book(rows: int, seed: int = 1) -> Columns:
    """Draw a book: most stops stand, a tenth of the facts are missing, some prices are unknown."""
    draw = np.random.default_rng(seed)
    side = draw.choice([1, -1], rows)
    entry = draw.integers(2000, 60_000, rows) * 5.0
    price = entry + side * np.round(entry * draw.uniform(-0.03, 0.3, rows) / 5) * 5
    stop = entry - side * np.round(entry * draw.uniform(-0.05, 0.05, rows) / 5) * 5
    price[draw.random(rows) < 0.01] = np.nan
    stop[draw.random(rows) < 0.2] = np.nan
    found = {
        "side": side,
        "quantity": draw.integers(1, 500, rows),
        "entry": entry,
        "price": price,
        "stop": stop,
        "opened": NOW - draw.integers(0, 240, rows) * MINUTE,
        "lot": draw.choice([1, 1, 10], rows),
        "momentum": draw.uniform(-4, 4, rows),
        "volume": draw.uniform(0, 3, rows),
        "volatility": draw.uniform(0, 3, rows),
        **{name: (draw.random(rows) < 0.3).astype(np.int64) for name in DONE.values()},
    }
    for name in ("momentum", "volume", "volatility"):
        found[name][draw.random(rows) < 0.1] = np.nan
    return found


def for_us(columns: Columns) -> Columns:
    names = {name: f"fired: {NAMES[rule]}" for rule, name in DONE.items()}
    return {names.get(name, name): values for name, values in columns.items()}


# --- by hand, numba ----------------------------------------------------------------------------------------------


@numba.njit(cache=True, error_model="numpy")
def _loop(
    side_, quantity_, entry_, price_, stop_, opened_, lot_, momentum_, volume_, volatility_, booked_50, booked_75,
    added_once, now, action_, rule_, amount_, level_, mover_, reason_, unknown_,
):  # type: ignore[no-untyped-def]  # fmt: skip
    late = (now + IST) % DAY >= QUARTER_PAST_THREE
    for i in range(side_.shape[0]):
        side, entry, price, held = float(side_[i]), entry_[i], price_[i], float(quantity_[i])
        here, stop = side * price, side * stop_[i]
        unknown = False
        kind, rule, amount, best, mover, passed = 0, -1, 0.0, np.nan, -1, False
        if here <= stop:
            action_[i], rule_[i], amount_[i], level_[i], mover_[i] = 1, STOP_REACHED, quantity_[i], np.nan, -1
            reason_[i], unknown_[i] = STOPPED, False
            continue
        gain, age, lot = here - side * entry, now - opened_[i], float(lot_[i])
        if gain != gain:
            # without the price all that rests on it is unknown
            unknown = True
        else:
            if 10 * gain >= entry:
                level = np.floor((51 * entry if side > 0 else -49 * entry) / 250.0) * 5.0
                if level >= here:
                    passed = True
                elif not level - stop < 5.0:
                    best, mover = level, BREAK_EVEN
            if age >= 2 * HOUR:
                level = np.floor((100 * here - price) / 500.0) * 5.0
                if not level - stop < 5.0 and not level <= best:
                    best, mover = level, TIME
            volatility = volatility_[i]
            if volatility != volatility:
                unknown = True
            elif volatility >= 2:
                level = np.floor((50 * here - price) / 250.0) * 5.0
                if not level - stop < 5.0 and not level <= best:
                    best, mover = level, VOLATILITY
        if late:
            kind, rule, amount = 1, SQUARE_OFF, held
        if 20 * gain >= 3 * entry and age >= 30 * MINUTE and booked_50[i] < 1:
            shares = np.floor(held / (2 * lot)) * lot
            if kind == 0 and shares > 0:
                kind, rule, amount = 2, BOOK_50, shares
            else:
                passed = True
        if 4 * gain >= entry and booked_75[i] < 1:
            shares = np.floor(3 * held / (4 * lot)) * lot
            if kind == 0 and shares > 0:
                kind, rule, amount = 2, BOOK_75, shares
            else:
                passed = True
        if 20 * gain >= entry and added_once[i] < 1:
            momentum, volume = side * momentum_[i], volume_[i]
            if momentum >= 2 and volume >= 1.5:
                shares = np.floor(held / (4 * lot)) * lot
                if kind == 0 and shares > 0:
                    kind, rule, amount = 3, SCALE, shares
                else:
                    passed = True
            elif not (momentum < 2 or volume < 1.5):
                unknown = True
        if kind == 1:
            mover, best = -1, np.nan
        action_[i], rule_[i], amount_[i] = kind, rule, int(amount)
        level_[i], mover_[i] = (best * side, mover) if mover >= 0 else (np.nan, -1)
        unknown_[i] = unknown
        if kind or mover >= 0:
            reason_[i] = BY_RULE
        elif passed:
            reason_[i] = HELD_BACK
        else:
            reason_[i] = UNJUDGED if unknown else NOTHING


RESULTS = {
    "action": np.int8, "rule": np.int32, "quantity": np.int64, "stop": np.float64, "stop_rule": np.int32,
    "reason": np.int8, "unknown": np.uint8,
}  # fmt: skip


def by_numba(c: Columns, now: int) -> Columns:
    found = {name: np.empty(len(c["side"]), kind) for name, kind in RESULTS.items()}
    _loop(*(c[name] for name in c), now, *found.values())
    return found


# --- by hand, NumPy ----------------------------------------------------------------------------------------------


def by_numpy(c: Columns, now: int) -> Columns:
    side, entry, price, held = c["side"], c["entry"], c["price"], c["quantity"]
    here, stop = side * price, side * c["stop"]
    lot = c["lot"]
    hit = here <= stop
    gain, age = here - side * entry, now - c["opened"]
    known = gain == gain
    momentum, volume, volatility = side * c["momentum"], c["volume"], c["volatility"]
    late = (now + IST) % DAY >= QUARTER_PAST_THREE
    best, mover, passed = np.full(len(side), -np.inf), np.full(len(side), -1, np.int32), np.zeros(len(side), bool)
    for index, holds, top in (
        (BREAK_EVEN, 10 * gain >= entry, np.floor(np.where(side > 0, 51, -49) * entry / 250.0) * 5.0),
        (TIME, age >= 2 * HOUR, np.floor((100 * here - price) / 500.0) * 5.0),
        (VOLATILITY, volatility >= 2, np.floor((50 * here - price) / 250.0) * 5.0),
    ):
        passed |= holds & (top >= here)
        better = holds & (top < here) & ~(top - stop < 5.0) & (top > best)
        best, mover = np.where(better, top, best), np.where(better, index, mover).astype(np.int32)
    kind = np.full(len(side), 1 if late else 0, np.int8)
    rule = np.full(len(side), SQUARE_OFF if late else -1, np.int32)
    amount = np.where(late, held, 0)
    adds = (20 * gain >= entry) & (c["added_once"] < 1)
    for index, code, holds, shares in (
        (BOOK_50, 2, (20 * gain >= 3 * entry) & (age >= 30 * MINUTE) & (c["booked_50"] < 1), held // (2 * lot) * lot),
        (BOOK_75, 2, (4 * gain >= entry) & (c["booked_75"] < 1), 3 * held // (4 * lot) * lot),
        (SCALE, 3, adds & (momentum >= 2) & (volume >= 1.5), held // (4 * lot) * lot),
    ):
        takes = holds & (kind == 0) & (shares > 0)
        passed |= holds & ~takes
        kind, rule = np.where(takes, code, kind).astype(np.int8), np.where(takes, index, rule).astype(np.int32)
        amount = np.where(takes, shares, amount)
    doubt = ~known | (volatility != volatility)
    doubt |= adds & ~((momentum >= 2) & (volume >= 1.5)) & ~((momentum < 2) | (volume < 1.5))
    gone = hit | (kind == 1)
    best, mover = np.where(gone | (mover < 0), np.nan, best * side), np.where(gone, -1, mover).astype(np.int32)
    acts = (kind > 0) | (mover >= 0)
    reason = np.where(acts, BY_RULE, np.where(passed, HELD_BACK, np.where(doubt, UNJUDGED, NOTHING)))
    return {
        "action": np.where(hit, 1, kind).astype(np.int8),
        "rule": np.where(hit, STOP_REACHED, rule).astype(np.int32),
        "quantity": np.where(hit, held, amount),
        "stop": best,
        "stop_rule": mover,
        "reason": np.where(hit, STOPPED, reason).astype(np.int8),
        "unknown": (doubt & ~hit).astype(np.uint8),
    }


# --- by hand, polars ---------------------------------------------------------------------------------------------


def polars_plan(now: int) -> list[list[pl.Expr]]:
    """Write the same as expressions, in stages that polars runs on all cores."""
    c, when, lit = pl.col, pl.when, pl.lit
    late = (now + IST) % DAY >= QUARTER_PAST_THREE
    number = lambda value: lit(float("nan") if value is None else value)
    floor = lambda top, bottom, step: (top / bottom).floor() * step
    side, entry, price, held, lot = c("side"), c("entry"), c("price"), c("quantity"), c("lot")
    first = [
        (side * price).alias("here"), (side * c("stop")).alias("kept"),
        (side * (price - entry)).alias("gain"), (lit(now) - c("opened")).alias("age"),
        (side * c("momentum")).alias("towards"),
        c("price", "stop", "momentum", "volume", "volatility").is_nan().name.suffix(" lacks"),
    ]  # fmt: skip
    lacks = lambda name: c(f"{name} lacks")
    gain, here, kept, age = c("gain"), c("here"), c("kept"), c("age")
    sure = ~lacks("price")
    tops = [
        when(side > 0).then(floor(51 * entry, 250.0, 5.0)).otherwise(floor(-49 * entry, 250.0, 5.0)),
        floor(100 * here - price, 500.0, 5.0), floor(50 * here - price, 250.0, 5.0),
    ]  # fmt: skip
    holds = [
        sure & (10 * gain >= entry), sure & (age >= 2 * HOUR), sure & ~lacks("volatility") & (c("volatility") >= 2),
    ]  # fmt: skip
    second = [(~lacks("stop") & sure & (here <= kept)).alias("hit")]
    for index, (hold, top) in enumerate(zip(holds, tops, strict=True)):
        good = hold & (top < here) & (lacks("stop") | (top - kept >= 5.0))
        second += [when(good).then(top).otherwise(lit(-1e300)).alias(f"top{index}"),
                   (hold & (top >= here)).alias(f"beyond{index}")]  # fmt: skip
    adds = sure & (20 * gain >= entry) & (c("added_once") < 1)
    strong = ~lacks("momentum") & (c("towards") >= 2) & ~lacks("volume") & (c("volume") >= 1.5)
    weak = (~lacks("momentum") & (c("towards") < 2)) | (~lacks("volume") & (c("volume") < 1.5))
    half, more, quarter = held // (2 * lot) * lot, 3 * held // (4 * lot) * lot, held // (4 * lot) * lot
    second += [
        (sure & (20 * gain >= 3 * entry) & (age >= 30 * MINUTE) & (c("booked_50") < 1)).alias("holds 50"),
        (sure & (4 * gain >= entry) & (c("booked_75") < 1)).alias("holds 75"),
        (adds & strong).alias("holds add"),
        (~sure | lacks("volatility") | (adds & ~strong & ~weak)).alias("doubt"),
        half.alias("half"), more.alias("more"), quarter.alias("quarter"),
    ]  # fmt: skip
    free = lit(not late)
    takes_50 = free & c("holds 50") & (c("half") > 0)
    takes_75 = free & c("holds 75") & (c("more") > 0) & ~takes_50
    takes_add = free & c("holds add") & (c("quarter") > 0) & ~takes_50 & ~takes_75
    best = pl.max_horizontal("top0", "top1", "top2")
    third = [takes_50.alias("takes 50"), takes_75.alias("takes 75"), takes_add.alias("takes add"), best.alias("best")]
    ordered = c("takes 50") | c("takes 75") | c("takes add") | late
    moved = c("best") > -1e299
    gone = c("hit") | late
    passed = (
        c("beyond0") | c("beyond1") | c("beyond2") | (c("holds 50") & ~c("takes 50"))
        | (c("holds 75") & ~c("takes 75")) | (c("holds add") & ~c("takes add"))
    )  # fmt: skip
    mover = when(c("top0") == c("best")).then(lit(BREAK_EVEN)).when(c("top1") == c("best")).then(lit(TIME)).otherwise(
        lit(VOLATILITY)
    )  # fmt: skip
    last = [
        when(c("hit") | late).then(lit(1)).when(c("takes 50") | c("takes 75")).then(lit(2)).when(c("takes add"))
        .then(lit(3)).otherwise(lit(0)).cast(pl.Int8).alias("action"),
        when(c("hit")).then(lit(STOP_REACHED)).when(late).then(lit(SQUARE_OFF)).when(c("takes 50")).then(lit(BOOK_50))
        .when(c("takes 75")).then(lit(BOOK_75)).when(c("takes add")).then(lit(SCALE)).otherwise(lit(-1))
        .cast(pl.Int32).alias("rule"),
        when(gone).then(held).when(c("takes 50")).then(c("half")).when(c("takes 75")).then(c("more"))
        .when(c("takes add")).then(c("quarter")).otherwise(lit(0)).alias("amount"),
        when(gone | ~moved).then(number(None)).otherwise(c("best") * side).alias("level"),
        when(gone | ~moved).then(lit(-1)).otherwise(mover).cast(pl.Int32).alias("stop_rule"),
        when(c("hit")).then(lit(STOPPED)).when(ordered | moved).then(lit(BY_RULE)).when(passed).then(lit(HELD_BACK))
        .when(c("doubt")).then(lit(UNJUDGED)).otherwise(lit(NOTHING)).cast(pl.Int8).alias("reason"),
        (c("doubt") & ~c("hit")).cast(pl.UInt8).alias("unknown"),
    ]  # fmt: skip
    return [first, second, third, last]


def by_polars(frame: pl.DataFrame, plan: list[list[pl.Expr]]) -> pl.DataFrame:
    lazy = frame.lazy()
    for stage in plan[:-1]:
        lazy = lazy.with_columns(stage)
    return lazy.select(plan[-1]).collect()


# --- measuring ---------------------------------------------------------------------------------------------------


def same_answers(columns: Columns, now: int) -> None:
    """Check that all four give the same answers before anything is timed."""
    ours = decide_many(POLICY, for_us(columns), prices="units", now=now)
    numba_s, numpy_s = by_numba(columns, now), by_numpy(columns, now)
    polars_s = by_polars(pl.DataFrame(columns), polars_plan(now)).rename({"amount": "quantity", "level": "stop"})
    for name in RESULTS:
        for other in (numba_s[name], numpy_s[name], polars_s[name].to_numpy()):
            assert np.array_equal(getattr(ours, name), other, equal_nan=name == "stop"), name
    again = decide_many(POLICY, for_us(in_rupees(columns)), now=now)
    for name in RESULTS:
        wanted = getattr(ours, name) / 100 if name == "stop" else getattr(ours, name)
        assert np.array_equal(getattr(again, name), wanted, equal_nan=name == "stop"), name
    counts = np.bincount(ours.action, minlength=4)
    assert counts.min() > 0 or now != NOW, counts


def pairs(
    ours: Callable[[], object],
    other: Callable[[], object],
    seconds: float,
    clock: Callable[[], float] = time.process_time,
) -> tuple[float, float, float]:
    """Return the medians of both, measured in turn, and the median of the ratios of neighbours."""
    ours(), other()
    found = []
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends or len(found) < 7:
        started = clock()
        ours()
        between = clock()
        other()
        found.append((between - started, clock() - between))
    one, two = (statistics.median(pair[place] for pair in found) for place in (0, 1))
    return one, two, statistics.median(pair[0] / pair[1] for pair in found)


def in_rupees(columns: Columns) -> Columns:
    return {name: values / 100 if name in ("entry", "price", "stop") else values for name, values in columns.items()}


def measure(rows: int) -> None:
    """Time one size on many books in turn: of one that comes again and again the processor learns every branch."""
    books = [book(rows, seed) for seed in range(max(1, min(40, 1_000_000 // rows)))]
    turns = {side: itertools.count() for side in ("ours", "theirs")}
    plan = polars_plan(NOW)
    ours, rupees = [for_us(one) for one in books], [for_us(in_rupees(one)) for one in books]
    frames, whole = [pl.DataFrame(one) for one in books], [pl.DataFrame(one) for one in ours]
    next_of = lambda side, given: given[next(turns[side]) % len(given)]
    us = lambda given, prices: lambda: decide_many(POLICY, next_of("ours", given), prices=prices, now=NOW)
    by_loop = lambda: by_numba(next_of("theirs", books), NOW)
    for name, work, other in (
        ("numba", us(ours, "units"), by_loop),
        ("numba, ours in rupees", us(rupees, "rupees"), by_loop),
        ("NumPy", us(ours, "units"), lambda: by_numpy(next_of("theirs", books), NOW)),
        ("polars, ours from polars, too", us(whole, "units"), lambda: by_polars(next_of("theirs", frames), plan)),
    ):
        # polars works on all cores, so there the wall's time counts; elsewhere the processor's
        clock = time.perf_counter if "polars" in name else time.process_time
        one, two, ratio = pairs(work, other, 3.0, clock)
        print(
            f"{rows:>9,} rows: {one * 1e3:8.3f} ms ({one / rows * 1e9:6.1f} ns a row), by hand in {name:29} "
            f"{two * 1e3:8.3f} ms: ratio {ratio:.2f}",
            flush=True,
        )


START = """
import time
started = time.perf_counter()
import numpy as np
import rulekit
policy = rulekit.load("rules/position-management.policy")
book = {name: np.full(1000, value) for name, value in dict(side=1, quantity=100, entry=1690.0, price=1998.5,
    opened=1795149900000000, momentum=1.0, volume=1.0, volatility=1.0).items()}
loaded = time.perf_counter()
policy.decide_many(book, now="2026-11-20T11:00:00+05:30")
print(loaded - started, time.perf_counter() - loaded)
"""


def starts() -> None:
    """Time the first answer in a new process, with an empty cache and with a full one."""
    with tempfile.TemporaryDirectory() as folder:
        for state in ("cold", "from the cache", "from the cache"):
            done = subprocess.run(
                [sys.executable, "-c", START], env={**os.environ, "RULEKIT_CACHE": folder}, capture_output=True,
                text=True, check=True,
            )  # fmt: skip
            load, first = map(float, done.stdout.split())
            print(f"first decision, {state}: {first:.2f} s, after {load:.2f} s of imports and compiling the policy")


def main() -> None:
    for now in (NOW, NOW + 5 * HOUR):
        same_answers(book(50_000), now)
    print("the same answers on 100,000 positions")
    for rows in [int(text) for text in sys.argv[1:]] or [100, 10_000, 1_000_000]:
        measure(rows)
    starts()


if __name__ == "__main__":
    main()

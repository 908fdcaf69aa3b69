"""What many rules cost: 6, 60 and 600 that share facts, one position at a time and in bulk, beside functions by hand.

Run it with `python -m tests.benchmarks.many_rules [bulk] [RULES …]`. The six sentences are repeated with other
thresholds; the function by hand asks one after the other, as one would write it; in bulk numba compiles it in a loop
(of up to 100 rules).
Every ratio is taken from one run, the sides in turn.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable
from random import Random
from typing import Any

import numba
import numpy as np
from attrs import evolve

from rulekit.bulk.deciding import decide_many
from rulekit.compile.policy import compile_policy
from rulekit.engine.decide import decide
from rulekit.language.reading import check_text
from rulekit.model.decision import Memory, RuleMemory
from rulekit.model.instant import MINUTE
from rulekit.model.snapshot import Snapshot
from tests.compile.policies import position

SIX = (
    "book {half}% at {profit}% profit after {age} minutes",
    "book {more}% at {high}% profit",
    "add {quarter}% at {low}% profit when momentum over 15 minutes is at least {momentum}% "
    "and volume is at least 1.5 times normal",
    "move stop to break-even + {kept}% at {level}% profit",
    "tighten stop to {near}% from price after {late} minutes",
    "tighten stop to {far}% from price when volatility is at least {volatility} times normal",
)
KINDS = len(SIX)
BASE = position()


def values(step: int) -> dict[str, float]:
    """Return the numbers of one repetition; all of them differ from repetition to repetition."""
    return {
        "half": 50, "profit": 15 + step * 0.5, "age": 30 + step, "more": 75, "high": 25 + step * 0.5, "quarter": 25,
        "low": 5 + step * 0.5, "momentum": round(2 + step * 0.1, 2), "kept": round(2 + step * 0.25, 2),
        "level": 10 + step * 0.5, "near": round(1 + step * 0.01, 2), "late": 120 + 3 * step,
        "far": round(2 + step * 0.01, 2), "volatility": round(2 + step * 0.05, 2),
    }  # fmt: skip


def text(rules: int, shuffled: bool = False) -> str:
    """Write so many rules, all repetitions of one kind behind another, or mixed."""
    lines = [f"R{k}_{step}: {SIX[k].format(**values(step))}" for k in range(KINDS) for step in range(rules // KINDS)]
    if shuffled:
        Random(3).shuffle(lines)
    return "\n".join(lines)


def compiled(rules: int, shuffled: bool = False):  # type: ignore[no-untyped-def]
    tree = check_text(text(rules, shuffled), "many").tree
    assert tree is not None
    return compile_policy(tree)


def book(count: int, seed: int = 2) -> list[tuple[Snapshot, Memory]]:
    """Draw positions as they are met: few are far in profit, few have waited for hours."""
    draw = Random(seed)
    found: list[tuple[Snapshot, Memory]] = []
    for _ in range(count):
        side, entry = draw.choice((1, -1)), draw.randrange(2000, 60_000) * 5.0
        price = entry + side * round(entry * draw.gauss(0.02, 0.06) / 5) * 5
        stop = draw.choice((math.nan, entry - side * round(entry * draw.uniform(0.0, 0.05) / 5) * 5))
        facts = {"momentum": draw.gauss(0, 1.5), "volume": draw.uniform(0, 3), "volatility": draw.uniform(0, 3)}
        here = position(
            side=side, entry=entry, price=price, stop=stop, facts=facts, quantity=draw.randrange(1, 500),
            opened=position().now - draw.randrange(0, 240) * MINUTE,
        )  # fmt: skip
        fired = {f"R0_{step}": RuleMemory(fired=1, fired_at=here.now) for step in range(draw.choice((0, 0, 1)))}
        found.append((evolve(here, lot=draw.choice((1, 1, 10))), fired))
    return found


def medians(works: list[Callable[[], object]], repeat: int) -> list[list[float]]:
    """Return the seconds of each, measured in turn."""
    found: list[list[float]] = [[] for _ in works]
    for _ in range(repeat):
        for place, work in enumerate(works):
            started = time.process_time()
            work()
            found[place].append(time.process_time() - started)
    return found


def by_hand_source(rules: int) -> str:
    """Write the function that one would write: a test a rule, over plain numbers."""
    lines = [
        "def by_hand(side, quantity, entry, price, stop, age, lot, momentum, volume, volatility, fired):",
        "    here, kept = side * price, side * stop",
        "    if here <= kept:",
        "        return 1, -1, quantity, -1, 0.0",
        "    gain = here - side * entry",
        "    kind, rule, amount, mover, best = 0, -1, 0.0, -1, -1e18",
    ]
    steps = range(rules // KINDS)
    order = [(3, step) for step in steps] + [(4, step) for step in steps] + [(5, step) for step in steps]
    order += [(0, step) for step in steps] + [(1, step) for step in steps] + [(2, step) for step in steps]
    for k, step in order:
        v = values(step)
        number = k * (rules // KINDS) + step
        if k >= 3:
            test, level = {
                3: (f"100.0 * gain >= {v['level']} * entry", f"(side * entry + {v['kept'] / 100} * entry)"),
                4: (f"age >= {v['late'] * MINUTE}", f"(here - {v['near'] / 100} * price)"),
                5: (f"volatility >= {v['volatility']}", f"(here - {v['far'] / 100} * price)"),
            }[k]
            lines += [
                f"    if {test}:", f"        level = {level} // 5.0 * 5.0",
                "        if level < here and not level - kept < 5.0 and level > best:",
                f"            mover, best = {number}, level",
            ]  # fmt: skip
            continue
        test, share, code = {
            0: (f"100.0 * gain >= {v['profit']} * entry and age >= {v['age'] * MINUTE}", 0.5, 2),
            1: (f"100.0 * gain >= {v['high']} * entry", 0.75, 2),
            2: (f"100.0 * gain >= {v['low']} * entry and momentum >= {v['momentum']} and volume >= 1.5", 0.25, 3),
        }[k]
        lines += [
            f"    if fired[{number}] < 1.0 and {test}:", f"        n = quantity * {share} // lot * lot",
            "        if kind == 0 and n > 0.0:", f"            kind, rule, amount = {code}, {number}, n",
        ]  # fmt: skip
    return "\n".join([*lines, "    return kind, rule, amount, mover, best * side", ""])


def by_hand(rules: int) -> Callable[..., object]:
    names: dict[str, object] = {}
    exec(compile(by_hand_source(rules), "<by hand>", "exec"), names)
    function: Callable[..., object] = names["by_hand"]  # type: ignore[assignment]
    return function


def hand_rows(rules: int, positions: list[tuple[Snapshot, Memory]]) -> list[tuple[object, ...]]:
    return [
        (
            s.side, s.quantity, s.entry, s.price, s.stop, s.now - (s.opened or 0), s.lot,
            s.side * (s.facts["momentum"] or 0.0), s.facts["volume"], s.facts["volatility"], [0.0] * rules,
        )
        for s, _ in positions
    ]  # fmt: skip


def one_by_one(counts: list[int]) -> None:
    positions = book(400)
    for shuffled in (False, True):
        works: list[Callable[[], object]] = []
        for rules in counts:
            policy, function, rows = compiled(rules, shuffled), by_hand(rules), hand_rows(rules, positions)
            works.append(lambda p=policy: [decide(p, s, m) for s, m in positions])  # type: ignore[misc]
            works.append(lambda f=function, rows=rows: [f(*row) for row in rows])  # type: ignore[misc]
        found = medians(works, 11)
        for place, rules in enumerate(counts):
            ours, theirs = found[2 * place], found[2 * place + 1]
            growth = statistics.median(a / b for a, b in zip(ours, found[0], strict=True))
            by_hand_growth = statistics.median(a / b for a, b in zip(theirs, found[1], strict=True))
            print(
                f"{rules:4} rules{', mixed in the file' if shuffled else '':20} decide "
                f"{statistics.median(ours) / len(positions) * 1e6:7.2f} µs: {growth:6.2f} × the first; bare function "
                f"by hand {statistics.median(theirs) / len(positions) * 1e6:7.2f} µs: {by_hand_growth:6.2f} ×",
                flush=True,
            )


LOOP = """
def by_rows(rows, side, quantity, entry, price, stop, age, lot, momentum, volume, volatility, fired, kinds, numbers,
            amounts, movers, levels):
    for i in range(rows):
        kinds[i], numbers[i], amounts[i], movers[i], levels[i] = by_hand(
            side[i], quantity[i], entry[i], price[i], stop[i], age[i], lot[i], momentum[i], volume[i], volatility[i],
            fired)
"""
ROWS = 10_000
BY_HAND = 100
"""Of 600 rules by hand numba gives up: it recurses too deep."""


def loop_by_hand(rules: int, columns: dict[str, Any]) -> Callable[[], object]:
    """Return the function by hand, compiled in a loop over columns."""
    names: dict[str, Any] = {}
    exec(compile(by_hand_source(rules) + LOOP, "<by hand>", "exec"), names)
    names["by_hand"] = numba.njit(error_model="numpy")(names["by_hand"])
    run = numba.njit(error_model="numpy")(names["by_rows"])
    side = columns["side"]
    given = [columns[name] for name in ("quantity", "entry", "price", "stop")]
    facts = [side * columns["momentum"], columns["volume"], columns["volatility"]]
    age, fired = BASE.now - columns["opened"], np.zeros(rules)
    kinds = (np.int8, np.int32, np.float64, np.int32, np.float64)

    def decided() -> object:
        room = [np.empty(ROWS, kind) for kind in kinds]
        run(ROWS, side, *given, age, columns["lot"], *facts, fired, *room)
        return room

    return decided


def in_columns(count: int) -> dict[str, Any]:
    """Return the positions that are asked one by one, as columns."""
    snapshots = [snapshot for snapshot, _ in book(count)]
    found = {name: np.array([getattr(one, name) for one in snapshots])
             for name in ("side", "quantity", "entry", "price", "stop", "opened", "lot")}  # fmt: skip
    facts = ("momentum", "volume", "volatility")
    return found | {name: np.array([one.facts[name] for one in snapshots], float) for name in facts}


def in_bulk(counts: list[int]) -> None:
    """Decide on ten thousand rows, by ours and by hand; the first look compiles."""
    columns = in_columns(ROWS)
    works: list[Callable[[], object]] = []
    names: list[str] = []
    for rules in counts:
        policy = compiled(rules)
        ours = lambda p=policy: decide_many(p, columns, prices="units", now=BASE.now)  # type: ignore[misc]
        for name, work in (
            ("decide_many", ours),
            *([("by hand", loop_by_hand(rules, columns))] if rules <= BY_HAND else []),
        ):
            started = time.process_time()
            work()
            names.append(f"{rules:4} rules in bulk, {name:11} (at first {time.process_time() - started:5.1f} s)")
            works.append(work)
    found = medians(works, 15)
    for place, name in enumerate(names):
        first = found[1 if "by hand" in name else 0]
        growth = statistics.median(a / b for a, b in zip(found[place], first, strict=True))
        print(f"{name} {statistics.median(found[place]) / ROWS * 1e9:7.1f} ns a row: {growth:6.2f} × the first")


def main() -> None:
    words = sys.argv[1:]
    counts = [int(word) for word in words if word.isdigit()] or [6, 60, 600]
    if "bulk" not in words:
        one_by_one(counts)
    in_bulk(counts)


if __name__ == "__main__":
    main()

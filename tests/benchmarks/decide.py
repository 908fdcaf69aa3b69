"""What a decision costs: against a function by hand, over 1,000 positions, and in bulk under numba.

Run it with `python -m tests.benchmarks.decide`; every ratio is taken from one run, the two sides in turn.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping
from random import Random

from attrs import evolve

from rulekit.compile.policy import compile_policy
from rulekit.engine.decide import decide
from rulekit.model.decision import Action, Decision, Memory, NotYet, RuleMemory
from rulekit.model.instant import DAY, HOUR, MINUTE, moment_of
from rulekit.model.later import Later
from rulekit.model.snapshot import Snapshot
from tests.compile.policies import SEVEN, position

POLICY = compile_policy(SEVEN)
NAMES = [rule.name for rule in POLICY.rules]
BOOK_50, BOOK_75, SCALE, BREAK_EVEN, TIME, VOLATILITY, SQUARE_OFF = NAMES
NOTHING = RuleMemory()
IST = 5 * HOUR + 30 * MINUTE
QUARTER_PAST_THREE = 15 * HOUR + 15 * MINUTE


def figures(s: Snapshot, quantity: int | None) -> dict[str, float | None]:
    momentum = s.facts.get("momentum over 15 minutes", s.facts.get("momentum"))
    return {
        "profit": 100 * (s.price - s.entry) * s.side / s.entry,
        "age": None if s.opened is None else (s.now - s.opened) / MINUTE,
        "momentum": None if momentum is None else momentum * s.side,
        "percent": None if quantity is None else 100 * quantity / s.quantity,
        "price": s.price / s.scale,
    }


def order(s: Snapshot, rule: str, kind: str, quantity: int, why: Callable[[], str], lane: str = "immediate") -> Action:
    side = "BUY" if (s.side > 0) is (kind == "add") else "SELL"
    return Action(rule, kind, side, quantity, None, lane, Later(why), Later(figures, s, quantity))


def short(value: float) -> str:
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def held(age: float) -> str:
    hours, minutes = divmod(int(age // MINUTE), 60)
    parts = []
    if hours:
        parts.append("1 hour" if hours == 1 else f"{hours} hours")
    if minutes or not hours:
        parts.append("1 minute" if minutes == 1 else f"{minutes} minutes")
    return " ".join(parts)


def rupees(units: float) -> str:
    return f"₹{units / 100:,.2f}"


LACKS = {SCALE: ("momentum", "volume"), VOLATILITY: ("volatility",)}


def lacking(rule: str, facts: Mapping[str, float | None]) -> str:
    names = [name for name in LACKS.get(rule, ("price",)) if not known(facts.get(name))]
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"


def known(value: float | None) -> bool:
    return value is not None and -1e15 < value < 1e15


def by_hand(s: Snapshot, memory: Memory | None = None) -> Decision:
    """Do by hand what the seven sentences say, over the same snapshot and memory, to the same decision."""
    side, quantity, lot, tick = s.side, s.quantity, s.lot, s.tick
    price = s.price if 0 < s.price < 1e15 else math.nan
    entry = s.entry if 0 < s.entry < 1e15 else math.nan
    stop, target = side * s.stop, side * s.target
    now, here = s.now, side * price
    if here <= stop or here >= target:
        name = "stop" if here <= stop else "target"
        if s.in_flight:
            return Decision(s.symbol, skipped=(name,), memory=memory or {})
        level = s.stop if name == "stop" else s.target
        exit_now = order(
            s, name, "exit", quantity,
            lambda: f"price {rupees(price)} has reached the {name} at {rupees(level)}", "critical",
        )  # fmt: skip
        return Decision(s.symbol, (exit_now,), memory=memory or {})
    gain = here - side * entry
    age = 1e14 if s.opened is None else now - s.opened
    facts = s.facts
    momentum = facts.get("momentum over 15 minutes", facts.get("momentum"))
    volume, volatility, charges = facts.get("volume"), facts.get("volatility"), facts.get("charges")
    charges = charges * s.scale if charges is not None and charges > 0 else 0.0
    fired = memory or {}
    chosen: Action | None = None
    passed: list[str] = []
    unknown: list[str] = []

    best, mover = -1e18, ""
    why_moved: Callable[[], str] = str
    if 10 * gain >= entry:
        level = (50 * (side * entry + charges) + entry + side * charges) // (50 * tick) * tick
        if level >= here:
            passed.append(BREAK_EVEN)
        elif not level - stop < tick:
            best, mover, why_moved = level, BREAK_EVEN, lambda: f"profit {short(100 * gain / entry)}%, needs 10%"
    if age >= 2 * HOUR:
        level = (100 * here - price) // (100 * tick) * tick
        if not level - stop < tick and level > best:
            best, mover, why_moved = level, TIME, lambda: f"age {held(age)}, needs 2 hours"
    if not known(volatility):
        unknown.append(VOLATILITY)
    elif volatility >= 2:
        level = (50 * here - price) // (50 * tick) * tick
        if not level - stop < tick and level > best:
            best, mover = level, VOLATILITY
            why_moved = lambda: (
                f"high volatility: volatility {short(volatility)} times normal, needs at least 2 times normal"
            )

    flying = s.in_flight
    if fired.get(SQUARE_OFF, NOTHING).fired < 1 and (now + IST) % DAY >= QUARTER_PAST_THREE and not flying:
        chosen = order(s, SQUARE_OFF, "exit", quantity, lambda: f"time {moment_of(now):%H:%M}, needs 15:15 or later")
    if 20 * gain >= 3 * entry and age >= 30 * MINUTE and fired.get(BOOK_50, NOTHING).fired < 1:
        amount = quantity // (2 * lot) * lot
        if flying or chosen is not None:
            passed.append(BOOK_50)
        elif amount > 0:
            why = lambda: f"profit {short(100 * gain / entry)}%, needs 15%; age {held(age)}, needs 30 minutes"
            chosen = order(s, BOOK_50, "book", amount, why)
        else:
            passed.append(BOOK_50)
    if 4 * gain >= entry and fired.get(BOOK_75, NOTHING).fired < 1:
        amount = 3 * quantity // (4 * lot) * lot
        if flying or chosen is not None:
            passed.append(BOOK_75)
        elif amount > 0:
            chosen = order(s, BOOK_75, "book", amount, lambda: f"profit {short(100 * gain / entry)}%, needs 25%")
        else:
            passed.append(BOOK_75)
    if 20 * gain >= entry and fired.get(SCALE, NOTHING).fired < 1:
        if not known(momentum) or not known(volume):
            if not (known(momentum) and side * momentum < 2) and not (known(volume) and volume < 1.5):
                unknown.append(SCALE)
        elif side * momentum >= 2 and volume >= 1.5:
            amount = quantity // (4 * lot) * lot
            if flying or chosen is not None:
                passed.append(SCALE)
            elif amount > 0:
                why = lambda: (
                    f"profit {short(100 * gain / entry)}%, needs 5%; "
                    f"strong momentum: momentum over 15 minutes {short(side * momentum)}%, needs at least 2%; "
                    f"high volume: volume {short(volume)} times normal, needs at least 1.5 times normal"
                )
                chosen = order(s, SCALE, "add", amount, why)
            else:
                passed.append(SCALE)
    elif gain != gain:
        unknown.extend((BOOK_50, BOOK_75, SCALE, BREAK_EVEN))

    actions: tuple[Action, ...] = () if chosen is None else (chosen,)
    if mover and (chosen is None or chosen.kind != "exit"):
        moved = Action(mover, "stop", None, None, best * side, "next cycle", Later(why_moved), Later(figures, s, None))
        actions = (*actions, moved)
    account = Later(lambda: ((), tuple(NotYet(name, f"{lacking(name, facts)} unknown", True) for name in unknown)))
    return Decision(s.symbol, actions, tuple(unknown), tuple(passed), memory or {}, account)


# --- measuring -------------------------------------------------------------------------------------------------

FACTS = {"momentum": 1.0, "volume": 1.1, "volatility": 1.2}
FIRED = {name: RuleMemory(fired=1, fired_at=position().now) for name in (BOOK_50, BOOK_75, SCALE)}
SCENES: dict[str, tuple[Snapshot, Memory]] = {
    "nothing to do": (position(price=171000.0, stop=165000.0, facts=FACTS), {}),
    "all fired, stop in place": (position(stop=197900.0, facts=FACTS), FIRED),
    "a book and a stop move": (position(stop=165000.0, facts=FACTS), {}),
    "the stop is reached": (position(price=165000.0, stop=165000.0, facts=FACTS), {}),
    "a fact is missing": (position(price=171000.0, stop=165000.0, facts={"momentum": 1.0, "volume": 1.1}), {}),
    "nothing, no stop": (position(price=171000.0, facts=FACTS), {}),
}


def seconds(work: Callable[[], object], count: int) -> float:
    # the processor's time: on a busy machine the wall's says how many others there are
    started = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - started) / count


def in_turn(
    one: Callable[[], object], other: Callable[[], object], count: int = 300, times: int = 201
) -> tuple[float, float, float]:
    """Return the medians of both, measured in short turns, and the median of the ratios of neighbours."""
    pairs = [(seconds(one, count), seconds(other, count)) for _ in range(times)]
    ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs), ratio


def bare(decision: Decision) -> list[tuple[object, ...]]:
    return [(a.rule, a.kind, a.side, a.quantity, a.stop, a.lane, str(a.detail)) for a in decision.actions]


def random_position(draw: Random) -> tuple[Snapshot, Memory]:
    side, entry = draw.choice((1, -1)), draw.randrange(2000, 60_000) * 5.0
    price = entry + side * round(entry * draw.uniform(-0.03, 0.3) / 5) * 5
    stop = draw.choice((math.nan, entry - side * round(entry * draw.uniform(-0.05, 0.05) / 5) * 5))
    facts = {"momentum": draw.uniform(-4, 4), "volume": draw.uniform(0, 3), "volatility": draw.uniform(0, 3)}
    if draw.random() < 0.1:
        facts.pop(draw.choice(list(facts)))
    opened = position().now - draw.randrange(0, 240) * MINUTE
    here = position(
        side=side, entry=entry, price=price, stop=stop, facts=facts, opened=opened, quantity=draw.randrange(1, 500)
    )
    return evolve(here, lot=draw.choice((1, 1, 10))), draw.choice(({}, FIRED))


def agree() -> None:
    """Check that both give the same actions before anything is timed."""
    draw = Random(1)
    cases = [*SCENES.values(), *(random_position(draw) for _ in range(5000))]
    for snapshot, memory in cases:
        assert bare(decide(POLICY, snapshot, memory)) == bare(by_hand(snapshot, memory)), snapshot


def main() -> None:
    agree()
    print("the same actions on 5,000 random positions")
    for name, (snapshot, memory) in SCENES.items():
        one, other = (lambda: decide(POLICY, snapshot, memory)), (lambda: by_hand(snapshot, memory))  # noqa: B023
        ours, theirs, ratio = in_turn(one, other)
        print(f"one position, {name:26} {ours * 1e6:6.2f} µs, by hand {theirs * 1e6:6.2f} µs: ratio {ratio:.2f}")
    draw = Random(2)
    book = [random_position(draw) for _ in range(1000)]
    ours, theirs, ratio = in_turn(
        lambda: [decide(POLICY, snapshot, memory) for snapshot, memory in book],
        lambda: [by_hand(snapshot, memory) for snapshot, memory in book],
        1,
        45,
    )
    print(f"1,000 positions {ours * 1e3:.2f} ms, by hand {theirs * 1e3:.2f} ms: ratio {ratio:.2f}")
    in_bulk(book)


def in_bulk(book: list[tuple[Snapshot, Memory]]) -> None:
    """Time the generated function alone over encoded rows, in CPython and under numba."""
    import numba
    import numpy as np

    layout = POLICY.layout
    rows = [layout.encode(snapshot) for snapshot, _ in book] * 10
    memories = [layout.encode_memory(memory, snapshot) for snapshot, memory in book] * 10
    results = [[0.0] * layout.results for _ in rows]

    def loop() -> None:
        for facts, memory, result in zip(rows, memories, results, strict=True):
            POLICY.function(facts, memory, result)

    one = numba.njit(POLICY.function)

    @numba.njit
    def fast(facts, memory, result):  # type: ignore[no-untyped-def]
        for row in range(facts.shape[0]):
            one(facts[row], memory[row], result[row])

    arrays = np.array(rows), np.array(memories), np.array(results)
    started = time.perf_counter()
    fast(*arrays)
    compiled = time.perf_counter() - started
    slow, quick, _ = in_turn(loop, lambda: fast(*arrays), 1, 15)
    print(
        f"the function over 10,000 rows: CPython {slow * 1e3:.1f} ms, numba {quick * 1e3:.2f} ms "
        f"(ratio {slow / quick:.0f}, first call {compiled:.1f} s)"
    )
    encoded = statistics.median(seconds(lambda: [layout.encode(snapshot) for snapshot, _ in book], 3) for _ in range(9))
    print(f"encoding 1,000 positions {encoded * 1e3:.2f} ms")


if __name__ == "__main__":
    main()

"""Policies and snapshots for tests: the seven sentences as a tree, and seeded random ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from random import Random

from rulekit.compile.predicate import watched
from rulekit.language import tree as t
from rulekit.language.tree import AmountKind, Op, TimeForm, Unit
from rulekit.language.unnamed import memory_key
from rulekit.model.decision import MISSING_DATA, RuleMemory
from rulekit.model.instant import DAY, HOUR, MINUTE, parse_instant
from rulekit.model.snapshot import SessionTimes, Snapshot

NOW = parse_instant("2026-11-20T11:00:00+05:30")
ONCE = t.Limit(times=1)


def percent_of_held(value: int) -> t.Amount:
    return t.Amount(AmountKind.PERCENT_HELD, Fraction(value))


def rule(name: str, verb: t.Verb, **parts: object) -> t.Rule:
    parts.setdefault("limit", ONCE if isinstance(verb, t.Exit | t.Book | t.Add | t.Alert) else t.Limit())
    return t.Rule(name, name, verb, **parts)  # type: ignore[arg-type]


def policy(*rules: t.Rule, title: str = "test", **parts: object) -> t.PolicyTree:
    values = {"applies": t.Applies(), "values": (), "definitions": (), "examples": (), "source": title, **parts}
    return t.PolicyTree(title=title, rules=tuple(rules), **values)  # type: ignore[arg-type]


def profit(value: object, unit: Unit = Unit.PERCENT) -> t.Level:
    return t.Level(Fraction(str(value)), unit)


def loss(value: object, unit: Unit = Unit.PERCENT) -> t.Level:
    return t.Level(Fraction(str(value)), unit, profit=False)


def after(minutes: int) -> t.When:
    return t.When(TimeForm.AGE, minutes * MINUTE)


def from_clock(hours: int, minutes: int = 0) -> t.When:
    return t.When(TimeForm.FROM_CLOCK, hours * HOUR + minutes * MINUTE, unit=Unit.CLOCK, worded="at")


def fact_at_least(name: str, value: object, unit: Unit, minutes: int | None = None) -> t.Comparison:
    window = None if minutes is None else t.Window(minutes * MINUTE, Unit.DURATION)
    return t.Comparison(t.FactRef(name, unit, window), Op.AT_LEAST, t.Number(Fraction(str(value)), unit))


def price(base: str, offset: object = None, unit: Unit = Unit.PERCENT, *, towards_profit: bool = True) -> t.PriceExpr:
    distance = None if offset is None else t.Distance(Fraction(str(offset)), unit)
    return t.PriceExpr(t.PriceFact(base), distance, towards_profit)


def from_price(value: object, unit: Unit = Unit.PERCENT) -> t.PriceExpr:
    return t.PriceExpr(
        t.PriceFact("price"), t.Distance(Fraction(str(value)), unit), towards_profit=False, from_form=True
    )


MOMENTUM = t.Named("strong momentum", fact_at_least("momentum", 2, Unit.PERCENT, 15))
VOLUME = t.Named("high volume", fact_at_least("volume", 1.5, Unit.TIMES))
VOLATILITY = t.Named("high volatility", fact_at_least("volatility", 2, Unit.TIMES))
SEVEN = policy(
    rule("PARTIAL_PROFIT_BOOKING_50%", t.Book(percent_of_held(50)), level=profit(15), times=(after(30),)),
    rule("PARTIAL_PROFIT_BOOKING_75%", t.Book(percent_of_held(75)), level=profit(25)),
    rule("POSITION_SCALING_MOMENTUM", t.Add(percent_of_held(25)), level=profit(5), when=t.And((MOMENTUM, VOLUME))),
    rule("STOP_LOSS_ADJUSTMENT", t.MoveStop(price("break-even", 2)), level=profit(10)),
    rule("TIME_BASED_TIGHTENING", t.MoveStop(from_price(1), tighten=True), times=(after(120),)),
    rule("VOLATILITY_ADJUSTMENT", t.MoveStop(from_price(2), tighten=True), when=VOLATILITY),
    rule("Square off", t.Exit(), times=(from_clock(15, 15),)),
    title="Position management",
)


def position(**changes: object) -> Snapshot:
    """A long of 100 at ₹1,690, opened 45 minutes ago, at ₹1,998.50."""
    values: dict[str, object] = {
        "symbol": "KOTAKBANK",
        "side": 1,
        "quantity": 100,
        "entry": 169000.0,
        "price": 199850.0,
        "now": NOW,
        "opened": NOW - 45 * MINUTE,
        "age_days": 0.0,
        "facts": {},
    }
    return Snapshot(**{**values, **changes})  # type: ignore[arg-type]


# --- random policies -------------------------------------------------------------------------------------------

PERCENTS = ("0.35", "0.6", "1", "2", "5", "10", "15", "25", "33.3", "50")
SMALL = ("0", "0.5", "1", "1.5", "2", "3", "20")
PRICES = ("break-even", "entry", "price", "best price", "high since entry", "low since entry", "day high", "vwap")
WINDOWS = (None, t.Window(15 * MINUTE, Unit.DURATION), t.Window(5, Unit.BARS))


EXIT_ON_MISSING_DATA = t.Rule(MISSING_DATA, None, t.Exit(), when=t.DataMissing(), limit=ONCE)


def random_policy(draw: Random, rules: int = 8, *, guarded: float = 0) -> t.PolicyTree:
    """Draw a policy; `guarded` is the chance that it exits when data is missing."""
    drawn = [random_rule(draw, f"rule {number}") for number in range(1, rules + 1)]
    if guarded and draw.random() < guarded:
        drawn.insert(draw.randrange(rules), EXIT_ON_MISSING_DATA)
    return policy(*drawn)


def random_rule(draw: Random, name: str) -> t.Rule:
    verb = random_verb(draw)
    parts: dict[str, object] = {}
    if draw.random() < 0.5:
        parts["level"] = random_level(draw)
    if draw.random() < 0.4:
        parts["times"] = (random_when(draw),)
    if draw.random() < 0.45:
        parts["when"] = random_condition(draw, 2)
    if draw.random() < 0.15:
        parts["unless"] = random_condition(draw, 1)
    if draw.random() < 0.4:
        parts["limit"] = draw.choice(
            (
                t.Limit(times=2, written=True),
                t.Limit(every=30 * MINUTE, written=True),
                t.Limit(every=3, every_unit=Unit.BARS, written=True),
                t.Limit(every=2, every_unit=Unit.DAYS, times=3, written=True),
                t.Limit(daily=True, written=True),
                t.Limit(written=True),
            )
        )
    return rule(name, verb, **parts)


def random_verb(draw: Random) -> t.Verb:
    percent = Fraction(draw.choice(PERCENTS))
    return draw.choice(
        (
            t.Exit,
            lambda: t.Book(random_amount(draw)),
            lambda: t.Book(random_amount(draw)),
            lambda: t.Add(random_amount(draw)),
            lambda: t.MoveStop(random_price(draw)),
            lambda: t.MoveStop(from_price(percent)),
            lambda: t.TightenStopBy(percent),
            lambda: t.TrailStop(random_distance(draw)),
            lambda: t.LockIn(percent),
            lambda: t.SetTarget(random_price(draw)),
            lambda: t.Alert("{{ profit }}", (("profit", t.FactRef("profit", Unit.PERCENT)),)),
        )
    )()


def random_amount(draw: Random) -> t.Amount:
    kind = draw.choice(tuple(AmountKind))
    value = {AmountKind.SHARES: "37", AmountKind.LOTS: "2", AmountKind.WORTH: "50000"}.get(kind) or draw.choice(
        ("10", "25", "33.3", "50", "75", "100")
    )
    return t.Amount(kind, Fraction(value))


def random_distance(draw: Random) -> t.Distance:
    unit = draw.choice((Unit.PERCENT, Unit.RUPEES, Unit.POINTS, Unit.TICKS, Unit.ATR, Unit.R))
    return t.Distance(Fraction(draw.choice(SMALL)), unit)


def random_price(draw: Random) -> t.PriceExpr:
    base = draw.choice(
        (
            lambda: t.PriceFact(draw.choice(PRICES)),
            lambda: t.PriceFact(draw.choice(("stop", "initial stop", "target", "worst price", "previous close"))),
            lambda: t.PriceFact("sma", WINDOWS[2]),
            lambda: t.PriceConstant(Fraction(draw.choice(("95", "100.05", "104", "1690.50")))),
            lambda: t.PriceAtProfit(
                Fraction(draw.choice(("-2", "1.5", "3"))), draw.choice((Unit.PERCENT, Unit.R, Unit.POINTS, Unit.RUPEES))
            ),
        )
    )()
    if draw.random() < 0.4:
        return t.PriceExpr(base)
    return t.PriceExpr(base, random_distance(draw), draw.random() < 0.5)


def random_level(draw: Random) -> t.Level | t.PriceLevel:
    if draw.random() < 0.2:
        return t.PriceLevel(random_price(draw))
    unit = draw.choice((Unit.PERCENT, Unit.PERCENT, Unit.RUPEES, Unit.R, Unit.POINTS, Unit.TICKS, Unit.ATR))
    value = Fraction(draw.choice(("100", "2500"))) if unit is Unit.RUPEES else Fraction(draw.choice(PERCENTS))
    return t.Level(value, unit, draw.random() < 0.7, every=draw.random() < 0.15)


def random_when(draw: Random) -> t.When:
    clock = lambda: draw.choice((9, 10, 11, 13, 15)) * HOUR + draw.choice((0, 15, 30)) * MINUTE
    return draw.choice(
        (
            lambda: after(draw.choice((0, 30, 120, 1440))),
            lambda: t.When(TimeForm.AGE, draw.choice((1, 3)), unit=Unit.DAYS),
            lambda: t.When(TimeForm.AGE, 5, unit=Unit.BARS),
            lambda: t.When(TimeForm.AGE, 2 * DAY),
            lambda: t.When(TimeForm.FROM_CLOCK, clock(), unit=Unit.CLOCK),
            lambda: t.When(TimeForm.BEFORE_CLOCK, clock(), unit=Unit.CLOCK),
            lambda: t.When(TimeForm.BETWEEN_CLOCK, clock(), clock(), unit=Unit.CLOCK),
            lambda: t.When(TimeForm.BEFORE_CLOSE, draw.choice((15, 300)) * MINUTE),
            lambda: t.When(TimeForm.ON_DAY, draw.randrange(7)),
            lambda: t.When(TimeForm.ON_EXPIRY),
        )
    )()


FACT_MEASURES: tuple[tuple[str, Unit, tuple[str, ...]], ...] = (
    ("profit", Unit.PERCENT, PERCENTS),
    ("profit", Unit.R, SMALL),
    ("loss", Unit.RUPEES, ("500", "5000")),
    ("peak profit", Unit.PERCENT, PERCENTS),
    ("giveback", Unit.PERCENT, ("30", "50")),
    ("total profit", Unit.RUPEES, ("0", "2500")),
    ("age", Unit.DURATION, (str(30 * MINUTE), str(2 * HOUR), str(3 * DAY))),
    ("age", Unit.DAYS, ("1", "3")),
    ("initial risk", Unit.PERCENT, ("1", "2")),
    ("quantity", Unit.COUNT, ("1", "50", "75")),
    ("lots", Unit.COUNT, ("1", "4")),
    ("value", Unit.RUPEES, ("5000", "100000")),
    ("times booked", Unit.COUNT, ("0", "1")),
    ("time", Unit.CLOCK, (str(11 * HOUR),)),
    ("minutes to close", Unit.COUNT, ("30", "120")),
    ("days to expiry", Unit.COUNT, ("0", "3")),
    ("day profit", Unit.RUPEES, ("0", "1000")),
    ("day loss", Unit.RUPEES, ("0", "1000")),
    ("open positions", Unit.COUNT, ("3", "8")),
    ("exposure", Unit.RUPEES, ("100000",)),
    ("momentum", Unit.PERCENT, ("0.1", "2", "0.35")),
    ("change", Unit.PERCENT, ("0.1", "2")),
    ("volume", Unit.TIMES, ("1.5", "0.3")),
    ("volatility", Unit.TIMES, ("2", "0.7")),
    ("atr", Unit.RUPEES, ("1", "2.5")),
    ("rsi", Unit.COUNT, ("30", "70")),
    ("spread", Unit.PERCENT, ("0.1",)),
)
WORDS = (
    ("side", ("long", "short")),
    ("symbol", ("KOTAKBANK", "infy")),
    ("strategy", ("breakout", "reversal")),
    ("product", ("MIS", "CNC")),
    ("day", ("Friday", "monday")),
)


def random_condition(draw: Random, depth: int) -> t.Condition:
    if depth and draw.random() < 0.5:
        items = tuple(random_condition(draw, depth - 1) for _ in range(draw.choice((2, 2, 3))))
        return draw.choice((t.And, t.Or))(items)
    if depth and draw.random() < 0.3:
        return t.Not(random_condition(draw, depth - 1))
    if draw.random() < 0.12:
        length = t.Number(*draw.choice(((Fraction(5 * MINUTE), Unit.DURATION), (Fraction(3), Unit.BARS))))
        return t.Lasting(random_condition(draw, depth), length)
    if draw.random() < 0.12:
        return random_crossing(draw)
    if draw.random() < 0.08:
        return random_move(draw)
    if draw.random() < 0.15:
        return t.Named("a name", random_condition(draw, 0))
    return draw.choice((random_comparison, random_comparison, random_words, random_prices, random_between))(draw)


def random_comparison(draw: Random) -> t.Condition:
    name, unit, values = draw.choice(FACT_MEASURES)
    window = draw.choice(WINDOWS) if name in ("momentum", "volume", "volatility", "atr", "rsi") else None
    fact, number = t.FactRef(name, unit, window), t.Number(Fraction(draw.choice(values)), unit)
    operator = draw.choice(tuple(Op))
    return t.Comparison(number, operator, fact) if draw.random() < 0.1 else t.Comparison(fact, operator, number)


def random_crossing(draw: Random) -> t.Crosses:
    if draw.random() < 0.5:
        left: t.Operand = t.FactRef(draw.choice(("price", "vwap", "entry")), Unit.RUPEES)
        return t.Crosses(left, draw.random() < 0.5, random_price(draw))
    name, unit, values = draw.choice(FACT_MEASURES)
    return t.Crosses(t.FactRef(name, unit), draw.random() < 0.5, t.Number(Fraction(draw.choice(values)), unit))


def random_move(draw: Random) -> t.Moves:
    name = draw.choice(("price", "profit", "loss"))
    subject = t.FactRef(name, Unit.RUPEES if name == "price" else Unit.PERCENT)
    by = t.Number(Fraction(draw.choice(("0.1", "0.35", "2"))), Unit.PERCENT)
    return t.Moves(subject, draw.random() < 0.5, by, t.Window(5 * MINUTE, Unit.DURATION))


def random_words(draw: Random) -> t.Condition:
    name, values = draw.choice(WORDS)
    return t.Comparison(t.FactRef(name, Unit.TEXT), draw.choice((Op.IS, Op.IS_NOT)), t.Text(draw.choice(values)))


def random_prices(draw: Random) -> t.Condition:
    left = t.FactRef(draw.choice(("price", "vwap", "day high", "stop", "entry")), Unit.RUPEES)
    right = t.Number(Fraction("100.50"), Unit.RUPEES) if draw.random() < 0.3 else random_price(draw)
    return t.Comparison(left, draw.choice(tuple(Op)), right)


def random_between(draw: Random) -> t.Condition:
    name, unit, values = draw.choice(FACT_MEASURES)
    low = Fraction(draw.choice(values))
    return t.Between(t.FactRef(name, unit), t.Number(low, unit), t.Number(low * 2, unit))


# --- random snapshots ------------------------------------------------------------------------------------------

BAD = (math.nan, math.inf, -math.inf, 0.0, -5.0, 1e300, 1e17)
FACT_NAMES: dict[str, Callable[[Random], float]] = {
    "momentum": lambda draw: draw.choice((-2.0, 2.0, 0.1, 0.35, draw.uniform(-4, 4))),
    "momentum over 15 minutes": lambda draw: draw.choice((-2.0, 2.0, draw.uniform(-4, 4))),
    "change": lambda draw: draw.choice((-0.1, 0.1, draw.uniform(-4, 4))),
    "change over 5 minutes": lambda draw: draw.choice((-0.1, 0.1, 2.0, -2.0, draw.uniform(-4, 4))),
    "volume": lambda draw: draw.choice((1.5, 0.3, draw.uniform(0, 4))),
    "volume over 5 bars": lambda draw: draw.uniform(0, 4),
    "volatility": lambda draw: draw.choice((2.0, 0.7, draw.uniform(0, 4))),
    "atr": lambda draw: draw.choice((1.0, 0.55, draw.uniform(0, 5))),
    "rsi over 5 bars": lambda draw: draw.uniform(0, 100),
    "spread": lambda draw: draw.choice((0.1, draw.uniform(0, 0.5))),
    "vwap": lambda draw: draw.choice((100.0, 104.35, draw.uniform(95, 105))),
    "day high": lambda draw: draw.choice((104.0, 106.05)),
    "sma": lambda draw: draw.uniform(95, 105),
    "previous close": lambda draw: 99.95,
    "day profit": lambda draw: draw.choice((0.0, -1000.0, draw.uniform(-5000, 5000))),
    "day loss": lambda draw: draw.choice((1000.0, draw.uniform(-5000, 5000))),
    "open positions": lambda draw: float(draw.randrange(10)),
    "exposure": lambda draw: draw.uniform(0, 200000),
    "charges": lambda draw: draw.choice((0.15, 0.05)),
    "bar minutes": lambda draw: draw.choice((1.0, 5.0)),
}


def random_facts(draw: Random) -> dict[str, float | None]:
    facts: dict[str, float | None] = {}
    for name, value in FACT_NAMES.items():
        luck = draw.random()
        if luck < 0.72:
            facts[name] = value(draw)
        elif luck < 0.85:
            facts[name] = draw.choice((*BAD, None))
    return facts


def random_snapshot(draw: Random) -> Snapshot:
    """A position round ₹100, sometimes with an average entry, sometimes with nonsense in it.

    Prices are whole units or quarters of one: what is promised to be exact, and what a float holds exactly.
    """
    tick = draw.choice((5.0, 5.0, 1.0, 10.0))
    unit = lambda low, high: draw.randrange(int(low / tick), int(high / tick)) * tick
    side = draw.choice((1, -1))
    entry = draw.choice((10000.0, unit(9500, 10500), unit(9500, 10500) + 0.25))
    price = draw.choice((entry, entry * 1.5, round(entry * 1.15) * 1.0, unit(9500, 10500), unit(7000, 13000)))
    maybe = lambda value, chance=0.75: value if draw.random() < chance else draw.choice((math.nan, *BAD))
    now = NOW + draw.choice((0, -90, 240, 255, 30, -3000)) * MINUTE
    lot = draw.choice((1, 1, 10, 25))
    quantity = draw.choice((1, 3, 100, 105, lot, lot * 4, draw.randrange(1, 500)))
    today = date(2026, 11, 20)
    return Snapshot(
        symbol=draw.choice(("KOTAKBANK", "INFY")),
        side=side,
        quantity=quantity,
        entry=maybe(entry, 0.97),
        price=maybe(price, 0.93),
        now=now,
        opened=draw.choice((now, now - 30 * MINUTE, now - draw.randrange(4000) * MINUTE, None)),
        product=draw.choice(("MIS", "CNC")),
        strategy=draw.choice(("", "Breakout", "reversal")),
        original=draw.choice((0, quantity, quantity * 2, quantity + 7)),
        stop=maybe(entry - side * unit(50, 900), 0.6),
        initial_stop=maybe(entry - side * unit(-50, 600), 0.7),
        target=maybe(entry + side * unit(500, 3000), 0.2),
        best=maybe(entry + side * unit(-100, 1500), 0.6),
        worst=maybe(entry - side * unit(-100, 900), 0.6),
        booked=draw.choice((0, 1)),
        realised=maybe(draw.choice((0.0, 25000.0)), 0.9),
        age_days=draw.choice((0.0, 1.0, 4.0, math.nan)),
        lot=lot,
        tick=tick,
        multiplier=draw.choice((1.0, 1.0, 1.0, 50.0)),
        session=draw.choice((None, SessionTimes(NOW - 105 * MINUTE, NOW + 270 * MINUTE, today))),
        expiry=draw.choice((None, today, today + timedelta(days=5))),
        kind=draw.choice(("equity", "future")),
        facts=random_facts(draw),
        in_flight=draw.random() < 0.1,
    )


def random_marks(draw: Random, rule: t.Rule, snapshot: Snapshot) -> tuple[tuple[str, float], ...]:
    """Remember something of most conditions that last or cross, in the order in which the engine keeps them."""
    marks: dict[str, float] = {}
    for node in watched(rule):
        if draw.random() < 0.3:
            continue
        if isinstance(node, t.Lasting):
            ago = draw.choice((0, 3 * MINUTE, 5 * MINUTE, 5 * MINUTE - 1, 40 * MINUTE))
            marks[memory_key(node)] = float(snapshot.now - ago)
        else:
            marks[memory_key(node)] = draw.choice((1.0, 0.0, 0.0, -1.0))
    return tuple(marks.items())


def random_memory(draw: Random, rules: Sequence[t.Rule], snapshot: Snapshot) -> dict[str, RuleMemory]:
    memory = {}
    for source in rules:
        name = source.name
        if draw.random() < 0.5:
            continue
        fired = draw.choice((0, 0, 1, 2, 3))
        minutes = draw.choice((1, 30, 600, 5000))
        holding = draw.random() < 0.5
        best = draw.choice((snapshot.price, snapshot.entry, snapshot.entry * 1.25, 9800.0, math.nan))
        memory[name] = RuleMemory(
            fired=fired,
            fired_at=snapshot.now - minutes * MINUTE if fired and draw.random() < 0.8 else None,
            since=snapshot.now - 5 * MINUTE if holding else None,
            best=best if holding and 0 < best < 1e15 else math.nan,
            marks=random_marks(draw, source, snapshot),
        )
    return memory

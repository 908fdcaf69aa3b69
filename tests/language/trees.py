"""Hypothesis strategies for checked trees that the language can write down."""

from __future__ import annotations

from fractions import Fraction

from attrs import evolve
from hypothesis import strategies as st

from rulekit.language import tree as t
from rulekit.language import vocabulary as v
from rulekit.language.paths import begins_at, moments
from rulekit.language.sentences import rule_sentence
from rulekit.model.decision import MISSING_DATA
from rulekit.model.instant import HOUR, MINUTE, SECOND

TWO_PLACES = st.integers(1, 999_999).map(lambda n: Fraction(n, 100))
WHOLE = st.integers(1, 99_999).map(Fraction)
PERCENT = st.one_of(st.integers(1, 10_000).map(lambda n: Fraction(n, 100)), st.just(Fraction(100, 3)))
DISTANCE_UNITS = (t.Unit.PERCENT, t.Unit.RUPEES, t.Unit.R, t.Unit.POINTS, t.Unit.TICKS, t.Unit.ATR)
DURATIONS = st.one_of(
    st.integers(1, 5_000).map(lambda n: n * MINUTE),
    st.integers(1, 100_000).map(lambda n: n * SECOND),
    st.integers(1, 99).map(lambda n: n * HOUR),
)
CLOCKS = st.integers(0, 24 * 3600 - 1).map(lambda n: n * SECOND)

VALUE_NAMES = {
    "first target": t.Number(Fraction(15), t.Unit.PERCENT),
    "cash goal": t.Number(Fraction(5000), t.Unit.RUPEES),
    "patience": t.Number(Fraction(45 * MINUTE), t.Unit.DURATION),
    "lunch": t.Number(Fraction(13 * HOUR), t.Unit.CLOCK),
    "slice": t.Number(Fraction(25), t.Unit.COUNT),
}
CONDITIONS = {
    "strong momentum": t.Comparison(
        t.FactRef("momentum", t.Unit.PERCENT, t.Window(15 * MINUTE, t.Unit.DURATION)),
        t.Op.AT_LEAST,
        t.Number(Fraction(2), t.Unit.PERCENT),
    ),
    "late": t.Comparison(t.FactRef("time", t.Unit.CLOCK), t.Op.ABOVE, t.Number(Fraction(15 * HOUR), t.Unit.CLOCK)),
}

windows = st.one_of(
    st.builds(t.Window, st.integers(1, 500).map(lambda n: n * MINUTE), st.just(t.Unit.DURATION)),
    st.builds(t.Window, st.integers(1, 500), st.just(t.Unit.BARS)),
)
PRICE_FACTS = [fact for fact in v.STANDARD if fact.kind == v.PRICE]
NUMBER_FACTS = [fact for fact in v.STANDARD if fact.kind == v.NUMBER]


@st.composite
def distances(draw: st.DrawFn) -> t.Distance:
    if draw(st.integers(0, 9)) == 0:
        return t.Distance(Fraction(15), t.Unit.PERCENT, "first target")
    unit = draw(st.sampled_from(DISTANCE_UNITS))
    value = draw(st.integers(1, 9_999).map(lambda n: Fraction(n, 100)))
    return t.Distance(value, unit, None, draw(windows) if unit is t.Unit.ATR and draw(st.booleans()) else None)


@st.composite
def price_facts(draw: st.DrawFn) -> t.PriceFact:
    if draw(st.integers(0, 3)) == 0:
        return t.PriceFact("break-even")
    fact = draw(st.sampled_from(PRICE_FACTS))
    return t.PriceFact(fact.name, draw(windows) if fact.windowed and draw(st.booleans()) else None)


@st.composite
def prices(draw: st.DrawFn) -> t.PriceExpr:
    form = draw(st.integers(0, 4))
    if form == 0:
        return t.PriceExpr(draw(price_facts()), draw(distances()), towards_profit=False, from_form=True)
    base: t.PriceFact | t.PriceConstant | t.PriceAtProfit
    if form == 1:
        base = draw(st.sampled_from([t.PriceConstant(Fraction(5000), "cash goal"), t.PriceConstant(Fraction(49, 20))]))
    elif form == 2:
        sign = draw(st.sampled_from((1, -1)))
        base = t.PriceAtProfit(draw(TWO_PLACES) * sign, draw(st.sampled_from(DISTANCE_UNITS)))
    else:
        base = draw(price_facts())
    if draw(st.booleans()):
        return t.PriceExpr(base)
    return t.PriceExpr(base, draw(distances()), draw(st.booleans()))


@st.composite
def numbers(draw: st.DrawFn, fact: v.Fact) -> t.Number:
    unit = draw(st.sampled_from(fact.units))
    named = [t.Number(number.value, unit, name) for name, number in VALUE_NAMES.items() if number.unit is unit]
    if unit is t.Unit.COUNT and not fact.bare:
        named = []
    if fact.name == "lots":
        named = []
    if named and draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(named))
    if unit is t.Unit.DURATION:
        return t.Number(Fraction(draw(DURATIONS)), unit)
    if unit is t.Unit.CLOCK:
        return t.Number(Fraction(draw(CLOCKS)), unit)
    if unit in (t.Unit.DAYS, t.Unit.BARS):
        return t.Number(draw(WHOLE), unit)
    sign = draw(st.sampled_from((1, 1, -1)))
    return t.Number(draw(TWO_PLACES) * sign, unit)


TEXTS = {
    "side": v.SIDES,
    "exchange": v.EXCHANGES,
    "product": v.PRODUCTS,
    "day": ("Monday", "Friday"),
    "symbol": ("KOTAKBANK", "M&M", "BAJAJ-AUTO", "3MINDIA", "stop", "a b", 'say "hi"', "₹😀"),
    "strategy": ("Edge", "market structure", "book"),
}


@st.composite
def comparisons(draw: st.DrawFn) -> t.Condition:
    form = draw(st.integers(0, 5))
    if form == 0:
        name = draw(st.sampled_from(sorted(TEXTS)))
        op = draw(st.sampled_from((t.Op.IS, t.Op.IS_NOT)))
        return t.Comparison(t.FactRef(name, t.Unit.TEXT), op, t.Text(draw(st.sampled_from(TEXTS[name]))))
    if form == 1:
        left = draw(st.sampled_from([fact for fact in PRICE_FACTS if not fact.windowed]))
        right: t.Operand = draw(prices().filter(_is_operand))
        return t.Comparison(t.FactRef(left.name, t.Unit.RUPEES), draw(st.sampled_from(t.Op)), right)
    if form == 2:
        left_price = draw(prices().filter(_is_left))
        return t.Comparison(left_price, draw(st.sampled_from(t.Op)), t.FactRef("price", t.Unit.RUPEES))
    fact = draw(st.sampled_from(NUMBER_FACTS))
    window = draw(windows) if fact.windowed and draw(st.booleans()) else None
    number = draw(numbers(fact))
    reference = t.FactRef(fact.name, number.unit, window)
    if form == 3:
        other = draw(numbers(fact).filter(lambda each: each.unit is number.unit))
        low, high = sorted((number, other), key=lambda each: each.value)
        return t.Between(reference, low, high)
    return t.Comparison(reference, draw(st.sampled_from(t.Op)), number)


def _is_operand(price: t.PriceExpr) -> bool:
    """A bare price fact is a fact; a constant or a profit has no place in a comparison with an offset."""
    if isinstance(price.base, t.PriceFact):
        return price.offset is not None or price.base.name in v.PRICE_WORDS
    return False


def _is_left(price: t.PriceExpr) -> bool:
    return _is_operand(price) and not price.from_form


LENGTHS = st.one_of(
    DURATIONS.map(lambda d: t.Number(Fraction(d), t.Unit.DURATION)),
    st.integers(1, 99).map(lambda n: t.Number(Fraction(n), t.Unit.BARS)),
    st.just(t.Number(Fraction(45 * MINUTE), t.Unit.DURATION, "patience")),
)


def _crossing(compared: t.Condition) -> t.Condition:
    """Turn a comparison of numbers into a crossing."""
    numbers = isinstance(compared, t.Comparison) and not isinstance(compared.right, t.Text)
    return t.Crosses(compared.left, compared.op is t.Op.ABOVE, compared.right) if numbers else compared


moves = st.builds(
    t.Moves,
    st.sampled_from(
        [t.FactRef("price", t.Unit.RUPEES), *(t.FactRef(name, t.Unit.PERCENT) for name in ("profit", "loss"))]
    ),
    st.booleans(),
    st.one_of(
        TWO_PLACES.map(lambda value: t.Number(value, t.Unit.PERCENT)),
        st.just(t.Number(Fraction(15), t.Unit.PERCENT, "first target")),
    ),
    windows,
)


conditions = st.recursive(
    st.one_of(
        moves,
        comparisons(),
        comparisons().map(_crossing),
        st.sampled_from([t.Named(name, condition) for name, condition in CONDITIONS.items()]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda items: t.And(tuple(items))),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: t.Or(tuple(items))),
        inner.map(t.Not),
        st.builds(t.Lasting, inner.filter(lambda each: not isinstance(each, t.Crosses)), LENGTHS),
    ),
    max_leaves=6,
)

kinds = t.AmountKind
amounts = st.one_of(
    st.builds(t.Amount, st.just(kinds.PERCENT_HELD), PERCENT),
    st.builds(t.Amount, st.just(kinds.PERCENT_ORIGINAL), PERCENT),
    st.builds(t.Amount, st.sampled_from((kinds.SHARES, kinds.LOTS)), WHOLE),
    st.builds(t.Amount, st.just(kinds.WORTH), TWO_PLACES),
    st.just(t.Amount(kinds.EVERYTHING)),
    st.just(t.Amount(kinds.PERCENT_HELD, Fraction(15), "first target")),
    st.just(t.Amount(kinds.PERCENT_ORIGINAL, Fraction(15), "first target")),
    st.just(t.Amount(kinds.SHARES, Fraction(25), "slice")),
    st.just(t.Amount(kinds.WORTH, Fraction(5000), "cash goal")),
)
up_to = st.one_of(
    st.builds(t.Amount, st.just(kinds.UP_TO), PERCENT), st.just(t.Amount(kinds.UP_TO, Fraction(15), "first target"))
)
ALERT_FACTS = (("symbol", t.FactRef("symbol", t.Unit.TEXT)), ("peak_profit", t.FactRef("peak profit", t.Unit.PERCENT)))
verbs = st.one_of(
    st.just(t.Exit()),
    st.builds(t.Book, st.one_of(amounts, up_to)),
    st.builds(t.Add, amounts),
    st.builds(t.MoveStop, prices(), st.booleans()),
    st.builds(t.TightenStopBy, st.integers(1, 9_999).map(lambda n: Fraction(n, 100))),
    st.builds(t.TrailStop, distances()),
    st.builds(t.LockIn, PERCENT),
    st.builds(t.SetTarget, prices()),
    st.builds(t.Alert, st.text(alphabet='ab :#"₹😀%', min_size=1, max_size=12).filter(str.strip)),
    st.just(t.Alert("{{ symbol }}: {{ peak profit }}", ALERT_FACTS)),
)
levels = st.one_of(
    st.builds(t.Level, TWO_PLACES, st.sampled_from(DISTANCE_UNITS), st.booleans()),
    st.builds(t.Level, st.just(Fraction(15)), st.just(t.Unit.PERCENT), st.booleans(), st.just("first target")),
    st.builds(t.Level, TWO_PLACES, st.sampled_from(DISTANCE_UNITS), st.booleans(), every=st.just(True)),
    st.builds(t.PriceLevel, prices().filter(lambda p: not (isinstance(p.base, t.PriceAtProfit) and p.offset is None))),
)
F = t.TimeForm
C = t.Unit.CLOCK
times = st.one_of(
    st.builds(lambda d: t.When(F.AGE, d), DURATIONS),
    st.builds(lambda n, u: t.When(F.AGE, n, unit=u), st.integers(1, 99), st.sampled_from((t.Unit.DAYS, t.Unit.BARS))),
    st.just(t.When(F.AGE, 45 * MINUTE, name="patience")),
    st.builds(lambda c, w: t.When(F.FROM_CLOCK, c, unit=C, worded=w), CLOCKS, st.sampled_from(("at", "after"))),
    st.builds(
        lambda w: t.When(F.FROM_CLOCK, 13 * HOUR, unit=C, worded=w, name="lunch"), st.sampled_from(("at", "after"))
    ),
    st.builds(lambda c: t.When(F.BEFORE_CLOCK, c, unit=C, worded="before"), CLOCKS),
    st.lists(CLOCKS, min_size=2, max_size=2, unique=True).map(
        lambda two: t.When(F.BETWEEN_CLOCK, min(two), max(two), C, "between")
    ),
    st.builds(lambda d: t.When(F.BEFORE_CLOSE, d, worded="before close"), DURATIONS),
    st.builds(lambda n: t.When(F.ON_DAY, n, worded="on"), st.integers(0, 6)),
    st.just(t.When(F.ON_EXPIRY, worded="on")),
)
limits = st.one_of(
    st.builds(t.Limit, st.integers(1, 50), written=st.just(True)),
    st.builds(t.Limit, st.one_of(st.none(), st.integers(1, 9)), DURATIONS, written=st.just(True)),
    st.builds(
        t.Limit,
        st.none(),
        st.integers(1, 99),
        st.sampled_from((t.Unit.DAYS, t.Unit.BARS)),
        st.booleans(),
        written=st.just(True),
    ),
    st.builds(t.Limit, st.one_of(st.none(), st.integers(1, 9)), daily=st.just(True), written=st.just(True)),
)


@st.composite
def rules(draw: st.DrawFn, label: str | None) -> t.Rule:
    verb = draw(verbs)
    level = draw(st.one_of(st.none(), levels))
    ladder = isinstance(level, t.Level) and level.every
    if ladder and isinstance(verb, t.TrailStop | t.LockIn):
        level, ladder = None, False
    once = isinstance(verb, t.Exit | t.Book | t.Add | t.Alert) and not ladder
    default = t.Limit(times=1) if once else t.Limit()
    rule = t.Rule(
        "",
        label,
        verb,
        level,
        tuple(draw(st.lists(times, max_size=2))),
        draw(st.one_of(st.none(), conditions)),
        draw(st.one_of(st.none(), conditions)),
        draw(st.one_of(st.just(default), limits)),
    )
    return t.Rule(label or rule_sentence(rule), *(getattr(rule, name) for name in _FIELDS))


_FIELDS = ("label", "verb", "level", "times", "when", "unless", "limit")
LABELS = st.lists(
    st.one_of(
        st.from_regex(r"[A-Z][A-Z0-9_%-]{0,12}", fullmatch=True),
        st.text(alphabet="abc :#₹😀\"'%", min_size=1, max_size=12).map(str.strip).filter(bool),
    ),
    min_size=1,
    max_size=4,
    unique_by=str.lower,
)
facts = st.lists(
    st.sampled_from(
        [
            ("momentum over 15 minutes", t.Number(Fraction(16, 5), t.Unit.PERCENT)),
            ("volume", t.Number(Fraction(9, 5), t.Unit.TIMES)),
            ("stop", t.Number(Fraction(1650), t.Unit.RUPEES)),
            ("day high", t.Number(Fraction(17001, 10), t.Unit.RUPEES)),
            ("strategy", t.Text("market structure")),
            ("times booked", t.Number(Fraction(2), t.Unit.COUNT)),
        ]
    ),
    max_size=3,
    unique_by=lambda each: each[0],
)
applies = st.builds(
    t.Applies,
    st.lists(st.sampled_from(v.EXCHANGES), max_size=2, unique=True).map(tuple),
    st.lists(st.sampled_from(sorted(v.KINDS)), max_size=2, unique=True).map(tuple),
    st.lists(st.sampled_from(v.PRODUCTS), max_size=2, unique=True).map(tuple),
    st.lists(st.sampled_from(TEXTS["symbol"]), max_size=2, unique=True).map(tuple),
    st.lists(st.sampled_from(TEXTS["strategy"]), max_size=2, unique=True).map(tuple),
    st.lists(st.sampled_from(v.SIDES), max_size=1).map(tuple),
)


@st.composite
def legs(draw: st.DrawFn, start: Fraction) -> tuple[t.Leg, ...]:
    """Draw a price path that can be walked."""
    lengths = st.one_of(st.integers(1, 60).map(lambda n: n * MINUTE), st.integers(1, 600).map(lambda n: n * SECOND))
    found: list[t.Leg] = []
    price = start
    for _ in range(draw(st.integers(0, 3))):
        goal = draw(TWO_PLACES)
        if goal == price or draw(st.integers(0, 3)) == 0:
            found.append(t.Leg(t.LegForm.FLAT, None, draw(lengths)))
            continue
        if draw(st.booleans()):
            found.append(t.Leg(t.LegForm.GAP, goal))
        else:
            found.append(t.Leg(t.LegForm.UP if goal > price else t.LegForm.DOWN, goal, draw(lengths)))
        price = goal
    return tuple(found)


@st.composite
def examples(draw: st.DrawFn, names: list[str]) -> t.Example:
    expected = st.one_of(
        st.builds(t.Expectation, st.just("exit"), st.none(), st.one_of(st.none(), st.sampled_from(names))),
        st.builds(t.Expectation, st.sampled_from(("book", "add")), PERCENT.filter(_ends), st.none()),
        st.builds(
            t.Expectation, st.sampled_from(("stop", "target")), TWO_PLACES, st.one_of(st.none(), st.sampled_from(names))
        ),
        st.just(t.Expectation("nothing")),
    )
    price = draw(st.one_of(st.none(), TWO_PLACES))
    path = () if price is None else draw(legs(price))
    clock = draw(st.one_of(st.none(), CLOCKS.filter(lambda clock: not path or clock < 20 * HOUR)))
    made = t.Example(
        draw(st.text(alphabet='ab :#"₹😀', max_size=8)),
        draw(st.sampled_from(v.SIDES)),
        draw(st.integers(1, 10**6)),
        draw(st.sampled_from(TEXTS["symbol"])),
        draw(TWO_PLACES),
        draw(st.one_of(st.none(), DURATIONS)),
        price,
        tuple(draw(facts)),
        clock,
        tuple(draw(st.lists(expected, min_size=1, max_size=2))),
        path,
        draw(st.sampled_from([None, 10 * SECOND, 5 * MINUTE])) if path else None,
        original=draw(st.one_of(st.none(), st.just(10**6))),
        past=tuple(draw(st.lists(pasts(names), max_size=2, unique_by=lambda each: each.rule.lower()))),
    )
    return evolve(made, expectations=_timed(draw, made)) if path else made


def _timed(draw: st.DrawFn, example: t.Example) -> tuple[t.Expectation, ...]:
    """Let expectations name looks of the path, in their order."""
    looks = sorted(draw(st.sampled_from(moments(example))).after for _ in example.expectations)
    begins = begins_at(example)
    return tuple(
        evolve(each, **draw(st.sampled_from([{}, {"after": after}, {"clock": begins + after}])))
        for each, after in zip(example.expectations, looks, strict=True)
    )


def pasts(names: list[str]) -> st.SearchStrategy[t.Past]:
    return st.builds(t.Past, st.sampled_from(names), st.integers(1, 9), st.one_of(st.none(), DURATIONS))


def _ends(value: Fraction) -> bool:
    from rulekit.language.words import has_decimal_form

    return has_decimal_form(value)


BOOK_FACTS = ("day profit", "day loss", "exposure", "margin used")
book_comparisons = st.one_of(
    st.builds(
        lambda name, op, value: t.Comparison(t.FactRef(name, t.Unit.RUPEES), op, t.Number(value, t.Unit.RUPEES)),
        st.sampled_from(BOOK_FACTS), st.sampled_from(t.Op), TWO_PLACES,
    ),
    st.builds(
        lambda op, value: t.Comparison(t.FactRef("open positions", t.Unit.COUNT), op, t.Number(value, t.Unit.COUNT)),
        st.sampled_from(t.Op), WHOLE,
    ),
    st.just(t.Named("late", CONDITIONS["late"])),
)  # fmt: skip
book_conditions = st.recursive(
    book_comparisons,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda items: t.And(tuple(items))),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: t.Or(tuple(items))),
        inner.map(t.Not),
    ),
    max_leaves=4,
)
book_levels = st.one_of(
    st.builds(
        lambda value, fact: t.FactLevel(value, t.Unit.RUPEES, fact=fact), TWO_PLACES, st.sampled_from(BOOK_FACTS)
    ),
    st.builds(lambda value: t.FactLevel(value, t.Unit.COUNT, fact="open positions"), WHOLE),
    st.just(t.FactLevel(Fraction(5000), t.Unit.RUPEES, name="cash goal", fact="day loss")),
)
_BOOK_TIMES = (F.FROM_CLOCK, F.BEFORE_CLOCK, F.BETWEEN_CLOCK, F.BEFORE_CLOSE, F.ON_DAY)


@st.composite
def book_rules(draw: st.DrawFn, label: str) -> t.Rule:
    actions = draw(st.lists(st.sampled_from(t.BookAction), min_size=1, max_size=3, unique=True))
    repeats = [t.Limit(times=3, written=True), t.Limit(every=30 * MINUTE, written=True)]
    allowed = [t.Limit(times=1), t.Limit(times=1, written=True), t.Limit(daily=True, written=True)]
    return t.Rule(
        label,
        label,
        t.WholeBook(tuple(actions)),
        draw(st.one_of(st.none(), book_levels)),
        tuple(draw(st.lists(times.filter(lambda each: each.form in _BOOK_TIMES), max_size=2))),
        draw(st.one_of(st.none(), book_conditions)),
        draw(st.one_of(st.none(), book_conditions)),
        draw(st.sampled_from(allowed + (repeats if actions == [t.BookAction.EXIT_EVERYTHING] else []))),
    )


@st.composite
def policies(draw: st.DrawFn) -> t.PolicyTree:
    labels = draw(LABELS.filter(lambda each: not {"stop", "target"} & {label.lower() for label in each}))
    made = [draw(rules(label)) for label in labels]
    unlabelled = draw(st.one_of(st.none(), rules(None)))
    if unlabelled is not None and unlabelled.name.lower() not in {rule.name.lower() for rule in made}:
        made.append(unlabelled)
    missing = draw(st.sampled_from(("", "", "hold", "exit")))
    if missing == "exit":
        guard = t.Rule(MISSING_DATA, None, t.Exit(), when=t.DataMissing(), limit=t.Limit(times=1))
        made.insert(draw(st.integers(0, len(made))), guard)
    return t.PolicyTree(
        draw(st.one_of(st.none(), st.text(alphabet='ab :#"₹😀', max_size=8))),
        draw(applies),
        tuple(t.SetValue(name, value) for name, value in VALUE_NAMES.items()),
        tuple(t.Define(name, condition) for name, condition in CONDITIONS.items()),
        tuple(made),
        tuple(draw(st.lists(examples([rule.name for rule in made]), max_size=2))),
        "",
        book=tuple(draw(book_rules(f"book {place}")) for place in range(draw(st.integers(0, 2)))),
        missing_data=missing,
    )

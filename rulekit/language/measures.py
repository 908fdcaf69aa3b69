"""Numbers with their units: what was written, which unit it has, and the questions asked where one is missing."""

from __future__ import annotations

from fractions import Fraction

from attrs import evolve, frozen

from rulekit.language.fault import Edit, FaultError
from rulekit.language.parser import Node
from rulekit.language.reader import NumberText, Word
from rulekit.language.scope import Scope
from rulekit.language.tree import Level, Number, PriceExpr, Span, Text, Unit, Window
from rulekit.language.words import clock_text, measure_text, number_text
from rulekit.model.instant import DAY, HOUR, MINUTE, SECOND

SHARES = "shares"
LOTS = "lots"
_UNITS = {
    "%": Unit.PERCENT,
    "R": Unit.R,
    "points": Unit.POINTS,
    "ticks": Unit.TICKS,
    "times normal": Unit.TIMES,
    "shares": Unit.COUNT,
    "lots": Unit.COUNT,
}
_DURATIONS = {"seconds": SECOND, "minutes": MINUTE, "hours": HOUR}
DISTANCE_UNITS = (Unit.PERCENT, Unit.RUPEES, Unit.POINTS, Unit.TICKS, Unit.ATR, Unit.R)


@frozen
class Measure:
    """A number as it was read; `unit` None if none was written. `counted` is `shares` or `lots` where that was."""

    value: Fraction
    unit: Unit | None
    span: Span
    text: str
    name: str | None = None
    counted: str = ""
    window: Window | None = None

    @property
    def shown(self) -> str:
        """The text that a message quotes."""
        return self.name or self.text


def number(word: Word) -> Fraction:
    """Return the value of a NUMBER; odd grouping and endless digits are faults."""
    found = word.value
    assert isinstance(found, NumberText)
    if found.too_long:
        raise FaultError(
            "U107",
            word.span,
            f"`{shortened(word.text)}` has too many digits",
            "at most 12 digits and 8 decimals are read",
        )
    if not found.well_grouped:
        offers = _regrouped(word.text)
        raise FaultError(
            "U103",
            word.span,
            f"the commas in `{shortened(word.text)}` fit neither `1,00,000` nor `100,000`",
            f"write {' or '.join(f'`{each}`' for each in offers)}" if offers else "",
            edits=tuple(Edit(word.span, each) for each in offers),
        )
    return found.value


def _regrouped(text: str) -> list[str]:
    """List what a number with odd commas may mean: grouped anew, or a decimal comma."""
    digits = text.replace(",", "")
    if not digits.replace(".", "").isdigit():
        return []
    whole, _, decimals = text.partition(",")
    grouped = number_text(number_value(digits))
    return [f"{whole}.{decimals}", grouped] if decimals.isdigit() and len(decimals) <= 2 else [grouped]


def number_value(digits: str) -> Fraction:
    """Return the value of digits without grouping."""
    return Fraction(digits)


def shortened(text: str) -> str:
    """Cut a long text for a message."""
    return text if len(text) <= 40 else f"{text[:37]}…"


def text_of(node: Node) -> str:
    """Return a measure as it was written, for a message."""
    parts = [word.text for word in node.words()]
    text = ""
    for part in parts:
        tight = not text or part == "%" or text.endswith(("₹",)) or part in ("R", "r")
        text += part if tight else f" {part}"
    return text


def measure(node: Node, scope: Scope, *, signed: bool = False) -> Measure | PriceExpr | Level | Text:
    """Read a measure; the name of a value gives what it stands for, which need not be a number.

    Args:
        signed: whether a number below zero means something there, as in a comparison.
    """
    words = list(node.words())
    if node.rule == "negative":
        found = plain_measure(node.nodes()[0], scope, "a number", signed=True)
        text = f"-{found.shown}" if found.unit is None or found.value >= 0 else measure_text(-found.value, found.unit)
        return evolve(found, value=-found.value, span=node.span, text=text, name=found.name and f"-{found.name}")
    if node.rule == "value_name":
        named = _named(words[0], scope)
        if isinstance(named, Measure) and named.unit is not None and named.value < 0 and not signed:
            below, above = (measure_text(value, named.unit) for value in (named.value, -named.value))
            raise FaultError(
                "U102",
                node.span,
                f"`{named.name}` is {below}, and numbers below zero stand in comparisons only",
                f"here `{above}` may be meant; give it a name of its own",
            )
        return named
    if node.rule == "rupees":
        digits = next(word for word in words if word.type == "NUMBER")
        return Measure(number(digits), Unit.RUPEES, node.span, text_of(node))
    value = number(words[0])
    if node.rule == "in_atr":
        inner = node.nodes()
        return Measure(value, Unit.ATR, node.span, text_of(node), window=window(inner[0]) if inner else None)
    if node.rule == "with_unit":
        unit = words[1].value
        added = scope.vocabulary.units.get(unit)
        if added is not None:
            return Measure(value * added.factor, added.unit, node.span, text_of(node))
        counted = unit if unit in (SHARES, LOTS) else ""
        return Measure(value, _UNITS[unit], node.span, text_of(node), counted=counted)
    return Measure(value, None, node.span, words[0].text)


def _named(word: Word, scope: Scope) -> Measure | PriceExpr | Level | Text:
    meaning = scope.values.resolve(word.value)
    if isinstance(meaning.value, Number):
        known = meaning.value
        counted = SHARES if known.unit is Unit.COUNT else ""
        return Measure(known.value, known.unit, word.span, measure_text(known.value, known.unit), meaning.name, counted)
    return meaning.value


def plain_measure(node: Node, scope: Scope, wanted: str, *, signed: bool = False) -> Measure:
    """Read a measure that must be a number; `wanted` says what for."""
    found = measure(node, scope, signed=signed)
    if isinstance(found, Measure):
        return found
    name = next(node.words()).value
    raise FaultError(
        "U102", node.span, f"`{name}` is not a number, and {wanted} is needed here", "name it by its number"
    )


def missing_unit(found: Measure, *offers: str) -> FaultError:
    """Ask for the unit of a bare number, with what could be meant; a large one is hardly a percentage."""
    if found.text[-1:].isalpha() or abs(found.value) > 100:
        offers = tuple(offer for offer in offers if "%" not in offer) or offers
    quoted = " or ".join(f"`{offer}`" for offer in offers)
    edits = tuple(Edit(found.span, offer) for offer in offers)
    return FaultError("U101", found.span, f"{found.text} what? {quoted}", f"write {quoted}", edits=edits)


def duration(node: Node) -> tuple[int, Unit]:
    """Read a duration: microseconds, or whole trading days or bars."""
    words = list(node.words())
    value, unit = number(words[0]), words[1].value
    if unit in _DURATIONS:
        exact = value * _DURATIONS[unit]
        if exact.denominator != 1:
            raise FaultError("T105", node.span, f"`{text_of(node)}` is finer than a microsecond", "use whole seconds")
        if exact >= 10_000 * DAY:
            raise FaultError("T105", node.span, f"`{text_of(node)}` is too long", "no position is held that long")
        return int(exact), Unit.DURATION
    if value.denominator != 1:
        raise FaultError(
            "T105", node.span, f"`{text_of(node)}`: {unit} are counted whole", f"write `1 {unit[:-1]}` or hours"
        )
    return int(value), Unit.DAYS if unit == "days" else Unit.BARS


def window(node: Node) -> Window:
    """Read `over 15 minutes` or `over 5 bars`."""
    length, unit = duration(node.nodes()[0])
    if unit is Unit.DAYS:
        raise FaultError(
            "U104", node.span, "a window is counted in minutes or bars", "write `over 60 minutes` or `over 20 bars`"
        )
    if length <= 0:
        raise FaultError("T105", node.span, "a window of nothing measures nothing", "write `over 15 minutes`")
    return Window(length, unit)


def clock(word: Word) -> int:
    """Read a time of day in microseconds since midnight: `15:15`, `3:15 pm`, `3 pm`."""
    text = word.text.lower()
    half = text[-2:] if text.endswith(("am", "pm")) else ""
    parts = [int(part) for part in text.removesuffix(half).replace(" ", "").split(":") if part.isdigit()]
    hours, minutes, seconds = (*parts, 0, 0, 0)[:3]
    if half:
        wrong = not 1 <= hours <= 12
        hours = hours % 12 + (12 if half == "pm" else 0)
    else:
        wrong = hours > 23
    if wrong or not parts or minutes > 59 or seconds > 59:
        near = clock_text(min(hours, 23) * HOUR + min(minutes, 59) * MINUTE)
        example = near if not wrong else "15:15"
        raise FaultError(
            "T101", word.span, f"`{word.text}` is no such time of day", f"times go from 00:00 to 23:59: `{example}`"
        )
    return hours * HOUR + minutes * MINUTE + seconds * SECOND

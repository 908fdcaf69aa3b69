"""Positions of a search in words for a trader, and as examples of a policy."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from rulekit.difference.axes import Axes
from rulekit.difference.positions import MONDAY, SCALE, USUAL_POINT, Place, Point
from rulekit.language import tree as t
from rulekit.language.sentences import example_text
from rulekit.language.tree import Unit
from rulekit.language.vocabulary import STANDARD
from rulekit.language.words import DAY_NAMES, clock_text, duration_text, measure_text, number_text, rupee_text
from rulekit.model.instant import DAY, HOUR, at
from rulekit.model.snapshot import Snapshot

_ALWAYS_SAID = ("side", "quantity", "entry", "price")


def said(place: Place, point: Point, axes: Axes, spoken: Axes) -> str:
    """Describe a position: what every one has, and what the search had to choose.

    Args:
        axes: of the search; the first value of each is the ordinary one. spoken: of the rules that it is about.
    """
    s = place.snapshot
    chosen = {name for name in point if _is_told(name, point, axes, spoken)} - set(_ALWAYS_SAID)
    known = s.price == s.price
    gain = 100 * (Fraction(s.price if known else s.entry) - Fraction(s.entry)) * s.side / Fraction(s.entry)
    told = f"{number_text(Fraction(int(abs(gain) * 100), 100))}% {'profit' if gain >= 0 else 'loss'}"
    side = "long" if s.side > 0 else "short"
    parts = [
        f"{side} {s.quantity} at {_rupees(s.entry)}",
        f"price {_rupees(s.price)} ({told})" if known else "price unknown",
    ]
    if len(spoken.get("age", ())) > 1 or chosen & {"age", "age days"}:
        days = int(s.age_days)
        parts.append(f"held {days} {'day' if days == 1 else 'days'}" if days else f"held {_age(s)}")
    for name in sorted(chosen, key=list(_SAID).index if chosen <= set(_SAID) else _order):
        text = _SAID[name](s, place) if name in _SAID else _fact_said(name, point[name], s)
        if text:
            parts.append(text)
    before = point.get("read before", 1)
    if place.earlier and before != 1:
        way = "lower" if before < 1 else "higher"
        parts.append(f"readings {number_text(abs(before - 1) * 100)}% {way} at the look before")
    return ", ".join(parts)


def _is_told(name: str, point: Point, axes: Axes, spoken: Axes) -> bool:
    """Tell whether a value is worth a word: it is not the ordinary one, or the rules speak of it and it is known."""
    value, usual = point[name], axes.get(name, (None,))[0]
    return bool(value != usual or (name in spoken and value is not None and USUAL_POINT.get(name) != value))


def _order(name: str) -> tuple[int, str]:
    return (list(_SAID).index(name) if name in _SAID else len(_SAID), name)


def _rupees(units: float) -> str:
    return (
        rupee_text(Fraction(units) / SCALE)
        if (Fraction(units) / SCALE).denominator != 1
        else f"₹{number_text(Fraction(units) / SCALE)}"
    )


def _age(s: Snapshot) -> str:
    return duration_text(s.now - (s.opened or s.now))


def _clock(s: Snapshot) -> str:
    return clock_text((s.now - at(MONDAY, 0)) % DAY)


def _price_said(word: str, attribute: str) -> Callable[[Snapshot, Place], str]:
    def text(s: Snapshot, place: Place) -> str:
        value = getattr(s, attribute)
        return f"{word} {_rupees(value)}" if value == value else ""

    return text


_SAID: dict[str, Callable[[Snapshot, Place], str]] = {
    "clock": lambda s, place: f"at {_clock(s)}",
    "day": lambda s, place: f"on {DAY_NAMES[(s.now - at(MONDAY, 0)) // DAY]}",
    "stop": _price_said("stop", "stop"),
    "risk": _price_said("first stop", "initial_stop"),
    "target": _price_said("target", "target"),
    "best": _price_said("best price so far", "best"),
    "worst": _price_said("worst price so far", "worst"),
    "original": lambda s, place: f"{s.original} at its largest" if s.original != s.quantity else "",
    "lot": lambda s, place: f"in lots of {s.lot}" if s.lot > 1 else "",
    "booked": lambda s, place: f"booked {s.booked} times",
    "added": lambda s, place: f"added to {s.added} times",
    "total": lambda s, place: "",
    "expiry": lambda s, place: "" if s.expiry is None else _expires(s),
    "fired": lambda s, place: (
        f"the rule acted {'once' if place.fired == 1 else f'{place.fired} times'} before" * (place.fired > 0)
    ),
    "waited": lambda s, place: f"last {duration_text(place.waited)} ago" if place.fired else "",
    "trailed": lambda s, place: (
        f"best price since the rule holds {_rupees(place.trailed)}" if not place.is_fresh else ""
    ),
    "lasted": lambda s, place: (
        f"as it has been for {duration_text(s.now - place.earlier[-1].now)}" if place.earlier else ""
    ),
    "before": lambda s, place: f"price {_rupees(place.earlier[0].price)} at the look before" if place.earlier else "",
    "read before": lambda s, place: "",
    "age": lambda s, place: "",
    "age days": lambda s, place: "",
}


def _expires(s: Snapshot) -> str:
    days = ((s.expiry or MONDAY) - MONDAY).days - (s.now - at(MONDAY, 0)) // DAY
    return "on the day it expires" if not days else f"expiring in {days} {'day' if days == 1 else 'days'}"


def _fact_said(name: str, value: Any, s: Snapshot) -> str:
    kind, _, phrase = name.partition(":")
    if kind == "text":
        return f"{phrase} {value}" if value else ""
    if value is None:
        return ""
    if kind == "price":
        known = s.facts.get(phrase)
        return "" if known is None else f"{phrase} {rupee_text(Fraction(str(known)))}"
    row = STANDARD.find(phrase.partition(" over ")[0])
    return f"{phrase} {measure_text(Fraction(value), Unit.COUNT if row is None else row.units[0])}"


# --- as an example ------------------------------------------------------------

_STATED = {
    "stop": ("stop", "stop"),
    "risk": ("initial stop", "initial_stop"),
    "target": ("target", "target"),
    "best": ("best price", "best"),
    "worst": ("worst price", "worst"),
}
_COUNTED = {"booked": "times booked", "added": "times added", "expiry": "days to expiry", "total": "total profit"}


def example(place: Place, point: Point, title: str, rule: str, expected: tuple[str, ...]) -> str:
    """Write the position as an example of a policy; an empty text where an example cannot say it."""
    s = place.snapshot
    if (
        place.earlier
        or s.price != s.price
        or s.lot > 1
        or place.trailed == place.trailed
        or s.age_days
        or point.get("day", 2) != 2
    ):
        return ""
    facts: list[tuple[str, t.Number | t.Text]] = []
    for name, value in point.items():
        kind, _, phrase = name.partition(":")
        if kind == "text":
            facts += [(phrase, t.Text(value))] if value and phrase != "symbol" else []
        elif phrase and s.facts.get(phrase) is not None:
            row = STANDARD.find(phrase.partition(" over ")[0])
            number = Fraction(str(s.facts[phrase])) * (s.side if row is not None and row.signed else 1)
            facts.append((phrase, t.Number(number, Unit.COUNT if row is None else row.units[0])))
        elif name in _STATED and value is not None:
            word, attribute = _STATED[name]
            facts.append((word, t.Number(Fraction(getattr(s, attribute)) / SCALE, Unit.RUPEES)))
        elif name in _COUNTED and value:
            facts.append((_COUNTED[name], t.Number(Fraction(value), Unit.RUPEES if name == "total" else Unit.COUNT)))
    past = (t.Past(rule, place.fired, place.waited if "waited" in point else None),) if place.fired else ()
    clock = (s.now - at(MONDAY, 0)) % DAY
    made = t.Example(
        title,
        "long" if s.side > 0 else "short",
        s.quantity,
        s.symbol,
        Fraction(s.entry) / SCALE,
        s.now - (s.opened or s.now),
        Fraction(s.price) / SCALE,
        tuple(facts),
        None if clock == 12 * HOUR else clock,
        (),
        original=s.original if s.original != s.quantity else None,
        past=past,
    )
    return "\n".join((example_text(made), *(f"  {each}" for each in expected)))

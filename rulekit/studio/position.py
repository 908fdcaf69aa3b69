"""A position as the sliders give it: plain texts and numbers, read strictly into what the evaluator runs, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from attrs import frozen

from rulekit.errors import InputError
from rulekit.language import tree as t
from rulekit.language.fact_names import fact_phrase
from rulekit.language.vocabulary import STANDARD, TEXT, Vocabulary
from rulekit.language.words import clock_text, has_decimal_form, plain_number
from rulekit.lint.witness import Facts, Witness
from rulekit.model.decision import Memory
from rulekit.model.instant import DAY, MINUTE, SECOND, day_of, time_of_day
from rulekit.model.prices import known
from rulekit.model.snapshot import Snapshot

MOST = Fraction(10**12)
"""No price, quantity or figure of a position is larger."""
_PLACES = 9
_TEXT_LENGTH = 60
SIDES = ("long", "short")


@frozen
class Position:
    """A position at a moment. Numbers are texts with decimals, so that a price on the tick stays there.

    Args:
        entry, price: in rupees. held: minutes since it was opened, empty for overnight and unknown. days: trading days
            held, empty where they do not matter.
        time: time of day as `10:30`, empty for noon. day: the date, empty for an ordinary Wednesday.
        facts: by their phrase: prices in rupees, momentum in the position's favour. A missing one is unknown.
        fired: how often rules have acted.
    """

    side: str
    quantity: int
    symbol: str
    entry: str
    price: str
    held: str = "30"
    days: str = ""
    time: str = ""
    day: str = ""
    lot: int = 1
    facts: tuple[tuple[str, str], ...] = ()
    fired: tuple[tuple[str, int], ...] = ()


# --- from what the evaluator runs ------------------------------------------------------------


def position_of(witness: Witness) -> Position:
    """Return the position of a witness."""
    return Position(
        witness.side,
        witness.quantity,
        witness.symbol,
        _decimal(witness.entry),
        _decimal(witness.price),
        "" if witness.held is None else _decimal(Fraction(witness.held, MINUTE)),
        "" if witness.days is None else str(witness.days),
        "" if witness.clock is None else clock_text(witness.clock),
        "" if witness.day is None else witness.day.isoformat(),
        witness.lot,
        tuple((name, value if isinstance(value, str) else _decimal(value)) for name, value in witness.facts),
        witness.fired,
    )


def _decimal(value: Fraction) -> str:
    """Write a number with decimals; one whose decimals would not end is cut."""
    return plain_number(value if has_decimal_form(value) else Fraction(round(value * 10**_PLACES), 10**_PLACES))


def of_example(example: t.Example) -> Position:
    """Return the position at which an example begins."""
    price = example.price if example.price is not None else example.entry
    seen = Witness(
        example.side,
        max(1, example.quantity),
        example.symbol or "KOTAKBANK",
        example.entry or Fraction(1690),
        price or Fraction(1690),
        example.held or 0,
        tuple((name, value.value) for name, value in example.facts if name != "age"),
        example.clock,
        fired=tuple((past.rule, past.times) for past in example.past),
    )
    return position_of(seen)


_STATED = {"stop": "stop", "initial stop": "initial_stop", "target": "target", "best price": "best"}
_COUNTED = {"times booked": "booked", "times added": "added"}


def of_snapshot(snapshot: Snapshot, memory: Memory, vocabulary: Vocabulary = STANDARD) -> Position:
    """Return the position of a snapshot: what an engine saw, or a search for differences."""
    scale = snapshot.scale
    facts: list[tuple[str, Fraction | str]] = [
        (name, Fraction(str(getattr(snapshot, attribute))) / scale)
        for name, attribute in _STATED.items()
        if known(getattr(snapshot, attribute))
    ]
    facts += [(n, Fraction(int(getattr(snapshot, each)))) for n, each in _COUNTED.items() if getattr(snapshot, each)]
    for name, value in snapshot.facts.items():
        if value is not None and known(value):
            row = vocabulary.find(name.partition(" over ")[0])
            turned = snapshot.side if row is not None and row.signed else 1
            facts.append((name, Fraction(str(value)) * turned))
    if snapshot.expiry is not None:
        facts.append(("days to expiry", Fraction((snapshot.expiry - day_of(snapshot.now)).days)))
    days = int(snapshot.age_days) if known(snapshot.age_days) and snapshot.age_days else None
    price = snapshot.price if known(snapshot.price) else snapshot.entry
    return position_of(
        Witness(
            SIDES[snapshot.side < 0],
            snapshot.quantity,
            snapshot.symbol,
            Fraction(str(snapshot.entry)) / scale,
            Fraction(str(price)) / scale,
            None if snapshot.opened is None else snapshot.now - snapshot.opened,
            tuple(facts),
            time_of_day(snapshot.now),
            day_of(snapshot.now),
            snapshot.lot,
            tuple((name, each.fired) for name, each in memory.items() if each.fired),
            days,
        )
    )


# --- from what a page sends ------------------------------------------------------------


def read_position(given: Any, vocabulary: Vocabulary = STANDARD) -> Witness:
    """Read a position that a page sends.

    Raises:
        InputError: a value in it is none; the message names it.
    """
    if not isinstance(given, Mapping):
        raise InputError("the position is missing", "send it as an object")
    side = given.get("side")
    if side not in SIDES:
        raise InputError(f"side: `{_short(side)}` is neither long nor short", "write long or short")
    optional: dict[str, Callable[[Any], Any]] = {"held": _minutes, "time": _clock, "day": _day, "days": _days}
    read = {name: None if given.get(name) in (None, "") else take(given[name]) for name, take in optional.items()}
    return Witness(
        side,
        _whole("quantity", given.get("quantity"), 1),
        _symbol(given.get("symbol")),
        _price("entry", given.get("entry")),
        _price("price", given.get("price")),
        read["held"],
        _facts(given.get("facts") or (), vocabulary),
        read["time"],
        read["day"],
        _whole("lot", given.get("lot", 1), 1),
        _fired(given.get("fired") or ()),
        read["days"],
    )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _TEXT_LENGTH else f"{text[: _TEXT_LENGTH - 1]}…"


def _number(name: str, value: Any) -> Fraction:
    text = str(value).strip().replace(",", "").removeprefix("₹")
    try:
        number = None if len(text) > _TEXT_LENGTH or "e" in text.lower() else Fraction(text)
    except (ValueError, ZeroDivisionError):
        number = None
    if number is None:
        raise InputError(f"{name}: `{_short(value)}` is no number", "write it like 1998.50")
    if abs(number) > MOST:
        raise InputError(f"{name}: `{_short(value)}` is too large", "look for a digit too many")
    return number


def _price(name: str, value: Any) -> Fraction:
    number = _number(name, value)
    if number <= 0:
        raise InputError(f"{name}: `{_short(value)}` is no price", "a price is above 0")
    return number


def _whole(name: str, value: Any, least: int) -> int:
    number = _number(name, value)
    if number.denominator != 1 or number < least:
        raise InputError(f"{name}: `{_short(value)}` is no whole number from {least} on", "write it like 100")
    return int(number)


def _symbol(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _TEXT_LENGTH:
        raise InputError(f"symbol: `{_short(value)}` is no symbol", "write it like KOTAKBANK")
    return value.strip()


def _minutes(value: Any) -> int:
    minutes = _number("held", value)
    if not 0 <= minutes <= 60 * 24 * 3650:
        raise InputError(f"held: `{_short(value)}` are no minutes since it was opened", "write minutes, like 45")
    return int(minutes * MINUTE)


def _days(value: Any) -> int:
    days = _whole("days", value, 0)
    if days > 3650:
        raise InputError(f"days: `{_short(value)}` is too long ago", "look for a digit too many")
    return days


def _clock(value: Any) -> int:
    parts = str(value).split(":")
    if not 2 <= len(parts) <= 3 or not all(part.isdecimal() and len(part) <= 2 for part in parts):
        raise InputError(f"time: `{_short(value)}` is no time of day", "write it like 10:30")
    moment = sum(int(part) * size for part, size in zip(parts, (60 * MINUTE, MINUTE, SECOND), strict=False))
    if moment >= DAY or int(parts[1]) > 59 or int(parts[-1]) > 59:
        raise InputError(f"time: `{_short(value)}` is no time of day", "write it like 10:30")
    return moment


def _day(value: Any) -> date:
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        raise InputError(f"day: `{_short(value)}` is no date", "write it like 2026-11-20") from None
    if not 1990 <= day.year <= 2100:
        raise InputError(f"day: `{_short(value)}` is not a day of this exchange", "write one like 2026-11-20")
    return day


def _pairs(name: str, given: Any) -> list[tuple[Any, Any]]:
    """Take pairs from an object, or from a list of pairs."""
    rows = list(given.items()) if isinstance(given, Mapping) else given
    if not isinstance(rows, list | tuple) or len(rows) > 500 or not all(_is_pair(row) for row in rows):
        raise InputError(f"{name}: these are no names with values", "send an object")
    return [(row[0], row[1]) for row in rows]


def _is_pair(row: Any) -> bool:
    return isinstance(row, list | tuple) and len(row) == 2 and isinstance(row[0], str)


def _facts(given: Any, vocabulary: Vocabulary) -> Facts:
    found: dict[str, Fraction | str] = {}
    for name, value in _pairs("facts", given):
        if value in (None, ""):
            continue
        phrase = fact_phrase(name)
        row = vocabulary.find(phrase.partition(" over ")[0])
        if row is not None and row.kind == TEXT:
            found[phrase] = _short(value)
        elif row is not None and row.units[0] is t.Unit.CLOCK:
            found[phrase] = Fraction(_clock(value))
        else:
            found[phrase] = _number(phrase, value)
    return tuple(found.items())


def _fired(given: Any) -> tuple[tuple[str, int], ...]:
    return tuple((name, times) for name, value in _pairs("fired", given) if (times := _whole(name, value or 0, 0)))

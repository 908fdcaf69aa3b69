"""The positions file of `rulekit decide`: read strictly, with prices exact, and every mistake named with its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from rulekit.engine.stated_facts import with_stated
from rulekit.errors import InputError, RulekitError, UnreadableFileError
from rulekit.language.fact_names import fact_phrase
from rulekit.language.vocabulary import EXCHANGES, PRODUCTS
from rulekit.language.words import listing
from rulekit.model.book import BOOK_FACTS, OPEN_POSITIONS, BookSnapshot
from rulekit.model.calendar import default as default_calendar
from rulekit.model.decision import RuleMemory
from rulekit.model.instant import Instant, day_of, parse_instant
from rulekit.model.prices import PAISE, UNKNOWN, to_units
from rulekit.model.snapshot import SessionTimes, Snapshot

CURRENCY_SCALE = 10_000
SIDES = {"long": 1, "short": -1}
DEFAULT_TICK = Decimal("0.05")


@frozen
class Asked:
    """One position of the file: what to decide on, and what its rules remember."""

    snapshot: Snapshot
    memory: Mapping[str, RuleMemory]


@frozen
class AskedBook:
    """The whole book of the file: its figures, and what the rules for it remember of this day."""

    book: BookSnapshot
    memory: Mapping[str, RuleMemory]


@frozen
class PositionsFile:
    """A whole file."""

    positions: list[Asked]
    book: AskedBook


@frozen
class _Place:
    """Where in the file a value stands, for messages."""

    position: str
    field: str

    def wrong(self, what: str, help: str = "") -> InputError:
        """Return the error for this place."""
        where = f"{self.position}, `{self.field}`" if self.position else f"`{self.field}`"
        return InputError(f"{where}: {what}", help)


def read_positions(path: Path) -> list[Asked]:
    """Read the positions of a positions file; see `read_file`."""
    return read_file(path).positions


def read_file(path: Path) -> PositionsFile:
    """Read a positions file.

    Raises:
        UnreadableFileError: it is missing, or no JSON text.
        InputError: a value in it is wrong; the message names the position and the field.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UnreadableFileError(f"there is no file `{path}`", "give the path of a positions file") from None
    except UnicodeDecodeError:
        raise UnreadableFileError(f"`{path}` is not UTF-8 text", "save it as UTF-8") from None
    except OSError as error:
        raise UnreadableFileError(f"`{path}` cannot be read: {error.strerror or error}") from None
    return parse_file(text, str(path))


def parse_positions(text: str, name: str = "positions") -> list[Asked]:
    """Read the positions in the text of a positions file; see `parse_file`."""
    return parse_file(text, name).positions


def parse_file(text: str, name: str = "positions") -> PositionsFile:
    """Read the text of a positions file; decimals stay exact and a NaN is missing."""
    try:
        data = json.loads(text, parse_float=Decimal, parse_constant=Decimal, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise UnreadableFileError(
            f"`{name}` is not JSON: {error.msg.lower()} in line {error.lineno}, column {error.colno}",
            'it begins like {"now": "2026-11-20T10:00:00+05:30", "positions": [',
        ) from None
    except RecursionError:
        raise UnreadableFileError(f"`{name}` is nested too deeply to be a positions file") from None
    if not isinstance(data, dict):
        raise InputError(
            f"`{name}` holds {_kind(data)} where an object is expected", 'write {"now": …, "positions": […]}'
        )
    _check_keys(data, ("now", "positions"), ("book",), "")
    now = _instant(data["now"], _Place("", "now"))
    rows = data["positions"]
    if not isinstance(rows, list):
        raise _Place("", "positions").wrong(f"{_kind(rows)} where a list is expected")
    positions = [_position(row, number, now) for number, row in enumerate(rows, start=1)]
    return _with_book(positions, data.get("book"), now)


def _with_book(positions: list[Asked], given: Any, now: Instant) -> PositionsFile:
    """Read the figures of the book: given for itself, else by the first position that states them.

    What is given for the book is known to every position that does not state it; without a word the positions of the
    file are all that is open.
    """
    values: dict[str, Any] = {}
    if given is not None:
        _check_keys(_object(given, _Place("", "book")), (), tuple(BOOK), "the book")
        values = {key: read(given[key], _Place("the book", key)) for key, read in BOOK.items() if given.get(key)}
    own = {name: None if value is None else float(value) for name, value in values.get("facts", {}).items()}
    facts: dict[str, float | None] = {OPEN_POSITIONS: float(len(positions))}
    for asked in reversed(positions):
        facts.update({name: value for name, value in asked.snapshot.facts.items() if name in BOOK_FACTS})
    facts.update(own)
    if own:
        positions = [
            evolve(asked, snapshot=evolve(asked.snapshot, facts={**own, **asked.snapshot.facts})) for asked in positions
        ]
    first = positions[0].snapshot if positions else None
    session = first.session if first else _calendar_facts("NSE", None, now)[0]
    return PositionsFile(positions, AskedBook(BookSnapshot(now, facts, session), _memory(values)))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object; a key that stands twice is refused, because one of the two values would be lost."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InputError(f"`{key}` stands twice in one object", "keep one of them")
        found[key] = value
    return found


# --- values ----------------------------------------------------------------------------------------------------


def _kind(value: Any) -> str:
    """Name the JSON type of a value."""
    if value is None:
        return "null"
    names = {
        bool: "true or false",
        str: "a text",
        int: "a number",
        Decimal: "a number",
        list: "a list",
        dict: "an object",
    }
    shown = names.get(type(value), "a value")
    return f"{shown} (`{value}`)" if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else shown


def _text(value: Any, place: _Place) -> str:
    if not isinstance(value, str) or not value.strip():
        raise place.wrong(f"{_kind(value)} where a text is expected", 'write it in quotes, like "KOTAKBANK"')
    return value.strip()


def _choice(value: Any, place: _Place, choices: tuple[str, ...]) -> str:
    text = _text(value, place)
    found = next((choice for choice in choices if choice.casefold() == text.casefold()), None)
    if found is None:
        raise place.wrong(f"`{text}` is none of those known", f"write {listing(choices)}")
    return found


def _whole(value: Any, place: _Place, least: int) -> int:
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise place.wrong(f"{_kind(value)} where a whole number is expected", "write it without quotes, like 100")
    if value < least:
        what = "the side says long or short" if place.field == "quantity" else f"it must be at least {least}"
        raise place.wrong(f"`{value}` is too small", what)
    if value > 10**12:
        raise place.wrong(f"`{value}` is too large to be a number of shares", "look for a digit too many")
    return value


def _number(value: Any, place: _Place) -> Decimal | None:
    """Return a number, None for null and for NaN and infinities."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise place.wrong(f"{_kind(value)} where a number is expected", "write it without quotes, like 1690.50")
    number = Decimal(value)
    if number.is_finite() and abs(number) > Decimal(10) ** 15:
        raise place.wrong("the number is too large to be a measurement", "look for a digit too many")
    return number if number.is_finite() else None


def _price(value: Any, place: _Place) -> Decimal | None:
    number = _number(value, place)
    if number is not None and number <= 0:
        raise place.wrong(f"`{value}` is no price", "a price is above 0; leave an unknown one out, or write null")
    return number


def _instant(value: Any, place: _Place) -> Instant:
    if not isinstance(value, str):
        raise place.wrong(f"{_kind(value)} where a time is expected", "write it like 2026-11-20T09:15:00+05:30")
    try:
        return parse_instant(value)
    except InputError as error:
        raise place.wrong(error.message, error.help) from None


def _object(value: Any, place: _Place) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise place.wrong(f"{_kind(value)} where an object is expected", 'write it like {"momentum": 2.5}')
    return value


def _facts(value: Any, place: _Place) -> dict[str, Decimal | None]:
    facts: dict[str, Decimal | None] = {}
    given = _object(value, place)
    for name in sorted(given, key=lambda name: fact_phrase(name) != name):  # of two spellings the plain one counts
        facts.setdefault(fact_phrase(name), _number(given[name], _Place(place.position, f"facts.{name}")))
    return facts


def _fired(value: Any, place: _Place) -> dict[str, int]:
    return {
        rule: _whole(times, _Place(place.position, f"fired.{rule}"), 0) for rule, times in _object(value, place).items()
    }


def _fired_at(value: Any, place: _Place) -> dict[str, Instant]:
    return {
        rule: _instant(at, _Place(place.position, f"fired_at.{rule}")) for rule, at in _object(value, place).items()
    }


# --- a position ------------------------------------------------------------------------------------------------

Read = Callable[[Any, _Place], Any]

REQUIRED: dict[str, Read] = {
    "symbol": _text,
    "exchange": lambda value, place: _choice(value, place, EXCHANGES),
    "product": lambda value, place: _choice(value, place, PRODUCTS),
    "side": lambda value, place: _choice(value, place, tuple(SIDES)),
    "quantity": lambda value, place: _whole(value, place, 1),
    "entry": _price,
    "price": _price,
    "opened": lambda value, place: None if value is None else _instant(value, place),
}
OPTIONAL: dict[str, Read] = {
    "stop": _price,
    "initial_stop": _price,
    "original": lambda value, place: _whole(value, place, 1),
    "lot": lambda value, place: _whole(value, place, 1),
    "tick": _price,
    "best_price": _price,
    "strategy": lambda value, place: "" if value in (None, "") else _text(value, place),
    "facts": _facts,
    "fired": _fired,
    "fired_at": _fired_at,
}
"""The fields of a position, each with its reader; a null stands for a field that was left out."""
BOOK: dict[str, Read] = {"facts": _facts, "fired": _fired, "fired_at": _fired_at}
"""The fields of the whole book."""


def _check_keys(row: Mapping[str, Any], required: tuple[str, ...], optional: tuple[str, ...], position: str) -> None:
    """Refuse a missing and an unknown key."""
    for key in required:
        if key not in row:
            raise _Place(position, key).wrong("is missing", f"it needs {listing(required, 'and')}")
    for key in row:
        if key not in required and key not in optional:
            from difflib import get_close_matches

            near = get_close_matches(key, (*required, *optional), 1)
            help = f"did you mean `{near[0]}`?" if near else f"known are {listing((*required, *optional), 'and')}"
            raise _Place(position, key).wrong("is not known here", help)


def _position(row: Any, number: int, now: Instant) -> Asked:
    """Read one position."""
    if not isinstance(row, dict):
        raise InputError(f"position {number}: {_kind(row)} where an object is expected", 'write {"symbol": …, …}')
    symbol = row.get("symbol")
    name = f"position {number} ({symbol})" if isinstance(symbol, str) and symbol else f"position {number}"
    _check_keys(row, tuple(REQUIRED), tuple(OPTIONAL), name)
    values = {key: read(row[key], _Place(name, key)) for key, read in REQUIRED.items()}
    for key, read in OPTIONAL.items():
        if row.get(key) is not None:
            values[key] = read(row[key], _Place(name, key))
    if values["opened"] is not None and values["opened"] > now:
        raise _Place(name, "opened").wrong("is later than `now`", "a position that is not open yet has no decision")
    given: dict[str, Decimal] = values.get("facts", {})
    stated = {key: Fraction(value) for key, value in given.items() if value is not None and not _is_given(key, values)}
    return Asked(with_stated(_snapshot(values, now), stated), _memory(values))


def _is_given(fact: str, values: Mapping[str, Any]) -> bool:
    """Tell whether a field of the position gives what a fact states: the field counts."""
    return fact.replace(" ", "_") in values


def _snapshot(values: Mapping[str, Any], now: Instant) -> Snapshot:
    """Build the snapshot, with the defaults for what is left out."""
    tick = values.get("tick") or DEFAULT_TICK
    fine = values["exchange"] == "CDS" or tick * PAISE != (tick * PAISE).to_integral_value()
    scale = CURRENCY_SCALE if fine else PAISE

    def units(key: str) -> float:
        value = values.get(key)
        return UNKNOWN if value is None else to_units(value, scale)

    session, age_days = _calendar_facts(values["exchange"], values["opened"], now)
    return Snapshot(
        symbol=values["symbol"],
        side=SIDES[values["side"]],
        quantity=values["quantity"],
        entry=units("entry"),
        price=units("price"),
        now=now,
        opened=values["opened"],
        exchange=values["exchange"],
        product=values["product"],
        strategy=values.get("strategy", ""),
        original=values.get("original", values["quantity"]),
        stop=units("stop"),
        initial_stop=units("initial_stop"),
        best=units("best_price"),
        age_days=age_days,
        lot=values.get("lot", 1),
        tick=to_units(tick, scale),
        scale=scale,
        session=session,
        facts={name: None if value is None else float(value) for name, value in values.get("facts", {}).items()},
    )


def _calendar_facts(exchange: str, opened: Instant | None, now: Instant) -> tuple[SessionTimes | None, float]:
    """Return today's session and the age in trading days; both unknown beyond what the calendar knows."""
    calendar = default_calendar()
    try:
        session = calendar.session(exchange, day_of(now))
        if opened is None:
            return session, UNKNOWN
        return session, float(calendar.trading_days_between(exchange, day_of(opened), day_of(now)))
    except RulekitError:
        return None, UNKNOWN


def _memory(values: Mapping[str, Any]) -> dict[str, RuleMemory]:
    fired: dict[str, int] = values.get("fired", {})
    fired_at: dict[str, Instant] = values.get("fired_at", {})
    return {
        rule: RuleMemory(fired=fired.get(rule, 1 if rule in fired_at else 0), fired_at=fired_at.get(rule))
        for rule in {**fired, **fired_at}
    }

"""Reads the file of a year's exchange days that a person copied from the exchange's circulars."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from rulekit.errors import InputError, RulekitError, UnreadableFileError
from rulekit.model.calendar_days import COMMODITY, FEWEST_CLOSED, KNOWN
from rulekit.model.calendar_year import YearList
from rulekit.settings.strict import WrongValueError, converter

KEYS = ("year", "source", *KNOWN)
_DAYS = ("closed",)
_HALF_DAYS = ("evening_only", "morning_only")
_ADVICE = "`rulekit new holidays YEAR` writes a file to fill in"


def read_holidays(path: Path) -> dict[str, YearList]:
    """Read a file; return its lists by market.

    Raises:
        UnreadableFileError: there is no such file, or it is not TOML.
        InputError: something in it is wrong; says where.
    """
    raw = _read(path)
    try:
        return _structured(raw)
    except (RulekitError, WrongValueError) as error:
        text = error.message if isinstance(error, RulekitError) else str(error)
        raise InputError(f"{path}: {text}", error.help) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UnreadableFileError(f"there is no file `{path}` of exchange days", _ADVICE) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableFileError(f"`{path}` is not a TOML file: {error}".replace("\n", " "), _ADVICE) from None
    except OSError as error:
        raise UnreadableFileError(f"`{path}` cannot be read: {error.strerror or error}") from None


def _structured(raw: Mapping[str, Any]) -> dict[str, YearList]:
    for key in raw:
        if key not in KEYS:
            raise InputError(f"there is no such key or table: `{key}`", f"known here: {', '.join(KEYS)}")
    year = raw.get("year")
    if type(year) is not int or not 2000 <= year <= 2100:
        raise InputError("`year` is missing or no year", "write it without quotes, like year = 2027")
    if not isinstance(raw.get("source"), str) or not raw["source"].strip():
        raise InputError(
            "`source` is empty: nobody has said that the list is whole",
            'when every day stands here, name the circular it was copied from, like source = "NSE/CMTR/65587"',
        )
    markets = [market for market in KNOWN if market in raw]
    if not markets:
        raise InputError(f"no market stands here: {', '.join(KNOWN)}", "write [equity] and its days below")
    return {market: _listed(market, year, raw[market]) for market in markets}


def _listed(market: str, year: int, table: Any) -> YearList:
    if not isinstance(table, Mapping):
        raise InputError(f"`{market}` is not a table", f"write [{market}], and its days below")
    known = (*_DAYS, *(_HALF_DAYS if market == COMMODITY else ()), "sessions")
    for key in table:
        if key not in known:
            raise InputError(f"[{market}] has no key `{key}`", f"known here: {', '.join(known)}")
    if "closed" not in table:
        raise InputError(f"[{market}] lacks `closed`", f"write closed = [{year}-01-26, …]")
    for key in known[:-1]:
        if not isinstance(table.get(key, []), list):
            raise InputError(f"[{market}] `{key}` is not a list", f"write days in a list: {key} = [{year}-01-26, …]")
    try:
        days = {key: frozenset(converter().structure(table.get(key, []), tuple[date, ...])) for key in known[:-1]}
        sessions = converter().structure(table.get("sessions", {}), dict[date, tuple[str, str]])
    except Exception as error:  # cattrs wraps whatever a hook raises in groups
        raise _first(error, market) from None
    found = YearList(year, sessions=sessions, **days)
    try:
        found.refuse_what_cannot_be(FEWEST_CLOSED[market])
    except InputError as error:
        raise InputError(f"[{market}] {error.message}", error.help) from None
    return found


def _first(error: BaseException, market: str) -> InputError:
    """Return the first thing that is wrong."""
    while inner := getattr(error, "exceptions", None):
        error = inner[0]
    if isinstance(error, WrongValueError):
        return InputError(f"[{market}] {error}", error.help)
    return InputError(
        f"[{market}] `sessions` is not a table", '[equity.sessions], and below 2027-10-29 = ["18:00", "19:00"]'
    )

"""Structures plain values into settings without guessing: no text as number, no yes as 1, no NaN, no unknown key."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rulekit.broker.kite_settings import Secret

if TYPE_CHECKING:
    from cattrs import Converter


class WrongValueError(ValueError):
    """A value of the wrong kind; `help` shows a right one."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


_CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def shown(value: Any) -> str:
    """Write a value as it stands in a TOML file."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f'`"{value}"`'
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    return f"`{value}`"


def _whole(value: Any, _: Any) -> int:
    if isinstance(value, Decimal) and value.is_finite() and value == int(value):
        value = int(value)
    if type(value) is not int:
        raise WrongValueError(f"{shown(value)} is not a whole number", "write it without quotes, like 25")
    return value


def _number(value: Any, _: Any) -> float:
    if type(value) not in (int, float, Decimal):
        raise WrongValueError(f"{shown(value)} is not a number", "write it without quotes, like 2.5")
    if not math.isfinite(value):
        raise WrongValueError(f"{shown(value)} is not a number to count with", "write a plain number, like 2.5")
    return float(value)


def _decimal(value: Any, kind: Any) -> Decimal:
    _number(value, kind)
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _truth(value: Any, _: Any) -> bool:
    if type(value) is not bool:
        raise WrongValueError(f"{shown(value)} is neither true nor false", "write true or false, without quotes")
    return value


def _text(value: Any, _: Any) -> str:
    if not isinstance(value, str):
        raise WrongValueError(f"{shown(value)} is not a text", f'put it in quotes: "{value}"')
    return value


def _secret(value: Any, _: Any) -> Secret:
    if not isinstance(value, str):
        raise WrongValueError("what stands there is not a text", "put it in quotes; it is secret and not shown here")
    return Secret(value.strip())


def _path(value: Any, kind: Any) -> Path:
    return Path(_text(value, kind))


def _day(value: Any, _: Any) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    if not isinstance(value, date) or isinstance(value, datetime):
        raise WrongValueError(f"{shown(value)} is not a day", "write it like 2026-11-20")
    return value


def _hours(value: Any, _: Any) -> tuple[str, str]:
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not all(isinstance(time, str) and _CLOCK_TIME.fullmatch(time) for time in value)
        or value[0] >= value[1]
    ):
        raise WrongValueError(f"{value!r} are not the hours of a session", 'write them like ["18:00", "19:00"]')
    return value[0], value[1]


@cache
def converter() -> Converter:
    """Build the converter, once; cattrs is imported here, since few commands read settings."""
    from cattrs import Converter

    strict = Converter(forbid_extra_keys=True, detailed_validation=True)
    hooks = {int: _whole, float: _number, Decimal: _decimal, bool: _truth, str: _text, Path: _path, date: _day}
    hooks[Secret] = _secret
    for kind, hook in hooks.items():
        strict.register_structure_hook(kind, hook)
    strict.register_structure_hook_func(lambda kind: kind == tuple[str, str], _hours)
    return strict

"""Phrases such as `momentum over 15 minutes`, read into the fact and its window."""

from __future__ import annotations

import re
from functools import cache

from attrs import frozen

from rulekit.model.instant import DAY, HOUR, MINUTE, SECOND
from rulekit.plugins.facts import fact_of

DEFAULTS: dict[str, str | None] = {
    "momentum": "15 minutes",
    "change": None,
    "volume": "5 minutes",
    "volatility": "15 minutes",
    "atr": "14 bars",
    "sma": "20 bars",
    "ema": "20 bars",
    "rsi": "14 bars",
    "vwap": None,
    "spread": None,
    "day high": None,
    "day low": None,
    "day open": None,
    "previous close": None,
}
"""The facts of the market, and the window that each has when none is written; None: the day so far, or no window."""

WINDOWED = frozenset({"momentum", "change", "volume", "volatility", "atr", "sma", "ema", "rsi", "vwap"})
_UNITS = {"second": SECOND, "minute": MINUTE, "hour": HOUR, "day": DAY}
_PHRASE = re.compile(r"(?P<name>[a-z][a-z0-9 -]*?)(?: over (?P<window>[\d.,]+ [a-z].*))?")
_PART = re.compile(r"(?P<count>\d[\d,]*) (?P<unit>second|minute|hour|day|bar)s?(?: |$)")


@frozen(eq=False)  # compared by identity: phrases are read once, and facts are looked up at every tick
class FactRequest:
    """One fact that is wanted.

    Args:
        phrase: as the language writes it; the key of the answer.
        name: of the fact, without its window.
        span: window in microseconds, or None.
        bars: window in bars, or None. At most one of the two is given.
        plugged: a plug-in computes it.
    """

    phrase: str
    name: str
    span: int | None = None
    bars: int | None = None
    plugged: bool = False

    def in_bars(self, bar: int) -> int:
        """Return the window in whole bars of that length, rounded up; 0 without a window."""
        return self.bars if self.bars is not None else -(-(self.span or 0) // bar)

    def in_time(self, bar: int) -> int:
        """Return the window in microseconds; 0 without a window."""
        return self.span if self.span is not None else (self.bars or 0) * bar


@cache
def read_request(phrase: str) -> FactRequest | None:
    """Read a phrase; None if it is not a fact of the market, or its window is not one."""
    plain = " ".join(phrase.lower().split())
    found = _PHRASE.fullmatch(plain)
    if found is None:
        return None
    name, written = found["name"], found["window"]
    if name not in DEFAULTS:
        return _of_plugin(phrase, name, written)
    if written is not None and name not in WINDOWED:
        return None
    window = written if written is not None else DEFAULTS[name]
    if window is None:
        return FactRequest(phrase, name)
    size = _window(window)
    return None if size is None else FactRequest(phrase, name, *size)


def needs_underlying(request: FactRequest) -> bool:
    """Tell whether a fact needs the price of what a derivative is written on."""
    fact = fact_of(request.name) if request.plugged else None
    return fact is not None and "underlying" in fact.needs


def _of_plugin(phrase: str, name: str, written: str | None) -> FactRequest | None:
    """Read a phrase whose name a plug-in declares; None if none does."""
    fact = fact_of(name)
    if fact is None or (written is not None and not fact.windowed):
        return None
    if written is None:
        return FactRequest(phrase, fact.name, bars=fact.window if fact.windowed else None, plugged=True)
    size = _window(written)
    return None if size is None else FactRequest(phrase, fact.name, *size, plugged=True)


def _window(text: str) -> tuple[int | None, int | None] | None:
    """Read `1 hour 30 minutes` or `20 bars` as (microseconds, bars); None if it is neither."""
    parts = list(_PART.finditer(text))
    if "".join(part[0] for part in parts) != text or not parts:
        return None
    counts = [(int(part["count"].replace(",", "")), part["unit"]) for part in parts]
    if len(counts) == 1 and counts[0][1] == "bar":
        return (None, counts[0][0]) if counts[0][0] > 0 else None
    if any(unit == "bar" for _, unit in counts):
        return None
    span = sum(count * _UNITS[unit] for count, unit in counts)
    return (span, None) if span > 0 else None

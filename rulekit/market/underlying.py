"""What a derivative is written on, told by its symbol: `NIFTY26NOV24500CE` by the index `NSE:NIFTY 50`."""

from __future__ import annotations

import re

from rulekit.model.instrument import InstrumentKey

INDICES = {
    "NIFTY": ("NSE", "NIFTY 50"),
    "BANKNIFTY": ("NSE", "NIFTY BANK"),
    "FINNIFTY": ("NSE", "NIFTY FIN SERVICE"),
    "MIDCPNIFTY": ("NSE", "NIFTY MID SELECT"),
    "NIFTYNXT50": ("NSE", "NIFTY NEXT 50"),
    "SENSEX": ("BSE", "SENSEX"),
    "BANKEX": ("BSE", "BANKEX"),
}
"""What derivatives of an index begin with, and the index as Kite's list of the day names it."""
_CASH = {"NFO": "NSE", "BFO": "BSE"}
_DERIVATIVE = re.compile(r"(?P<name>[A-Z0-9&-]*?[A-Z&-])\d{2}(?:[A-Z]{3}|[1-9OND]\d{2})(?:FUT|\d+(?:\.\d+)?(?:CE|PE))")


def underlying_of(key: InstrumentKey) -> InstrumentKey | None:
    """Return the index or the share that a derivative of NFO or BFO is written on; None for anything else."""
    cash = _CASH.get(key.exchange)
    if cash is None:
        return None
    symbol = key.symbol.upper()
    index = next((name for name in sorted(INDICES, key=len, reverse=True) if _is_of(symbol, name)), None)
    if index is not None:
        return InstrumentKey(*INDICES[index])
    found = _DERIVATIVE.fullmatch(symbol)
    return None if found is None else InstrumentKey(cash, found["name"])


def _is_of(symbol: str, name: str) -> bool:
    return symbol.startswith(name) and symbol[len(name) : len(name) + 1].isdigit()

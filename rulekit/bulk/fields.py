"""Which columns mean what: the fields of a position, what a policy reads of them, and what stands for a missing one."""

from __future__ import annotations

from attrs import frozen

from rulekit.model.prices import UNKNOWN

NUMBER, PRICE, TIME, DAY, TEXT, FLAG, SIDE = "number", "price", "time", "day", "text", "flag", "side"


@frozen
class Field:
    """One field of a position.

    Args:
        names: of its column, the first one preferred. kind: how it is read. missing: what stands for it.
    """

    names: tuple[str, ...]
    kind: str
    missing: float = UNKNOWN


FIELDS: dict[str, Field] = {
    "side": Field(("side",), SIDE),
    "quantity": Field(("quantity", "qty", "net quantity"), NUMBER),
    "entry": Field(("entry", "average price", "entry price", "average entry"), PRICE),
    "price": Field(("price", "last price", "ltp"), PRICE),
    "now": Field(("now",), TIME),
    "opened": Field(("opened", "opened at"), TIME),
    "stop": Field(("stop",), PRICE),
    "target": Field(("target",), PRICE),
    "initial_stop": Field(("initial stop",), PRICE),
    "best": Field(("best price", "best"), PRICE),
    "worst": Field(("worst price", "worst"), PRICE),
    "original": Field(("original",), NUMBER, 0.0),
    "booked": Field(("times booked", "booked"), NUMBER, 0.0),
    "added": Field(("times added", "added"), NUMBER, 0.0),
    "realised": Field(("realised", "realised profit"), PRICE, 0.0),
    "age_days": Field(("age days",), NUMBER),
    "lot": Field(("lot", "lot size"), NUMBER, 1.0),
    "tick": Field(("tick", "tick size"), PRICE),
    "scale": Field(("scale",), NUMBER),
    "multiplier": Field(("multiplier",), NUMBER, 1.0),
    "in_flight": Field(("in flight",), FLAG, 0.0),
    "closes": Field(("closes", "session closes"), TIME),
    "expiry": Field(("expiry",), DAY),
    "kind": Field(("kind",), TEXT),
    "symbol": Field(("symbol", "tradingsymbol"), TEXT),
    "exchange": Field(("exchange",), TEXT),
    "product": Field(("product",), TEXT),
    "strategy": Field(("strategy",), TEXT),
    "charges": Field(("charges",), NUMBER),
    "bar": Field(("bar minutes",), NUMBER, 1.0),
}
"""By the name that the loop reads them by."""

DEFAULT_TEXTS = {"exchange": "NSE", "product": "MIS", "strategy": "", "symbol": ""}
DEFAULT_TICK = 0.05
"""In rupees."""

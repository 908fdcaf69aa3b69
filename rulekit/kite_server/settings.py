"""Everything about the simulated broker that a test or a person may want otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import Factory, field, frozen

FREEZE = {
    "NIFTY": 1800,
    "BANKNIFTY": 600,
    "FINNIFTY": 1800,
    "MIDCPNIFTY": 2800,
    "NIFTYNXT50": 600,
    "SENSEX": 1000,
    "BANKEX": 900,
}
"""Freeze quantities by underlying; they are not in the list of instruments."""

SQUARE_OFF = {"NSE": "15:20", "BSE": "15:20", "NFO": "15:25", "BFO": "15:25", "CDS": "16:45", "MCX": "23:05"}
CLOSES = {"NSE": "15:30", "BSE": "15:30", "NFO": "15:30", "BFO": "15:30", "CDS": "17:00", "MCX": "23:30"}
OPENS = {"NSE": "09:15", "BSE": "09:15", "NFO": "09:15", "BFO": "09:15", "CDS": "09:00", "MCX": "09:00"}


@frozen
class Credentials:
    """Who may log in."""

    api_key: str = "localkey"
    api_secret: str = field(default="localsecret", repr=False)
    access_token: str = field(default="localtoken", repr=False)
    user_id: str = "AB1234"
    redirect_url: str = "http://127.0.0.1:5757/"


@frozen
class Limits:
    """The broker's limits; None takes one away."""

    orders_per_second: int | None = 10
    orders_per_minute: int | None = 400
    orders_per_day: int | None = 5000
    modifications: int | None = 25
    reads_per_second: int | None = 10
    quotes_per_second: int | None = 1
    changes_count: bool = True
    """Whether modifying and cancelling count like placing; the broker has said both."""


NO_LIMITS = Limits(None, None, None, None, None, None)


@frozen
class View:
    """How far what is shown lags behind what is true, in the server's seconds; shares are between 0 and 1."""

    book_lag: float = 0.0
    position_lag: float = 0.0
    position_price_age: float = 0.0
    """How long the last prices among the positions are kept before they are read afresh."""
    hide_intermediate: bool = False
    """Leave orders that have not reached the exchange out of the list."""
    average_on_partial: bool = True
    """Show the average price of an order that is not complete."""
    update_lag: float = 0.0
    update_drop: float = 0.0
    update_duplicate: float = 0.0
    update_reorder: float = 0.0
    """The share of order updates that are held back by up to two seconds more."""


@frozen
class ServerSettings:
    """The simulated broker and exchange."""

    credentials: Credentials = Factory(Credentials)
    limits: Limits = Factory(Limits)
    view: View = Factory(View)
    latency: float = 0.02
    """Seconds from the broker's acceptance to the exchange, on the server's clock."""
    spread_ticks: int = 0
    depth: int | None = None
    """Quantity on each side of the book; it is renewed by each price and each second. None is without end."""
    cash: float = 1_000_000.0
    margin_check: Literal["book", "post", "off"] = "book"
    """Whether too little margin rejects an accepted order, refuses the request, or is overlooked."""
    circuit_percent: float = 20.0
    """How far from the previous close an order's price may be."""
    lpp_percent: float | None = None
    """How far from the last price an order's price may be (limit price protection)."""
    freeze: Mapping[str, int] = Factory(lambda: dict(FREEZE))
    autoslice_shape: Literal["array", "parent"] = "array"
    auto_tag: str | None = None
    """The second tag of a market order with automatic protection; None writes the percentage that was used."""
    check_hours: bool = False
    """Refuse regular orders outside the session; off, so that it can be tried at night."""
    square_off: Mapping[str, str] | None = Factory(lambda: dict(SQUARE_OFF))
    long_ids: bool = False
    """Order ids of 19 digits instead of 15."""
    holdings_authorised: bool = True
    """Whether holdings may be sold without a TPIN."""
    market_data: bool = True
    """Off is the plan without quotes and WebSocket."""
    postback_url: str | None = None
    answer_pings: bool = True
    heartbeat: float = 1.0
    """Real seconds between heartbeats of the WebSocket."""
    seed: int = 0

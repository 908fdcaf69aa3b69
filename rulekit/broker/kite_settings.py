"""The [kite] section: whose account, where it stands, and how long to wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import Attribute, field, frozen

from rulekit.errors import InputError

OFFICIAL_ROOT = "https://api.kite.trade"
OFFICIAL_TICKER = "wss://ws.kite.trade"
OFFICIAL_LOGIN = "https://kite.zerodha.com/connect/login"

FREEZE = {
    "NIFTY": 1800,
    "BANKNIFTY": 600,
    "FINNIFTY": 1800,
    "MIDCPNIFTY": 2800,
    "NIFTYNXT50": 600,
    "SENSEX": 1000,
    "BANKEX": 900,
}
"""Largest quantity of one order by underlying, as of February 2026; exchanges revise it often, so it is a setting."""

AUTOMATIC = "auto"
TABLE = "table"


class Secret(str):
    """A text that never shows itself: its representation is a word."""

    def __repr__(self) -> str:
        return "'[secret]'" if self else "''"


def is_here(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _address(*schemes: str) -> Any:
    """Return a check of an address: a scheme, a host, no path; without encryption only on this machine."""

    def check(instance: object, attribute: Attribute[Any], value: str) -> None:
        plain, safe = schemes
        try:
            parts = urlsplit(value)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host, parts = None, urlsplit("")
        if parts.scheme not in schemes or not host or parts.username or parts.query or parts.path not in ("", "/"):
            raise InputError(
                f"kite setting `{attribute.name}` is `{value}`, which is not an address",
                f"write it like {safe}://host, or {plain}://127.0.0.1:5000 for one on this machine; a path is not kept",
            )
        if parts.scheme == plain and not is_here(host):
            raise InputError(
                f"kite setting `{attribute.name}` is `{value}`: the access token would travel unencrypted",
                f"use {safe}://; {plain}:// is for 127.0.0.1 only",
            )

    return check


def _above_zero(instance: object, attribute: Attribute[Any], value: float) -> None:
    """Refuse a wait of no length."""
    if not value > 0:
        raise InputError(f"kite setting `{attribute.name}` is `{value:g}`", "it must be above 0")


def _way(instance: object, attribute: Attribute[Any], value: str) -> None:
    """Refuse a way of protection that there is not."""
    if value not in (AUTOMATIC, TABLE):
        raise InputError(f"kite setting `protection` is `{value}`", f"use {AUTOMATIC} or {TABLE}")


@frozen
class KiteSettings:
    """[kite]: the account at Zerodha.

    Args:
        api_key: of your Kite Connect app; RULEKIT_KITE_API_KEY goes before it.
        access_token: of today; RULEKIT_KITE_ACCESS_TOKEN goes before it, the file of `rulekit login` after it.
        api_secret: of the app; only `rulekit login` needs it.
        root: where requests go. ticker: where prices come from. login: the page that a person logs in on.
        deadline_s: real seconds after which a call is given up, over all of it.
        connect_s: real seconds in which a connection must stand.
        silence_s: real seconds without a sign of life after which the ticker's connection is made anew.
        poll_s: between two readings of quotes while the ticker gives none.
        reuse_s: an idle connection older than this is not used for an order: its loss would leave the order unknown.
        protection: of a first order: `auto` leaves it to the broker, `table` writes the same figures out.
        freeze: largest quantity of one order by underlying.
        token_file: where `rulekit login` keeps the token. cache_folder: where the day's instruments are kept.
        redirect_port: of the address on this machine that your app is registered to redirect to.
    """

    api_key: Secret = field(default=Secret(), repr=False)
    access_token: Secret = field(default=Secret(), repr=False)
    api_secret: Secret = field(default=Secret(), repr=False)
    root: str = field(default=OFFICIAL_ROOT, validator=_address("http", "https"))
    ticker: str = field(default=OFFICIAL_TICKER, validator=_address("ws", "wss"))
    login: str = ""
    deadline_s: float = field(default=7.0, validator=_above_zero)
    connect_s: float = field(default=3.0, validator=_above_zero)
    silence_s: float = field(default=3.0, validator=_above_zero)
    poll_s: float = field(default=1.0, validator=_above_zero)
    reuse_s: float = 5.0
    protection: str = field(default=AUTOMATIC, validator=_way)
    freeze: Mapping[str, int] = field(factory=lambda: dict(FREEZE))
    token_file: Path | None = None
    cache_folder: Path | None = None
    redirect_port: int = 5010

    @property
    def is_official(self) -> bool:
        """Tell whether this is the real broker."""
        return self.root.rstrip("/") == OFFICIAL_ROOT

    @property
    def login_page(self) -> str:
        """Return the page that a person logs in on; beside an own root it is looked for there."""
        return self.login or (OFFICIAL_LOGIN if self.is_official else f"{self.root.rstrip('/')}/connect/login")

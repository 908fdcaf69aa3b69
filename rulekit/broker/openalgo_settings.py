"""The [openalgo] section: where OpenAlgo listens, its key, and how long to wait for it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from attrs import Attribute, field, frozen

from rulekit.broker.kite_settings import Secret, is_here
from rulekit.errors import InputError

USUAL_ROOT = "http://127.0.0.1:5000"
"""Where it listens on the machine on which it was set up."""

QUARANTINE_S = 360.0
"""How long an absence from the book proves nothing here.

OpenAlgo itself waits up to 120 s for a connection of its own and 120 s more for the broker to take the request, whoever
called has long given up; then come the 90 s in which orders have been seen to appear.
"""


def _address(instance: object, attribute: Attribute[Any], value: str) -> None:
    """Refuse what is no address, and one at which the key would travel unencrypted."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if (
        parts.scheme not in ("http", "https")
        or not host
        or parts.username
        or parts.query
        or parts.path not in ("", "/")
    ):
        raise InputError(
            f"openalgo setting `{attribute.name}` is `{value}`, which is not an address",
            f"write it like {USUAL_ROOT}, or https://host; a path is not kept",
        )
    if parts.scheme == "http" and not is_here(host):
        raise InputError(
            f"openalgo setting `{attribute.name}` is `{value}`: the key would travel unencrypted",
            "use https://; http:// is for 127.0.0.1 only",
        )


def _above_zero(instance: object, attribute: Attribute[Any], value: float) -> None:
    """Refuse a wait of no length."""
    if not value > 0:
        raise InputError(f"openalgo setting `{attribute.name}` is `{value:g}`", "it must be above 0")


def _label(instance: object, attribute: Attribute[Any], value: str) -> None:
    """Refuse an empty label: OpenAlgo asks for one."""
    if not value.strip():
        raise InputError("openalgo setting `strategy` is empty", "write any word; OpenAlgo shows it beside the orders")


@frozen
class OpenAlgoSettings:
    """[openalgo]: an account behind OpenAlgo.

    Args:
        api_key: of OpenAlgo; RULEKIT_OPENALGO_API_KEY goes before it.
        root: where it listens.
        account: a name for the account, since OpenAlgo does not say whose it is; the broker's name if left out.
        strategy: the label under which OpenAlgo shows the orders; it identifies none.
        deadline_s: real seconds after which a call is given up, over all of it.
        connect_s: real seconds in which a connection must stand.
        reuse_s: an idle connection older than this is not used for an order: its loss would leave the order unknown.
        poll_s: seconds between two readings of quotes; a broker may allow one a second only.
        ended_s: how long an order must be shown as cancelled or rejected before that is believed; its row does not
            say how much was filled.
        doubt_s: the same where the row may show another row's state, and the order was never seen at the exchange.
    """

    api_key: Secret = field(default=Secret(), repr=False)
    root: str = field(default=USUAL_ROOT, validator=_address)
    account: str = ""
    strategy: str = field(default="rulekit", validator=_label)
    deadline_s: float = field(default=7.0, validator=_above_zero)
    connect_s: float = field(default=3.0, validator=_above_zero)
    reuse_s: float = 5.0
    poll_s: float = field(default=2.0, validator=_above_zero)
    ended_s: float = 3.0
    doubt_s: float = 120.0

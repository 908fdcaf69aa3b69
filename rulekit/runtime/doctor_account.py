"""What `rulekit doctor` reads of any account, and the whole of it for an account of a plug-in; nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rulekit.errors import ReadFailedError, RulekitError
from rulekit.execution.port import Broker, is_nameless
from rulekit.model.clock import WallClock
from rulekit.model.instrument import InstrumentKey
from rulekit.plugins.loading import one_line
from rulekit.runtime.finding import FAIL, OK, WARN, Finding
from rulekit.runtime.polled import connected
from rulekit.settings import Settings

NO_NAMES = "gives no name to an order but its number: an order whose answer is lost may need a person"


def look_at_book(broker: Broker) -> Finding:
    """Read orders, positions and trades."""
    orders, positions, trades = broker.orders(), broker.positions(), broker.trades()
    held = sum(row.quantity != 0 for row in positions)
    return Finding(OK, "book", f"{held} positions, {len(orders)} orders and {len(trades)} trades today")


def look_at_instruments(broker: Broker) -> Finding:
    """Ask for the lot and tick of all that is held."""
    unlisted = [f"{key.exchange}:{key.symbol}" for key in _held(broker) if broker.instrument(key) is None]
    if unlisted:
        return Finding(FAIL, "instruments", f"not listed today: {', '.join(unlisted)}", "exit these by hand")
    return Finding(OK, "instruments", "all that is held is listed")


def look_at_prices(broker: Broker) -> Finding:
    """Ask for the prices of all that is held, or of one share."""
    keys = _held(broker) or [InstrumentKey("NSE", "INFY")]
    heard = broker.quotes(keys)
    if missing := [key.symbol for key in keys if key not in heard]:
        return Finding(WARN, "prices", f"none for {', '.join(missing)}", "their rules on prices wait for one")
    return Finding(OK, "prices", f"heard for {len(heard)} instruments")


LOOKS: dict[str, Callable[[Broker], Finding]] = {
    "book": look_at_book,
    "instruments": look_at_instruments,
    "prices": look_at_prices,
}


def examine_plugged(name: str, settings: Settings, clock: WallClock) -> Iterator[Finding]:
    """Look at what a day with a plug-in's account needs."""
    try:
        broker = connected(name, settings, clock)
    except RulekitError as error:
        yield Finding(FAIL, "account", error.message, error.help)
        return
    try:
        yield Finding(OK, "account", f"{name} is connected; this is {broker.account}")
        if is_nameless(broker):
            yield Finding(WARN, "order identity", f"{name} {NO_NAMES}", "read what that takes away in docs/openalgo.md")
        for what, look in LOOKS.items():
            try:
                yield look(broker)
            except ReadFailedError as error:
                yield Finding(FAIL, what, error.message, "try again; if it lasts, look at the broker's own page")
            except Exception as error:  # a plug-in's own code may raise anything
                yield Finding(
                    FAIL, what, f"the plug-in failed: {one_line(error)}", f"`rulekit plugins` says whose {name} is"
                )
    finally:
        close = getattr(broker, "close", None)
        if callable(close):
            close()


def _held(broker: Broker) -> list[InstrumentKey]:
    return [row.key.instrument for row in broker.positions() if row.quantity]

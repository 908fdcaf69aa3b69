"""What would fail today with an account behind OpenAlgo."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rulekit.broker.openalgo import OpenAlgoBroker
from rulekit.broker.openalgo_settings import QUARANTINE_S
from rulekit.errors import ReadFailedError, RulekitError
from rulekit.model.clock import Clock
from rulekit.model.instrument import InstrumentKey
from rulekit.runtime.finding import FAIL, OK, WARN, Finding
from rulekit.runtime.live import adjust_by
from rulekit.runtime.polled import wait_longer
from rulekit.settings import Settings


def examine_openalgo(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Look at what a day behind OpenAlgo needs; nothing is sent."""
    yield Finding(OK, "openalgo key", "is set")
    yield Finding(
        WARN,
        "order identity",
        "OpenAlgo gives no name to an order but its number: an order whose answer is lost may need a person",
        "read what that takes away in docs/openalgo.md",
    )
    quarantine = wait_longer(settings.execution).quarantine_s
    if quarantine < QUARANTINE_S:
        yield Finding(
            WARN, "quarantine", f"{quarantine:g} s are too short for OpenAlgo's own waits",
            f"leave `quarantine_s` under [execution] out, or make it {QUARANTINE_S:g}",
        )  # fmt: skip
    try:
        broker = OpenAlgoBroker(settings.openalgo, clock=clock, adjust=adjust_by(settings), read_only=True)
    except RulekitError as error:
        help = error.help or "see that OpenAlgo runs, and that you are logged in to the broker there"
        yield Finding(FAIL, "openalgo", error.message, help)
        return
    try:
        yield Finding(OK, "openalgo", f"{settings.openalgo.root} trades live with {broker.behind}")
        for name, look in _LOOKS.items():
            try:
                yield look(broker)
            except ReadFailedError as error:
                yield Finding(FAIL, name, error.message, "try again; if it lasts, look at OpenAlgo's own log")
        yield Finding(
            WARN, "approval", "whether OpenAlgo keeps orders for a person's approval cannot be known before the first",
            "see that its order mode is auto, not semi-auto",
        )  # fmt: skip
    finally:
        broker.close()


def _book(broker: OpenAlgoBroker) -> Finding:
    orders, positions, trades = broker.orders(), broker.positions(), broker.trades()
    held = sum(row.quantity != 0 for row in positions)
    return Finding(OK, "openalgo book", f"{held} positions, {len(orders)} orders and {len(trades)} trades today")


def _instruments(broker: OpenAlgoBroker) -> Finding:
    keys = [row.key.instrument for row in broker.positions() if row.quantity]
    unlisted = [f"{key.exchange}:{key.symbol}" for key in keys if broker.instrument(key) is None]
    if unlisted:
        text = f"not listed today: {', '.join(unlisted)}"
        return Finding(FAIL, "openalgo instruments", text, "download the master contract in OpenAlgo")
    return Finding(OK, "openalgo instruments", "all that is held is listed")


def _quotes(broker: OpenAlgoBroker) -> Finding:
    keys = [row.key.instrument for row in broker.positions() if row.quantity] or [InstrumentKey("NSE", "INFY")]
    heard = broker.quotes(keys)
    if missing := [key.symbol for key in keys if key not in heard]:
        return Finding(WARN, "openalgo prices", f"none for {', '.join(missing)}", "their rules on prices wait for one")
    return Finding(OK, "openalgo prices", f"heard for {len(heard)} instruments")


def _funds(broker: OpenAlgoBroker) -> Finding:
    return Finding(OK, "openalgo funds", f"₹{broker.funds().get('availablecash', '?')} available")


_LOOKS: dict[str, Callable[[OpenAlgoBroker], Finding]] = {
    "openalgo book": _book,
    "openalgo instruments": _instruments,
    "openalgo prices": _quotes,
    "openalgo funds": _funds,
}

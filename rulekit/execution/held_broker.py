"""The broker behind a lease: no request begins unless this process surely holds the account.

A process may be stopped for any time between any two instructions, and go on as if nothing had happened; that another
one has taken its place meanwhile it learns only by asking, so it asks before each request.
"""

from __future__ import annotations

from collections.abc import Sequence

from rulekit.execution.journal import Journal
from rulekit.execution.port import Broker, HoldsStops, is_nameless
from rulekit.execution.route import Route
from rulekit.execution.signal import ManagementSignal
from rulekit.model.instrument import Instrument, InstrumentKey
from rulekit.model.orders import NotSent, Order, OrderRequest, Outcome, Quote, StopRequest, Trade
from rulekit.model.position import NetPosition


class HeldBroker:
    """A broker that sends only while the journal is held; what it reads is the broker's own affair."""

    def __init__(self, broker: Broker, journal: Journal) -> None:
        self._broker = broker
        self._journal = journal
        self.name = broker.name
        self.account = broker.account
        self.nameless = is_nameless(broker)

    def place(self, request: OrderRequest) -> Outcome:
        """Send one order, once, if the account is held."""
        why = self._journal.why_not_send()
        return NotSent(why) if why else self._broker.place(request)

    def cancel(self, order_id: str) -> Outcome:
        """Ask for an order's cancellation, once, if the account is held."""
        why = self._journal.why_not_send()
        return NotSent(why) if why else self._broker.cancel(order_id)

    def orders(self) -> Sequence[Order]:
        """Read today's order book."""
        return self._broker.orders()

    def trades(self) -> Sequence[Trade]:
        """Read today's trades."""
        return self._broker.trades()

    def positions(self) -> Sequence[NetPosition]:
        """Read the net positions."""
        return self._broker.positions()

    def instrument(self, key: InstrumentKey) -> Instrument | None:
        """Look up an instrument of the day."""
        return self._broker.instrument(key)

    def quotes(self, keys: Sequence[InstrumentKey]) -> dict[InstrumentKey, Quote]:
        """Read last prices."""
        return self._broker.quotes(keys)

    def updates(self) -> int:
        """Return how many order updates have come since the last call."""
        return self._broker.updates()


class HeldStopBroker(HeldBroker):
    """The same where stop orders can stand at the broker."""

    def __init__(self, broker: Broker, holder: HoldsStops, journal: Journal) -> None:
        super().__init__(broker, journal)
        self._holder = holder

    def place_stop(self, request: StopRequest) -> Outcome:
        """Send one stop order, once, if the account is held."""
        why = self._journal.why_not_send()
        return NotSent(why) if why else self._holder.place_stop(request)

    def change_stop(self, order_id: str, request: StopRequest) -> Outcome:
        """Ask, once, for a standing stop's change, if the account is held."""
        why = self._journal.why_not_send()
        return NotSent(why) if why else self._holder.change_stop(order_id, request)


class HeldRoute:
    """A host's own trade engine that is handed a signal only while the journal is held."""

    def __init__(self, route: Route, journal: Journal) -> None:
        self._route = route
        self._journal = journal
        self.external = route.external

    def send(self, signal: ManagementSignal, request: OrderRequest) -> Outcome:
        """Hand one signal over, once, if the account is held."""
        why = self._journal.why_not_send()
        return NotSent(why) if why else self._route.send(signal, request)


def while_held(broker: Broker, journal: Journal) -> Broker:
    """Return the broker as a process may use it that holds the journal; a lock in a file cannot be lost."""
    if not journal.store.leased:
        return broker
    return HeldStopBroker(broker, broker, journal) if isinstance(broker, HoldsStops) else HeldBroker(broker, journal)

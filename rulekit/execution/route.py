"""Where a signal goes: to the broker's port, or to a host's own trade engine."""

from __future__ import annotations

from typing import Protocol

from rulekit.execution.port import Broker
from rulekit.execution.signal import ManagementSignal
from rulekit.model.orders import OrderRequest, Outcome


class Route(Protocol):
    """Where a signal goes: the broker, or a host's own trade engine."""

    external: bool
    """Whether somebody else places the order, so that it bears no tag of ours."""

    def send(self, signal: ManagementSignal, request: OrderRequest) -> Outcome:
        """Hand one signal over, once; never raises for an engine that is missing or fails."""
        ...


class BrokerRoute:
    """The built-in trade engine: the request goes straight to the broker's port."""

    external = False

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def send(self, signal: ManagementSignal, request: OrderRequest) -> Outcome:
        """Place the order."""
        return self._broker.place(request)

"""The asyncio host over a scene: the host's own market fills orders at the next open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from rulekit.hosts.asyncio_host import AsyncHost
from rulekit.hosts.bars import Bar, Done, Held
from rulekit.model.decision import ADD, Action
from rulekit.runtime.policy import Policy
from rulekit.runtime.position import Position
from tests.hosts.scenes import ENTRY, QUANTITY, Scene


class Venue:
    """A host's market of its own."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.held = Held(scene.symbol)
        self.waiting: list[Action] = []

    async def execute(self, position: Position, action: Action) -> None:
        """Take an order for the next open."""
        self.waiting.append(action)

    async def bars(self) -> AsyncIterator[Bar]:
        """Give the bars, each after what its open fills."""
        for number, bar in enumerate(self.scene.bars):
            if number == ENTRY:
                self.held.quantity, self.held.entry = QUANTITY * self.scene.side, bar.open
                self.held.opened = bar.start
            for action in self.waiting:
                self.fill(action, float(bar.open))
            self.waiting.clear()
            yield bar

    def fill(self, action: Action, price: float) -> None:
        """Fill an order at a price; a stop that was reached in the bar is gone with it."""
        held, quantity = self.held, action.quantity or 0
        side = 1 if held.quantity > 0 else -1
        if action.kind == ADD:
            before = abs(held.quantity)
            held.entry = (float(held.entry) * before + price * quantity) / (before + quantity)
            held.quantity += side * quantity
        else:
            held.quantity -= side * min(quantity, abs(held.quantity))


def run(policy: Policy, scene: Scene) -> list[Done]:
    """Return the actions of a day."""
    venue = Venue(scene)
    host = AsyncHost(policy, positions=lambda: [venue.held], execute=venue.execute)
    asyncio.run(host.run(venue.bars()))
    return host.desk.done

"""A plain asyncio program whose position a policy manages; its market fills orders at the next open.

python docs/examples/asyncio_offline.py BARS.parquet --symbol KOTAKBANK --day 2021-04-28
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path

import rulekit
from rulekit.hosts.asyncio_host import AsyncHost
from rulekit.hosts.bars import Bar, Done, Held, bars_of_day
from rulekit.model.instant import iso
from rulekit.runtime.sources import PolicySource


class Venue:
    """A market of the program's own, with one position in it.

    Args:
        entry: number of the bar at whose close the entry is decided; it fills at the next open.
    """

    def __init__(self, bars: Sequence[Bar], entry: int, quantity: int) -> None:
        self._bars, self._entry, self._quantity = bars, entry, quantity
        self.held = Held(bars[0].symbol)
        self._waiting: list[rulekit.Action] = []

    async def execute(self, position: rulekit.Position, action: rulekit.Action) -> None:
        """Take an order for the next open."""
        self._waiting.append(action)

    async def bars(self) -> AsyncIterator[Bar]:
        """Give the bars, each behind what its open fills."""
        for number, bar in enumerate(self._bars):
            if number == self._entry + 1:
                self.held.quantity, self.held.entry, self.held.opened = self._quantity, bar.open, bar.start
            for action in self._waiting:
                self._fill(action, float(bar.open))
            self._waiting.clear()
            yield bar

    def _fill(self, action: rulekit.Action, price: float) -> None:
        held, quantity, before = self.held, action.quantity or 0, abs(self.held.quantity)
        side = 1 if held.quantity > 0 else -1
        if action.kind == "add":
            held.entry = (float(held.entry) * before + price * quantity) / (before + quantity)
            held.quantity += side * quantity
        else:
            held.quantity -= side * min(quantity, before)


def run(policy: PolicySource, bars: Sequence[Bar], *, entry: int, quantity: int = 100) -> list[Done]:
    """Run a day; return what the policy did."""
    venue = Venue(bars, entry, quantity)
    host = AsyncHost(policy, positions=lambda: [venue.held], execute=venue.execute)
    asyncio.run(host.run(venue.bars()))
    return host.desk.done


def main() -> None:
    """Read the arguments, run the day, print what the policy did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bars", type=Path)
    parser.add_argument("--policy", type=Path, default=Path(__file__).with_name("hosts.policy"))
    parser.add_argument("--symbol", default="KOTAKBANK")
    parser.add_argument("--day", type=date.fromisoformat, default=date(2021, 4, 28))
    given = parser.parse_args()
    bars = bars_of_day(given.bars, given.symbol, given.day)
    for one in run(given.policy, bars, entry=14):
        print(iso(one.at)[11:16], one.rule, one.kind, one.quantity or "", one.stop or "")


if __name__ == "__main__":
    main()

"""The exchange's side of an instrument: last price, the day's range, what is offered, price bands."""

from __future__ import annotations

from attrs import define

from rulekit.kite_server.clock import day_of
from rulekit.kite_server.listing import Listing
from rulekit.kite_server.settings import ServerSettings

FAR_AWAY = 10**12


@define
class Line:
    """What is known of one instrument; prices in units."""

    listing: Listing
    settings: ServerSettings
    last: int
    close: int
    """The previous day's close, from which the price bands are reckoned."""
    at: int
    opened: int = 0
    high: int = 0
    low: int = FAR_AWAY
    volume: int = 0
    last_quantity: int = 0
    turnover: int = 0
    bid_left: int = FAR_AWAY
    ask_left: int = FAR_AWAY
    interest: int = 0
    """Open interest."""
    day: str = ""

    def trade(self, price: int, at: int, quantity: int = 0, volume: int | None = None) -> None:
        """Hear a price; `volume` is the day's so far, `quantity` that of this trade."""
        today = day_of(at)
        if today != self.day:
            if self.day:
                self.close = self.last
            self.day, self.opened, self.high, self.low, self.volume, self.turnover = today, price, price, price, 0, 0
        self.last, self.at = price, at
        self.high, self.low = max(self.high, price), min(self.low, price)
        self.last_quantity = quantity or self.last_quantity
        grown = quantity if volume is None else max(0, volume - self.volume)
        self.volume += grown
        self.turnover += grown * price
        self.renew()

    def renew(self) -> None:
        """Let others offer anew."""
        self.bid_left = self.ask_left = FAR_AWAY if self.settings.depth is None else self.settings.depth

    @property
    def spread(self) -> int:
        """Half the gap between bid and ask."""
        return self.settings.spread_ticks * self.listing.tick

    def touch(self, side: str) -> int:
        """Return the price at which an order of that side trades at once."""
        return self.last + self.spread if side == "BUY" else max(self.listing.tick, self.last - self.spread)

    @property
    def bands(self) -> tuple[int, int]:
        """Return the lower and the upper circuit."""
        share, tick = self.settings.circuit_percent / 100, self.listing.tick
        if self.listing.kind in {"CE", "PE"}:
            return tick, max(self.close * 20, self.last * 20)
        return max(tick, -int(-self.close * (1 - share) // tick) * tick), int(self.close * (1 + share) // tick) * tick

    @property
    def average(self) -> int:
        """Return the day's average traded price."""
        return self.turnover // self.volume if self.volume else self.last

    def depth(self) -> dict[str, list[tuple[int, int, int]]]:
        """Return five levels a side as (quantity, price, orders)."""
        tick, listing = self.listing.tick, self.listing
        rows: dict[str, list[tuple[int, int, int]]] = {"buy": [], "sell": []}
        if not listing.tradable:
            return rows
        size = listing.lot * 100 if self.settings.depth is None else self.settings.depth
        gap = max(1, self.settings.spread_ticks) * tick
        for step in range(5):
            rows["buy"].append((size, max(tick, self.last - gap - step * tick), 1 + step))
            rows["sell"].append((size, self.last + gap + step * tick, 1 + step))
        return rows

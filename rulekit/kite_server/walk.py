"""Made-up prices for a market that nobody feeds: a walk of small steps, drawn from a seed, one a second."""

from __future__ import annotations

import random

from rulekit.kite_server.clock import SECOND
from rulekit.kite_server.desk import Desk
from rulekit.kite_server.money import to_tick, units

STARTS = {
    ("NSE", "RELIANCE"): 1450.0,
    ("NSE", "INFY"): 1500.0,
    ("NSE", "TCS"): 3100.0,
    ("NSE", "SBIN"): 820.0,
    ("NSE", "HDFCBANK"): 1000.0,
    ("NSE", "ICICIBANK"): 1400.0,
    ("NSE", "ITC"): 410.0,
    ("NSE", "TATASTEEL"): 160.0,
    ("NSE", "NIFTY 50"): 25000.0,
    ("NSE", "NIFTY BANK"): 56000.0,
}
STEP = 0.0004
"""The spread of one second's step, as a share of the price."""


class Walk:
    """Lets every instrument of `STARTS`, and the futures and options near by, trade once a second."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.draw = random.Random(f"{seed} prices")  # noqa: S311 - made-up prices, no secret
        self.last: dict[tuple[str, str], float] = {key: float(units(price)) for key, price in STARTS.items()}
        for listing in desk.oms.listings.by_key.values():
            if listing.key in self.last:
                continue
            if listing.name in {"NIFTY", "BANKNIFTY"} and listing.kind != "EQ":
                spot = self.last["NSE", "NIFTY 50" if listing.name == "NIFTY" else "NIFTY BANK"]
                inner = {"CE": spot - listing.strike, "PE": listing.strike - spot}.get(listing.kind, spot)
                self.last[listing.key] = max(spot * 0.004, inner + spot * 0.004) if listing.kind != "FUT" else spot
            elif listing.exchange == "BSE":
                self.last[listing.key] = self.last["NSE", listing.symbol]
            else:
                self.last[listing.key] = float(units({"CRUDEOIL": 5600, "USDINR": 88}.get(listing.name, 100)))
        self.step(desk.now())

    def step(self, at: int) -> None:
        """Let one second's prices come, and the next be due."""
        for key, last in self.last.items():
            listing = self.desk.oms.listings.by_key[key]
            share = STEP * (5 if listing.kind in {"CE", "PE"} else 1)
            self.last[key] = max(float(listing.tick), last * (1 + self.draw.gauss(0, share)))
            traded = self.draw.randrange(1, 200) * listing.lot if listing.tradable else 0
            self.desk.hear(*key, to_tick(self.last[key], listing.tick), at, traded)
        self.desk.schedule.add(at + SECOND, self.step)

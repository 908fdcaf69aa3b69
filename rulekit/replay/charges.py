"""What trading in India costs: a dated table of brokerage, transaction tax, exchange and regulator fees, GST and stamp.

Rates are shares of turnover (options: of premium turnover). A replay uses the row in force on the day of each fill.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from attrs import frozen

from rulekit.errors import InputError
from rulekit.model.instant import day_of
from rulekit.model.instrument import Instrument
from rulekit.model.orders import BUY, SELL

if TYPE_CHECKING:
    from rulekit.replay.trades import Fill

GST = 0.18
"""On brokerage, exchange and regulator fees (Integrated Goods and Services Tax Act; 18% for brokers' services)."""
SEBI = 10 / 10_000_000
"""The regulator's fee: ₹10 a crore of turnover, both sides."""


@frozen
class Rates:
    """The rates of one kind of trade from a day on.

    Args:
        brokerage: share of an order's value. most: rupees an order at most. flat: rupees an order, instead.
        tax_buy, tax_sell: securities transaction tax. exchange: transaction charge of NSE. stamp: on purchases.
    """

    since: date
    tax_buy: float
    tax_sell: float
    exchange: float
    stamp: float
    brokerage: float = 0.0
    most: float = 0.0
    flat: float = 0.0


_UNIFORM_STAMP = date(2020, 7, 1)  # Indian Stamp Act as amended by the Finance Act 2019: one rate for all states
_TAX_2023 = date(2023, 4, 1)  # Finance Act 2023: futures 0.0125%, options 0.0625%
_TRUE_TO_LABEL = date(2024, 10, 1)  # Finance (No. 2) Act 2024: futures 0.02%, options 0.1%; SEBI's circular of
# 1 July 2024 on charges that are the same for every member: NSE 0.00297%, futures 0.00173%, options 0.03503%
_TAX_2026 = date(2026, 4, 1)  # Finance Act 2026: futures 0.05%, options 0.15%; NSE's rates with its investor protection
# fund as Zerodha's list of charges shows them since

TABLE: dict[str, tuple[Rates, ...]] = {
    "intraday": (
        Rates(_UNIFORM_STAMP, 0.0, 0.00025, 0.0000345, 0.00003, 0.0003, 20.0),
        Rates(_TRUE_TO_LABEL, 0.0, 0.00025, 0.0000297, 0.00003, 0.0003, 20.0),
        Rates(_TAX_2026, 0.0, 0.00025, 0.0000307, 0.00003, 0.0003, 20.0),
    ),
    "delivery": (
        Rates(_UNIFORM_STAMP, 0.001, 0.001, 0.0000345, 0.00015),
        Rates(_TRUE_TO_LABEL, 0.001, 0.001, 0.0000297, 0.00015),
        Rates(_TAX_2026, 0.001, 0.001, 0.0000307, 0.00015),
    ),
    "futures": (
        Rates(_UNIFORM_STAMP, 0.0, 0.0001, 0.00002, 0.00002, 0.0003, 20.0),
        Rates(_TAX_2023, 0.0, 0.000125, 0.000019, 0.00002, 0.0003, 20.0),
        Rates(_TRUE_TO_LABEL, 0.0, 0.0002, 0.0000173, 0.00002, 0.0003, 20.0),
        Rates(_TAX_2026, 0.0, 0.0005, 0.0000183, 0.00002, 0.0003, 20.0),
    ),
    "options": (
        Rates(_UNIFORM_STAMP, 0.0, 0.0005, 0.00053, 0.00003, flat=20.0),
        Rates(_TAX_2023, 0.0, 0.000625, 0.0005, 0.00003, flat=20.0),
        Rates(_TRUE_TO_LABEL, 0.0, 0.001, 0.0003503, 0.00003, flat=20.0),
        Rates(_TAX_2026, 0.0, 0.0015, 0.0003553, 0.00003, flat=20.0),
    ),
}
"""By kind of trade, oldest row first. Brokerage is Zerodha's: nothing for delivery, else 0.03% or at most ₹20 an order;
 options ₹20 an order. Its list of charges names the other rates and their laws; `exchange` is NSE's."""


def rates(kind: str, day: date) -> Rates:
    """Return the rates of a kind of trade on a day; before the table begins those of its first row.

    Raises:
        InputError: there is no such kind.
    """
    rows = TABLE.get(kind)
    if rows is None:
        raise InputError(f"there is no table of charges `{kind}`", f"use one of {', '.join(TABLE)}")
    return next((row for row in reversed(rows) if row.since <= day), rows[0])


def charge(kind: str, fills: Sequence[Fill], instrument: Instrument) -> float:
    """Return what fills cost in rupees; each fill is one order."""
    total = 0.0
    for fill in fills:
        row = rates(kind, day_of(fill.at))
        turnover = fill.price * fill.quantity * instrument.multiplier / instrument.scale
        brokerage = row.flat or min(row.brokerage * turnover, row.most)
        fees = (row.exchange + SEBI) * turnover
        tax = (row.tax_buy if fill.side == BUY else row.tax_sell) * turnover
        stamp = row.stamp * turnover if fill.side != SELL else 0.0
        total += brokerage + fees + GST * (brokerage + fees) + tax + stamp
    return round(total, 2)

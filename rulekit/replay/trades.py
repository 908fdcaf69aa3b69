"""What a replay tells: trades with their fills, and every stop, target and alert, as plain values and as tables."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from rulekit.model.instant import Instant, iso
from rulekit.model.instrument import InstrumentKey
from rulekit.model.orders import BUY, SELL

SQUARE_OFF = "square-off by the broker"
"""The rule name of an exit that the broker makes with what is left of an intraday product."""


SHOWN = 20
"""So many trades a notebook shows."""


@frozen
class Fill:
    """One fill. Price in smallest units; `decided` is when its rule held."""

    at: Instant
    price: float
    quantity: int
    side: str
    rule: str
    decided: Instant


@frozen
class Mark:
    """A stop or target that was set (price in smallest units), an alert, or an order of so much that met no price.

    `kind` is stop, target, alert or unfilled.
    """

    at: Instant
    kind: str
    price: float
    rule: str
    quantity: int = 0


@frozen
class Trade:
    """One entry and what became of it.

    Args:
        entry: price of the entry in smallest units. quantity: that was entered.
        exited: when nothing was left, or None if some is still held after the last price.
        left: quantity that is still held. charges: in rupees.
        profit: in rupees, after charges; what is still held counts at the last price.
        ended: price in smallest units at which it ended, or at which what is still held counts.
        stop: the one that the entry came with, in smallest units; None where it had none.
    """

    key: InstrumentKey
    side: int
    entered: Instant
    entry: float
    quantity: int
    fills: tuple[Fill, ...]
    marks: tuple[Mark, ...]
    exited: Instant | None
    left: int
    last: Instant
    profit: float
    charges: float
    scale: int
    row: int
    ended: float = 0.0
    stop: float | None = None
    product: str = ""
    multiplier: float = 1.0

    def row_of_cells(self) -> tuple[object, ...]:
        """Return what a notebook shows of it."""
        rules = ", ".join(dict.fromkeys(fill.rule for fill in self.fills))
        exited = "held" if self.exited is None else iso(self.exited)
        side, entry = "long" if self.side > 0 else "short", in_rupees(self.entry, self.scale)
        return self.key.symbol, side, iso(self.entered), entry, self.quantity, rules, exited, round(self.profit, 2)

    def as_json(self) -> dict[str, Any]:
        """Return it with rupees and times for people."""
        return {
            "symbol": self.key.symbol,
            "side": "long" if self.side > 0 else "short",
            "entered": iso(self.entered),
            "entry": in_rupees(self.entry, self.scale),
            "quantity": self.quantity,
            "fills": [
                {
                    "at": iso(fill.at),
                    "price": in_rupees(fill.price, self.scale),
                    "quantity": fill.quantity,
                    "side": fill.side,
                    "rule": fill.rule,
                }
                for fill in self.fills
            ],
            "exited": None if self.exited is None else iso(self.exited),
            "profit": self.profit,
        }


def in_rupees(units: float, scale: int) -> float:
    """Return a price in rupees, rounded beyond what a price can have."""
    return round(units / scale, 6)


@frozen(eq=False)
class Replay:
    """The outcome of a replay.

    Args:
        trades: in the order of the entries; those that were not taken are left out.
        notes: what a person should know of the data. rows: bars or ticks that were read. native: whether numba ran.
        skipped: entries that were not taken because one of their symbol was still held.
    """

    trades: tuple[Trade, ...]
    notes: tuple[Any, ...]
    rows: int
    native: bool
    skipped: int

    @property
    def profit(self) -> float:
        """The sum of all profits in rupees."""
        return sum(trade.profit for trade in self.trades)

    def _repr_html_(self) -> str:
        """Show the outcome in a notebook: the first trades and the sum."""
        from rulekit.model.notebook import card, line, table

        rows = [trade.row_of_cells() for trade in self.trades[:SHOWN]]
        rest = len(self.trades) - SHOWN
        return card(
            f"₹{self.profit:,.2f}",
            f"profit of {len(self.trades):,} trades over {self.rows:,} rows",
            table(("symbol", "side", "entered", "entry ₹", "quantity", "rules", "exited", "profit ₹"), rows),
            line(f"and {rest:,} trades more: see tables()") if rest > 0 else "",
            *(line(str(note), kind="warn") for note in self.notes),
        )

    def tables(self) -> dict[str, Any]:
        """Return `trades`, `fills` and `marks` as Arrow tables; `trade` is the place of the trade."""
        import pyarrow as pa

        trades, fills, marks = [], [], []
        for place, trade in enumerate(self.trades):
            whole = trade.as_json()
            each = whole.pop("fills")
            trades.append({"trade": place, **whole, "exchange": trade.key.exchange, "left": trade.left,
                           "charges": trade.charges})  # fmt: skip
            fills += [{"trade": place, **one, "decided": iso(fill.decided)}
                      for one, fill in zip(each, trade.fills, strict=True)]  # fmt: skip
            marks += [
                {"trade": place, "at": iso(mark.at), "kind": mark.kind, "price": in_rupees(mark.price, trade.scale),
                 "rule": mark.rule, "quantity": mark.quantity}
                for mark in trade.marks
            ]  # fmt: skip
        return {
            name: pa.Table.from_pylist(rows, schema=_SCHEMAS[name](pa))
            for name, rows in (("trades", trades), ("fills", fills), ("marks", marks))
        }


_SCHEMAS = {
    "trades": lambda pa: pa.schema(
        [("trade", pa.int64()), ("symbol", pa.string()), ("side", pa.string()), ("entered", pa.string()),
         ("entry", pa.float64()), ("quantity", pa.int64()), ("exited", pa.string()), ("profit", pa.float64()),
         ("exchange", pa.string()), ("left", pa.int64()), ("charges", pa.float64())]
    ),
    "fills": lambda pa: pa.schema(
        [("trade", pa.int64()), ("at", pa.string()), ("price", pa.float64()), ("quantity", pa.int64()),
         ("side", pa.string()), ("rule", pa.string()), ("decided", pa.string())]
    ),
    "marks": lambda pa: pa.schema(
        [("trade", pa.int64()), ("at", pa.string()), ("kind", pa.string()), ("price", pa.float64()),
         ("rule", pa.string()), ("quantity", pa.int64())]
    ),
}  # fmt: skip


def side_of(signed: float) -> str:
    """Return the side of a fill."""
    return BUY if signed > 0 else SELL

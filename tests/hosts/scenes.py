"""What every host is given: one policy, the same real bars, the same entries; and what the engine does with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from attrs import frozen

from rulekit.hosts.bars import Bar, Done
from rulekit.model.decision import EXIT, STOP_REACHED, TARGET_REACHED
from rulekit.model.instant import IST, iso
from rulekit.runtime.policy import Policy
from tests.hosts.examples import EXAMPLES

POLICY = (EXAMPLES / "hosts.policy").read_text(encoding="utf-8")
DAYS = (date(2021, 4, 28), date(2021, 5, 3))
SYMBOLS = ("KOTAKBANK", "WIPRO", "TATAMOTORS", "INFY", "HDFCBANK")
ENTRY = 15
"""The position is entered at the open of this bar of the day."""
QUANTITY = 100


@frozen
class Scene:
    """One symbol's day, and a position entered in it."""

    symbol: str
    side: int
    bars: tuple[Bar, ...]

    @property
    def name(self) -> str:
        """Name it for people."""
        start = self.bars[0].start
        assert isinstance(start, int)
        return f"{self.symbol} {'long' if self.side > 0 else 'short'} {iso(start)[:10]}"


def scenes(shared: Path, symbols: Sequence[str] = SYMBOLS, days: Sequence[date] = DAYS) -> list[Scene]:
    """Read the days; the sides take turns."""
    import pyarrow.parquet as pq

    rows = pq.read_table(shared / "nse_minutes.parquet", filters=[("symbol", "in", list(symbols))]).to_pylist()
    found: dict[tuple[date, str], list[Bar]] = {}
    for row in rows:
        start = row["bar_start"].astimezone(IST)
        if start.date() in days:
            at = int(start.timestamp()) * 1_000_000
            prices = (row["open"], row["high"], row["low"], row["close"])
            found.setdefault((start.date(), row["symbol"]), []).append(
                Bar(row["symbol"], at, *prices, float(row["volume"]))
            )
    return [
        Scene(symbol, -1 if number % 2 else 1, tuple(bars))
        for number, ((_, symbol), bars) in enumerate(sorted(found.items(), key=lambda one: one[0]))
    ]


def replayed(policy: Policy, scene: Scene) -> list[Done]:
    """Return what a replay of the bars does, as every host's actions are written."""
    import pyarrow as pa

    from rulekit.replay import replay

    columns = ("symbol", "at", "open", "high", "low", "close", "volume")
    table = pa.table({name: [bar[place] for bar in scene.bars] for place, name in enumerate(columns)})
    table = table.set_column(1, "at", table["at"].cast(pa.timestamp("us", tz="UTC")))
    entry = {"symbol": scene.symbol, "side": "long" if scene.side > 0 else "short", "quantity": QUANTITY,
             "at": scene.bars[ENTRY].start}  # fmt: skip
    (trade,) = replay(policy, table, [entry], looks="close", fill="open", product="MIS", native=False).trades
    rows: list[tuple[int, int, Done]] = []
    for mark in trade.marks:
        at, price = _bar_of(scene, mark.at), mark.price / trade.scale
        rows.append((at, 1, Done(at, scene.symbol, mark.rule, mark.kind, None, price)))
    held = QUANTITY
    for fill in trade.fills:
        reached = fill.rule in (STOP_REACHED, TARGET_REACHED)
        at = fill.decided if reached else _bar_of(scene, fill.decided)
        adds = fill.side == ("BUY" if scene.side > 0 else "SELL")
        held += fill.quantity if adds else -fill.quantity
        kind = "add" if adds else EXIT if not held else "book"
        rows.append((at, 0, Done(at, scene.symbol, fill.rule, kind, fill.quantity, None)))
    return [done for _, _, done in sorted(rows, key=lambda row: row[:2])]


def _bar_of(scene: Scene, now: int) -> int:
    """Return the start of the bar at whose close something was decided."""
    return max(bar.start for bar in scene.bars if isinstance(bar.start, int) and bar.start < now)

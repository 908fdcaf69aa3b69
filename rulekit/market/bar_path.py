"""Bars walked as ticks: the open, then the end that its colour passes first, the other end, and the close."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rulekit.model.instant import DAY, MINUTE, SECOND

_INDIA_US = 19_800_000_000
STEPS = 4


def offsets(length: int) -> tuple[int, int, int, int]:
    """Return when the four prices of a bar come, in microseconds since its start."""
    return 0, length // 3, 2 * length // 3, length - min(SECOND, length // 10)


def bar_length(owners: list[int], starts: list[int]) -> int:
    """Return the commonest distance between neighbouring bars of one symbol, in microseconds; a minute if unclear."""
    gaps = Counter(
        later - earlier
        for owner, after, earlier, later in zip(owners, owners[1:], starts, starts[1:], strict=False)
        if owner == after and 0 < later - earlier < DAY
    )
    return min(gaps, key=lambda gap: (-gaps[gap], gap)) if gaps else MINUTE


def volume_before(owners: list[int], starts: list[int], volumes: list[float | None]) -> list[float]:
    """Return the day's volume before each bar; bars must be sorted by owner and start."""
    before: list[float] = []
    total, owner_day = 0.0, (-1, -1)
    for owner, start, volume in zip(owners, starts, volumes, strict=True):
        if (owner, (start + _INDIA_US) // DAY) != owner_day:
            total, owner_day = 0.0, (owner, (start + _INDIA_US) // DAY)
        before.append(total)
        total += volume or 0.0
    return before


def walk_bars(bars: Any, length: int) -> Any:
    """Turn bars into four ticks each.

    A bar that closed below its open (red) goes to its high first, any other to its low first; the close comes a
    second before the bar ends. The bar's volume grows in thirds after the open.

    Args:
        bars: an Arrow table with owner, at (start), open, high, low, close, volume, before.
        length: of a bar, in microseconds.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    red = pc.less(bars["close"], bars["open"])
    prices = (
        bars["open"],
        pc.if_else(red, bars["high"], bars["low"]),
        pc.if_else(red, bars["low"], bars["high"]),
        bars["close"],
    )
    nothing = pa.repeat(pa.scalar(float("nan")), bars.num_rows)
    steps = [
        pa.table(
            {
                "owner": bars["owner"],
                "at": pc.add(bars["at"], offset),
                "price": price,
                "volume": pc.add(bars["before"], pc.divide(pc.multiply(bars["volume"], float(step)), STEPS - 1.0)),
                "bid": nothing,
                "ask": nothing,
            }
        )
        for step, (offset, price) in enumerate(zip(offsets(length), prices, strict=True))
    ]
    walked = pa.concat_tables(steps)
    return walked.take(pc.sort_indices(walked, sort_keys=[("owner", "ascending"), ("at", "ascending")]))

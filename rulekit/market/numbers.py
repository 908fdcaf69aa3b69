"""Numbers of a price file, column by column: prices in smallest units, volumes, running numbers."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from rulekit.market.rows import Rows
from rulekit.model.prices import PAISE

SCALES = {"CDS": 10_000, "BCD": 10_000}
"""Smallest units in a rupee where it is not the paisa, by exchange."""


def floats(column: Any, rows: Rows, name: str) -> Any:
    """Return a column as floats with nulls kept; text that is no number is an error with its row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        text = pc.replace_substring(pc.utf8_trim_whitespace(pc.cast(column, pa.string())), ",", "")
        try:
            return pc.cast(text, pa.float64())
        except pa.ArrowInvalid:
            raise _first_that_is_none(text.to_pylist(), column.to_pylist(), rows, name) from None
    try:
        return pc.cast(column, pa.float64(), safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise rows.wrong(0, name, f"holds {kind}, which is not a number", "write it like 1690.50") from None


def _first_that_is_none(texts: list[str | None], written: list[str | None], rows: Rows, name: str) -> Exception:
    for index, text in enumerate(texts):
        try:
            Decimal(text or "0")
        except InvalidOperation:
            return rows.wrong(index, name, f"`{written[index]}` is not a number", "write it like 1690.50")
    return rows.wrong(0, name, "holds something that is not a number", "write numbers like 1690.50")


def units(prices: Any, scale: Any = float(PAISE)) -> Any:
    """Turn rupees into smallest units; a price that stands on one comes out whole.

    This is `rulekit.model.prices.to_units` over a column; `scale` is a number or a column.
    """
    import pyarrow.compute as pc

    return pc.round(pc.multiply(prices, scale), ndigits=6)


def scale_of(exchange: str) -> int:
    """Return the smallest units in a rupee at an exchange."""
    return SCALES.get(exchange, PAISE)

"""The tables of a study: trades, fills, marks, rules, figures, the sum of profits, a second policy, shuffled orders."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rulekit.errors import UsageError
from rulekit.model.instant import Instant, iso
from rulekit.replay.effects import effects_of
from rulekit.replay.measures import equity
from rulekit.replay.trades import in_rupees

if TYPE_CHECKING:
    from rulekit.replay.studying import Study

Row = dict[str, Any]
_ROOM: dict[str, str] = {"i": "int64", "f": "float64", "s": "string"}

COLUMNS: dict[str, str] = {
    "measures": "trade:i stop:f risk:f r:f minutes:f best_percent:f worst_percent:f ended_at_price:f left_alone:f",
    "effects": "trade:i at:s rule:s quantity:i price:f effect:f against_holding:f",
    "rules": "rule:s trades:i fills:i reached:i stops:i targets:i alerts:i unfilled:i quantity:i effect:f "
    "against_holding:f helped:i worth:f",
    "figures": "name:s value:f text:s",
    "equity": "at:s profit:f",
    "compared": "trade:i symbol:s side:s entered:s profit:f other_profit:f gained:f exited:s other_exited:s parted:s "
    "did:s why:s other_did:s other_why:s",
    "monte_carlo": "trades:i p5:f p25:f p50:f p75:f p95:f",
    "monte_carlo_figures": "name:s value:f",
}
"""The columns of each table beside `trades`, `fills` and `marks`, with their kinds: whole, number, text."""


def tables_of(study: Study) -> dict[str, Any]:
    """Return every table that there is something for, as Arrow."""
    made = {name: _table(name, rows) for name, rows in ((name, make(study)) for name, make in _MAKERS.items())}
    if study.other is None:
        del made["compared"]
    if study.chance is None:
        del made["monte_carlo"], made["monte_carlo_figures"]
    return {**study.replay.tables(), **made}


def _table(name: str, rows: list[Row]) -> Any:
    import pyarrow as pa

    pairs = [column.split(":") for column in COLUMNS[name].split()]
    schema = pa.schema([(column, getattr(pa, _ROOM[kind])()) for column, kind in pairs])
    return pa.Table.from_pylist([{key: _known(value) for key, value in row.items()} for row in rows], schema=schema)


def _known(value: Any) -> Any:
    """Return a value, None where it is not known."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _time(at: Instant | None) -> str | None:
    return None if at is None else iso(at)


def _price(units: float | None, scale: int) -> float | None:
    return None if units is None else in_rupees(units, scale)


def _measures(study: Study) -> list[Row]:
    return [
        {
            "trade": place, "stop": _price(trade.stop, trade.scale), "risk": one.risk, "r": one.r,
            "minutes": one.minutes, "best_percent": one.best, "worst_percent": one.worst,
            "ended_at_price": in_rupees(trade.ended, trade.scale), "left_alone": study.left_alone[trade.row].profit,
        }
        for place, (trade, one) in enumerate(zip(study.trades, study.measured, strict=True))
    ]  # fmt: skip


def _effects(study: Study) -> list[Row]:
    return [
        {
            "trade": place, "at": iso(one.fill.at), "rule": one.rule, "quantity": one.fill.quantity,
            "price": in_rupees(one.fill.price, trade.scale), "effect": one.to_the_end,
            "against_holding": one.against_holding,
        }
        for place, trade in enumerate(study.trades)
        for one in effects_of(trade, study.left_alone[trade.row])
    ]  # fmt: skip


def _figures(study: Study) -> list[Row]:
    rows = []
    for name, value in study.figures.items():
        is_time = name in ("drawdown_began", "drawdown_bottom", "drawdown_recovered")
        number = None if is_time or value is None else float(value)
        rows.append({"name": name, "value": number, "text": _time(value) if is_time else None})
    return rows


def _compared(study: Study) -> list[Row]:
    rows = []
    for place, one in enumerate(study.beside):
        here, there, parted = one.trade, one.other, one.parted
        rows.append(
            {
                "trade": place, "symbol": here.key.symbol, "side": "long" if here.side > 0 else "short",
                "entered": iso(here.entered), "profit": here.profit, "other_profit": there.profit,
                "gained": one.gained, "exited": _time(here.exited), "other_exited": _time(there.exited),
                "parted": None if parted is None else iso(parted.at),
                "did": None if parted is None else parted.here, "why": None if parted is None else parted.why_here,
                "other_did": None if parted is None else parted.there,
                "other_why": None if parted is None else parted.why_there,
            }
        )  # fmt: skip
    return rows


def _bands(study: Study) -> list[Row]:
    chance = study.chance
    if chance is None:
        return []
    return [
        {"trades": at, **{f"p{level}": band[place] for level, band in chance.bands.items()}}
        for place, at in enumerate(chance.at)
    ]


_MAKERS: Mapping[str, Callable[[Study], list[Row]]] = {
    "measures": _measures,
    "effects": _effects,
    "rules": lambda study: [rule.to_dict() for rule in study.rules],
    "figures": _figures,
    "equity": lambda study: [{"at": iso(at), "profit": round(total, 2)} for at, total in equity(study.trades)],
    "compared": _compared,
    "monte_carlo": _bands,
    "monte_carlo_figures": lambda study: [
        {"name": name, "value": float(value)}
        for name, value in ({} if study.chance is None else study.chance.figures()).items()
    ],
}


def write_tables(tables: Mapping[str, Any], folder: Path) -> None:
    """Write each table as Parquet and as JSON.

    Raises:
        UsageError: the folder cannot be written.
    """
    import pyarrow.parquet as pq

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            pq.write_table(table, folder / f"{name}.parquet")
            text = json.dumps(
                [{key: _known(value) for key, value in row.items()} for row in table.to_pylist()],
                indent=1, ensure_ascii=False, allow_nan=False,
            )  # fmt: skip
            (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"`{folder}` cannot be written: {error.strerror or error}", "give another folder") from None

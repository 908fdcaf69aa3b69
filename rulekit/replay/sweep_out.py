"""The outcome of a sweep as a file: Parquet, CSV or JSON by its name, and as plain values for others."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from rulekit.errors import UsageError
from rulekit.replay.sweep_figures import Sweep
from rulekit.replay.sweep_forward import Fold, Forward, warnings

ENDINGS = (".parquet", ".csv", ".json")
_EPOCH = date(1970, 1, 1).toordinal()


def day_text(day: int) -> str:
    """Write a day since 1970 as `2021-03-02`."""
    return date.fromordinal(_EPOCH + day).isoformat()


def as_json(sweep: Sweep, forward: Forward | None = None) -> dict[str, Any]:
    """Return everything as plain values: the rows in the order of the grid, `best` as the place of the best."""
    luck = sweep.luck
    return {
        "values": {axis.name: list(axis.values) for axis in sweep.grid.axes},
        "sessions": {"first": day_text(sweep.days[0]), "last": day_text(sweep.days[-1]), "count": len(sweep.days)},
        "by": sweep.by,
        "best": sweep.order[0],
        "rows": sweep.table().to_pylist(),
        "luck": {"tries": luck.tries, "independent": luck.independent, "sharpe": luck.sharpe},
        "walk_forward": [] if forward is None else [_fold(fold) for fold in forward.folds],
        "warnings": warnings(sweep, forward),
    }


def _fold(fold: Fold) -> dict[str, Any]:
    return {
        "begins": day_text(fold.begins),
        "ends": day_text(fold.ends),
        "chosen": fold.chosen,
        "sessions_before": fold.sessions[0],
        "sessions_after": fold.sessions[1],
        "profit_before": fold.before.profit,
        "profit_after": fold.after.profit,
        "trades_before": fold.before.trades,
        "trades_after": fold.after.trades,
        "sharpe_before": fold.before.sharpe,
        "sharpe_after": fold.after.sharpe,
        "beaten": fold.beaten,
    }


def check_ending(path: Path) -> None:
    """Refuse a name that does not say what to write, before any work is done.

    Raises:
        UsageError: it ends with none of `ENDINGS`, or its folder is not there.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"`{path}` does not say what to write", f"give it one of the endings {', '.join(ENDINGS)}")
    refuse_without_folder(path)


def refuse_without_folder(path: Path) -> None:
    """Refuse a file in a folder that is not there."""
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder `{path.parent}`", "make it first, or give another place")


def write(sweep: Sweep, forward: Forward | None, path: Path) -> None:
    """Write the outcome.

    Raises:
        UsageError: it cannot be written there.
    """
    try:
        if path.suffix.lower() == ".json":
            text = json.dumps(as_json(sweep, forward), indent=1, ensure_ascii=False, allow_nan=False)
            path.write_text(text + "\n", encoding="utf-8", newline="\n")
        elif path.suffix.lower() == ".csv":
            import pyarrow.csv as pc

            pc.write_csv(sweep.table(), path)
        else:
            import pyarrow.parquet as pq

            pq.write_table(sweep.table(), path)
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {error.strerror or error}", "give another place") from None

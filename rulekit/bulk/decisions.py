"""What was decided on a book: one column a question, in the order of the rows."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from rulekit.bulk.arrays import Arrays
from rulekit.bulk.frames import NUMPY, PANDAS, POLARS
from rulekit.bulk.loop import REASONS
from rulekit.compile.policy import CompiledPolicy
from rulekit.compile.proposal import order_side
from rulekit.model.decision import ADD, BOOK, EXIT, STOP_REACHED, TARGET_REACHED
from rulekit.model.orders import BUY, SELL

ACTIONS = ("", EXIT, BOOK, ADD)
"""The words of the column `action`."""


@frozen(eq=False)
class Decisions:
    """The decisions on the rows of a frame, as columns: arrays of NumPy, or lists where it is not installed.

    Args:
        action: the place in `ACTIONS`. rule, stop_rule, target_rule: the place in `labels`, -1 for none.
        quantity: of the order. stop, target: new prices, in the measure of the frame; NaN for none.
        reason: the place in `REASONS`. unknown: 1 where a rule could not be judged.
        statuses: what became of each rule, row by row (`rulekit.compile.layout`), if asked for.
        told: for each rule that alerts whether it is to be told, by its label.
        memory: what rules remember after this look, as the columns from which the next look reads it (Arrow).
        native: whether compiled code decided.
    """

    policy: CompiledPolicy = field(repr=False)
    rows: int
    action: Any = field(repr=False)
    rule: Any = field(repr=False)
    quantity: Any = field(repr=False)
    stop: Any = field(repr=False)
    stop_rule: Any = field(repr=False)
    target: Any = field(repr=False)
    target_rule: Any = field(repr=False)
    reason: Any = field(repr=False)
    unknown: Any = field(repr=False)
    statuses: Any = field(repr=False)
    told: dict[str, Any] = field(repr=False)
    memory: dict[str, Any] = field(repr=False)
    sides: Any = field(repr=False)
    kind: str = field(repr=False)
    native: bool = field(repr=False)

    def __len__(self) -> int:
        return self.rows

    @property
    def labels(self) -> tuple[str, ...]:
        """The rules' labels in the order of the file, then `stop` and `target`."""
        return (*(rule.name for rule in self.policy.rules), STOP_REACHED, TARGET_REACHED)

    @property
    def orders(self) -> int:
        """Number of rows with an order."""
        return sum(1 for code in self.action if code)

    def table(self) -> Any:
        """Return everything in words, as an Arrow table; what is not there is null."""
        import pyarrow as pa
        import pyarrow.compute as pc

        acts = pa.array(self.action, pa.int32())
        columns = {
            "action": _words(acts, ACTIONS, 0),
            "side": self._order_sides(),
            "quantity": pc.if_else(
                pc.greater(acts, 0), pa.array(self.quantity, pa.int64()), pa.scalar(None, pa.int64())
            ),
            "rule": _words(pa.array(self.rule, pa.int32()), self.labels, -1),
        }
        for name in ("stop", "target"):
            column = pa.array(getattr(self, name), pa.float64())
            columns[name] = pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
            columns[f"{name}_rule"] = _words(pa.array(getattr(self, f"{name}_rule"), pa.int32()), self.labels, -1)
        columns["reason"] = _words(pa.array(self.reason, pa.int32()), REASONS, -1)
        columns["unknown"] = pc.not_equal(pa.array(self.unknown, pa.uint8()), 0)
        columns |= {f"told: {label}": pc.not_equal(pa.array(told, pa.uint8()), 0) for label, told in self.told.items()}
        return pa.table({**columns, **self.memory})

    def frame(self) -> Any:
        """Return the table in the kind of frame that the positions came in; a dict of NumPy arrays for NumPy."""
        table = self.table()
        if self.kind == POLARS:
            import polars as pl

            return pl.from_arrow(table)
        if self.kind == PANDAS:
            return table.to_pandas()
        if self.kind == NUMPY and self.native:
            return {name: table[name].to_pandas().to_numpy() if _has_pandas() else table[name].to_numpy()
                    for name in table.column_names}  # fmt: skip
        return table

    def _order_sides(self) -> Any:
        """Return BUY or SELL for each order."""
        import pyarrow as pa

        def place(code: int, side: float) -> float:
            return (BUY, SELL).index(order_side(ACTIONS[code], int(side))) if code else -1

        places = Arrays(native=False).mapped(place, self.action, self.sides)
        return _words(pa.array([int(each) for each in places], pa.int32()), (BUY, SELL), -1)


def _has_pandas() -> bool:
    import importlib.util

    return importlib.util.find_spec("pandas") is not None


def _words(codes: Any, words: tuple[str, ...], none: int) -> Any:
    """Return codes as words; null where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    places = pc.if_else(pc.equal(codes, none), pa.scalar(None, pa.int32()), codes)
    return pa.DictionaryArray.from_arrays(places, pa.array(words, pa.string()))

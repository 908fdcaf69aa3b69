"""R108: a measured fact that has to be one number exactly."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import condition_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import written
from rulekit.lint.subject import TREE, Subject

CODE = Code("R108", "exact-number", WARNING, "a measured fact that has to be, or not to be, exactly one number")
NEEDS = TREE

_MEASURED = frozenset(
    {"profit", "loss", "peak profit", "giveback", "total profit", "age", "price", "value", "time", "day profit"}
    | {"day loss", "exposure", "margin used", "momentum", "change", "volume", "volatility", "atr", "rsi", "spread"}
    | {"vwap", "sma", "ema"}
)
"""Facts that change by small steps, and so are seldom one number at the moment of a look."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every comparison of a measured fact with `is` or `is not` and a number other than zero."""
    for leaf in written(subject.tree):
        if not isinstance(leaf, t.Comparison) or leaf.op not in (t.Op.IS, t.Op.IS_NOT):
            continue
        if not isinstance(leaf.left, t.FactRef) or leaf.left.name not in _MEASURED or not _is_number(leaf.right):
            continue
        text = condition_text(leaf)
        fact, _, exactly = text.partition(f" {leaf.op.value} ")
        if leaf.op is t.Op.IS:
            told = f"`{text}` holds at exactly {exactly} only, and most looks pass it by"
            yield Finding(leaf.span, told, f"write `{fact} is at least {exactly}`, or `is at most`")
        else:
            told = f"`{text}` holds at nearly every look: all but exactly {exactly}"
            yield Finding(leaf.span, told, f"write `{fact} is below {exactly}`, or `is above`")


def _is_number(operand: t.Operand) -> bool:
    """Tell whether it is a number other than zero; at zero much stands still: no profit yet, nothing given back."""
    if isinstance(operand, t.PriceExpr):
        return isinstance(operand.base, t.PriceConstant) and operand.offset is None
    return isinstance(operand, t.Number) and operand.value != 0

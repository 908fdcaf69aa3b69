"""T109: a contract whose month is over."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    written,
)
from rulekit.lint.subject import TREE, Subject

CODE = Code("T109", "expired-contract", WARNING, "a contract that has expired")
NEEDS = TREE


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTHLY = re.compile(rf"[A-Z&-]+?(?P<year>\d\d)(?P<month>{'|'.join(_MONTHS)})(?:FUT|\d+(?:\.\d+)?(?:CE|PE))")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every monthly contract whose month has passed, in `applies to` and in comparisons."""
    tree, today = subject.tree, subject.today
    for place, symbol in _symbols(tree):
        contract = _MONTHLY.fullmatch(symbol.upper())
        if contract is None:
            continue
        month = (2000 + int(contract["year"]), _MONTHS.index(contract["month"]) + 1)
        if month < (today.year, today.month):
            yield Finding(
                place,
                f"`{symbol}` expired in {contract['month'].title()} {month[0]}",
                "write the contract that trades now, or name the policy's instruments otherwise",
            )


def _symbols(tree: t.PolicyTree) -> Iterator[tuple[t.Span, str]]:
    for symbol in tree.applies.symbols:
        yield tree.applies.span, symbol
    for leaf in written(tree):
        if isinstance(leaf, t.Comparison) and isinstance(leaf.right, t.Text):
            yield leaf.span, leaf.right.value

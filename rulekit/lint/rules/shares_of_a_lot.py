"""Q107: a number of shares where only whole lots trade."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    amount_text,
)
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject

_LOTS_ONLY = ("NFO", "BFO", "CDS", "MCX")

CODE = Code("Q107", "shares-of-a-lot", WARNING, "shares where only whole lots trade")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every amount in shares in a policy that is for derivatives only."""
    applies = subject.tree.applies
    in_lots = bool(applies.exchanges) and all(each in _LOTS_ONLY for each in applies.exchanges)
    in_lots = in_lots or (bool(applies.kinds) and "equity" not in applies.kinds)
    for rule in subject.tree.rules:
        if not in_lots or not isinstance(rule.verb, t.Book | t.Add):
            continue
        if rule.verb.amount.kind is t.AmountKind.SHARES:
            yield Finding(
                rule.verb.amount.span,
                f"`{amount_text(rule.verb.amount)}` is rounded down to whole lots, to nothing where a lot is larger",
                "write lots: `1 lot`, or a share: `50%`",
            )

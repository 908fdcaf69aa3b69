"""D104: an expiry asked of what never expires."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    condition_text,
)
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    facts_of,
    written,
)
from rulekit.lint.subject import TREE, Subject

_SHARES_ONLY = ("NSE", "BSE")

CODE = Code("D104", "nothing-expires", WARNING, "an expiry asked of shares, which have none")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every look at the expiry in a policy that is for shares only."""
    applies = subject.tree.applies
    shares = bool(applies.kinds) and all(kind == "equity" for kind in applies.kinds)
    if not shares and not (applies.exchanges and all(exchange in _SHARES_ONLY for exchange in applies.exchanges)):
        return
    for leaf in written(subject.tree):
        on_the_day = isinstance(leaf, t.When) and leaf.form is t.TimeForm.ON_EXPIRY
        if on_the_day or any(name == "days to expiry" for name, _ in facts_of(leaf)):
            yield Finding(
                leaf.span,
                f"shares do not expire, so `{condition_text(leaf)}` is never known and its rule never acts",
                "delete it, or say `applies to NFO futures`",
            )

"""S108: a stop at the entry from the first tick of profit."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    price_text,
    verb_text,
)
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    is_bare,
)
from rulekit.lint.subject import TREE, Subject

CODE = Code("S108", "break-even-at-once", WARNING, "a stop at the entry that waits for nothing")
NEEDS = TREE


_ENTRY = ("entry", "break-even")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every stop at the entry or beyond it in a rule without level, time and condition."""
    for rule in subject.tree.rules:
        verb = rule.verb
        if not isinstance(verb, t.MoveStop) or not is_bare(rule) or rule.times:
            continue
        at_entry = isinstance(verb.price.base, t.PriceFact) and verb.price.base.name in _ENTRY
        if at_entry and verb.price.towards_profit:
            yield Finding(
                verb.price.span,
                f"nothing has to happen first, so the stop goes to `{price_text(verb.price)}` as soon as the price has"
                " passed it, and the first step back closes the position",
                f"say from when: `{verb_text(verb)} at 5% profit`",
            )

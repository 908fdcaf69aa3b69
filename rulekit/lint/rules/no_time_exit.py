"""T104: an intraday policy that leaves the last exit of the day to the broker."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.tree import Exit, Rule, TimeForm
from rulekit.language.vocabulary import INTRADAY_PRODUCTS
from rulekit.language.words import listing
from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("T104", "no-time-exit", INFO, "an intraday policy without an exit before the close")
NEEDS = TREE

_DAILY = (TimeForm.FROM_CLOCK, TimeForm.BEFORE_CLOSE)


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the `applies to` of an intraday policy in which no sentence exits by the clock."""
    intraday = [product for product in subject.tree.applies.products if product in INTRADAY_PRODUCTS]
    if intraday and not any(_exits_every_day(rule) for rule in subject.tree.rules):
        yield Finding(
            subject.tree.applies.span,
            f"positions in {listing(intraday)} are squared off by the broker, and no rule exits before that",
            "add `exit at 15:15`, or `exit 15 minutes before close`",
        )


def _exits_every_day(rule: Rule) -> bool:
    """Tell whether a rule exits by the clock alone, each day."""
    bare = rule.level is None and rule.when is None and rule.unless is None
    return isinstance(rule.verb, Exit) and bare and bool(rule.times) and all(when.form in _DAILY for when in rule.times)

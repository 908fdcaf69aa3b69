"""Q110: a `book up to` after which nothing is left to book."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.words import number_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    demands,
)
from rulekit.lint.ranges import all_implied
from rulekit.lint.subject import TREE, Subject

CODE = Code("Q110", "no-more-to-book", WARNING, "a `book up to` that an earlier one has already reached")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every `book up to` that acts only where an earlier one, of as much or more, has acted."""
    if any(isinstance(rule.verb, t.Add) for rule in subject.tree.rules):
        return
    ladder: list[tuple[t.Rule, Fraction]] = []
    for rule in subject.tree.rules:
        if not isinstance(rule.verb, t.Book) or rule.verb.amount.kind is not t.AmountKind.UP_TO:
            continue
        share = rule.verb.amount.value
        for other, reached in ladder:
            if reached >= share and other.unless is None and all_implied(demands(rule), demands(other)):
                yield Finding(
                    rule.verb.amount.span,
                    f"where this rule acts, {number_text(reached)}% have been booked already: it never books anything",
                    "a ladder of `up to` rises: write more than on the rung before",
                    ((other.span, "books that much before"),),
                )
                break
        ladder.append((rule, share))

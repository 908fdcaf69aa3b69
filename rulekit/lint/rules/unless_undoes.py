"""R105: an `unless` that leaves nothing of its rule."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    condition_text,
)
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    conjuncts,
    demands,
)
from rulekit.lint.ranges import all_implied
from rulekit.lint.subject import TREE, Subject

CODE = Code("R105", "unless-undoes", WARNING, "an `unless` that holds wherever the rule would act")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every `unless` that holds whenever the level, the times and the `when` hold."""
    for rule in subject.tree.rules:
        unless = rule.unless
        given: tuple[t.Condition, ...] = tuple(filter(None, (unless,)))
        alternatives = unless.items if isinstance(unless, t.Or) else given
        for alternative in alternatives:
            if all_implied(demands(rule), tuple(conjuncts(alternative))):
                assert unless is not None
                yield Finding(
                    unless.span,
                    f"wherever this rule would act, `{condition_text(alternative)}` holds too: it never acts",
                    "turn the `unless` round, or delete it",
                )
                break

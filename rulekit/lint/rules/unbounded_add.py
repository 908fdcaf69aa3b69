"""L101: an `add` that repeats without an upper bound."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.sentences import rule_sentence
from rulekit.language.tree import Add
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("L101", "unbounded-add", WARNING, "an `add` that repeats without `up to N times`")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every `add` with `every …`, `once a day` or a ladder, and no `up to N times`."""
    for rule in subject.tree.rules:
        limit = rule.limit
        if isinstance(rule.verb, Add) and limit.times is None:
            bound = " up to 3 times" if limit.written else ", up to 3 times"
            place = limit if limit.written else rule.level
            assert place is not None  # what repeats without a limit is a ladder
            yield Finding(
                place.span,
                "this `add` repeats without a bound: the position may grow as long as it is held",
                f"say how often at most: `{rule_sentence(rule)}{bound}`",
            )

"""L104: a stop that does not follow."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    limit_text,
    verb_text,
)
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("L104", "stop-moves-once", WARNING, "a trailing stop that trails only so often")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every stop that is measured from a moving price and has a limit to how often it moves."""
    for rule in subject.tree.rules:
        if rule.limit.times is not None and _follows(rule.verb):
            yield Finding(
                rule.limit.span,
                f"`{verb_text(rule.verb)}` follows the price, and `{limit_text(rule.limit)}` ends that:"
                " after it the stop stays where it is",
                "leave the limit out; a stop only ever tightens",
            )


def _follows(verb: t.Verb) -> bool:
    return isinstance(verb, t.TrailStop | t.LockIn)

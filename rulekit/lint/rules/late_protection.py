"""C103: protection that only begins later."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    when_text,
)
from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.parts import is_single
from rulekit.lint.protection import protections
from rulekit.lint.subject import TREE, Subject

_FROM = (t.TimeForm.AGE, t.TimeForm.FROM_CLOCK, t.TimeForm.BEFORE_CLOSE)

CODE = Code("C103", "late-protection", INFO, "nothing limits a loss at first")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the first rule that limits a loss where each of them waits for a time."""
    found = protections(subject.tree)
    if not is_single(subject.tree) and found and all(rule.times for rule in found):
        first = found[0]
        yield Finding(
            first.times[0].span,
            f"every rule that limits a loss waits for a time; {_meanwhile(first.times[0])} nothing does",
            "add one that does not wait, further away: `exit at 5% loss`",
        )


def _meanwhile(when: t.When) -> str:
    return f"until `{when_text(when)}`" if when.form in _FROM else f"other than `{when_text(when)}`"

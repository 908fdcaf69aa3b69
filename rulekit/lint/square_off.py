"""Exits by the clock alone, and when in the day a time trigger begins."""

from __future__ import annotations

from rulekit.language import tree as t
from rulekit.lint.parts import closes, is_bare
from rulekit.lint.sessions import session_of


def begins(when: t.When, tree: t.PolicyTree) -> int | None:
    """Return the moment of an ordinary day from which a trigger holds; None if there is none."""
    closes_at = session_of(tree).closes
    if when.form in (t.TimeForm.FROM_CLOCK, t.TimeForm.BETWEEN_CLOCK):
        return when.value if when.value < closes_at else None
    return closes_at - when.value if when.form is t.TimeForm.BEFORE_CLOSE else None


def square_off(rule: t.Rule, tree: t.PolicyTree) -> int | None:
    """Return when a rule closes every position of every day, or None if it does not."""
    if not closes(rule) or not is_bare(rule) or len(rule.times) != 1:
        return None
    when = rule.times[0]
    return None if when.form is t.TimeForm.BETWEEN_CLOCK else begins(when, tree)

"""T113: a time that says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    when_text,
)
from rulekit.language.words import clock_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import every_rule
from rulekit.lint.sessions import Session, session_of
from rulekit.lint.subject import TREE, Subject

CODE = Code("T113", "whole-session", WARNING, "a time that holds all day")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every time trigger that holds through the whole session."""
    session = session_of(subject.tree)
    for rule in every_rule(subject.tree):
        for when in rule.times:
            if _always(when, session):
                yield Finding(
                    when.span,
                    f"`{when_text(when)}` holds through the whole session, {clock_text(session.opens)} to"
                    f" {clock_text(session.closes)}",
                    "leave it out, or write the time that is meant",
                )


def _always(when: t.When, session: Session) -> bool:
    from_open, to_close = when.value <= session.opens, when.value >= session.closes
    if when.form is t.TimeForm.FROM_CLOCK:
        return from_open
    if when.form is t.TimeForm.BEFORE_CLOCK:
        return to_close
    if when.form is t.TimeForm.BETWEEN_CLOCK:
        return from_open and when.high >= session.closes
    return when.form is t.TimeForm.BEFORE_CLOSE and when.value >= session.length

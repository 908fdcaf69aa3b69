"""T102: a time of day at which the exchange is closed."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.sentences import when_text
from rulekit.language.tree import TimeForm, When
from rulekit.language.words import clock_text, listing
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import every_rule
from rulekit.lint.sessions import Session, session_of
from rulekit.lint.subject import TREE, Subject

CODE = Code("T102", "outside-session", WARNING, "a time outside the exchange's session, so the rule never acts")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every time trigger that no session of the policy's exchanges reaches."""
    session = session_of(subject.tree)
    opens, closes = clock_text(session.opens), clock_text(session.closes)
    for rule in every_rule(subject.tree):
        for when in rule.times:
            if _never(when, session):
                yield Finding(
                    when.span,
                    f"`{when_text(when)}` lies outside the session of {listing(session.exchanges)},"
                    f" {opens} to {closes}: this rule never acts on an ordinary day",
                    f"write a time between {opens} and {closes}",
                )


def _never(when: When, session: Session) -> bool:
    if when.form is TimeForm.FROM_CLOCK:
        return when.value >= session.closes
    if when.form is TimeForm.BEFORE_CLOCK:
        return when.value <= session.opens
    outside = when.high < session.opens or when.value >= session.closes
    return when.form is TimeForm.BETWEEN_CLOCK and outside

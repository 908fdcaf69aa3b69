"""T106: a time at which the broker has taken over."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    when_text,
)
from rulekit.language.words import clock_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.sessions import Session, is_intraday, session_of
from rulekit.lint.subject import TREE, Subject
from rulekit.model.cautions import SQUARE_OFF_MINUTES
from rulekit.model.instant import MINUTE

CODE = Code("T106", "after-broker-square-off", WARNING, "an intraday rule at a time when the broker squares off")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every time of an intraday rule that begins when intraday positions are left to the broker."""
    if not is_intraday(subject.tree):
        return
    session = session_of(subject.tree)
    last = max(_takes_over(exchange, session) for exchange in session.exchanges)
    for rule in subject.tree.rules:
        for when in rule.times:
            begins = _begins(when, session)
            if begins is not None and last <= begins < session.closes:
                yield Finding(
                    when.span,
                    f"from {clock_text(last)} intraday positions are left to the broker, which squares them off:"
                    f" `{when_text(when)}` comes too late",
                    f"write a time well before {clock_text(last)}, for example `{clock_text(last - 5 * MINUTE)}`",
                )


def _takes_over(exchange: str, session: Session) -> int:
    return session.closes - SQUARE_OFF_MINUTES[exchange] * MINUTE


def _begins(when: t.When, session: Session) -> int | None:
    """Return the moment of the day from which a time trigger holds."""
    if when.form in (t.TimeForm.FROM_CLOCK, t.TimeForm.BETWEEN_CLOCK):
        return when.value
    return session.closes - when.value if when.form is t.TimeForm.BEFORE_CLOSE else None

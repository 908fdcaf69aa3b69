"""T102: a time of day at which the exchange is closed."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.sentences import when_text
from rulekit.language.tree import TimeForm, When
from rulekit.language.words import listing
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject
from rulekit.model import calendar_days
from rulekit.model.instant import HOUR, MINUTE

CODE = Code("T102", "outside-session", WARNING, "a time outside the exchange's session, so the rule never acts")
NEEDS = TREE

_HOME = "NSE"
"""The exchange that is meant where a policy names none."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every time trigger that no session of the policy's exchanges reaches."""
    exchanges = subject.tree.applies.exchanges or (_HOME,)
    opens = min(_hours(exchange)[0] for exchange in exchanges)
    closes = max(_hours(exchange)[1] for exchange in exchanges)
    for rule in subject.tree.rules:
        for when in rule.times:
            if _never(when, opens, closes):
                yield Finding(
                    when.span,
                    f"`{when_text(when)}` lies outside the session of {listing(exchanges)},"
                    f" {_shown(opens)} to {_shown(closes)}: this rule never acts on an ordinary day",
                    f"write a time between {_shown(opens)} and {_shown(closes)}",
                )


def _never(when: When, opens: int, closes: int) -> bool:
    if when.form is TimeForm.FROM_CLOCK:
        return when.value >= closes
    if when.form is TimeForm.BEFORE_CLOCK:
        return when.value <= opens
    return when.form is TimeForm.BETWEEN_CLOCK and (when.high < opens or when.value >= closes)


def _hours(exchange: str) -> tuple[int, int]:
    """Return the ordinary session in microseconds since midnight; for commodities the longest one of the year."""
    market = calendar_days.MARKETS[exchange]
    opens, closes = calendar_days.HOURS[market]
    if market == calendar_days.COMMODITY:
        closes = calendar_days.WINTER_CLOSE
    return _microseconds(opens), _microseconds(closes)


def _microseconds(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * HOUR + int(minutes) * MINUTE


def _shown(microseconds: int) -> str:
    return f"{microseconds // HOUR:02}:{microseconds % HOUR // MINUTE:02}"

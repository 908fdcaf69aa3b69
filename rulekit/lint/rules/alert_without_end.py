"""L108: an alert that nobody will read any more."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.words import duration_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject
from rulekit.model.instant import MINUTE

CODE = Code("L108", "alert-without-end", WARNING, "an alert that comes again within a minute, without end")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every alert that repeats within a minute, and has no `up to N times`."""
    for rule in subject.tree.rules:
        limit = rule.limit
        if not isinstance(rule.verb, t.Alert) or limit.times is not None or limit.every is None:
            continue
        if limit.every_unit is t.Unit.DURATION and limit.every < MINUTE:
            yield Finding(
                limit.span,
                f"as long as this holds, it is told every {duration_text(limit.every)}, for each position",
                "say how often at most, or less often: `up to 3 times every 5 minutes`",
            )

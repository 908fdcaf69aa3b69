"""L102: a time shorter than a cycle."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.words import duration_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import all_lastings
from rulekit.lint.subject import TREE, Subject
from rulekit.model.instant import SECOND

CODE = Code("L102", "shorter-than-cycle", WARNING, "a time shorter than the engine looks at a position")
NEEDS = TREE


CYCLE = 10 * SECOND
"""How often a position is looked at, unless it was set otherwise."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every `every`, every `for` and every age above nothing that is shorter than a cycle."""
    for rule in subject.tree.rules:
        limit = rule.limit
        if limit.every is not None and limit.every_unit is t.Unit.DURATION and limit.every < CYCLE:
            yield _short(limit.span, limit.every)
        for when in rule.times:
            if when.form is t.TimeForm.AGE and when.unit is t.Unit.DURATION and 0 < when.value < CYCLE:
                yield _short(when.span, when.value)
    for lasting in all_lastings(subject.tree):
        if lasting.length.unit is t.Unit.DURATION and lasting.length.value < CYCLE:
            yield _short(lasting.span, int(lasting.length.value))


def _short(span: t.Span, length: int) -> Finding:
    return Finding(
        span,
        f"a position is looked at every {duration_text(CYCLE)}, so {duration_text(length)} cannot be told from"
        f" {duration_text(CYCLE)}",
        f"write at least `{duration_text(CYCLE)}`; `cycle_s` in rulekit.toml says how often a position is looked at",
    )

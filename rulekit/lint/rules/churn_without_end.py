"""Q203: a book and an add that take turns again and again, at one price or as it comes and goes."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.proofs import proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.turns import churns

CODE = Code("Q203", "churn-without-end", WARNING, "a book and an add that take turns, and nothing bounds how often")
NEEDS = PROOF


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every add without a bound that can hold together with a book without a bound."""
    yield from within_budget(proofs_of(subject.tree), churns)

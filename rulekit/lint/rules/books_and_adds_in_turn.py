"""Q202: a book and an add that hold at the same moment: what is sold is partly bought back."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.proofs import proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.turns import turns

CODE = Code("Q202", "books-and-adds-in-turn", INFO, "a book and an add that hold at once: sold, then bought again")
NEEDS = PROOF


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every add that can hold together with a book, where something bounds how often."""
    yield from within_budget(proofs_of(subject.tree), turns)

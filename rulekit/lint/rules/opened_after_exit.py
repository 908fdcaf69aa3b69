"""C202: an exit of everything after which positions may be opened again, and stay open."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.lint.book_rules import opened_again
from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.proofs import proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.whole_book import BookProofs

CODE = Code("C202", "opened-after-exit", INFO, "everything is exited, and nothing stops trading")
NEEDS = PROOF


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every exit of the whole book by its figures, beside which nothing stops trading or adding."""
    yield from within_budget(proofs_of(subject.tree), lambda proofs: opened_again(BookProofs(proofs)))

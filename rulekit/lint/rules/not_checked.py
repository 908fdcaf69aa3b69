"""R209: proofs that were not carried out, and why."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.lint.finding import INFO, NOT_CHECKED, Code, Finding
from rulekit.lint.proofs import Proof, Proofs, proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject

CODE = Code("R209", "not-checked", INFO, "a proof that was not carried out")
NEEDS = PROOF


def find(subject: Subject) -> Iterator[Finding]:
    """Yield what other proofs of this policy left open; it is the last of them."""
    proofs = proofs_of(subject.tree)
    yield from within_budget(proofs, _every_region)
    for span, message, help in dict.fromkeys(proofs.left_open):
        yield Proof(span, message, help, (), NOT_CHECKED)


def _every_region(proofs: Proofs) -> Iterator[Proof]:
    """Ask for what all proofs rest on, so that what is too much is told even where no other proof is asked for."""
    for rule in proofs.tree.rules:
        proofs.region(rule)
    yield from ()

"""R209: proofs that were not carried out, and why."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.lint.finding import INFO, NOT_CHECKED, Code, Finding
from rulekit.lint.proofs import Proof, proofs_of
from rulekit.lint.subject import PROOF, Subject

CODE = Code("R209", "not-checked", INFO, "a proof that was not carried out")
NEEDS = PROOF


def find(subject: Subject) -> Iterator[Finding]:
    """Yield what other proofs of this policy left open; it is the last of them."""
    proofs = proofs_of(subject.tree)
    for span, message, help in dict.fromkeys(proofs.left_open):
        yield Proof(span, message, help, (), NOT_CHECKED)

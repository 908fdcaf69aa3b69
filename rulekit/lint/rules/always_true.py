"""R204: a condition that is never false."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.tree import Rule
from rulekit.lint.book_rules import always_holds
from rulekit.lint.finding import PROVED, WARNING, Code, Finding
from rulekit.lint.meaning import Part
from rulekit.lint.proofs import Proof, Proofs, proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.whole_book import BookProofs

CODE = Code("R204", "always-true", WARNING, "a condition that is never false, so that it holds nothing back")
NEEDS = PROOF
SAID_BY = ("R102", "R106", "T113", "R103")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every part of a rule that no position makes false."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    for rule in proofs.tree.rules:
        if not proofs.region(rule):
            continue
        for part in proofs.meaning.parts[rule.name]:
            if part.text and not proofs.meaning.can_fail(part.term):
                yield from _proof(proofs, rule, part)
    yield from always_holds(BookProofs(proofs))


def _proof(proofs: Proofs, rule: Rule, part: Part) -> Iterator[Proof]:
    shown = proofs.find(proofs.region(rule), lambda each: proofs.holds(rule, each) is True)
    if shown is None:
        return
    needs = proofs.meaning.less(proofs.meaning.world, proofs.meaning.true(part.term))
    known = " wherever its facts are known" if needs else ""
    yield Proof(
        part.span,
        f"`{part.text}` is always true{known}, so it holds nothing back",
        "look at its numbers and directions (`and` or `or`?), or leave it out",
        (),
        PROVED,
        (f"it holds here as everywhere: {proofs.text(shown)}",),
        shown,
        proofs.decide(shown).actions,
        (rule.name,),
    )

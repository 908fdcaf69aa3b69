"""R206: a part of a rule that its other parts ask for already."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.tree import Rule
from rulekit.lint.finding import INFO, PROVED, Code, Finding
from rulekit.lint.meaning import Part
from rulekit.lint.proofs import Proof, Proofs, proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject

CODE = Code("R206", "superfluous-part", INFO, "a part of a rule that its other parts ask for already")
NEEDS = PROOF
SAID_BY = ("R104", "R102", "T113")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every part that is true whenever another part of its rule is; of two that say the same the later one."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    for rule in proofs.tree.rules:
        parts = [part for part in proofs.meaning.parts[rule.name] if part.text]
        if len(parts) < 2 or rule.is_ladder or not proofs.region(rule):
            continue
        kept = list(parts)
        for part in reversed(parts):
            asks = next((other for other in kept if other is not part and _implies(proofs, other, part)), None)
            if asks is not None:
                kept.remove(part)
                yield from _proof(proofs, rule, part, asks)


def _implies(proofs: Proofs, other: Part, part: Part) -> bool:
    """Tell whether one part is true wherever another is, and is not so everywhere."""
    meaning = proofs.meaning
    if not meaning.less(meaning.world, meaning.true(part.term)) or not proofs.share_axes(other, part):
        return False
    return not meaning.less(meaning.all_of(other.term), meaning.true(part.term))


def _proof(proofs: Proofs, rule: Rule, part: Part, asks: Part) -> Iterator[Proof]:
    shown = proofs.find(proofs.region(rule), lambda each: proofs.holds(rule, each) is True)
    if shown is None:
        return
    yield Proof(
        part.span,
        f"`{part.text}` adds nothing: where `{asks.text}` holds, it holds too",
        "leave it out, or ask for more by it",
        ((asks.span, "asks for as much or more"),),
        PROVED,
        (f"both hold here, and wherever `{asks.text}` does: {proofs.text(shown)}",),
        shown,
        proofs.decide(shown).actions,
        (rule.name,),
    )

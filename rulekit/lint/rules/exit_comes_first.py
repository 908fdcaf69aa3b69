"""R202: a rule whose turn never comes, because another one closes the position whenever it would act."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.tree import Add, Book, LockIn, MoveStop, Rule, TightenStopBy, TrailStop
from rulekit.lint.finding import PROVED, WARNING, Code, Finding
from rulekit.lint.proofs import Proof, Proofs, closes_all, proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.telling import looks_told, named
from rulekit.lint.witness import Witness
from rulekit.model.decision import EXIT

CODE = Code("R202", "exit-comes-first", WARNING, "a rule that never acts, because the position is closed before")
NEEDS = PROOF
SAID_BY = ("T112",)

_SILENCED = (Book, Add, MoveStop, TightenStopBy, TrailStop, LockIn)
"""What is not done beside an exit: other orders, and moves of the stop."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every rule that holds only where a rule with an earlier turn closes everything."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    for rule in proofs.tree.rules:
        if closes_all(rule) or not isinstance(rule.verb, _SILENCED):
            continue
        region = proofs.region(rule)
        first = proofs.covering(region, proofs.goes_first(rule))
        if region and first:
            yield from _proof(proofs, rule, first)


def _closes(proofs: Proofs, shown: Witness) -> bool:
    """Tell whether the first look closes the position."""
    return any(action.kind == EXIT for action in proofs.decide(shown).actions)


def _proof(proofs: Proofs, rule: Rule, first: list[Rule]) -> Iterator[Proof]:
    shown = proofs.find(proofs.region(rule), lambda each: proofs.holds(rule, each) is True and _closes(proofs, each))
    if shown is None:
        return
    looks = proofs.play(shown)
    yield Proof(
        rule.span,
        f"whenever this rule would act, {named(first, 'or')} closes the position first, so it never acts",
        "let it begin earlier than the exit, or delete it",
        tuple((other.span, "closes the position") for other in first),
        PROVED,
        (proofs.text(shown), *looks_told(looks)),
        shown,
        looks[0].decision.actions,
        (rule.name, *(other.name for other in first)),
    )

"""S201: a stop that the market has never passed when its rule holds."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.sentences import price_text
from rulekit.language.tree import MoveStop, Rule
from rulekit.lint.finding import PROVED, WARNING, Code, Finding
from rulekit.lint.proofs import Proof, Proofs, proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject

CODE = Code("S201", "stop-never-set", WARNING, "a stop on the wrong side of the price whenever its rule holds")
NEEDS = PROOF
SAID_BY = ("S104",)


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every stop whose price lies at the market or beyond it wherever its rule holds."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    for rule in proofs.of(MoveStop):
        passed = proofs.meaning.passed[rule.name]
        region = proofs.region(rule)
        if passed is not None and region and not proofs.meet(region, proofs.meaning.true(passed)):
            yield from _proof(proofs, rule)


def _proof(proofs: Proofs, rule: Rule) -> Iterator[Proof]:
    assert isinstance(rule.verb, MoveStop)
    shown = proofs.find(
        proofs.open(rule), lambda each: proofs.holds(rule, each) is True and rule.name in proofs.decide(each).skipped
    )
    if shown is None:
        return
    decision = proofs.decide(shown)
    reason = next((each.because for each in decision.passed_over if each.rule == rule.name), "")
    yield Proof(
        rule.verb.price.span,
        f"whenever this rule holds, `{price_text(rule.verb.price)}` is at the market or beyond it: no stop is ever set",
        "put the stop where the price has been already, or let the rule hold further in profit",
        (),
        PROVED,
        (proofs.text(shown), f"`{rule.name}`: {reason}"),
        shown,
        decision.actions,
        (rule.name,),
    )

"""S203: a stop that is brought nearer by a share, where no rule has set one before."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.tree import LockIn, MoveStop, Rule, TightenStopBy, TrailStop
from rulekit.lint.before import can_follow
from rulekit.lint.finding import INFO, PROVED, Code, Finding
from rulekit.lint.proofs import Proof, Proofs, proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject

CODE = Code("S203", "nothing-to-tighten", INFO, "a stop is tightened by a share, and no rule has set one before")
NEEDS = PROOF


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every `tighten stop by` before which no rule of the policy can have set a stop."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    setting = proofs.of(MoveStop, TrailStop, LockIn)
    for rule in proofs.of(TightenStopBy):
        region = proofs.region(rule)
        if region and not any(can_follow(proofs.meaning, region, proofs.setting(other)) for other in setting):
            yield from _proof(proofs, rule, setting)


def _proof(proofs: Proofs, rule: Rule, setting: list[Rule]) -> Iterator[Proof]:
    shown = proofs.find(
        proofs.region(rule),
        lambda each: (
            proofs.holds(rule, each) is True
            and all(name not in ("stop", "initial stop") for name, _ in each.facts)
            and all(action.rule != rule.name for action in proofs.decide(each).actions)
        ),
    )
    if shown is None:
        return
    yield Proof(
        rule.span,
        "no rule sets a stop before this one: it tightens only a stop that the position comes with",
        "set one first, for example `move stop to 5% loss`",
        tuple((other.span, "sets one later, or for other positions") for other in setting),
        PROVED,
        (proofs.text(shown), f"without a stop `{rule.name}` does nothing"),
        shown,
        proofs.decide(shown).actions,
        (rule.name, *(other.name for other in setting)),
    )

"""The finding that other rules leave one nothing to do, with a position on which it holds and they act."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rulekit.language.tree import Rule
from rulekit.lint.finding import PROVED
from rulekit.lint.history import Need
from rulekit.lint.proofs import Proof, Proofs
from rulekit.lint.regions import Region
from rulekit.lint.telling import looks_told
from rulekit.lint.witness import Witness


def outdone(
    proofs: Proofs,
    rule: Rule,
    others: list[Rule],
    accept: Callable[[Witness], bool],
    *,
    message: str,
    help: str,
    what: str,
    region: Region | None = None,
    status: str = PROVED,
) -> Iterator[Proof]:
    """Yield the finding about a rule, if a position shows it.

    Args:
        accept: whether a position on which the rule holds shows it.
        what: said at each of the other rules. region: where to look for the position, instead of the rule's own.
    """
    shown = proofs.find(
        proofs.region(rule) if region is None else region,
        lambda each: proofs.holds(rule, each) is True and accept(each),
    )
    if shown is None:
        return
    looks = proofs.play(shown)
    yield Proof(
        rule.span,
        message,
        help,
        tuple((other.span, what) for other in others),
        status,
        (proofs.text(shown), *looks_told(looks)),
        shown,
        looks[0].decision.actions,
        (rule.name, *(other.name for other in others)),
    )


def at_need(proofs: Proofs, need: Need, accept: Callable[[Witness], bool]) -> Witness | None:
    """Return a position at an earlier look that must have been, if one shows what is asked."""
    return proofs.find(proofs.meet(proofs.meaning.world, need.region), accept)


def outdone_before(
    proofs: Proofs,
    rule: Rule,
    others: list[Rule],
    wanted: Witness,
    shown: Witness,
    *,
    message: str,
    help: str,
    what: str,
    status: str,
) -> Proof:
    """Return the finding that what others did at an earlier look leaves a rule nothing to do.

    Args:
        wanted: a position on which it would hold. shown: a position at that earlier look.
    """
    looks = proofs.play(shown)[:1]
    return Proof(
        rule.span,
        message,
        help,
        tuple((other.span, what) for other in others),
        status,
        (f"it would need: {proofs.text(wanted)}", f"but before: {proofs.text(shown)}", *looks_told(looks)),
        shown,
        looks[0].decision.actions,
        (rule.name, *(other.name for other in others)),
        by_then=True,
    )

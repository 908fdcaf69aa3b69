"""R202: a rule whose turn never comes, because another one closes the position whenever it would act, or before."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from attrs import evolve

from rulekit.compile.program import times_allowed
from rulekit.language.tree import Add, Book, Exit, LockIn, MoveStop, Rule, TightenStopBy, TrailStop
from rulekit.lint.finding import POSSIBLE, PROVED, WARNING, Code, Finding
from rulekit.lint.history import needs
from rulekit.lint.outdone import at_need, outdone, outdone_before
from rulekit.lint.pathfinding import Step
from rulekit.lint.proofs import Proof, Proofs, closes_all, proofs_of, within_budget
from rulekit.lint.solver import INSTALL, installed
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.telling import named
from rulekit.lint.unrolled import always_judged, holds_after, rests_on_best
from rulekit.lint.witness import Witness
from rulekit.lint.world import gain
from rulekit.model.decision import EXIT

CODE = Code("R202", "exit-comes-first", WARNING, "a rule that never acts, because the position is closed before")
NEEDS = PROOF
SAID_BY = ("T112", "T107", "L106")

_LATER = "let it begin earlier, or let the exit wait for something"
_SILENCED = (Book, Add, MoveStop, TightenStopBy, TrailStop, LockIn)
"""What is not done beside an exit: other orders, and moves of the stop."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every rule that holds only where a rule with an earlier turn closes everything, at that look or before."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    for rule in proofs.tree.rules:
        region = proofs.region(rule)
        if not region or not isinstance(rule.verb, (*_SILENCED, Exit)):
            continue
        silenced = isinstance(rule.verb, _SILENCED) and not closes_all(rule)
        first = proofs.covering(region, proofs.goes_first(rule)) if silenced else []
        if first:
            yield from outdone(
                proofs,
                rule,
                first,
                lambda each: _closes(proofs, each),
                message=f"whenever this rule would act, {named(first, 'or')} closes the position first,"
                " so it never acts",
                help="let it begin earlier than the exit, or delete it",
                what="closes the position",
            )
        else:
            yield from _by_then(proofs, rule)


def _closes(proofs: Proofs, shown: Witness) -> bool:
    """Tell whether the first look closes the position."""
    return any(action.kind == EXIT for action in proofs.decide(shown).actions)


# --- by what was before ----------------------------------------------------------------------------------------


def _by_then(proofs: Proofs, rule: Rule) -> Iterator[Proof]:
    """Yield that a position never lives to see a rule, for an earlier look at which it must have been was its last."""
    exits = [other for other in proofs.closing if isinstance(other.verb, Exit) and other is not rule]
    turns = proofs.goes_first(rule)
    for need in needs(proofs, rule):
        # The best price may be that of this very look, at which the first in the file has its turn.
        first = proofs.covering(need.region, [other for other in exits if need.sure or other in turns])
        if not first:
            continue
        wanted, shown = proofs.example_of(rule), at_need(proofs, need, lambda each: _closes(proofs, each))
        if wanted is None or shown is None:
            continue
        yield outdone_before(
            proofs,
            rule,
            first,
            wanted,
            shown,
            message=f"before this rule can hold, {need.what}: by then {named(first, 'or')} has closed the position,"
            " so it never acts",
            help=_LATER,
            what="closes the position before",
            status=PROVED if need.sure else POSSIBLE,
        )
        return
    judged = [other for other in exits if other in turns and always_judged(proofs.meaning, other)]
    yield from _by_arithmetic(proofs, rule, judged)


def _by_arithmetic(proofs: Proofs, rule: Rule, exits: list[Rule]) -> Iterator[Proof]:
    """Yield the same for what the best price ties to the profit it was; asked only where no path is found."""
    meaning = proofs.meaning
    if not exits or not rests_on_best(meaning, rule) or any(proofs.acts(add) for add in proofs.of(Add)):
        return
    gained = proofs.meaning.less(proofs.meet(meaning.world, gain(meaning.axes)), proofs.closed)
    if proofs.walk(rule) is not None or proofs.walk(Step(gained), rule) is not None:
        return
    if not installed():
        proofs.left_open.append((rule.span, f"whether `{rule.name}` can come before an exit was not proved", INSTALL))
        return
    alone = all((book is rule and times_allowed(book) == 1) or not proofs.acts(book) for book in proofs.of(Book))
    if holds_after(meaning, rule, exits, same_size=alone) is False:
        yield from _at_its_best(proofs, rule)


def _at_its_best(proofs: Proofs, rule: Rule) -> Iterator[Proof]:
    """Show the exit at the best price of a position on which the rule holds."""
    wanted = proofs.example_of(rule)
    best = None if wanted is None else dict(wanted.facts).get("best price")
    if wanted is None or not isinstance(best, Fraction):
        return
    facts = tuple(pair for pair in wanted.facts if pair[0] != "best price")
    shown = evolve(wanted, price=best, facts=facts)
    exits = [action.rule for action in proofs.decide(shown).actions if action.kind == EXIT]
    first = [rule for rule in proofs.tree.rules if rule.name in exits]
    if first:
        yield outdone_before(
            proofs,
            rule,
            first,
            wanted,
            shown,
            message=f"before this rule can hold, the price must have been at its best: by then {named(first, 'or')} has"
            " closed the position, so it never acts",
            help=_LATER,
            what="closes the position before",
            status=POSSIBLE,
        )

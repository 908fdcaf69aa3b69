"""C201: losing positions for which the policy does nothing, however large the loss."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.tree import MoveStop, PriceAtProfit, PriceFact, Rule, TrailStop, Unit
from rulekit.lint.atoms import familiar
from rulekit.lint.axes import TruthAxis
from rulekit.lint.finding import INFO, PROVED, Code, Finding
from rulekit.lint.proofs import Proof, Proofs, closes_all, proofs_of, within_budget
from rulekit.lint.regions import Region
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.telling import named, region_told
from rulekit.lint.world import all_known, deep_loss

CODE = Code("C201", "unprotected-loss", INFO, "losing positions for which no rule exits or sets a stop")
NEEDS = PROOF

LEAST_RULES = 4
"""Fewer sentences are no plan for a whole position, and promise nothing about its losses."""
_BOXES, _TRIED = 6, 16
"""How many parts of the region are tried, and how many positions in each."""
_LOSS: dict[Hashable, Fraction] = {("profit", Unit.PERCENT): Fraction(-10)}


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the region of losing positions that no rule closes and for which none sets a stop, with one of them."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    rules = proofs.tree.rules
    if len(rules) < LEAST_RULES or any(_ends_everything(rule) for rule in proofs.tree.book):
        return
    guards = [rule for rule in rules if _guards(rule) and not rule.is_for_missing_data]
    losing = proofs.meet(proofs.meaning.world, deep_loss(proofs.meaning.axes))
    if proofs.tree.missing_data == "exit":
        losing = proofs.meet(losing, all_known(proofs.meaning.axes))
    left = proofs.meaning.less(losing, *(_sooner_or_later(proofs, rule) for rule in guards))
    for box in sorted(left, key=len)[:_BOXES]:
        shown = proofs.find((box,), lambda each: each.gain < 0 and not proofs.decide(each).actions, _LOSS, _TRIED)
        if shown is not None:
            near = [rule for rule in guards if proofs.meet(proofs.region(rule), losing)]
            yield Proof(
                rules[0].span,
                _message(proofs, (box,), near),
                "add `exit at 5% loss`, or `move stop to 5% loss`; or see to it that every position comes with a stop",
                tuple((rule.span, "acts on some losing positions only") for rule in near),
                PROVED,
                (proofs.text(shown), "the policy does nothing"),
                shown,
            )
            return


def _ends_everything(rule: Rule) -> bool:
    """Tell whether a rule for the whole book closes every position, whichever of them loses."""
    return isinstance(rule.verb, t.WholeBook) and t.BookAction.EXIT_EVERYTHING in rule.verb.actions


def _sooner_or_later(proofs: Proofs, rule: Rule) -> Region:
    """Return where a guard acts once what it waits for has lasted, or been crossed."""
    waits = {place for place, axis in enumerate(proofs.meaning.axes.axes) if isinstance(axis, TruthAxis)}
    return tuple({place: mask for place, mask in box.items() if place not in waits} for box in proofs.region(rule))


def _message(proofs: Proofs, region: Region, near: list[Rule]) -> str:
    exits = [rule for rule in near if closes_all(rule)]
    nothing = "no rule exits a losing position or sets a stop for it"
    where = region_told(proofs.meaning.axes, region[0], ("profit",))
    if not near:
        return f"{nothing}, however large the loss"
    if where:
        return f"{nothing} while {where}, however large the loss"
    return f"{nothing} where {named(exits or near, 'and')} does not hold, however large the loss"


def _guards(rule: Rule) -> bool:
    """Tell whether a rule closes a losing position, or may set a stop for it, where it holds."""
    if closes_all(rule):
        return True
    if not familiar(rule):
        return not isinstance(rule.verb, t.Book | t.Add)
    if isinstance(rule.verb, MoveStop):
        return _behind_a_loser(rule.verb.price)
    return isinstance(rule.verb, TrailStop)


def _behind_a_loser(price: t.PriceExpr) -> bool:
    """Tell whether a stop at a price may stand on the losing side of a position that loses."""
    base, offset = price.base, price.offset
    if isinstance(base, PriceAtProfit):
        return base.value < 0
    at_entry = isinstance(base, PriceFact) and base.name in ("entry", "break-even")
    return not at_entry or (offset is not None and not price.towards_profit)

"""Q204: shares that come to less than one lot for a small position."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

from attrs import evolve

from rulekit.language.sentences import amount_text
from rulekit.language.tree import Add, AmountKind, Book, Rule
from rulekit.lint.finding import INFO, PROVED, Code, Finding
from rulekit.lint.proofs import Proof, Proofs, closes_all, proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.witness import Witness

CODE = Code("Q204", "rounds-to-nothing", INFO, "a share that comes to nothing for a small position")
NEEDS = PROOF

_IN_LOTS = ("NFO", "BFO", "CDS", "MCX")
_LOTTED = ("future", "option", "currency", "commodity")
_A_LOT = 75
_SMALL = Fraction(5)
"""A share of fewer percent than this needs many shares; larger ones round to nothing only where a few are held."""
_SHARES = (AmountKind.PERCENT_HELD, AmountKind.PERCENT_ORIGINAL)


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the first share of a policy that one lot is too little for; for equity, one that needs many shares."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    lots = _in_lots(proofs)
    small = [rule for rule in proofs.of(Book, Add) if not closes_all(rule) and _share(rule) and proofs.acts(rule)]
    if not lots:
        small = [rule for rule in small if (_share(rule) or 0) < _SMALL]
    for place, rule in enumerate(small):
        found = _proof(proofs, rule, small[place + 1 :], lots)
        if found is not None:
            yield found
            return


def _in_lots(proofs: Proofs) -> bool:
    """Tell whether a policy is for instruments only that trade in lots."""
    applies = proofs.tree.applies
    by_place = bool(applies.exchanges) and all(each in _IN_LOTS for each in applies.exchanges)
    return by_place or (bool(applies.kinds) and all(each in _LOTTED for each in applies.kinds))


def _share(rule: Rule) -> Fraction | None:
    """Return a rule's amount in percent, None if it is no share."""
    assert isinstance(rule.verb, Book | Add)
    amount = rule.verb.amount
    return amount.value if amount.kind in _SHARES and amount.value < 100 else None


def _proof(proofs: Proofs, rule: Rule, others: list[Rule], lots: bool) -> Proof | None:
    share = _share(rule) or Fraction(100)
    needed = ceil(100 / share)

    def smaller(each: Witness) -> Witness:
        return evolve(each, quantity=_A_LOT, lot=_A_LOT) if lots else evolve(each, quantity=needed - 1)

    def nothing(each: Witness) -> bool:
        small = smaller(each)
        return proofs.holds(rule, small) is True and rule.name in proofs.decide(small).skipped

    found = proofs.find(proofs.open(rule), nothing)
    if found is None:
        return None
    shown = smaller(found)
    decision = proofs.decide(shown)
    reason = next(each.because for each in decision.passed_over if each.rule == rule.name)
    text = amount_text(rule.verb.amount)  # type: ignore[union-attr]
    unit = "lots" if lots else "shares"
    return Proof(
        rule.verb.amount.span,  # type: ignore[union-attr]
        f"`{text}` comes to nothing for a position of fewer than {needed} {unit}",
        "quantities round down to the lot; write `1 lot`, or `everything`, for small positions"
        if lots
        else "quantities round down; say it in shares for small positions",
        tuple((other.span, "the same may happen here") for other in others),
        PROVED,
        (proofs.text(shown), f"`{rule.name}`: {reason}"),
        shown,
        decision.actions,
        (rule.name,),
    )

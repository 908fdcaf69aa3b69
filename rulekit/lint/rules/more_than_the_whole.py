"""Q205: shares of the original that add up to more than all of it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.compile.program import times_allowed
from rulekit.language.tree import AmountKind, Book, Rule
from rulekit.language.words import number_text
from rulekit.lint.finding import PROVED, WARNING, Code, Finding
from rulekit.lint.path import Walk
from rulekit.lint.proofs import Proof, Proofs, closes_all, proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.telling import named, walk_told

CODE = Code("Q205", "more-than-the-whole", WARNING, "shares of the original that add up to more than all of it")
NEEDS = PROOF
SAID_BY = ("Q108", "Q109")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield books of the original that can all come, at once or one after another, and are more than there is."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    rules = [rule for rule in proofs.of(Book) if _counts(rule) and proofs.acts(rule)]
    together: list[Rule] = []
    for rule in rules:
        if proofs.open(*together, rule):
            together.append(rule)
    for group in (together, rules, rules[::-1]):
        plan = _firings(group)
        walk = proofs.walk(*plan) if plan else None
        if walk is not None:
            yield _proof(proofs, [rule for rule in rules if rule in plan], walk)
            return


def _counts(rule: Rule) -> bool:
    """Tell whether a rule books a share of the original, so many times at most."""
    assert isinstance(rule.verb, Book)
    original = rule.verb.amount.kind is AmountKind.PERCENT_ORIGINAL
    return original and not closes_all(rule) and times_allowed(rule) is not None


def _share(rule: Rule) -> Fraction:
    assert isinstance(rule.verb, Book)
    return rule.verb.amount.value


def _firings(group: list[Rule]) -> list[Rule]:
    """List the firings in order until they are written for more than the whole; none if they never are."""
    plan: list[Rule] = []
    for rule in group:
        for _ in range(times_allowed(rule) or 1):
            plan.append(rule)
            if sum(map(_share, plan)) > 100:
                return plan
    return []


def _written(group: list[Rule]) -> Fraction:
    """Add up what all firings of the rules are written for, in percent."""
    return sum((_share(rule) * (times_allowed(rule) or 1) for rule in group), Fraction(0))


def _proof(proofs: Proofs, group: list[Rule], walk: Walk) -> Proof:
    who = "this rule is" if len(group) == 1 else f"{named(group)} are together"
    return Proof(
        group[0].span,
        f"{who} written for {number_text(_written(group))}% of the original: the last one closes less than it says",
        "let the shares add up to 100%, or write `up to 100%`",
        tuple((rule.span, "counts too") for rule in group[1:]),
        PROVED,
        (proofs.text(walk.path.start), *walk_told(walk, proofs.vocabulary, stops=False)),
        walk.path.start,
        walk.looks[0].decision.actions,
        tuple(rule.name for rule in group),
        path=walk.path,
    )

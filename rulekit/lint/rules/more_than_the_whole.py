"""Q205: shares of the original that add up to more than all of it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from fractions import Fraction

from rulekit.compile.program import times_allowed
from rulekit.language.tree import AmountKind, Book, Level, Rule
from rulekit.language.words import number_text
from rulekit.lint.finding import PROVED, WARNING, Code, Finding
from rulekit.lint.proofs import Proof, Proofs, closes_all, proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.telling import looks_told, named

CODE = Code("Q205", "more-than-the-whole", WARNING, "shares of the original that add up to more than all of it")
NEEDS = PROOF
SAID_BY = ("Q108", "Q109")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield books of the original that can all come and are written for more than there is."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    group: list[Rule] = []
    for rule in proofs.of(Book):
        if closes_all(rule) or not _of_original(rule) or times_allowed(rule) is None:
            continue
        if proofs.acts(rule) and proofs.open(*group, rule):
            group.append(rule)
    if group and _written(group) > 100:
        yield from _proof(proofs, group)


def _of_original(rule: Rule) -> bool:
    return isinstance(rule.verb, Book) and rule.verb.amount.kind is AmountKind.PERCENT_ORIGINAL


def _written(group: list[Rule]) -> Fraction:
    """Add up what all firings of the rules are written for, in percent."""
    total = Fraction(0)
    for rule in group:
        assert isinstance(rule.verb, Book)
        total += rule.verb.amount.value * (times_allowed(rule) or 1)
    return total


def _last_rungs(group: list[Rule]) -> dict[Hashable, Fraction]:
    """Return profits so large that every rung of a ladder is reached."""
    rungs: dict[Hashable, Fraction] = {}
    for rule in group:
        if isinstance(rule.level, Level) and rule.is_ladder:
            key, last = ("profit", rule.level.unit), rule.level.value * (times_allowed(rule) or 1)
            sign = 1 if rule.level.profit else -1
            rungs[key] = sign * max(last, abs(rungs.get(key, Fraction(0))))
    return rungs


def _proof(proofs: Proofs, group: list[Rule]) -> Iterator[Proof]:
    shown = proofs.find(
        proofs.open(*group), lambda each: all(proofs.holds(rule, each) is True for rule in group), _last_rungs(group)
    )
    if shown is None:
        return
    looks = proofs.play(shown)
    who = "this rule is" if len(group) == 1 else f"{named(group)} are together"
    yield Proof(
        group[0].span,
        f"{who} written for {number_text(_written(group))}% of the original: the last one closes less than it says",
        "let the shares add up to 100%, or write `up to 100%`",
        tuple((rule.span, "counts too") for rule in group[1:]),
        PROVED,
        (proofs.text(shown), *looks_told(looks, stops=False)),
        shown,
        looks[0].decision.actions,
        tuple(rule.name for rule in group),
    )

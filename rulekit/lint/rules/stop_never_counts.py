"""S202: a stop rule that another one always outdoes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.sentences import rule_sentence
from rulekit.language.tree import MoveStop, Rule, Unit
from rulekit.lint.finding import POSSIBLE, PROVED, WARNING, Code, Finding
from rulekit.lint.proofs import Proof, Proofs, always_free, proofs_of, within_budget
from rulekit.lint.regions import Region
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.telling import looks_told

CODE = Code("S202", "stop-never-counts", WARNING, "a stop rule that another one always outdoes, so it moves nothing")
NEEDS = PROOF
SAID_BY = ("S105",)

Level = tuple[str, Unit, Fraction]
"""What a stop is measured from, in which unit, and how far towards profit."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every stop rule beside which another one sets a stop as tight or tighter."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    stops = [(rule, level) for rule in proofs.of(MoveStop) if (level := _level(rule)) is not None]
    for place, (rule, level) in enumerate(stops):
        region = _acting(proofs, rule)
        if not region:
            continue
        for other_place, (other, better) in enumerate(stops):
            tighter = better[:2] == level[:2] and (
                better[2] > level[2] or (better[2] == level[2] and other_place < place)
            )
            same = rule_sentence(other) == rule_sentence(rule)
            if not tighter or same or not _unbounded(other):
                continue
            if not proofs.meaning.less(region, _acting(proofs, other)):
                yield from _proof(proofs, rule, other, region)
                break


def _level(rule: Rule) -> Level | None:
    """Return where a stop stands, if it is a plain distance from the entry or the price."""
    assert isinstance(rule.verb, MoveStop)
    base, offset = rule.verb.price.base, rule.verb.price.offset
    if isinstance(base, t.PriceAtProfit):
        return ("entry", base.unit, base.value) if offset is None else None
    if not isinstance(base, t.PriceFact) or base.name not in ("entry", "break-even", "price"):
        return None
    if offset is None:
        return None if base.name == "price" else (base.name, Unit.PERCENT, Fraction(0))
    if offset.window is not None:
        return None
    return base.name, offset.unit, offset.value if rule.verb.price.towards_profit else -offset.value


def _acting(proofs: Proofs, rule: Rule) -> Region:
    """Return where a stop rule sets its stop; one that is measured from the price does so wherever it holds."""
    passed = proofs.meaning.passed[rule.name]
    region = proofs.region(rule)
    return region if passed is None else proofs.meet(region, proofs.meaning.true(passed))


def _unbounded(rule: Rule) -> bool:
    return always_free(rule) and rule.limit.times is None


def _proof(proofs: Proofs, rule: Rule, other: Rule, region: Region) -> Iterator[Proof]:
    shown = proofs.find(
        proofs.meaning.less(region, proofs.closed),
        lambda each: (
            proofs.holds(rule, each) is True and any(one.rule == other.name for one in proofs.decide(each).actions)
        ),
    )
    if shown is None:
        return
    level, better = _level(rule), _level(other)
    sure = level == better or (level is not None and level[0] != "break-even")  # charges can put the other one off
    looks = proofs.play(shown)
    yield Proof(
        rule.span,
        f"whenever this rule would move the stop, `{other.name}` moves it as far or further, so it never counts",
        "make it tighter, let it begin earlier, or delete it",
        ((other.span, "always at least as tight"),),
        PROVED if sure else POSSIBLE,
        (proofs.text(shown), *looks_told(looks)),
        shown,
        looks[0].decision.actions,
        (rule.name, other.name),
    )

"""S202: a stop rule that another one always outdoes, at the same look or at an earlier one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.sentences import rule_sentence
from rulekit.language.tree import LockIn, MoveStop, Rule, TrailStop, Unit
from rulekit.lint.finding import POSSIBLE, PROVED, WARNING, Code, Finding
from rulekit.lint.history import Need, bookings, needs
from rulekit.lint.outdone import at_need, outdone, outdone_before
from rulekit.lint.proofs import Proof, Proofs, always_free, proofs_of, within_budget
from rulekit.lint.regions import Region
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.witness import Witness

CODE = Code("S202", "stop-never-counts", WARNING, "a stop rule that another one always outdoes, so it moves nothing")
NEEDS = PROOF
SAID_BY = ("S105",)

Level = tuple[str, Unit, Fraction]
"""What a stop is measured from, in which unit, and how far towards profit."""
_FOLLOWING = frozenset(("price", "best price"))
"""Measured from the price at each look, or from the best of them: a stop only tightens, so it comes to the same."""
_STEADY = (Unit.PERCENT, Unit.POINTS, Unit.RUPEES, Unit.TICKS)
"""Distances that are the same at every look, but for the price they are measured from."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every stop rule beside which, or before which, another one sets a stop as tight or tighter."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    stops = [(rule, level) for rule in proofs.tree.rules if (level := _level(rule)) is not None]
    for place, (rule, level) in enumerate(stops):
        region = proofs.setting(rule)
        if not region:
            continue
        others = [
            (other, better)
            for where, (other, better) in enumerate(stops)
            if where != place
            and _unbounded(other)
            and rule_sentence(other) != rule_sentence(rule)
            and _comparable(level, better)
            and (better[2] > level[2] or (better[2] == level[2] and where < place))
        ]
        beside = next((pair for pair in others if not proofs.meaning.less(region, proofs.setting(pair[0]))), None)
        if beside is not None:
            yield from _beside(proofs, rule, level, region, *beside)
        else:
            yield from _before(proofs, rule, level, others)


def _level(rule: Rule) -> Level | None:
    """Return where a stop stands, if it is a plain distance from the entry or the price, or a share of the peak."""
    if isinstance(rule.verb, TrailStop):
        distance = rule.verb.distance
        return None if distance.window is not None else ("best price", distance.unit, -distance.value)
    if isinstance(rule.verb, LockIn):
        return "peak profit", Unit.PERCENT, rule.verb.percent
    if not isinstance(rule.verb, MoveStop):
        return None
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


def _comparable(level: Level, better: Level) -> bool:
    """Tell whether the larger of two values is the tighter stop, whatever the price does."""
    if level[1] is not better[1]:
        return False
    return level[0] == better[0] or (level[1] in _STEADY and {level[0], better[0]} <= _FOLLOWING)


def _unbounded(rule: Rule) -> bool:
    return always_free(rule) and rule.limit.times is None


def _sure(level: Level, better: Level) -> bool:
    """Tell whether charges, which nobody knows beforehand, cannot put the other stop off."""
    return level == better or level[0] != "break-even"


def _beside(proofs: Proofs, rule: Rule, level: Level, region: Region, other: Rule, better: Level) -> Iterator[Proof]:
    yield from outdone(
        proofs,
        rule,
        [other],
        _moved_by(proofs, other),
        message=f"whenever this rule would move the stop, `{other.name}` moves it as far or further,"
        " so it never counts",
        help="make it tighter, let it begin earlier, or delete it",
        what="always at least as tight",
        region=proofs.meaning.less(region, proofs.closed),
        status=PROVED if _sure(level, better) else POSSIBLE,
    )


def _before(proofs: Proofs, rule: Rule, level: Level, others: list[tuple[Rule, Level]]) -> Iterator[Proof]:
    """Yield that a stop from the entry was set as tight at a look that must have been: what is set stays."""
    if level[0] not in ("entry", "break-even") or any(proofs.acts(add) for add in proofs.of(t.Add)):
        return
    for need in _earlier(proofs, rule):
        for other, better in others:
            if proofs.meaning.less(need.region, proofs.setting(other)):
                continue
            wanted, shown = proofs.example_of(rule), at_need(proofs, need, _moved_by(proofs, other))
            if wanted is None or shown is None:
                continue
            yield outdone_before(
                proofs,
                rule,
                [other],
                wanted,
                shown,
                message=f"before this rule can hold, {need.what}: then `{other.name}` has moved the stop as far or"
                " further, so it never counts",
                help="make it tighter, or delete it",
                what="has set a stop at least as tight by then",
                status=PROVED if need.sure and _sure(level, better) else POSSIBLE,
            )
            return


def _moved_by(proofs: Proofs, rule: Rule) -> Callable[[Witness], bool]:
    """Return the question whether a rule acts on a position."""
    return lambda each: any(action.rule == rule.name for action in proofs.decide(each).actions)


def _earlier(proofs: Proofs, rule: Rule) -> Iterator[Need]:
    booked = bookings(proofs, rule)
    if booked is not None:
        yield booked
    yield from needs(proofs, rule)

"""How near each rule is to acting on a position, in the words of why-not; the nearest first."""

from __future__ import annotations

import math
from typing import Any

from attrs import evolve, frozen

from rulekit.compile.exact import Reader
from rulekit.compile.policy import CompiledRule
from rulekit.engine.shortfall import level_price
from rulekit.engine.why import limit_used_up, stands
from rulekit.language import tree
from rulekit.model.decision import RuleMemory
from rulekit.model.instant import Instant
from rulekit.model.prices import rupees
from rulekit.model.snapshot import Snapshot
from rulekit.runtime.policy import Policy
from rulekit.runtime.shown import Seen

ACTS, WAITS, PASSED, UNKNOWN, SPENT = "acts", "waits", "passed over", "unknown", "spent"
"""How a rule stands: it acts at this look, is not yet due, held and was passed over, cannot be judged, is used up."""


@frozen
class Nearness:
    """One rule of one position.

    Args:
        rule: its label, or `stop` or `target`.
        stands: one of the words above.
        words: a sentence.
        unmet: how many of its conditions do not hold.
        share: how far the price is from where the rule's level is reached, as a share of the price; infinite where
            the rule has no level or it is not known.
    """

    rule: str
    stands: str
    words: str
    unmet: int = 0
    share: float = math.inf

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"rule": self.rule, "stands": self.stands, "words": self.words}


def nearness(seen: Seen, policy: Policy, now: Instant) -> list[Nearness]:
    """Return how every rule of a policy stands for a position: stop and target first, then in the policy's order.

    Args:
        now: by the engine's clock; what was seen may be a while ago.
    """
    snapshot = evolve(seen.snapshot, now=max(now, seen.snapshot.now))
    decision = policy.decide(snapshot, seen.memory)
    found = {one.rule: Nearness(one.rule, ACTS, one.why) for one in decision.actions}
    found |= {
        one.rule: Nearness(one.rule, PASSED, f"held, and was passed over: {one.because}")
        for one in decision.passed_over
    }
    for one in decision.not_yet:
        if one.unknown:
            found[one.rule] = Nearness(one.rule, UNKNOWN, one.why)
    levels = [_level("stop", snapshot.stop, snapshot), _level("target", snapshot.target, snapshot)]
    rules = [found.get(rule.name) or _waiting(rule, snapshot, seen) for rule in policy.rules]
    known = {rule.name for rule in policy.rules} | {one.rule for one in levels if one is not None}
    others = [one for name, one in found.items() if name not in known]
    return [found.get(one.rule, one) for one in levels if one is not None] + others + rules


def nearest(found: list[Nearness]) -> Nearness | None:
    """Return the rule that has the least to go: the fewest conditions, then the shortest way of the price."""
    acting = [one for one in found if one.stands == ACTS]
    waiting = [one for one in found if one.stands == WAITS]
    return acting[0] if acting else min(waiting, key=lambda one: (one.unmet, one.share), default=None)


def _level(name: str, level: float, snapshot: Snapshot) -> Nearness | None:
    """Say how far the tracked stop or target is; None where there is none."""
    if not math.isfinite(level):
        return None
    price, at = snapshot.price, rupees(level, snapshot.scale)
    if not math.isfinite(price):
        return Nearness(name, UNKNOWN, f"{at}; the price is unknown")
    away = abs(level - price)
    text = f"{at}, {rupees(away, snapshot.scale)} or {100 * away / price:.1f}% away"
    return Nearness(name, WAITS, text, 1, away / price)


def _waiting(rule: CompiledRule, snapshot: Snapshot, seen: Seen) -> Nearness:
    memory = seen.memory.get(rule.name, RuleMemory())
    if spent := limit_used_up(rule, snapshot, memory):
        return Nearness(rule.name, SPENT, spent)
    reader = Reader(snapshot, rule.predicate.vocabulary, memory)
    parts = stands(rule.predicate.rule, reader)
    words = "; ".join(part.text() for part in parts) or "it has not been looked at yet"
    level = rule.predicate.rule.level
    price = level_price(level, reader) if isinstance(level, tree.Level) else None
    if isinstance(level, tree.PriceLevel) and (found := reader.price_of(level.price)) is not None:
        price = float(found)
    known = price is not None and math.isfinite(snapshot.price) and snapshot.price > 0
    share = abs(price - snapshot.price) / snapshot.price if known and price is not None else math.inf
    return Nearness(rule.name, WAITS, words, sum(part.truth is not True for part in parts), share)

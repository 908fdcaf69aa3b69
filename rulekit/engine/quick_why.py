"""The common forms of why a rule acted, written from floats; anything else is left to the exact sentences.

A live cycle acts on many positions at once, and exact fractions cost a hundred times what the decision does.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from rulekit.compile.policy import CompiledPolicy
from rulekit.language import tree
from rulekit.language.sentences import operand_text
from rulekit.language.tree import Op, TimeForm, Unit
from rulekit.language.words import clock_text, duration_text, measure_text
from rulekit.model.instant import DAY, HOUR, MINUTE
from rulekit.model.prices import rupees
from rulekit.model.snapshot import Snapshot

Part = Callable[[Snapshot, list[float]], str | None]
"""Writes one comparison; None where it wants the exact sentence."""

SUFFIXES = {Unit.PERCENT: "%", Unit.TIMES: " times normal", Unit.COUNT: ""}
_WORDED = {Op.AT_LEAST: "at least ", Op.AT_MOST: "at most ", Op.ABOVE: "above ", Op.BELOW: "below "}
_IST = 5 * HOUR + 30 * MINUTE


def quick_why(policy: CompiledPolicy, index: int, snapshot: Snapshot, facts: list[float]) -> str | None:
    """Say why a rule acts, or None if its form is not a common one."""
    parts = policy.phrases.get(index)
    if parts is None:
        parts = policy.phrases[index] = _parts(policy, policy.rules[index].predicate.rule)
    texts = []
    for part in parts:
        text = part(snapshot, facts)
        if text is None:
            return None
        texts.append(text)
    return "; ".join(texts)


def money(units: float, scale: int) -> str:
    """Write a price for people; whole paise are written without a detour over exact decimals."""
    if scale == 100 and 0 < units < 1e12 and units % 1 == 0:
        return f"₹{units / 100:,.2f}"
    return rupees(units, scale)


def _exact(snapshot: Snapshot, facts: list[float]) -> str | None:
    return None


def _parts(policy: CompiledPolicy, rule: tree.Rule) -> list[Part]:
    conditions = [part for part in (rule.level, *rule.times, rule.when) if part is not None]
    if rule.unless is not None or not conditions:
        return [_exact]
    return [part for condition in conditions for part in _of(policy, condition)]


def _of(policy: CompiledPolicy, node: tree.Condition) -> list[Part]:
    if isinstance(node, tree.And):
        return [part for item in node.items for part in _of(policy, item)]
    if isinstance(node, tree.Named):
        first, *rest = _of(policy, node.condition)
        return [_named(node.name, first), *rest]
    if isinstance(node, tree.Level) and node.unit is Unit.PERCENT:
        return [_level(node)]
    if isinstance(node, tree.When) and node.form is TimeForm.AGE and node.unit is Unit.DURATION:
        return [_age(node)]
    if isinstance(node, tree.When) and node.form is TimeForm.FROM_CLOCK:
        return [_clock(node)]
    if isinstance(node, tree.Comparison):
        return [_comparison(policy, node)]
    return [_exact]


def _named(name: str, inner: Part) -> Part:
    def write(snapshot: Snapshot, facts: list[float]) -> str | None:
        text = inner(snapshot, facts)
        return None if text is None else f"{name}: {text}"

    return write


ROUNDING = 1e-9
"""Lifts a decimal that ends in 5 over its binary neighbour, so that halves round up as in the exact sentences."""


def plain(value: float, near: float, near_text: str) -> str | None:
    """Write a number with as many decimals as tell it apart from `near`; None where it is large or negative."""
    value += ROUNDING
    text = f"{value:.1f}"
    if len(text) > 5 or text[0] == "-":
        return None
    if text == near_text and value - ROUNDING != near:
        text = f"{value:.2f}"
        return None if text[-1] == "0" else text
    return text[:-2] if text[-1] == "0" else text


def _level(node: tree.Level) -> Part:
    word, turn, near = ("profit", 100, float(node.value)) if node.profit else ("loss", -100, float(node.value))
    needed, near_text = measure_text(node.value, node.unit), f"{near:.1f}"

    def write(snapshot: Snapshot, facts: list[float]) -> str | None:
        entry = snapshot.entry
        text = plain(turn * (snapshot.price - entry) * snapshot.side / entry, near, near_text)
        return None if text is None else f"{word} {text}%, needs {needed}"

    return write


@lru_cache(4096)
def _duration(microseconds: int) -> str:
    return duration_text(microseconds)


@lru_cache(2048)
def _time(microseconds: int) -> str:
    return clock_text(microseconds)


def _age(node: tree.When) -> Part:
    needed = measure_text(Fraction(node.value), node.unit)

    def write(snapshot: Snapshot, facts: list[float]) -> str | None:
        if snapshot.opened is None:
            return None
        age = snapshot.now - snapshot.opened
        whole = age // MINUTE * MINUTE
        return f"age {_duration(age if not whole or whole == node.value else whole)}, needs {needed}"

    return write


def _clock(node: tree.When) -> Part:
    needed = f"{clock_text(node.value)} or later"

    def write(snapshot: Snapshot, facts: list[float]) -> str | None:
        time = (snapshot.now + _IST) % DAY
        whole = time // MINUTE * MINUTE
        return f"time {_time(time if whole == node.value else whole)}, needs {needed}"

    return write


def _comparison(policy: CompiledPolicy, node: tree.Comparison) -> Part:
    left, right = node.left, node.right
    if not isinstance(left, tree.FactRef) or not isinstance(right, tree.Number) or node.op not in _WORDED:
        return _exact
    slot = f"fact: {left.phrase}"
    if left.unit not in SUFFIXES or slot not in policy.layout.facts or policy.layout.facts[slot].money:
        return _exact
    place, suffix, near = policy.layout.slots.index(slot), SUFFIXES[left.unit], float(right.value)
    near_text = f"{near:.1f}"
    subject, needed = operand_text(left), f"{_WORDED[node.op]}{measure_text(right.value, right.unit)}"

    def write(snapshot: Snapshot, facts: list[float]) -> str | None:
        text = plain(facts[place], near, near_text)
        return None if text is None else f"{subject} {text}{suffix}, needs {needed}"

    return write

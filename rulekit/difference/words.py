"""A difference in words: of each rule what became of it, and of each change what is done otherwise, and where."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from rulekit.difference.compare import CHANGED, RENAMED, REWORDED, SAME, Change, Difference, RuleDifference
from rulekit.difference.verdicts import ADDED, OPPOSITE, REMOVED
from rulekit.language.sentences import label_text, rule_sentence
from rulekit.language.tree import Rule
from rulekit.language.words import plural


def head(difference: RuleDifference) -> str:
    """Say what became of a rule: added, removed, renamed, other words, or another sentence."""
    old, new = difference.pair.old, difference.pair.new
    if old is None or new is None:
        return f"{_named(new or old)} {'was added' if old is None else 'was removed'}"
    if difference.status == RENAMED:
        return f"`{old.name}` is now called `{new.name}`: what it remembers of open positions stays behind"
    if difference.status == REWORDED:
        tried = "in any combination" if difference.complete else f"in {difference.tried:,} positions that were tried"
        return f"{label_text(new.name)}: other words, and no difference {tried}"
    label = f"{label_text(new.label)}: " if new.label is not None else ""
    before, after = rule_sentence(old), rule_sentence(new)
    if before == after:
        return f"{label}`{after}` reads as before; what a name in it stands for has changed"
    return f"{label}`{before}` is now `{after}`"


def _named(rule: Rule | None) -> str:
    assert rule is not None
    sentence = f"`{rule_sentence(rule)}`"
    return sentence if rule.label is None else f"{label_text(rule.label)}: {sentence}"


def way(change: Change, beside: Sequence[Change]) -> str:
    """Name a change in trading words: `later exit`; with its opposite among those beside it, it depends."""
    both = {(each.way, each.kind) for each in beside}
    turned = {**OPPOSITE, **{way: other for other, way in OPPOSITE.items()}}.get(change.way)
    name = f"{change.way} {change.kind}".rstrip()
    return f"{name} in some cases (incomparable)" if turned is not None and (turned, change.kind) in both else name


def told(change: Change) -> str:
    """Say what both versions do at the witness of a change."""
    if change.witness is None:
        return change.note
    witness = change.witness
    if change.way == ADDED:
        return f"{witness.text}: it {witness.new}"
    if change.way == REMOVED:
        return f"{witness.text}: it {_past(witness.old)}"
    return f"{witness.text}: old {witness.old}, new {witness.new}"


def _past(done: str) -> str:
    words = {"exits": "exited", "books": "booked", "adds": "added", "moves": "moved", "stops": "stopped", "does": "did"}
    return " ".join(words.get(word, word) for word in done.split())


def nothing_found(difference: Difference) -> str:
    """Say that all rules together do the same, as far as was tried."""
    return f"no difference in {difference.tried:,} positions that were tried"


def summary(difference: Difference) -> str:
    """Count what became of the rules: `7 rules: 6 same, 1 changed`."""
    rules = difference.rules
    order = (SAME, RENAMED, REWORDED, CHANGED, ADDED, REMOVED, "unclear")
    counts = [(status, sum(rule.status == status for rule in rules)) for status in order]
    told = ", ".join(f"{count} {status}" for status, count in counts if count)
    return f"{plural(Fraction(len(rules)), 'rule')}: {told}"

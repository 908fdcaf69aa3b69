"""What an edit changed, in one sentence and at once: by the sentences alone, without trying positions."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.difference.applies import covered
from rulekit.difference.normal import normal
from rulekit.difference.pairs import pairs
from rulekit.difference.search import Pair
from rulekit.language.sentences import label_text, rule_sentence
from rulekit.language.tree import PolicyTree, Rule


def brief(old: PolicyTree, new: PolicyTree) -> str:
    """Say which rules were added, removed or changed, with their sentences before and after."""
    told = [note for _, note in covered(old.applies, new.applies)]
    for before, after in ((old.rules, new.rules), (old.book, new.book)):
        found = pairs(before, after)
        told += [text for pair in found if (text := _told(pair))]
        kept = [pair.old.name for pair in found if pair.old is not None and pair.new is not None]
        if kept != [rule.name for rule in before if rule.name in kept]:
            told.append("the rules stand in another order")
    return "; ".join(told) or "the same rules in other words"


def sentences(tree: PolicyTree) -> str:
    """Name every rule of a policy that was added or taken away as a whole."""
    return "; ".join(_named(rule) for rule in _all(tree))


def _all(tree: PolicyTree) -> Iterator[Rule]:
    yield from tree.rules
    yield from tree.book


def _told(pair: Pair) -> str:
    old, new = pair.old, pair.new
    if old is None or new is None:
        return f"{_named(new or old)} {'was added' if old is None else 'was removed'}"
    if normal(old) != normal(new):
        label = f"{label_text(new.label)}: " if new.label is not None else ""
        return f"{label}`{rule_sentence(old)}` is now `{rule_sentence(new)}`"
    if old.name != new.name and None not in (old.label, new.label):
        return f"`{old.name}` is now called `{new.name}`: what it remembers of open positions stays behind"
    return ""


def _named(rule: Rule | None) -> str:
    assert rule is not None
    sentence = f"`{rule_sentence(rule)}`"
    return sentence if rule.label is None else f"{label_text(rule.label)}: {sentence}"

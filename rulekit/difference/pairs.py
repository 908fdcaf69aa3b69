"""Which rule of the one policy is which of the other: by label, then by meaning, then by what is left of a kind."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from rulekit.difference.normal import normal
from rulekit.difference.search import Pair
from rulekit.language import tree as t


def pairs(old: tuple[t.Rule, ...], new: tuple[t.Rule, ...]) -> tuple[Pair, ...]:
    """Pair the rules of two policies, in the order of the new one, then those that were removed.

    A rule without a label is named by its sentence; one whose sentence changed is paired with the rule of the same
    action that is left, if there is one of each.
    """
    left = {rule.name: rule for rule in old}
    partners: dict[str, t.Rule] = {}
    for key in _KEYS:
        _match(left, [rule for rule in new if rule.name not in partners], partners, key)
    found = [Pair(partners.get(rule.name), rule) for rule in new]
    return (*found, *(Pair(rule, None) for rule in left.values()))


def _match(
    left: dict[str, t.Rule], new: list[t.Rule], partners: dict[str, t.Rule], key: Callable[[t.Rule], Hashable]
) -> None:
    """Pair the rules that have a key to themselves in both policies."""
    by_key: dict[Hashable, list[t.Rule]] = {}
    for rule in left.values():
        by_key.setdefault(key(rule), []).append(rule)
    wanted: dict[Hashable, list[t.Rule]] = {}
    for rule in new:
        wanted.setdefault(key(rule), []).append(rule)
    for each, mine in wanted.items():
        theirs = by_key.get(each, [])
        if each is not None and len(mine) == len(theirs) == 1:
            partners[mine[0].name] = left.pop(theirs[0].name)


def _unlabelled(rule: t.Rule) -> Hashable:
    return None if rule.label is not None else type(rule.verb).__name__


def _unlabelled_action(rule: t.Rule) -> Hashable:
    return None if rule.label is not None else rule.verb


_KEYS: tuple[Callable[[t.Rule], Hashable], ...] = (
    lambda rule: rule.name.casefold(),
    normal,
    _unlabelled_action,
    _unlabelled,
)

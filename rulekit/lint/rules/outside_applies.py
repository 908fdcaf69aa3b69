"""R102: a condition that `applies to` decides."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    condition_text,
)
from rulekit.language.words import listing
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    written,
)
from rulekit.lint.subject import TREE, Subject

CODE = Code("R102", "outside-applies", WARNING, "a condition that `applies to` has already decided")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every comparison of a text fact that is true, or false, for all positions of the policy."""
    lists = {name: tuple(each.lower() for each in values) for name, values in _lists(subject.tree.applies)}
    for leaf in written(subject.tree):
        if not isinstance(leaf, t.Comparison) or not isinstance(leaf.right, t.Text):
            continue
        assert isinstance(leaf.left, t.FactRef)  # only facts are texts
        accepted, value = lists.get(leaf.left.name, ()), leaf.right.value.lower()
        if not accepted or (value in accepted and len(accepted) > 1):
            continue
        holds = (value in accepted) is (leaf.op is t.Op.IS)
        yield Finding(
            leaf.span,
            f"`{condition_text(leaf)}` is {'always' if holds else 'never'} true here: this policy applies to"
            f" {leaf.left.name} {listing(_shown(subject.tree.applies, leaf.left.name))}",
            "leave it out" if holds else "change it, or change `applies to`",
            ((subject.tree.applies.span, "applies to"),),
        )


def _lists(applies: t.Applies) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("exchange", applies.exchanges),
        ("product", applies.products),
        ("symbol", applies.symbols),
        ("strategy", applies.strategies),
        ("side", applies.sides),
    )


def _shown(applies: t.Applies, name: str) -> tuple[str, ...]:
    return dict(_lists(applies))[name]

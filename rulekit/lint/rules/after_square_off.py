"""T112: a rule behind the square-off."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.words import clock_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.square_off import begins, square_off
from rulekit.lint.subject import TREE, Subject

CODE = Code("T112", "after-square-off", WARNING, "a rule that begins when everything has been closed")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every rule whose time of day begins when an exit by the clock alone has closed everything."""
    tree = subject.tree
    exits = [(start, rule) for rule in tree.rules if (start := square_off(rule, tree)) is not None]
    if not exits:
        return
    first, leader = min(exits, key=lambda each: each[0])
    for rule in tree.rules:
        if square_off(rule, tree) is not None:
            continue
        late = [when for when in rule.times if (start := begins(when, tree)) is not None and start >= first]
        if late:
            yield Finding(
                late[0].span,
                f"`{leader.name}` closes everything at {clock_text(first)}, so nothing is left for this rule",
                f"write a time before {clock_text(first)}",
                ((leader.span, "closes everything"),),
            )

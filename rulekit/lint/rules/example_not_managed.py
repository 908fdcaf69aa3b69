"""N115: an example of another policy's position."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.words import listing
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("N115", "example-not-managed", WARNING, "an example with a position that the policy does not apply to")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every example whose side or symbol `applies to` leaves out."""
    applies = subject.tree.applies
    for example in (each for each in subject.tree.examples if each.quantity):  # not of the book alone
        for listed, value in ((applies.sides, example.side), (applies.symbols, example.symbol)):
            if listed and value.lower() not in [each.lower() for each in listed]:
                yield Finding(
                    example.span,
                    f"this example is of `{value}`, and the policy applies to {listing(listed)}",
                    "change the example, or `applies to`",
                    ((applies.span, "applies to"),),
                )

"""T114: delivery positions that are closed every day."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.words import listing
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.square_off import square_off
from rulekit.lint.subject import TREE, Subject

CODE = Code("T114", "delivery-squared-off", WARNING, "a delivery policy that closes everything each day")
NEEDS = TREE


_CARRIED = ("CNC", "MTF")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every exit by the clock alone in a policy that is for carried shares only."""
    products = subject.tree.applies.products
    if not products or not all(product in _CARRIED for product in products):
        return
    for rule in subject.tree.rules:
        if square_off(rule, subject.tree) is not None:
            yield Finding(
                rule.span,
                f"this closes {listing(products)} positions every day, on the day on which they were bought too",
                "say on which day: `exit on Friday at 15:15`, `exit after 5 days`; or apply the policy to product MIS",
            )

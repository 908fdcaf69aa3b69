"""C101: no end to a loss where there is none by itself."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.words import listing
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import is_single
from rulekit.lint.protection import protections
from rulekit.lint.subject import TREE, Subject

_LEVERED = ("future", "option")
_DERIVATIVES = ("NFO", "BFO", "MCX")

CODE = Code("C101", "unlimited-loss", WARNING, "shorts, futures or options, and nothing that limits a loss")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the `applies to` of a policy for shorts or derivatives in which no rule limits a loss."""
    applies = subject.tree.applies
    what = [f"{kind}s" for kind in applies.kinds if kind in _LEVERED]
    if "short" in applies.sides:
        what.append("short positions")
    if not what and applies.exchanges and all(exchange in _DERIVATIVES for exchange in applies.exchanges):
        what.append("derivatives")
    if what and not is_single(subject.tree) and not protections(subject.tree):
        yield Finding(
            applies.span,
            f"a loss of {listing(what, 'and')} can be larger than what was paid, and no rule limits it",
            "add `exit at 5% loss`, or a stop: `trail stop 3%`; or allow this, if each position brings its own stop",
        )

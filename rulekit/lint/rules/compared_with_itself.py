"""R103: two equal sides of a comparison."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    condition_text,
    operand_text,
)
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    written,
)
from rulekit.lint.subject import TREE, Subject

CODE = Code("R103", "compared-with-itself", WARNING, "a fact compared with itself")
NEEDS = TREE


_TRUE = (t.Op.AT_LEAST, t.Op.AT_MOST, t.Op.IS)


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every comparison whose two sides are the same."""
    for leaf in written(subject.tree):
        if isinstance(leaf, t.Comparison) and operand_text(leaf.left) == operand_text(leaf.right):
            yield Finding(
                leaf.span,
                f"`{condition_text(leaf)}` compares something with itself:"
                f" it is {'always' if leaf.op in _TRUE else 'never'} true",
                "compare it with something else, or leave it out",
            )

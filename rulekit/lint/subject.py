"""What a lint rule looks at, and the kinds of looking."""

from __future__ import annotations

from datetime import date

from attrs import frozen

from rulekit.language.reading import Checked
from rulekit.language.source import Source
from rulekit.language.tree import PolicyTree

TEXT = "text"
TREE = "tree"
PROOF = "proof"
FILES = "files"


@frozen(eq=False)
class Subject:
    """One policy without errors.

    Args:
        tree: its checked tree.
        checked: its sentences with their words, for what was typed.
        today: the day on which it is looked at.
    """

    tree: PolicyTree
    checked: Checked
    today: date

    @property
    def source(self) -> Source:
        """The text with its lines and comments."""
        return self.checked.source

"""Sentences that the language reserves and this version does not know yet, each with what to write meanwhile."""

from __future__ import annotations

LATER_PHRASES: dict[str, tuple[str, str]] = {
    "set target": ("targets", "an exit at the level does it: `exit at 15% profit`"),
    "move target": ("targets", "an exit at the level does it: `exit at 15% profit`"),
}
"""Phrase, without noise words: what it is called, and the advice."""

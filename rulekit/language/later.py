"""Sentences that the language reserves and this version does not know yet, each with what to write meanwhile."""

from __future__ import annotations

_RISE = "use `momentum over 5 minutes is at least 2%`"

LATER_PHRASES: dict[str, tuple[str, str]] = {
    "rises": ("rises and falls within a time", _RISE),
    "falls": ("rises and falls within a time", _RISE),
    "rises by": ("rises and falls within a time", _RISE),
    "falls by": ("rises and falls within a time", _RISE),
    "set target": ("targets", "an exit at the level does it: `exit at 15% profit`"),
    "move target": ("targets", "an exit at the level does it: `exit at 15% profit`"),
    "when data is": ("choosing what to do when data is missing", "a rule without its facts does nothing"),
}
"""Phrase, without noise words: what it is called, and the advice."""

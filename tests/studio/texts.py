"""The policy that a person writes in these tests, and the day on which they do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from rulekit.model.shipped import shipped_folder

TODAY = date(2026, 11, 23)

SECTION_ONE = (Path(__file__).parents[1] / "corpus/valid/seven-sentences.policy").read_text(encoding="utf-8")
"""What stands at the beginning of the language's description."""


def shipped(name: str) -> str:
    """Return the text of a ready policy."""
    return shipped_folder("rules").joinpath(f"{name}.policy").read_text(encoding="utf-8")

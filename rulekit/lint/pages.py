"""The page of a code, as it was shipped."""

from __future__ import annotations

from rulekit.language.codes import Code
from rulekit.model.shipped import shipped_text


def page(code: Code) -> str:
    """Return the page of a code: what it finds, bad and good, why, and how to allow it."""
    return shipped_text("lints", f"{code.code}-{code.name}.md")

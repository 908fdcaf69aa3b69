"""The page of a code, as it was shipped."""

from __future__ import annotations

from rulekit.language.codes import Code
from rulekit.lint.plugged import FAMILY, page_of
from rulekit.model.shipped import shipped_text


def page(code: Code) -> str:
    """Return the page of a code: what it finds, bad and good, why, and how to allow it."""
    if code.code.startswith(FAMILY):
        return page_of(code.code) or f"# {code.code} {code.name}\n\n## What\n\n{code.summary}\n"
    return shipped_text("lints", f"{code.code}-{code.name}.md")

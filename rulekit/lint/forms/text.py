"""Findings for people: each with its line and its mark, and a count at the end."""

from __future__ import annotations

from rulekit.language.diagnostics import Diagnostic, render
from rulekit.lint.linted import Outcome


def written(outcome: Outcome) -> str:
    """Show every finding, then how many there are."""
    shown = [render(found, each.path, each.text) + "\n\n" for each in outcome.policies for found in each.findings]
    readable = sum(not each.failure for each in outcome.policies)
    if not readable and outcome.policies:
        return ""  # why, has been said of each
    return "".join(shown) + summary(list(outcome.findings), readable) + "\n"


def summary(found: list[Diagnostic], policies: int) -> str:
    """Say in one line how many findings there are: `2 errors and 1 warning in 3 policies`."""
    where = "1 policy" if policies == 1 else f"{policies} policies"
    counts = []
    for severity, one, many in (
        ("error", "error", "errors"),
        ("warning", "warning", "warnings"),
        ("info", "remark", "remarks"),
    ):
        count = sum(each.severity == severity for each in found)
        if count:
            counts.append(f"1 {one}" if count == 1 else f"{count} {many}")
    if not counts:
        return f"{where} checked, nothing found"
    return f"{' and '.join([', '.join(counts[:-1]), counts[-1]] if len(counts) > 1 else counts)} in {where}"

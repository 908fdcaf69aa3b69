"""A checked policy and a day to all its findings, in the order of the file."""

from __future__ import annotations

from datetime import date

from rulekit.language.diagnostics import Diagnostic, in_order
from rulekit.language.reading import Checked
from rulekit.lint import suppressions
from rulekit.lint.catalogue import ALL_CODES, RULES


def lint(checked: Checked, today: date) -> tuple[Diagnostic, ...]:
    """Return every finding about a policy; `today` decides which suppressions have expired.

    A policy with errors has no meaning to look at, so only the errors are returned.
    """
    tree = checked.tree
    if tree is None:
        return checked.diagnostics
    found = [each.diagnostic(code, checked.source) for code, find in RULES for each in find(tree, checked)]
    allowed, bad = suppressions.read(checked.source, ALL_CODES)
    kept = suppressions.apply(found, allowed, checked.source, today)
    return in_order([*checked.diagnostics, *kept, *bad])

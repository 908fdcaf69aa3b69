"""What the linter calls an error refuses a policy wherever it is loaded, so that lint and run never disagree."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from rulekit.language.diagnostics import ERROR, Diagnostic
from rulekit.language.reading import Checked
from rulekit.lint import catalogue
from rulekit.lint.linting import lint
from rulekit.lint.selection import Selection
from rulekit.lint.settings import SettingsFinder
from rulekit.lint.subject import FILES, PROOF
from rulekit.model.clock import WallClock
from rulekit.model.instant import day_of


def errors_of(checked: Checked, path: Path | None = None, today: date | None = None) -> list[Diagnostic]:
    """Return the errors of a policy: those of the language, and those that lint finds about its meaning.

    Args:
        path: where it stands, so that the project's lint settings hold, as they do for `rulekit lint`; None for none.
        today: decides what has expired; the wall clock's day if left out.

    Raises:
        InputError: the lint settings are wrong.
    """
    if checked.tree is not None:
        selection = Selection() if path is None else SettingsFinder().of(path).selection_for(path)
        today = today or day_of(WallClock().now())
        found = lint(checked, today, _errors_alone(selection))
    else:
        found = checked.diagnostics
    return [each for each in found if each.severity == ERROR]


def _errors_alone(selection: Selection) -> Selection:
    """Look for nothing but what would be an error: the rest is for `rulekit lint`, and proofs take their time."""
    raised = ERROR in selection.severity.values()
    rules = [
        rule
        for rule in catalogue.rules(proofs=selection.proofs and raised)
        if rule.needs != FILES and selection.runs(rule) and selection.severity_of(rule.code) == ERROR
    ]
    return Selection(
        select=tuple(rule.code.code for rule in rules),
        ignore=selection.ignore,
        severity=selection.severity,
        proofs=any(rule.needs == PROOF for rule in rules),
    )

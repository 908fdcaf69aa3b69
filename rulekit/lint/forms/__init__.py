"""The forms in which findings are written: for people, for programs, for code scanning and for build servers."""

from __future__ import annotations

from importlib import import_module

from rulekit.lint.linted import Outcome

FORMS = {
    "text": "text",
    "json": "json_array",
    "sarif": "sarif",
    "github": "github",
    "junit": "junit",
}
"""Each form with the module that writes it."""


def written(outcome: Outcome, form: str) -> str:
    """Return the findings of a run in one of FORMS."""
    text: str = import_module(f"rulekit.lint.forms.{FORMS[form]}").written(outcome)
    return text

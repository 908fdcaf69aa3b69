"""Findings as workflow commands of GitHub, which shows them beside the line.

Source of the form: GitHub's reference of workflow commands.
"""

from __future__ import annotations

from rulekit.language.diagnostics import ERROR, INFO, WARNING, Diagnostic
from rulekit.lint.forms.places import plain_path
from rulekit.lint.linted import Outcome

_COMMANDS = {ERROR: "error", WARNING: "warning", INFO: "notice"}
_IN_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def written(outcome: Outcome) -> str:
    """Return a command for each finding, and one for each policy that could not be read."""
    lines = []
    for each in outcome.policies:
        file = plain_path(each.path)
        if each.failure:
            lines.append(f"::error file={_property(file)},title=unreadable::{each.failure.translate(_IN_DATA)}\n")
        lines += [_command(found, file) for found in each.findings]
    return "".join(lines)


def _command(found: Diagnostic, file: str) -> str:
    span = found.span
    properties = {
        "file": file,
        "line": str(span.line),
        "endLine": str(span.end_line),
        "col": str(span.column),
        "endColumn": str(span.end_column),
        "title": f"{found.code} {found.name}",
    }
    if span.end_line != span.line:
        del properties["col"], properties["endColumn"]  # they are read as columns of one line
    listed = ",".join(f"{name}={_property(text)}" for name, text in properties.items())
    message = "\n".join(part for part in (found.message, *found.witness, found.help) if part)
    return f"::{_COMMANDS[found.severity]} {listed}::{message.translate(_IN_DATA)}\n"


def _property(text: str) -> str:
    return text.translate(_IN_PROPERTY)

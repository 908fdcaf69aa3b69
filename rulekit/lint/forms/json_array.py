"""Findings for programs: one array."""

from __future__ import annotations

import json

from rulekit.language.diagnostics import as_json
from rulekit.lint.linted import Outcome


def written(outcome: Outcome) -> str:
    """Return a JSON array of all findings."""
    objects = [as_json(found, each.path) for each in outcome.policies for found in each.findings]
    return json.dumps(objects, ensure_ascii=False, indent=1) + "\n"

"""Findings as SARIF 2.1.0, the form of code scanning services.

Source of the form: OASIS, Static Analysis Results Interchange Format 2.1.0.
"""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rulekit.language.codes import Code
from rulekit.language.diagnostics import ERROR, INFO, WARNING, Diagnostic, Fix
from rulekit.language.tree import Span
from rulekit.lint.catalogue import of_number
from rulekit.lint.forms.places import is_inside, plain_path
from rulekit.lint.linted import Linted, Outcome
from rulekit.lint.pages import page
from rulekit.model.version import VERSION

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {ERROR: "error", WARNING: "warning", INFO: "note"}


def written(outcome: Outcome) -> str:
    """Return a log with one run."""
    codes = sorted({found.code for found in outcome.findings})
    places = {code: index for index, code in enumerate(codes)}
    run = {
        "tool": {
            "driver": {
                "name": "rulekit",
                "version": VERSION,
                "rules": [_rule(of_number(code)) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(outcome)],
        "results": [result for each in outcome.policies for result in _results(each, places)],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1) + "\n"


def _rule(code: Code) -> dict[str, Any]:
    text = page(code)
    return {
        "id": code.code,
        "name": code.name,
        "shortDescription": {"text": code.summary},
        "fullDescription": {"text": _first_paragraph(text)},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
        "properties": {"tags": [code.code[0]]},
    }


def _first_paragraph(text: str) -> str:
    return text.split("## What\n", 1)[1].split("\n## ", 1)[0].strip()


def _invocation(outcome: Outcome) -> dict[str, Any]:
    unread = [each for each in outcome.policies if each.failure]
    notes = [
        {"level": "error", "message": {"text": each.failure}, "locations": [{"physicalLocation": _file(each.path)}]}
        for each in unread
    ]
    return {"executionSuccessful": not unread, "toolExecutionNotifications": notes}


def _results(linted: Linted, places: dict[str, int]) -> list[dict[str, Any]]:
    seen: Counter[str] = Counter()
    results = []
    for found in linted.findings:
        mark = fingerprint(found)
        seen[mark] += 1
        results.append(_result(found, linted.path, places, f"{mark}:{seen[mark]}"))
    return results


def fingerprint(found: Diagnostic) -> str:
    """Return what stays the same for a finding while other lines come and go: its code and the words of its line."""
    words = " ".join(found.source_line.split())
    return sha256(f"{found.code}\n{words}".encode()).hexdigest()[:16]


def _result(found: Diagnostic, path: str, places: dict[str, int], mark: str) -> dict[str, Any]:
    text = "\n".join(part for part in (found.message, *found.witness, found.help) if part)
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": places[found.code],
        "level": _LEVELS[found.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": _location(path, found.span, found.source_line)}],
        "partialFingerprints": {"primaryLocationLineHash": mark},
    }
    if found.related:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _location(path, span), "message": {"text": message}}
            for number, (span, message) in enumerate(found.related)
        ]
    if found.fix is not None:
        result["fixes"] = [_fix(found.fix, path, found.help)]
    if found.status is not None:
        result["properties"] = {"status": found.status, "witness": list(found.witness)}
    return result


def _fix(fix: Fix, path: str, help: str) -> dict[str, Any]:
    change = {"deletedRegion": _region(fix.span), "insertedContent": {"text": fix.text}}
    return {
        "description": {"text": help or fix.sentence},
        "artifactChanges": [{**_file(path), "replacements": [change]}],
    }


def _location(path: str, span: Span, line: str = "") -> dict[str, Any]:
    region = _region(span)
    if line:
        region["snippet"] = {"text": line}
    return {**_file(path), "region": region}


def _region(span: Span) -> dict[str, Any]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _file(path: str) -> dict[str, Any]:
    """Name a file: relative to the root of the sources if it lies in the present folder, else by itself."""
    if is_inside(path):
        return {"artifactLocation": {"uri": quote(plain_path(path)), "uriBaseId": "%SRCROOT%"}}
    return {"artifactLocation": {"uri": Path(path).absolute().as_uri()}}

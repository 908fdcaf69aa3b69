"""Checked policies and a day to all their findings, in the order of each file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from rulekit.language.diagnostics import Diagnostic, in_order
from rulekit.language.reading import Checked
from rulekit.lint import catalogue, plugged, suppressions
from rulekit.lint.selection import Selection
from rulekit.lint.subject import FILES, Subject

_USUAL = Selection()


def lint(checked: Checked, today: date, selection: Selection = _USUAL) -> tuple[Diagnostic, ...]:
    """Return every finding about a policy; `today` decides what has expired.

    A policy with errors has no meaning to look at, so only the errors are returned.
    """
    return lint_together([checked], today, [selection])[0]


def lint_together(
    policies: Sequence[Checked], today: date, selections: Sequence[Selection]
) -> list[tuple[Diagnostic, ...]]:
    """Return the findings about each policy, those that only several policies together have among them."""
    subjects = [None if each.tree is None else Subject(each.tree, each, today) for each in policies]
    between = _between(subjects, selections) if len(policies) > 1 else {}
    return [
        policy.diagnostics if subject is None else _judged(subject, selection, between.get(index, []))
        for index, (policy, subject, selection) in enumerate(zip(policies, subjects, selections, strict=True))
    ]


def _between(subjects: Sequence[Subject | None], selections: Sequence[Selection]) -> dict[int, list[Diagnostic]]:
    """Find what lies between policies, by the place of the policy where it is shown."""
    present = [index for index, subject in enumerate(subjects) if subject is not None]
    whole = [subjects[index] for index in present]
    found: dict[int, list[Diagnostic]] = {}
    for rule in catalogue.READING:
        if rule.needs != FILES or not any(selections[index].runs(rule) for index in present):
            continue
        for position, finding in rule.find(whole):
            index, subject = present[position], whole[position]
            if selections[index].runs(rule):
                severity = selections[index].severity_of(rule.code)
                found.setdefault(index, []).append(finding.diagnostic(rule.code, subject.source, severity))
    return found


def _said_once(found: list[Diagnostic], said_by: Mapping[str, tuple[str, ...]]) -> list[Diagnostic]:
    """Leave out what another code says on the same line already."""
    lines = {(each.code, each.span.line) for each in found}
    return [each for each in found if not any((code, each.span.line) in lines for code in said_by.get(each.code, ()))]


def _of_plugins(subject: Subject, selection: Selection) -> list[Diagnostic]:
    """Return what the codes of installed packages find."""
    return [
        finding.diagnostic(code, subject.source, selection.severity_of(code))
        for code, finding in plugged.found_by_plugins(subject)
        if selection.wants(code)
    ]


def _judged(subject: Subject, selection: Selection, between: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Run the rules on one policy, and take away what its text allows."""
    rules = catalogue.rules(proofs=selection.proofs)
    run = [rule for rule in rules if rule.needs != FILES and selection.runs(rule)]
    found = [
        each.diagnostic(rule.code, subject.source, selection.severity_of(rule.code))
        for rule in run
        for each in rule.find(subject)
    ]
    found = _said_once(found, {rule.code.code: rule.said_by for rule in run if rule.said_by})
    found += between
    found += _of_plugins(subject, selection)
    if not suppressions.mentioned(subject.source):
        return in_order([*subject.checked.diagnostics, *found])
    allowed, bad = suppressions.read(subject.source, {**catalogue.ALL_CODES, **plugged.codes()})
    left_out = {rule.code.code for rule in catalogue.RULES} - {rule.code.code for rule in run}
    kept = suppressions.apply(found, allowed, subject.source, subject.today, left_out)
    unwanted = {each.code for each in suppressions.ABOUT if not selection.wants(each)}
    own = [each for each in (*kept, *bad) if each.code not in unwanted]
    return in_order([*subject.checked.diagnostics, *own])

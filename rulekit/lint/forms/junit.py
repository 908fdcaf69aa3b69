"""Findings as a JUnit report for build servers: a suite a policy, a case a finding."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from rulekit.language.diagnostics import Diagnostic
from rulekit.lint.forms.places import plain_path
from rulekit.lint.linted import Linted, Outcome

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def written(outcome: Outcome) -> str:
    """Return the report, in plain ASCII so that no console can spoil it.

    A finding that makes the run fail is a failure; any other is a case that passed, with what was found as its output.
    """
    root = Element("testsuites", name="rulekit lint")
    for each in outcome.policies:
        _suite(root, each)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    indent(root)
    text: bytes = tostring(root, encoding="us-ascii", xml_declaration=True)
    return text.decode("ascii") + "\n"


def _suite(root: Element, linted: Linted) -> None:
    name = _clean(plain_path(linted.path))
    suite = SubElement(root, "testsuite", name=name)
    if linted.failure:
        case = SubElement(suite, "testcase", classname=name, name="readable")
        SubElement(case, "error", message=_clean(linted.failure))
    for found in linted.findings:
        _case(suite, found, name, fails=linted.fails(found))
    if len(suite) == 0:
        SubElement(suite, "testcase", classname=name, name="nothing found")
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))


def _case(suite: Element, found: Diagnostic, name: str, *, fails: bool) -> None:
    span = found.span
    title = f"{found.code} {found.name} at {span.line}:{span.column}"
    case = SubElement(suite, "testcase", classname=name, name=title, file=name, line=str(span.line))
    told = _clean("\n".join(part for part in (found.message, *found.witness, found.help) if part))
    if fails:
        failure = SubElement(case, "failure", message=_clean(found.message), type=found.severity)
        failure.text = told
    else:
        SubElement(case, "system-out").text = f"{found.severity}: {told}"


def _clean(text: str) -> str:
    """Leave out what XML cannot hold."""
    return _NOT_IN_XML.sub("?", text)

"""What `rulekit test` prints: text for people, JSON for programs, JUnit for build servers."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from attrs import field, frozen

from rulekit.cli.policy_files import counted
from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.coverage import Coverage
from rulekit.engine.examples import ExampleResult
from rulekit.engine.thresholds import Change
from rulekit.language.words import duration_text
from rulekit.model.instant import MINUTE


@frozen
class Tested:
    """What became of one policy.

    Args:
        error: why it could not be tested, for a person; empty if it could.
        changes: of numbers, and `rewordings` of words; None where nobody asked for them.
    """

    path: str
    policy: CompiledPolicy | None = None
    results: tuple[ExampleResult, ...] = ()
    coverage: Coverage = field(factory=lambda: Coverage((), ()))
    changes: tuple[Change, ...] | None = None
    rewordings: tuple[Change, ...] | None = None
    error: str = ""

    @property
    def passed(self) -> bool:
        """Tell whether every example came out as expected."""
        return not self.error and all(each.passed for each in self.results)


# --- text ------------------------------------------------------------


def text(tested: Sequence[Tested]) -> str:
    """Say of each policy which examples failed, what came instead and why, and what no example shows."""
    lines: list[str] = []
    for each in tested:
        lines += [f"error: {each.error}"] if each.error else _policy_lines(each)
    if len(tested) > 1:
        lines.append(_total(tested))
    return "\n".join(lines)


def _policy_lines(tested: Tested) -> Iterator[str]:
    results = tested.results
    failed = [each for each in results if not each.passed]
    if not results:
        yield f"{tested.path}: no examples, so nothing is tested; `docs/testing-policies.md` shows how to write one"
        return
    outcome = f"{len(failed)} did not come out" if failed else "all came out as expected"
    yield f"{tested.path}: {counted(len(results), 'example', 'examples')}, {outcome}"
    for each in failed:
        yield f'  {tested.path}:{each.example.span.line}: "{each.example.title}"'
        yield from (f"    {missed}" for missed in each.missed)
        yield from (f"    {line}" for line in _reasons(each))
    yield from _coverage_lines(tested.coverage)
    if tested.changes is not None:
        yield from _change_lines("numbers changed a little", tested.changes)
    if tested.rewordings is not None:
        yield from _change_lines("words changed", tested.rewordings)


def _reasons(result: ExampleResult) -> Iterator[str]:
    """Say why each thing came; along a path of orders only, with their moments, for a trail moves the stop often."""
    for look, action in result.came:
        if not result.example.path:
            yield f"why {action.kind}: {action.rule}: {action.why}"
        elif action.quantity is not None:
            yield f"why {action.kind} at {duration_text(look.after)}: {action.rule}: {action.why}"


def _coverage_lines(coverage: Coverage) -> Iterator[str]:
    acting = sum(each.acts for each in coverage.rules)
    both = sum(each.true and each.false for each in coverage.conditions)
    yield (
        f"  reached: {acting} of {counted(len(coverage.rules), 'rule', 'rules')} "
        f"{'acts' if acting == 1 else 'act'}, {both} of "
        f"{counted(len(coverage.conditions), 'condition', 'conditions')} seen both true and false"
    )
    yield from (f"    {rule}: {gap}" for rule, gap in coverage.gaps)


def _change_lines(what: str, changes: Sequence[Change]) -> Iterator[str]:
    """List what could be otherwise, each once with all its neighbours that no example tells apart."""
    missed: dict[tuple[str, str], list[str]] = {}
    for each in changes:
        if not each.noticed:
            missed.setdefault((each.where, each.before), []).append(f"`{each.after}`" if each.after else "left out")
    noticed = sum(each.noticed for each in changes)
    yield f"  {what}: {noticed} of {counted(len(changes), 'change', 'changes')} noticed by an example"
    yield from (f"    {where}: `{before}` could be {' or '.join(after)}" for (where, before), after in missed.items())


def _total(tested: Sequence[Tested]) -> str:
    examples = sum(len(each.results) for each in tested)
    failed = sum(not result.passed for each in tested for result in each.results)
    broken = sum(bool(each.error) for each in tested)
    parts = [f"{counted(len(tested), 'policy', 'policies')}, {counted(examples, 'example', 'examples')}"]
    parts.append(f"{failed} did not come out" if failed else "all came out as expected")
    if broken:
        parts.append(f"{counted(broken, 'policy', 'policies')} with errors")
    return ", ".join(parts)


# --- JSON ------------------------------------------------------------


def as_json(tested: Sequence[Tested]) -> str:
    """Return one object: every policy with its examples, its coverage and, if asked for, the changed numbers."""
    plain = not (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")
    results = [result for each in tested for result in each.results]
    whole = {
        "policies": [_policy_object(each) for each in tested],
        "examples": len(results),
        "failed": sum(not each.passed for each in results),
        "passed": all(each.passed for each in tested),
    }
    return json.dumps(whole, ensure_ascii=plain, indent=1)


def _policy_object(tested: Tested) -> dict[str, Any]:
    found: dict[str, Any] = {"file": tested.path, "error": tested.error or None}
    if tested.policy is None:
        return found
    found |= {
        "title": tested.policy.title,
        "digest": tested.policy.digest,
        "examples": [_example_object(each) for each in tested.results],
        "coverage": {
            "rules": [
                {"rule": each.rule, "line": each.line, "acts": each.acts, "holds": each.holds}
                for each in tested.coverage.rules
            ],
            "conditions": [
                {
                    "rule": each.rule,
                    "condition": each.condition,
                    "line": each.line,
                    "true": each.true,
                    "false": each.false,
                }
                for each in tested.coverage.conditions
            ],
        },
    }
    for name, changes in (("changes", tested.changes), ("rewordings", tested.rewordings)):
        if changes is not None:
            found[name] = [_change_object(each) for each in changes]
    return found


def _change_object(change: Change) -> dict[str, Any]:
    """Return one change; `after` is null where the words were left out."""
    return {
        "where": change.where,
        "line": change.line,
        "before": change.before,
        "after": change.after or None,
        "noticed": change.noticed,
    }


def _example_object(result: ExampleResult) -> dict[str, Any]:
    came = [
        {
            "minutes": look.after / MINUTE,
            "rule": action.rule,
            "kind": action.kind,
            "quantity": action.quantity,
            "stop": None if action.stop is None else action.stop / look.snapshot.scale,
            "why": action.why,
        }
        for look, action in result.came
    ]
    return {
        "title": result.example.title,
        "line": result.example.span.line,
        "passed": result.passed,
        "missed": list(result.missed),
        "came": came,
    }


# --- JUnit ------------------------------------------------------------

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(tested: Sequence[Tested]) -> str:
    """Return a JUnit report: a suite a policy, a case an example; in plain ASCII, so that no console can spoil it."""
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    cases = [case for each in tested for case in _cases(each)]
    failed = sum(bool(message) for _, _, message, kind in cases if kind == "failure")
    errors = sum(bool(message) for _, _, message, kind in cases if kind == "error")
    root = Element("testsuites", tests=str(len(cases)), failures=str(failed), errors=str(errors))
    for each in tested:
        mine = _cases(each)
        suite = SubElement(
            root,
            "testsuite",
            name=_clean(each.path),
            tests=str(len(mine)),
            failures=str(sum(bool(message) for _, _, message, kind in mine if kind == "failure")),
            errors=str(sum(bool(message) for _, _, message, kind in mine if kind == "error")),
        )
        for name, line, message, kind in mine:
            case = SubElement(
                suite,
                "testcase",
                name=_clean(name),
                classname=_clean(each.path),
                file=_clean(each.path),
                line=str(line),
            )
            if message:
                first = message.partition("\n")[0]
                SubElement(case, kind, message=_clean(first)).text = _clean(message)
    indent(root)
    return str(tostring(root, encoding="us-ascii", xml_declaration=True), "ascii")


def _cases(tested: Tested) -> list[tuple[str, int, str, str]]:
    """List the cases of a suite: name, line, what went wrong, and whether that is a failure or an error."""
    if tested.error:
        return [("the policy can be read", 1, tested.error, "error")]
    return [
        (
            each.example.title,
            each.example.span.line,
            "\n".join([*each.missed, *_reasons(each)]) if each.missed else "",
            "failure",
        )
        for each in tested.results
    ]


def _clean(content: str) -> str:
    """Leave out what may not stand in XML."""
    return _NOT_IN_XML.sub("?", content)


FORMS: dict[str, Callable[[Sequence[Tested]], str]] = {"text": text, "json": as_json, "junit": junit}
"""Each form with its writer."""

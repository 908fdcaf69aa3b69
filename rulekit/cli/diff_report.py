"""What `rulekit diff` prints: text for people, JSON for programs."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from rulekit.difference.compare import SAME, Change, Difference, RuleDifference, Witness
from rulekit.difference.words import head, nothing_found, summary, told, way
from rulekit.language.sentences import rule_sentence

_WIDTH = 100


def text(difference: Difference, old: str, new: str, *, examples: bool = False) -> str:
    """Say what differs: the positions, each rule, the whole."""
    lines = [f"{old} -> {new}"]
    for change in difference.applies:
        lines += _filled(f"{change.name.replace('-', ' ')}: {change.note}", "  ")
    for rule in difference.rules:
        if rule.status != SAME:
            lines += _rule_lines(rule, examples)
    lines += _whole_lines(difference, examples)
    lines.append(summary(difference))
    return "\n".join(lines)


def _rule_lines(difference: RuleDifference, examples: bool) -> Iterator[str]:
    yield from _filled(head(difference), "", "  ")
    yield from _change_lines(difference.changes, examples)


def _change_lines(changes: Sequence[Change], examples: bool) -> Iterator[str]:
    for change in changes:
        yield from _filled(f"{way(change, changes)}: {told(change)}", "  ", "    ")
        if examples and change.witness is not None and change.witness.example:
            yield from (f"      {line}" for line in change.witness.example.splitlines())


def _whole_lines(difference: Difference, examples: bool) -> Iterator[str]:
    if not difference.tried:
        return
    yield "all rules together"
    if not difference.whole:
        yield f"  {nothing_found(difference)}"
    yield from _change_lines(difference.whole, examples)


def _filled(text: str, first: str, then: str = "    ") -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=then, break_on_hyphens=False, break_long_words=False
    )


# --- JSON ------------------------------------------------------------


def as_json(difference: Difference, old: str, new: str, failing: Sequence[str]) -> str:
    """Return one object with every rule, every difference and its witness."""
    plain = not (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")
    whole = {
        "old": old,
        "new": new,
        "same": not difference.changes,
        "names": sorted(difference.names - {"any"}),
        "failing": list(failing),
        "applies": [_change(change) for change in difference.applies],
        "rules": [_rule(rule) for rule in difference.rules],
        "whole": [_change(change) for change in difference.whole],
        "tried": difference.tried,
    }
    return json.dumps(whole, ensure_ascii=plain, indent=1)


def _rule(rule: RuleDifference) -> dict[str, Any]:
    old, new = rule.pair.old, rule.pair.new
    return {
        "rule": rule.name,
        "status": rule.status,
        "old": None if old is None else rule_sentence(old),
        "new": None if new is None else rule_sentence(new),
        "old_line": None if old is None else old.span.line,
        "new_line": None if new is None else new.span.line,
        "changes": [_change(change) for change in rule.changes],
        "tried": rule.tried,
        "complete": rule.complete,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "name": change.name,
        "way": change.way,
        "kind": change.kind,
        "note": change.note,
        "witness": None if change.witness is None else _witness(change.witness),
    }


def _witness(witness: Witness) -> dict[str, Any]:
    return {
        "position": witness.text,
        "old": witness.old,
        "new": witness.new,
        "example": witness.example or None,
    }

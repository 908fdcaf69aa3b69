"""What `rulekit diff` prints: text for people, JSON for programs."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from rulekit.cli.policy_files import counted
from rulekit.difference.compare import CHANGED, RENAMED, REWORDED, SAME, Change, Difference, RuleDifference, Witness
from rulekit.difference.verdicts import ADDED, OPPOSITE, REMOVED
from rulekit.language.sentences import label_text, rule_sentence
from rulekit.language.tree import Rule

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
    lines.append(_summary(difference))
    return "\n".join(lines)


def _rule_lines(difference: RuleDifference, examples: bool) -> Iterator[str]:
    yield from _filled(_head(difference), "", "  ")
    yield from _change_lines(difference.changes, examples)


def _head(difference: RuleDifference) -> str:
    old, new = difference.pair.old, difference.pair.new
    if old is None or new is None:
        return f"{_named(new or old)} {'was added' if old is None else 'was removed'}"
    if difference.status == RENAMED:
        return f"`{old.name}` is now called `{new.name}`: what it remembers of open positions stays behind"
    if difference.status == REWORDED:
        tried = "in any combination" if difference.complete else f"in {difference.tried:,} positions that were tried"
        return f"{label_text(new.name)}: other words, and no difference {tried}"
    label = f"{label_text(new.label)}: " if new.label is not None else ""
    return f"{label}`{rule_sentence(old)}` is now `{rule_sentence(new)}`"


def _named(rule: Rule | None) -> str:
    assert rule is not None
    sentence = f"`{rule_sentence(rule)}`"
    return sentence if rule.label is None else f"{label_text(rule.label)}: {sentence}"


def _change_lines(changes: Sequence[Change], examples: bool) -> Iterator[str]:
    both = {(change.way, change.kind) for change in changes}
    for change in changes:
        name = f"{change.way} {change.kind}".rstrip()
        turned = {**OPPOSITE, **{way: other for other, way in OPPOSITE.items()}}.get(change.way)
        if turned is not None and (turned, change.kind) in both:
            name += " in some cases (incomparable)"
        yield from _filled(f"{name}: {_told(change)}", "  ", "    ")
        if examples and change.witness is not None and change.witness.example:
            yield from (f"      {line}" for line in change.witness.example.splitlines())


def _told(change: Change) -> str:
    if change.witness is None:
        return change.note
    witness = change.witness
    if change.way == ADDED:
        return f"{witness.text}: it {witness.new}"
    if change.way == REMOVED:
        return f"{witness.text}: it {_past(witness.old)}"
    return f"{witness.text}: old {witness.old}, new {witness.new}"


def _past(done: str) -> str:
    words = {"exits": "exited", "books": "booked", "adds": "added", "moves": "moved", "stops": "stopped", "does": "did"}
    return " ".join(words.get(word, word) for word in done.split())


def _whole_lines(difference: Difference, examples: bool) -> Iterator[str]:
    if not difference.tried:
        return
    yield "all rules together"
    if not difference.whole:
        yield f"  no difference in {difference.tried:,} positions that were tried"
    yield from _change_lines(difference.whole, examples)


def _summary(difference: Difference) -> str:
    rules = difference.rules
    order = (SAME, RENAMED, REWORDED, CHANGED, ADDED, REMOVED, "unclear")
    counts = [(status, sum(rule.status == status for rule in rules)) for status in order]
    told = ", ".join(f"{count} {status}" for status, count in counts if count)
    return f"{counted(len(rules), 'rule', 'rules')}: {told}"


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

"""One action followed through the log of a whole day by nothing but its id."""

from __future__ import annotations

import json
from collections import defaultdict

from rulekit.model.events import EVENTS
from tests.metrics.reading import Whole

SAID_BY = {
    "decided": "action_decided",
    "sending": "action_executing",
    "accepted": "action_submitted",
    "filled": "action_filled",
    "cancelled": "action_cancelled",
    "expired": "action_expired",
    "superseded": "action_superseded",
    "refused": "action_refused",
}
"""Which event tells of a state; a tracked stop or target that was moved has its own."""
MOVED = {"stop": "stop_moved", "target": "target_moved"}
ABOUT_AN_ACTION = {name for name, fields in EVENTS.items() if fields.startswith("id,")} | set(MOVED.values())


def test_each_line_about_an_action_bears_its_id(whole_day: Whole) -> None:
    known = {entry.subject for entry in whole_day.day.manager.journal.entries() if entry.kind == "decided"}
    seen, names = set(), set()
    for text in whole_day.log.splitlines():
        line = json.loads(text)
        if line["event"] in ABOUT_AN_ACTION:
            assert line["action"] in known, line
            assert line["data"].get("id", line["action"]) == line["action"]
            seen.add(line["action"])
            names.add(line["event"])
        elif line["event"] not in ("alert",):
            assert line["action"] == "", line
    assert seen == known
    assert {"action_decided", "action_executing", "action_submitted", "action_filled", "stop_moved"} <= names


def test_an_action_is_followed_by_grep_along_its_path_in_the_journal(whole_day: Whole) -> None:
    paths: dict[str, list[tuple[int, str]]] = defaultdict(list)
    kinds: dict[str, str] = {}
    sent: dict[str, set[str]] = defaultdict(set)
    for entry in whole_day.day.manager.journal.entries():
        if entry.kind == "decided":
            kinds[entry.subject] = entry.body["kind"]
        elif entry.kind == "sending":
            sent[entry.subject].add(entry.body["tag"])
        state = {"decided": "decided", "sending": "sending", "state": entry.body.get("state", "")}.get(entry.kind)
        if state == "applied":
            paths[entry.subject].append((entry.at, MOVED[kinds[entry.subject]]))
        elif state in SAID_BY:
            paths[entry.subject].append((entry.at, SAID_BY[state]))
    assert sum(len(path) >= 4 for path in paths.values()) >= 3, "orders that went all the way"
    lines = whole_day.log.splitlines()
    for action, path in paths.items():
        found = [json.loads(line) for line in lines if f'"action": "{action}"' in line]
        told = iter(line["event"] for line in found)
        for _, name in path:
            assert name in told, f"{action}: {name} is missing, or comes out of turn"
        tags = {line["data"]["tag"] for line in found if line["event"] == "action_submitted"}
        assert tags == sent[action], "the line of the request leads to the broker's book"

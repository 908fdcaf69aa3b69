"""The names that installed packages declare, and which of them a text may mean; nothing is imported for it."""

from __future__ import annotations

import re

from rulekit.plugins.discovery import EntryPoint, entry_points

FACTS, UNITS, ACTIONS = "rulekit.facts", "rulekit.units", "rulekit.actions"
WORDS = (FACTS, UNITS, ACTIONS)
"""The groups whose names are words of policies."""
_WORD = re.compile(r"[a-z][a-z0-9]*")


def entries(group: str) -> tuple[EntryPoint, ...]:
    """List the entry points of a group."""
    return tuple(each for each in entry_points() if each.group == group)


def names(group: str) -> tuple[str, ...]:
    """List the names that packages declare in a group, each once."""
    return tuple(dict.fromkeys(each.name for each in entries(group)))


def words() -> tuple[tuple[str, str], ...]:
    """List the words of policies that packages declare: group and name."""
    return tuple(dict.fromkeys((each.group, each.name) for each in entry_points() if each.group in WORDS))


def mentioned(text: str) -> tuple[tuple[str, str], ...]:
    """List the declared words that all stand in a text: those that a policy may mean."""
    declared = words()
    if not declared:
        return ()
    said = words_of(text)
    return tuple(word for word in declared if said.issuperset(_WORD.findall(word[1])))


def words_of(text: str) -> set[str]:
    """Return the words of a text, in lower case."""
    return set(_WORD.findall(text.lower()))

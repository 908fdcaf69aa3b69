"""The names of facts that installed packages declare, and which of them a text may mean; nothing is imported for it."""

from __future__ import annotations

import re

from rulekit.plugins.discovery import EntryPoint, entry_points

GROUP = "rulekit.facts"
_WORD = re.compile(r"[a-z][a-z0-9]*")


def entries() -> tuple[EntryPoint, ...]:
    """List the entry points of facts."""
    return tuple(each for each in entry_points() if each.group == GROUP)


def names() -> tuple[str, ...]:
    """List the names of facts that packages declare, each once."""
    return tuple(dict.fromkeys(each.name for each in entries()))


def mentioned(text: str) -> tuple[str, ...]:
    """List the declared names whose words all stand in a text: those that a policy may mean."""
    declared = names()
    if not declared:
        return ()
    said = words_of(text)
    return tuple(name for name in declared if said.issuperset(_WORD.findall(name)))


def words_of(text: str) -> set[str]:
    """Return the words of a text, in lower case."""
    return set(_WORD.findall(text.lower()))

"""What installed packages declare, by group and name: loaded, or refused with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from attrs import frozen

from rulekit.plugins.declared import FactPlugin
from rulekit.plugins.discovery import GROUPS, EntryPoint
from rulekit.plugins.kinds import (
    ActionPlugin,
    BrokerPlugin,
    ChannelPlugin,
    FeedPlugin,
    LintPlugin,
    ReportPlugin,
    UnitPlugin,
)
from rulekit.plugins.loading import load
from rulekit.plugins.names import FACTS, entries, names

CLASSES: dict[str, type] = {
    "rulekit.facts": FactPlugin,
    "rulekit.units": UnitPlugin,
    "rulekit.actions": ActionPlugin,
    "rulekit.lints": LintPlugin,
    "rulekit.channels": ChannelPlugin,
    "rulekit.reports": ReportPlugin,
    "rulekit.feeds": FeedPlugin,
    "rulekit.brokers": BrokerPlugin,
}
"""What an entry point of each group must name."""


@frozen
class Declared:
    """One name that a package declares: what it stands for, or why it cannot be used.

    Args:
        value: of the group's class; None if there is a trouble.
        aliases: further names of the same.
    """

    entry: EntryPoint
    value: Any = None
    trouble: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def fact(self) -> FactPlugin | None:
        """The fact, where it is one."""
        return self.value if isinstance(self.value, FactPlugin) else None


def declared(name: str, group: str = FACTS) -> Declared | None:
    """Load what a name stands for; None for a name that nobody declares."""
    return _declared(entries(group), name)


def every(*groups: str) -> Iterator[Declared]:
    """Load all that packages declare in these groups, in all of them if none is named."""
    for group in groups or GROUPS:
        for name in names(group):
            found = declared(name, group)
            assert found is not None
            yield found


def fact_of(name: str) -> FactPlugin | None:
    """Return the fact of a name, or None."""
    found = declared(name)
    return None if found is None else found.fact


def spoken(value: Any) -> str:
    """Return the name that a declaration gives itself, as an entry point has it."""
    return value.code.lower() if isinstance(value, LintPlugin) else str(value.name)


@cache
def _declared(known: tuple[EntryPoint, ...], name: str) -> Declared | None:
    claims = [each for each in known if each.name == name]
    if not claims:
        return None
    entry = claims[0]
    if len(claims) > 1:
        return Declared(entry, trouble=f"{_two(claims)} call a {entry.kind} `{name}`; uninstall one of them")
    loaded = load(entry)
    if loaded.trouble:
        return Declared(entry, trouble=loaded.trouble)
    value, wanted = loaded.value, CLASSES[entry.group]
    if not isinstance(value, wanted):
        return Declared(entry, trouble=f"`{entry.target}` is a {type(value).__name__} and no {wanted.__name__}")
    called, same = spoken(value), [each.name for each in known if each.target == entry.target]
    if called not in same:
        return Declared(entry, trouble=f"it calls itself `{called}`, and no entry point has that name")
    return Declared(entry, value, aliases=tuple(each for each in same if each != called))


def _two(claims: Iterable[EntryPoint]) -> str:
    packages = [f"`{each.package}`" for each in claims]
    return f"{', '.join(packages[:-1])} and {packages[-1]}"

"""The facts that installed packages declare, by name: which there are, and which cannot be used and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from attrs import frozen

from rulekit.plugins.declared import FactPlugin
from rulekit.plugins.discovery import EntryPoint
from rulekit.plugins.loading import load
from rulekit.plugins.names import entries, names


@frozen
class Declared:
    """One name that a package declares: the fact, or why it cannot be used.

    Args:
        aliases: further names of the same fact.
    """

    entry: EntryPoint
    fact: FactPlugin | None = None
    trouble: str = ""
    aliases: tuple[str, ...] = ()


def declared(name: str) -> Declared | None:
    """Load what a name stands for; None for a name that nobody declares."""
    return _declared(entries(), name)


def every() -> Iterator[Declared]:
    """Load all that packages declare."""
    for name in names():
        found = declared(name)
        assert found is not None
        yield found


def fact_of(name: str) -> FactPlugin | None:
    """Return the fact of a name, or None."""
    found = declared(name)
    return None if found is None else found.fact


@cache
def _declared(known: tuple[EntryPoint, ...], name: str) -> Declared | None:
    claims = [each for each in known if each.name == name]
    if not claims:
        return None
    if len(claims) > 1:
        return Declared(claims[0], trouble=f"{_two(claims)} call a fact `{name}`; uninstall one of them")
    entry = claims[0]
    loaded = load(entry)
    if loaded.trouble:
        return Declared(entry, trouble=loaded.trouble)
    fact = loaded.value
    if not isinstance(fact, FactPlugin):
        return Declared(entry, trouble=f"`{entry.target}` is a {type(fact).__name__} and no FactPlugin")
    others = tuple(each.name for each in known if each.target == entry.target and each.name != fact.name)
    if fact.name != name and name not in others:
        others = (*others, name)
    if fact.name not in [each.name for each in known if each.target == entry.target]:
        return Declared(entry, trouble=f"it calls itself `{fact.name}`, and no entry point has that name")
    return Declared(entry, fact, aliases=others)


def _two(claims: Iterable[EntryPoint]) -> str:
    packages = [f"`{each.package}`" for each in claims]
    return f"{', '.join(packages[:-1])} and {packages[-1]}"

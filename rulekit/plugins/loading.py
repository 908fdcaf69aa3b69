"""Imports what an entry point names, within a time, and says in one line why that cannot be."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from threading import Thread
from typing import Any

from attrs import frozen

from rulekit.plugins.declared import DeclarationError
from rulekit.plugins.discovery import EntryPoint

IMPORT_S = 5.0
"""So long may a package take to be imported; declarations are light, and what is heavy is imported where it is used."""


@frozen
class Loaded:
    """What an entry point gave: its value, or why there is none."""

    value: Any = None
    trouble: str = ""


@cache
def load(entry: EntryPoint, within_s: float = IMPORT_S) -> Loaded:
    """Import an entry point once.

    It happens in a thread of its own, so that a package that never comes back costs its time and no more.
    """
    found: list[Loaded] = []
    worker = Thread(target=lambda: found.append(_imported(entry)), name=f"import of {entry.package}", daemon=True)
    worker.start()
    worker.join(within_s)
    return found[0] if found else Loaded(trouble=f"it was not imported within {within_s:g} seconds")


def _imported(entry: EntryPoint) -> Loaded:
    module, _, attribute = entry.target.partition(":")
    try:
        value = import_module(module)
        for part in attribute.split("."):
            value = getattr(value, part)
    except BaseException as error:  # other people's code may raise anything, SystemExit included
        return Loaded(trouble=one_line(error))
    return Loaded(value)


def one_line(error: BaseException) -> str:
    """Write an exception in one line: `ModuleNotFoundError: No module named 'scipy'`."""
    if isinstance(error, DeclarationError):
        return f"{error.message} ({error.help})"
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said[:200]}" if said else type(error).__name__

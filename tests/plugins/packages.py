"""Writes packages with plug-ins into a folder as an installer would, so that they are found by their entry points."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

HEAD = "from rulekit.plugins import *\nfrom math import nan, inf\n"


def install(
    folder: Path,
    name: str,
    source: str,
    facts: Mapping[str, str],
    *,
    version: str = "1.0",
    group: str = "rulekit.facts",
) -> None:
    """Write a distribution with one module, called as it is with underscores.

    Args:
        facts: what each entry point names, by its name: an attribute of the module, or `module:attribute`.
    """
    module = name.replace("-", "_")
    info = folder / f"{module}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    lines = [f"{key} = {target if ':' in target else f'{module}:{target}'}" for key, target in facts.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]), encoding="utf-8")
    (folder / f"{module}.py").write_text(HEAD + dedent(source), encoding="utf-8")


def fact(name: str, compute: str, **more: object) -> str:
    """Return the source of a fact whose function is an expression over `bars` and `window`."""
    declared: dict[str, object] = {
        "unit": "%",
        "help": f"what {name} says",
        "example": f"exit when {name} is above 50%",
        "unknown": "never",
    } | more
    fields = ", ".join(f"{key}={value!r}" for key, value in declared.items())
    return f"FactPlugin(name={name!r}, compute=lambda bars, window: {compute}, {fields})\n"

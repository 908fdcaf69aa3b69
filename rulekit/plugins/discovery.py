"""Finds what installed packages declare, by their standard entry points, without importing any of them.

The files are read here rather than through `importlib.metadata`: importing that costs more than a whole check may.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import NamedTuple

GROUPS = {
    "rulekit.facts": "fact",
    "rulekit.units": "unit",
    "rulekit.actions": "action",
    "rulekit.lints": "lint code",
    "rulekit.channels": "alert channel",
    "rulekit.reports": "report section",
    "rulekit.feeds": "feed",
    "rulekit.brokers": "broker",
}
"""Groups of entry points, and what one entry of each is called."""
_MARK = "rulekit."


class EntryPoint(NamedTuple):
    """One line that a package declares: `premium_decay = "rulekit_greeks.facts:premium_decay"`.

    Args:
        name: with blanks for underscores. target: `module:attribute`.
        package, version: of the distribution.
    """

    group: str
    name: str
    target: str
    package: str
    version: str

    @property
    def kind(self) -> str:
        """What it is called: `fact`."""
        return GROUPS[self.group]


def entry_points() -> tuple[EntryPoint, ...]:
    """List what installed packages declare for rulekit, in the order of the groups, packages and names."""
    return _of_path(tuple(sys.path))


@cache
def _of_path(folders: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Read every distribution on a path; of one that stands there twice the first counts, as for imports."""
    found: list[EntryPoint] = []
    seen: set[str] = set()
    for folder in folders:
        for place in _distributions(folder or "."):
            text = _text(place, "entry_points.txt")
            if _MARK not in text:
                continue
            package, version = _identity(place)
            if package.lower() not in seen:
                seen.add(package.lower())
                found += _entries(text, package, version)
    order = list(GROUPS)
    return tuple(sorted(found, key=lambda each: (order.index(each.group), each.package, each.name)))


def _distributions(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as places:
            return sorted(each.path for each in places if each.name.endswith((".dist-info", ".egg-info")))
    except OSError:
        return []  # an entry of the path may be a zip file, or gone


def _text(place: str, name: str) -> str:
    try:
        with open(os.path.join(place, name), encoding="utf-8", errors="replace") as file:  # noqa: PTH118, PTH123
            return file.read()
    except OSError:
        return ""


def _identity(place: str) -> tuple[str, str]:
    """Return name and version of a distribution from its metadata."""
    said = {"Name": "", "Version": ""}
    for line in (_text(place, "METADATA") or _text(place, "PKG-INFO")).splitlines():
        key, colon, value = line.partition(":")
        if not line.strip():
            break
        if colon and key in said and not said[key]:
            said[key] = value.strip()
    stem = os.path.basename(place).rsplit(".", 1)[0]  # noqa: PTH119
    name, _, version = stem.partition("-")
    return said["Name"] or name, said["Version"] or version


def _entries(text: str, package: str, version: str) -> list[EntryPoint]:
    """Read the sections of an `entry_points.txt` that are ours."""
    found, group = [], ""
    for written in text.splitlines():
        line = written.strip()
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif group in GROUPS and line and line[0] not in "#;":
            name, equals, target = line.partition("=")
            if equals:
                spoken = " ".join(name.replace("_", " ").lower().split())
                found.append(EntryPoint(group, spoken, target.partition("[")[0].strip(), package, version))
    return found

"""The table of actions: the same policy over the same bars in each host, side by side.

    python -m tests.hosts.table                 every host that can be imported here
    python -m tests.hosts.table --host nautilus one of them beside the replay
    python -m tests.hosts.table --all           every row, not only what differs

A framework lives in an environment of its own: run it with that environment's python, from the project's root.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path

from rulekit.hosts.bars import Done
from rulekit.model.instant import iso
from rulekit.runtime.policy import Policy
from tests.hosts.scenes import POLICY, Scene, replayed, scenes

Host = Callable[[Policy, Scene], list[Done]]
FRAMEWORKS = {"asyncio": "asyncio", "backtesting": "backtesting", "freqtrade": "freqtrade",
              "nautilus": "nautilus_trader"}  # fmt: skip
"""Hosts, and the package that each needs."""
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def host(name: str) -> Host:
    """Return what runs a scene in a host."""
    run: Host = import_module(f"tests.hosts.run_{name}").run
    return run


def missing(name: str) -> str | None:
    """Say why a host cannot run here, None if it can."""
    package = FRAMEWORKS[name]
    return None if find_spec(package) else f"`{package}` is not installed in this environment"


def row_of(done: Done | None) -> str:
    """Write an action as one cell of the table."""
    if done is None:
        return "-"
    more = f" {done.quantity}" if done.quantity is not None else f" {done.stop:.2f}" if done.stop is not None else ""
    return f"{iso(done.at)[11:16]} {done.rule} {done.kind}{more}"


def compared(names: Sequence[str], scene: Scene, policy: Policy) -> tuple[list[tuple[str, ...]], int]:
    """Return the rows of a scene and how many differ; the first column is the replay's."""
    columns = [replayed(policy, scene), *(host(name)(policy, scene) for name in names)]
    rows = [tuple(map(row_of, row)) for row in zip_longest(*columns)]
    return rows, sum(len(set(row)) > 1 for row in rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", action="append", choices=list(FRAMEWORKS))
    parser.add_argument("--policy", type=Path, help="another policy than the example's")
    parser.add_argument("--all", action="store_true")
    given = parser.parse_args()
    names = []
    for name in given.host or FRAMEWORKS:
        reason = missing(name)
        print(f"left out: {name} ({reason})") if reason else names.append(name)
    text = POLICY if given.policy is None else given.policy.read_text(encoding="utf-8")
    policy, total, differing = Policy.from_text(text), 0, 0
    for scene in scenes(SHARED):
        rows, different = compared(names, scene, policy)
        total, differing = total + len(rows), differing + different
        print(f"\n{scene.name}: {len(rows)} actions, {different} different")
        for row in (("replay", *names), *(row for row in rows if given.all or len(set(row)) > 1)):
            print("  " + " | ".join(f"{cell:36}" for cell in row).rstrip())
    print(f"\n{total} actions in {len(scenes(SHARED))} scenes and {len(names) + 1} columns, {differing} rows differ")


if __name__ == "__main__":
    main()

"""Where policies come from: one in memory, files, and folders of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rulekit.errors import UnreadableFileError, UsageError
from rulekit.runtime.policy import Policy, load

PolicySource = Policy | str | Path | Sequence[Policy | str | Path]
"""A policy, the path of one or of a folder, or several of these in the order in which they are tried."""


def policy_paths(paths: Sequence[Path]) -> list[Path]:
    """List the policy files of files and folders, those of a folder by name.

    Raises:
        UnreadableFileError: a folder has none.
    """
    found: list[Path] = []
    for path in paths:
        inside = sorted(each for each in path.rglob("*.policy") if each.is_file()) if path.is_dir() else [path]
        if not inside:
            raise UnreadableFileError(f"there is no policy in `{path}`", "policies end with .policy")
        found += inside
    return list(dict.fromkeys(found))


def load_all(*paths: str | Path, today: date | None = None) -> tuple[Policy, ...]:
    """Load the policies of files and folders, those of a folder by name, in the order in which they are tried.

    Args:
        today: decides what has expired; the wall clock's day if left out.

    Raises:
        PolicyError: one of them has errors. UnreadableFileError: a file is missing, or a folder has no policy.
    """
    return tuple(load(path, today=today) for path in policy_paths([Path(path) for path in paths]))


def policies_of(source: PolicySource) -> tuple[Policy, ...]:
    """Return the policies of a source, loaded."""
    found: list[Policy] = []
    for one in _several(source):
        if isinstance(one, str) and _is_sentences(one):
            raise UsageError(
                f"`{one.strip().splitlines()[0]}` is no path of a policy", "give sentences as `Policy.from_text(text)`"
            )
        found += (one,) if isinstance(one, Policy) else load_all(one)
    return tuple(found)


def _is_sentences(text: str) -> bool:
    """Tell whether a text that should be a path is a policy itself."""
    if "\n" in text.strip():
        return True
    return " " in text and not text.endswith(".policy") and not Path(text).exists()


def paths_of(source: PolicySource) -> list[Path] | None:
    """Return the files and folders that a source names, None if one of its policies is in memory alone."""
    several = _several(source)
    paths = [Path(one) for one in several if not isinstance(one, Policy)]
    return paths if paths and len(paths) == len(several) else None


def _several(source: PolicySource) -> Sequence[Policy | str | Path]:
    if isinstance(source, Policy | str | Path):
        return (source,)
    if not isinstance(source, Sequence):
        raise UsageError(
            f"`{source}` is no policy", "give a policy, the path of one or of a folder, or several of these"
        )
    return source

"""Rulekit: how open positions are to be managed, one sentence a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rulekit.model import version

__version__ = version.VERSION

if TYPE_CHECKING:
    from rulekit.errors import RulekitError as RulekitError
    from rulekit.model.decision import Action as Action
    from rulekit.model.decision import Decision as Decision
    from rulekit.model.snapshot import Snapshot as Snapshot
    from rulekit.runtime.manager import Manager as Manager
    from rulekit.runtime.policy import Policy as Policy
    from rulekit.runtime.policy import load as load

# Looked up on first use, so that `rulekit lint` does not pay for the journal and the brokers.
_HOMES = {
    "Action": "rulekit.model.decision",
    "Decision": "rulekit.model.decision",
    "Manager": "rulekit.runtime.manager",
    "Policy": "rulekit.runtime.policy",
    "RulekitError": "rulekit.errors",
    "Snapshot": "rulekit.model.snapshot",
    "load": "rulekit.runtime.policy",
}

__all__ = ["Action", "Decision", "Manager", "Policy", "RulekitError", "Snapshot", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'rulekit' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)

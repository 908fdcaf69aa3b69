"""Rulekit: how open positions are to be managed, one sentence a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rulekit.model import version

__version__ = version.VERSION

if TYPE_CHECKING:
    from rulekit.errors import RulekitError as RulekitError
    from rulekit.model.decision import Action as Action
    from rulekit.model.decision import Decision as Decision
    from rulekit.model.events import Event as Event
    from rulekit.model.snapshot import Snapshot as Snapshot
    from rulekit.runtime.desk import Desk as Desk
    from rulekit.runtime.manager import Manager as Manager
    from rulekit.runtime.policy import Policy as Policy
    from rulekit.runtime.policy import load as load
    from rulekit.runtime.position import Position as Position
    from rulekit.runtime.sources import load_all as load_all
    from rulekit.settings import Settings as Settings

# Looked up on first use, so that `rulekit lint` does not pay for the journal and the brokers.
_HOMES = {
    "Action": "rulekit.model.decision",
    "Decision": "rulekit.model.decision",
    "Desk": "rulekit.runtime.desk",
    "Event": "rulekit.model.events",
    "Manager": "rulekit.runtime.manager",
    "Policy": "rulekit.runtime.policy",
    "Position": "rulekit.runtime.position",
    "RulekitError": "rulekit.errors",
    "Settings": "rulekit.settings",
    "Snapshot": "rulekit.model.snapshot",
    "load": "rulekit.runtime.policy",
    "load_all": "rulekit.runtime.sources",
}

__all__ = [
    "Action",
    "Decision",
    "Desk",
    "Event",
    "Manager",
    "Policy",
    "Position",
    "RulekitError",
    "Settings",
    "Snapshot",
    "__version__",
    "load",
    "load_all",
]


def __dir__() -> list[str]:
    """List the public names, looked up or not."""
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'rulekit' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)

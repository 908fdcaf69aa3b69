"""The names of what a run or a doctor may be with: the paper broker, this program's accounts and those of plug-ins."""

from __future__ import annotations

from rulekit.errors import UsageError
from rulekit.plugins.names import names

PAPER = "paper"
"""The simulated broker; also whose journal it is, where a database may hold many and nobody says."""
KITE, OPENALGO = "kite", "openalgo"
PLUGGED = "rulekit.brokers"
"""The group of entry points under which packages declare brokers."""


def accounts() -> tuple[str, ...]:
    """List the real accounts that can be reached: those of this program, then those of plug-ins."""
    return KITE, OPENALGO, *names(PLUGGED)


def refuse_unknown(broker: str) -> None:
    """Say which brokers there are, unless it is one of them.

    Raises:
        UsageError: it is none.
    """
    known = (PAPER, *accounts())
    if broker not in known:
        raise UsageError(f"there is no broker `{broker}`", f"it is one of {', '.join(known)}")

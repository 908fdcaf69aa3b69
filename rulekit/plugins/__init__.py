"""What other packages teach rulekit: what they declare, how they are found, and where their code runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rulekit.plugins.day_bars import DayBars as DayBars
    from rulekit.plugins.declared import FactPlugin as FactPlugin
    from rulekit.plugins.declared import Measured as Measured
    from rulekit.plugins.kinds import ActionPlugin as ActionPlugin
    from rulekit.plugins.kinds import BrokerPlugin as BrokerPlugin
    from rulekit.plugins.kinds import ChannelPlugin as ChannelPlugin
    from rulekit.plugins.kinds import FeedPlugin as FeedPlugin
    from rulekit.plugins.kinds import LintPlugin as LintPlugin
    from rulekit.plugins.kinds import ReportPlugin as ReportPlugin
    from rulekit.plugins.kinds import UnitPlugin as UnitPlugin

# Looked up on first use: whoever only asks which names there are imports none of it.
_HOMES = {
    "DayBars": "rulekit.plugins.day_bars",
    "FactPlugin": "rulekit.plugins.declared",
    "Measured": "rulekit.plugins.declared",
    **dict.fromkeys(
        (
            "ActionPlugin",
            "BrokerPlugin",
            "ChannelPlugin",
            "FeedPlugin",
            "LintPlugin",
            "ReportPlugin",
            "UnitPlugin",
        ),
        "rulekit.plugins.kinds",
    ),
}

__all__ = [
    "ActionPlugin",
    "BrokerPlugin",
    "ChannelPlugin",
    "DayBars",
    "FactPlugin",
    "FeedPlugin",
    "LintPlugin",
    "Measured",
    "ReportPlugin",
    "UnitPlugin",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rulekit.plugins' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)

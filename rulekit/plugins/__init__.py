"""What other packages teach rulekit: what they declare, how they are found, and where their code runs."""

from __future__ import annotations

from rulekit.plugins.day_bars import DayBars
from rulekit.plugins.declared import FactPlugin, Measured

__all__ = ["DayBars", "FactPlugin", "Measured"]

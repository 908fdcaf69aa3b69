"""Replay: bars and entries in, trades out, by the same generated function that decides live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rulekit.replay.api import replay as replay
    from rulekit.replay.bars import read_bars as read_bars
    from rulekit.replay.options import Options as Options
    from rulekit.replay.studying import Study as Study
    from rulekit.replay.studying import study as study
    from rulekit.replay.trades import Replay as Replay
    from rulekit.replay.trades import Trade as Trade

_HOMES = {
    "replay": "api",
    "read_bars": "bars",
    "Options": "options",
    "Replay": "trades",
    "Trade": "trades",
    "Study": "studying",
    "study": "studying",
}

__all__ = ["Options", "Replay", "Study", "Trade", "read_bars", "replay", "study"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'rulekit.replay' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"rulekit.replay.{home}"), name)

"""One line of the page's log: the console's words, with how much they matter."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from attrs import frozen

from rulekit.model.events import Event
from rulekit.model.instant import iso
from rulekit.report.console import line_of, render
from rulekit.report.secrets import Redactor

GOOD, WARN, BAD, PLAIN = "good", "warn", "bad", ""
_TONES = {
    "action_filled": GOOD, "action_refused": WARN, "action_unknown": BAD, "action_parked": BAD, "price_stale": WARN,
    "mismatch_found": WARN, "policy_refused": BAD, "action_expired": WARN, "rule_unknown": WARN,
}  # fmt: skip
_LEVELS = {"critical": BAD, "warning": WARN, "told": PLAIN}
_MODES = {"active": GOOD, "reducing": WARN, "halted": BAD}


@frozen
class LogLine:
    """What happened.

    Args:
        number: of the entry in the journal; 0 for what stands in none.
        tone: `good`, `warn`, `bad` or nothing.
    """

    number: int
    at: str
    symbol: str
    tone: str
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"number": self.number, "at": self.at, "symbol": self.symbol, "tone": self.tone, "text": self.text}


def line_of_event(event: Event, number: int, title: str = "") -> LogLine | None:
    """Write an event as a line; None for one that is not shown.

    Args:
        title: under which the engine logs what has no strategy of its own.
    """
    text, line = render(event, title), line_of(event)
    if text is None or line is None:
        return None
    # Colours say it here; not every system has the signs.
    text = text.removeprefix(line.emoji).strip()
    tone = _TONES.get(event.name, PLAIN)
    if event.name == "alert":
        tone = _LEVELS.get(str(event.data.get("level")), WARN)
    elif event.name == "mode_changed":
        tone = _MODES.get(str(event.data.get("mode")), PLAIN)
    return LogLine(number, iso(event.at), event.symbol, tone, redactor()(text))


@cache
def redactor() -> Redactor:
    """Return what takes the secrets of the environment out of a text."""
    return Redactor(os.environ)

"""Events as lines for people, with emoji where the console can show them and in plain letters where it cannot."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TextIO

from rulekit.model.events import Event
from rulekit.report.figures import Figure
from rulekit.report.lines import FORMS, LINES, Line
from rulekit.report.secrets import Redactor

DEFAULT_NAME = "Rulekit"
"""Stands where neither the position's strategy nor the policy has a name."""

_SAMPLE = "🎯🛡️₹"


def shows_emoji(stream: TextIO) -> bool:
    """Tell whether a stream's encoding has emoji and the rupee sign."""
    try:
        _SAMPLE.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def line_of(event: Event) -> Line | None:
    """Choose the line of an event; None for one that is not shown."""
    entry = LINES.get(event.name)
    if isinstance(entry, dict):
        return entry.get(FORMS[event.name](event.data))
    return entry


def render(event: Event, title: str = "", *, emoji: bool = True) -> str | None:
    """Write an event as one line.

    Args:
        title: the policy's title, for events of positions that have no strategy name.
        emoji: False writes a word for each emoji and `Rs ` for the rupee sign.

    Returns:
        The line without its end, or None for an event that is not shown.
    """
    line = line_of(event)
    if line is None:
        return None
    fields = _Fields((name, Figure(value)) for name, value in event.data.items())
    fields["strategy"] = Figure(event.strategy or title or DEFAULT_NAME)
    fields["symbol"] = Figure(event.symbol or "-")
    fields["where"] = Figure(f"{event.symbol}: " if event.symbol else "")
    if event.action:
        fields.setdefault("id", Figure(event.action))
    text = _one_line(line.text.format_map(fields))
    return f"{line.emoji} {text}" if emoji else f"{line.word}: {text.replace('₹', 'Rs ')}"


class Console:
    """Writes events to a stream as they happen. It never raises: a broken stream must not stop trading.

    Args:
        stream: where the lines go.
        title: the policy's title.
        redact: applied to each line before it is written; by default it takes out the secrets of the environment.
    """

    def __init__(
        self,
        stream: TextIO,
        title: str = "",
        redact: Callable[[str], str] | None = None,
    ) -> None:
        self._stream = stream
        self._title = title
        self._redact = Redactor(os.environ) if redact is None else redact
        self._emoji = shows_emoji(stream)
        self.failed: str | None = None
        """Why the stream could not be written to, once that happened."""

    def __call__(self, event: Event) -> None:
        """Write one event."""
        if self.failed is not None:
            return
        text = render(event, self._title, emoji=self._emoji)
        if text is None:
            return
        encoding = getattr(self._stream, "encoding", None) or "ascii"
        text = self._redact(text).encode(encoding, "replace").decode(encoding)
        try:
            self._stream.write(text + "\n")
            self._stream.flush()  # a kill must not take the last lines with it
        except (OSError, ValueError) as error:
            self.failed = str(error)


class _Fields(dict[str, Figure]):
    """Fields of a line; one that the event lacks is unknown."""

    def __missing__(self, name: str) -> Figure:
        return Figure(None)


def _one_line(text: str) -> str:
    """Make one line of it, without what could steer a terminal (a broker's message is not to be trusted)."""
    if text.isprintable():
        return text
    return " ".join("".join(c if c.isprintable() else " " if c.isspace() else "" for c in text).split())

"""Events as JSON lines: one object a line, for programs."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TextIO

from rulekit.model.events import Event
from rulekit.model.instant import iso
from rulekit.report.secrets import Redactor


def as_json(event: Event, redact: Callable[[str], str] = str) -> str:
    """Write an event as one line of JSON with the keys at, event, symbol, strategy, action and data.

    Unknown numbers become null; letters beyond ASCII are escaped, so that every stream can take the line. Secrets are
    taken out of the texts before these are encoded, so the line stays JSON.
    """
    row = {
        "at": iso(event.at),
        "event": event.name,
        "symbol": event.symbol,
        "strategy": event.strategy,
        "action": event.action,
        "data": event.data,
    }
    return json.dumps(_plain(row, redact), allow_nan=False, separators=(", ", ": "))


class JsonLines:
    """Writes events to a stream as they happen. It never raises: a full disk must not stop trading."""

    def __init__(self, stream: TextIO, redact: Callable[[str], str] | None = None) -> None:
        self._stream = stream
        self._redact = Redactor(os.environ) if redact is None else redact
        self.failed: str | None = None
        """Why the stream could not be written to, once that happened."""

    def __call__(self, event: Event) -> None:
        """Write one event."""
        if self.failed is not None:
            return
        try:
            self._stream.write(as_json(event, self._redact) + "\n")
            self._stream.flush()  # a kill must not take the last lines with it
        except (OSError, ValueError) as error:
            self.failed = str(error)


def _plain(value: Any, redact: Callable[[str], str]) -> Any:
    """Turn a value into what JSON knows."""
    if isinstance(value, str):
        return redact(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (float, Decimal)):
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, Mapping):
        return {redact(str(key)): _plain(item, redact) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item, redact) for item in value]
    return redact(str(value))

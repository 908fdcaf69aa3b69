"""Alerts that stay open until a person says that they were seen: kept in the journal, told again while nobody has."""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from rulekit.execution.switch import BOOK_RULE, PERSON
from rulekit.model.events import Event
from rulekit.model.instant import SECOND, Instant

WARNING = "warning"
CRITICAL = "critical"
ALL = "all"
"""What stands for every open alarm where one is acknowledged."""

UNTOLD = (PERSON, BOOK_RULE)
"""Causes of another trading state that come without an alert of their own."""
_FIGURES = re.compile(r"[\d.,]*\d")


@frozen
class Alarm:
    """An open alert. `key` is equal for alerts that say the same with other figures."""

    id: str
    at: Instant
    key: str
    level: str
    cause: str
    text: str
    symbol: str
    action: str


def raised_by(event: Event) -> dict[str, Any] | None:
    """Return what the journal keeps of an event that a person must see; None for any other."""
    data = event.data
    if event.name == "alert" and data.get("level") in (WARNING, CRITICAL):
        level, text, cause = data["level"], str(data["text"]), str(data.get("cause", ""))
    elif event.name == "mode_changed" and data["mode"] != "active" and data.get("cause") in UNTOLD:
        level, text, cause = CRITICAL, str(data["reason"]), str(data.get("cause", ""))
    elif event.name == "action_unknown":
        level, cause = WARNING, "unknown"
        text = f"{data['rule']}: nobody knows what became of its order ({data['evidence']})"
    else:
        return None
    said = _FIGURES.sub("#", text)
    return {
        "key": f"{event.symbol}|{event.action}|{said}",
        "level": level,
        "cause": cause,
        "text": text,
        "symbol": event.symbol,
        "action": event.action,
    }


def alarm_id(journal_id: str, seq: int) -> str:
    """Return six letters that nobody mistakes for an action's id."""
    return b32encode(hashlib.sha256(f"alarm\x1f{journal_id}\x1f{seq}".encode()).digest()).decode()[:6]


class OpenAlarms:
    """What the entries about alarms add up to."""

    def __init__(self, alarms: Iterable[Alarm] = ()) -> None:
        self.open: dict[str, Alarm] = {alarm.id: alarm for alarm in alarms}
        self._by_key: dict[str, str] = {alarm.key: alarm.id for alarm in self.open.values()}

    def same(self, key: str) -> Alarm | None:
        """Return the open alarm that says the same."""
        found = self._by_key.get(key)
        return None if found is None else self.open.get(found)

    def raised(self, alarm_id: str, at: Instant, body: Mapping[str, Any]) -> None:
        """Take one that was raised."""
        self.open[alarm_id] = Alarm(alarm_id, at, **body)
        self._by_key[body["key"]] = alarm_id

    def acknowledged(self, alarm_id: str) -> None:
        """Let one go that was seen."""
        alarm = self.open.pop(alarm_id, None)
        if alarm is not None:
            self._by_key.pop(alarm.key, None)


class Repeats:
    """Says which critical alarms are to be told again."""

    def __init__(self, every_s: float) -> None:
        self._every = round(every_s * SECOND)
        self._told: dict[str, Instant] = {}

    def due(self, alarms: Mapping[str, Alarm], now: Instant) -> Iterator[Alarm]:
        """Yield each open critical alarm that was not told for the time set; after a restart it counts anew."""
        if not self._every or not alarms:
            return
        self._told = {name: at for name, at in self._told.items() if name in alarms}
        for alarm in alarms.values():
            if alarm.level == CRITICAL and now >= self._told.setdefault(alarm.id, max(alarm.at, now)) + self._every:
                self._told[alarm.id] = now
                yield alarm

"""What a journal says of times that lie ahead of the clock: it was set back, or another machine's runs differently."""

from __future__ import annotations

from rulekit.execution.ledger import Ledger
from rulekit.model.instant import Instant, day_number

_TIMES = ("sent", "cancel_asked", "changed")


def level(ledger: Ledger, now: Instant) -> None:
    """Let nothing that is open wait for an instant that an earlier clock called past: it counts as now.

    Args:
        ledger: of a journal that has just been opened.
        now: by the clock of this process.
    """
    if ledger.last_at <= now:
        return
    ledger.day = min(ledger.day, day_number(now))
    for action in ledger.open.values():
        action.not_before = min(action.not_before, now)
        for attempt in action.attempts:
            for name in _TIMES:
                at = getattr(attempt, name)
                if at is not None and at > now:
                    setattr(attempt, name, now)

"""The journal's server away: nothing is decided and nothing sent until it is back, and a person is told of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from rulekit.errors import JournalAwayError, JournalTakenError
from rulekit.execution.journal import Journal
from rulekit.model.clock import Clock, SimulatedClock, WallClock, elapsed
from rulekit.model.events import Emit, Event

TRY_S = 0.5
"""Real seconds between two tries to reach it again, where nobody says otherwise."""
T = TypeVar("T")


class Attendance:
    """Tells whether the journal can be written, and keeps what is done from running into a server that is away.

    What was noted when the server went away waits in memory, and is the first to be written when it is back. Who
    took the account meanwhile is found then: this process ends with `JournalTakenError`.
    """

    is_ending = False
    """Set where nobody waits any more for the server to come back."""

    def __init__(self, journal: Journal, flush: Callable[[], None], clock: Clock, emit: Emit) -> None:
        self._journal = journal
        self._flush = flush
        self._clock = clock
        self._emit = emit
        # A clock that only we move stands still meanwhile, so nothing is missed by waiting.
        self._waits_out = isinstance(clock, SimulatedClock)
        self._tried = float("-inf")
        self._since = 0.0
        self._ended = False
        self.is_away = False
        self.try_s = TRY_S

    def answers(self) -> bool:
        """Tell whether the journal can be written; while it can't, try now and then.

        Raises:
            JournalTakenError: another process has taken the account over.
        """
        try:
            self._journal.store.keep()
            while self.is_away and self._waits_out and not self.is_ending and not self._try_again():
                WallClock().sleep(self.try_s)
            return not self.is_away or self._try_again()
        except JournalTakenError as error:
            self._tell_end(error)
            raise

    def _try_again(self) -> bool:
        if elapsed() - self._tried < self.try_s:
            return False
        self._tried = elapsed()
        try:
            # A write of nothing proves nothing.
            self._journal.store.durable()
            self._flush()
        except JournalAwayError:
            return False
        self.is_away = False
        seconds = elapsed() - self._since
        self._tell(
            f"the journal's server answers again after {seconds:.0f} s: nothing is lost, and it goes on", "warning"
        )
        return True

    def during(self, what: Callable[[], T], otherwise: T) -> T:
        """Do something that may write, unless the server is away; if it goes away meanwhile, the rest is left out.

        Raises:
            JournalTakenError: another process has taken the account over.
        """
        if not self.answers():
            return otherwise
        try:
            return what()
        except JournalTakenError as error:
            self._tell_end(error)
            raise
        except JournalAwayError as error:
            self.is_away, self._since, self._tried = True, elapsed(), elapsed()
            self._tell(f"{error.message}: {error.help}", "critical")
            return otherwise

    def _tell_end(self, error: JournalTakenError) -> None:
        if not self._ended:
            self._ended = True
            self._tell(error.message, "critical")

    def _tell(self, text: str, level: str) -> None:
        # Straight to the person: what waits for the journal would wait, too.
        self._emit(Event("alert", self._clock.now(), data={"text": text, "level": level}))

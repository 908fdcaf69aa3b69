"""How a person's request reaches the engine: put down beside the journal, or into the journal where no engine runs."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from rulekit.execution.commands import apply_without_engine
from rulekit.execution.journal import check_present, is_held
from rulekit.execution.journal_place import Place, ServerPlace
from rulekit.execution.requests import Request, drop
from rulekit.model.clock import Clock

PATIENCE_S = 5.0
"""How long a person waits in real seconds for a running engine to take a request."""
_LOOK_S = 0.05


@frozen
class Answer:
    """What became of a request.

    Args:
        taken: it stands in the journal; otherwise the running engine will take it at its next look.
        running: whether an engine was there to take it.
    """

    taken: bool
    running: bool

    @property
    def text(self) -> str:
        """Say by whom it was taken, or that it waits."""
        if not self.running:
            return "written to the journal; no engine is running on it"
        if self.taken:
            return "the running engine has taken it"
        return "the running engine will take it at its next look; `rulekit status` shows whether it has"


def ask(place: Place, request: Request, clock: Clock, patience_s: float = PATIENCE_S) -> Answer:
    """Have a request applied, and wait for a running engine to take it.

    Raises:
        JournalError: the journal is damaged. UnreadableFileError: there is none. UsageError: nothing to settle.
    """
    check_present(place)
    if not is_held(place):
        apply_without_engine(place, request, clock)
        return Answer(taken=True, running=False)
    waits = _put_down(place, request, clock)
    for _ in range(round(patience_s / _LOOK_S)):
        if not waits():
            return Answer(taken=True, running=True)
        clock.sleep(_LOOK_S)
    return Answer(taken=False, running=True)


def _put_down(place: Place, request: Request, clock: Clock) -> Callable[[], bool]:
    """Put a request where the engine finds it; return what tells whether it waits yet."""
    if isinstance(place, ServerPlace):
        from rulekit.execution.journal_postgres_reading import drop_request, is_waiting

        key = drop_request(place, request, clock)
        return lambda: is_waiting(place, key)
    return drop(place, request, clock).exists

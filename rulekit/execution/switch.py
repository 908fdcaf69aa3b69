"""The trading states, and what each of them lets pass."""

from __future__ import annotations

from attrs import frozen

from rulekit.errors import UsageError
from rulekit.model.decision import BOOK, EXIT, EXIT_EVERYTHING
from rulekit.model.instant import Instant

ACTIVE = "active"
REDUCING = "reducing"
HALTED = "halted"

DAY_LOSS = "day loss"
UNKNOWN_ORDERS = "unknown orders"
MISMATCH = "mismatch"
STALE_FEED = "stale feed"
CLOCK = "clock"
DAMAGED_JOURNAL = "damaged journal"
BOOK_RULE = "rule for the whole book"
REFUSALS = "refusals"
MORE_ORDERS = "more orders than intents"
STRANGE_ORDER = "unknown order of ours"
OTHER_JOURNAL = "order of another journal"
PERSON = "a person"
JOURNAL = "journal trouble"
"""No state can be written down then: nothing is sent, and the run ends."""

CAUSES = {
    DAY_LOSS: REDUCING,
    UNKNOWN_ORDERS: REDUCING,
    MISMATCH: REDUCING,
    STALE_FEED: REDUCING,
    CLOCK: REDUCING,
    DAMAGED_JOURNAL: REDUCING,
    BOOK_RULE: REDUCING,
    REFUSALS: HALTED,
    MORE_ORDERS: HALTED,
    STRANGE_ORDER: HALTED,
    OTHER_JOURNAL: HALTED,
    PERSON: HALTED,
}
"""What takes the engine out of the active state, and where to."""

CONFIRMATION = "RESUME"
"""What a person types to lift a halt."""

_SEVERITY = {ACTIVE: 0, REDUCING: 1, HALTED: 2}


@frozen
class Mode:
    """The trading state, why, and since when.

    Args:
        flatten: the halt ordered everything to be exited.
        cause: one of CAUSES; empty in journals from before there were any.
    """

    name: str = ACTIVE
    reason: str = ""
    since: Instant = 0
    flatten: bool = False
    cause: str = ""

    def lets_pass(self, kind: str, rule: str) -> bool:
        """Tell whether an order of this kind may be sent."""
        if self.name == HALTED:
            return self.flatten and rule == EXIT_EVERYTHING and kind == EXIT
        return self.name == ACTIVE or kind in (EXIT, BOOK)

    def is_raised_by(self, name: str, flatten: bool = False) -> bool:
        """Tell whether a switch to `name` says anything new; a state is never lowered but by a person."""
        if _SEVERITY[name] != _SEVERITY[self.name]:
            return _SEVERITY[name] > _SEVERITY[self.name]
        return name == HALTED and flatten and not self.flatten


def check_confirmation(typed: str) -> None:
    """Refuse to resume unless the word was typed.

    Raises:
        UsageError: it was not.
    """
    if typed.strip() != CONFIRMATION:
        raise UsageError(f"`{typed}` does not confirm it", f"type {CONFIRMATION} in capital letters to act again")

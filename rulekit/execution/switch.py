"""The trading states, and what each of them lets pass."""

from __future__ import annotations

from attrs import frozen

from rulekit.errors import UsageError
from rulekit.model.decision import BOOK, EXIT, EXIT_EVERYTHING
from rulekit.model.instant import Instant

ACTIVE = "active"
REDUCING = "reducing"
HALTED = "halted"

CONFIRMATION = "RESUME"
"""What a person types to lift a halt."""

_SEVERITY = {ACTIVE: 0, REDUCING: 1, HALTED: 2}


@frozen
class Mode:
    """The trading state, why, and since when. `flatten`: the halt ordered everything to be exited."""

    name: str = ACTIVE
    reason: str = ""
    since: Instant = 0
    flatten: bool = False

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

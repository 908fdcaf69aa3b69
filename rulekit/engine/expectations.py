"""What an example expects held against what came: at its one look, or in turn along its price path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor

from attrs import field, frozen

from rulekit.language import tree
from rulekit.language.paths import moment_of
from rulekit.language.sentences import expectation_text, label_text
from rulekit.language.words import duration_text, listing
from rulekit.model.decision import EXIT, STOP, TARGET, Action, Decision, Memory
from rulekit.model.prices import PAISE, rupees
from rulekit.model.snapshot import Snapshot

_MOST_TOLD = 5
_MOVES = (STOP, TARGET)


@frozen
class Look:
    """One look of an example.

    Args:
        after: microseconds since its beginning.
        memory: what the rules remembered before the decision.
    """

    after: int
    snapshot: Snapshot
    memory: Memory
    decision: Decision


def missed(example: tree.Example, looks: Sequence[Look]) -> tuple[str, ...]:
    """Say of each expectation that was not met what came instead; then of a path's orders that nobody expected."""
    return _missed_on_path(example, looks) if example.path else _missed_at_once(example, looks[0])


def _missed_at_once(example: tree.Example, look: Look) -> tuple[str, ...]:
    return tuple(
        f"`{expectation_text(expected)}`: {_instead(expected, look)}"
        for expected in example.expectations
        if not _met(expected, look)
    )


def _met(expected: tree.Expectation, look: Look) -> bool:
    if expected.kind == "nothing":
        return not look.decision.actions
    return any(_fits(expected, action, look.snapshot) for action in look.decision.actions)


def _fits(expected: tree.Expectation, action: Action, snapshot: Snapshot) -> bool:
    """Tell whether an action is what was expected: kind, rule, share of what is held in percent, stop in rupees."""
    if action.kind != expected.kind or (expected.because is not None and action.rule != expected.because):
        return False
    if expected.amount is None:
        return True
    if action.kind in _MOVES:
        return action.stop is not None and abs(action.stop - float(expected.amount * PAISE)) < snapshot.tick / 2
    return action.quantity == floor(snapshot.quantity * expected.amount / 100 / snapshot.lot) * snapshot.lot


def _instead(expected: tree.Expectation, look: Look) -> str:
    """Say what came instead at a look, and of the rule that was named, why it did not act."""
    came = " and ".join(said(action, look.snapshot) for action in look.decision.actions) or "nothing"
    return f"came {came}{_why_not(expected, look)}"


def _why_not(expected: tree.Expectation, look: Look) -> str:
    reasons = {item.rule: item.because for item in look.decision.passed_over}
    reasons.update({item.rule: item.why for item in look.decision.not_yet})
    return f"; `{expected.because}`: {reasons[expected.because]}" if expected.because in reasons else ""


def said(action: Action, snapshot: Snapshot) -> str:
    """Write an action as an expectation would: `book 50 because NAME`."""
    amount = ""
    if action.stop is not None:
        amount = f" {rupees(action.stop, snapshot.scale, grouped=False)}"
    elif action.quantity is not None:
        amount = "" if action.kind == EXIT else f" {_share(action.quantity, snapshot)}"
    return f"{action.kind}{amount} because {label_text(action.rule)}"


def _share(quantity: int, snapshot: Snapshot) -> str:
    """Write a quantity as the roundest percentage that gives it: 62 of 125 are 50%, 37 of 50 are 75%."""
    held, lot = snapshot.quantity, snapshot.lot
    first = -(-100 * quantity // held)
    fitting = [each for each in range(first, first + 26) if held * each // 100 // lot * lot == quantity and each <= 100]
    rounded = min(fitting, key=lambda each: (each % 25 != 0, each % 5 != 0, each), default=None)
    return f"{100 * quantity / held:g}" if rounded is None else f"{rounded}"


# --- along a path ------------------------------------------------------------


@frozen
class _Walk:
    """The expectations of a path, met one after the other; every action can meet one of them."""

    example: tree.Example
    looks: Sequence[Look]
    taken: set[tuple[int, int]] = field(factory=set)

    def meet(self, expected: tree.Expectation, start: int) -> int | None:
        """Return the look that meets an expectation, the first from `start` on if it names none; None if none does."""
        after = moment_of(self.example, expected)
        for place, look in enumerate(self.looks):
            if place < start or (after is not None and look.after != after):
                continue
            for turn, action in enumerate(look.decision.actions):
                if (place, turn) not in self.taken and _fits(expected, action, look.snapshot):
                    self.taken.add((place, turn))
                    return place
        return None

    def silent(self, expected: tree.Expectation) -> bool:
        """Tell whether nothing came, at the look that is named or at any."""
        after = moment_of(self.example, expected)
        mine = [look for look in self.looks if after is None or look.after == after]
        return bool(mine) and not any(look.decision.actions for look in mine)

    def unexpected(self) -> Iterator[str]:
        """Say which exits, books and adds no expectation took."""
        for place, look in enumerate(self.looks):
            for turn, action in enumerate(look.decision.actions):
                if action.quantity is not None and (place, turn) not in self.taken:
                    yield f"{said(action, look.snapshot)} came too, {_at(look)}, and the example does not expect it"


def _missed_on_path(example: tree.Example, looks: Sequence[Look]) -> tuple[str, ...]:
    walk, start = _Walk(example, looks), 0
    found = []
    for expected in example.expectations:
        if expected.kind == "nothing":
            met: bool | None = walk.silent(expected)
        else:
            place = walk.meet(expected, start)
            met, start = place is not None, start if place is None else place
        if not met:
            found.append(f"`{expectation_text(expected)}`: {_instead_on_path(example, expected, looks)}")
    return tuple(found) or tuple(walk.unexpected())


def _instead_on_path(example: tree.Example, expected: tree.Expectation, looks: Sequence[Look]) -> str:
    after = moment_of(example, expected)
    if after is None:
        return f"came {_told(expected, looks)}{_why_not(expected, looks[-1])}"
    look = next((look for look in looks if look.after == after), None)
    if look is None:
        return f"the position was closed before; came {_told(expected, looks)}"
    elsewhere = "" if look.decision.actions else f"; on the whole path came {_told(expected, looks)}"
    return f"{_instead(expected, look)}{elsewhere}"


def _told(expected: tree.Expectation, looks: Sequence[Look]) -> str:
    """List what came: the stop moves where a stop was expected, else the orders."""
    came = [
        f"{said(action, look.snapshot)} {_at(look)}"
        for look in looks
        for action in look.decision.actions
        if (action.kind in _MOVES) is (expected.kind in _MOVES) or expected.kind == "nothing"
    ]
    if len(came) > _MOST_TOLD:
        came = [*came[: _MOST_TOLD - 1], f"{len(came) - _MOST_TOLD + 1} more"]
    return listing(came, "and") or ("no stop move" if expected.kind == STOP else "nothing")


def _at(look: Look) -> str:
    price = rupees(look.snapshot.price, look.snapshot.scale)
    return f"at {duration_text(look.after)} with the price at {price}" if look.after else "at the beginning"

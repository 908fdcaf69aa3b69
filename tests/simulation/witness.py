"""What the journal durably says, folded by hand as the entries become durable: the invariants trust no code of ours."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from rulekit.execution.journal_schema import Entry
from rulekit.model.instant import Instant
from rulekit.model.instrument import PositionKey

ENDS = frozenset({"filled", "refused", "cancelled", "expired", "superseded", "settled", "applied", "done"})
CLOSING = frozenset({"exit", "book"})


@define
class SeenAttempt:
    """One announced request, as its entries describe it."""

    tag: str
    quantity: int
    sent: Instant
    state: str = "sending"
    filled: int = 0
    trigger: float | None = None
    order_id: str = ""


@define
class SeenAction:
    """One decided action, as its entries describe it.

    `largest` is the most that it was ever announced for; `cut` says after how many attempts its goal was last cut, and
    from what.
    """

    id: str
    key: PositionKey
    kind: str
    rule: str
    side: str | None
    quantity: int | None
    episode: str
    digest: str
    goal: int
    largest: int
    states: list[tuple[str, Instant, str]]
    attempts: list[SeenAttempt] = field(factory=list)
    cut: tuple[int, int] = (-1, 0)

    @property
    def state(self) -> str:
        """Its latest state."""
        return self.states[-1][0]

    @property
    def reason(self) -> str:
        """The evidence of its latest state."""
        return self.states[-1][2]

    @property
    def open(self) -> bool:
        """Tell whether it has no end."""
        return self.states[-1][0] not in ENDS

    @property
    def filled(self) -> int:
        """Sum what its attempts filled, by the journal."""
        return sum(attempt.filled for attempt in self.attempts)


@define
class Witness:
    """The durable entries of one journal, and what they say of each action and each tag."""

    entries: list[Entry] = field(factory=list)
    actions: dict[str, SeenAction] = field(factory=dict)
    tags: dict[str, tuple[SeenAction, SeenAttempt]] = field(factory=dict)

    def take(self, entries: list[Entry]) -> None:
        """Fold in what has just become durable."""
        self.entries.extend(entries)
        for entry in entries:
            take = _TAKES.get(entry.kind)
            if take is not None:
                take(self, entry, entry.body)

    def _decided(self, entry: Entry, body: Any) -> None:
        quantity = body["quantity"]
        self.actions[entry.subject] = SeenAction(
            entry.subject, PositionKey(*body["key"]), body["kind"], body["rule"], body["side"], quantity,
            body["episode"], body["policy_digest"], quantity or 0, quantity or 0, [("decided", entry.at, body["why"])],
        )  # fmt: skip

    def _state(self, entry: Entry, body: Any) -> None:
        self.actions[entry.subject].states.append((body["state"], entry.at, body.get("evidence", "")))

    def _sending(self, entry: Entry, body: Any) -> None:
        action = self.actions[entry.subject]
        attempt = SeenAttempt(body["tag"], body["quantity"], entry.at, trigger=body.get("trigger"))
        action.attempts.append(attempt)
        action.states.append(("sending", entry.at, body.get("evidence", "")))
        self.tags[attempt.tag] = (action, attempt)

    def _attempt(self, entry: Entry, body: Any) -> None:
        attempt = self.actions[entry.subject].attempts[body["n"] - 1]
        attempt.state = body.get("state", attempt.state)
        attempt.order_id = body.get("order_id", attempt.order_id)
        attempt.filled = max(attempt.filled, body.get("filled", 0))
        attempt.quantity = body.get("quantity", attempt.quantity)

    def _goal(self, entry: Entry, body: Any) -> None:
        action = self.actions[entry.subject]
        action.cut = len(action.attempts), action.goal
        action.goal = min(action.goal, body["goal"])

    def _changing(self, entry: Entry, body: Any) -> None:
        action = self.actions[entry.subject]
        action.largest = max(action.largest, body["quantity"])


_TAKES = {
    "decided": Witness._decided,
    "state": Witness._state,
    "sending": Witness._sending,
    "attempt": Witness._attempt,
    "goal": Witness._goal,
    "changing": Witness._changing,
}

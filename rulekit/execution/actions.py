"""Actions and their attempts: the states they may be in, and one table of legal transitions."""

from __future__ import annotations

import hashlib
from base64 import b32encode

from attrs import define, field

from rulekit.model.decision import ADD, BOOK, EXIT
from rulekit.model.instant import Instant
from rulekit.model.instrument import PositionKey
from rulekit.model.prices import UNKNOWN

DECIDED = "decided"
SENDING = "sending"
ACCEPTED = "accepted"
PARTLY_FILLED = "partly filled"
UNKNOWN_STATE = "unknown"
PARKED = "parked"
FILLED = "filled"
REFUSED = "refused"
CANCELLED = "cancelled"
EXPIRED = "expired"
SUPERSEDED = "superseded"
SETTLED = "settled"
APPLIED = "applied"
DONE = "done"

ENDS = frozenset({FILLED, REFUSED, CANCELLED, EXPIRED, SUPERSEDED, SETTLED, APPLIED, DONE})
"""States that an action never leaves."""

_GIVEN_UP = {REFUSED, CANCELLED, EXPIRED, SUPERSEDED}
_SENT = {DECIDED, SENDING, ACCEPTED, PARTLY_FILLED, UNKNOWN_STATE, PARKED, FILLED, SETTLED, *_GIVEN_UP}
TRANSITIONS: dict[str, frozenset[str]] = {
    "": frozenset({DECIDED}),
    DECIDED: frozenset({SENDING, APPLIED, DONE, ACCEPTED, PARTLY_FILLED, FILLED, *_GIVEN_UP}),
    SENDING: frozenset({ACCEPTED, UNKNOWN_STATE, DECIDED, PARTLY_FILLED, DONE, *_GIVEN_UP}),
    ACCEPTED: frozenset(_SENT - {ACCEPTED, SENDING}),
    PARTLY_FILLED: frozenset(_SENT - {PARTLY_FILLED, DECIDED}),
    UNKNOWN_STATE: frozenset(_SENT - {UNKNOWN_STATE, SENDING}),
    PARKED: frozenset(_SENT - {PARKED, SENDING}),
    **{end: frozenset() for end in ENDS},
}
"""What may follow each state. `decided` again means: an attempt came to nothing, and the action waits for the next.

`decided` to `accepted`, `partly filled` or `filled` is an order that had been given up for absent and arrived late;
`partly filled` to `sending` is the rest of an order that ended with some of it filled.
"""

ATTEMPT_SENDING = "sending"
ATTEMPT_ACCEPTED = "accepted"
ATTEMPT_UNKNOWN = "unknown"
ATTEMPT_HANDED = "handed over"
ATTEMPT_REFUSED = "refused"
ATTEMPT_NOT_SENT = "not sent"
ATTEMPT_ABSENT = "absent"
ATTEMPT_ENDED = "ended"
LIVE_ATTEMPTS = frozenset({ATTEMPT_SENDING, ATTEMPT_ACCEPTED, ATTEMPT_UNKNOWN, ATTEMPT_HANDED})
"""An attempt that may still fill."""

ENTRY = "entry"
"""The kind of a host's own regular signal."""
PROTECT = "protect"
"""The kind of a stop order that stands at the broker; it has one order and ends with it."""
QUANTITY_KINDS = frozenset({EXIT, BOOK, ADD, ENTRY})
CLOSING_KINDS = frozenset({EXIT, BOOK})

PREFIX = "RK"
JOURNAL_ID_LENGTH = 4
TAG_LENGTH = 20
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def _letters(*parts: str, count: int) -> str:
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    # 16 letters stand for these 80 bits, and no more are asked for.
    return b32encode(digest[:10]).decode()[:count]


def action_id(account: str, episode: str, rule: str, ordinal: int) -> str:
    """Return the identity of one firing: the same firing always has the same one."""
    return _letters("action", account, episode, rule, str(ordinal), count=12)


def attempt_tag(journal_id: str, action: str, attempt: int) -> str:
    """Return the broker tag of one attempt: 20 capital letters and digits."""
    start = PREFIX + journal_id
    return start + _letters("attempt", journal_id, action, str(attempt), count=TAG_LENGTH - len(start))


def is_tag(text: str) -> bool:
    """Tell whether an order's tag has the shape of those that this program gives."""
    return len(text) == TAG_LENGTH and text.startswith(PREFIX) and set(text) <= _LETTERS


@define
class Attempt:
    """One request to the broker. `clean` counts good readings after the quarantine that did not show it.

    The last of these was at `clean_at`. It is unknown since `unknown_since` by the clock of the process that wrote so,
    and was for `waited` microseconds by the clocks of the processes before it.

    Of a stop order: its `trigger`, the quantity and trigger that were last `asked` for and are not in the book yet,
    when it was `changed`, how often, and whether a change of it is `doubtful`, so that it may come at any time.
    `quantity` is the larger one as long as two are possible.
    """

    n: int
    tag: str
    quantity: int
    protection: float | None
    sent: Instant
    state: str = ATTEMPT_SENDING
    status: str = ""
    order_id: str = ""
    filled: int = 0
    average: float = UNKNOWN
    filled_at: Instant | None = None
    evidence: str = ""
    unknown_since: Instant | None = None
    waited: int = 0
    clean: int = 0
    clean_at: Instant | None = None
    cancel_asked: Instant | None = None
    cancels: int = 0
    step: int = 0
    late: bool = False
    external: bool = False
    trigger: float = UNKNOWN
    asked: tuple[int, float] | None = None
    changed: Instant | None = None
    changes: int = 0
    doubtful: bool = False

    @property
    def left(self) -> int:
        """Return what it may still fill."""
        return max(0, self.quantity - self.filled) if self.live else 0

    @property
    def live(self) -> bool:
        """Tell whether it may still fill."""
        return self.state in LIVE_ATTEMPTS

    @property
    def word(self) -> str:
        """Name its state for people: how the broker ended it, where it did."""
        return self.status.lower() if self.state == ATTEMPT_ENDED and self.status else self.state


@define
class ActionRecord:
    """One decided action with its whole path; `goal` is what is left of the decided quantity, only ever reduced.

    `step` is how wide its next order is, `widest` the last step that a price band allows, None while none was met;
    `chases` counts the orders that were placed again at that step, after the market.
    """

    id: str
    seq: int
    key: PositionKey
    episode: str
    ordinal: int
    strategy: str
    rule: str
    kind: str
    side: str | None
    quantity: int | None
    stop: float | None
    lane: str
    why: str
    price: float
    scale: int
    decided: Instant
    policy_digest: str
    snapshot_digest: str
    program: str = ""
    state: str = ""
    reason: str = ""
    ended: Instant | None = None
    goal: int = 0
    tries: int = 0
    not_sent: int = 0
    step: int = 0
    widest: int | None = None
    chases: int = 0
    not_before: Instant = 0
    states: list[tuple[str, Instant, str]] = field(factory=list)
    attempts: list[Attempt] = field(factory=list)

    @property
    def open(self) -> bool:
        """Tell whether it has not reached an end."""
        return self.state not in ENDS

    @property
    def filled(self) -> int:
        """Sum what all attempts have filled."""
        return sum(attempt.filled for attempt in self.attempts)

    @property
    def remaining(self) -> int:
        """Return what is still to be filled."""
        return max(0, self.goal - self.filled)

    @property
    def live(self) -> Attempt | None:
        """Return the attempt that may still fill, the latest first, or None."""
        for attempt in reversed(self.attempts):
            if attempt.state in LIVE_ATTEMPTS:
                return attempt
        return None

    @property
    def counts(self) -> bool:
        """Tell whether this firing counts in its episode: on its way, or something came of it.

        An exit that ended while the episode goes on has not closed the position, so it is not done. An add whose
        answer was once lost counts though it was shown not to be there: it might still come, and is not bought again.
        """
        if self.open or self.kind == EXIT:
            return self.open
        if self.kind == ADD and any(state == UNKNOWN_STATE for state, _, _ in self.states):
            return True
        return self.filled > 0 or self.state in (APPLIED, DONE)

    @property
    def frozen(self) -> bool:
        """Tell whether nobody knows what became of one of its orders."""
        return self.open and (self.state in (UNKNOWN_STATE, PARKED) or self.unsettled is not None)

    @property
    def unsettled(self) -> Attempt | None:
        """Return the attempt that nobody knows the outcome of."""
        for attempt in self.attempts:
            if attempt.state == ATTEMPT_UNKNOWN:
                return attempt
        return None

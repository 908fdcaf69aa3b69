"""Which slot of the flat vectors holds which number."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import define, field, frozen

from rulekit.model.decision import Memory
from rulekit.model.snapshot import Snapshot

MISSING = "missing"
"""The first slot: 1 where a fact that the policy needs is unknown; only then rules are asked whether they failed."""
NEVER_FIRED = -1e18
"""When a rule last fired, if it has not."""
NOT_HOLDING = -1.0
"""Since when a rule holds, if it does not."""

KIND, RULE, QUANTITY, STOP_RULE, STOP, REACHED, TARGET_RULE, TARGET, FIRST_STATUS = range(9)
"""Places in the result vector: the order (kind, rule, quantity), the stop move (rule, price), a stop or target that was
reached while an order is in flight, the target (rule, price), then one status a rule. Rules count
from 1; a guard has a mark of its own."""
STOP_HIT, TARGET_HIT = -1.0, -2.0
EXIT_KIND, BOOK_KIND, ADD_KIND = 1.0, 2.0, 3.0

FIRED_SLOT = "fired"
FIRED_AT_SLOT = "fired at"
FIRED_DAY_SLOT = "day fired"
FIRED_DAYS_SLOT = "trading days since fired"
SINCE_SLOT = "since"
BEST_SLOT = "best"
LASTS = "since when: "
"""Begins the name of the slot that says since when a condition has held."""
SIDE_OF = "the last side: "
"""Begins the name of the slot that says how far beyond its level a crossing was at the last look."""
NOT_SEEN = 1e300
"""How far beyond a crossing was, if there was no look before: it has to be seen on the near side first."""

HELD, ROUNDS_TO_ZERO, BEYOND_MARKET, NO_SUCH_PRICE, IN_FLIGHT, CANNOT_JUDGE, NOT_TIGHTER = map(float, range(1, 8))
"""What became of a rule in the result vector; 0 where it did not hold, or its limit is used up.

NOT_TIGHTER is said by the reference only: it is the steady state of a stop rule, and no cycle should stop for it.
"""


@frozen
class FactSlot:
    """A slot for a market or book fact: by its full phrase, then by its bare name.

    Args:
        phrase: `momentum over 15 minutes`. bare: `momentum`.
        signed: turned for a short. money: rupees of price, kept in smallest units. positive: must be above 0.
        literal: a change in percent as the market moved, above -100.
    """

    phrase: str
    bare: str
    signed: bool = False
    money: bool = False
    positive: bool = False
    literal: bool = False


@define
class LayoutBuilder:
    """Collects the slots that a policy needs, in the order in which they are first asked for."""

    slots: list[str] = field(factory=lambda: [MISSING])
    judged: set[str] = field(factory=set)
    facts: dict[str, FactSlot] = field(factory=dict)
    texts: dict[str, float] = field(factory=dict)
    memory: list[tuple[int, str]] = field(factory=list)

    def position(self, name: str, *, judged: bool = True) -> str:
        """Take a position slot; `judged` says that a rule cannot be judged without it."""
        self._take(name, judged)
        return name

    def fact(self, slot: FactSlot) -> str:
        """Take the slot of a market or book fact."""
        name = f"fact: {slot.phrase}{', as the market moved' if slot.literal else ''}"
        self.facts[name] = slot
        self._take(name, True)
        return name

    def text(self, value: str) -> float:
        """Number a text that the policy compares with; case does not matter."""
        return self.texts.setdefault(value.casefold(), float(len(self.texts) + 1))

    def remembered(self, rule: int, name: str) -> int:
        """Take a memory slot of a rule."""
        key = (rule, name)
        if key not in self.memory:
            self.memory.append(key)
        return self.memory.index(key)

    def _take(self, name: str, judged: bool) -> None:
        if name not in self.slots:
            self.slots.append(name)
        if judged:
            self.judged.add(name)


@frozen
class Layout:
    """The shape of a policy's vectors.

    Args:
        slots: names of the fact slots, in order. facts: those that are market or book facts.
        memory: the rule (from 0) and the part of its memory that each memory slot holds.
        blank: the memory vector of a new episode.
        encode: fills the fact vector from a snapshot. fill_memory: fills the memory vector.
        follows: whether any rule remembers the best price since it began to hold.
    """

    slots: tuple[str, ...]
    judged: frozenset[str]
    facts: Mapping[str, FactSlot]
    texts: Mapping[str, float]
    memory: tuple[tuple[int, str], ...]
    rules: tuple[str, ...]
    blank: tuple[float, ...]
    encode: Callable[[Snapshot], list[float]]
    fill_memory: Callable[[Memory, Snapshot], list[float]]
    follows: bool

    watched: tuple[tuple[int, str, str, int], ...] = field(init=False, repr=False)
    """The places of the memory that a look may change: of which rule, which part, and where its best price stands."""

    @watched.default
    def _watched(self) -> tuple[tuple[int, str, str, int], ...]:
        places = {slot: place for place, slot in enumerate(self.memory)}
        return tuple(
            (place, self.rules[rule], part, places.get((rule, BEST_SLOT), place))
            for place, (rule, part) in enumerate(self.memory)
            if part == SINCE_SLOT or part.startswith((LASTS, SIDE_OF))
        )

    @property
    def results(self) -> int:
        """The length of the result vector."""
        return FIRST_STATUS + len(self.rules)

    def encode_memory(self, memory: Memory | None, snapshot: Snapshot) -> list[float]:
        """Fill the memory vector; prices are directed by the side, so that higher is better."""
        return self.fill_memory(memory, snapshot) if memory else list(self.blank)

    def missing(self, vector: list[float]) -> list[str]:
        """Name the judged slots that are unknown in a vector."""
        return [name for name, value in zip(self.slots, vector, strict=True) if value != value and name in self.judged]

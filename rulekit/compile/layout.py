"""Which slot of the flat vectors holds which number, and the encoder that fills them from a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import define, field, frozen

from rulekit.compile.slots import NAMES, POSITION_SLOTS
from rulekit.errors import RulekitError
from rulekit.model.calendar import default as default_calendar
from rulekit.model.decision import Memory, RuleMemory
from rulekit.model.instant import Instant, day_number, day_of
from rulekit.model.prices import UNKNOWN, to_units
from rulekit.model.snapshot import Snapshot

MISSING = "missing"
"""The first slot: 1 where a fact that the policy needs is unknown; only then rules are asked whether they failed."""
NEVER_FIRED = -1e18
"""When a rule last fired, if it has not."""
NOT_HOLDING = -1.0
"""Since when a rule holds, if it does not."""

KIND, RULE, QUANTITY, STOP_RULE, STOP, REACHED, FIRST_STATUS = range(7)
"""Places in the result vector: the order (kind, rule, quantity), the stop move (rule, price), a stop or target that was
reached while an order is in flight, then one status a rule. Rules count from 1; a guard has a mark of its own."""
STOP_HIT, TARGET_HIT = -1.0, -2.0
EXIT_KIND, BOOK_KIND, ADD_KIND = 1.0, 2.0, 3.0

FIRED_SLOT = "fired"
FIRED_AT_SLOT = "fired at"
FIRED_DAY_SLOT = "day fired"
FIRED_DAYS_SLOT = "trading days since fired"
SINCE_SLOT = "since"
BEST_SLOT = "best"

HELD, ROUNDS_TO_ZERO, BEYOND_MARKET, NOT_TIGHTER, NO_SUCH_PRICE, IN_FLIGHT, CANNOT_JUDGE = map(float, range(1, 8))
"""What became of a rule in the result vector; 0 where it did not hold or its limit is used up."""


@frozen
class FactSlot:
    """A slot for a market or book fact: by its full phrase, then by its bare name.

    Args:
        phrase: `momentum over 15 minutes`. bare: `momentum`.
        signed: turned for a short. money: rupees of price, kept in smallest units. positive: must be above 0.
    """

    phrase: str
    bare: str
    signed: bool = False
    money: bool = False
    positive: bool = False


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
        self.facts[slot.phrase] = slot
        self._take(slot.phrase, True)
        return slot.phrase

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
        encode: fills the fact vector from a snapshot.
    """

    slots: tuple[str, ...]
    judged: frozenset[str]
    facts: Mapping[str, FactSlot]
    texts: Mapping[str, float]
    memory: tuple[tuple[int, str], ...]
    rules: tuple[str, ...]
    blank: tuple[float, ...]
    encode: Callable[[Snapshot], list[float]]

    @property
    def follows(self) -> bool:
        """Tell whether any rule remembers the best price since it began to hold."""
        return any(part == SINCE_SLOT for _, part in self.memory)

    @property
    def results(self) -> int:
        """The length of the result vector."""
        return FIRST_STATUS + len(self.rules)

    def encode_memory(self, memory: Memory | None, snapshot: Snapshot) -> list[float]:
        """Fill the memory vector; prices are directed by the side, so that higher is better."""
        if not memory:
            return list(self.blank)
        return [_PARTS[part](memory.get(self.rules[rule], _NOTHING), snapshot) for rule, part in self.memory]

    def missing(self, vector: list[float]) -> list[str]:
        """Name the judged slots that are unknown in a vector."""
        return [name for name, value in zip(self.slots, vector, strict=True) if value != value and name in self.judged]


_NOTHING = RuleMemory()


def _when_fired(memory: RuleMemory, measure: Callable[[Instant], float]) -> float:
    """Return a measure of when a rule last fired; unknown where it fired nobody knows when."""
    if memory.fired_at is not None:
        return measure(memory.fired_at)
    return NEVER_FIRED if memory.fired == 0 else UNKNOWN


def _days_since_fired(memory: RuleMemory, snapshot: Snapshot) -> float:
    if memory.fired == 0 and memory.fired_at is None:
        return -NEVER_FIRED
    calendar = default_calendar()

    def days(fired_at: Instant) -> float:
        try:
            return float(calendar.trading_days_between(snapshot.exchange, day_of(fired_at), day_of(snapshot.now)))
        except RulekitError:
            return UNKNOWN

    return _when_fired(memory, days)


_PARTS: dict[str, Callable[[RuleMemory, Snapshot], float]] = {
    FIRED_SLOT: lambda memory, snapshot: float(memory.fired),
    FIRED_AT_SLOT: lambda memory, snapshot: _when_fired(memory, float),
    FIRED_DAY_SLOT: lambda memory, snapshot: _when_fired(memory, lambda at: float(day_number(at))),
    FIRED_DAYS_SLOT: _days_since_fired,
    SINCE_SLOT: lambda memory, snapshot: NOT_HOLDING if memory.since is None else float(memory.since),
    BEST_SLOT: lambda memory, snapshot: memory.best * snapshot.side,
}
_BLANK = {FIRED_SLOT: 0.0, FIRED_AT_SLOT: NEVER_FIRED, FIRED_DAY_SLOT: NEVER_FIRED, FIRED_DAYS_SLOT: -NEVER_FIRED}


def build_layout(builder: LayoutBuilder, rules: tuple[str, ...]) -> Layout:
    """Freeze the slots and make the encoder for them."""
    return Layout(
        tuple(builder.slots),
        frozenset(builder.judged),
        dict(builder.facts),
        dict(builder.texts),
        tuple(builder.memory),
        rules,
        tuple(_BLANK.get(part, NOT_HOLDING) for _, part in builder.memory),
        _encoder(builder),
    )


def _encoder(builder: LayoutBuilder) -> Callable[[Snapshot], list[float]]:
    """Compile the lines of the slots into one function; facts are named by numbered constants, never by their text."""
    names: dict[str, object] = {**NAMES, "to_units": to_units, "TEXTS": dict(builder.texts), "__builtins__": {}}
    body: list[str] = []
    done: dict[str, str] = {MISSING: MISSING}
    for slot in builder.slots[1:]:
        _emit(slot, builder, names, body, done)
    uses_facts = any("facts" in line for line in body)
    lines = [f"{MISSING} = 0.0", *(["facts = s.facts"] if uses_facts else []), *body]
    lines.append(f"return [{', '.join(done[slot] for slot in builder.slots)}]")
    source = "def encode(s):\n" + "\n".join(f"    {line}" for line in lines)
    exec(compile(source, "<encoder>", "exec"), names)  # noqa: S102 - only our own lines and numbered names
    encode: Callable[[Snapshot], list[float]] = names["encode"]  # type: ignore[assignment]
    return encode


def _emit(slot: str, builder: LayoutBuilder, names: dict[str, object], body: list[str], done: dict[str, str]) -> None:
    """Append the lines of one slot, and of the slots it reads, once."""
    if slot in done:
        return
    missing = f"\n        {MISSING} = 1.0" if slot in builder.judged else ""
    if slot in builder.facts:
        done[slot] = name = f"fact_{len(done)}"
        body.extend(_fact_lines(builder.facts[slot], name, missing, names))
        return
    entry = POSITION_SLOTS[slot]
    for needed in entry.needs:
        _emit(needed, builder, names, body, done)
    done[slot] = slot
    body.extend(line.format(n=slot, miss=missing) for line in entry.lines)


def _fact_lines(fact: FactSlot, name: str, missing: str, names: dict[str, object]) -> list[str]:
    """Write the lines that look one fact up and bring it into its form."""
    names[f"PHRASE_{name}"], names[f"BARE_{name}"] = fact.phrase, fact.bare
    found = f"facts.get(PHRASE_{name})"
    if fact.phrase != fact.bare:
        found = f"facts[PHRASE_{name}] if PHRASE_{name} in facts else facts.get(BARE_{name})"
    low = "0.0" if fact.positive else "-BOUND"
    lines = [f"{name} = {found}", f"if {name} is None or not {low} < {name} < BOUND:", f"    {name} = NAN{missing}"]
    if fact.money:
        lines += ["else:", f"    {name} = to_units({name}, s.scale)"]
    elif fact.signed:
        lines += ["else:", f"    {name} = {name} * side"]
    return lines

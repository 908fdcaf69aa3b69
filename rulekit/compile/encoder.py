"""Makes the functions that fill a policy's vectors from a snapshot and from what its rules remember."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rulekit.compile.layout import (
    BEST_SLOT,
    FIRED_AT_SLOT,
    FIRED_DAY_SLOT,
    FIRED_DAYS_SLOT,
    FIRED_SLOT,
    LASTS,
    MISSING,
    NEVER_FIRED,
    NOT_HOLDING,
    NOT_SEEN,
    SIDE_OF,
    SINCE_SLOT,
    FactSlot,
    Layout,
    LayoutBuilder,
)
from rulekit.compile.slots import NUMBERS, POSITION_SLOTS
from rulekit.errors import RulekitError
from rulekit.model.calendar import default as default_calendar
from rulekit.model.decision import Memory, RuleMemory
from rulekit.model.instant import Instant, day_number, day_of
from rulekit.model.prices import UNKNOWN, to_units
from rulekit.model.snapshot import Snapshot

MANY = 24
"""Beyond so many numbers that are remembered, only those are looked for of which something is known."""
GUARDED_BY = ("side", "price", "stop", "target", "quantity", "in_flight")
"""What the function reads where the stop or target is reached; then it looks at nothing else, so no more is encoded."""


def build_layout(builder: LayoutBuilder, rules: tuple[str, ...]) -> Layout:
    """Freeze the slots and make the encoder for them."""
    return Layout(
        tuple(builder.slots),
        frozenset(builder.judged),
        dict(builder.facts),
        dict(builder.texts),
        tuple(builder.memory),
        rules,
        tuple(_blank(part) for _, part in builder.memory),
        _encoder(builder),
        _memory_encoder(builder, rules),
        any(part.startswith((SINCE_SLOT, LASTS, SIDE_OF)) for _, part in builder.memory),
    )


def _function(signature: str, lines: list[str], names: dict[str, object]) -> Callable[..., Any]:
    """Compile lines of ours into a function; the numbers that they speak of are written in."""
    body = "\n".join(f"    {line}" for line in lines)
    for name, number in NUMBERS.items():
        body = body.replace(name, repr(number))
    exec(compile(f"def {signature}:\n{body}", "<encoder>", "exec"), names)  # noqa: S102 - only lines of ours
    function: Callable[..., Any] = names[signature.partition("(")[0]]  # type: ignore[assignment]
    return function


def _encoder(builder: LayoutBuilder) -> Callable[[Snapshot], list[float]]:
    """Compile the lines of the slots into one function; facts are named by numbered constants, never by their text."""
    names: dict[str, object] = {"NAN": UNKNOWN, "to_units": to_units, "TEXTS": dict(builder.texts), "__builtins__": {}}
    body: list[str] = []
    done: dict[str, str] = {MISSING: MISSING}
    guards = [slot for slot in GUARDED_BY if slot in builder.slots]
    for slot in guards:
        _emit(slot, builder, names, body, done)
    if len(guards) == len(GUARDED_BY):
        known = ", ".join(done.get(slot, "NAN") for slot in builder.slots)
        lower, upper = "price <= stop or price >= target", "price >= stop or price <= target"
        body += [f"if ({lower}) if side > 0 else ({upper}):", f"    return [{known}]"]
    for slot in builder.slots[1:]:
        _emit(slot, builder, names, body, done)
    uses_facts = any("facts" in line for line in body)
    lines = [f"{MISSING} = 0.0", *(["facts = s.facts"] if uses_facts else []), *body]
    lines.append(f"return [{', '.join(done[slot] for slot in builder.slots)}]")
    return _function("encode(s)", lines, names)


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
    low = "0.0" if fact.positive else "-100.0" if fact.literal else "-BOUND"
    lines = [f"{name} = {found}", f"if {name} is None or not {low} < {name} < BOUND:", f"    {name} = NAN{missing}"]
    if fact.money:
        lines += ["else:", f"    {name} = to_units({name}, s.scale)"]
    elif fact.signed:
        lines += ["else:", f"    {name} = {name} * side"]
    return lines


# --- memory ----------------------------------------------------------------------------------------------------


def _memory_encoder(builder: LayoutBuilder, rules: tuple[str, ...]) -> Callable[[Memory, Snapshot], list[float]]:
    """Compile one look-up a rule, and one line a number that it remembers."""
    if len(builder.memory) > MANY:
        return _by_what_is_remembered(builder, rules)
    names: dict[str, object] = {"__builtins__": {}}
    lines = ["get = memory.get"]
    for rule in dict.fromkeys(rule for rule, _ in builder.memory):
        names[f"RULE_{rule}"] = rules[rule]
        known, blank = [], []
        for place, (owner, part) in enumerate(builder.memory):
            if owner == rule:
                names[f"PART_{place}"], names[f"BLANK_{place}"] = _reads(part), _blank(part)
                read = "known.fired" if part == FIRED_SLOT else f"PART_{place}(known, s)"
                known.append(f"    value_{place} = {read}")
                blank.append(f"    value_{place} = BLANK_{place}")
        lines += [f"known = get(RULE_{rule})", "if known is None:", *blank, "else:", *known]
    lines.append(f"return [{', '.join(f'value_{place}' for place in range(len(builder.memory)))}]")
    return _function("fill_memory(memory, s)", lines, names)


def _by_what_is_remembered(builder: LayoutBuilder, rules: tuple[str, ...]) -> Callable[[Memory, Snapshot], list[float]]:
    """Return a function that goes through what is remembered; of many rules few remember anything."""
    blank = [_blank(part) for _, part in builder.memory]
    readers: dict[str, list[tuple[int, Callable[[RuleMemory, Snapshot], float]]]] = {}
    for place, (rule, part) in enumerate(builder.memory):
        readers.setdefault(rules[rule], []).append((place, _reads(part)))

    def fill_memory(memory: Memory, snapshot: Snapshot) -> list[float]:
        values = [*blank]
        for name, known in memory.items():
            for place, read in readers.get(name, ()):
                values[place] = read(known, snapshot)
        return values

    return fill_memory


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


def _reads(part: str) -> Callable[[RuleMemory, Snapshot], float]:
    """Return how a part of a rule's memory is read."""
    for begins, blank in ((LASTS, NOT_HOLDING), (SIDE_OF, NOT_SEEN)):
        if part.startswith(begins):
            key = part.removeprefix(begins)
            return lambda memory, snapshot: _mark(memory, key, blank)
    return _PARTS[part]


def _mark(memory: RuleMemory, key: str, blank: float) -> float:
    """Return a mark; the side of a crossing that was unknown is unknown."""
    for known, value in memory.marks:
        if known == key:
            return UNKNOWN if value < 0 else value
    return blank


def _blank(part: str) -> float:
    """Return what a part holds before anything is remembered."""
    return NOT_SEEN if part.startswith(SIDE_OF) else _BLANK.get(part, NOT_HOLDING)


_BLANK = {FIRED_SLOT: 0.0, FIRED_AT_SLOT: NEVER_FIRED, FIRED_DAY_SLOT: NEVER_FIRED, FIRED_DAYS_SLOT: -NEVER_FIRED}

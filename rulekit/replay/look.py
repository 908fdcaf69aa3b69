"""Writes one look at a position as source: its facts filled in from plain numbers, then the policy's own statements."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from attrs import frozen

from rulekit.compile.layout import FIRST_STATUS, MISSING, FactSlot
from rulekit.compile.local_names import RETURNED, LocalNames, slot_name
from rulekit.compile.policy import CompiledPolicy
from rulekit.compile.slots import NUMBERS, POSITION_SLOTS

RESULTS = (0, 1, 2, 3, 4, 6, 7)
"""Places of the result vector that a replay acts upon: the order, the stop move, the target."""

_OTHERWISE: dict[str, tuple[str, ...]] = {
    # what the loop hands over is above 0 or unknown, so its bounds need not be asked at every look
    "price": ("{n} = s_price", "if {n} != {n}:", "    pass{miss}"),
    "stop": ("{n} = s_stop", "if {n} != {n}:", "    pass{miss}"),
    "target": ("{n} = s_target", "if {n} != {n}:", "    pass{miss}"),
    "initial_stop": ("{n} = s_initial_stop", "if {n} != {n}:", "    pass{miss}"),
    **{name: (f"{{n}} = s_{name}",) for name in ("entry", "tick", "lot", "multiplier")},
    "best": (
        "{n} = s_best",
        "if (price - {n}) * side > 0.0:",
        "    {n} = price",
        "if (entry - {n}) * side > 0.0:",
        "    {n} = entry",
    ),
    "worst": (
        "{n} = s_worst",
        "if (price - {n}) * side < 0.0:",
        "    {n} = price",
        "if (entry - {n}) * side < 0.0:",
        "    {n} = entry",
    ),
    "in_flight": ("{n} = s_in_flight",),
    "age": ("{n} = float(s_now - s_opened)",),
    "age_beyond_a_day": ("{n} = float(s_now - s_opened)",),
    "age_days": ("{n} = s_age_days", "if {n} != {n}:", "    pass{miss}"),
    "age_days_beyond_one": ("{n} = s_age_days", "if {n} != {n}:", "    pass{miss}"),
    "now": ("{n} = float(s_now)",),
    "time": ("{n} = float((s_now + IST_OFFSET) % DAY)",),
    "today": ("{n} = float((s_now + IST_OFFSET) // DAY)",),
    "weekday": ("{n} = float(((s_now + IST_OFFSET) // DAY + 3) % 7)",),
    "bar": ("{n} = s_bar",),
    "to_close": ("if s_closes > 0:", "    {n} = float(s_closes - s_now)", "else:", "    {n} = NAN{miss}"),
    "to_expiry": ("{n} = s_expiry - today", "if {n} != {n}:", "    pass{miss}"),
    "expires_today": (
        "{n} = 1.0 if s_expiry == today else 0.0",
        "if s_expiry != s_expiry and s_equity == 0.0:",
        "    {n} = NAN{miss}",
    ),
    "charges": ("{n} = s_charges",),
    "day_profit": ("{n} = s_day_profit", "if {n} != {n}:", "    pass{miss}"),
    **{
        name: (f"{{n}} = s_{name}", "if {n} != {n}:", "    pass{miss}")
        for name in ("symbol", "exchange", "product", "strategy")
    },
}
"""Slots that are read otherwise than from a snapshot: there is no calendar and no text within the loop."""
_NEEDS = {
    "to_expiry": ("today",),
    "expires_today": ("today",),
    "best": ("side", "price", "entry"),
    "worst": ("side", "price", "entry"),
}
GIVEN = "given number "
"""Begins the name of a slot whose number is handed to the loop at each run: one loop for many values of a policy."""
_OF_SNAPSHOT = re.compile(r"\bs\.(\w+)")
_ARGUMENT = re.compile(r"\bs_\w+")


@frozen
class Look:
    """The source of one look.

    Args:
        text: of the function `look`. arguments: its parameters; facts of the market are `c0`, `c1`…, memory `m0`….
        facts: the market and book facts that it reads, in the order of `c0`, `c1`….
        numbers: names of the numbers that are handed to the loop at each run, in their order.
        memory: number of memory slots. alerts: rules that only tell, by their index.
    """

    text: str
    arguments: tuple[str, ...]
    facts: tuple[FactSlot, ...]
    memory: int
    alerts: tuple[int, ...]
    numbers: tuple[str, ...] = ()

    @property
    def answers(self) -> tuple[str, ...]:
        """Names of what it returns: the memory, the results, and the status of each alert."""
        return (
            *(f"m{place}" for place in range(self.memory)),
            *(f"r{place}" for place in RESULTS),
            *(f"told{index}" for index in self.alerts),
        )


def write_look(policy: CompiledPolicy) -> Look:
    """Write the function `look` of a policy."""
    layout = policy.layout
    facts: dict[str, int] = {name: place for place, name in enumerate(layout.facts)}
    lines = slot_lines(policy)
    body = _statements(policy)
    used = {place for text in body for place in map(int, re.findall(r"\br(\d+)\b", text))}
    wanted = {*RESULTS, *(FIRST_STATUS + index for index in policy.alerts)}
    answers = [f"m{place}" for place in range(len(layout.memory))]
    answers += [f"r{place}" for place in RESULTS] + [f"r{FIRST_STATUS + index}" for index in policy.alerts]
    returned = f"return ({', '.join(answers)},)"
    text = [f"{MISSING} = 0.0", *lines, *(f"r{place} = 0.0" for place in sorted(used | wanted)), *body, returned]
    whole = "\n".join(text).replace(RETURNED, returned)
    whole = with_numbers(whole)
    arguments = (
        *sorted({"s_side", "s_price", "s_stop", "s_target", "s_quantity", *arguments_of(whole)}),
        *(f"c{place}" for place in range(len(facts))),
        *(f"m{place}" for place in range(len(layout.memory))),
    )
    indented = "\n".join(f"    {line}" for line in whole.split("\n"))
    source = f"def look({', '.join(arguments)}):\n{indented}\n"
    numbers = tuple(_given(slot) for slot in layout.slots if slot.startswith(GIVEN))
    return Look(source, arguments, tuple(layout.facts.values()), len(layout.memory), policy.alerts, numbers)


def _given(slot: str) -> str:
    """Return the name of the argument that brings a given number."""
    return f"s_given{slot.removeprefix(GIVEN)}"


def slot_lines(policy: CompiledPolicy, otherwise: Mapping[str, tuple[str, ...]] | None = None) -> list[str]:
    """Write how each slot of a policy is filled from plain numbers.

    Args:
        otherwise: lines of slots that are filled in another way; `{n}` is the slot, `{miss}` marks it as unknown.
    """
    layout = policy.layout
    table = {**_OTHERWISE, **(otherwise or {})}
    facts: dict[str, int] = {name: place for place, name in enumerate(layout.facts)}
    lines: list[str] = []
    done: set[str] = {MISSING}

    def fill(slot: str) -> None:
        if slot in done:
            return
        done.add(slot)
        name = slot_name(slot, layout.slots)
        miss = f"\n    {MISSING} = 1.0" if slot in layout.judged else ""
        if slot in facts:
            turned = " * side" if layout.facts[slot].signed else ""
            read = (f"{name} = c{facts[slot]}{turned}", f"if {name} != {name}:", f"    pass{miss}")
            lines.extend(table.get(slot, read))
            return
        if slot.startswith(GIVEN):
            lines.append(f"{name} = {_given(slot)}")
            return
        entry = POSITION_SLOTS[slot]
        for needed in _NEEDS.get(slot, () if slot in table else entry.needs):
            fill(needed)
        for line in table.get(slot, entry.lines):
            lines.append(_OF_SNAPSHOT.sub(r"s_\1", line).format(n=name, miss=miss))

    for slot in layout.slots:
        fill(slot)
    return lines


def with_numbers(text: str) -> str:
    """Write the numbers of the constants that the lines speak of."""
    for number, value in NUMBERS.items():
        text = re.sub(rf"\b{number}\b", repr(value), text)
    return text


def arguments_of(text: str) -> list[str]:
    """Return what a text reads of the position and the moment."""
    return sorted(set(_ARGUMENT.findall(text)))


def _statements(policy: CompiledPolicy) -> list[str]:
    """Write the statements of a policy's function over local names."""
    turn = LocalNames(policy.layout.slots)
    return [
        ast.unparse(ast.fix_missing_locations(turn.visit(ast.parse(ast.unparse(statement)).body[0])))
        for section in policy.sections
        for statement in map(ast.fix_missing_locations, section.statements)
    ]

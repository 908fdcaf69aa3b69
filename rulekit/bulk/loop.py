"""Writes a policy's loop over columns as source: each row's facts filled in, then the policy's own statements."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any
from weakref import WeakKeyDictionary

from attrs import frozen

from rulekit.compile.encoder import GUARDED_BY
from rulekit.compile.generate import Section
from rulekit.compile.layout import (
    BEST_SLOT,
    CANNOT_JUDGE,
    FIRST_STATUS,
    HELD,
    LASTS,
    MISSING,
    SIDE_OF,
    SINCE_SLOT,
    FactSlot,
)
from rulekit.compile.local_names import RETURNED, LocalNames, place_of, slot_name
from rulekit.compile.policy import CompiledPolicy
from rulekit.compile.slots import NUMBERS, POSITION_SLOTS

NOTHING, BY_RULE, STOPPED, AIMED, STOPPED_IN_FLIGHT, AIMED_IN_FLIGHT, HELD_BACK, UNJUDGED, NOT_HELD, NOT_COVERED = (
    range(10)
)
"""Why a row has the answer that it has."""
REASONS = (
    "nothing holds",
    "a rule acts",
    "the stop is reached",
    "the target is reached",
    "the stop is reached while an order is in flight",
    "the target is reached while an order is in flight",
    "a rule holds and cannot act",
    "a rule cannot be judged",
    "nothing is held",
    "the policy is not for it",
)
"""The same in words."""
FEW = 24
"""Up to so many rules each status has a local name; beyond that an array is quicker to compile."""

_OTHERWISE: dict[str, tuple[str, ...]] = {
    "in_flight": ("{n} = s_in_flight",),
    "age": ("{n} = FAR if s_opened == NONE else float(s_now - s_opened)",),
    "age_beyond_a_day": ("if s_opened == NONE:", "    {n} = NAN{miss}", "else:", "    {n} = float(s_now - s_opened)"),
    "age_days": (
        "{n} = s_age_days",
        "if s_opened == NONE and not {n} > 1.0:",
        "    {n} = FAR",
        "if not -BOUND < {n} < BOUND:",
        "    {n} = NAN{miss}",
    ),
    "age_days_beyond_one": (
        "{n} = s_age_days",
        "if s_opened == NONE and not {n} > 1.0 or not -BOUND < {n} < BOUND:",
        "    {n} = NAN{miss}",
    ),
    "now": ("{n} = float(s_now)",),
    "time": ("{n} = float((s_now + IST_OFFSET) % DAY)",),
    "today": ("{n} = float((s_now + IST_OFFSET) // DAY)",),
    "weekday": ("{n} = float(((s_now + IST_OFFSET) // DAY + 3) % 7)",),
    "bar": ("{n} = s_bar", "if not 0.0 < {n} < BOUND:", "    {n} = NAN{miss}", "else:", "    {n} = {n} * MINUTE"),
    "to_close": ("if s_closes == NONE:", "    {n} = NAN{miss}", "else:", "    {n} = float(s_closes - s_now)"),
    "to_expiry": ("{n} = s_expiry - today", "if {n} != {n}:", "    pass{miss}"),
    "expires_today": (
        "{n} = 1.0 if s_expiry == today else 0.0",
        "if s_expiry != s_expiry and s_equity == 0.0:",
        "    {n} = NAN{miss}",
    ),
    "charges": ("{n} = units(s_charges, s_scale) if 0.0 < s_charges < BOUND else 0.0",),
    "day_profit": ("{n} = s_day_profit", "if not -BOUND < {n} < BOUND:", "    {n} = NAN{miss}"),
    **{
        name: (f"{{n}} = s_{name}", "if {n} != {n}:", "    pass{miss}")
        for name in ("symbol", "exchange", "product", "strategy")
    },
}
"""Slots that are read otherwise than from a snapshot: there is no calendar and no text within the loop."""
_NEEDS = {"to_expiry": ("today",), "expires_today": ("today",)}
PRICES = ("entry", "price", "stop", "target", "initial_stop", "best", "worst", "tick", "realised")
"""What is given in rupees and read in smallest units."""
TIMES = ("now", "opened", "closes")
_OF_SNAPSHOT = re.compile(r"\bs\.(\w+)")
_READ = re.compile(r"\bs_(\w+)")
_CARRIED = (SINCE_SLOT, BEST_SLOT, LASTS, SIDE_OF)


@frozen
class Loop:
    """The source of a loop.

    Args:
        text: of the function `run`. parameters: its columns, single values and results, in order.
    """

    text: str
    parameters: tuple[str, ...]


_SLOTS: WeakKeyDictionary[CompiledPolicy, tuple[str, ...]] = WeakKeyDictionary()


def slots_read(policy: CompiledPolicy) -> tuple[str, ...]:
    """Return what the policy's slots read of a row: `price`, `opened`, `lot` and so on; `scale` comes first."""
    if policy not in _SLOTS:
        lines = [line for slot in policy.layout.slots[1:] for line in _lines(slot, policy, set())]
        read = {"side", "quantity", "price", "stop", "target", "in_flight", *_READ.findall("\n".join(lines))}
        _SLOTS[policy] = ("scale", *sorted(read - {"scale"}))
    return _SLOTS[policy]


def carried(policy: CompiledPolicy) -> tuple[int, ...]:
    """Return the places of the memory that a look may change."""
    return tuple(place for place, (_, part) in enumerate(policy.layout.memory) if part.startswith(_CARRIED))


def write_loop(
    policy: CompiledPolicy,
    columns: Sequence[str],
    single: Sequence[str],
    same: Mapping[str, float],
    *,
    rupees: bool,
    statuses: bool,
) -> Loop:
    """Write the loop.

    Args:
        columns: what differs from row to row, by the names of `slots_read`, `f0`, `f1`… for market facts and `m0`…
            for memory; and `covered`, where the policy is not for every row.
        single: what does not differ, and is handed over. same: what is written in, with its value.
        rupees: prices are rupees, else smallest units.
        statuses: what became of each rule is a result, too.
    """
    writer = Writer(policy, columns, same, rupees=rupees, statuses=statuses)
    return written(writer.body(), (*given(columns, single), *writer.outputs()))


def given(columns: Sequence[str], single: Sequence[str]) -> tuple[str, ...]:
    """Return the names under which a loop is given columns and single values."""
    return (*(f"c_{name}" for name in columns), *(f"k_{name}" for name in single))


def written(body: Sequence[str], parameters: tuple[str, ...]) -> Loop:
    """Return the loop whose body does this with a row."""
    whole = "\n".join(body)
    for number, value in (*NUMBERS.items(), ("NONE", -(1 << 62))):
        whole = re.sub(rf"\b{number}\b", f"({value!r})", whole)
    indented = "\n".join(f"        {line}" for line in whole.split("\n"))
    text = (
        f"def run(first, last, {', '.join(parameters)}):\n    for i in range(first, last):\n{indented}\n    return -1\n"
    )
    return Loop(text, parameters)


def _lines(slot: str, policy: CompiledPolicy, done: set[str]) -> list[str]:
    """Write the lines that fill a slot, after those of the slots that it needs."""
    if slot in done:
        return []
    done.add(slot)
    layout = policy.layout
    miss = f"\n    {MISSING} = 1.0" if slot in layout.judged else ""
    name = slot_name(slot, layout.slots)
    if slot in layout.facts:
        place = tuple(layout.facts).index(slot)
        needed = _lines("side", policy, done) if layout.facts[slot].signed else []
        return needed + _fact_lines(layout.facts[slot], name, f"f_{place}", miss)
    entry = POSITION_SLOTS[slot]
    lines: list[str] = []
    for other in _NEEDS.get(slot, () if slot in _OTHERWISE else entry.needs):
        lines += _lines(other, policy, done)
    for line in _OTHERWISE.get(slot, entry.lines):
        lines += _OF_SNAPSHOT.sub(r"s_\1", line).format(n=name, miss=miss).split("\n")
    return lines


def _fact_lines(fact: FactSlot, name: str, read: str, miss: str) -> list[str]:
    low = "0.0" if fact.positive else "-100.0" if fact.literal else "-BOUND"
    lines = [f"{name} = {read}", f"if not {low} < {name} < BOUND:", *f"    {name} = NAN{miss}".split("\n")]
    if fact.money:
        lines += ["else:", f"    {name} = units({name}, s_scale)"]
    elif fact.signed:
        lines += ["else:", f"    {name} = {name} * side"]
    return lines


class Writer:
    """Writes one row's work."""

    def __init__(
        self, policy: CompiledPolicy, columns: Sequence[str], same: Mapping[str, float], *, rupees: bool, statuses: bool
    ) -> None:
        self._policy, self._columns, self._same = policy, columns, same
        self._rupees, self._statuses = rupees, statuses
        self._sections: Sequence[Section] = policy.sections
        self._rules = len(policy.rules)
        self._many = self._rules > FEW
        # what became of each rule need not be kept where nobody asks but the answer
        self._kept = statuses or self._many or any(_asks(section) for section in self._sections)
        self._targets = any(_aims(section) for section in policy.sections)
        self._carried = carried(policy)

    def outputs(self) -> list[str]:
        """Return the names of the results."""
        names = ["o_action", "o_rule", "o_quantity", "o_stop", "o_stop_rule", "o_reason", "o_unknown"]
        names += ["o_target", "o_target_rule"] if self._targets else []
        names += ["o_statuses"] if self._statuses else []
        names += ["o_told"] if self._policy.alerts else []
        names += [f"o_m{place}" for place in self._carried]
        return names + (["q"] if self._many else [])

    def body(self) -> list[str]:
        """Write what is done with a row."""
        policy, layout = self._policy, self._policy.layout
        done: set[str] = {MISSING}
        guards = [line for slot in GUARDED_BY for line in _lines(slot, policy, done)]
        rest = [line for slot in layout.slots[1:] for line in _lines(slot, policy, done)]
        first, others = self._sections[:2], self._sections[2:]
        return [
            *self._loads(),
            "if not (s_side == 1.0 or s_side == -1.0):",
            "    return i",
            *self._blank(),
            "if not 0.0 < s_quantity < BOUND:",
            *self._left(NOT_HELD),
            "if s_quantity != floor(s_quantity):",
            "    return i",
            *(["if c_covered[i] == 0:", *self._left(NOT_COVERED)] if "covered" in self._columns else []),
            f"{MISSING} = 0.0",
            *guards,
            *self._statements(first),
            *rest,
            *self._statements(others),
            *self._answer(),
        ]

    # --- what comes in ---------------------------------------------------------------------------------------

    def _loads(self) -> list[str]:
        lines = [f"s_{name} = {self._read(name)}" for name in slots_read(self._policy)]
        lines += [f"f_{place} = {self._read(f'f{place}')}" for place in range(len(self._policy.layout.facts))]
        return lines + [line for place, (_, part) in enumerate(self._policy.layout.memory)
                        for line in self._remembered(place, part)]  # fmt: skip

    def _remembered(self, place: int, part: str) -> list[str]:
        """Bring in what stands at one place of the memory."""
        read = self._read(f"m{place}")
        return [f"m{place} = {self._directed(read) if part == BEST_SLOT and read != 'NAN' else read}"]

    def _directed(self, price: str) -> str:
        """Write a price so that higher is better, in smallest units."""
        return f"units({price}, s_scale) * s_side" if self._rupees else f"{price} * s_side"

    def _memory(self, place: int) -> str:
        """Write one place of the memory."""
        return f"m{place}"

    def _read(self, name: str) -> str:
        if name in self._same:
            value = self._same[name]
            return repr(value) if value == value else "NAN"
        if name not in self._columns:
            return f"k_{name}"
        value_at = f"c_{name}[i]"
        if name in TIMES:
            return value_at
        if name in PRICES and self._rupees:
            return f"units(float({value_at}), s_scale)"
        return f"float({value_at})"

    def _blank(self) -> list[str]:
        """Set the results that no rule has touched."""
        if self._many:
            lines = [f"for j in range({self._rules}):", "    q[j] = 0.0"]
        elif self._kept:
            lines = [f"r{FIRST_STATUS + index} = 0.0" for index in range(self._rules)]
        else:
            lines = [f"r{FIRST_STATUS + index} = 0.0" for index in self._policy.alerts]
            lines += ["unknown = 0", "held = 0.0"]
        return [*lines, *(f"r{place} = 0.0" for place in range(FIRST_STATUS))]

    # --- what the policy does --------------------------------------------------------------------------------

    def _turn(self) -> ast.NodeTransformer:
        """Return what turns the function's statements into those of the loop."""
        return Scalars(self._policy.layout.slots, self._many, None if self._kept else self._policy.alerts)

    def _statements(self, sections: Sequence[Section]) -> list[str]:
        turn = self._turn()
        # read anew, for a node that stands in two places would be turned twice
        texts = [ast.unparse(ast.fix_missing_locations(each)) for section in sections for each in section.statements]
        turned = ast.fix_missing_locations(turn.visit(ast.parse("\n".join(texts))))
        lines = ast.unparse(turned).split("\n")
        guarded = self._answer(guarded=True)
        found: list[str] = []
        for line in lines:
            if line.strip() == RETURNED:
                blanks = line[: len(line) - len(line.lstrip())]
                found += [blanks + each for each in guarded]
            else:
                found.append(line)
        return found

    # --- what goes out ---------------------------------------------------------------------------------------

    def _left(self, reason: int) -> list[str]:
        """Answer a row that is not decided on, and go on with the next."""
        lines = [
            "o_action[i] = 0", "o_rule[i] = -1", "o_quantity[i] = 0", "o_stop[i] = NAN", "o_stop_rule[i] = -1",
            f"o_reason[i] = {reason}", "o_unknown[i] = 0",
        ]  # fmt: skip
        lines += ["o_target[i] = NAN", "o_target_rule[i] = -1"] if self._targets else []
        return [f"    {line}" for line in (*lines, *self._sides_of_the_answer(), "continue")]

    def _answer(self, *, guarded: bool = False) -> list[str]:
        """Write the results; beside a reached stop or target no rule was looked at."""
        lines = ["o_action[i] = int(r0)", "o_quantity[i] = int(r2)"]
        if guarded:
            lines += [
                "o_stop[i] = NAN", "o_stop_rule[i] = -1", "o_unknown[i] = 0",
                f"o_rule[i] = {self._rules} - 1 - int(r1) if r1 < 0.0 else -1",
                f"o_reason[i] = {STOPPED} - 1 - int(r1) if r1 < 0.0 else {STOPPED_IN_FLIGHT} - 1 - int(r5)",
            ]  # fmt: skip
            lines += ["o_target[i] = NAN", "o_target_rule[i] = -1"] if self._targets else []
            return [*lines, *self._sides_of_the_answer(), "continue"]
        per_unit = " / s_scale" if self._rupees else ""
        lines += ["o_rule[i] = int(r1) - 1", "o_stop_rule[i] = int(r3) - 1"]
        lines.append(f"o_stop[i] = r4{per_unit} if r3 > 0.0 else NAN")
        if self._targets:
            lines += ["o_target_rule[i] = int(r6) - 1", f"o_target[i] = r7{per_unit} if r6 > 0.0 else NAN"]
        lines += self._judged()
        lines.append("o_unknown[i] = unknown")
        acts = "r0 + r3 + r6 > 0.0" + "".join(f" or {self._status(index)} == {HELD}" for index in self._policy.alerts)
        lines += [
            f"if {acts}:",
            f"    o_reason[i] = {BY_RULE}",
            "elif held > 0.0:",
            f"    o_reason[i] = {HELD_BACK}",
            f"else:\n    o_reason[i] = {UNJUDGED} if unknown else {NOTHING}",
        ]
        return [*"\n".join(lines).split("\n"), *self._sides_of_the_answer()]

    def _every_status(self) -> list[str]:
        """Write what became of each rule."""
        return [f"o_statuses[i * {self._rules} + {k}] = int({self._status(k)})" for k in range(self._rules)]

    def _status(self, index: int) -> str:
        return f"q[{index}]" if self._many else f"r{FIRST_STATUS + index}"

    def _judged(self) -> list[str]:
        """Tell whether a rule could not be judged, and whether one held."""
        if not self._kept:
            return []
        if self._many:
            return [
                "unknown = 0", "held = 0.0", f"for j in range({self._rules}):",
                f"    if q[j] == {CANNOT_JUDGE}:", "        unknown = 1", "    else:", "        held += q[j]",
            ]  # fmt: skip
        names = [self._status(index) for index in range(self._rules)]
        doubt = " or ".join(f"{name} == {CANNOT_JUDGE}" for name in names) or "False"
        return [f"unknown = 1 if {doubt} else 0", "held = " + (
            " + ".join(f"(0.0 if {name} == {CANNOT_JUDGE} else {name})" for name in names) or "0.0"
        )]  # fmt: skip

    def _sides_of_the_answer(self) -> list[str]:
        """Write the statuses, the alerts and the memory, where they are asked for."""
        lines = self._every_status() if self._statuses else []
        alerts = self._policy.alerts
        lines += [
            f"o_told[i * {len(alerts)} + {k}] = 1 if {self._status(index)} == {HELD} else 0"
            for k, index in enumerate(alerts)
        ]
        per_unit = " / s_scale" if self._rupees else ""
        for place in self._carried:
            rule, part = self._policy.layout.memory[place]
            kept = self._memory(place)
            if part == BEST_SLOT:
                since = self._policy.layout.memory.index((rule, SINCE_SLOT))
                kept = f"NAN if {self._memory(since)} < 0.0 else {kept} * s_side{per_unit}"
            lines.append(f"o_m{place}[i] = {kept}")
        return lines


def _asks(section: Section) -> bool:
    """Tell whether a section reads what became of a rule."""
    return any(
        isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Name) and node.value.id == "r"
        for part in section.statements for node in ast.walk(part)
    )  # fmt: skip


def _aims(section: Section) -> bool:
    """Tell whether a section may set a target."""
    return any(
        isinstance(node, ast.Name) and node.id == "aimer" for part in section.statements for node in ast.walk(part)
    )


def _is_quick(test: ast.expr) -> bool:
    """Tell whether a test is comparisons that may all be asked at once."""
    if isinstance(test, ast.BinOp) and isinstance(test.op, ast.BitAnd | ast.BitOr):
        return _is_quick(test.left) and _is_quick(test.right)
    if isinstance(test, ast.UnaryOp):
        return _is_quick(test.operand)
    return isinstance(test, ast.Compare)


class Scalars(LocalNames, ast.NodeTransformer):
    """Also joins branches, and keeps no status that nobody reads."""

    def __init__(self, slots: tuple[str, ...], many: bool, kept: Sequence[int] | None) -> None:
        super().__init__(slots)
        self._many, self._kept = many, kept

    def visit_Assign(self, node: ast.Assign) -> Any:
        """Note of a status that nobody reads only what the answer says of it."""
        target, value = node.targets[0], node.value
        if self._kept is None or not isinstance(target, ast.Subscript) or not isinstance(value, ast.Constant):
            return self.generic_visit(node)
        vector, place = place_of(target)
        index = place - FIRST_STATUS
        if vector != "r" or index < 0:
            return self.generic_visit(node)
        name, mark = ("unknown", 1) if value.value == CANNOT_JUDGE else ("held", 1.0)
        noted = ast.Assign([ast.Name(name, ast.Store())], ast.Constant(mark))
        return [noted, self.generic_visit(node)] if index in self._kept else noted

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """Ask all comparisons at once: each is quick, and a branch that was guessed wrongly is not."""
        self.generic_visit(node)
        if not all(map(_is_quick, node.values)):
            return node
        op = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
        return reduce(lambda left, right: ast.BinOp(left, op, right), node.values)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Keep the statuses of many rules in an array of their own."""
        vector, place = place_of(node)
        if vector != "r" or place < FIRST_STATUS or not self._many:
            return super().visit_Subscript(node)
        return ast.Subscript(ast.Name("q", ast.Load()), ast.Constant(place - FIRST_STATUS), node.ctx)

    def visit_If(self, node: ast.If) -> ast.AST:
        """Join a branch with the one within it, and with the next one that does the same: fewer are guessed wrongly."""
        self.generic_visit(node)
        inner = node.body[0]
        if not node.orelse and len(node.body) == 1 and isinstance(inner, ast.If) and not inner.orelse:
            if _is_quick(node.test) and _is_quick(inner.test):
                node = ast.If(ast.BinOp(node.test, ast.BitAnd(), inner.test), inner.body, [])
        elif len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            other = node.orelse[0]
            alike = [*map(ast.dump, node.body)] == [*map(ast.dump, other.body)]
            if alike and _is_quick(node.test) and _is_quick(other.test):
                node = ast.If(ast.BinOp(node.test, ast.BitOr(), other.test), node.body, other.orelse)
        return node

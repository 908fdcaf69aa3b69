"""Finds where the comparisons of a policy turn: the next moment, and the nearest prices on both sides.

What is found is tried and not trusted: a box is proved by `calm`, whatever it was made by.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve, field, frozen

from rulekit.compile.local_names import slot_name
from rulekit.compile.policy import CompiledPolicy
from rulekit.compile.slots import POSITION_SLOTS
from rulekit.replay.calm import COMPARED, EFFECTS
from rulekit.replay.look import GIVEN


@frozen
class Course:
    """A number that runs straight with the time and with the price.

    Args:
        code: its value now. time: how it grows in a microsecond. price: code of how it grows with the price, or empty.
        guard: code of what must hold for its sign to be asked; what does not hold now has a turn of its own.
    """

    code: str
    time: float = 0.0
    price: str = ""
    guard: str = "True"


@frozen
class Turns:
    """The differences of which a comparison asks the sign, each once; `shared` names what they are made of, as code."""

    found: tuple[Course, ...]
    shared: Mapping[str, str]

    def with_shared(self, lines: Sequence[str]) -> list[str]:
        """Write before some lines what they use."""
        wanted: set[str] = set()
        texts = list(lines)
        while texts:
            names = set(_SHARED.findall(texts.pop())) - wanted
            wanted |= names
            texts += [self.shared[name] for name in names]
        return [*(f"{name} = {code}" for name, code in self.shared.items() if name in wanted), *lines]


_SHARED = re.compile(r"\bshared\d+\b")


def turns_of(policy: CompiledPolicy, runs: Mapping[str, float]) -> Turns:
    """Find where the comparisons of a policy turn.

    Args:
        runs: the slots that run with the time, and how.
    """
    reader = _Reader(policy.layout.slots, runs)
    seen: dict[Course, None] = {}
    statements = [statement for section in policy.sections for statement in section.statements]
    for node, registers, guards in reader.comparisons(statements, {}, ()):
        found = reader.course(ast.BinOp(node.left, ast.Sub(), node.comparators[0]), registers)
        if found is not None and (found.time or found.price):
            turn = evolve(found, guard=" and ".join(f"({guard})" for guard in guards) or "True")
            seen.setdefault(turn)
    return Turns(tuple(seen), {name: code for code, name in reader.names.items()})


def moment_lines(turns: Turns) -> list[str]:
    """Write how far off, in microseconds, the next moment is at which a comparison turns."""
    lines = ["soonest = 1e15"]
    for turn in turns.found:
        if not turn.price:
            lines += [
                f"if {turn.guard}:",
                f"    ahead = {turn.code} / {-turn.time!r}",
                "    if 0.0 < ahead < soonest:",
                "        soonest = ahead",
            ]
    return turns.with_shared([*lines, "return soonest"])


def edge_lines(turns: Turns) -> list[str]:
    """Write the nearest prices at which a comparison turns, on both sides, a little within."""
    lines = ["first, last = near, far"]
    for turn in turns.found:
        if turn.price:
            lines += [
                f"if {turn.guard}:",
                f"    change = {turn.price}",
                f"    edge = price - {turn.code} / change if change != 0.0 else price",
                "    if (edge - price) * side > 0.0 and (edge - far) * side < 0.0:",
                "        far = edge",
                "    if (edge - price) * side < 0.0 and (edge - near) * side > 0.0:",
                "        near = edge",
            ]
    lines += [
        "if near != first:",
        "    near += 0.25 * tick * side",
        "    if (price - near) * side < 0.0:",
        "        near = price",
        "if far != last:",
        "    far -= 0.25 * tick * side",
        "    if (far - price) * side < 0.0:",
        "        far = price",
        "return near, far",
    ]
    return turns.with_shared(lines)


@frozen
class _Reader:
    """Reads expressions as courses."""

    places: tuple[str, ...]
    runs: Mapping[str, float]
    names: dict[str, str] = field(factory=dict)

    def named(self, code: str) -> str:
        """Return a name for a piece of code, the same for the same piece."""
        return self.names.setdefault(code, f"shared{len(self.names)}")

    def comparisons(
        self, statements: Sequence[ast.stmt], registers: dict[str, ast.expr], guards: tuple[str, ...]
    ) -> Iterator[tuple[ast.Compare, dict[str, ast.expr], tuple[str, ...]]]:
        """Yield every comparison with the registers that are set before it, and what holds where it is asked."""
        for statement in statements:
            for node in ast.walk(statement.test if isinstance(statement, ast.If) else statement):
                if isinstance(node, ast.Compare) and not isinstance(node.ops[0], ast.NotEq):
                    yield node, registers, guards
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                registers[statement.targets[0].id] = statement.value
            elif isinstance(statement, ast.If):
                for branch, holds in ((statement.body, True), (statement.orelse, False)):
                    guard = self.holds(statement.test, registers, holds)
                    yield from self.comparisons(branch, dict(registers), (*guards, guard) if guard else guards)

    def holds(self, node: ast.expr, registers: Mapping[str, ast.expr], wanted: bool) -> str:
        """Write that a test holds now, or does not; empty where that cannot be told."""
        if isinstance(node, ast.Name):
            held = registers.get(node.id)
            return "" if held is None else self.holds(held, registers, wanted)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self.holds(node.operand, registers, not wanted)
        if isinstance(node, ast.BoolOp):
            parts = [self.holds(part, registers, wanted) for part in node.values]
            if isinstance(node.op, ast.And) == wanted:
                return " and ".join(f"({part})" for part in parts if part)
            return " or ".join(f"({part})" for part in parts) if all(parts) else ""
        if isinstance(node, ast.Compare):
            left, right = self.course(node.left, registers), self.course(node.comparators[0], registers)
            if left is None or right is None:
                return ""
            code = f"{left.code} {COMPARED[type(node.ops[0])]} {right.code}"
            return code if wanted else f"not {code}"
        return ""

    def course(self, node: ast.expr, registers: Mapping[str, ast.expr]) -> Course | None:
        """Return the course of a number; None where it hangs on a fact, or is not straight."""
        if isinstance(node, ast.Constant):
            return Course(repr(float(node.value)))  # type: ignore[arg-type]
        if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            return Course(repr(-float(node.operand.value)))  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            held = registers.get(node.id)
            return None if held is None or node.id in EFFECTS else self.course(held, registers)
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and isinstance(node.slice, ast.Constant)
        ):
            return self._place(node.value.id, int(str(node.slice.value)))
        if isinstance(node, ast.BinOp):
            left, right = self.course(node.left, registers), self.course(node.right, registers)
            return None if left is None or right is None else self._joined(node.op, left, right)
        return None

    def _place(self, vector: str, place: int) -> Course | None:
        if vector == "m":
            return Course(f"m{place}")
        name = self.places[place] if vector == "f" else ""
        if name == "price":
            return Course("price", price="1.0")
        if name in POSITION_SLOTS or name.startswith(GIVEN):
            return Course(slot_name(name, self.places), self.runs.get(name, 0.0))
        return None

    def _joined(self, op: ast.operator, left: Course, right: Course) -> Course | None:
        """Return the course of a sum, a difference, a product or a quotient."""
        if isinstance(op, ast.Add | ast.Sub):
            sign = "+" if isinstance(op, ast.Add) else "-"
            time = left.time + right.time if sign == "+" else left.time - right.time
            grows = left.price or (right.price if sign == "+" else right.price and self.named(f"-{right.price}"))
            if left.price and right.price:
                grows = self.named(f"{left.price} {sign} {right.price}")
            return Course(self.named(f"{left.code} {sign} {right.code}"), time, grows)
        if isinstance(op, ast.FloorDiv):
            # rounding moves where it turns by less than a tick
            if left.time or right.time or right.price:
                return None
            grows = left.price and self.named(f"{left.price} / {right.code}")
            return Course(self.named(f"{left.code} / {right.code}"), 0.0, grows)
        if left.price or left.time:
            left, right = right, left
        if not isinstance(op, ast.Mult) or left.price or left.time:
            return None
        grows = right.price and (left.code if right.price == "1.0" else self.named(f"{left.code} * {right.price}"))
        product = Course(self.named(f"{left.code} * {right.code}"), 0.0, grows)
        if not right.time:
            return product
        try:
            return evolve(product, time=float(left.code) * right.time)
        except ValueError:
            return None

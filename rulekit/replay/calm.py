"""Writes the test whether a policy does nothing at all while the price stays between two bounds until some moment.

The policy's own statements are followed with intervals instead of numbers. Rounding to the nearest float keeps the
order of two numbers, so an interval's ends, computed as the function computes them, hold every value within; what the
test calls calm is calm to the last bit. Where it cannot tell, it says that it is not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from attrs import define, field, frozen

from rulekit.compile.layout import FIRST_STATUS, REACHED, SIDE_OF
from rulekit.compile.policy import CompiledPolicy

EFFECTS = frozenset({"kind", "rule", "quantity", "mover", "best"})
"""Registers that, set after their start, mean that something is done."""
CARRIED = frozenset({"aim", "aimer"})
"""Registers that are set in branches and read after them; so are the statuses that are read."""
_MIRRORED = {ast.GtE: ast.LtE, ast.Gt: ast.Lt}


class UnsayableError(Exception):
    """A statement of a form that is not followed; such a policy is asked at every price."""


@frozen
class Value:
    """A number of which the ends of its interval are known as code; `None` is any number, or unknown.

    Args:
        low, high: code of the two ends; the same text means one number. sign: +1 or -1 where it is known to be above or
            below 0 when the code is written.
    """

    low: str | None
    high: str | None = None
    sign: int = 0

    @property
    def is_one(self) -> bool:
        """Tell whether it is one number."""
        return self.low is not None and self.low == self.high


ANY = Value(None)


def one(code: str, sign: int = 0) -> Value:
    """Return a single number."""
    return Value(code, code, sign)


@frozen
class Truth:
    """A test, as code: whether it may hold, and whether it may not."""

    may: str
    may_not: str
    is_sure: bool = False


UNSURE = Truth("True", "True")


@define
class Follower:
    """Follows a policy's statements and writes what it sees.

    Args:
        slots: the policy's fact slots as values. places: their names in order.
        memory: the part that each memory slot holds. statuses: places of the result vector that are read.
    """

    slots: dict[str, Value]
    places: tuple[str, ...]
    memory: tuple[str, ...]
    statuses: frozenset[int]
    lines: list[str] = field(factory=list)
    known: dict[str, Value | Truth] = field(factory=dict)
    depth: int = 0
    count: int = 0

    # --- writing ---------------------------------------------------------------------------------------------------

    def write(self, text: str) -> None:
        """Write a line at the depth of the branch."""
        self.lines.append("    " * self.depth + text)

    def kept(self, code: str) -> str:
        """Give what is computed a name, so that it is computed once."""
        if code.replace("_", "").isalnum() or code.replace(".", "").replace("-", "").replace("+", "").isalnum():
            return code
        self.count += 1
        name = f"t{self.count}"
        self.write(f"{name} = {code}")
        return name

    # --- statements ------------------------------------------------------------------------------------------------

    def block(self, statements: Sequence[ast.stmt]) -> None:
        """Follow some statements; what follows something that is done is not looked at."""
        for statement in statements:
            if isinstance(statement, ast.Return):
                self.write("return False")
                return
            if isinstance(statement, ast.If):
                self.branch(statement)
            elif isinstance(statement, ast.Assign):
                if not self.assign(statement):
                    return
            elif not isinstance(statement, ast.Pass):
                raise UnsayableError(ast.dump(statement))

    def assign(self, statement: ast.Assign) -> bool:
        """Set a register, a result or memory; return whether anything after it is of interest."""
        (target,) = statement.targets
        if isinstance(target, ast.Subscript):
            vector, place = _place(target)
            if vector == "m":
                self.remember(place, self.value(statement.value))
            elif place in self.statuses:
                self.carry(f"r{place}", self.value(statement.value))
            elif place < FIRST_STATUS and place != REACHED:
                self.write("return False")
                return False
            return True
        assert isinstance(target, ast.Name)
        name = target.id
        if name in CARRIED:
            self.carry(name, self.value(statement.value))
        elif name in EFFECTS and (self.depth or name in self.known):
            self.write("return False")
            return False
        elif isinstance(statement.value, ast.Compare | ast.BoolOp):
            truth = self.test(statement.value)
            may = self.kept(truth.may)
            self.known[name] = Truth(may, f"not {may}" if truth.is_sure else self.kept(truth.may_not), truth.is_sure)
        else:
            self.known[name] = self.held(self.value(statement.value))
        return True

    def held(self, value: Value) -> Value:
        """Name the ends of a value."""
        if value.low is None or value.high is None:
            return ANY
        low = self.kept(value.low)
        return Value(low, low if value.is_one else self.kept(value.high), value.sign)

    def carry(self, name: str, value: Value) -> None:
        """Set what is read after the branch."""
        if value.low is None:
            raise UnsayableError(f"{name} may be anything")
        self.write(f"{name}_low, {name}_high = {value.low}, {value.high}")
        self.known[name] = Value(f"{name}_low", f"{name}_high")

    def remember(self, place: int, value: Value) -> None:
        """Memory must stay as it is; of a crossing only its side is kept."""
        now, low, high = f"m{place}", value.low, value.high
        if low is None:
            self.write("return False")
        elif self.memory[place].startswith(SIDE_OF):
            self.write(f"if not ({now} == 1.0 and {low} > 0.0 or {now} == 0.0 and {high} <= 0.0):")
            self.write("    return False")
        else:
            self.write(f"if not ({low} == {now} and {high} == {now}):")
            self.write("    return False")

    def branch(self, statement: ast.If) -> None:
        """Follow both ways that may be gone; what they carry on is joined."""
        truth = self.test(statement.test)
        carried = [name for name in self._carried(statement) if name in self.known]
        if truth.is_sure:
            self.write(f"if {truth.may}:")
            self.inside(statement.body)
            if statement.orelse:
                self.write("else:")
                self.inside(statement.orelse)
            return
        may, may_not = self.kept(truth.may), self.kept(truth.may_not)
        self.count += 1
        before, then = f"before{self.count}", f"then{self.count}"
        for name in carried:
            self.write(f"{name}_{before}, {name}_up_{before} = {name}_low, {name}_high")
        self.write(f"if {may}:")
        self.inside(statement.body)
        for name in carried:
            self.write(f"{name}_{then}, {name}_up_{then} = {name}_low, {name}_high")
            self.write(f"{name}_low, {name}_high = {name}_{before}, {name}_up_{before}")
        if statement.orelse:
            self.write(f"if {may_not}:")
            self.inside(statement.orelse)
        for name in carried:
            low, high = f"{name}_{then}", f"{name}_up_{then}"
            self.write(f"if {may} and {may_not}:")
            self.write(f"    {name}_low, {name}_high = min({name}_low, {low}), max({name}_high, {high})")
            self.write(f"elif {may}:")
            self.write(f"    {name}_low, {name}_high = {low}, {high}")

    def inside(self, statements: Sequence[ast.stmt]) -> None:
        """Follow a branch; registers that it sets are not known after it."""
        outer, begun = dict(self.known), len(self.lines)
        self.depth += 1
        self.block(statements)
        if len(self.lines) == begun:
            self.write("pass")
        self.depth -= 1
        changed = {name for name, value in self.known.items() if outer.get(name) != value}
        self.known = {name: value for name, value in outer.items() if name not in changed or self._is_carried(name)}

    def _is_carried(self, name: str) -> bool:
        return name in CARRIED or name in {f"r{place}" for place in self.statuses}

    def _carried(self, statement: ast.stmt) -> list[str]:
        """Return the carried names that are set anywhere in a branch."""
        found = []
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in CARRIED:
                found.append(node.id)
            elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                vector, place = _place(node)
                if vector == "r" and place in self.statuses:
                    found.append(f"r{place}")
        return list(dict.fromkeys(found))

    # --- numbers ---------------------------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> Value:
        """Return the interval of a number."""
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            number = float(node.value)
            return one(repr(number), (number > 0) - (number < 0))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return self.value(ast.Constant(-float(node.operand.value)))  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            found = self.known.get(node.id)
            if isinstance(found, Value):
                return found
            raise UnsayableError(f"{node.id} is not known here")
        if isinstance(node, ast.Subscript):
            vector, place = _place(node)
            if vector == "f":
                return self.slots[self.places[place]]
            if vector == "m":
                return one(f"m{place}")
            found = self.known.get(f"r{place}")
            if isinstance(found, Value):
                return found
            raise UnsayableError(f"r[{place}] is not known here")
        if isinstance(node, ast.BinOp):
            return self.binary(node.op, self.value(node.left), self.value(node.right))
        raise UnsayableError(ast.dump(node))

    def binary(self, op: ast.operator, left: Value, right: Value) -> Value:
        """Return the interval of a sum, a difference, a product or a rounded quotient."""
        if left.low is None or right.low is None:
            return ANY
        if left.is_one and right.is_one:
            if isinstance(op, ast.FloorDiv):
                return one(f"floored({left.low}, {right.low})")
            sign = left.sign * right.sign if isinstance(op, ast.Mult) else 0
            return one(f"({left.low} {_SIGNS[type(op)]} {right.low})", sign)
        if isinstance(op, ast.Add):
            return Value(f"({left.low} + {right.low})", f"({left.high} + {right.high})")
        if isinstance(op, ast.Sub):
            return Value(f"({left.low} - {right.high})", f"({left.high} - {right.low})")
        if isinstance(op, ast.Mult):
            return self.product(left, right)
        if isinstance(op, ast.FloorDiv) and right.is_one:
            divisor = self.kept(right.low)
            self.write(f"if not {divisor} > 0.0:")
            self.write("    return False")
            return Value(f"floored({left.low}, {divisor})", f"floored({left.high}, {divisor})")
        return ANY

    def product(self, left: Value, right: Value) -> Value:
        """Return the interval of a product of which one factor is one number."""
        if not left.is_one:
            left, right = right, left
        if not left.is_one or right.low is None or right.high is None:
            return ANY
        if left.sign > 0:
            return Value(f"({left.low} * {right.low})", f"({left.low} * {right.high})")
        if left.sign < 0:
            return Value(f"({left.low} * {right.high})", f"({left.low} * {right.low})")
        assert left.low is not None
        factor = self.kept(left.low)
        first, second = self.kept(f"{factor} * {right.low}"), self.kept(f"{factor} * {right.high}")
        return Value(f"min({first}, {second})", f"max({first}, {second})")

    # --- tests -----------------------------------------------------------------------------------------------------

    def test(self, node: ast.expr) -> Truth:
        """Return whether a test may hold, and whether it may not."""
        if isinstance(node, ast.Name):
            found = self.known.get(node.id)
            if isinstance(found, Truth):
                return found
            raise UnsayableError(f"{node.id} is no test")
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return Truth(str(node.value), str(not node.value), True)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.test(node.operand)
            return Truth(inner.may_not, inner.may, inner.is_sure)
        if isinstance(node, ast.BoolOp):
            parts = [self.test(part) for part in node.values]
            all_of = isinstance(node.op, ast.And)
            words = (" and ", " or ") if all_of else (" or ", " and ")
            may = words[0].join(f"({part.may})" for part in parts)
            may_not = words[1].join(f"({part.may_not})" for part in parts)
            return Truth(may, may_not, all(part.is_sure for part in parts))
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self.compared(node.ops[0], node.left, node.comparators[0])
        raise UnsayableError(ast.dump(node))

    def compared(self, op: ast.cmpop, first: ast.expr, second: ast.expr) -> Truth:
        """Compare two numbers; a comparison with an unknown does not hold."""
        left, right = self.held(self.value(first)), self.held(self.value(second))
        if type(op) in _MIRRORED:
            left, right, op = right, left, _MIRRORED[type(op)]()
        if left.low is None or right.low is None:
            return UNSURE
        if isinstance(op, ast.NotEq):
            equal = self.compared(ast.Eq(), first, second)
            return Truth(equal.may_not, equal.may, equal.is_sure)
        if isinstance(op, ast.Eq) and ast.dump(first) == ast.dump(second):
            code = f"{left.low} == {left.low}"
            return Truth(code, f"not {code}", True)
        if left.is_one and right.is_one:
            code = f"{left.low} {COMPARED[type(op)]} {right.low}"
            return Truth(code, f"not {code}", True)
        if isinstance(op, ast.Eq):
            inside = f"{left.low} <= {right.high} and {right.low} <= {left.high}"
            same = f"{left.low} == {right.high} and {right.low} == {left.high}"
            return Truth(inside, f"not ({same})")
        sign = COMPARED[type(op)]
        return Truth(f"{left.low} {sign} {right.high}", f"not {left.high} {sign} {right.low}")


_SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
COMPARED: dict[type[ast.cmpop], str] = {
    ast.LtE: "<=", ast.Lt: "<", ast.GtE: ">=", ast.Gt: ">", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


def _place(node: ast.Subscript) -> tuple[str, int]:
    """Return the vector and the place of `f[3]`."""
    if not (isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Constant)):
        raise UnsayableError(ast.dump(node))
    return node.value.id, int(str(node.slice.value))


def statuses_read(policy: CompiledPolicy) -> Iterator[int]:
    """Yield the places of the result vector that the policy's own statements read, and those of alerts."""
    for section in policy.sections:
        for statement in section.statements:
            for node in ast.walk(statement):
                if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
                    vector, place = _place(node)
                    if vector == "r":
                        yield place
    yield from (FIRST_STATUS + index for index in policy.alerts)


def follow(policy: CompiledPolicy, slots: dict[str, Value]) -> list[str]:
    """Write the test over a policy's statements; its slots are known by then.

    Raises:
        UnsayableError: they hold a statement that is not followed.
    """
    layout = policy.layout
    statuses = frozenset(statuses_read(policy))
    follower = Follower(slots, layout.slots, tuple(part for _, part in layout.memory), statuses)
    for place in sorted(statuses):
        follower.carry(f"r{place}", one("0.0"))
    for section in policy.sections:
        follower.block(section.statements)
    for index in policy.alerts:
        name = f"r{FIRST_STATUS + index}"
        follower.write(f"if {name}_low <= 1.0 <= {name}_high:")
        follower.write("    return False")
    follower.write("return True")
    return follower.lines

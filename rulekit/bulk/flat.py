"""Follows every branch of one row's statements at once: steps that a processor can take for several rows.

What a branch sets is chosen by the tests on the way to it; the operations stay as they are, and so do their results.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Sequence

from attrs import frozen

ROW, WHOLE_ROW = "row_", "instant_"
"""Begin the names of what a row holds: a number, an instant."""
WRONG, DOUBT = "wrong", "doubt"
"""Whether a row holds what it cannot hold, and whether a quick division of it may not be the exact one."""
CERTAIN = 2.0**51
"""Below it the floor of a quotient is what Python's own division comes to."""

Values = dict[str, ast.expr]
Changes = dict[str, tuple[ast.expr, ast.expr]]
TRUE, FALSE = ast.Constant(True), ast.Constant(False)
UNKNOWN = ast.Name("NAN", ast.Load())


@frozen
class Step:
    """One number or test, worked out from earlier ones: its name, its expression, and the names that it reads."""

    name: str
    value: ast.expr
    reads: frozenset[str]


@frozen
class Flat:
    """The steps of a row.

    Args:
        results: what each result is set to, by its place: `o_action[i]`. marks: WRONG and DOUBT, as tests.
    """

    steps: tuple[Step, ...]
    results: Values
    marks: Values


def flatten(body: Sequence[ast.stmt], name: str = "i") -> Flat:
    """Return the steps of a row's statements, whose places are counted by `name`."""
    follower = _Follower(_flags(body))
    changes = follower.follow(body, {WRONG: FALSE})
    results = {key: follower.number(value) for key, (_, value) in changes.items() if key.endswith("]")}
    wrong = changes.get(WRONG, (FALSE, FALSE))
    marks = {WRONG: follower.both(ast.BitAnd, wrong), DOUBT: follower.both(ast.BitOr, follower.doubts)}
    return Flat(tuple(follower.steps), results, marks)


def is_sure(node: ast.expr) -> bool | float | None:
    """Return the value of what is the same in every row; None where it is not."""
    if isinstance(node, ast.Constant):
        assert isinstance(node.value, bool | int | float)
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        opposite = is_sure(node.operand)
        return None if opposite is None else -opposite
    return None


def _flags(body: Sequence[ast.stmt]) -> frozenset[str]:
    """Return the names that are only ever set to 0 or 1."""
    found: dict[str, bool] = {}
    for part in body:
        for node in ast.walk(part):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                values = [node.value]
                if isinstance(node.value, ast.IfExp):
                    values = [node.value.body, node.value.orelse]
                name = node.targets[0].id
                found[name] = found.get(name, True) and all(is_sure(value) in (0, 1) for value in values)
    return frozenset(name for name, only in found.items() if only)


class _Follower:
    """Follows statements, and knows what each name stands for."""

    def __init__(self, flags: frozenset[str]) -> None:
        self.steps: list[Step] = []
        self.doubts: list[ast.expr] = []
        self._flags = flags
        self._names: dict[str, ast.Name] = {}
        self._tests: set[str] = set()
        self._opposite: dict[str, ast.expr] = {}

    # --- statements ------------------------------------------------------------------------------------------

    def follow(self, body: Sequence[ast.stmt], seen: Values) -> Changes:
        """Follow statements; return what they change, each with the test under which they do.

        Args:
            seen: what the names stand for before, and afterwards.
        """
        changes: Changes = {}
        for place, statement in enumerate(body):
            if isinstance(statement, ast.Assign):
                target = statement.targets[0]
                name = target.id if isinstance(target, ast.Name) else ast.unparse(target)
                value = self.value(statement.value, seen)
                changes[name] = TRUE, self.truth(value) if name in self._flags else value
                seen[name] = changes[name][1]
            elif isinstance(statement, ast.If):
                last = statement.body[-1]
                if isinstance(last, ast.Continue | ast.Return):
                    made = self._left(statement, body[place + 1 :], seen)
                    self._note(made, seen, changes)
                    return changes
                self._note(self._branch(statement.test, statement.body, statement.orelse, seen), seen, changes)
            else:
                assert isinstance(statement, ast.Pass), ast.dump(statement)
        return changes

    def _left(self, statement: ast.If, rest: Sequence[ast.stmt], seen: Values) -> Changes:
        """Follow a branch at whose end the row is left; all others do what comes afterwards."""
        body, last = statement.body[:-1], statement.body[-1]
        if isinstance(last, ast.Return):
            body = [ast.Assign([ast.Name(WRONG, ast.Store())], ast.Constant(True))]
        return self._branch(statement.test, body, [*statement.orelse, *rest], seen)

    def _branch(self, test: ast.expr, body: Sequence[ast.stmt], other: Sequence[ast.stmt], seen: Values) -> Changes:
        """Follow both branches, and return what either changes."""
        asked = self.truth(self.value(test, seen))
        sure = is_sure(asked)
        if sure is not None:
            return self.follow(body if sure else other, dict(seen))
        one, two = self.follow(body, dict(seen)), self.follow(other, dict(seen))
        otherwise = self.negated(asked)
        changes: Changes = {}
        for name in {**one, **two}:
            if name not in two:
                changes[name] = self.both(ast.BitAnd, (asked, one[name][0])), one[name][1]
            elif name not in one:
                changes[name] = self.both(ast.BitAnd, (otherwise, two[name][0])), two[name][1]
            else:
                changes[name] = self._either(asked, otherwise, one[name], two[name])
        return changes

    def _either(
        self, asked: ast.expr, otherwise: ast.expr, one: tuple[ast.expr, ast.expr], two: tuple[ast.expr, ast.expr]
    ) -> tuple[ast.expr, ast.expr]:
        """Return what comes of a name that both branches change."""
        first, second = self.both(ast.BitAnd, (asked, one[0])), self.both(ast.BitAnd, (otherwise, two[0]))
        always = is_sure(one[0]) is True and is_sure(two[0]) is True
        return TRUE if always else self.both(ast.BitOr, (first, second)), self.chosen(first, one[1], two[1])

    def _note(self, made: Changes, seen: Values, changes: Changes) -> None:
        """Take what a branch changes into what the names stand for."""
        for name, (test, value) in made.items():
            before, sure = changes.get(name), is_sure(test) is True
            if sure or name not in seen:
                seen[name] = value
            else:
                seen[name] = self.chosen(test, value, seen[name])
            if sure or before is None:
                changes[name] = test, value
            elif is_sure(before[0]) is True:
                changes[name] = TRUE, seen[name]
            else:
                changes[name] = self.both(ast.BitOr, (before[0], test)), self.chosen(test, value, before[1])

    # --- numbers and tests -----------------------------------------------------------------------------------

    def value(self, node: ast.expr, seen: Values) -> ast.expr:
        """Return what an expression comes to: a step's name, or what is the same in every row."""
        if isinstance(node, ast.Name):
            return seen.get(node.id, node)
        if isinstance(node, ast.Subscript):
            assert isinstance(node.value, ast.Name)
            return ast.Name(WHOLE_ROW + node.value.id, ast.Load())
        if isinstance(node, ast.UnaryOp):
            inner = self.value(node.operand, seen)
            if isinstance(node.op, ast.Not):
                return self.negated(self.truth(inner))
            return (
                ast.UnaryOp(node.op, inner)
                if isinstance(inner, ast.Constant)
                else self.step(ast.UnaryOp(node.op, inner))
            )
        if isinstance(node, ast.BoolOp):
            op = ast.BitAnd if isinstance(node.op, ast.And) else ast.BitOr
            return self.both(op, [self.truth(self.value(each, seen)) for each in node.values])
        if isinstance(node, ast.BinOp):
            return self._reckoned(node, self.value(node.left, seen), self.value(node.right, seen))
        if isinstance(node, ast.Compare):
            sides = [self.value(each, seen) for each in (node.left, *node.comparators)]
            pairs = zip(node.ops, sides[:-1], sides[1:], strict=True)
            return self.both(ast.BitAnd, [self._compared(op, left, right) for op, left, right in pairs])
        if isinstance(node, ast.IfExp):
            asked = self.truth(self.value(node.test, seen))
            if is_sure(asked) is not None:
                return self.value(node.body if is_sure(asked) else node.orelse, seen)
            one, other = self.value(node.body, seen), self.value(node.orelse, seen)
            flags = is_sure(one) in (0, 1) and is_sure(other) in (0, 1)
            return self.chosen(asked, self.truth(one), self.truth(other)) if flags else self.chosen(asked, one, other)
        if isinstance(node, ast.Call):
            return self._called(node, seen)
        assert isinstance(node, ast.Constant), ast.dump(node)
        return node

    def _called(self, node: ast.Call, seen: Values) -> ast.expr:
        assert isinstance(node.func, ast.Name)
        given = node.args[0]
        if node.func.id == "float" and isinstance(given, ast.Subscript) and isinstance(given.value, ast.Name):
            return ast.Name(ROW + given.value.id, ast.Load())
        values = [self.number(self.value(each, seen)) for each in node.args]
        if node.func.id == "int":
            # results are written as whole numbers where they are kept
            return values[0]
        if node.func.id == "floored":
            return self._floored(*values)
        return self.step(ast.Call(node.func, values, []))

    def _floored(self, above: ast.expr, below: ast.expr) -> ast.expr:
        """Return the floor of a quotient: it is exact unless the quotient was rounded up to a whole number."""
        if _is_unknown(above) or _is_unknown(below):
            return UNKNOWN
        quotient = self.step(ast.BinOp(above, ast.Div(), below))
        floor = self.step(ast.Call(ast.Name("floor", ast.Load()), [quotient], []))
        odd = [self._not_whole(node) for node in (above, below)]
        near = self.both(ast.BitAnd, (self._compared(ast.Eq(), quotient, floor), self.both(ast.BitOr, odd)))
        far = self._compared(ast.GtE(), self.step(_call("abs", above)), ast.Constant(CERTAIN))
        small = self._compared(ast.Lt(), below, ast.Constant(1.0))
        self.doubts += [near, far, small]
        return floor

    def _not_whole(self, node: ast.expr) -> ast.expr:
        sure = is_sure(node)
        if sure is not None:
            return ast.Constant(sure != sure // 1)
        return self._compared(ast.NotEq(), node, self.step(_call("floor", node)))

    def _reckoned(self, node: ast.BinOp, left: ast.expr, right: ast.expr) -> ast.expr:
        if isinstance(node.op, ast.BitAnd | ast.BitOr):
            return self.both(type(node.op), (self.truth(left), self.truth(right)))
        left, right = self.number(left), self.number(right)
        if _is_unknown(left) or _is_unknown(right):
            return UNKNOWN
        one, two = is_sure(left), is_sure(right)
        if one is not None and two is not None and type(node.op) in _SURE:
            return _constant(_SURE[type(node.op)](one, two))
        return self.step(ast.BinOp(left, node.op, right))

    def _compared(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> ast.expr:
        if _is_unknown(left) or _is_unknown(right):
            return ast.Constant(isinstance(op, ast.NotEq))
        ask, one, two = _ASKED[type(op)], is_sure(left), is_sure(right)
        if one is not None and two is not None:
            return ast.Constant(ask(one, two))
        if self.is_test(left) and two is not None:
            return self.chosen(left, ast.Constant(ask(1, two)), ast.Constant(ask(0, two)))
        return self.step(ast.Compare(self.number(left), [op], [self.number(right)]), test=True)

    def step(self, node: ast.expr, *, test: bool = False) -> ast.Name:
        """Take a step, unless the same was taken before."""
        text = ast.unparse(node)
        if text not in self._names:
            name = f"t{len(self.steps)}" if test else f"x{len(self.steps)}"
            reads = frozenset(part.id for part in ast.walk(node) if isinstance(part, ast.Name))
            self._names[text] = ast.Name(name, ast.Load())
            self.steps.append(Step(name, node, reads))
            if test:
                self._tests.add(name)
        return self._names[text]

    def is_test(self, node: ast.expr) -> bool:
        """Tell whether something is true or false."""
        return (isinstance(node, ast.Name) and node.id in self._tests) or isinstance(is_sure(node), bool)

    def truth(self, node: ast.expr) -> ast.expr:
        """Return a flag as true or false."""
        sure = is_sure(node)
        assert sure is not None or self.is_test(node), ast.dump(node)
        return node if sure is None else ast.Constant(bool(sure))

    def number(self, node: ast.expr) -> ast.expr:
        """Return true and false as 1 and 0."""
        sure = is_sure(node)
        if isinstance(sure, bool):
            return ast.Constant(float(sure))
        return self._select(node, ast.Constant(1.0), ast.Constant(0.0)) if self.is_test(node) else node

    def negated(self, test: ast.expr) -> ast.expr:
        """Return the opposite."""
        sure = is_sure(test)
        if sure is not None:
            return ast.Constant(not sure)
        assert isinstance(test, ast.Name)
        if test.id not in self._opposite:
            found = self.step(ast.UnaryOp(ast.Not(), test), test=True)
            self._opposite[test.id], self._opposite[found.id] = found, test
        return self._opposite[test.id]

    def both(self, op: type[ast.operator], tests: Iterable[ast.expr]) -> ast.expr:
        """Join tests by `&` or by `|`."""
        settles, kept = op is ast.BitOr, list[ast.expr]()
        for each in tests:
            if is_sure(each) is settles:
                return each
            if is_sure(each) is None and ast.unparse(each) not in map(ast.unparse, kept):
                kept.append(each)
        found = kept[0] if kept else ast.Constant(not settles)
        for each in kept[1:]:
            found = self.step(ast.BinOp(found, op(), each), test=True)
        return found

    def chosen(self, test: ast.expr, one: ast.expr, other: ast.expr) -> ast.expr:
        """Return one where a test holds, else the other."""
        if ast.unparse(one) == ast.unparse(other):
            return one
        sure = is_sure(test)
        if sure is not None:
            return one if sure else other
        if not (self.is_test(one) and self.is_test(other)):
            return self._select(test, self.number(one), self.number(other))
        where = self.both(ast.BitAnd, (test, one))
        return self.both(ast.BitOr, (where, self.both(ast.BitAnd, (self.negated(test), other))))

    def _select(self, test: ast.expr, one: ast.expr, other: ast.expr) -> ast.expr:
        return self.step(ast.Call(ast.Name("select", ast.Load()), [test, one, other], []))


_ASKED: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip
_SURE: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
}  # fmt: skip


def _is_unknown(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "NAN"


def _constant(value: float) -> ast.expr:
    return ast.Constant(value) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))


def _call(name: str, node: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), [node], [])

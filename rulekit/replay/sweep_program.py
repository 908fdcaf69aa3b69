"""One program for many values of a policy: where programs differ in a number, the number is handed to the loop.

Two values seldom give the same text: `at 5% profit` is compared as `20 × gain >= entry`, `at 15% profit` as
`20 × gain >= 3 × entry`. What is left out because it is 1 is put back, so that one program fits both exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any as Anything

from attrs import evolve, fields, frozen, has

from rulekit.compile.encoder import build_layout
from rulekit.compile.expressions import All, Any, Binary, Compare, Const, Load, negate
from rulekit.compile.generate import generate, places_read
from rulekit.compile.layout import LayoutBuilder
from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.compile.program import Program, RuleProgram, lower_rules
from rulekit.language.tree import PolicyTree
from rulekit.language.vocabulary import STANDARD, Vocabulary
from rulekit.replay.look import GIVEN

HOLE = Load(GIVEN)
"""Where programs differ in a number."""
Shape = tuple[tuple[Anything, ...], ...]
"""What each rule of a program computes: when it may, when it holds, what it does, what it watches."""


class DifferentError(Exception):
    """Two programs differ in more than numbers."""


@frozen
class Family:
    """Values of one policy whose programs differ in numbers only.

    Args:
        policy: reads the numbers that differ from slots of their own.
        members: places of the values among all. numbers: for each of them what those slots hold.
        witnesses: places of values that together give the same policy.
    """

    policy: CompiledPolicy
    members: tuple[int, ...]
    numbers: tuple[tuple[float, ...], ...]
    witnesses: tuple[int, ...]


def families(trees: Sequence[PolicyTree], vocabulary: Vocabulary = STANDARD) -> list[Family]:
    """Group policies that differ in their numbers; each group comes to one program."""
    groups: list[_Group] = []
    for place, tree in enumerate(trees):
        rules, slots = lower_rules(tree, vocabulary)
        shape, about = _shape(rules), _about(slots)
        group = next((group for group in groups if group.about == about and group.takes(place, shape)), None)
        if group is None:
            groups.append(_Group(place, rules, slots, shape, about))
    return [group.family(trees, vocabulary) for group in groups]


class _Group:
    """A family while it grows."""

    def __init__(
        self, place: int, rules: tuple[RuleProgram, ...], slots: LayoutBuilder, shape: Shape, about: Anything
    ) -> None:
        self.about = about
        self._rules, self._slots = rules, slots
        self._common: Shape = shape
        self._shapes = {place: shape}
        self._witnesses = [place]

    def takes(self, place: int, shape: Shape) -> bool:
        """Take a program in, if it differs in numbers only."""
        try:
            common = unified(self._common, shape)
        except DifferentError:
            return False
        if common != self._common:
            self._witnesses.append(place)
            self._common = common
        self._shapes[place] = shape
        return True

    def family(self, trees: Sequence[PolicyTree], vocabulary: Vocabulary) -> Family:
        """Compile what all have in common; numbers that go together everywhere share a slot."""
        columns = list(zip(*(extracted(self._common, shape) for shape in self._shapes.values()), strict=True))
        distinct = list(dict.fromkeys(columns))
        names = iter([Load(f"{GIVEN}{distinct.index(column)}") for column in columns])
        shape = _filled(self._common, names)
        rules = tuple(
            evolve(rule, allowed=allowed, holds=holds, fails=negate(holds), effect=effect, watches=watches)
            for rule, (allowed, holds, effect, watches) in zip(self._rules, shape, strict=True)
        )
        for number in range(len(distinct)):
            self._slots.position(f"{GIVEN}{number}", judged=False)
        whole = compile_policy(trees[self._witnesses[0]], vocabulary)
        layout = build_layout(_without_given(self._slots), whole.layout.rules)
        layout = evolve(layout, slots=tuple(self._slots.slots))
        function, sections = generate(Program(rules, layout))
        policy = evolve(
            whole, function=function, sections=sections, layout=layout,
            needs=tuple(places_read(rule, layout) for rule in rules),
        )  # fmt: skip
        numbers = tuple(zip(*distinct, strict=True)) if distinct else ((),) * len(self._shapes)
        return Family(policy, tuple(self._shapes), numbers, tuple(self._witnesses))


def _without_given(slots: LayoutBuilder) -> LayoutBuilder:
    """Return the slots that a snapshot can fill."""
    return evolve(slots, slots=[name for name in slots.slots if not name.startswith(GIVEN)])


def _shape(rules: Sequence[RuleProgram]) -> Shape:
    return tuple((rule.allowed, rule.holds, rule.effect, rule.watches) for rule in rules)


def _about(slots: LayoutBuilder) -> Anything:
    """Return what programs of one family share: slots, facts, texts, memory (behind a colon stands the condition)."""
    memory = [(rule, part.partition(": ")[0]) for rule, part in slots.memory]
    return list(slots.slots), slots.judged, slots.facts, slots.texts, memory


# --- what programs have in common ----------------------------------------------------------------------------------


def unified(common: Anything, other: Anything) -> Anything:
    """Return what two programs have in common, with a hole where they differ in a number.

    Raises:
        DifferentError: they differ in more.
    """
    if common == other:
        return common
    if isinstance(other, Const) and (isinstance(common, Const) or common == HOLE):
        return HOLE
    if isinstance(common, Binary) and isinstance(other, Binary) and common.op == other.op:
        try:
            return Binary(common.op, unified(common.left, other.left), unified(common.right, other.right))
        except DifferentError:
            pass
    if _is_multiple(common):
        return Binary("*", HOLE, unified(common.right, other))
    if _is_multiple(other):
        return Binary("*", HOLE, unified(common, other.right))
    return _rebuilt(common, other)


def _is_multiple(node: Anything) -> bool:
    """Tell whether a node is a number times something."""
    return isinstance(node, Binary) and node.op == "*" and (isinstance(node.left, Const) or node.left == HOLE)


def _rebuilt(common: Anything, other: Anything) -> Anything:
    """Unify what two nodes of one kind are made of."""
    if type(common) is not type(other) or isinstance(common, Binary | Const | Load):
        raise DifferentError
    if isinstance(common, Compare) and common.op != other.op:
        raise DifferentError
    if isinstance(common, tuple):
        if len(common) != len(other):
            raise DifferentError
        return tuple(unified(one, two) for one, two in zip(common, other, strict=True))
    if isinstance(common, All | Any):
        return type(common)(unified(common.items, other.items))
    if not has(type(common)):
        raise DifferentError
    parts = {each.name: unified(getattr(common, each.name), getattr(other, each.name)) for each in fields(type(common))}
    return evolve(common, **parts)


def extracted(common: Anything, other: Anything) -> tuple[float, ...]:
    """Return the numbers that stand in the holes, in their order.

    Raises:
        DifferentError: the program is not of this family.
    """
    if common == HOLE:
        if not isinstance(other, Const):
            raise DifferentError
        return (other.value,)
    if common == other:
        return ()
    if isinstance(common, Binary) and isinstance(other, Binary) and common.op == other.op:
        try:
            return extracted(common.left, other.left) + extracted(common.right, other.right)
        except DifferentError:
            pass
    if isinstance(common, Binary) and common.op == "*" and common.left == HOLE:
        return (1.0, *extracted(common.right, other))
    if type(common) is not type(other) or isinstance(common, Binary | Const | Load):
        raise DifferentError
    if isinstance(common, tuple):
        return tuple(number for one, two in zip(common, other, strict=True) for number in extracted(one, two))
    if not has(type(common)):
        raise DifferentError
    pairs = ((getattr(common, each.name), getattr(other, each.name)) for each in fields(type(common)))
    return tuple(number for one, two in pairs for number in extracted(one, two))


def _filled(node: Anything, names: Iterator[Load]) -> Anything:
    """Put named slots into the holes, in the order in which they are read."""
    if node == HOLE:
        return next(names)
    if isinstance(node, tuple):
        return tuple(_filled(each, names) for each in node)
    if isinstance(node, Const | Load) or not has(type(node)):
        return node
    return evolve(node, **{each.name: _filled(getattr(node, each.name), names) for each in fields(type(node))})

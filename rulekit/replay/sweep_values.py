"""Named values of a policy and what they are tried with: `first target=5%..25%:1%`, checked as in the language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import product
from typing import TypeAlias

from attrs import evolve, frozen

from rulekit.errors import UsageError
from rulekit.language.diagnostics import ERROR
from rulekit.language.fault import AlreadyReportedError, FaultError, did_you_mean
from rulekit.language.reading import Checked, check_text
from rulekit.language.remembered import Memory
from rulekit.language.sentences import value_text
from rulekit.language.tree import Level, Number, PolicyTree, PriceExpr, SetValue, Text, Unit
from rulekit.language.vocabulary import STANDARD, Vocabulary

MOST = 100_000
"""So many combinations are tried at most."""

Value: TypeAlias = Number | PriceExpr | Level | Text
_BETWEEN_VALUES = (re.compile(","), re.compile(r",(?!\d{2,3}(?:\D|$))"))
"""At which commas a list is cut: at all, or at those that do not stand within a number (`₹1,00,000`)."""
_HOW = 'write it like --set "first target=5%..25%:1%" or --set "first target=5%,10%,15%"'
_NOUNS = {
    Unit.PERCENT: "a percentage", Unit.RUPEES: "an amount in rupees", Unit.R: "a multiple of the risk (R)",
    Unit.POINTS: "a number of points", Unit.TICKS: "a number of ticks", Unit.ATR: "a multiple of ATR",
    Unit.TIMES: "a multiple of what is normal", Unit.DURATION: "a length of time", Unit.DAYS: "a number of days",
    Unit.BARS: "a number of bars", Unit.CLOCK: "a time of day", Unit.COUNT: "a bare number", Unit.TEXT: "a text",
}  # fmt: skip


@frozen
class Axis:
    """One named value and what it is tried with, as texts of the language in their canonical form."""

    name: str
    values: tuple[str, ...]


@frozen
class Grid:
    """Every combination of the values of all axes, the last axis fastest."""

    axes: tuple[Axis, ...]

    def __len__(self) -> int:
        count = 1
        for axis in self.axes:
            count *= len(axis.values)
        return count

    def combinations(self) -> Iterator[tuple[str, ...]]:
        """Yield the values of each combination, one an axis."""
        return product(*(axis.values for axis in self.axes))


class Variants:
    """A policy's text with other values behind its names; what was read once is not read again."""

    def __init__(self, source: str, path: str = "policy", vocabulary: Vocabulary = STANDARD) -> None:
        self.path = path
        self._source, self._vocabulary = source, vocabulary
        self._memory = Memory()
        first = check_text(source, path, vocabulary, self._memory)
        if first.tree is None:
            found = next(each for each in first.diagnostics if each.severity == ERROR)
            raise UsageError(f"`{path}`, line {found.span.line}: {found.message}", found.help)
        self.tree: PolicyTree = first.tree
        self.used = first.used_names
        self._lines = source.split("\n")

    def named(self, name: str) -> SetValue:
        """Return what the policy says of a name.

        Raises:
            UsageError: it names no value so.
        """
        plain = " ".join(name.lower().split())
        known = {each.name.lower(): each for each in self.tree.values}
        if plain in known:
            return known[plain]
        if not known:
            raise UsageError(
                f"`{self.path}` names no value, so there is nothing to try",
                "name one, for example `set first target to 15%`, and write `at first target profit`",
            )
        near = did_you_mean(plain, known)
        listed = ", ".join(f"`{each.name}`" for each in known.values())
        hint = f"did you mean `{near}`? " if near else ""
        raise UsageError(f"`{self.path}` names no value `{name.strip()}`", f"{hint}it names {listed}")

    def text(self, values: dict[str, str]) -> str:
        """Return the policy's text with these values; its lines keep their numbers."""
        lines = list(self._lines)
        for name, value in values.items():
            span = self.named(name).span
            head = lines[span.line - 1][: span.column - 1]
            tail = lines[span.end_line - 1][span.end_column - 1 :]
            lines[span.line - 1] = f"{head}set {self.named(name).name} to {value}{tail}"
            for line in range(span.line, span.end_line):
                lines[line] = ""
        return "\n".join(lines)

    def checked(self, values: dict[str, str]) -> Checked:
        """Check the policy with these values."""
        return check_text(self.text(values), self.path, self._vocabulary, self._memory)

    def tried(self, values: dict[str, str]) -> PolicyTree:
        """Return the policy with these values.

        Raises:
            UsageError: the language refuses it.
        """
        checked = self.checked(values)
        if checked.tree is not None:
            return checked.tree
        found = next(each for each in checked.diagnostics if each.severity == ERROR)
        with_these = ", ".join(f"`{name}` {value}" for name, value in values.items())
        raise UsageError(
            f"`{self.path}` with {with_these}: {found.message} (line {found.span.line})",
            f"{found.help + '; or ' if found.help else ''}leave that value out",
        )


def read_grid(texts: Sequence[str], variants: Variants) -> Grid:
    """Read `NAME=VALUES` of each axis.

    Raises:
        UsageError: a name that there is not, a value of another kind, a range that cannot be.
    """
    axes: list[Axis] = []
    for text in texts:
        axis = _axis(text, variants)
        if any(axis.name == other.name for other in axes):
            raise UsageError(f"`{axis.name}` is given twice", "give all its values in one --set")
        axes.append(axis)
    grid = Grid(tuple(axes))
    if not axes:
        raise UsageError("which values are to be tried?", _HOW)
    if len(grid) > MOST:
        raise UsageError(f"{len(grid):,} combinations are too many", f"try at most {MOST:,}: take larger steps")
    return grid


def _axis(text: str, variants: Variants) -> Axis:
    name, equals, values = text.partition("=")
    if not equals or not name.strip() or not values.strip():
        raise UsageError(f"`--set {text}` does not say what to try", _HOW)
    named = variants.named(name)
    reader = _Reader(text, named, variants)
    found = reader.range(values) if ".." in values else reader.listed(values)
    written = [value_text(value) for value in found]
    if len(set(written)) < len(written):
        twice = next(value for value in written if written.count(value) > 1)
        raise UsageError(f"`--set {text}`: {twice} is given twice", "give each value once")
    return Axis(named.name, tuple(written))


class _Reader:
    """Reads the values of one axis; each must be of the kind that the policy has there."""

    def __init__(self, text: str, named: SetValue, variants: Variants) -> None:
        self._text, self._named, self._variants = text, named, variants

    def listed(self, text: str) -> list[Value]:
        """Read `5%,10%`."""
        first: UsageError | None = None
        for cut in _BETWEEN_VALUES:
            try:
                return [self.value(part) for part in cut.split(text)]
            except UsageError as error:
                first = first or error
        with suppress(UsageError):
            return [self.value(text)]
        assert first is not None
        raise first

    def range(self, text: str) -> list[Value]:
        """Read `5%..25%:1%`."""
        low_text, _, rest = text.partition("..")
        high_text, _, step_text = rest.rpartition(":")
        if not high_text.strip() or (self._kind() == _NOUNS[Unit.CLOCK] and step_text.strip().isdigit()):
            raise self._wrong(f"`{text.strip()}` has no step", f"write the step behind a colon, {_HOW[9:]}")
        low, high = self.value(low_text), self.value(high_text)
        if not (isinstance(low, Number | Level) and isinstance(high, Number | Level)):
            raise self._wrong(f"{self._kind()} has no steps", "list the values: --set NAME=ONE,TWO")
        step = self._step(step_text, low)
        if step <= 0:
            raise self._wrong(f"the step `{step_text.strip()}` leads nowhere", "give a step above 0")
        if high.value < low.value:
            raise self._wrong(f"`{text.strip()}` goes down", "give the smaller value first")
        count = int((high.value - low.value) / step) + 1
        if count > MOST:
            raise self._wrong(f"{count:,} values are too many", "take larger steps")
        return [evolve(low, value=low.value + number * step) for number in range(count)]

    def _step(self, text: str, low: Number | Level) -> Fraction:
        """Read the step of a range; times of day go by hours and minutes."""
        found = self._read(text)
        wanted = Unit.DURATION if low.unit is Unit.CLOCK else low.unit
        if isinstance(found, Number | Level) and found.unit is wanted:
            return found.value
        kind = _kind_of(found)
        raise self._wrong(
            f"the step `{text.strip()}` is {kind}, and `{self._named.name}` goes by {_NOUNS[wanted]}",
            f"write the step behind a colon, {_HOW[9:]}",
        )

    def value(self, text: str) -> Value:
        """Read one value."""
        found = self._read(text)
        if _kind_of(found) != self._kind():
            now = value_text(self._named.value)
            raise self._wrong(
                f"`{text.strip()}` is {_kind_of(found)}, and `{self._named.name}` is {self._kind()}",
                f"write it like {now}, as in line {self._named.span.line} of `{self._variants.path}`",
            )
        return found

    def _kind(self) -> str:
        return _kind_of(self._named.value)

    def _read(self, text: str) -> Value:
        """Read a value as if it stood in the policy; a text may do without its quotes."""
        text = text.strip()
        if isinstance(self._named.value, Text) and text and not text.startswith('"'):
            text = f'"{text}"'
        checked = self._variants.checked({self._named.name: text})
        scope = checked.scope
        if scope is not None and text:
            with suppress(FaultError, AlreadyReportedError):
                return scope.values.resolve(self._named.name).value
        line = self._named.span.line
        errors = [each for each in checked.diagnostics if each.severity == ERROR]
        found = next((each for each in errors if each.span.line == line), None)
        if found is None:
            raise self._wrong(f"`{text}` is no value", _HOW)
        raise self._wrong(f"`{text}`: {found.message}", found.help)

    def _wrong(self, what: str, help: str) -> UsageError:
        return UsageError(f"`--set {self._text}`: {what}", help)


_KINDS: dict[type, Callable[[Value], str]] = {
    Text: lambda value: "a text",
    PriceExpr: lambda value: "a price",
}


def _kind_of(value: Value) -> str:
    """Say what kind of value it is."""
    if isinstance(value, Number):
        return _NOUNS[value.unit]
    if isinstance(value, Level):
        return f"{'a profit' if value.profit else 'a loss'}, {_NOUNS[value.unit]}"
    return _KINDS[type(value)](value)

"""Writes a policy's loop over columns for a compiler: few rows at a time, all of them worked out by the same steps.

The columns of some rows are brought into a workroom that stays in the processor's cache; one loop without a branch,
which the compiler turns into instructions for several rows at once, goes from there to there; the results go out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from attrs import define, field, frozen

from rulekit.bulk.flat import DOUBT, ROW, WHOLE_ROW, WRONG, Flat, Step, flatten, is_sure
from rulekit.bulk.loop import Loop

ROWS = 128
"""So many rows at a time: what is known of them and what comes of them fits into the first cache."""
STRIDE = ROWS + 8
"""Columns of the workroom are so far apart that the same row of several does not compete for one place in the cache."""
_ALONE = ("units",)
"""What is called row by row."""
COMMON = '''
U = np.uint64
# places are never negative: said by their type, so that none is looked at from the end


@njit(cache=True, nogil=True)
def bring(room, at, column, start, count):
    """Bring some rows of a column into a workroom."""
    place = U(start)
    for j in range(U(count)):
        room[at + j] = column[place + j]


@njit(cache=True, nogil=True)
def deliver(result, room, at, start, count):
    """Bring some rows of a result out of the workroom."""
    place = U(start)
    for j in range(U(count)):
        result[place + j] = room[at + j]


@njit(cache=True, nogil=True)
def deliver_each(result, offset, each, room, at, start, count):
    """Bring them out where a row has several places."""
    place = U(start) * each + offset
    for j in range(U(count)):
        result[place + j * each] = room[at + j]


@njit(cache=True, nogil=True)
def fill(result, offset, each, value, start, count):
    """Fill in what is the same in every row."""
    place = U(start) * each + offset
    for j in range(U(count)):
        result[place + j * each] = value


@njit(cache=True, nogil=True)
def judged(room, at, start, count, odd):
    """Return the first row that holds what it cannot hold, or -1; note the rows that are in doubt."""
    some = 0
    for j in range(U(count)):
        some += room[at + j] != 0.0
    if some == 0:
        return -1
    for j in range(count):
        mark = room[at + U(j)]
        if mark == 2.0:
            return start + j
        if mark == 1.0:
            odd[0] += 1
            if odd[0] < odd.shape[0]:
                odd[odd[0]] = start + j
    return -1


@intrinsic
def select(typing, test, one, other):
    """Choose one of two numbers without a branch."""
    def chosen(context, builder, signature, values):
        return builder.select(*values)
    return types.float64(types.boolean, types.float64, types.float64), chosen

'''
"""What every such loop calls."""
CALLED = ("bring", "deliver", "deliver_each", "fill", "judged", "select", "units")
_COMPILED = '@njit(cache=True, error_model="numpy", nogil=True)'


@frozen
class Tiles:
    """The source of a loop over few rows at a time.

    Args:
        text: of the function `run` for numba: it takes what the loop row by row takes, then a workroom for numbers, one
            for instants, and room for the rows that are in doubt, whose first place counts them.
        numbers, instants: how many columns of STRIDE rows the workrooms have.
    """

    text: str
    numbers: int
    instants: int


def write_tiles(loop: Loop, rows: int = ROWS) -> Tiles:
    """Write the loop that does for several rows at once what another does row by row.

    Args:
        rows: so many at a time.
    """
    function = ast.parse(loop.text).body[0]
    assert isinstance(function, ast.FunctionDef) and isinstance(function.body[0], ast.For)
    return _Writer(flatten(function.body[0].body), loop.parameters, rows).written()


@define
class _Room:
    """A workroom: the names of its columns, in their order."""

    name: str
    columns: list[str] = field(factory=list)

    def at(self, column: str) -> str:
        """Write the place of a row's number."""
        if column not in self.columns:
            self.columns.append(column)
        return f"{self.name}[j + W{self.columns.index(column)}]"


class _Writer:
    """Writes the loop over few rows."""

    def __init__(self, flat: Flat, parameters: Sequence[str], rows: int) -> None:
        self._flat, self._parameters, self._rows = flat, parameters, rows
        self._numbers, self._instants = _Room("w"), _Room("v")
        self._results = dict(flat.results)
        self._places = f"ALL = np.uint64({rows})\n"
        reached = _behind(flat.steps, _names((*self._results.values(), *flat.marks.values())))
        steps = [step for step in flat.steps if step.name in reached]
        self._varying: set[str] = set()
        for step in steps:
            if any(self._varies(name) for name in step.reads):
                self._varying.add(step.name)
        self._once = [step for step in steps if step.name not in self._varying]
        self._steps = [step for step in steps if step.name in self._varying]

    def _varies(self, name: str) -> bool:
        return name in self._varying or name.startswith((ROW, WHOLE_ROW))

    def written(self) -> Tiles:
        """Write it."""
        alone = [step.name for step in self._steps if _is_alone(step)]
        before = _behind(self._steps, alone)
        wanted = _names((*self._results.values(), *self._flat.marks.values()))
        needed = _behind([step for step in self._steps if step.name not in alone], wanted)
        main = [step for step in self._steps if step.name in needed and step.name not in alone]
        read = {name for step in main for name in step.reads} | set(wanted)
        kept = [name for name in alone if name in read]
        work = self._prepared([step for step in self._steps if step.name in before], kept)
        out, results = self._results_out()
        work += self._worked(main, kept, results)
        lines = [
            *(f"{step.name} = {ast.unparse(step.value)}" for step in self._once),
            f"for start in range(first, last, {self._rows}):",
            f"    count = min({self._rows}, last - start)",
            *_indented([*self._brought_in(), *work, *self._marked(), *out]),
            "return -1",
        ]
        columns = range(max(len(self._numbers.columns), len(self._instants.columns)))
        places = self._places + "".join(f"W{column} = np.uint64({column * STRIDE})\n" for column in columns)
        head = f"def run(first, last, {', '.join(self._parameters)}, w, v, odd):"
        text = "\n".join([places, _COMPILED, head, *_indented(lines), ""])
        return Tiles(text, len(self._numbers.columns), len(self._instants.columns))

    def _loaded(self, steps: Iterable[Step], more: Iterable[str] = ()) -> list[str]:
        """Read from the workroom what some steps read of a row."""
        read = sorted({name for step in steps for name in step.reads} | set(more))
        return [
            f"{name} = {(self._numbers if name.startswith(ROW) else self._instants).at(name)}"
            for name in read if name.startswith((ROW, WHOLE_ROW))
        ]  # fmt: skip

    def _prepared(self, steps: Sequence[Step], kept: Sequence[str]) -> list[str]:
        """Work out row by row what cannot be worked out for several rows at once."""
        if not kept:
            return []
        lines = [*self._loaded(steps), *map(_line, steps), *(f"{self._numbers.at(name)} = {name}" for name in kept)]
        return ["for j in range(np.uint64(count)):", *_indented(lines)]

    def _worked(self, steps: Sequence[Step], kept: Sequence[str], results: Sequence[str]) -> list[str]:
        """Work out the rest."""
        names = _names((*self._results.values(), *self._flat.marks.values()))
        lines = [*self._loaded(steps, names), *(f"{name} = {self._numbers.at(name)}" for name in kept)]
        lines += [*map(_line, steps), *results]
        wrong, doubt = self._flat.marks[WRONG], self._flat.marks[DOUBT]
        if self._is_marked():
            mark = f"select({ast.unparse(wrong)}, 2.0, select({ast.unparse(doubt)}, 1.0, 0.0))"
            lines.append(f"{self._numbers.at('mark')} = {mark}")
        # of the last rows as many as ever: what stands beyond them is worked out and not looked at
        return ["for j in range(ALL):", *_indented(lines)]

    def _is_marked(self) -> bool:
        return any(is_sure(mark) is not False for mark in self._flat.marks.values())

    def _marked(self) -> list[str]:
        """Leave at a row that holds what it cannot hold; note those that are in doubt."""
        if not self._is_marked():
            return []
        place = self._numbers.columns.index("mark")
        return [f"wrong = judged(w, W{place}, start, count, odd)", "if wrong >= 0:", "    return wrong"]

    def _brought_in(self) -> list[str]:
        """Bring the columns in."""
        return [
            f"bring({room.name}, W{place}, {name.removeprefix(begins)}, start, count)"
            for room, begins in ((self._numbers, ROW), (self._instants, WHOLE_ROW))
            for place, name in enumerate(room.columns) if name.startswith(begins)
        ]  # fmt: skip

    def _results_out(self) -> tuple[list[str], list[str]]:
        """Return the lines that bring the results out, and those that write them into the workroom."""
        out, kept = [], []
        for number, (place, value) in enumerate(self._results.items()):
            array, each, offset = _parts_of(place)
            if any(map(self._varies, _names([value]))):
                kept.append(f"{self._numbers.at(f'result {number}')} = {ast.unparse(value)}")
                column = self._numbers.columns.index(f"result {number}")
                where = f"O{number}, E{number}, " if each > 1 else ""
                out.append(f"deliver{'_each' if each > 1 else ''}({array}, {where}w, W{column}, start, count)")
            else:
                out.append(f"fill({array}, O{number}, E{number}, float({ast.unparse(value)}), start, count)")
            self._places += f"O{number}, E{number} = np.uint64({offset}), np.uint64({each})\n"
        return out, kept


def _parts_of(place: str) -> tuple[str, int, int]:
    """Return a result's array, how many places it has for a row, and which is meant: `o_statuses[i * 7 + 2]`."""
    node = ast.parse(place, mode="eval").body
    assert isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)
    array, at = node.value.id, node.slice
    if isinstance(at, ast.Name):
        return array, 1, 0
    assert isinstance(at, ast.BinOp) and isinstance(at.left, ast.BinOp)
    return array, int(ast.unparse(at.left.right)), int(ast.unparse(at.right))


def _is_alone(step: Step) -> bool:
    """Tell whether a step cannot be taken for several rows at once: it calls a function, or divides whole numbers."""
    return any(
        (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _ALONE)
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.FloorDiv))
        for node in ast.walk(step.value)
    )


def _names(values: Iterable[ast.expr]) -> list[str]:
    return [value.id for value in values if isinstance(value, ast.Name)]


def _behind(steps: Sequence[Step], names: Iterable[str]) -> set[str]:
    """Return the names of the steps that these names rest upon, and of their own."""
    known, found, open_ = {step.name: step for step in steps}, set[str](), list(names)
    while open_:
        name = open_.pop()
        if name in known and name not in found:
            found.add(name)
            open_ += known[name].reads
    return found


def _line(step: Step) -> str:
    return f"{step.name} = {ast.unparse(step.value)}"


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]

"""A loop without branches over few rows at a time comes to what the loop row by row comes to, wherever a row stands."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import numpy as np
import pytest

from rulekit.bulk.arrays import Arrays
from rulekit.bulk.binding import Binding
from rulekit.bulk.deciding import decide_many, room_for
from rulekit.bulk.frames import read_frame
from rulekit.bulk.kernel import DOUBTS, plain_loop
from rulekit.bulk.loop import Loop, write_loop
from rulekit.bulk.tiles import COMMON, ROWS, STRIDE, write_tiles
from rulekit.compile.native import plain_names
from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.errors import InputError
from rulekit.language.reading import check_text
from rulekit.model.prices import UNKNOWN, to_units
from tests.bulk.books import columns_of
from tests.bulk.test_differential import random_book
from tests.compile.policies import random_policy


def compile_text(text: str) -> CompiledPolicy:
    tree = check_text(text, "test").tree
    assert tree is not None
    return compile_policy(tree)


Results = dict[str, Any]


def bound(policy: CompiledPolicy, columns: dict[str, Any], *, rupees: bool) -> tuple[Loop, dict[str, Any], int]:
    """Return the loop row by row, and what it is given."""
    frame = read_frame(columns, {})
    found = Binding(policy, frame, Arrays(True), rupees=rupees).bound()
    loop = write_loop(policy, sorted(found.columns), sorted(found.single), found.same, rupees=rupees, statuses=True)
    given = {f"c_{name}": values for name, values in found.columns.items()}
    return loop, given | {f"k_{name}": value for name, value in found.single.items()}, frame.rows


def by_rows(policy: CompiledPolicy, loop: Loop, given: dict[str, Any], rows: int) -> tuple[int, Results]:
    room = {name: room_for(name, policy, rows, Arrays(False)) for name in loop.parameters if name not in given}
    lists = {name: values.tolist() if hasattr(values, "tolist") else values for name, values in given.items()}
    everything = {**lists, **room}
    return plain_loop(loop)(0, rows, *(everything[name] for name in loop.parameters)), room


def by_tiles(policy: CompiledPolicy, loop: Loop, given: dict[str, Any], rows: int) -> tuple[int, Results, Any]:
    """Run the very source that numba is given, as Python."""
    tiles = write_tiles(loop, 16)
    names = {
        "np": np, "njit": lambda *_, **__: lambda function: function, "intrinsic": lambda function: function,
        "select": lambda test, one, other: one if test else other, "NAN": UNKNOWN, "floor": np.floor, "units": to_units,
    }  # fmt: skip
    common = plain_names(COMMON, names)
    run = plain_names(tiles.text, {**common, **names})["run"]
    room = {name: room_for(name, policy, rows, Arrays(True)) for name in loop.parameters if name not in given}
    everything, doubts = {**given, **room}, np.zeros(1000, np.int64)
    numbers, instants = np.zeros(tiles.numbers * STRIDE), np.zeros(tiles.instants * STRIDE, np.int64)
    with np.errstate(all="ignore"):
        wrong = run(0, rows, *(everything[name] for name in loop.parameters), numbers, instants, doubts)
    return int(wrong), room, doubts


@pytest.mark.parametrize("rupees", [True, False])
def test_all_branches_at_once_come_to_what_the_taken_ones_do(rupees: bool) -> None:
    draw = Random(17 + rupees)
    for _ in range(3):
        policy = compile_policy(random_policy(draw, guarded=0.4))
        columns = columns_of(policy, random_book(draw, policy, 37), rupees=rupees)
        loop, given, rows = bound(policy, columns, rupees=rupees)
        left, wanted = by_rows(policy, loop, given, rows)
        wrong, found, doubts = by_tiles(policy, loop, given, rows)
        assert wrong == left == -1 and doubts[0] == 0
        for name, values in wanted.items():
            assert np.array_equal(np.array(values), found[name], equal_nan=True), name


EVEN = compile_text("move stop to break-even + 2% at 10% profit\nbook 50% at 15% profit")


def misleading(entry: float) -> float:
    """Return a tick by which the level's quotient is rounded up to a whole number that it does not reach."""
    above = 50.0 * entry + entry
    ticks = (above / (50.0 * times) for times in range(1000, 9000))
    return next(tick for tick in ticks if above // (50.0 * tick) != math.floor(above / (50.0 * tick)))


def odd_book(odd: int) -> dict[str, Any]:
    """Return a book in which a quick division misleads in so many rows."""
    entry = 1000.0 + np.arange(4 * ROWS + 3)
    tick = np.full(len(entry), 5.0)
    tick[:odd] = [misleading(each) for each in entry[:odd]]
    return {
        "side": np.ones(len(entry), np.int64), "quantity": np.full(len(entry), 7), "entry": entry,
        "price": entry * 1.12, "tick": tick,
    }  # fmt: skip


@pytest.mark.parametrize("odd", [0, 5, 3 * DOUBTS])
def test_rows_in_which_a_quick_division_misleads_are_decided_by_the_exact_one(odd: int) -> None:
    book = odd_book(odd)
    doubts = by_tiles(EVEN, *bound(EVEN, book, rupees=False))[2]
    assert (doubts[0] > DOUBTS, doubts[0] > 0) == (odd > DOUBTS, odd > 0)
    native, plain = (decide_many(EVEN, book, prices="units", native=way) for way in (True, False))
    assert native.table().equals(plain.table())


def test_the_first_row_that_cannot_be_is_named_wherever_it_stands() -> None:
    for row in (0, ROWS - 1, ROWS, 4 * ROWS + 2):
        book = odd_book(5)
        book["side"][row:] = 3
        with pytest.raises(InputError, match=f"the column `side`, row {row}: `3` is no side"):
            decide_many(EVEN, book, prices="units", native=True)

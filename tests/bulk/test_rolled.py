"""Many rules as loops over a table come to what they come to one after the other."""

from __future__ import annotations

import ast
import math
from math import floor
from random import Random
from typing import Any

import numpy as np
import pytest

import rulekit
from rulekit.bulk.arrays import Arrays
from rulekit.bulk.binding import Binding
from rulekit.bulk.deciding import room_for
from rulekit.bulk.frames import read_frame
from rulekit.bulk.kernel import CHUNK, ChunkedLoop
from rulekit.bulk.rolled import rolled_rules, write_rolled
from rulekit.compile.native import plain_names
from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.errors import InputError
from rulekit.model.prices import UNKNOWN, to_units
from tests.bulk.books import columns_of
from tests.bulk.test_differential import random_book
from tests.bulk.test_tiles import bound, by_rows
from tests.compile.policies import random_policy
from tests.compile.test_many_rules import alike

NAMES = {"NAN": UNKNOWN, "floor": floor, "floored": lambda above, below: above // below, "units": to_units}


def by_table(compiled: CompiledPolicy, columns: dict[str, Any], *, rupees: bool) -> dict[str, Any]:
    """Run the very source that numba is given, as Python."""
    frame = read_frame(columns, {})
    found = Binding(compiled, frame, Arrays(True), rupees=rupees).bound()
    rolled = write_rolled(
        compiled, sorted(found.columns), sorted(found.single), found.same, rupees=rupees, statuses=True
    )
    given = {f"c_{name}": values for name, values in found.columns.items()}
    given |= {f"k_{name}": value for name, value in found.single.items()}
    room = {name: room_for(name, compiled, frame.rows, Arrays(True)) for name in rolled.parameters if name not in given}
    everything = {**given, **room}
    loop = ChunkedLoop(plain_names(rolled.loop.text, NAMES)["run"], rolled)
    assert loop(0, frame.rows, *(everything[name] for name in rolled.parameters)) == -1
    return room


@pytest.mark.parametrize("rupees", [True, False])
def test_many_rules_in_loops_come_to_what_they_do_one_by_one(rupees: bool) -> None:
    draw = Random(5 + rupees)
    compiled = compile_policy(random_policy(draw, 25, guarded=1.0) if rupees else alike(draw, 50))
    columns = columns_of(compiled, random_book(draw, compiled, 25), rupees=rupees)
    wanted = by_rows(compiled, *bound(compiled, columns, rupees=rupees))[1]
    found = by_table(compiled, columns, rupees=rupees)
    for name, values in found.items():
        assert np.array_equal(np.array(wanted[name]), values, equal_nan=True), name


LADDER = "\n".join(
    f"B{step}: book {10 + step}% at {step + 5}% profit\n"
    f"S{step}: move stop to break-even + {step / 4 + 1}% at {step + 7}% profit"
    for step in range(14)
)


def test_many_rules_are_compiled_as_few_and_say_what_decide_says() -> None:
    """Rows of several chunks, what is remembered given for some rules only."""
    policy = rulekit.Policy.from_text(LADDER)
    assert rolled_rules(policy.compiled).written == 2
    rows = CHUNK + 150
    draw = np.random.default_rng(2)
    book = {
        "side": draw.choice([1, -1], rows), "quantity": draw.integers(1, 90, rows), "entry": np.full(rows, 1000.0),
        "price": np.round(draw.uniform(800, 1250, rows), 2), "stop": np.full(rows, math.nan),
        **{f"fired: B{step}": draw.integers(0, 2, rows) for step in (0, 3, 9)},
    }  # fmt: skip
    native, plain = (policy.decide_many(book, native=way) for way in (None, False))
    assert native.native and native.table().equals(plain.table())
    assert {*native.table()["rule"].to_pylist()} >= {"B0", "B1", "B3", None}
    with pytest.raises(InputError, match=f"row {CHUNK + 3}: `0` is no side"):
        policy.decide_many({**book, "side": np.where(np.arange(rows) == CHUNK + 3, 0, 1)})


def test_the_loop_of_rules_on_one_fact_ends_at_the_first_that_does_not_pass() -> None:
    sections = rolled_rules(rulekit.Policy.from_text(LADDER).compiled).sections
    nodes = [node for one in sections for part in one.statements for node in ast.walk(part)]
    assert sum(isinstance(node, ast.Break) for node in nodes) == 2

"""The generated function, in CPython and under numba, agrees with the exact reference on random policies."""

from __future__ import annotations

import ast
from random import Random

import numba
import numpy as np
import pytest

from rulekit.compile.layout import (
    ADD_KIND,
    BEST_SLOT,
    BOOK_KIND,
    EXIT_KIND,
    FIRED_SLOT,
    FIRST_STATUS,
    KIND,
    LASTS,
    NOT_SEEN,
    QUANTITY,
    REACHED,
    RULE,
    SIDE_OF,
    SINCE_SLOT,
    STOP,
    STOP_HIT,
    STOP_RULE,
    TARGET,
    TARGET_RULE,
)
from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.engine.reference import Outcome, decide_slowly
from rulekit.model.decision import MISSING_DATA, STOP_REACHED, TARGET_REACHED, Memory, RuleMemory
from rulekit.model.snapshot import Snapshot
from tests.compile.policies import SEVEN, random_memory, random_policy, random_snapshot

KINDS = {EXIT_KIND: "exit", BOOK_KIND: "book", ADD_KIND: "add"}
JUDGED = 4
"""Of the snapshots under numba, the exact reference judges one in so many: it takes a hundred times as long."""


def expected_vector(policy: CompiledPolicy, outcome: Outcome, side: int) -> list[float]:
    """Write what the reference decided as a result vector."""
    vector = [0.0] * policy.layout.results
    names = [rule.name for rule in policy.rules]
    marks = {STOP_REACHED: -1.0, TARGET_REACHED: -2.0}
    if outcome.order is not None:
        kinds = {word: code for code, word in KINDS.items()}
        vector[KIND] = kinds[outcome.order.kind]
        rule = outcome.order.rule
        vector[RULE] = marks[rule] if rule in marks else names.index(rule) + 1.0
        vector[QUANTITY] = float(outcome.order.quantity or 0)
    if outcome.stop is not None:
        vector[STOP_RULE] = names.index(outcome.stop.rule) + 1.0
        vector[STOP] = outcome.stop.stop or 0.0
    if outcome.target is not None:
        vector[TARGET_RULE] = names.index(outcome.target.rule) + 1.0
        vector[TARGET] = outcome.target.stop or 0.0
    if outcome.reached:
        vector[REACHED] = STOP_HIT if outcome.reached == STOP_REACHED else -2.0
    vector[FIRST_STATUS:] = outcome.statuses
    return vector


def remembered(policy: CompiledPolicy, vector: list[float], memory: Memory, side: int) -> dict[str, tuple[object, str]]:
    """Read what the function remembers of each following rule."""
    found = {}
    for place, (rule, part) in enumerate(policy.layout.memory):
        if part == SINCE_SLOT:
            since = None if vector[place] < 0 else int(vector[place])
            best = vector[policy.layout.memory.index((rule, BEST_SLOT))] * side
            found[policy.layout.rules[rule]] = (since, "" if since is None else str(best))
    return found


def marks(policy: CompiledPolicy, vector: list[float]) -> dict[str, dict[str, float]]:
    """Read what the function remembers of each condition that lasts or crosses."""
    found: dict[str, dict[str, float]] = {rule.name: {} for rule in policy.rules}
    for place, (rule, part) in enumerate(policy.layout.memory):
        value, mine = vector[place], found[policy.layout.rules[rule]]
        if part.startswith(LASTS) and value >= 0:
            mine[part.removeprefix(LASTS)] = value
        if part.startswith(SIDE_OF) and value != NOT_SEEN:
            mine[part.removeprefix(SIDE_OF)] = -1.0 if value != value else 1.0 if value > 0 else 0.0
    return found


def known(memory: RuleMemory) -> tuple[object, str]:
    return memory.since, "" if memory.since is None else str(memory.best)


def check(policy: CompiledPolicy, snapshot: Snapshot, memory: Memory) -> list[float]:
    facts = policy.layout.encode(snapshot)
    vector = policy.layout.encode_memory(memory, snapshot)
    results = [0.0] * policy.layout.results
    policy.function(facts, vector, results)
    outcome = decide_slowly(policy, snapshot, memory)
    expected = expected_vector(policy, outcome, snapshot.side)
    assert results == expected, explain(policy, snapshot, memory, results, expected)
    for name, found in remembered(policy, vector, memory, snapshot.side).items():
        assert found == known(outcome.memory.get(name, RuleMemory())), (name, snapshot, memory.get(name))
    if results[RULE] >= 0 and not results[REACHED]:
        for name, seen in marks(policy, vector).items():
            kept = dict(outcome.memory.get(name, RuleMemory()).marks)
            assert seen == kept, (name, snapshot, memory.get(name), policy.show())
    return results


def explain(policy: CompiledPolicy, snapshot: Snapshot, memory: Memory, found: list[float], wanted: list[float]) -> str:
    wrong = [place for place, pair in enumerate(zip(found, wanted, strict=True)) if pair[0] != pair[1]]
    rules = [f"{rule.name}: {rule.sentence} {memory.get(rule.name)}" for rule in policy.rules]
    return "\n".join([f"places {wrong}: found {found}, wanted {wanted}", str(snapshot), *rules])


@pytest.mark.parametrize("seed", range(8))
def test_cpython_and_the_reference_agree_on_many_random_policies(seed: int) -> None:
    draw = Random(seed)
    for _ in range(60):
        policy = compile_policy(random_policy(draw, guarded=0.4))
        for _ in range(20):
            snapshot = random_snapshot(draw)
            check(policy, snapshot, random_memory(draw, policy.tree.rules, snapshot))


def batches() -> list[tuple[CompiledPolicy, int]]:
    draw = Random(2026)
    return [
        (compile_policy(SEVEN), 16_000),
        *((compile_policy(random_policy(draw, guarded=0.5)), 6_000) for _ in range(4)),
    ]


@pytest.mark.slow
def test_numba_cpython_and_the_reference_agree_on_40_000_snapshots() -> None:
    draw = Random(99)
    decided = 0
    parts: set[str] = set()
    seen: set[float] = set()
    for policy, count in batches():
        facts, memories, wanted, after = [], [], [], []
        for number in range(count):
            snapshot = random_snapshot(draw)
            memory = random_memory(draw, policy.tree.rules, snapshot)
            facts.append(policy.layout.encode(snapshot))
            memories.append(policy.layout.encode_memory(memory, snapshot))
            results, vector = [0.0] * policy.layout.results, list(memories[-1])
            policy.function(facts[-1], vector, results)
            if number % JUDGED == 0:
                assert check(policy, snapshot, memory) == results
            wanted.append(results)
            after.append(vector)
            seen.add(results[KIND])
            decided += any(results)
        parts |= {part.partition(":")[0] for _, part in policy.layout.memory}
        parts |= {rule.name for rule in policy.rules if rule.is_for_missing_data}
        fast = in_bulk(policy)
        found = np.zeros((count, policy.layout.results))
        kept = np.array(memories, dtype=np.float64).reshape(count, -1)
        fast(np.array(facts, dtype=np.float64), kept, found)
        assert np.array_equal(found, np.array(wanted))
        assert np.array_equal(kept, np.array(after, dtype=np.float64).reshape(count, -1), equal_nan=True)
    assert {LASTS.partition(":")[0], SIDE_OF.partition(":")[0], FIRED_SLOT, MISSING_DATA} <= parts
    assert decided > 10_000 and seen == {0.0, EXIT_KIND, BOOK_KIND, ADD_KIND}


def in_bulk(policy: CompiledPolicy):  # type: ignore[no-untyped-def]
    """Compile the very same function under numba, and a loop over rows round it."""
    one = numba.njit(policy.function)

    @numba.njit
    def loop(facts, memories, results):  # type: ignore[no-untyped-def]
        for row in range(facts.shape[0]):
            one(facts[row], memories[row], results[row])

    return loop


def test_the_function_is_built_from_the_closed_vocabulary_only() -> None:
    names = (
        "Module FunctionDef arguments arg Assign If Return Pass Name Load Store Constant Subscript BinOp Add Sub Mult "
        "FloorDiv UnaryOp USub Not BoolOp And Or Compare GtE Gt LtE Lt Eq NotEq"
    )
    allowed = tuple(getattr(ast, name) for name in names.split())
    draw = Random(7)
    for tree in (SEVEN, *(random_policy(draw) for _ in range(50))):
        policy = compile_policy(tree)
        shown = ast.parse(policy.show())
        for node in ast.walk(shown):
            assert isinstance(node, allowed), ast.dump(node)
            if isinstance(node, ast.Constant):
                assert type(node.value) in (int, float, bool)
        assert policy.function.__globals__["__builtins__"] == {}
        assert policy.function.__code__.co_names == ()


def test_what_is_shown_is_what_runs() -> None:
    draw = Random(11)
    for tree in (SEVEN, random_policy(draw), random_policy(draw)):
        policy = compile_policy(tree)
        names: dict[str, object] = {"__builtins__": {}}
        exec(compile(policy.show(), "<shown>", "exec"), names)
        shown = names["decide"].__code__  # type: ignore[attr-defined]
        assert shown.co_code == policy.function.__code__.co_code
        assert shown.co_consts == policy.function.__code__.co_consts


def test_each_rules_sentence_stands_above_its_lines() -> None:
    shown = compile_policy(SEVEN).show().splitlines()
    at = shown.index("    # STOP_LOSS_ADJUSTMENT: move stop to break-even + 2% at 10% profit")
    assert shown[at + 1].startswith("    if 10.0 * ")

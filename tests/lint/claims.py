"""What findings claim, tried on many positions by the evaluator: a claim that one position refutes is a fault."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from random import Random

from attrs import evolve

from rulekit.compile.exact import Reader
from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.compile.predicate import holds
from rulekit.engine.decide import decide
from rulekit.engine.examples import look_at, run_examples
from rulekit.language import tree as t
from rulekit.language.reading import check_text
from rulekit.language.sentences import policy_text
from rulekit.lint.axes import cells
from rulekit.lint.concrete import ENTRIES, positions
from rulekit.lint.finding import PROVED
from rulekit.lint.history import reach
from rulekit.lint.hours import session_of
from rulekit.lint.path import along
from rulekit.lint.picks import picks
from rulekit.lint.proofs import Proof, Proofs, closes_all
from rulekit.lint.telling import walk_told
from rulekit.model.book import NO_ORDERS
from rulekit.model.decision import STOP, Decision, Memory
from rulekit.model.instant import time_of_day
from rulekit.model.snapshot import Snapshot
from tests.compile.policies import BAD, random_snapshot

Refuted = Iterator[str]


# --- positions -------------------------------------------------------------------------------------------------


def sane(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot without the nonsense that random ones hold: what is no measurement is missing."""
    facts = {
        name: None if value in BAD or value is None or value != value else value
        for name, value in snapshot.facts.items()
    }
    prices = {
        name: value if 0 < (value := getattr(snapshot, name)) < 1e15 else math.nan
        for name in ("entry", "price", "stop", "initial_stop", "target", "best", "worst")
    }
    return evolve(snapshot, facts=facts, in_flight=False, **prices)


def grid(proofs: Proofs, draw: Random, count: int) -> list[Snapshot]:
    """Draw positions on and beside the thresholds of a policy: every cell of every axis is as likely as any other."""
    axes = proofs.meaning.axes
    found: list[Snapshot] = []
    possible = [cells(axis.possible()) for axis in axes.axes]
    for _ in range(count * 3):
        box = {place: 1 << draw.choice(some) for place, some in enumerate(possible) if some and draw.random() < 0.8}
        chosen = next(picks(axes.axes, box), None)
        if chosen is None:
            continue
        for witness in positions(proofs.meaning, chosen, draw.choice(ENTRIES)):
            try:
                found.append(witness.snapshot(proofs.policy))
            except (ValueError, OverflowError):
                continue
            break
        if len(found) >= count:
            break
    return found


def near(tree: t.PolicyTree, snapshot: Snapshot) -> bool:
    """Tell whether a policy applies to a position."""
    from rulekit.engine.applies import covers

    return covers(tree.applies, snapshot)


def some_positions(proofs: Proofs, draw: Random, count: int) -> list[Snapshot]:
    """Draw positions, half of them on the thresholds."""
    wild = [sane(random_snapshot(draw)) for _ in range(count // 2)]
    return [each for each in (*grid(proofs, draw, count // 2), *wild) if near(proofs.tree, each)]


# --- claims ----------------------------------------------------------------------------------------------------


def refuted(proofs: Proofs, code: str, proof: Proof, snapshots: Sequence[Snapshot]) -> Refuted:
    """Yield what speaks against a finding."""
    if proof.status != PROVED or proof.by_then or of_book(proofs.tree, proof):
        return  # what rests on earlier looks is tried on walks, what is about the book on books
    against = _CLAIMS.get(code)
    if against is not None:
        for snapshot in snapshots:
            fault = against(proofs, proof, snapshot)
            if fault:
                yield f"{code}: {fault}: {proof.message}: {snapshot}"


def of_book(tree: t.PolicyTree, proof: Proof) -> bool:
    """Tell whether a finding is about a rule for the whole book."""
    return bool(proof.about) and proof.about[0] in {rule.name for rule in tree.book}


def _rule(proofs: Proofs, name: str) -> t.Rule:
    return next(rule for rule in proofs.tree.rules if rule.name == name)


def _truth(proofs: Proofs, name: str, snapshot: Snapshot) -> bool | None:
    return next(rule for rule in proofs.policy.rules if rule.name == name).predicate(snapshot)


def _decided(proofs: Proofs, snapshot: Snapshot) -> Decision:
    """Decide on a position that no stop or target has ended already."""
    return decide(proofs.policy, evolve(snapshot, stop=math.nan, target=math.nan))


def _never_holds(proofs: Proofs, proof: Proof, snapshot: Snapshot) -> str:
    return "it holds" if _truth(proofs, proof.about[0], snapshot) else ""


def _never_acts(proofs: Proofs, proof: Proof, snapshot: Snapshot) -> str:
    acts = any(action.rule == proof.about[0] for action in _decided(proofs, snapshot).actions)
    return "it acts" if acts else ""


def _without_it_the_same(proofs: Proofs, proof: Proof, snapshot: Snapshot) -> str:
    other = without_rule(proofs, proof.about[0])
    free = evolve(snapshot, stop=math.nan, target=math.nan)
    ours, theirs = decide(proofs.policy, free).actions, decide(other, free).actions
    said = [[(each.kind, each.quantity, each.stop) for each in actions] for actions in (ours, theirs)]
    return "" if said[0] == said[1] else "it makes a difference"


@lru_cache(maxsize=32)
def without_rule(proofs: Proofs, name: str) -> CompiledPolicy:
    rest = tuple(rule for rule in proofs.tree.rules if rule.name != name)
    return compile_policy(evolve(proofs.tree, rules=rest))


def _part_matters(proofs: Proofs, proof: Proof, snapshot: Snapshot) -> str:
    """Look whether a part is ever false, or not true, where the other parts of its rule are true."""
    text = proof.message.split("`")[1]
    parts = proofs.meaning.parts[proof.about[0]]
    reader = Reader(snapshot, proofs.vocabulary)
    mine = next(part for part in reversed(parts) if part.text == text)
    others = [part for part in parts if part is not mine and part.node is not None]
    if all(holds(part.node, reader) is True for part in others) and holds(mine.node, reader) is not True:
        return "its part makes a difference"
    return ""


def _part_is_false(proofs: Proofs, proof: Proof, snapshot: Snapshot) -> str:
    text = proof.message.split("`")[1]
    part = next(part for part in proofs.meaning.parts[proof.about[0]] if part.text == text)
    return "its part is false" if holds(part.node, Reader(snapshot, proofs.vocabulary)) is False else ""


def _moves_the_stop(proofs: Proofs, proof: Proof, snapshot: Snapshot) -> str:
    moved = next((each for each in _decided(proofs, snapshot).actions if each.kind == STOP), None)
    if moved is None or moved.rule != proof.about[0]:
        return ""
    return "" if moved.stop == stop_without(proofs, moved.rule, snapshot, {}) else "it moves the stop"


def stop_without(proofs: Proofs, rule: str, snapshot: Snapshot, memory: Memory) -> float | None:
    """Return where the stop is moved to without a rule: on one tick with another, the first in the file moves it."""
    without = {name: kept for name, kept in memory.items() if name != rule}
    actions = decide(without_rule(proofs, rule), snapshot, without).actions
    return next((each.stop for each in actions if each.kind == STOP), None)


def _holds_in_session(proofs: Proofs, proof: Proof, snapshot: Snapshot) -> str:
    opens, closes = session_of(proofs.tree.applies.exchanges or ("NSE",))
    left = None if snapshot.session is None else snapshot.session.closes - snapshot.now
    inside = opens <= time_of_day(snapshot.now) <= closes and (left is None or 0 <= left <= closes - opens)
    return "it holds in the session" if inside and _truth(proofs, proof.about[0], snapshot) else ""


def _counts_suffice(proofs: Proofs, proof: Proof, snapshot: Snapshot) -> str:
    most = reach(proofs).most
    booked, added = most["times booked"], most["times added"]
    possible = (booked is None or snapshot.booked <= booked) and (added is None or snapshot.added <= added)
    if len(proof.about) > 1:
        return ""  # a share that is booked already: its looks are played
    return "it holds" if possible and _truth(proofs, proof.about[0], snapshot) else ""


_CLAIMS: dict[str, Callable[[Proofs, Proof, Snapshot], str]] = {
    "R201": _never_holds,
    "R202": _never_acts,
    "R203": _counts_suffice,
    "R204": _part_is_false,
    "R205": _without_it_the_same,
    "R206": _part_matters,
    "S201": _moves_the_stop,
    "S202": _moves_the_stop,
    "T201": _holds_in_session,
}


def unproved(proofs: Proofs, snapshots: Sequence[Snapshot]) -> Refuted:
    """Yield what the regions deny and a position shows: a rule without a region that holds, two that cannot and do."""
    rules = proofs.tree.rules
    for snapshot in snapshots:
        true = [rule for rule in rules if _truth(proofs, rule.name, snapshot)]
        for rule in true:
            if not proofs.region(rule):
                yield f"`{rule.name}` holds where it has no region: {snapshot}"
        if any(closes_all(rule) for rule in true):
            continue
        for place, rule in enumerate(true):
            for other in true[place + 1 :]:
                if not proofs.open(rule, other):
                    yield f"`{rule.name}` and `{other.name}` hold together, and their regions do not: {snapshot}"


def _not_as_told(proofs: Proofs, code: str, proof: Proof) -> Refuted:
    """Decide a path anew, look by look, and compare with the lines that tell it."""
    assert proof.path is not None
    walk = along(proofs.policy, proof.path)
    if len(walk.looks) != len(proof.path.then) + 1:
        yield f"{code}: the path ends before it is told: {proof.witness}"
    told = [set(walk_told(walk, proofs.vocabulary, stops=stops)) for stops in (True, False)]
    if not any(lines <= set(proof.witness) for lines in told):
        yield f"{code}: its path is decided otherwise: {proof.witness}, {told}"


# --- witnesses -------------------------------------------------------------------------------------------------


def broken_witnesses(proofs: Proofs, found: Sequence[tuple[str, Proof]], *, as_text: bool = True) -> Refuted:
    """Yield what is wrong with witnesses when they are decided anew, and as examples of the policy's own text."""
    examples = []
    for code, proof in found:
        if proof.shown is None:
            continue
        shown = proof.shown
        if look_at(proofs.policy, shown.snapshot(proofs.policy), shown.memory, NO_ORDERS)[0].actions != proof.decided:
            yield f"{code}: the evaluator decides otherwise: {proof.witness}"
        if proof.path is not None:
            yield from _not_as_told(proofs, code, proof)
        if not as_text:
            continue
        example = proof.as_example(proofs.policy, f"{code} {len(examples)}")
        examples += [example] if example else []
    text = policy_text(evolve(proofs.tree, examples=()))
    if not examples or check_text(text).tree is None:
        return  # a tree made of nodes that no sentence of the language has together
    checked = check_text("\n".join([text, *examples]) + "\n")
    if checked.tree is None:
        yield f"examples cannot be read: {checked.diagnostics[0].message}: {examples}"
        return
    for result in run_examples(compile_policy(checked.tree)):
        if not result.passed:
            yield f"the example `{result.example.title}` fails: {result.missed}"

"""Random pairs of policies over few facts, a brute force over a grid of them, and witnesses judged by the reference."""

from __future__ import annotations

import itertools
import math
from random import Random

from rulekit.compile.policy import CompiledPolicy
from rulekit.difference.compare import Change, Difference, Witness
from rulekit.engine.decide import decide
from rulekit.engine.reference import decide_slowly
from rulekit.model.decision import Action, Memory
from rulekit.model.instant import MINUTE, parse_instant
from rulekit.model.snapshot import Snapshot
from rulekit.runtime.policy import Policy

NOON = parse_instant("2025-06-11T12:00:00+05:30")
PROFITS, LOSSES, AGES, VOLUMES, BOOKED = (
    ("4", "5.5", "8"),
    ("2", "3.5"),
    ("20", "45"),
    ("1", "1.5", "2.25"),
    ("25", "50"),
)


def random_pair(draw: Random) -> tuple[CompiledPolicy, CompiledPolicy]:
    """Draw a policy and the same with one sentence drawn anew, in other words, left out, or in another place."""
    old = [_sentence(draw) for _ in range(draw.randint(1, 3))]
    new = [_reworded(draw, each) for each in old]
    place, luck = draw.randrange(len(new)), draw.random()
    if luck < 0.5:
        new[place] = _sentence(draw)
    elif luck < 0.6 and len(new) > 1:
        del new[place]
    elif luck < 0.75:
        new.reverse()
    return tuple(_policy(draw, each) for each in (old, new))  # type: ignore[return-value]


def _policy(draw: Random, sentences: list[dict[str, str]]) -> CompiledPolicy:
    lines = [f"{each['label']}: {_text(each)}" for each in {each["label"]: each for each in sentences}.values()]
    return Policy.from_text("\n".join(lines)).compiled


def _sentence(draw: Random) -> dict[str, str]:
    verb = draw.choice(("exit", "exit", "book", "add", "stop", "target"))
    words = {
        "exit": "exit",
        "book": f"book {draw.choice(BOOKED)}%",
        "add": f"add {draw.choice(BOOKED)}%",
        "stop": f"move stop to break-even - {draw.choice(LOSSES)}%",
        "target": f"set target to {draw.choice(PROFITS)}% profit",
    }
    profit, loss = draw.choice(PROFITS), draw.choice(LOSSES)
    op = draw.choice(("is at least", "is above", "is below", "is at most"))
    conditions = [f"volume {op} {draw.choice(VOLUMES)} times normal", f"profit {op} {profit}%", f"loss {op} {loss}%"]
    return {
        "label": f"{verb.upper()}_{draw.randint(1, 2)}",
        "verb": words[verb],
        "level": draw.choice(("", f"at {profit}% profit", f"at {loss}% loss")),
        "time": draw.choice(("", f"after {draw.choice(AGES)} minutes")),
        "when": draw.choice(
            ("", conditions[0], conditions[1], f"{conditions[0]} {draw.choice(('and', 'or'))} {conditions[2]}")
        ),
        "unless": draw.choice(("", "", "side is short", conditions[2])),
    }


def _text(parts: dict[str, str]) -> str:
    when = f"when {parts['when']}" if parts["when"] else ""
    unless = f"unless {parts['unless']}" if parts["unless"] else ""
    return " ".join(each for each in (parts["verb"], parts["level"], parts["time"], when, unless) if each)


def _reworded(draw: Random, parts: dict[str, str]) -> dict[str, str]:
    """Say the same otherwise: a level as a condition, an exception negated, a comparison turned."""
    level, when, unless = parts["level"], parts["when"], parts["unless"]
    if level and draw.random() < 0.4:
        _, number, kind = level.split()
        said = f"{kind} is at least {number}" if draw.random() < 0.5 else f"not ({kind} is below {number})"
        when, level = f"({when}) and {said}" if when else said, ""
    if unless and draw.random() < 0.4:
        when, unless = f"({when}) and not ({unless})" if when else f"not ({unless})", ""
    return {**parts, "level": level, "when": when, "unless": unless}


def _grid() -> list[Snapshot]:
    prices = [10000 + step * 25 for step in range(-20, 42)]  # -5% to 10.25% of profit in quarters of a percent
    found = []
    for side, price, age, volume, stop in itertools.product(
        (1, -1), prices, (19, 20, 45, 60), (None, 1.0, 1.25, 1.5, 2.0, 3.0), (math.nan, 9700.0)
    ):
        if stop == stop and (age, volume) != (45, 1.5):
            continue
        found.append(
            Snapshot(
                symbol="KOTAKBANK",
                side=side,
                quantity=100,
                entry=10000.0,
                price=float(10000 + (price - 10000) * side),
                now=NOON,
                opened=NOON - age * MINUTE,
                stop=stop if side > 0 else 20000 - stop,
                age_days=0.0,
                facts={"volume": volume},
            )
        )
    return found


GRID = _grid()


def grid_difference(old: CompiledPolicy, new: CompiledPolicy) -> Snapshot | None:
    """Return a position of the grid on which two policies differ."""
    return next((each for each in GRID if _deeds(old, each) != _deeds(new, each)), None)


def _deeds(policy: CompiledPolicy, snapshot: Snapshot) -> list[tuple[str, int | None, float | None]]:
    return [(each.kind, each.quantity, each.stop) for each in decide(policy, snapshot).actions]


# --- witnesses ------------------------------------------------------------


def broken_witnesses(difference: Difference, old: CompiledPolicy, new: CompiledPolicy) -> list[str]:
    """List the differences of the whole whose witness the reference evaluator does not confirm; it tells no alerts."""
    judged = [change for change in difference.whole if change.kind in ("exit", "book", "add", "stop", "target")]
    return [change.name for change in judged if not _confirmed(change, old, new)]


def _confirmed(change: Change, old: CompiledPolicy, new: CompiledPolicy) -> bool:
    witness = change.witness
    assert witness is not None
    before, after = _orders(old, witness, witness.old_rule), _orders(new, witness, witness.new_rule)
    kinds = [None if each[0] is None else each[0].kind for each in (before, after)]
    amounts = [0 if each[0] is None else each[0].quantity or 0 for each in (before, after)]
    stops = [each[1 + (change.kind == "target")] for each in (before, after)]
    return {
        "sooner": kinds[1] == change.kind != kinds[0],
        "later": kinds[0] == change.kind != kinds[1],
        "more": kinds[0] == kinds[1] == change.kind and amounts[1] > amounts[0],
        "less": kinds[0] == kinds[1] == change.kind and amounts[1] < amounts[0],
        "tighter": stops[1] > stops[0],
        "looser": stops[1] < stops[0],
    }[change.way]


def _orders(policy: CompiledPolicy, witness: Witness, rule: str) -> tuple[Action | None, float, float]:
    """Return the order, and the stop and the target that stand, measured towards the price, by the slow reference."""
    snapshot = witness.place.snapshot
    memory: Memory = witness.place.memory(rule) if rule else {}
    for earlier in witness.place.earlier:
        memory = decide_slowly(policy, earlier, memory).memory
    outcome = decide_slowly(policy, snapshot, memory)
    stop = snapshot.stop if outcome.stop is None else outcome.stop.stop
    target = snapshot.target if outcome.target is None else outcome.target.stop
    stands = ((stop, snapshot.side), (target, -snapshot.side))
    directed = (-math.inf if price is None or math.isnan(price) else price * side for price, side in stands)
    return outcome.order, *directed

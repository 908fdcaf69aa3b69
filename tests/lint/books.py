"""Books on a grid of figures, on and beside every number that the policies name, and what they say against proofs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from itertools import product
from random import Random

from rulekit.compile.exact import Reader
from rulekit.compile.policy import CompiledPolicy
from rulekit.compile.predicate import holds
from rulekit.engine.book import decide_book
from rulekit.language import tree as t
from rulekit.lint.proofs import Proof
from rulekit.model.book import BookSnapshot
from rulekit.model.calendar import default as default_calendar
from rulekit.model.decision import EXIT_EVERYTHING, STOP_ADDING, STOP_TRADING
from rulekit.model.instant import HOUR, MINUTE, at
from tests.lint.claims import of_book

_DAY = date(2025, 6, 11)
_AMOUNTS, _COUNTS, _HOURS = (5_000, 9_000), (2, 3), (10, 14)


def book_policy_text(draw: Random, rules: int) -> str:
    """Write a policy of rules for the whole book only, with few numbers, so that they often meet."""
    return "\n".join(["for the whole book", *(f"  B{number}: {_rule(draw)}" for number in range(rules))]) + "\n"


def _rule(draw: Random) -> str:
    actions = ("stop adding", "stop trading", "exit everything", "exit everything and stop trading")
    parts = [draw.choice(actions)]
    if draw.random() < 0.6:
        parts.append(f"at ₹{draw.choice(_AMOUNTS)} {draw.choice(('day loss', 'day loss', 'day profit'))}")
    if draw.random() < 0.3:
        parts.append(f"{draw.choice(('after', 'before'))} {draw.choice(_HOURS)}:00")
    if draw.random() < 0.5 or len(parts) == 1:
        joint = draw.choice((" and ", " or "))
        parts.append(f"when {joint.join(_condition(draw) for _ in range(draw.choice((1, 2))))}")
    if draw.random() < 0.2:
        parts.append(f"unless {_condition(draw)}")
    return " ".join(parts)


def _condition(draw: Random) -> str:
    words = draw.choice(("is at least", "is at most", "is above", "is below"))
    if draw.random() < 0.5:
        return f"open positions {words} {draw.choice(_COUNTS)}"
    return f"day {draw.choice(('profit', 'loss'))} {words} ₹{draw.choice(_AMOUNTS)}"


@cache
def books() -> tuple[BookSnapshot, ...]:
    """Return every book of the grid: figures on, below and above each number and unknown, at three times of the day."""
    profits = [None, 0.0, *(sign * (each + by) for each in _AMOUNTS for sign in (1, -1) for by in (-1.0, 0.0, 1.0))]
    counts = [None, 0.0, *(float(each + by) for each in _COUNTS for by in (-1, 0, 1))]
    times = [at(_DAY, hour * HOUR + by * MINUTE) for hour in _HOURS for by in (-1, 0, 1)]
    session = default_calendar().session("NSE", _DAY)
    return tuple(
        BookSnapshot(now, {"day profit": profit, "open positions": count}, session)
        for profit, count, now in product(profits, counts, times)
    )


def refuted_by_books(
    policy: CompiledPolicy, found: Sequence[tuple[str, Proof]], seen: Sequence[BookSnapshot]
) -> Iterator[str]:
    """Yield each finding of which a book shows the contrary, and each witness that is decided otherwise."""
    for code, proof in found:
        if not of_book(policy.tree, proof):
            continue
        for book in seen:
            kinds = _ordered(policy, book)
            if _speaks_against(code, proof, kinds) or (code == "R204" and _is_false(policy, proof, book)):
                yield f"{code}: {proof.message}: {book}"
                break
    yield from _kept_silent(policy, found, [_ordered(policy, book) for book in seen])


def _ordered(policy: CompiledPolicy, book: BookSnapshot) -> dict[str, set[str]]:
    """Return what each rule orders."""
    ordered: dict[str, set[str]] = {}
    for action in decide_book(policy, book).actions:
        ordered.setdefault(action.rule, set()).add(action.kind)
    return ordered


def _speaks_against(code: str, proof: Proof, ordered: dict[str, set[str]]) -> bool:
    first = proof.about[0]
    if code == "R201":
        return first in ordered
    if code == "R205":
        return first in ordered and proof.about[1] not in ordered
    return False


def _is_false(policy: CompiledPolicy, proof: Proof, book: BookSnapshot) -> bool:
    """Tell whether the part of which a finding says that it is always true is false for a book."""
    rule = next(rule for rule in policy.tree.book if rule.name == proof.about[0])
    parts = [*(rule.times), *(each for each in (rule.level, rule.when) if each is not None)]
    if rule.unless is not None:
        parts.append(t.Not(rule.unless))
    parts += [item for part in parts if isinstance(part, t.And) for item in part.items]
    mine = [part for part in parts if part.span == proof.span]
    reader = Reader(book.as_snapshot(), policy.vocabulary)
    return any(holds(part, reader) is False for part in mine)


def _kept_silent(
    policy: CompiledPolicy, found: Sequence[tuple[str, Proof]], seen: Sequence[dict[str, set[str]]]
) -> Iterator[str]:
    """Yield what the grid shows and no finding says: a rule that never acts, an exit that stops nothing."""
    told = {(code, name) for code, proof in found for name in proof.about[:1]}
    for rule in policy.tree.book:
        assert isinstance(rule.verb, t.WholeBook)
        mine = [ordered for ordered in seen if rule.name in ordered]
        if not mine and ("R201", rule.name) not in told:
            yield f"`{rule.name}` acts on no book of the grid"
        exits = rule.verb.actions == (t.BookAction.EXIT_EVERYTHING,)
        by_figures = rule.level is not None or rule.when is not None or rule.unless is not None
        free = any(not {STOP_ADDING, STOP_TRADING} & set().union(*ordered.values()) for ordered in mine)
        if exits and by_figures and (("C202", rule.name) in told) is not free:
            yield f"`{rule.name}` orders {EXIT_EVERYTHING}: {free} that nothing is stopped"

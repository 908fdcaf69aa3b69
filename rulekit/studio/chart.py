"""The picture of profit against age: at each cell the position is decided on, all else as the sliders say."""

from __future__ import annotations

from fractions import Fraction

from attrs import evolve, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.applies import covers
from rulekit.engine.examples import look_at
from rulekit.lint.witness import Witness
from rulekit.model.book import NO_ORDERS
from rulekit.model.decision import ADD, ALERT, BOOK, BOOK_ACTIONS, EXIT, EXIT_EVERYTHING, STOP, TARGET, Action, Decision
from rulekit.model.instant import MINUTE
from rulekit.studio.probe import named
from rulekit.studio.sliders import age_span, profit_span, spoken

COLUMNS, ROWS = 36, 30
_RANKS = {EXIT_EVERYTHING: 0, EXIT: 0, BOOK: 1, ADD: 2, STOP: 3, TARGET: 4, ALERT: 5}


@frozen
class Region:
    """What is done in the cells that bear its number: the rule, the kind of action, and the line of the rule."""

    rule: str
    kind: str
    line: int


@frozen
class Picture:
    """A grid of decisions.

    Args:
        profits: in % of the entry, of each row from the top. ages: in minutes, of each column.
        cells: by row, the place of a region in `regions`, or -1 where nothing is done.
        low, high: of the profits. oldest: of the ages.
        here: profit and age of the position itself, None where they lie outside.
    """

    profits: tuple[float, ...]
    ages: tuple[float, ...]
    cells: tuple[tuple[int, ...], ...]
    regions: tuple[Region, ...]
    low: float
    high: float
    oldest: float
    here: tuple[float, float] | None


def picture(policy: CompiledPolicy, witness: Witness, columns: int = COLUMNS, rows: int = ROWS) -> Picture:
    """Decide on a position at each profit and age that the policy speaks of; all else is as it stands.

    Raises:
        RulekitError: the position lies beyond what the calendar knows.
    """
    said = spoken(policy)
    low, high = profit_span(said)
    oldest = age_span(said)
    profits = [high - (high - low) * (2 * row + 1) / (2 * rows) for row in range(rows)]
    ages = [oldest * (2 * column + 1) / (2 * columns) for column in range(columns)]
    snapshot, memory = witness.snapshot(policy), witness.memory
    covered = covers(policy.applies, snapshot)
    lines = {rule.name: rule.span.line for rule in (*policy.tree.rules, *policy.tree.book)}
    regions: dict[tuple[str, str], int] = {}
    cells = []
    for profit in profits:
        price = float(
            max(1, round(snapshot.entry * (1 + snapshot.side * float(profit) / 100) / snapshot.tick)) * snapshot.tick
        )
        row = []
        for age in ages:
            seen = evolve(snapshot, price=price, opened=snapshot.now - int(age * MINUTE))
            found = first(look_at(policy, seen, memory, NO_ORDERS)[0]) if covered else None
            row.append(-1 if found is None else regions.setdefault((named(found.rule), found.kind), len(regions)))
        cells.append(tuple(row))
    return Picture(
        tuple(float(each) for each in profits),
        tuple(float(each) for each in ages),
        tuple(cells),
        tuple(Region(rule, kind, lines.get(rule, 0)) for rule, kind in regions),
        float(low),
        float(high),
        float(oldest),
        _here(witness, low, high, oldest),
    )


def first(decision: Decision) -> Action | None:
    """Return what a cell shows of a decision: the order, else the stop, else what else there is."""
    ranked = sorted(decision.actions, key=lambda each: _RANKS.get(each.kind, 1 if each.kind in BOOK_ACTIONS else 6))
    return ranked[0] if ranked else None


def _here(witness: Witness, low: Fraction, high: Fraction, oldest: Fraction) -> tuple[float, float] | None:
    """Return profit and age of the position itself; None where it lies outside the picture."""
    if witness.held is None:
        return None
    profit, age = witness.gain * 100 / witness.entry, Fraction(witness.held, MINUTE)
    return (float(profit), float(age)) if low <= profit <= high and age <= oldest else None

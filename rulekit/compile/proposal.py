"""Actions of rules as objects: called on a snapshot they propose an order or a stop, or say why there is none."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor
from typing import Any

from attrs import evolve, field, frozen

from rulekit.compile.exact import Reader
from rulekit.compile.layout import (
    BEYOND_MARKET,
    CANNOT_JUDGE,
    NO_SUCH_PRICE,
    NOT_TIGHTER,
    ROUNDS_TO_ZERO,
)
from rulekit.compile.program import is_unconditional
from rulekit.compile.unknowns import Value, minus, over, plus, times
from rulekit.language import tree
from rulekit.language.sentences import amount_text, verb_text
from rulekit.language.tree import AmountKind
from rulekit.language.vocabulary import STANDARD, Vocabulary
from rulekit.model.decision import (
    ADD,
    ALERT,
    BACKGROUND,
    BOOK,
    CRITICAL,
    EXIT,
    IMMEDIATE,
    NEXT_CYCLE,
    STOP,
    TARGET,
    Action,
    RuleMemory,
)
from rulekit.model.orders import BUY, SELL
from rulekit.model.prices import rupees
from rulekit.model.snapshot import Snapshot


@frozen
class Skip:
    """A rule that holds and comes to nothing.

    Args:
        status: which of the result codes of `layout` it is.
        because: one clause for a person.
    """

    rule: str
    status: float
    because: str

    @property
    def unknown(self) -> bool:
        """Tell whether a missing fact is the reason."""
        return self.status == CANNOT_JUDGE


LANES = {
    tree.Exit: IMMEDIATE,
    tree.Book: IMMEDIATE,
    tree.Add: IMMEDIATE,
    tree.MoveStop: NEXT_CYCLE,
    tree.TightenStopBy: NEXT_CYCLE,
    tree.SetTarget: NEXT_CYCLE,
    tree.TrailStop: BACKGROUND,
    tree.LockIn: BACKGROUND,
    tree.Alert: IMMEDIATE,
    tree.WholeBook: CRITICAL,
}
"""The lane of each action."""


def order_side(kind: str, side: int) -> str:
    """Return the side of the order: an add trades with the position, an exit or a book against it."""
    return BUY if (side > 0) is (kind == ADD) else SELL


@frozen
class Proposal:
    """What a rule does.

    Call it with a snapshot, and what the rule remembers, to get the action it proposes, or the reason for none.
    It does not ask whether the rule holds, nor what other rules propose.
    """

    rule: tree.Rule
    vocabulary: Vocabulary = field(default=STANDARD, repr=False, eq=False)

    def __call__(self, snapshot: Snapshot, memory: RuleMemory | None = None) -> Action | Skip:
        """Propose for a snapshot."""
        return self.propose(Reader(snapshot, self.vocabulary), memory or RuleMemory())

    def propose(self, reader: Reader, memory: RuleMemory) -> Action | Skip:
        """Propose for what a reader reads."""
        return _VERBS[type(self.rule.verb)](self.rule, reader, memory)

    def __repr__(self) -> str:
        return f"<{verb_text(self.rule.verb)}>"


# --- orders ----------------------------------------------------------------------------------------------------


def shares(amount: tree.Amount, reader: Reader) -> Value:
    """Return how many shares an amount is before rounding."""
    return _AMOUNTS[amount.kind](amount.value, reader)


_AMOUNTS: dict[AmountKind, Callable[[Fraction, Reader], Value]] = {
    AmountKind.PERCENT_HELD: lambda value, reader: reader.quantity * value / 100,
    AmountKind.PERCENT_ORIGINAL: lambda value, reader: reader.original * value / 100,
    AmountKind.UP_TO: lambda value, reader: reader.original * value / 100 - (reader.original - reader.quantity),
    AmountKind.SHARES: lambda value, reader: value,
    AmountKind.LOTS: lambda value, reader: times(reader.lot, value),
    AmountKind.WORTH: lambda value, reader: over(value * reader.scale, times(reader.price, reader.multiplier)),
    AmountKind.EVERYTHING: lambda value, reader: reader.quantity,
}


def _order(rule: tree.Rule, reader: Reader, kind: str, quantity: int) -> Action:
    return Action(rule.name, kind, order_side(kind, reader.side), quantity, None, LANES[type(rule.verb)])


def _exit(rule: tree.Rule, reader: Reader, memory: RuleMemory) -> Action | Skip:
    return _order(rule, reader, EXIT, reader.snapshot.quantity)


def _whole_lots(rule: tree.Rule, amount: tree.Amount, wanted: Value, reader: Reader) -> int | Skip:
    """Round down to the lot; what is left of nothing is a skip."""
    if wanted is None or reader.lot is None:
        return Skip(rule.name, CANNOT_JUDGE, f"the size of `{amount_text(amount)}` is unknown")
    quantity = floor(wanted / reader.lot) * int(reader.lot)
    if quantity > 0:
        return quantity
    return Skip(rule.name, ROUNDS_TO_ZERO, nothing_left(amount, wanted, reader))


def nothing_left(amount: tree.Amount, wanted: Fraction, reader: Reader) -> str:
    """Say why an amount comes to nothing: `50% of 1 share is less than 1 share`."""
    if amount.kind is AmountKind.UP_TO and wanted <= 0:
        return f"{amount_text(amount)} of the original is booked already"
    base = {AmountKind.PERCENT_HELD: reader.quantity, AmountKind.PERCENT_ORIGINAL: reader.original}.get(amount.kind)
    lot = int(reader.lot or 1)
    step = "1 share" if lot == 1 else f"1 lot of {lot} shares"
    if base is None:
        return f"{amount_text(amount)} is less than {step}"
    of = f"{int(base)} share" if base == 1 else f"{int(base)} shares"
    return f"{amount_text(tree.Amount(AmountKind.PERCENT_HELD, amount.value))} of {of} is less than {step}"


def _book(rule: tree.Rule, reader: Reader, memory: RuleMemory) -> Action | Skip:
    assert isinstance(rule.verb, tree.Book)
    wanted = shares(rule.verb.amount, reader)
    if wanted is not None and wanted >= reader.quantity:
        return _order(rule, reader, EXIT, reader.snapshot.quantity)
    quantity = _whole_lots(rule, rule.verb.amount, wanted, reader)
    return quantity if isinstance(quantity, Skip) else _order(rule, reader, BOOK, quantity)


def _add(rule: tree.Rule, reader: Reader, memory: RuleMemory) -> Action | Skip:
    assert isinstance(rule.verb, tree.Add)
    quantity = _whole_lots(rule, rule.verb.amount, shares(rule.verb.amount, reader), reader)
    return quantity if isinstance(quantity, Skip) else _order(rule, reader, ADD, quantity)


# --- stops -----------------------------------------------------------------------------------------------------


def _stop_at(rule: tree.Rule, reader: Reader, level: Value, *, gives_back: bool = False) -> Action | Skip:
    """Propose a stop at a level, rounded to the tick on the side that tightens least."""
    side, tick, price = reader.side, reader.tick, reader.price
    if level is None or tick is None:
        return Skip(rule.name, CANNOT_JUDGE, f"the price of `{verb_text(rule.verb)}` is unknown")
    stop = floor(level * side / tick) * tick * side
    said = rupees(float(stop), reader.snapshot.scale)
    if stop <= 0:
        return Skip(rule.name, NO_SUCH_PRICE, f"a stop at {said} would not be above 0")
    if price is not None and stop * side >= price * side:
        if gives_back:
            return evolve(_order(rule, reader, EXIT, reader.snapshot.quantity), lane=IMMEDIATE, stop=None)
        return Skip(rule.name, BEYOND_MARKET, f"the market has not passed {said} yet")
    if reader.stop is not None and (stop - reader.stop) * side < tick:
        return Skip(rule.name, NOT_TIGHTER, f"a stop at {said} would not be tighter by a tick")
    if price is None:
        return Skip(rule.name, CANNOT_JUDGE, "the price is unknown")
    return Action(rule.name, STOP, None, None, float(stop), LANES[type(rule.verb)], scale=reader.snapshot.scale)


def _move(rule: tree.Rule, reader: Reader, memory: RuleMemory) -> Action | Skip:
    assert isinstance(rule.verb, tree.MoveStop)
    return _stop_at(rule, reader, reader.price_of(rule.verb.price))


def _tighten_by(rule: tree.Rule, reader: Reader, memory: RuleMemory) -> Action | Skip:
    assert isinstance(rule.verb, tree.TightenStopBy)
    if reader.stop is None:
        return Skip(rule.name, CANNOT_JUDGE, "there is no stop to tighten")
    nearer = times(minus(reader.price, reader.stop), rule.verb.percent / 100)
    return _stop_at(rule, reader, plus(reader.stop, nearer))


def target_of(rule: tree.Rule, reader: Reader) -> Value:
    """Return the price of a target on the first tick that has reached it; unknown where it or the tick is."""
    assert isinstance(rule.verb, tree.SetTarget)
    level = reader.price_of(rule.verb.price)
    if level is None or reader.tick is None:
        return None
    return ceil(level * reader.side / reader.tick) * reader.tick * reader.side


def stands_already(target: Fraction, reader: Reader) -> bool:
    """Tell whether the tracked target is less than a tick away."""
    tracked = reader.named_price("target")
    return tracked is not None and reader.tick is not None and abs(target - tracked) < reader.tick


def _set_target(rule: tree.Rule, reader: Reader, memory: RuleMemory) -> Action | Skip:
    target = target_of(rule, reader)
    if target is None:
        return Skip(rule.name, CANNOT_JUDGE, f"the price of `{verb_text(rule.verb)}` is unknown")
    said = rupees(float(target), reader.snapshot.scale)
    if target <= 0:
        return Skip(rule.name, NO_SUCH_PRICE, f"a target at {said} would not be above 0")
    if stands_already(target, reader):
        return Skip(rule.name, NOT_TIGHTER, f"the target stands at {said} already")
    return Action(rule.name, TARGET, None, None, float(target), LANES[tree.SetTarget], scale=reader.snapshot.scale)


def best_since(rule: tree.Rule, reader: Reader, memory: RuleMemory) -> Value:
    """Return the best price since a rule began to hold; one without conditions holds since entry."""
    if is_unconditional(rule):
        return reader.best
    if memory.since is None or memory.best != memory.best:
        return reader.price
    remembered = Fraction(memory.best)
    return remembered if reader.price is None else max(remembered, reader.price, key=lambda p: p * reader.side)


def _trail(rule: tree.Rule, reader: Reader, memory: RuleMemory) -> Action | Skip:
    assert isinstance(rule.verb, tree.TrailStop)
    best = best_since(rule, reader, memory)
    behind = times(reader.distance(rule.verb.distance, best), Fraction(-reader.side))
    return _stop_at(rule, reader, plus(best, behind), gives_back=True)


def _lock_in(rule: tree.Rule, reader: Reader, memory: RuleMemory) -> Action | Skip:
    assert isinstance(rule.verb, tree.LockIn)
    kept = times(reader.peak, rule.verb.percent / 100 * reader.side)
    if kept is None:
        return Skip(rule.name, CANNOT_JUDGE, "there has been no profit yet")
    return _stop_at(rule, reader, plus(reader.entry, kept), gives_back=True)


_VERBS: dict[type, Callable[[Any, Reader, RuleMemory], Action | Skip]] = {
    tree.Exit: _exit,
    tree.Book: _book,
    tree.Add: _add,
    tree.MoveStop: _move,
    tree.TightenStopBy: _tighten_by,
    tree.SetTarget: _set_target,
    tree.TrailStop: _trail,
    tree.LockIn: _lock_in,
    tree.Alert: lambda rule, reader, memory: Action(rule.name, ALERT, None, None, None, LANES[tree.Alert]),
}

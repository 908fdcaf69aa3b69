"""Two looks of one position as one question for the solver: the look that made the best price, and one after it.

Any number of looks may lie between them, so what the two cannot do together no path can.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rulekit.language import tree as t
from rulekit.language.tree import Unit
from rulekit.lint.meaning import Meaning
from rulekit.lint.solver import EFFORT, Question, sides_of
from rulekit.lint.terms import Every, axes_of

_SHARED = ("entry", "tick", "charges")
"""What stays as it is while nothing is added; the size too, while nothing is booked. A first stop may come later."""
_JUDGED = (Unit.PERCENT, Unit.RUPEES, Unit.POINTS, Unit.TICKS)
_BEST = ("best price", "high since entry", "low since entry")
_GROWING = (("age", Unit.DURATION), ("age", Unit.DAYS), ("age", Unit.BARS))


def holds_after(meaning: Meaning, rule: t.Rule, exits: list[t.Rule], *, same_size: bool) -> bool | None:
    """Tell whether a rule can hold on a position that none of these exits has closed when its price was best.

    The solver must be installed. Nothing must ever be added.

    Args:
        same_size: nothing else is booked before, so that the size is the same at both looks.

    Returns:
        None where the solver gives up.
    """
    import z3

    gave_up = False
    for side in sides_of(meaning):
        now, then = Question(meaning, side, "n"), Question(meaning, side, "t")
        solver = z3.Solver()
        solver.set("rlimit", EFFORT)
        solver.add(now.pair(_whole(meaning, rule))[0])
        solver.add(*(z3.Not(then.pair(_whole(meaning, exit))[0]) for exit in exits))
        solver.add(*_tied(now, then, same_size=same_size))
        solver.add(*now.always, *then.always)
        # the best price was seen at that look, or the position has never been better than at its entry
        at_best = z3.And(then.var("price") == now.var("best"), then.var("best") == now.var("best"))
        solver.add(z3.Or(at_best, now.var("best") == now.var("entry")))
        answer = solver.check()
        if answer == z3.sat:
            return True
        gave_up = gave_up or answer == z3.unknown
    return None if gave_up else False


def _whole(meaning: Meaning, rule: t.Rule) -> Every:
    return Every(tuple(part.term for part in meaning.parts[rule.name]))


def _tied(now: Question, then: Question, *, same_size: bool) -> Iterator[Any]:
    """Yield what does not change from one look to the next, and what only grows."""
    for key in (*_SHARED, *(("size",) if same_size else ())):
        if key in now.named and key in then.named:
            yield now.var(key) == then.var(key)
    for key in now.named.keys() & then.named.keys():
        if isinstance(key, tuple) and key[0] == "word":
            yield now.var(key) == then.var(key)
    for age in _GROWING:
        if age in now.named and age in then.named:
            yield now.var(age) >= then.var(age)


def rests_on_best(meaning: Meaning, rule: t.Rule) -> bool:
    """Tell whether a rule speaks of the best price since entry, or of what is made of it."""
    keys: list[Any] = [
        meaning.axes.axes[place].key for part in meaning.parts[rule.name] for place in axes_of(part.term)
    ]
    return any(_of_best(each) for key in keys if isinstance(key, tuple) for each in (key, *key[1:]))


def always_judged(meaning: Meaning, exit: t.Rule) -> bool:
    """Tell whether an exit speaks only of what is known wherever the price is: no missing fact holds it back."""
    keys: list[Any] = [
        meaning.axes.axes[place].key for part in meaning.parts[exit.name] for place in axes_of(part.term)
    ]
    return all(isinstance(key, tuple) and key[0] == "profit" and key[1] in _JUDGED for key in keys)


def _of_best(key: Any) -> bool:
    if isinstance(key, t.PriceExpr):
        return isinstance(key.base, t.PriceFact) and key.base.name in _BEST
    name = key.name if isinstance(key, t.FactRef) else key[0] if isinstance(key, tuple) else key
    return name in ("peak profit", "giveback") or name in _BEST

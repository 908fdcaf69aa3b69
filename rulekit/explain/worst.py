"""What one position can come to at worst: the largest loss, what of a profit is kept, how long it can be held."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from attrs import evolve, frozen

from rulekit.compile.program import times_allowed
from rulekit.explain.regions import region
from rulekit.explain.rows import needs_no_fact
from rulekit.language import tree as t
from rulekit.language.sentences import distance_text, level_text, share_text
from rulekit.language.tree import AmountKind, TimeForm, Unit
from rulekit.language.words import clock_text, duration_text, listing, measure_text, number_text, plural

_STOPS = (t.MoveStop, t.TrailStop, t.LockIn)
_AT_ENTRY = ("entry", "break-even")
_PER_SHARE = (Unit.PERCENT, Unit.POINTS, Unit.RUPEES, Unit.TICKS)


def worst_cases(tree: t.PolicyTree) -> list[str]:
    """Say what is true of every position whose price is known at every look, gaps and refused orders left out."""
    rules = tree.rules
    said = [*_largest_loss(rules), *_kept(rules), *_largest(rules), *_longest(rules)]
    return [
        f"{each}, and the rules for the whole book" if each == _OPEN and _closes_the_book(tree) else each
        for each in said
    ]


def _closes_the_book(tree: t.PolicyTree) -> bool:
    """Tell whether a rule for the whole book can close a position too."""
    verbs = [rule.verb for rule in tree.book]
    return any(isinstance(verb, t.WholeBook) and t.BookAction.EXIT_EVERYTHING in verb.actions for verb in verbs)


_OPEN = "loss: no bound of the policy's own; only a stop that the position came with limits it"
_ENDLESS = "time: no rule for one position limits how long it is held"


# --- loss ------------------------------------------------------------


@frozen
class _Cut:
    """A loss at which a rule gets the position out, whatever else holds."""

    rule: t.Rule
    value: Fraction
    unit: Unit


def _largest_loss(rules: tuple[t.Rule, ...]) -> Iterator[str]:
    cuts = [cut for rule in rules for cut in _cuts(rule)]
    nearest = {cut.unit: cut for cut in sorted(cuts, key=lambda cut: cut.value, reverse=True)}
    if not nearest:
        yield _OPEN
        return
    said = [f"{_of_entry(cut)} (`{cut.rule.name}`)" for cut in nearest.values()]
    first = ", whichever comes first" if len(said) > 1 else ""
    yield (
        f"loss: it is got out at the first look that shows a loss of {listing(said)}{first}; what the price moves "
        "between two looks comes on top"
    )


def _of_entry(cut: _Cut) -> str:
    amount = measure_text(cut.value, cut.unit)
    return {
        Unit.PERCENT: f"{amount} of its average entry",
        Unit.RUPEES: f"{amount} on what is held",
    }.get(cut.unit, f"{amount} a share")


def _cuts(rule: t.Rule) -> Iterator[_Cut]:
    """Yield the loss at which a rule closes everything, or sets a stop from the beginning, without any condition."""
    if rule.times or rule.unless is not None or times_allowed(rule) not in (None, 1):
        return
    if isinstance(rule.verb, t.Exit):
        yield from _exit_cut(rule)
    elif rule.level is None and rule.when is None:
        yield from _stop_cut(rule)


def _exit_cut(rule: t.Rule) -> Iterator[_Cut]:
    level, box = rule.level, region(rule)
    if isinstance(level, t.Level):
        if not level.profit and not level.every and rule.when is None and level.unit in _PER_SHARE:
            yield _Cut(rule, level.value, level.unit)
        return
    bounded = (box.least_profit, box.least_age, box.most_age) != (None, None, None)
    if level is None and not box.also and not bounded and box.most_profit is not None and box.most_profit <= 0:
        yield _Cut(rule, -box.most_profit, Unit.PERCENT)


def _stop_cut(rule: t.Rule) -> Iterator[_Cut]:
    verb = rule.verb
    if isinstance(verb, t.TrailStop) and verb.distance.unit is Unit.PERCENT:
        yield _Cut(rule, verb.distance.value, Unit.PERCENT)
    share = _share_kept(verb) if isinstance(verb, t.MoveStop) else None
    if share is not None and share < 0:
        yield _Cut(rule, -share, Unit.PERCENT)


def _share_kept(verb: t.MoveStop) -> Fraction | None:
    """Return the profit in % of the entry that a stop keeps, negative for a loss; None where it is no such share."""
    base, offset = verb.price.base, verb.price.offset
    if isinstance(base, t.PriceAtProfit) and base.unit is Unit.PERCENT and offset is None:
        return base.value
    if not isinstance(base, t.PriceFact) or base.name not in _AT_ENTRY:
        return None
    if offset is None:
        return Fraction(0)
    if offset.unit is not Unit.PERCENT:
        return None
    return offset.value if verb.price.towards_profit else -offset.value


# --- profit ------------------------------------------------------------


def _kept(rules: tuple[t.Rule, ...]) -> Iterator[str]:
    """Say what is kept of a profit once it has been seen, by stops that wait for nothing else."""
    for rule in rules:
        level = rule.level
        if rule.times or rule.when is not None or rule.unless is not None or not isinstance(rule.verb, _STOPS):
            continue
        if not isinstance(level, t.Level) or not level.profit or level.every:
            continue
        kept = _kept_by(rule.verb, level)
        if kept:
            shown = level_text(evolve(level, name=None))
            yield f"profit: once a look has shown {shown}, {kept} (`{rule.name}`)"


def _kept_by(verb: t.Verb, level: t.Level) -> str:
    if isinstance(verb, t.LockIn):
        return f"{share_text(verb.percent)} of the best profit is kept"
    if isinstance(verb, t.TrailStop):
        if verb.distance.unit not in (*_PER_SHARE, level.unit) or verb.distance.unit is Unit.ATR:
            return ""  # it waits for a measure that may be unknown
        return f"no more than {distance_text(verb.distance)} from the best price is given back"
    assert isinstance(verb, t.MoveStop)
    share = _share_kept(verb)
    if share is None or level.unit is not Unit.PERCENT or share >= level.value:
        return ""  # a stop beyond the market is not set
    if share == 0:
        return "the stop stands at the entry"
    return f"the stop stands at {number_text(abs(share))}% {'profit' if share > 0 else 'loss'}"


# --- size and time ------------------------------------------------------------


def _largest(rules: tuple[t.Rule, ...]) -> Iterator[str]:
    adds = [(rule, rule.verb.amount) for rule in rules if isinstance(rule.verb, t.Add)]
    if not adds:
        yield "size: it is never larger than it was opened"
        return
    grown = Fraction(1)
    for rule, amount in adds:
        times = times_allowed(rule)
        if times is None:
            yield f"size: no bound, for `{rule.name}` may add again and again"
            return
        if amount.kind is not AmountKind.PERCENT_HELD:
            yield "size: bounded by how often the adds may act, see below"
            return
        grown *= (1 + amount.value / 100) ** min(times, 1000)
    about = "" if (grown * 1000).denominator == 1 else "about "
    yield f"size: at most {about}{number_text(Fraction(round(grown * 1000), 10))}% of what it was opened with"


_FOREVER = (TimeForm.FROM_CLOCK, TimeForm.BEFORE_CLOSE, TimeForm.AGE)


def _longest(rules: tuple[t.Rule, ...]) -> Iterator[str]:
    """Say when a position is over at the latest, by exits that wait for the clock alone."""
    ends: dict[TimeForm, t.When] = {}
    for rule in rules:
        if not isinstance(rule.verb, t.Exit) or not needs_no_fact(rule) or len(rule.times) != 1:
            continue
        (each,) = rule.times
        known = ends.get(each.form)
        if each.form in _FOREVER and each.unit is not Unit.BARS and (known is None or _sooner(each, known)):
            ends[each.form] = each
    if not ends:
        yield _ENDLESS
        return
    said = [_end(each) for each in ends.values()]
    yield f"time: it is closed {listing(said)}{', whichever comes first' if len(said) > 1 else ''}"


def _sooner(one: t.When, other: t.When) -> bool:
    if one.unit is not other.unit:
        return one.unit is Unit.DURATION
    return one.value > other.value if one.form is TimeForm.BEFORE_CLOSE else one.value < other.value


def _end(each: t.When) -> str:
    if each.form is TimeForm.FROM_CLOCK:
        return f"at {clock_text(each.value)} of the day"
    if each.form is TimeForm.BEFORE_CLOSE:
        return f"{duration_text(each.value)} before the close"
    if each.unit is Unit.DAYS:
        return f"after {plural(Fraction(each.value), 'trading day')}"
    return f"after {duration_text(each.value)}"

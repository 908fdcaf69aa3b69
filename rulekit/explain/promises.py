"""What a policy bounds and what it leaves open: how much it closes and adds, what protects a loss, when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.compile.policy import CompiledPolicy
from rulekit.compile.program import times_allowed
from rulekit.explain.regions import region
from rulekit.explain.rows import needs_no_fact, size, trigger
from rulekit.language import tree as t
from rulekit.language.tree import AmountKind, TimeForm, Unit
from rulekit.language.words import listing, number_text

_SHARES = (AmountKind.PERCENT_HELD, AmountKind.PERCENT_ORIGINAL, AmountKind.UP_TO, AmountKind.EVERYTHING)


def promises(policy: CompiledPolicy) -> list[str]:
    """List in sentences what the policy bounds, and what it does not; nothing here is proved, only read off."""
    rules = policy.tree.rules
    return [*_loss(rules), *_booked(rules), *_added(rules), *_turns(rules), *_end(rules), *_unknown(policy)]


def named(rules: list[t.Rule] | tuple[t.Rule, ...], joint: str = "and") -> str:
    """List rules by their names."""
    return listing([f"`{rule.name}`" for rule in rules], joint)


def _percent(share: Fraction) -> str:
    rounded = Fraction(round(share * 1000), 10)
    about = "" if rounded == share * 100 else "about "
    return f"{about}{number_text(rounded)}%"


# --- loss ------------------------------------------------------------


def _loss(rules: tuple[t.Rule, ...]) -> Iterator[str]:
    """Say what protects a losing position; a rule that needs profit does not."""
    losing = [rule for rule in rules if not region(rule).needs_profit]
    exits = [rule for rule in losing if isinstance(rule.verb, t.Exit) and not needs_no_fact(rule)]
    sure = [rule for rule in exits if _cuts_every_loss(rule)]
    stops = [rule for rule in losing if _sets_a_stop_at_a_loss(rule.verb)]
    always = [rule for rule in stops if needs_no_fact(rule) and not rule.times and not _needs_a_measure(rule.verb)]
    if sure:
        cuts = listing([f"`{rule.name}` cuts a loss ({trigger(rule)})" for rule in sure], "and")
        yield f"{cuts}; a gap can make the loss larger, for an exit is filled at the market"
    if always:
        yield f"{named(always)} sets a stop from the beginning; a gap through it can make the loss larger"
    if not sure and not always:
        yield (
            "no rule cuts every loss: until a stop is set, only the stop that the position came with protects it, "
            "and without one the loss has no bound"
        )
    for rule in exits:
        if rule not in sure:
            yield f"`{rule.name}` can exit at a loss, but only {trigger(rule)}"
    for rule in stops:
        if rule not in always:
            yield f"`{rule.name}` can set a stop at a loss too, but only {trigger(rule)}"


def _cuts_every_loss(rule: t.Rule) -> bool:
    """Tell whether a rule exits at some loss whatever else holds, and needs no fact that may be missing."""
    box, level = region(rule), rule.level
    if rule.times or rule.unless is not None or (box.least_age, box.most_age) != (None, None):
        return False
    if isinstance(level, t.Level) and level.unit in (Unit.RUPEES, Unit.POINTS, Unit.TICKS):
        return not level.profit and rule.when is None
    return not box.also and box.most_profit is not None and box.least_profit is None


def _sets_a_stop_at_a_loss(verb: t.Verb) -> bool:
    """Tell whether an action can set a stop while the position loses: not one at the entry or beyond it."""
    if isinstance(verb, t.TrailStop):
        return True
    if not isinstance(verb, t.MoveStop):
        return False
    base, offset = verb.price.base, verb.price.offset
    if isinstance(base, t.PriceAtProfit):
        return base.value < 0
    at_entry = isinstance(base, t.PriceFact) and base.name in ("entry", "break-even")
    return not at_entry or (offset is not None and not verb.price.towards_profit)


def _needs_a_measure(verb: t.Verb) -> bool:
    """Tell whether a stop is measured by something that may be missing: another price, ATR or R."""
    if isinstance(verb, t.TrailStop):
        return verb.distance.unit in (Unit.ATR, Unit.R)
    if not isinstance(verb, t.MoveStop):
        return True
    base, offset = verb.price.base, verb.price.offset
    known = not isinstance(base, t.PriceFact) or base.name in ("entry", "break-even", "price", "best price")
    return not known or (offset is not None and offset.unit in (Unit.ATR, Unit.R))


# --- quantities ------------------------------------------------------------


def _booked(rules: tuple[t.Rule, ...]) -> Iterator[str]:
    """Say how much all books together close."""
    books = [(rule, rule.verb.amount) for rule in rules if isinstance(rule.verb, t.Book)]
    shares = [(rule, amount) for rule, amount in books if amount.kind in _SHARES]
    left = Fraction(1)
    for rule, amount in shares:
        left = _after(left, amount, times_allowed(rule))
    if shares:
        who = named([rule for rule, _ in shares])
        how = "acts as often as it may" if len(shares) == 1 else "act one after the other, with nothing added"
        rest = f"{_percent(left)} is left to the exits and the stop" if left else "nothing is left"
        yield f"if {who} {how}, {_percent(1 - left)} of the position is closed and {rest}"
    for rule, amount in books:
        if amount.kind not in _SHARES:
            yield f"`{rule.name}` closes {size(amount)} each time, never more than is held"


def _after(left: Fraction, amount: t.Amount, times: int | None) -> Fraction:
    """Return the share that is left after a book has fired as often as it may."""
    share = amount.value / 100
    if amount.kind is AmountKind.EVERYTHING or share >= 1:
        return Fraction(0)
    if amount.kind is AmountKind.UP_TO:
        return min(left, 1 - share)
    if times is None:
        return Fraction(0)
    if amount.kind is AmountKind.PERCENT_ORIGINAL:
        return max(Fraction(0), left - share * times)
    return left * (1 - share) ** min(times, 1000)


def _added(rules: tuple[t.Rule, ...]) -> Iterator[str]:
    """Say how large the position can grow."""
    adds = [(rule, rule.verb.amount) for rule in rules if isinstance(rule.verb, t.Add)]
    if not adds:
        yield "nothing is ever added to a position"
        return
    endless = [rule for rule, _ in adds if times_allowed(rule) is None]
    if endless:
        yield f"{named(endless)} adds without a bound: write `up to 3 times` behind it"
    counted = [(rule, amount) for rule, amount in adds if amount.kind in _SHARES and rule not in endless]
    grown = Fraction(1)
    for rule, amount in counted:
        grown *= (1 + amount.value / 100) ** min(times_allowed(rule) or 0, 1000)
    if counted:
        yield (
            f"with {named([rule for rule, _ in counted])} and no book, the position grows to at most {_percent(grown)} "
            "of what it was opened with"
        )
    for rule, amount in adds:
        times = times_allowed(rule)
        if amount.kind not in _SHARES and times is not None:
            yield f"`{rule.name}` adds {size(amount)}, {'once' if times == 1 else f'up to {times} times'}"


def _turns(rules: tuple[t.Rule, ...]) -> Iterator[str]:
    """Say which rules can hold at once, and that they take turns."""
    books = [rule for rule in rules if isinstance(rule.verb, t.Book)]
    adds = [rule for rule in rules if isinstance(rule.verb, t.Add)]
    if books and adds:
        yield (
            f"books and adds can take turns: while {named(adds, 'or')} and {named(books, 'or')} hold together, the "
            "book goes first and the add may follow at the next look"
        )
    if len(books) > 1:
        yield (
            f"where several of {named(books)} hold, the first in the file goes; the next follows when that order is "
            "done, with its share of what is left"
        )


# --- the end ------------------------------------------------------------


def _end(rules: tuple[t.Rule, ...]) -> Iterator[str]:
    """Say when a position is over at the latest."""
    clocks = [
        rule
        for rule in rules
        if isinstance(rule.verb, t.Exit)
        and needs_no_fact(rule)
        and all(each.form in (TimeForm.FROM_CLOCK, TimeForm.BEFORE_CLOSE, TimeForm.AGE) for each in rule.times)
    ]
    for rule in clocks:
        yield f"whatever else happens, `{rule.name}` closes everything {trigger(rule)}"
    if not clocks:
        yield "no rule closes the position by the clock alone"


def _unknown(policy: CompiledPolicy) -> Iterator[str]:
    """Say which rules are silent without facts from the market."""
    layout = policy.layout
    for index, rule in enumerate(policy.rules):
        slots = [layout.slots[place] for place in policy.needs[index]]
        phrases = list(dict.fromkeys(layout.facts[name].phrase for name in slots if name in layout.facts))
        if phrases:
            yield f"`{rule.name}` does nothing while {listing(phrases, 'or')} is unknown, and says so once"

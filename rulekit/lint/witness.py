"""Witnesses: a position, a price and a minute that show what a finding says, always run through the evaluator."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from attrs import evolve, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.examples import EXAMPLE_DAY, example_snapshot, run_example
from rulekit.engine.stated_facts import with_counts
from rulekit.language import tree as t
from rulekit.language.paths import NOON
from rulekit.language.sentences import example_text, number_with_unit, word_or_quoted
from rulekit.language.vocabulary import Vocabulary
from rulekit.language.words import DAY_NAMES, clock_text, duration_text, measure_text, number_text, plural, rupee_text
from rulekit.model.calendar import default as default_calendar
from rulekit.model.decision import ADD, BOOK, EXIT, STOP, Action, Memory, RuleMemory
from rulekit.model.instant import HOUR, MINUTE, at, day_of
from rulekit.model.prices import UNKNOWN
from rulekit.model.snapshot import Snapshot

_SIDED = {"long": 1, "short": -1}
Facts = tuple[tuple[str, Fraction | str], ...]
"""Facts by their phrase, as an example states them: prices in rupees, momentum in the position's favour."""


@frozen
class Witness:
    """A position at a moment, in a trader's measures.

    Args:
        entry: average entry in rupees. price: in rupees.
        held: microseconds since it was opened, None for overnight and unknown.
        facts: by their phrase, as an example states them: prices in rupees, momentum in the position's favour.
        clock: time of day in microseconds, None where it does not matter (noon). day: the date where it matters.
        lot: shares in a lot. fired: how often rules have fired.
        days: trading days held, where they matter.
    """

    side: str
    quantity: int
    symbol: str
    entry: Fraction
    price: Fraction
    held: int | None = 30 * MINUTE
    facts: Facts = ()
    clock: int | None = None
    day: date | None = None
    lot: int = 1
    fired: tuple[tuple[str, int], ...] = ()
    days: int | None = None

    @property
    def gain(self) -> Fraction:
        """Rupees won on one share, negative for a loss."""
        return (self.price - self.entry) * _SIDED[self.side]

    # --- as the evaluator sees it --------------------------------------------------------------------------

    def example(self, vocabulary: Vocabulary, title: str = "", *expectations: t.Expectation) -> t.Example:
        """Return it as an example of the language."""
        stated = tuple((name, _given(name, value, vocabulary)) for name, value in self.facts)
        return t.Example(
            title,
            self.side,
            self.quantity,
            self.symbol,
            self.entry,
            self.held,
            self.price,
            stated,
            self.clock,
            expectations,
            past=tuple(t.Past(name, count) for name, count in self.fired),
        )

    def snapshot(self, policy: CompiledPolicy) -> Snapshot:
        """Return it as the evaluator takes it."""
        snapshot = example_snapshot(policy, self.example(policy.vocabulary))
        day = self.day or date.fromisoformat(EXAMPLE_DAY)
        now = at(day, NOON if self.clock is None else self.clock)
        opened = None if self.held is None else now - self.held
        calendar = default_calendar()
        days = self.days
        if days is None and opened is not None:
            days = calendar.trading_days_between(snapshot.exchange, day_of(opened), day)
        expiry = snapshot.expiry
        if expiry is not None:
            expiry = day + (expiry - date.fromisoformat(EXAMPLE_DAY))
        snapshot = evolve(
            snapshot,
            now=now,
            opened=opened,
            age_days=UNKNOWN if days is None else float(days),
            session=calendar.session(snapshot.exchange, day),
            expiry=expiry,
            lot=self.lot,
        )
        return with_counts(policy, snapshot, self.memory)

    @property
    def memory(self) -> Memory:
        """What the rules remember."""
        return {name: RuleMemory(fired=count) for name, count in self.fired}

    # --- as a person reads it ------------------------------------------------------------------------------

    def text(self, vocabulary: Vocabulary) -> str:
        """Write it in one line: `long 100 KOTAKBANK at ₹1,690.00, price ₹2,112.50 (25% profit), held 30 minutes`."""
        parts = [
            f"{self.side} {number_text(Fraction(self.quantity))} {word_or_quoted(self.symbol)} at {_money(self.entry)}",
            f"price {self.price_text}",
            self._age(),
        ]
        if self.day is not None:
            parts.append(f"on a {DAY_NAMES[self.day.weekday()]}")
        if self.clock is not None:
            parts.append(f"at {clock_text(self.clock)}")
        if self.lot > 1:
            parts.append(f"lots of {self.lot}")
        parts += [fact_text(name, value, vocabulary) for name, value in self.facts]
        for name, count in self.fired:
            parts.append(f"`{name}` has fired {'once' if count == 1 else f'{count} times'}")
        return ", ".join(part for part in parts if part)

    @property
    def price_text(self) -> str:
        """The price with the profit that the position shows there."""
        return price_told(self.price, self.entry, _SIDED[self.side])

    def _age(self) -> str:
        if self.days is not None:
            return f"held {plural(Fraction(self.days), 'day')}"
        if self.held is None:
            return "held since an earlier day"
        if self.held >= 24 * HOUR:
            return f"held {plural(Fraction(self.held // (24 * HOUR)), 'day')} {duration_text(self.held % (24 * HOUR))}"
        return f"held {duration_text(self.held)}"

    def as_example(self, policy: CompiledPolicy, title: str, actions: tuple[Action, ...] = ()) -> str | None:
        """Write it as an example that passes today; None where an example cannot say it (a day, a lot).

        Args:
            title: of the example. actions: what the evaluator decides, which the example is to expect.
        """
        if self.lot != 1:
            return None
        expectations = tuple(_expectation(action, self) for action in actions) or (t.Expectation("nothing"),)
        example = self.example(policy.vocabulary, title, *expectations)
        return example_text(example) if run_example(policy, example).passed else None


def _expectation(action: Action, witness: Witness) -> t.Expectation:
    """Expect what was decided, in an example's measures."""
    amount = None
    if action.kind == STOP and action.stop is not None:
        amount = Fraction(action.stop) / 100
    elif action.kind in (BOOK, ADD) and action.quantity is not None:
        amount = Fraction(100 * action.quantity, witness.quantity)
    return t.Expectation(action.kind, amount if action.kind != EXIT else None, action.rule)


def fact_text(name: str, value: Fraction | str, vocabulary: Vocabulary) -> str:
    """Write a fact with what it says: `volume 1.5 times normal`."""
    shown = _given(name, value, vocabulary)
    return f"{name} {shown.value if isinstance(shown, t.Text) else _measure(shown)}"


def price_told(price: Fraction, entry: Fraction, side: int) -> str:
    """Write a price with the profit that a position shows there: `₹2,112.50 (25% profit)`."""
    gain = (price - entry) * side * 100 / entry
    if not gain:
        return _money(price)
    rounded = Fraction(round(gain * 100), 100)
    about = "" if rounded == gain else "about "
    shown = f"{about}{measure_text(abs(rounded), t.Unit.PERCENT)} {'profit' if gain > 0 else 'loss'}"
    return f"{_money(price)} ({shown})"


def _given(name: str, value: Fraction | str, vocabulary: Vocabulary) -> t.Number | t.Text:
    if isinstance(value, str):
        return t.Text(value)
    row = vocabulary.find(name.partition(" over ")[0])
    unit = t.Unit.COUNT if row is None else row.units[0]
    return t.Number(value, unit)


def _measure(number: t.Number) -> str:
    return _money(number.value) if number.unit is t.Unit.RUPEES else number_with_unit(number)


def _money(value: Fraction) -> str:
    """Write rupees, always with paise: `₹1,690.00`."""
    text = rupee_text(value)
    return text if "." in text else f"{text}.00"

"""Proofs about rules for the whole book: their regions over its figures and the time, and books that show them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from functools import cached_property

from attrs import evolve, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.book import decide_book
from rulekit.engine.examples import run_example
from rulekit.language import tree as t
from rulekit.language.sentences import example_text
from rulekit.language.vocabulary import Vocabulary
from rulekit.language.words import DAY_NAMES, clock_text, listing
from rulekit.lint.concrete import TRIES, witnesses
from rulekit.lint.meaning import Meaning
from rulekit.lint.proofs import Proofs
from rulekit.lint.regions import EMPTY, Region
from rulekit.lint.witness import Facts, Witness, fact_text
from rulekit.model.book import DAY_LOSS, DAY_PROFIT, BookSnapshot
from rulekit.model.decision import BOOK_ACTIONS, Decision


@frozen
class BookWitness:
    """The whole book at a moment: its figures in a trader's measures, and the time where it matters."""

    facts: Facts
    clock: int | None = None
    day: date | None = None

    def snapshot(self, policy: CompiledPolicy) -> BookSnapshot:
        """Return it as the evaluator takes it."""
        one = Fraction(1)
        seen = Witness("long", 1, "KOTAKBANK", one, one, facts=self.facts, clock=self.clock, day=self.day)
        snapshot = seen.snapshot(policy)
        return BookSnapshot(snapshot.now, snapshot.facts, snapshot.session)

    def text(self, vocabulary: Vocabulary) -> str:
        """Write it in one line: `the whole book: day loss ₹26,000, at 15:00`."""
        parts = [fact_text(name, value, vocabulary) for name, value in self.facts]
        if self.day is not None:
            parts.append(f"on a {DAY_NAMES[self.day.weekday()]}")
        if self.clock is not None:
            parts.append(f"at {clock_text(self.clock)}")
        return f"the whole book: {', '.join(parts) or 'at any moment'}"

    def as_example(self, policy: CompiledPolicy, title: str) -> str | None:
        """Write it as an example of the book alone that passes today; None where an example cannot say it (a day)."""
        if self.day is not None:
            return None
        snapshot = self.snapshot(policy)
        seen = Witness("long", 1, "KOTAKBANK", Fraction(1), Fraction(1), facts=self.facts, clock=self.clock)
        plain = seen.example(policy.vocabulary, title)
        came = [t.Expectation(each.kind, None, each.rule) for each in decide_book(policy, snapshot).actions]
        expected = tuple(each for each in came if each.kind in BOOK_ACTIONS) or (t.Expectation("nothing"),)
        example = evolve(plain, quantity=0, held=None, price=None, expectations=expected)
        return example_text(example) if run_example(policy, example).passed else None


def _of_book(found: Witness) -> BookWitness:
    """Take the figures of the book out of a position; a loss is told as a loss."""
    facts = tuple(
        (DAY_LOSS, -value) if name == DAY_PROFIT and isinstance(value, Fraction) and value < 0 else (name, value)
        for name, value in found.facts
    )
    return BookWitness(facts, found.clock, found.day)


@frozen(eq=False, slots=False)
class BookProofs:
    """What is known about the rules of a policy for the whole book; its budget is that of the policy's other proofs."""

    proofs: Proofs

    @cached_property
    def meaning(self) -> Meaning:
        """Where each rule for the book holds."""
        tree = self.proofs.tree
        alone = evolve(tree, rules=tree.book, book=(), applies=t.Applies())
        return Meaning(alone, self.proofs.vocabulary, self.proofs.budget)

    @property
    def rules(self) -> tuple[t.Rule, ...]:
        """The rules for the book."""
        return self.proofs.tree.book

    def region(self, rule: t.Rule) -> Region:
        """Return where a rule holds."""
        return self.meaning.rule(rule)

    def decide(self, shown: BookWitness) -> Decision:
        """Run a book through the evaluator."""
        return decide_book(self.proofs.policy, shown.snapshot(self.proofs.policy))

    def acts(self, rule: t.Rule, shown: BookWitness) -> bool:
        """Tell whether a rule acts on a book that it has not seen before today."""
        return any(action.rule == rule.name for action in self.decide(shown).actions)

    def find(self, region: Region, accept: Callable[[BookWitness], bool]) -> BookWitness | None:
        """Return a book of a region that the evaluator confirms."""
        if region == EMPTY:
            return None
        found = (_of_book(each) for each in witnesses(self.meaning, region, tries=TRIES))
        return next((each for each in found if accept(each)), None)

    def text(self, shown: BookWitness) -> str:
        """Write a book in one line."""
        return shown.text(self.proofs.vocabulary)

    def told(self, shown: BookWitness) -> str:
        """Say what is decided on a book."""
        done: dict[str, list[str]] = {}
        for action in self.decide(shown).actions:
            done.setdefault(action.rule, []).append(action.kind)
        return "; ".join(f"{listing(kinds, 'and')} (`{rule}`)" for rule, kinds in done.items()) or "nothing is decided"

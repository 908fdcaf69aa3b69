"""Proofs about one policy: its regions, its compiled form, and findings whose witness the evaluator has confirmed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Protocol

from attrs import define, field, frozen

from rulekit.compile.policy import CompiledPolicy, CompiledRule, compile_policy
from rulekit.engine.examples import look_at
from rulekit.engine.why import why_not
from rulekit.language import tree as t
from rulekit.language.tree import AmountKind
from rulekit.language.vocabulary import STANDARD, Vocabulary
from rulekit.lint.atoms import familiar
from rulekit.lint.concrete import TRIES, first_witness
from rulekit.lint.cycles import Look, play
from rulekit.lint.finding import Finding
from rulekit.lint.leading import with_lead
from rulekit.lint.linked import asked, from_solver, tied
from rulekit.lint.meaning import Meaning, Part
from rulekit.lint.path import Path, Walk, stay
from rulekit.lint.pathfinding import Allowance, Search, Step
from rulekit.lint.regions import EMPTY, Budget, BudgetError, Region, meet, overlaps
from rulekit.lint.solver import INSTALL, installed
from rulekit.lint.terms import axes_of
from rulekit.lint.witness import Witness
from rulekit.model.book import NO_ORDERS
from rulekit.model.decision import Action, Decision, RuleMemory
from rulekit.model.snapshot import Snapshot

FULL = Fraction(100)
_SHARES = (AmountKind.PERCENT_HELD, AmountKind.PERCENT_ORIGINAL, AmountKind.UP_TO)


class Shown(Protocol):
    """What can be kept as an example of the policy."""

    def as_example(self, policy: CompiledPolicy, title: str) -> str | None:
        """Write it as an example that passes today; None where it cannot be said so."""


@frozen
class Proof(Finding):
    """A finding about meaning.

    Args:
        shown: the position behind the lines of `witness`, None where there is nothing to show.
        decided: what the evaluator decides on it at the first look.
        about: the names of the rules that it speaks of, the one that is marked first.
        path: the looks after it, where it takes several that differ. further: another path that its lines tell of.
        by_then: it rests on what was at earlier looks, and not on the one at which the rule holds.
        book: the whole book behind the lines, instead of a position.
    """

    shown: Witness | None = None
    decided: tuple[Action, ...] = ()
    about: tuple[str, ...] = ()
    path: Path | None = field(default=None, kw_only=True)
    further: Path | None = field(default=None, kw_only=True)
    by_then: bool = field(default=False, kw_only=True)
    book: Shown | None = field(default=None, kw_only=True)

    @property
    def behind(self) -> Witness | None:
        """The position behind the lines of `witness`."""
        return self.shown

    @property
    def is_shown(self) -> bool:
        """Tell whether a position, or a book, is behind its lines."""
        return self.shown is not None or self.book is not None

    def as_example(self, policy: CompiledPolicy, title: str) -> str | None:
        """Write the witness as an example that passes today; None where there is none, or it cannot be said so."""
        several = self.path if self.path is not None else self.book
        told = None if several is None else several.as_example(policy, title)
        if told is not None:
            return told
        return None if self.shown is None else self.shown.as_example(policy, title, self.decided)


@define(eq=False)
class Proofs:
    """What is known about one policy; questions share one budget, and an answer is kept.

    Raises:
        BudgetError: from any question that needs more boxes than are left.
    """

    tree: t.PolicyTree
    vocabulary: Vocabulary = STANDARD
    budget: Budget = field(factory=Budget)
    allowance: Allowance = field(factory=Allowance)
    left_open: list[tuple[t.Span, str, str]] = field(factory=list)
    _open: dict[str, Region] = field(init=False, factory=dict)
    _turns: dict[str, Region] = field(init=False, factory=dict)
    _examples: dict[str, Witness | None] = field(init=False, factory=dict)
    _last: tuple[Witness, Snapshot] | None = field(init=False, default=None)

    @cached_property
    def meaning(self) -> Meaning:
        """Where each rule holds."""
        return Meaning(self.tree, self.vocabulary, self.budget)

    @cached_property
    def policy(self) -> CompiledPolicy:
        """The policy as the evaluator runs it."""
        return compile_policy(self.tree, self.vocabulary)

    # --- rules ---------------------------------------------------------------------------------------------

    def of(self, *verbs: type) -> list[t.Rule]:
        """List the rules of these actions, in the order of the file."""
        return [rule for rule in self.tree.rules if isinstance(rule.verb, verbs)]

    def region(self, rule: t.Rule) -> Region:
        """Return where a rule holds."""
        return self.meaning.rule(rule)

    def setting(self, rule: t.Rule) -> Region:
        """Return where a stop rule sets its stop; one that is measured from the price does so wherever it holds."""
        passed = self.meaning.passed[rule.name]
        region = self.region(rule)
        return region if passed is None else self.meet(region, self.meaning.true(passed))

    @cached_property
    def closing(self) -> list[t.Rule]:
        """The rules that close all of a position whenever they hold."""
        return [rule for rule in self.of(t.Exit, t.Book) if closes_all(rule) and always_free(rule)]

    def goes_first(self, rule: t.Rule) -> list[t.Rule]:
        """List the closing rules whose turn comes before that of a rule."""
        return [other for other in self.closing if other is not rule and self._before(other, rule)]

    def turn(self, rule: t.Rule) -> Region:
        """Return where a rule holds and no closing rule has its turn before it."""
        if rule.name not in self._turns:
            first = (self.region(other) for other in self.goes_first(rule))
            self._turns[rule.name] = self.meaning.less(self.region(rule), *first)
        return self._turns[rule.name]

    def _before(self, other: t.Rule, rule: t.Rule) -> bool:
        """Tell whether one has its turn before another; a trail or a lock-in may itself exit, in the turn of exits."""
        ours, theirs = _TURNS.get(type(rule.verb), 1), _TURNS[type(other.verb)]
        if type(rule.verb) not in _TURNS:
            return theirs < ours  # a move of the stop is left out beside an exit, and a full book may still wait
        return theirs < ours or (theirs == ours and self._place(other) < self._place(rule))

    def _place(self, rule: t.Rule) -> int:
        return next(place for place, each in enumerate(self.tree.rules) if each is rule)

    @cached_property
    def closed(self) -> Region:
        """Where some rule closes all of the position."""
        return tuple(box for rule in self.closing for box in self.region(rule))

    def covering(self, region: Region, rules: list[t.Rule]) -> list[t.Rule]:
        """Return the rules that hold wherever a region says: one alone if it does, else all of them; or none."""
        near = [rule for rule in rules if overlaps(region, self.region(rule))]
        for rule in near:
            if not self.meaning.less(region, self.region(rule)):
                return [rule]
        if len(near) < 2 or self.meaning.less(region, *(self.region(rule) for rule in near)):
            return []
        return near

    def meet(self, left: Region, right: Region) -> Region:
        """Return what two regions share."""
        return meet(left, right, self.budget)

    def acts(self, rule: t.Rule) -> bool:
        """Tell whether a rule can hold at all."""
        return bool(self.region(rule))

    def names(self, rule: t.Rule, fact: str) -> bool:
        """Tell whether a rule speaks of a count."""
        place = self.meaning.axes.find((fact, t.Unit.COUNT))
        return place is not None and any(place in box for box in self.region(rule))

    def share_axes(self, left: Part, right: Part) -> bool:
        """Tell whether two parts of a rule speak of the same thing."""
        return bool(axes_of(left.term) & axes_of(right.term))

    def open(self, *rules: t.Rule) -> Region:
        """Return where all these rules hold and nothing closes the position."""
        first, *rest = rules
        if first.name not in self._open:
            self._open[first.name] = self.meaning.less(self.region(first), self.closed)
        found = self._open[first.name]
        for rule in rest:
            found = self.meet(found, self.region(rule))
        return found

    # --- witnesses -----------------------------------------------------------------------------------------

    def snapshot(self, witness: Witness) -> Snapshot:
        """Return a position as the evaluator takes it; the last one is kept, for several questions come in a row."""
        if self._last is None or self._last[0] is not witness:
            self._last = (witness, witness.snapshot(self.policy))
        return self._last[1]

    def decide(self, witness: Witness) -> Decision:
        """Run a position through the evaluator."""
        return look_at(self.policy, self.snapshot(witness), witness.memory, NO_ORDERS)[0]

    def play(self, witness: Witness) -> tuple[Look, ...]:
        """Run a position through several looks."""
        return play(self.policy, self.snapshot(witness), witness.memory)

    @cached_property
    def _compiled(self) -> dict[str, CompiledRule]:
        return {rule.name: rule for rule in self.policy.rules}

    def holds(self, rule: t.Rule, witness: Witness) -> bool | None:
        """Tell whether a rule's condition holds for a position, by the rule's own predicate."""
        remembered = witness.memory.get(rule.name) if witness.fired else None
        return self._compiled[rule.name].predicate(self.snapshot(witness), remembered)

    def example_of(self, rule: t.Rule) -> Witness | None:
        """Return a position on which a rule holds; None where none was found, which proves nothing."""
        if rule.name not in self._examples:
            self._examples[rule.name] = self.find(self.region(rule), lambda each: self.holds(rule, each) is True)
        return self._examples[rule.name]

    def impossible(self, rule: t.Rule) -> bool:
        """Tell whether a rule that has a region can never hold by arithmetic; what is not known is left open."""
        parts = self.meaning.parts[rule.name]
        if not tied(self.meaning, parts) or self.example_of(rule) is not None:
            return False
        if not installed():
            self.left_open.append((rule.span, f"whether `{rule.name}` can ever hold was not proved", INSTALL))
            return False
        found = asked(self.meaning, rule)
        if found.possible:
            shown = (each for each in from_solver(self.meaning, found) if self.holds(rule, each) is True)
            self._examples[rule.name] = next(shown, None)
        elif found.possible is None:
            self.left_open.append((rule.span, f"whether `{rule.name}` can ever hold was not proved", _HARD))
        return found.possible is False

    def why_not(self, rule: t.Rule, witness: Witness) -> str:
        """Say why a rule does not hold for a position."""
        return why_not(self._compiled[rule.name], self.snapshot(witness), RuleMemory())

    def find(
        self,
        region: Region,
        accept: Callable[[Witness], bool],
        prefer: Mapping[Hashable, Fraction] | None = None,
        tries: int = TRIES,
    ) -> Witness | None:
        """Return a position of a region that the evaluator confirms."""
        return None if region == EMPTY else first_witness(self.meaning, region, accept, prefer, tries)

    def walk(self, *steps: Step | t.Rule, starts: Iterator[Witness] | None = None) -> Walk | None:
        """Return a path on which these rules act in this order, decided look by look; None where none was found."""
        plan = [step if isinstance(step, Step) else Step(self.open(step), step) for step in steps]
        if not all(step.region for step in plan):
            return None
        plan = [each for step in plan for each in with_lead(self.meaning, step)]
        found = Search(self.meaning, self.policy, self.allowance).follow(plan, starts)
        if found is None and self.allowance.looks < 0:
            self.left_open.append((_beginning(self.tree), _PATHS, _DIVIDE))
        return found

    def stay(self, witness: Witness) -> Walk:
        """Look every minute at the same price until nothing more happens, or nothing is held."""
        return stay(self.policy, witness)

    def text(self, witness: Witness) -> str:
        """Write a position in one line."""
        return witness.text(self.vocabulary)


_TURNS: dict[type, int] = {t.Exit: 0, t.TrailStop: 0, t.LockIn: 0, t.Book: 1, t.Add: 2}


def closes_all(rule: t.Rule) -> bool:
    """Tell whether a rule closes all that is held, whatever is held."""
    if isinstance(rule.verb, t.Exit):
        return True
    if not isinstance(rule.verb, t.Book):
        return False
    amount = rule.verb.amount
    return amount.kind is AmountKind.EVERYTHING or (amount.kind in _SHARES and amount.value >= FULL)


def always_free(rule: t.Rule) -> bool:
    """Tell whether a rule acts whenever its region says so, but for how often: no waiting, no rungs, nothing else."""
    return rule.limit.every is None and not rule.limit.daily and not rule.is_ladder and familiar(rule)


_recent: list[Proofs] = []
_KEPT = 4


def proofs_of(tree: t.PolicyTree) -> Proofs:
    """Return what is known about a policy; the lint rules that look at one tree in turn share it."""
    for known in _recent:
        if known.tree is tree:
            return known
    made = Proofs(tree)
    _recent.insert(0, made)
    del _recent[_KEPT:]
    return made


def forget() -> None:
    """Forget all policies, so that the next question begins anew."""
    _recent.clear()


def prove(
    tree: t.PolicyTree, budget: Budget | None = None, vocabulary: Vocabulary = STANDARD
) -> list[tuple[str, Proof]]:
    """Return all findings about the meaning of a policy, each with its code, in the order of the file.

    Args:
        budget: how much work may be done; what goes beyond it is a finding that says `not checked`.
    """
    from rulekit.language.reading import Checked
    from rulekit.language.source import cut
    from rulekit.lint.catalogue import RULES
    from rulekit.lint.subject import PROOF, Subject

    _recent.insert(0, Proofs(tree, vocabulary, budget or Budget()))
    subject = Subject(tree, Checked(tree, (), cut(tree.source)), date.min)
    found = [
        (rule.code.code, each)
        for rule in RULES
        if rule.needs == PROOF
        for each in rule.find(subject)
        if isinstance(each, Proof)
    ]
    return sorted(found, key=lambda pair: (pair[1].span.line, pair[1].span.column, pair[0]))


def within_budget(proofs: Proofs, search: Callable[[Proofs], Iterator[Proof]]) -> Iterator[Proof]:
    """Yield what a search finds; what the budget does not reach is left open, and said once."""
    try:
        yield from search(proofs)
    except BudgetError:
        proofs.left_open.append((_beginning(proofs.tree), _TOO_MUCH, _DIVIDE))


_HARD = "it compares facts with each other in a way that takes too long; compare them with numbers"
_TOO_MUCH = "not all that this policy's rules do together was proved: it would take too long"
_PATHS = "not every path over several looks was tried: it would take too long"
_DIVIDE = "give the proofs more time, or divide the policy into several, each with its own `applies to`"


def _beginning(tree: t.PolicyTree) -> t.Span:
    """Return where the first rule stands."""
    return tree.rules[0].span if tree.rules else t.NOWHERE

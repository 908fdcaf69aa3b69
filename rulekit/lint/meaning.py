"""A policy as regions: for each rule where it holds, by Kleene, and where positions can be at all."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from attrs import define, field, frozen

from rulekit.language import tree as t
from rulekit.language.sentences import condition_text, level_text, when_text
from rulekit.language.tree import Op, Span
from rulekit.language.vocabulary import STANDARD, Vocabulary
from rulekit.lint import world
from rulekit.lint.atoms import Axes, familiar, profit_kept
from rulekit.lint.axes import Mask, NumberAxis, WordAxis
from rulekit.lint.regions import EMPTY, EVERYWHERE, Budget, Region, join, meet, minus
from rulekit.lint.scales import profit_scale
from rulekit.lint.terms import NEGATED, Every, NumberAtom, Opposite, Some, Term, TruthAtom, WordAtom


@frozen
class Part:
    """One thing that a rule asks for: its words, where it stands, and its term."""

    text: str
    span: Span
    term: Term
    node: Any = field(default=None, repr=False)


@define(eq=False)
class Meaning:
    """Where each rule of a policy holds.

    A snapshot has one cell on every axis, and a condition is true, false or unknown by these cells alone; the reverse
    is not so, for not every choice of cells is a position that can be. So an empty region is a proof, and a point of
    one is a guess that a witness has to confirm.
    """

    tree: t.PolicyTree
    vocabulary: Vocabulary = STANDARD
    budget: Budget = field(factory=Budget)
    axes: Axes = field(init=False)
    parts: dict[str, tuple[Part, ...]] = field(init=False, factory=dict)
    passed: dict[str, Term | None] = field(init=False, factory=dict)
    _true: dict[Term, Region] = field(init=False, factory=dict)
    _false: dict[Term, Region] = field(init=False, factory=dict)
    _rules: dict[str, Region] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        """Translate every rule, then put the thresholds in order."""
        self.axes = Axes(self.vocabulary)
        for rule in self.tree.rules:
            self.parts[rule.name] = tuple(_parts(self.axes, rule))
            self.passed[rule.name] = _passed(self.axes, rule.verb)
        world.prepare(self.axes, self.tree.applies)
        self.axes.seal()

    # --- regions -------------------------------------------------------------------------------------------

    @cached_property
    def world(self) -> Region:
        """Where positions of this policy can be."""
        return world.region(self.axes, self.tree.applies)

    def rule(self, rule: t.Rule) -> Region:
        """Return where a rule holds, within the world."""
        if rule.name not in self._rules:
            self._rules[rule.name] = self.all_of(*(part.term for part in self.parts[rule.name]))
        return self._rules[rule.name]

    def all_of(self, *terms: Term) -> Region:
        """Return where all terms are true, within the world."""
        found = self.world
        for term in terms:
            found = meet(found, self.true(term), self.budget)
        return found

    def can_fail(self, term: Term) -> bool:
        """Tell whether a term is false anywhere."""
        return bool(meet(self.world, self.false(term), self.budget))

    def less(self, region: Region, *others: Region) -> Region:
        """Return what is left of a region without others."""
        for other in others:
            region = minus(region, other, self.axes.alls, self.budget)
        return region

    def true(self, term: Term) -> Region:
        """Return where a term is true."""
        if term not in self._true:
            self._true[term] = self._of(term, True)
        return self._true[term]

    def false(self, term: Term) -> Region:
        """Return where a term is false."""
        if term not in self._false:
            self._false[term] = self._of(term, False)
        return self._false[term]

    def _of(self, term: Term, truth: bool) -> Region:
        if isinstance(term, Opposite):
            return self.false(term.item) if truth else self.true(term.item)
        if isinstance(term, Every | Some):
            regions = [self.true(item) if truth else self.false(item) for item in term.items]
            return self._joined(regions) if isinstance(term, Some) is truth else self._met(regions)
        mask = self.mask(term, truth)
        return ({term.axis: mask},) if mask else EMPTY

    def _met(self, regions: list[Region]) -> Region:
        found = EVERYWHERE
        for region in regions:
            found = meet(found, region, self.budget)
        return found

    def _joined(self, regions: list[Region]) -> Region:
        found = EMPTY
        for region in regions:
            self.budget.spend(len(region))
            found = join(found, region)
        return found

    def mask(self, atom: NumberAtom | WordAtom | TruthAtom, truth: bool) -> Mask:
        """Return the cells in which an atom is true, or false."""
        axis = self.axes.axes[atom.axis]
        if isinstance(atom, TruthAtom):
            return 1 if truth else 2
        if isinstance(atom, WordAtom):
            assert isinstance(axis, WordAxis)
            same = axis.where(atom.word)
            return same if atom.same is truth else axis.known & ~same
        assert isinstance(axis, NumberAxis)
        mask = axis.where(atom.op if truth else NEGATED[atom.op], atom.value)
        for name, holds in atom.extras:
            if holds is truth:
                mask |= axis.beside(name)
        return mask


def _parts(axes: Axes, rule: t.Rule) -> list[Part]:
    """Take a rule's triggers and conditions apart; a joined condition into what it joins."""
    parts: list[Part] = []
    if rule.level is not None:
        parts.append(Part(f"at {level_text(rule.level)}", rule.level.span, axes.term(rule.level), rule.level))
    parts += [Part(when_text(when), when.span, axes.term(when), when) for when in rule.times]
    for item in _joined(rule.when):
        parts.append(Part(condition_text(item), item.span, axes.term(item), item))
    if rule.unless is not None:
        term = Opposite(axes.term(rule.unless))
        parts.append(Part(f"unless {condition_text(rule.unless)}", rule.unless.span, term, t.Not(rule.unless)))
    if not familiar(rule) or not familiar(rule.limit):
        parts.append(Part("", rule.span, TruthAtom(axes.truth(("more of", rule.name)))))
    return parts


def _passed(axes: Axes, verb: t.Verb) -> Term | None:
    """Return what must hold for a stop to be set: the market has left its price behind; None if constants do not tell.

    For break-even it is what must hold at least, for charges put it a little further.
    """
    shown = profit_kept(verb.price) if isinstance(verb, t.MoveStop) else None
    return None if shown is None else axes.bound(profit_scale(shown[1]), Op.ABOVE, shown[0])


def _joined(condition: t.Condition | None) -> list[t.Condition]:
    """List what must hold together; a name stays one thing, as it is written."""
    if condition is None:
        return []
    if isinstance(condition, t.And):
        return [part for item in condition.items for part in _joined(item)]
    return [condition]

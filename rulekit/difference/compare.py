"""Two policies compared: rule by rule and as a whole, every difference shown by a position that both were run on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial

from attrs import evolve, field, frozen

from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.difference import verdicts as v
from rulekit.difference.applies import covered
from rulekit.difference.axes import axes_of
from rulekit.difference.normal import is_known, normal, parts, policy_rest
from rulekit.difference.pairs import pairs
from rulekit.difference.positions import Builder, Place, Point
from rulekit.difference.search import NOTHING, Pair, Search, Signs
from rulekit.difference.telling import example, said
from rulekit.language import tree as t
from rulekit.model.decision import EXIT

SAME, RENAMED, REWORDED, CHANGED = "same", "renamed", "reworded", "changed"
_MEMORY_AXES = ("fired", "waited", "trailed")
_KEPT = 120
"""How many positions of each difference of a rule are tried on the whole policies."""
_WHOLE_BUDGET = 2_000


@frozen
class Witness:
    """A position on which two policies differ, and what each of them does there.

    Args:
        text: the position in words. old, new: what is done, in words.
        example: as an example that the new policy passes; empty where an example cannot say it.
        old_rule, new_rule: whose memory the position's firings belong to.
    """

    place: Place
    text: str
    old: str
    new: str
    example: str = ""
    old_rule: str = ""
    new_rule: str = ""


@frozen
class Change:
    """One difference: `later` `exit`; its witness is None only where nothing could be tried."""

    way: str
    kind: str
    witness: Witness | None = None
    note: str = ""

    @property
    def name(self) -> str:
        """The name by which `--fail-on` calls it."""
        return f"{self.way}-{self.kind}".replace(" ", "-") if self.kind else self.way


@frozen
class RuleDifference:
    """One rule in both policies.

    Args:
        status: same, renamed, reworded (other words, and no difference found), changed, added, removed or unclear.
        tried: how many positions it was tried on. complete: these were all combinations of what it speaks of.
    """

    pair: Pair
    status: str
    changes: tuple[Change, ...] = ()
    tried: int = 0
    complete: bool = False

    @property
    def name(self) -> str:
        """The rule's name, that of the new policy where there are two."""
        return (self.pair.new or self.pair.old or self.pair.rules[0]).name


@frozen
class Difference:
    """Two policies compared.

    Args:
        applies: differences in which positions they are for. whole: differences of all rules together.
    """

    rules: tuple[RuleDifference, ...]
    applies: tuple[Change, ...] = ()
    whole: tuple[Change, ...] = ()
    tried: int = 0

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every difference: of positions, of rules, of the whole."""
        return (*self.applies, *(change for rule in self.rules for change in rule.changes), *self.whole)

    @property
    def names(self) -> frozenset[str]:
        """The names of all differences, as `--fail-on` calls them."""
        found = {change.name for change in self.changes}
        return frozenset({*found, "any"}) if found else frozenset()


@frozen
class Comparison:
    """The work of one comparison."""

    old: CompiledPolicy
    new: CompiledPolicy
    builder: Builder = field(init=False)

    @builder.default
    def _builder(self) -> Builder:
        return Builder(self.new.applies)

    # --- rules ------------------------------------------------------------

    def rule(self, pair: Pair) -> tuple[RuleDifference, list[tuple[Point, Pair]]]:
        """Compare one rule; return what differs and the positions that show it."""
        if pair.old is not None and pair.new is not None and normal(pair.old) == normal(pair.new):
            renamed = pair.old.name != pair.new.name and None not in (pair.old.label, pair.new.label)
            return RuleDifference(pair, RENAMED if renamed else SAME), []
        if len(pair.rules) == 1 and pair.rules[0].is_for_missing_data:
            status = v.ADDED if pair.old is None else v.REMOVED
            return RuleDifference(pair, status, (Change(status, EXIT, None, "it acts where a rule lacks data"),)), []
        if not all(is_known(rule) for rule in pair.rules):
            return RuleDifference(pair, v.UNCLEAR, (Change(v.UNCLEAR, "", None, "it cannot be searched"),)), []
        search = Search(axes_of(pair.rules), self.builder, self._judge(pair), pair.rules)
        search.run()
        changes = tuple(self._change(search, sign, pair) for sign in sorted(search.found, key=_order))
        status = CHANGED if changes else REWORDED
        if len(pair.rules) == 1:
            status = v.ADDED if pair.old is None else v.REMOVED
            changes = changes or (Change(status, v.kind_of(pair.rules[0]), None, "it never acted in what was tried"),)
        points = [(point, pair) for found in search.found.values() for point in _spread(found)]
        return RuleDifference(pair, status, changes, search.tried, search.is_complete), points

    def _judge(self, pair: Pair) -> partial[Signs]:
        return partial(_judged, pair, *self._alone(pair))

    def _alone(self, pair: Pair) -> tuple[CompiledPolicy | None, CompiledPolicy | None]:
        """Return each version of a rule as a policy of its own."""
        old, new = pair.old, pair.new
        return None if old is None else alone(self.old, old), None if new is None else alone(self.new, new)

    def _change(self, search: Search, sign: tuple[str, str], pair: Pair) -> Change:
        point = search.witness(sign)
        return Change(*sign, self._witness(search, point, pair, *self._alone(pair)))

    def _witness(
        self, search: Search, point: Point, pair: Pair, old: CompiledPolicy | None, new: CompiledPolicy | None
    ) -> Witness:
        place = self.builder.place(point)
        assert place is not None
        before, after = (rule.name if rule is not None else "" for rule in (pair.old, pair.new))
        return Witness(
            place,
            said(place, point, search.axes, axes_of(pair.rules)),
            _done(old, place, before),
            _done(new, place, after),
            self._example(place, point, after) if new is self.new else "",
            before,
            after,
        )

    def _example(self, place: Place, point: Point, rule: str) -> str:
        found = v.deed(self.new, place, rule)
        expected = () if found is None else v.expectations(found, place.snapshot)
        return "" if not expected else example(place, point, "a difference", rule, expected)

    # --- the whole ------------------------------------------------------------

    def whole(self, points: list[tuple[Point, Pair]], found: tuple[Pair, ...]) -> tuple[tuple[Change, ...], int]:
        """Compare all rules together, first where single rules differ, then round it."""
        every = Pair(None, None)
        axes = axes_of(rule for tree in (self.old.tree, self.new.tree) for rule in (*tree.rules, *tree.book))
        axes = {name: values for name, values in axes.items() if name not in _MEMORY_AXES}
        changed = tuple(rule for _, pair in points for rule in pair.rules)
        goals = tuple({rule.name: rule for rule in (*changed, *self.new.tree.rules)}.values())[:12]
        search = Search(axes, self.builder, partial(_whole, self.old, self.new, every), goals, _WHOLE_BUDGET)
        best: dict[tuple[str, str], tuple[Point, Pair]] = {}
        for point, pair in (*points, *self._flips(found)):
            for sign in self._signs(point, pair):
                best.setdefault(sign, (point, pair))
        if any(len(tree.rules) + len(tree.book) > 1 for tree in (self.old.tree, self.new.tree)):
            search.run()  # of a single rule everything has been tried
        changes = []
        for sign in sorted({*best, *search.found}, key=_order):
            point, pair = best.get(sign) or (search.found[sign][0], every)
            judge = partial(_whole, self.old, self.new, pair)
            own = Search(axes_of(pair.rules) | axes, self.builder, judge, found={sign: [point]})
            point = own.witness(sign)
            changes.append(Change(*sign, self._witness(own, point, pair, self.old, self.new)))
        return tuple(changes), search.tried + len(points)

    def _signs(self, point: Point, pair: Pair) -> Signs:
        place = self.builder.place(point)
        return NOTHING if place is None else _whole(self.old, self.new, pair, place)

    def _flips(self, found: tuple[Pair, ...]) -> Iterator[tuple[Point, Pair]]:
        """List positions on which two rules hold that have changed places."""
        names = {pair.old.name: place for place, pair in enumerate(found) if pair.old and pair.new}
        ranks = [names[rule.name] for rule in self.old.tree.rules if rule.name in names]
        for first, second in itertools.combinations(ranks, 2):
            one, two = found[first].new, found[second].new
            if first < second or one is None or two is None or v.kind_of(one) != v.kind_of(two):
                continue
            judge = partial(_both, alone(self.new, one), alone(self.new, two))
            both = evolve(one, level=None, times=(), when=t.And((*parts(one), *parts(two))), unless=None)
            search = Search(axes_of((one, two)), self.builder, judge, (both,), 1_000)
            search.run()
            for points in search.found.values():
                yield from ((point, Pair(None, None)) for point in _spread(points))


def alone(policy: CompiledPolicy, rule: t.Rule) -> CompiledPolicy:
    """Return a policy of only one rule."""
    of_book = isinstance(rule.verb, t.WholeBook)
    only = evolve(policy.tree, examples=(), rules=() if of_book else (rule,), book=(rule,) if of_book else ())
    return compile_policy(only, policy.vocabulary)


def _done(policy: CompiledPolicy | None, place: Place, rule: str) -> str:
    found = None if policy is None else v.deed(policy, place, rule)
    return "does nothing" if found is None else found.text(place.snapshot)


def _judged(pair: Pair, old: CompiledPolicy | None, new: CompiledPolicy | None, place: Place) -> Signs:
    """Tell how one rule differs; of one that there is only once, whether it acts."""
    if pair.old is None or pair.new is None:
        policy, rule, way = (new, pair.new, v.ADDED) if pair.old is None else (old, pair.old, v.REMOVED)
        assert policy is not None and rule is not None
        found = v.deed(policy, place, rule.name)
        return frozenset({(way, v.kind_of(rule))}) if found is not None and found.actions else NOTHING
    assert old is not None and new is not None
    return v.of_rules(v.deed(old, place, pair.old.name), v.deed(new, place, pair.new.name), place)


def _whole(old: CompiledPolicy, new: CompiledPolicy, pair: Pair, place: Place) -> Signs:
    before, after = (rule.name if rule is not None else "" for rule in (pair.old, pair.new))
    return v.of_policies(v.deed(old, place, before), v.deed(new, place, after), place)


def _both(one: CompiledPolicy, two: CompiledPolicy, place: Place) -> Signs:
    found = [v.deed(each, place) for each in (one, two)]
    return frozenset({("both", "")}) if all(each is not None and each.actions for each in found) else NOTHING


def _spread(points: list[Point]) -> list[Point]:
    """Take points from the whole of a long list."""
    return points[:: max(1, len(points) // _KEPT)]


_WAYS = (v.LATER, v.SOONER, v.LESS, v.MORE, v.LOOSER, v.TIGHTER, v.REMOVED, v.ADDED)


def _order(sign: tuple[str, str]) -> tuple[int, str]:
    way, kind = sign
    return (_WAYS.index(way) if way in _WAYS else len(_WAYS), kind)


def compare(old: CompiledPolicy, new: CompiledPolicy) -> Difference:
    """Compare two policies."""
    work = Comparison(old, new)
    found = (*pairs(old.tree.rules, new.tree.rules), *pairs(old.tree.book, new.tree.book))
    rules, points = [], []
    for pair in found:
        difference, mine = work.rule(pair)
        rules.append(difference)
        points += mine
    applies = tuple(Change(way, "policy", None, note) for way, note in covered(old.applies, new.applies))
    unclear = tuple(
        Change(v.UNCLEAR, "", None, f"`{name}` differs, and cannot be searched")
        for name in policy_rest(old.tree, new.tree)
    )
    untouched = [rule.name for rule in old.tree.rules] == [rule.name for rule in new.tree.rules]
    if untouched and all(each.status == SAME for each in rules):
        return Difference(tuple(rules), (*applies, *unclear))
    whole, tried = work.whole(points, found)
    return Difference(tuple(rules), (*applies, *unclear), whole, tried)

"""A replay and what it tells: rules, drawdown, entries left alone, a second policy beside it, the luck of the order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from attrs import define, evolve, field, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.errors import InputError
from rulekit.language.tree import Applies
from rulekit.model.instant import SECOND
from rulekit.replay import api
from rulekit.replay.bars import Bars, read_bars
from rulekit.replay.binding import Bound
from rulekit.replay.chance import Chance, shuffle
from rulekit.replay.divergence import Divergence, explain, name_parting, parting
from rulekit.replay.effects import RuleEffect, rule_effects
from rulekit.replay.entries import Entry
from rulekit.replay.leaving_out import never_acting, without_rule
from rulekit.replay.measures import Drawdown, Measured, drawdown, ended_at, equity, figures, measure
from rulekit.replay.options import Options
from rulekit.replay.retelling import Listening, Teller
from rulekit.replay.running import Instruments, Prepared, prepare
from rulekit.replay.trades import Replay, Trade

LOOKS = 400_000
"""Partings of two policies are told with their reasons until so many looks were gone through again: some seconds."""


@frozen
class Beside:
    """One entry under a second policy. `parted` is None where both did the same."""

    trade: Trade
    other: Trade
    parted: Divergence | None

    @property
    def gained(self) -> float:
        """Rupees that the second policy earned more."""
        return round(self.other.profit - self.trade.profit, 2)


@define(eq=False, slots=False)
class Study:
    """What came out of a replay.

    Args:
        prepared: what was run. replay: its trades. alone: the same entries without management.
        title: of the policy. other: the same entries under a second policy, with its title.
        chance: the same trades in other orders. without: by rule, the profit of the policy without it.
    """

    prepared: Prepared
    replay: Replay
    alone: Replay
    title: str = ""
    other_prepared: Prepared | None = None
    other: Replay | None = None
    other_title: str = ""
    chance: Chance | None = None
    without: dict[str, float] | None = None
    looks: int = LOOKS
    _tellers: dict[int, Teller] = field(factory=dict, repr=False)
    _loops: dict[tuple[int, bool], Listening] = field(factory=dict, repr=False)

    @property
    def trades(self) -> tuple[Trade, ...]:
        """The trades, in the order of the entries."""
        return self.replay.trades

    @cached_property
    def measured(self) -> list[Measured]:
        """Each trade measured."""
        return [measure(trade, self.prepared.plan.bars.series[trade.key]) for trade in self.trades]

    @cached_property
    def left_alone(self) -> dict[int, Trade]:
        """By the row of its entry, what became of each without management."""
        return {trade.row: left for trade, left in zip(self.trades, self.alone.trades, strict=True)}

    @cached_property
    def rules(self) -> list[RuleEffect]:
        """What each rule's actions earned, the rules in the order of their files."""
        found = rule_effects(self.trades, _rule_names(self.prepared.plan.policies), self.left_alone)
        for rule in found:
            if self.without is not None and rule.rule in self.without:
                rule.worth = round(self.replay.profit - self.without[rule.rule], 2)
        return found

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The sums over all trades, with those of the entries left alone and of the second policy beside them."""
        found = figures(self.trades, self.measured)
        found["left_alone"] = round(self.alone.profit, 2)
        found["managed_gained"] = round(found["profit"] - self.alone.profit, 2)
        if self.other is not None:
            found["other_profit"] = round(self.other.profit, 2)
            found["other_gained"] = round(self.other.profit - found["profit"], 2)
        return found

    @cached_property
    def drawdown(self) -> Drawdown:
        """The deepest fall of the sum of profits."""
        return drawdown(equity(self.trades))

    @cached_property
    def beside(self) -> list[Beside]:
        """Each trade beside the same entry under the second policy; the widest differences come with their reasons."""
        if self.other is None or self.other_prepared is None:
            return []
        pairs = list(zip(self.trades, self.other.trades, strict=True))
        found: dict[int, Beside] = {}
        left = self.looks
        for place in sorted(range(len(pairs)), key=lambda place: -abs(pairs[place][1].profit - pairs[place][0].profit)):
            here, there = pairs[place]
            if left > 0 and parting(here, there) is not None:
                left -= 2 * self.looks_at(here)
                theirs = self._teller(self.other_prepared, there.row)
                found[place] = Beside(here, there, explain(here, self.teller(here.row), there, theirs))
            else:
                found[place] = Beside(here, there, name_parting(here, there))
        return [found[place] for place in range(len(pairs))]

    def looks_at(self, trade: Trade) -> int:
        """Return about how many looks there were at a trade."""
        series, options = self.prepared.plan.bars.series[trade.key], self.prepared.plan.options
        column = series.table["at"].combine_chunks().to_numpy()
        prices = int(column.searchsorted(ended_at(trade)) - column.searchsorted(trade.entered)) + 1
        if options.looks == "close" or series.is_ticks:
            return prices
        cycles = series.length / SECOND / options.cycle_s if options.looks == "live" else 0.0
        return round(prices * (4 + cycles))

    def teller(self, row: int) -> Teller:
        """Return what tells of the entry in a row: its looks again, in words."""
        return self._teller(self.prepared, row)

    def _teller(self, prepared: Prepared, row: int) -> Teller:
        for bound in prepared.bound:
            if not any(number == row for number, _ in bound.block.entries):
                continue
            if id(bound) not in self._tellers:
                self._tellers[id(bound)] = Teller(bound, prepared.plan.options, self._loop_of(bound, prepared))
            return self._tellers[id(bound)]
        raise InputError(f"entry {row} was not replayed", "this is a fault of the program")

    def _loop_of(self, bound: Bound, prepared: Prepared) -> Listening:
        ticks = bound.block.series.is_ticks
        key = (id(bound.block.policy), ticks)
        if key not in self._loops:
            finer = bound.block.series.ups is not None
            self._loops[key] = Listening(bound.block.policy, prepared.plan.options, ticks=ticks, finer=finer)
        return self._loops[key]

    def _repr_html_(self) -> str:
        """Show the outcome in a notebook: the sums, and what each rule earned."""
        from rulekit.model.notebook import card, line, table

        found = self.figures
        rows = [(rule.rule, rule.trades, rule.quantity, rule.effect, rule.against_holding) for rule in self.rules]
        other = [] if self.other is None else [line(f"{self.other_title}: ₹{found['other_profit']:,.2f}")]
        return card(
            f"₹{found['profit']:,.2f}",
            f"profit of {found['trades']:,} trades by {self.title}",
            line(f"left alone: ₹{found['left_alone']:,.2f}; deepest drawdown: ₹{found['drawdown']:,.2f}"),
            *other,
            table(("rule", "trades", "shares", "earned to the end ₹", "earned in all ₹"), rows),
        )

    def tables(self) -> dict[str, Any]:
        """Return all of it as Arrow tables, by name; docs/replay-report.md describes each."""
        from rulekit.replay.tables import tables_of

        return tables_of(self)


def study(
    policy: Any,
    bars: Any,
    entries: Any = None,
    *,
    against: Any = None,
    without_each: bool = False,
    monte_carlo: int = 0,
    seed: int = 0,
    told: int = LOOKS,
    options: Options | None = None,
    instruments: Instruments | None = None,
    progress: Callable[[int, int], None] | None = None,
    **more: Any,
) -> Study:
    """Replay policies and work out what it tells.

    Args:
        policy, bars, entries, options, instruments: as for `replay`; so are `enter`, `side`, `quantity`, `calendar`
            and single options by name.
        against: a second policy, or several as in `policy`: replayed over the very entries that were taken.
        without_each: replay the entries once more without each rule, to tell what the policy would be without it.
        monte_carlo: shuffle the trades so many times, with numbers from `seed`.
        told: partings of the two policies are told with their reasons, the widest difference first, until about so
            many looks were gone through again; the others are only named.

    Raises:
        InputError: bars, entries or options that cannot be.
    """
    policies = api.compiled(policy)
    others = [] if against is None else api.compiled(against)
    chosen, more = _options(options, more)
    if not isinstance(bars, Bars):
        bars = read_bars(
            bars, exchange=chosen.exchange, skip_bad=chosen.skip_bad, facts=api.facts_of([*policies, *others])
        )
    ready = api.prepared(policies, bars, entries, options=chosen, instruments=instruments, **more)
    outcome = ready.run(progress)
    taken = taken_of(ready, outcome)
    each: dict[str, Any] = {"instruments": instruments, "calendar": more.get("calendar")}
    again = evolve(chosen, one_at_a_time=False)  # the very entries that were taken, however long each is held
    alone = prepare([_alone(taken)], bars, taken, again, **each).run(progress)
    found = Study(ready, outcome, alone, title=title_of(policies), looks=told)
    if others:
        found.other_prepared = prepare(others, bars, taken, again, **each)
        found.other, found.other_title = found.other_prepared.run(progress), title_of(others)
        if found.other_title == found.title:
            found.other_title = "the second policy"
    if without_each:
        found.without = {
            name: prepare(without_rule(policies, name), bars, taken, again, **each).run(progress).profit
            for name in _rule_names(policies)
        }
    if monte_carlo and outcome.trades:
        ordered = sorted(outcome.trades, key=lambda trade: (trade.last, trade.row))
        found.chance = shuffle([trade.profit for trade in ordered], monte_carlo, seed)
    return found


def _options(options: Options | None, more: dict[str, Any]) -> tuple[Options, dict[str, Any]]:
    """Return the options with every stop told, and what is left over for `replay`."""
    names = set(Options.__slots__) & set(more)  # type: ignore[attr-defined]
    if options is not None and names:
        raise InputError("options are given twice", "give `options`, or single ones by name")
    single = {name: more.pop(name) for name in names}
    chosen = Options(**single) if options is None else options
    return evolve(chosen, marks=True), more


def taken_of(ready: Prepared, outcome: Replay) -> list[Entry]:
    """Return the entries of the trades, each with its product and strategy, in the order of the trades."""
    known = {number: entry for one in ready.bound for number, entry in one.block.entries}
    return [known[trade.row] for trade in outcome.trades]


def _alone(taken: Sequence[Entry]) -> CompiledPolicy:
    """Return the policy that never acts, for whatever was entered."""
    return never_acting(Applies(products=tuple(dict.fromkeys(entry.product for entry in taken))))


def _rule_names(policies: Iterable[CompiledPolicy]) -> list[str]:
    return list(dict.fromkeys(rule.name for policy in policies for rule in policy.rules))


def title_of(policies: Sequence[CompiledPolicy]) -> str:
    """Return the titles of policies, or how many rules they have."""
    return ", ".join(policy.title or f"{len(policy.rules)} rules" for policy in policies)

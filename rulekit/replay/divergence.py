"""Where two replays of one entry part: the first moment at which one did what the other did not, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from attrs import frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.language import tree
from rulekit.model.decision import (
    ADD,
    ALERT,
    BOOK,
    EXIT,
    STOP,
    STOP_REACHED,
    TARGET,
    TARGET_REACHED,
    Decision,
)
from rulekit.model.instant import Instant, iso
from rulekit.model.prices import rupees
from rulekit.replay.effects import adds_to
from rulekit.replay.retelling import Seen, Teller
from rulekit.replay.trades import SQUARE_OFF, Trade

_GUARDS = (STOP_REACHED, TARGET_REACHED)


@frozen
class Done:
    """One thing that was decided for a trade: an order, or a stop or target that was set.

    Args:
        quantity: of an order. price: of a stop or target in smallest units, else 0.
    """

    at: Instant
    kind: str
    rule: str
    quantity: int = 0
    price: float = 0.0

    @property
    def act(self) -> tuple[str, int, float]:
        """What it comes to, whichever rule it was."""
        return self.kind, self.quantity, self.price


@frozen
class Divergence:
    """The first moment at which one entry was managed differently.

    Args:
        at: when. here, there: what each did then, `nothing` if nothing. why_here, why_there: why, or why not.
    """

    at: Instant
    here: str
    why_here: str
    there: str
    why_there: str

    def text(self, here: str = "this", there: str = "the other") -> str:
        """Say it in one line."""
        sides = ((here, self.here, self.why_here), (there, self.there, self.why_there))
        said = "; ".join(f"{who} {what}" + (f" ({why})" if why else "") for who, what, why in sides)
        return f"{iso(self.at)[:19].replace('T', ' ')}: {said}"


def done_by(trade: Trade) -> list[Done]:
    """List what was decided for a trade, in order; alerts change nothing and are left out."""
    found, held = [], trade.quantity
    for fill in trade.fills:
        grows = adds_to(trade, fill)
        held += fill.quantity if grows else -fill.quantity
        found.append(Done(fill.decided, ADD if grows else BOOK if held else EXIT, fill.rule, fill.quantity))
    for mark in trade.marks:
        if mark.kind in (STOP, TARGET):
            found.append(Done(mark.at, mark.kind, mark.rule, 0, mark.price))
        elif mark.kind == "unfilled":
            found.append(Done(mark.at, EXIT if mark.quantity == held else BOOK, mark.rule, mark.quantity))
    return sorted(found, key=lambda one: one.at)


def parting(here: Trade, there: Trade) -> tuple[Instant, list[Done], list[Done]] | None:
    """Return the first moment at which two trades of one entry differ, and what each then did; None if they do not."""
    left, right = _by_moment(done_by(here)), _by_moment(done_by(there))
    for mine, theirs in zip_longest(left, right):
        if mine is None or theirs is None or mine[0] != theirs[0]:
            at = min(one[0] for one in (mine, theirs) if one is not None)
            return (
                at,
                mine[1] if mine is not None and mine[0] == at else [],
                theirs[1] if theirs is not None and theirs[0] == at else [],
            )
        if sorted(one.act for one in mine[1]) != sorted(one.act for one in theirs[1]):
            return mine[0], mine[1], theirs[1]
    return None


def _by_moment(done: Sequence[Done]) -> list[tuple[Instant, list[Done]]]:
    found: list[tuple[Instant, list[Done]]] = []
    for one in done:
        if not found or found[-1][0] != one.at:
            found.append((one.at, []))
        found[-1][1].append(one)
    return found


def explain(here: Trade, ours: Teller, there: Trade, theirs: Teller) -> Divergence | None:
    """Find where two trades of one entry part, and say why in the words of why and why-not.

    Args:
        ours, theirs: tell of the entry under each policy.
    """
    found = parting(here, there)
    if found is None:
        return None
    at, mine, yours = found
    only_mine, only_yours = without(mine, yours), without(yours, mine)
    seen_here, seen_there = ours.looks(here.row, {at}), theirs.looks(there.row, {at})
    state = _acting(seen_here if only_mine else seen_there, ours if only_mine else theirs, here if only_mine else there)
    said = []
    for acts, others, teller, trade, seen in (
        (only_mine, only_yours, ours, here, seen_here),
        (only_yours, only_mine, theirs, there, seen_there),
    ):
        said.append(_told(acts, others, teller, trade, seen, state))
    return Divergence(at, *said[0], *said[1])


def name_parting(here: Trade, there: Trade) -> Divergence | None:
    """Name where two trades of one entry part, without the reasons."""
    found = parting(here, there)
    if found is None:
        return None
    at, mine, yours = found
    sides = ((without(mine, yours), here), (without(yours, mine), there))
    said = ["; ".join(what(one, trade.scale) for one in acts) or "nothing" for acts, trade in sides]
    return Divergence(at, said[0], "", said[1], "")


def without(these: Sequence[Done], those: Sequence[Done]) -> list[Done]:
    """Return what only the first did, by whichever rule."""
    known = [one.act for one in those]
    return [one for one in these if one.act not in known]


def _acting(looks: Sequence[Seen], teller: Teller, trade: Trade) -> Seen | None:
    """Return the look of a moment of which something came, else the last one."""
    for seen in looks:
        if teller.decision(seen, trade)[1].actions:
            return seen
    return looks[-1] if looks else None


def _told(
    acts: Sequence[Done], others: Sequence[Done], teller: Teller, trade: Trade, looks: Sequence[Seen],
    state: Seen | None,
) -> tuple[str, str]:  # fmt: skip
    """Say what one side did at the moment of parting and why, or why it did not do what the other did."""
    decision = None
    if state is not None and looks:
        own = next((seen for seen in looks if _same(seen, state)), looks[-1])
        decision = teller.decision(own, trade, state if not acts else None)[1]
    if acts:
        whys = [_why(one, decision, trade) for one in acts]
        return "; ".join(what(one, trade.scale) for one in acts), "; ".join(why for why in whys if why)
    return "nothing", why_not(others, decision, teller.policy)


def _same(one: Seen, other: Seen) -> bool:
    return all(
        one.state[name] == other.state[name] or one.state[name] != one.state[name] != other.state[name]
        for name in ("s_now", "s_price", "s_best", "s_worst")
    )


def what(done: Done, scale: int) -> str:
    """Say what was done: `FIRST` book 50."""
    if done.kind in (STOP, TARGET):
        return f"`{done.rule}` {done.kind} to {rupees(done.price, scale)}"
    return f"`{done.rule}` {done.kind} {done.quantity:,}"


def _why(done: Done, decision: Decision | None, trade: Trade) -> str:
    """Return the engine's own reason for what was done."""
    if done.rule == SQUARE_OFF:
        return "an intraday product, at the broker's time"
    for action in () if decision is None else decision.actions:
        if action.rule == done.rule:
            return action.why
    if done.rule in _GUARDS:
        fill = next((one for one in trade.fills if one.decided == done.at and one.rule == done.rule), None)
        return f"the {done.rule} was reached" + ("" if fill is None else f", at {rupees(fill.price, trade.scale)}")
    return ""


def why_not(others: Iterable[Done], decision: Decision | None, policy: CompiledPolicy) -> str:
    """Say why this policy did not do what the other did, by the rule of that name, else by rules of that kind."""
    if decision is None:
        return "it was not asked then"
    reasons: dict[str, str] = {one.rule: one.why for one in decision.not_yet}
    reasons |= {one.rule: one.because for one in decision.passed_over}
    said = []
    for done in others:
        if done.rule in reasons:
            said.append(f"`{done.rule}` {reasons[done.rule]}")
        elif done.rule in _GUARDS:
            said.append(f"no {done.rule} stood there")
        else:
            said.append(_others(done, reasons, policy))
    return "; ".join(dict.fromkeys(said)) or "it has no such rule"


def _others(done: Done, reasons: Mapping[str, str], policy: CompiledPolicy) -> str:
    """Say why the rules that do such things did not act."""
    kinds = kinds_of(policy)
    alike = [f"`{name}` {why}" for name, why in reasons.items() if kinds.get(name) == done.kind]
    return "; ".join(alike) or f"it has no rule `{done.rule}`"


def kinds_of(policy: CompiledPolicy) -> dict[str, str]:
    """Return what each rule does, by its name: exit, book, add, stop, target or alert."""
    return {rule.name: _KINDS.get(type(rule.action.rule.verb), STOP) for rule in policy.rules}


_KINDS: dict[type, str] = {tree.Exit: EXIT, tree.Book: BOOK, tree.Add: ADD, tree.SetTarget: TARGET, tree.Alert: ALERT}

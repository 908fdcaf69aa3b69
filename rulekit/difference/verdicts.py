"""Differences between two decisions in trading words: sooner, later, more, less, tighter, looser."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.difference.positions import Place
from rulekit.difference.search import NOTHING, Signs
from rulekit.engine.examples import look_at
from rulekit.engine.expectations import said
from rulekit.language import tree as t
from rulekit.language.words import listing
from rulekit.model.book import NO_ORDERS
from rulekit.model.decision import (
    ADD,
    ALERT,
    BOOK,
    BOOK_ACTIONS,
    EXIT,
    EXIT_EVERYTHING,
    STOP,
    STOP_ADDING,
    STOP_REACHED,
    STOP_TRADING,
    TARGET,
    TARGET_REACHED,
    Action,
    Memory,
)
from rulekit.model.prices import rupees
from rulekit.model.snapshot import Snapshot

SOONER, LATER, MORE, LESS, TIGHTER, LOOSER = "sooner", "later", "more", "less", "tighter", "looser"
ADDED, REMOVED, MOVED = "added", "removed", "other"
WIDER, NARROWER = "wider", "narrower"
UNCLEAR = "unclear"
OPPOSITE = {SOONER: LATER, MORE: LESS, TIGHTER: LOOSER}
KIND_OF_VERB: dict[type, str] = {t.Exit: EXIT, t.Book: BOOK, t.Add: ADD, t.SetTarget: TARGET, t.Alert: ALERT}
_KINDS = (EXIT, BOOK, ADD, STOP, TARGET, ALERT, *BOOK_ACTIONS)
_MOVES = (STOP, TARGET)
NAMES = tuple(
    name.replace(" ", "-")
    for name in (
        *(f"{way}-{kind}" for kind in _KINDS for way in (SOONER, LATER)),
        *(f"{way}-{kind}" for kind in _KINDS for way in (MORE, LESS)),
        *(f"{way}-{kind}" for kind in _MOVES for way in (TIGHTER, LOOSER)),
        *(f"{way}-{kind}" for way in (ADDED, REMOVED) for kind in _KINDS),
        f"{WIDER}-policy",
        f"{NARROWER}-policy",
        UNCLEAR,
        "any",
    )
)
"""Every difference that can be told, as `--fail-on` names it."""


@frozen
class Deed:
    """What one policy does at a position: one order, one move of the stop and of the target, and what it tells."""

    order: Action | None
    stop: Action | None
    target: Action | None = None
    alerts: tuple[Action, ...] = ()
    of_book: tuple[Action, ...] = ()

    @property
    def actions(self) -> tuple[Action, ...]:
        """What there is."""
        single = (action for action in (self.order, self.stop, self.target) if action is not None)
        return (*self.of_book, *single, *self.alerts)

    def text(self, snapshot: Snapshot) -> str:
        """Say it: `books 50 shares`, `moves the stop to ₹980.00`, `does nothing`."""
        everything = any(action.kind == EXIT_EVERYTHING for action in self.of_book)
        done = [action for action in self.actions if not (everything and action.kind == EXIT)]
        return listing([_DONE[action.kind](action) for action in done], "and") or "does nothing"


_DONE: dict[str, Callable[[Action], str]] = {
    EXIT: lambda action: "exits",
    BOOK: lambda action: f"books {action.quantity}",
    ADD: lambda action: f"adds {action.quantity}",
    STOP: lambda action: f"moves the stop to {rupees(action.stop or 0.0)}",
    TARGET: lambda action: f"sets the target to {rupees(action.stop or 0.0)}",
    ALERT: lambda action: "alerts",
    EXIT_EVERYTHING: lambda action: "exits everything",
    STOP_ADDING: lambda action: "stops adding",
    STOP_TRADING: lambda action: "stops trading",
}


def kind_of(rule: t.Rule) -> str:
    """Return the kind of action of a rule: exit, book, add, stop, target, alert, or the first of those on the book."""
    if isinstance(rule.verb, t.WholeBook):
        return rule.verb.actions[0].value
    return KIND_OF_VERB.get(type(rule.verb), STOP)


def deed(policy: CompiledPolicy, place: Place, rule: str = "") -> Deed | None:
    """Return what a policy does at a position; None where its stop or target is reached already.

    Args:
        rule: whose memory the position's firings belong to; none remembers anything if it is empty.
    """
    memory: Memory = place.memory(rule) if rule else {}
    for earlier in place.earlier:
        memory = look_at(policy, earlier, memory, NO_ORDERS)[0].memory
    actions = look_at(policy, place.snapshot, memory, NO_ORDERS)[0].actions
    if any(action.rule in (STOP_REACHED, TARGET_REACHED) for action in actions):
        return None
    order = next((action for action in actions if action.kind in (EXIT, BOOK, ADD)), None)
    stop, target = (next((action for action in actions if action.kind == kind), None) for kind in _MOVES)
    alerts = tuple(action for action in actions if action.kind == ALERT)
    return Deed(order, stop, target, alerts, tuple(action for action in actions if action.kind in BOOK_ACTIONS))


def of_rules(old: Deed | None, new: Deed | None, place: Place) -> Signs:
    """Tell how one rule alone differs. That it acts again, where it has acted before, is more or less, not sooner."""
    if old is None or new is None:
        return NOTHING
    if old.of_book or new.of_book:
        return _of_book(old, new, place)
    before, after = (next(iter(each.actions), None) for each in (old, new))
    gained, lost = (MORE, LESS) if place.fired else (SOONER, LATER)
    if before is None or after is None:
        if before is after:
            return NOTHING
        return frozenset({(gained, after.kind) if after is not None else (lost, before.kind if before else "")})
    if before.kind != after.kind:
        return _kinds(before, after)
    if after.kind in _MOVES:
        nearer = place.snapshot.side if after.kind == STOP else -place.snapshot.side
        return _moved(after.kind, (before.stop or 0.0) * nearer, (after.stop or 0.0) * nearer)
    return NOTHING if after.kind == ALERT else _sizes(before, after)


def _kinds(before: Action, after: Action) -> Signs:
    if EXIT in (before.kind, after.kind):
        return frozenset({(SOONER, EXIT) if after.kind == EXIT else (LATER, EXIT)})
    return frozenset({(LATER, before.kind), (SOONER, after.kind)})


def _sizes(before: Action, after: Action) -> Signs:
    one, two = before.quantity or 0, after.quantity or 0
    return NOTHING if one == two else frozenset({(MORE if two > one else LESS, after.kind)})


def _moved(kind: str, before: float, after: float) -> Signs:
    """Compare where a stop or a target stands, measured towards the price."""
    return NOTHING if before == after else frozenset({(TIGHTER if after > before else LOOSER, kind)})


def of_policies(old: Deed | None, new: Deed | None, place: Place) -> Signs:
    """Tell how whole policies differ; of an exit the stop does not matter any more."""
    if old is None or new is None:
        return NOTHING
    before, after = old.order, new.order
    found = _told(old, new) | _of_book(old, new, place)
    if before is not None and after is not None:
        found |= _sizes(before, after) if before.kind == after.kind else _kinds(before, after)
    elif before is not None:
        found |= {(LATER, before.kind)}
    elif after is not None:
        found |= {(SOONER, after.kind)}
    if any(order is not None and order.kind == EXIT for order in (before, after)):
        return found
    s = place.snapshot
    stops = _stand(s.stop, s.side, old.stop, new.stop)
    targets = _stand(s.target, -s.side, old.target, new.target)
    return found | _moved(STOP, *stops) | _moved(TARGET, *targets)


def _of_book(old: Deed, new: Deed, place: Place) -> Signs:
    """Compare what is ordered of the whole book."""
    before, after = ({action.kind for action in each.of_book} for each in (old, new))
    gained, lost = (MORE, LESS) if place.fired else (SOONER, LATER)
    return frozenset({*((gained, kind) for kind in after - before), *((lost, kind) for kind in before - after)})


def _told(old: Deed, new: Deed) -> Signs:
    """Compare how much is told."""
    more = len(new.alerts) - len(old.alerts)
    return frozenset({(SOONER if more > 0 else LATER, ALERT)}) if more else NOTHING


def _stand(stood: float, nearer: int, *moves: Action | None) -> tuple[float, ...]:
    """Return where stops or targets stand after the look, measured towards the price; none is farther than any."""
    prices = [stood if move is None or move.stop is None else move.stop for move in moves]
    return tuple(-1e18 if price != price else price * nearer for price in prices)


def expectations(found: Deed, snapshot: Snapshot) -> tuple[str, ...]:
    """Write what was done as an example expects it."""
    done = tuple(f"expect {said(action, snapshot).replace('₹', '')}" for action in found.actions)
    return done or ("expect nothing",)

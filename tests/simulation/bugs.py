"""Bugs planted on purpose: each must be caught by the simulator, or the simulator proves nothing.

python -m tests.simulation.bugs [--seeds 1000] [--only NAME]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from attrs import evolve

from rulekit.broker import kite_outcomes
from rulekit.errors import JournalError, PolicyError, RulekitError
from rulekit.execution import (
    actions,
    books,
    budgets,
    chronicle,
    commands,
    dispatch,
    executor,
    flattening,
    guards,
    journal,
    journal_sqlite,
    ledger,
    names,
    reading,
    residuals,
    settling,
    sizing,
    standing,
    strangers,
    switch,
    tracking,
)
from rulekit.model.orders import Accepted, NotSent, Refused
from rulekit.model.prices import UNKNOWN
from tests.simulation.invariants import ViolationError
from tests.simulation.mix import HARSH
from tests.simulation.nameless import Nameless
from tests.simulation.scenarios import Flood, Grown, Lost, OtherClock, Sliced, Strangers, Unlisted
from tests.simulation.world import World

Planted = Callable[[], Any]


def _quarantine(seconds: float) -> Planted:
    def plant() -> Any:
        real = settling.Settler._absent

        def hasty(self: Any, action: Any, attempt: Any, seen: Any) -> None:
            with patch.object(settling, "SECOND", round(settling.SECOND * seconds / 120)):
                real(self, action, attempt, seen)

        return patch.object(settling.Settler, "_absent", hasty)

    return plant


def _positions_first() -> Any:
    def take(broker: Any, clock: Any) -> Any:
        started = clock.now()
        positions = broker.positions()
        clock.sleep(3)
        getattr(broker, "_broker", broker).advance()
        return reading.Reading(started, broker.orders(), positions, broker.trades())

    return patch.object(reading, "take", take)


def _resend_after_crash() -> Any:
    def left_sending(self: Any, action: Any) -> None:
        evidence = "the program ended before this order was sent"
        self._chronicle.attempt(action, action.attempts[-1], state=actions.ATTEMPT_NOT_SENT, evidence=evidence)
        self._chronicle.state(action, actions.DECIDED, evidence)

    return patch.object(settling.Settler, "left_sending", left_sending)


def _unknown_is(outcome: Callable[[str], Any]) -> Planted:
    def plant() -> Any:
        real = dispatch.Dispatcher._hand_over

        def hand_over(self: Any, signal: Any, request: Any) -> Any:
            answer = real(self, signal, request)
            return outcome(answer.evidence) if hasattr(answer, "evidence") else answer

        return patch.object(dispatch.Dispatcher, "_hand_over", hand_over)

    return plant


def _without_row(name: str) -> Planted:
    """Take a row out of the table of failures; what it caught falls to those below it."""

    def plant() -> Any:
        rows = tuple(row for row in kite_outcomes.FAILURES if row.name != name)
        assert len(rows) < len(kite_outcomes.FAILURES), name
        return patch.object(kite_outcomes, "FAILURES", rows)

    return plant


def _failed_is_empty() -> Any:
    def take(broker: Any, clock: Any) -> Any:
        def read(what: Callable[[], Any]) -> Any:
            try:
                return what()
            except reading.ReadFailedError:
                return []

        started = clock.now()
        return reading.Reading(started, read(broker.orders), read(broker.positions), read(broker.trades))

    return patch.object(reading, "take", take)


def _on_its_way_nothing() -> Any:
    return _both(
        patch.object(sizing, "on_its_way", lambda ledger, action: 0),
        patch.object(dispatch.Dispatcher, "obstacle", lambda self, action, now: None),
    )


def _any_size() -> Any:
    return patch.object(
        dispatch, "allowed", lambda action, ledger, tracker, resting=0: sizing.Allowed(action.remaining, "", 0)
    )


def _unfrozen() -> Any:
    real = dispatch.Dispatcher.obstacle

    def obstacle(self: Any, action: Any, now: Any) -> Any:
        found = real(self, action, now)
        return None if found is not None and found.because.endswith("is unknown") else found

    return patch.object(dispatch.Dispatcher, "obstacle", obstacle)


def _unknown_sells_not_reserved() -> Any:
    def on_its_way(ledger: Any, action: Any) -> int:
        return sum(
            max(0, attempt.quantity - attempt.filled)
            for other in ledger.actions.values()
            if other.key == action.key and other.side == action.side
            for attempt in other.attempts
            if attempt.live and attempt.state != actions.ATTEMPT_UNKNOWN
        )

    return _both(_unfrozen(), patch.object(sizing, "on_its_way", on_its_way))


def _adds_again() -> Any:
    return patch.object(actions, "CLOSING_KINDS", frozenset({"exit", "book", "add"}))


def _every_word_ends() -> Any:
    from rulekit.model.orders import Order

    return patch.object(Order, "ended", property(lambda self: self.status != "OPEN"))


def _cancelled_filled_nothing() -> Any:
    real = settling.Settler._changes

    def changes(self: Any, action: Any, attempt: Any, order: Any, average: Any) -> Any:
        found = real(self, action, attempt, order, average)
        if order.status == "CANCELLED":
            found.pop("filled", None)
        return found

    return patch.object(settling.Settler, "_changes", changes)


def _regular_first() -> Any:
    ranks = {"regular": 0, "critical": 1, "immediate": 2, "next cycle": 3, "background": 4}
    from rulekit.execution import lanes

    return patch.object(lanes, "RANK", ranks)


def _two_processes() -> Any:
    import sqlite3

    return patch.object(journal_sqlite, "take_lock", lambda path, wait_s: sqlite3.connect(":memory:"))


def _no_chain() -> Any:
    return patch.object(journal, "checked", lambda rows, *more, **words: rows)


def _no_head() -> Any:
    from rulekit.execution import journal_witness

    return patch.object(journal_witness.HeadFile, "check", lambda self, digest_of, last: None)


def _full_disk_ignored() -> Any:
    real = journal.Journal.flush

    def flush(self: Any) -> None:
        try:
            real(self)
        except JournalError:
            self._failed = None
            self._rows.clear()

    return patch.object(journal.Journal, "flush", flush)


def _write_after_sending() -> Any:
    real_flush, real_hand = chronicle.Chronicle.flush, dispatch.Dispatcher._hand_over
    sending = [False]

    def send(self: Any, action: Any, quantity: int, now: Any) -> None:
        sending[0] = True
        try:
            real_send(self, action, quantity, now)
        finally:
            sending[0] = False

    def flush(self: Any) -> None:
        if not sending[0]:
            real_flush(self)

    def hand_over(self: Any, signal: Any, request: Any) -> Any:
        return real_hand(self, signal, request)

    real_send = dispatch.Dispatcher.send
    return _both(
        patch.object(dispatch.Dispatcher, "send", send),
        patch.object(chronicle.Chronicle, "flush", flush),
        patch.object(dispatch.Dispatcher, "_hand_over", hand_over),
    )


def _budget_ignored() -> Any:
    return patch.object(budgets.Budgets, "due", lambda self, now, urgent: now)


def _reserve_ignored() -> Any:
    real = budgets.Budgets.due
    return patch.object(budgets.Budgets, "due", lambda self, now, urgent: real(self, now, urgent=True))


def _budget_forgotten() -> Any:
    real = budgets.Budgets.__init__
    return patch.object(budgets.Budgets, "__init__", lambda self, settings, posts=(): real(self, settings))


def _stop_loosens() -> Any:
    from rulekit.runtime.manager import Manager

    real = Manager.snapshot
    return _both(
        patch.object(
            Manager, "snapshot", lambda self, *words, **more: evolve(real(self, *words, **more), stop=UNKNOWN)
        ),
        patch.object(books.Book, "tightens", lambda self, stop: stop == stop and bool(self.quantity)),
    )


def _forgets(forget: Callable[[Any], None]) -> Planted:
    """Forget something whenever the journal is read again."""
    real = journal.Journal.ledger

    def reads(self: Any) -> Any:
        found = real(self)
        forget(found)
        return found

    return lambda: patch.object(journal.Journal, "ledger", reads)


def _stops(found: Any) -> None:
    for book in found.books.values():
        book.stop = UNKNOWN


def _firings_forgotten() -> Any:
    from rulekit.execution.ledger import Tally

    return patch.object(Tally, "firings", property(lambda self: 0))


def _halt_ignored() -> Any:
    return _both(
        patch.object(switch.Mode, "lets_pass", lambda self, kind, rule="": True),
        patch.object(commands.Commands, "end_what_waits", lambda self: None),
    )


def _flat_twice() -> Any:
    return _both(
        patch.object(flattening.Flattening, "_may_exit", lambda self, key, now: True),
        patch.object(dispatch.Dispatcher, "obstacle", lambda self, action, now: None),
        patch.object(sizing, "on_its_way", lambda ledger, action: 0),
    )


def _unknown_tag_ignored() -> Any:
    return patch.object(settling.Settler, "_unknown_tag", lambda self, order: None)


def _cancel_is_an_end() -> Any:
    real = residuals.Residuals._tend_one

    def tend(self: Any, action: Any, attempt: Any, now: Any) -> None:
        asked = attempt.cancels
        real(self, action, attempt, now)
        if attempt.cancels > asked:
            self._chronicle.attempt(action, attempt, state=actions.ATTEMPT_ENDED, status="CANCELLED")
            self._chronicle.state(
                action, actions.PARTLY_FILLED if action.filled else actions.DECIDED, "it was cancelled"
            )

    return patch.object(residuals.Residuals, "_tend_one", tend)


def _same_tag() -> Any:
    real = actions.attempt_tag
    return patch.object(dispatch, "attempt_tag", lambda journal_id, action, attempt: real(journal_id, action, 1))


def _rests_for_ever() -> Any:
    return patch.object(residuals.Residuals, "tend", lambda self, now: None)


def _ends_too_soon() -> Any:
    """A rest is never sent: an exit that was cancelled with a part counts as done."""
    return patch.object(settling, "states", _Without(actions, CLOSING_KINDS=frozenset()))


def _no_room() -> Any:
    return patch.object(standing.Standing, "is_in_the_way", lambda self, action: False)


def _never_smaller() -> Any:
    return patch.object(standing.Standing, "_make_smaller", lambda self, *words: None)


def _outlives() -> Any:
    real = standing.Standing._take_back

    def take_back(self: Any, action: Any, attempt: Any, why: str, now: Any) -> None:
        if "has ended" not in why:
            real(self, action, attempt, why, now)

    return patch.object(standing.Standing, "_take_back", take_back)


def _change_counts_at_once() -> Any:
    real = ledger.Ledger._changing

    def changing(self: Any, entry: Any) -> None:
        real(self, entry)
        attempt = self.actions[entry.subject].attempts[entry.body["n"] - 1]
        attempt.quantity, attempt.trigger, attempt.asked = entry.body["quantity"], entry.body["trigger"], None

    return patch.object(ledger.Ledger, "_changing", changing)


def _relied_on_a_lost_change() -> Any:
    """A larger quantity that was asked for and never shown is taken for what stands."""
    return patch.object(
        standing.Standing,
        "_is_out_of_step",
        lambda self, attempt, wanted, now: (
            (attempt.asked is None or attempt.doubtful) and (attempt.left, attempt.trigger) != wanted
        ),
    )


def _lost_change_not_made() -> Any:
    """A change that nobody answered is taken for one that never came: what the book shows counts at once."""
    real = standing.Standing._change

    def change(self: Any, action: Any, attempt: Any, wanted: Any) -> None:
        real(self, action, attempt, wanted)
        if attempt.doubtful:
            row = self._rows[attempt.tag]
            self._chronicle.attempt(action, attempt, quantity=row.quantity, trigger=row.trigger, doubtful=False)

    return patch.object(standing.Standing, "_change", change)


def _never_sliced() -> Any:
    return patch.object(dispatch, "slice_of", lambda quantity, *more: quantity)


def _chased_for_ever() -> Any:
    return patch.object(residuals, "states", _Without(actions, CLOSING_KINDS=frozenset()))


def _adopted_for_nothing() -> Any:
    return patch.object(strangers.Strangers, "_taken_in", lambda self, found, row: None)


def _adopted_too_soon() -> Any:
    from rulekit.model.orders import OPEN

    return patch.object(strangers, "TERMINAL", strangers.TERMINAL | {OPEN, "PUT ORDER REQ RECEIVED"})


def _adopted_but_ended() -> Any:
    """An order whose action has ended meanwhile is taken in without its firing."""
    real = strangers.Strangers._taken_in

    def taken_in(self: Any, found: Any, row: Any) -> Any:
        action = self._chronicle.ledger.actions.get(found.action)
        return None if action is not None and not action.open else real(self, found, row)

    return patch.object(strangers.Strangers, "_taken_in", taken_in)


def _kept_for_ever() -> Any:
    return patch.object(ledger.Ledger, "_let_go", lambda self, action: None)


def _claims_the_only_one() -> Any:
    """The only order that looks like an unknown one is taken for it."""
    real = names.Names.alike

    def alike(self: Any, action: Any, attempt: Any, seen: Any) -> Any:
        found = real(self, action, attempt, seen)
        if found and len(found) == 1:
            self._chronicle.attempt(action, attempt, state=actions.ATTEMPT_ACCEPTED, order_id=found[0].order_id)
            self._chronicle.state(action, actions.ACCEPTED, "it is the only one")
            return None
        return found

    return patch.object(names.Names, "alike", alike)


def _looks_are_no_doubt() -> Any:
    """An order that bears no tag of ours counts as a stranger's, so that nothing of ours was placed."""
    return patch.object(names.Names, "alike", lambda self, action, attempt, seen: [])


def _resting_lookalike_let_go() -> Any:
    """An exit does not wait until all that may be it has ended."""
    real = settling.Settler._whose

    def whose(self: Any, action: Any, attempt: Any, alike: Any) -> None:
        real(self, action, attempt, [evolve(order, status="CANCELLED") for order in alike])

    return patch.object(settling.Settler, "_whose", whose)


def _resting_not_counted() -> Any:
    """What a person called ended while it rested does not count as on its way."""
    return patch.object(names.Names, "resting", lambda self, action, seen: 0)


def _piles_up() -> Any:
    """A position decides again though what it decided before is not done."""
    from rulekit.runtime.manager import Manager

    real = Manager.snapshot
    return patch.object(
        Manager, "snapshot", lambda self, *words, **more: evolve(real(self, *words, **more), in_flight=False)
    )


def _never_chased() -> Any:
    return patch.object(standing.Standing, "_chase", lambda self, *words: None)


def _never_moved() -> Any:
    return patch.object(standing.Standing, "_move", lambda self, *words, **more: None)


def _second_stop_at_once() -> Any:
    """An unknown stop order freezes nothing, and the next one is placed beside it."""
    return _both(
        patch.object(ledger.Ledger, "is_frozen", lambda self, key: False),
        patch.object(ledger.Ledger, "unknown_stop", lambda self, key: None),
        patch.object(dispatch.Dispatcher, "in_the_way", lambda self, action: False, create=True),
    )


def _lease_not_asked() -> Any:
    return patch.object(executor, "while_held", lambda broker, journal: broker)


def _loosened_on_reload() -> Any:
    from rulekit.runtime.manager import Manager

    real = Manager.reload

    def reload(self: Any, policy: Any) -> Any:
        found = real(self, policy)
        _stops(self.executor._ledger)
        self.executor._tracker.stale()
        return found

    return patch.object(Manager, "reload", reload)


def _broken_policy_taken() -> Any:
    from rulekit.runtime import manager
    from rulekit.runtime.policy import Policy

    real = manager.policies_of

    def policies(policy: Any) -> Any:
        try:
            return real(policy)
        except PolicyError:
            return (Policy.from_text('policy "Empty"\nNONE: exit at 90% loss\n'),)

    return patch.object(manager, "policies_of", policies)


def _any_account() -> Any:
    return patch.object(journal.Journal, "_belongs", lambda self, opening: setattr(self, "id", opening["journal"]))


class _Without:
    def __init__(self, module: Any, **changes: Any) -> None:
        self._module, self._changes = module, changes

    def __getattr__(self, name: str) -> Any:
        return (
            self._changes.get(name, getattr(self._module, name))
            if name[0] != "_"
            else object.__getattribute__(self, name)
        )


def _both(*patches: Any) -> Any:
    @contextmanager
    def all_of_them() -> Iterator[None]:
        with ExitStack() as stack:
            for one in patches:
                stack.enter_context(one)
            yield

    return all_of_them()


def _believes_another_clock() -> Any:
    return patch.object(settling.Settler, "take_over", lambda *_: None)


def _unlisted_forgotten() -> Any:
    return patch.object(settling.Settler, "_unlisted_for_long", lambda *_: None)


def _waits_for_strangers() -> Any:
    return patch.object(flattening.Flattening, "_is_stubborn", lambda *_: False)


def _guard_against(kind: str) -> Planted:
    def refuses(asked: Any) -> str | None:
        return "not today" if asked.kind == kind else None

    return lambda: patch.dict(guards.GUARDS, {"planted": refuses})


def _uncounted(kind: str) -> Planted:
    real = actions.ActionRecord.counts.fget
    assert real is not None

    def counts(self: Any) -> bool:
        return bool(real(self)) if self.kind != kind or self.open else False

    return lambda: patch.object(actions.ActionRecord, "counts", property(counts))


def _half_a_book() -> Any:
    real = dispatch.Dispatcher.prepare

    def halved(self: Any, action: Any, now: Any) -> int:
        quantity = real(self, action, now)
        return quantity // 2 if action.kind == "book" and quantity > 1 and not action.attempts else quantity

    return patch.object(dispatch.Dispatcher, "prepare", halved)


def _odd_lots() -> Any:
    real = dispatch.slice_of

    def odd(quantity: int, *given: Any) -> int:
        most = int(real(quantity, *given))
        return most - 1 if most > 2 else most

    return patch.object(dispatch, "slice_of", odd)


def _parked_in_silence() -> Any:
    real = settling.Settler._park

    def park(self: Any, action: Any, why: str) -> None:
        with patch.object(chronicle.Chronicle, "alert", lambda *_, **__: None):
            real(self, action, why)

    return patch.object(settling.Settler, "_park", park)


def _old_lists_believed() -> Any:
    return patch.object(tracking.Tracker, "is_doubted", lambda self, key: False)


def _old_lists_cut() -> Any:
    real = dispatch.Dispatcher.prepare

    def prepare(self: Any, action: Any, now: Any) -> int:
        with _old_lists_believed():
            return real(self, action, now)

    return patch.object(dispatch.Dispatcher, "prepare", prepare)


BUGS: dict[str, Planted] = {
    "quarantine of 30 s": _quarantine(30),
    "quarantine of 60 s": _quarantine(60),
    "positions read before orders": _positions_first,
    "unknown sells are not reserved": _unknown_sells_not_reserved,
    "an unknown order does not freeze": _unfrozen,
    "sent before it is written": _write_after_sending,
    "sent again after a crash": _resend_after_crash,
    "an unknown answer is taken for a refusal": _unknown_is(lambda text: Refused(text)),
    "an unknown answer is taken for not sent": _unknown_is(lambda text: NotSent(text)),
    "an unknown answer is taken for accepted": _unknown_is(lambda text: Accepted("000000")),
    "a refusal that lies is believed": _without_row("a refusal that speaks of a time-out"),
    "a failed reading is an empty list": _failed_is_empty,
    "what is on its way is forgotten": _on_its_way_nothing,
    "sent without a fresh look at the position": _any_size,
    "an add is sent again": _adds_again,
    "any unknown word ends an order": _every_word_ends,
    "what a cancelled order filled is lost": _cancelled_filled_nothing,
    "a cancellation is taken for an end": _cancel_is_an_end,
    "regular signals go first": _regular_first,
    "two processes on one journal": _two_processes,
    "the chain is not checked": _no_chain,
    "the end of the journal is not checked": _no_head,
    "a full disk is ignored": _full_disk_ignored,
    "the budgets are ignored": _budget_ignored,
    "the reserve is ignored": _reserve_ignored,
    "the budgets are forgotten at a restart": _budget_forgotten,
    "stops loosen": _stop_loosens,
    "stops are forgotten at a restart": _forgets(_stops),
    "a halt is ignored": _halt_ignored,
    "exit everything sends twice": _flat_twice,
    "an order that the journal lost is ignored": _unknown_tag_ignored,
    "every attempt bears the same tag": _same_tag,
    "resting orders are never looked after": _rests_for_ever,
    "the rest of an exit is given up": _ends_too_soon,
    "an exit does not wait for the stop to make room": _no_room,
    "standing stops are forgotten at a restart": _forgets(lambda found: found.standing.clear()),
    "a stop is never made smaller": _never_smaller,
    "a stop outlives its position": _outlives,
    "a change of a stop counts before the book shows it": _change_counts_at_once,
    "a change of a stop that got no answer is taken for not made": _lost_change_not_made,
    "a change of a stop that got no answer is relied on": _relied_on_a_lost_change,
    "a triggered stop that rests is not looked after": _never_chased,
    "a stop at the broker does not follow": _never_moved,
    "an unknown stop freezes nothing": _second_stop_at_once,
    "the lease is not asked before a request": _lease_not_asked,
    "stops loosen at a reload": _loosened_on_reload,
    "a policy with errors is taken": _broken_policy_taken,
    "a journal opens for any account": _any_account,
    "slices are not cut": _never_sliced,
    "an exit is chased for ever": _chased_for_ever,
    "an adopted order counts for nothing": _adopted_for_nothing,
    "an order is adopted while it may still fill": _adopted_too_soon,
    "an order whose action the halt ended is adopted without its firing": _adopted_but_ended,
    "moves of stops are never let go": _kept_for_ever,
    "a flood piles up": _piles_up,
    "the only order that looks like an unknown one is claimed": _claims_the_only_one,
    "an order without a tag is never ours": _looks_are_no_doubt,
    "an exit is let go while what may be it rests": _resting_lookalike_let_go,
    "what may be ours does not count while it rests": _resting_not_counted,
    "a quarantine is counted by another machine's clock": _believes_another_clock,
    "an order that no list shows is forgotten": _unlisted_forgotten,
    "an order that cannot be cancelled keeps everything open": _waits_for_strangers,
    "exits are withheld": _guard_against("exit"),
    "books are withheld": _guard_against("book"),
    "a book is done again and again": _uncounted("book"),
    "an add is done again and again": _uncounted("add"),
    "half of a book is sent": _half_a_book,
    "no whole lots are sent": _odd_lots,
    "an action is parked and nobody is told": _parked_in_silence,
    "an old list of positions ends what waits": _old_lists_believed,
    "an old list of positions cuts what waits": _old_lists_cut,
}
"""What is planted, by name."""


WORLDS: dict[str, type[World]] = {
    "slices are not cut": Sliced,
    "a change of a stop that got no answer is taken for not made": Grown,
    "a change of a stop that got no answer is relied on": Grown,
    "an exit is chased for ever": Sliced,
    "an adopted order counts for nothing": Lost,
    "an order is adopted while it may still fill": Lost,
    "an order whose action the halt ended is adopted without its firing": Lost,
    "moves of stops are never let go": Flood,
    "a flood piles up": Flood,
    "the only order that looks like an unknown one is claimed": Nameless,
    "an order without a tag is never ours": Nameless,
    "an exit is let go while what may be it rests": Nameless,
    "what may be ours does not count while it rests": Nameless,
    "a quarantine is counted by another machine's clock": OtherClock,
    "an order that no list shows is forgotten": Unlisted,
    "an order that cannot be cancelled keeps everything open": Strangers,
    "an action is parked and nobody is told": Unlisted,
}
"""The worlds made for one thing in which some of them are looked for."""


def seeds_until_caught(name: str, most: int, level: str = HARSH) -> tuple[int, str]:
    """Run seeds with a bug until one fails; return how many it took (0: never) and what was said."""
    for seed in range(1, most + 1):
        world = WORLDS.get(name, World)(seed, level)
        try:
            with BUGS[name]():
                world.run()
        except (ViolationError, RulekitError, LookupError, ValueError) as error:
            return seed, f"{type(error).__name__}: {error}"
    return 0, "never"


def _job(job: tuple[str, int]) -> tuple[str, int, str]:
    return (job[0], *seeds_until_caught(*job))


def main(words: list[str] | None = None) -> int:
    """Plant every bug, one after the other, and print how many seeds each took."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.bugs", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="the most seeds for one bug")
    parser.add_argument("--only", help="parts of names, parted by commas")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args(words)
    chosen = [name for name in BUGS if any(part in name for part in (asked.only or "").split(","))]
    missed = 0
    with ProcessPoolExecutor(asked.processes) as pool:
        for name, seeds, said in pool.map(_job, [(name, asked.seeds) for name in chosen]):
            missed += not seeds
            print(f"{seeds or 'NEVER':>6}  {name}: {said[:150]}", flush=True)
    print(f"{len(chosen)} bugs, {missed} not caught within {asked.seeds} seeds")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

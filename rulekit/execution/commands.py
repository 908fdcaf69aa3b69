"""What a person orders: halt, resume, settle, adopt, acknowledge; the same whether an engine runs or not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rulekit.errors import JournalError, RulekitError, UsageError
from rulekit.execution import actions as states
from rulekit.execution import requests
from rulekit.execution.actions import ActionRecord
from rulekit.execution.alarms import ALL
from rulekit.execution.chronicle import Chronicle
from rulekit.execution.history import FullLedger
from rulekit.execution.journal import Journal, read_ledger
from rulekit.execution.journal_place import Place
from rulekit.execution.journal_schema import Entry
from rulekit.execution.lanes import in_order
from rulekit.execution.ledger import ACKNOWLEDGED, ACTED, UNBLOCKED, Ledger
from rulekit.execution.settings import ExecutionSettings
from rulekit.execution.settling import Settler, settlable
from rulekit.execution.strangers import Strangers
from rulekit.execution.switch import ACTIVE, HALTED, PERSON, REDUCING, check_confirmation
from rulekit.model.clock import Clock, SimulatedClock
from rulekit.model.instant import HOUR


def waiting_to_be_sent(ledger: Ledger) -> list[ActionRecord]:
    """Return the actions that wait in the queue, first to be served first."""
    return in_order(
        action
        for action in ledger.open.values()
        if action.state in (states.DECIDED, states.PARTLY_FILLED)
        and action.kind in states.QUANTITY_KINDS
        and action.side
        and action.live is None
    )


class Commands:
    """Applies a person's orders to the journal; what must be done at the broker follows from the new state."""

    def __init__(self, chronicle: Chronicle, settler: Settler) -> None:
        self._chronicle = chronicle
        self._settler = settler
        self._taken: set[Any] = set()

    def halt(self, reason: str, exit_everything: bool) -> None:
        """Latch the halt, and end what waits."""
        self._chronicle.switch(HALTED, reason, cause=PERSON, flatten=exit_everything)
        self.end_what_waits()

    def end_what_waits(self) -> None:
        """End the queued actions that a halt does not let pass."""
        mode = self._chronicle.ledger.mode
        if mode.name != HALTED:
            return
        for action in waiting_to_be_sent(self._chronicle.ledger):
            if not mode.lets_pass(action.kind, action.rule):
                reason = f"the engine is halted: {mode.reason}"
                self._chronicle.state(action, states.CANCELLED, reason)
                self._chronicle.tell_of("action_cancelled", action, reason=reason)

    def reduce(self, reason: str) -> None:
        """Let only what makes a position smaller pass; from a halt, too, since it is a person who says so."""
        if self._chronicle.ledger.mode.name != REDUCING:
            self._chronicle.switch(REDUCING, reason, cause=PERSON, by_person=True)

    def resume(self, confirmation: str) -> None:
        """Lift a halt, and forget refusals in a row.

        Raises:
            UsageError: it is not confirmed.
        """
        check_confirmation(confirmation)
        ledger = self._chronicle.ledger
        refused = ledger.refusals or ledger.growth_refusals
        if ledger.mode.name != ACTIVE or refused or ledger.adds_stopped(self._chronicle.now()):
            self._chronicle.switch(ACTIVE, "resumed by a person", cause=PERSON, by_person=True)
            self._chronicle.note(UNBLOCKED, {})

    def settle(self, action_id: str, filled: int | None) -> None:
        """Record what became of an unknown order; None means that nothing was placed.

        Raises:
            UsageError: there is nothing to settle, or the figure cannot be.
        """
        self._settler.record(action_id, filled)

    def adopt(self, order_id: str, confirmation: str) -> None:
        """Take an order of ours that the journal does not know into it.

        Raises:
            UsageError: it is not confirmed, there is no such order, or it may still fill.
        """
        Strangers(self._chronicle).adopt(order_id, confirmation)

    def acknowledge(self, alarm: str, by: str) -> None:
        """Record that a person has seen an open alert; `all` means each of them.

        Raises:
            UsageError: there is no such open alert.
        """
        for each in seen(self._chronicle.ledger, alarm):
            self._chronicle.note(ACKNOWLEDGED, {"alarm": each, "by": by})

    def apply(self, request: requests.Request) -> None:
        """Apply one request, and note who asked for it.

        Raises:
            UsageError: as of the command that it stands for.
        """
        self._do(request)
        if request.by:
            said = "" if request.kind == requests.ACKNOWLEDGE else request.reason
            body = {"by": request.by, "through": request.through, "what": request.kind, "said": said}
            about: dict[str, Any] = {"exit_everything": True} if request.exit_everything else {}
            if request.action:
                about |= {"about": request.action}
            if request.kind == requests.SETTLE:
                about |= {"filled": request.filled}
            self._chronicle.note(ACTED, body | about)

    def _do(self, request: requests.Request) -> None:
        if request.kind == requests.HALT:
            self.halt(request.reason, request.exit_everything)
        elif request.kind == requests.REDUCE:
            self.reduce(request.reason)
        elif request.kind == requests.RESUME:
            self.resume(request.reason)
        elif request.kind == requests.SETTLE:
            self.settle(request.action, request.filled)
        elif request.kind == requests.ACKNOWLEDGE:
            self.acknowledge(request.action, request.reason)
        elif request.kind == requests.ADOPT:
            self.adopt(request.action, request.reason)

    def take_requests(self) -> bool:
        """Apply what other processes asked for; each request is removed once it is durable."""
        store = self._chronicle.journal.store
        waiting = store.requests()
        found = [(key, request) for key, request in waiting if key not in self._taken]
        for key, request in found:
            try:
                self.apply(request)
            except JournalError:
                raise
            except RulekitError as error:
                who = f" of {request.by}" if request.by else ""
                self._chronicle.alert(f"`rulekit {request.kind}`{who} was refused: {error.message}")
            self._taken.add(key)  # where it cannot be removed it must not be applied at each look
            self._chronicle.flush()
        self._taken &= {key for key, _ in waiting}
        for key, _ in waiting:
            store.take_request(key)
        return bool(found)


def seen(ledger: Ledger, alarm: str) -> list[str]:
    """Return the open alerts that a person speaks of.

    Raises:
        UsageError: there is no such open alert.
    """
    name = alarm.strip()
    if name.lower() == ALL:
        return list(ledger.alarms.open)
    if name.upper() not in ledger.alarms.open:
        raise UsageError(f"`{alarm}` is no open alert", "`rulekit alerts` lists them")
    return [name.upper()]


def apply_without_engine(place: Place, request: requests.Request, clock: Clock) -> None:
    """Apply a request to a journal that no process holds, after those that lie there already.

    Raises:
        JournalError: a process holds it after all, or it is damaged.
        UsageError: as of the command that the request stands for.
    """
    last = read_ledger(place)
    # A journal of simulated days must not be told of the year in which somebody looks at it.
    if abs(clock.now() - last.last_at) > 12 * HOUR:
        clock = SimulatedClock(last.last_at)
    with Journal.open(place, account=last.account, clock=clock, create=False, wait_s=0.0) as journal:
        chronicle = Chronicle(journal, clock, ExecutionSettings(), lambda event: None)
        settler = Settler(chronicle, lambda action, reason: None)
        commands = Commands(chronicle, settler)
        commands.take_requests()
        commands.apply(request)
        chronicle.flush()


def check_settlable(entries: Iterable[Entry], action_id: str, filled: int | None) -> None:
    """Refuse to settle what cannot be, before an engine is asked.

    Raises:
        UsageError: there is no such action, it needs no settling, or the figure cannot be.
    """
    settlable(FullLedger(entries), action_id, filled)

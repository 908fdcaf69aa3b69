"""A desk: a host's own positions, managed by policies as values. The desk says what is to be done; the host does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve

from rulekit.engine.decide import decide
from rulekit.errors import InputError, UsageError
from rulekit.model.calendar import EXCHANGES, Calendar
from rulekit.model.calendar import default as default_calendar
from rulekit.model.cautions import ADD_MAX_SHARE
from rulekit.model.clock import Clock, WallClock
from rulekit.model.decision import ADD, ALERT, STOP, TARGET, Action, Decision
from rulekit.model.events import Event
from rulekit.model.instant import SECOND, Instant, day_number
from rulekit.model.prices import UNKNOWN
from rulekit.model.snapshot import SessionTimes, Snapshot
from rulekit.runtime.episode import Episode
from rulekit.runtime.episodes import Episodes, in_rupees
from rulekit.runtime.host_facts import readable
from rulekit.runtime.policy import Policy
from rulekit.runtime.position import Moment, Position, Rupees, moment, units_or_unknown
from rulekit.runtime.reloading import Choice, PolicyChange, changes
from rulekit.runtime.snapshots import Facts, Snapshots
from rulekit.runtime.sources import PolicySource, policies_of
from rulekit.runtime.subscriptions import Subscriber, Subscriptions

if TYPE_CHECKING:
    from rulekit.runtime.policy_watch import PolicyWatch

NO_FACTS: Facts = {}


class Desk:
    """Manages positions that a host holds and trades by itself; one thread at a time.

    It remembers what the rules of each position need: how often they fired, the best price, the tracked stop. What came
    of an order it sees in the host's object at the next look; `filled`, `refused` and `unknown` say more and sooner.

    Args:
        policy: a policy, the path of one or of a folder, or several in the order in which they are tried.
        patience_s: the host's seconds after which an order that changed nothing is given up. Its rule may then fire
            again, but for an `add`: that it was not filled is not known.
        calendar: sessions and trading days of India's exchanges; of others only the clock and the days are known.
        hot: take changes of the policy files, between two looks; one with errors is told of, and what runs stays.
        clock: for `hot` only: tells what has expired.

    Raises:
        PolicyError: a policy has errors. UsageError: one has rules for the whole book, which a desk does not see.
    """

    def __init__(
        self,
        policy: PolicySource,
        *,
        patience_s: float = 120.0,
        calendar: Calendar | None = None,
        hot: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self.policies = _for_positions(policies_of(policy))
        self._snapshots = Snapshots(calendar or default_calendar(), 0.0)
        self._subscriptions = Subscriptions()
        self._choice = Choice()
        self._episodes = Episodes(round(patience_s * SECOND), self._say)
        self._days: dict[tuple[str, int, int], tuple[SessionTimes | None, float]] = {}
        self._now: Instant = 0
        self._watch: PolicyWatch | None = None
        if hot:
            from rulekit.runtime.policy_watch import watch_of

            self._watch = watch_of(policy, self.policies, clock or WallClock())
            self._watch.start()

    # --- looking -----------------------------------------------------------------------------------------------

    def look(
        self,
        position: Position,
        *,
        price: Rupees | None,
        now: Moment,
        facts: Facts | None = None,
        open: Rupees | None = None,
        high: Rupees | None = None,
        low: Rupees | None = None,
    ) -> Decision:
        """Decide on one position; its orders count as on their way from now on, its stops and targets as set.

        Args:
            price: the last one, in rupees; None where there is none that is fresh.
            now: when. A desk never looks at the clock.
            facts: what is known of the market, in natural units, by the names of the language (`{"momentum": 1.8}`).
            open: of the bar that ends now. The stop and the target that stood before are then tested in that bar first,
                at its open, then the stop before the target. Leave it out where the host's own orders do that.
            high: of the bar that ends now, for the best and worst price since entry; `low` likewise.

        Raises:
            InputError: the position's quantity, side or times cannot be.
        """
        if self._watch is not None:
            self._watch.look(self)
        at = now if type(now) is int else _instant(now)
        self._now = at
        episode = self._episodes.at(position, at)
        if episode is None:
            return Decision(position.symbol)
        scale = episode.standing.instrument.scale
        last = units_or_unknown(price, scale)
        if high is not None or low is not None:
            top, bottom = units_or_unknown(high, scale), units_or_unknown(low, scale)
            taken = UNKNOWN if open is None else episode.reached(units_or_unknown(open, scale), top, bottom)
            if taken == taken:
                last = taken
            else:
                episode.see(top)
                episode.see(bottom)
        episode.see(last)
        episode.last = last
        key = episode.standing.key
        session, age_days = self._days_of(key.exchange, episode.opened, at)
        snapshot = episode.snapshot(last, at, NO_FACTS if facts is None else readable(facts), session, age_days)
        policy = episode.policy if episode.is_chosen else self._policy_for(episode, snapshot)
        if policy is None:
            return Decision(key.symbol)
        decision = decide(policy.compiled, snapshot, episode.memory)
        episode.memory = decision.memory
        if decision.unknown and last == last:
            self._tell_unknown(episode, decision)
        return self._act(episode, decision, snapshot) if decision.actions else decision

    def _days_of(self, exchange: str, opened: Instant | None, now: Instant) -> tuple[SessionTimes | None, float]:
        """Return today's session and the age in trading days; elsewhere than in India days are days."""
        key = (exchange, -1 if opened is None else day_number(opened), day_number(now))
        found = self._days.get(key)
        if found is None:
            if len(self._days) > 4096:
                self._days.clear()
            if exchange in EXCHANGES:
                age = self._snapshots.age_days(exchange, opened, now)
                found = (self._snapshots.session(exchange, now), age)
            else:
                found = (None, 1.0 if opened is None else float(day_number(now) - day_number(opened)))
            self._days[key] = found
        return found

    def _policy_for(self, episode: Episode, snapshot: Snapshot) -> Policy | None:
        at = (episode.standing.key, str(episode.number))
        episode.policy = self._choice.of(at, snapshot, self.policies, ())
        episode.is_chosen = True
        return episode.policy

    # --- acting ------------------------------------------------------------------------------------------------

    def _act(self, episode: Episode, decision: Decision, snapshot: Snapshot) -> Decision:
        """Take what was decided as done, and tell of it; an add of more than the original is refused, as everywhere."""
        actions = decision.actions
        for action in actions:
            if action.kind == ADD and (action.quantity or 0) > ADD_MAX_SHARE * episode.original:
                decision = evolve(decision, actions=tuple(one for one in actions if one is not action))
                reason = f"an add of {action.quantity} is more than the original {episode.original}"
                if self._episodes.is_news(episode, f"refused {action.rule}"):
                    self._say("action_refused", episode, id="", rule=action.rule, reason=reason)
                continue
            if action.kind == STOP and action.stop is not None:
                self._move(episode, action, "stop", episode.stop)
                episode.tighten(action.stop)
                episode.fire(action.rule, snapshot.now)
            elif action.kind == TARGET and action.stop is not None:
                self._move(episode, action, "target", episode.target)
                episode.target = action.stop
                episode.fire(action.rule, snapshot.now)
            elif action.kind == ALERT:
                episode.fire(action.rule, snapshot.now)
                self._say("alert", episode, text=action.detail.get("text", ""), level="told", cause=action.rule)
            else:
                waiting = episode.order(action, snapshot.now)
                self._say_decided(episode, waiting.id, action)
        return decision

    def _move(self, episode: Episode, action: Action, what: str, was: float) -> None:
        standing = episode.standing
        data = {what: in_rupees(action.stop, standing), "was": in_rupees(was, standing)}
        self._say(f"{what}_moved", episode, rule=action.rule, **data)

    # --- what came of it ---------------------------------------------------------------------------------------

    def sent(self, position: Position, order_id: str = "") -> None:
        """Say that the order of this position is at the market, for those who subscribed to that.

        Raises:
            UsageError: no order of it is on its way.
        """
        episode, waiting = self._episodes.waiting(position)
        self._episodes.say_of("action_submitted", episode, waiting, order_id=order_id, tag="")

    def filled(self, position: Position, quantity: int | None = None, price: Rupees | None = None) -> None:
        """Say that the order of this position was filled, before the next look shows it.

        Args:
            quantity: how much of it; all that is left, if left out.
            price: the average price of that, in rupees; otherwise the last price seen counts.

        Raises:
            UsageError: no order of it is on its way. InputError: the quantity cannot be.
        """
        self._episodes.filled(position, quantity, price)

    def refused(self, position: Position, reason: str) -> None:
        """Say that the order of this position was refused or never sent; its rule may fire again.

        Raises:
            UsageError: no order of it is on its way.
        """
        episode, _ = self._episodes.waiting(position)
        self._episodes.say_of("action_refused", episode, episode.give_up(counts=False), reason=reason)

    def unknown(self, position: Position, evidence: str) -> None:
        """Say that nobody knows what became of the order: no other is decided until it is seen, or said by you.

        Raises:
            UsageError: no order of it is on its way.
        """
        episode, waiting = self._episodes.waiting(position)
        waiting.is_unknown = True
        self._episodes.say_of("action_unknown", episode, waiting, evidence=evidence)

    # --- what a host reads -------------------------------------------------------------------------------------

    def stop_of(self, position: Position) -> float | None:
        """Return the tracked stop of a position in rupees, None where there is none."""
        return self._episodes.level_of(position, "stop")

    def target_of(self, position: Position) -> float | None:
        """Return the tracked target of a position in rupees, None where there is none."""
        return self._episodes.level_of(position, "target")

    @property
    def pending_management_actions(self) -> list[dict[str, Any]]:
        """The orders whose end has not been seen, as rows."""
        return [
            {"id": one.id, "symbol": episode.standing.key.symbol, "rule": one.action.rule, "kind": one.action.kind,
             "side": one.action.side, "quantity": one.action.quantity, "filled": one.filled,
             "state": "unknown" if one.is_unknown else "decided"}
            for episode in self._episodes.running() if (one := episode.waiting) is not None
        ]  # fmt: skip

    def save(self, position: Position | None = None) -> dict[str, Any]:
        """Return all that the desk remembers, or of one position, as plain values for JSON.

        `restore` takes it after a restart.
        """
        return self._episodes.save(position)

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take up what `save` returned, before the first look at what is in it.

        Raises:
            UsageError: it is not from `save`, or a position of it was looked at already.
        """
        self._episodes.restore(saved)

    # --- policies, events, life --------------------------------------------------------------------------------

    def subscribe(self, what: str, subscriber: Subscriber) -> Callable[[], None]:
        """Have a function or a coroutine function told of events, as for `Manager.subscribe`; return what ends it."""
        return self._subscriptions.add(what, subscriber)

    def reload(self, policy: PolicySource) -> tuple[PolicyChange, ...]:
        """Exchange the policies between two looks; with an error in the new ones the running ones stay.

        What rules remember is kept by their labels, and a tracked stop stays.

        Returns:
            The policies that differ, each before and after; empty if none does.
        """
        fresh = _for_positions(policies_of(policy))
        found = changes(self.policies, fresh)
        self._choice.exchange(self.policies, fresh)
        self.policies = fresh
        for episode in self._episodes.running():
            episode.is_chosen = False
        for change in found:
            old, new = (one.digest if one is not None else "" for one in (change.old, change.new))
            self.tell("policy_reloaded", path=change.path, digest=new, was=old, difference=change.text())
        return found

    def tell(self, name: str, **data: Any) -> None:
        """Put an event of `rulekit.model.events` that is about no position before the subscribers."""
        self._subscriptions(Event(name, self._now, "", self.title, data=data))

    @property
    def title(self) -> str:
        """The first policy's title."""
        return next((one.title for one in self.policies if one.title), None) or "Rulekit"

    def close(self) -> None:
        """End the looking for changed policy files."""
        if self._watch is not None:
            self._watch.stop()
            self._watch = None

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def _say(self, name: str, episode: Episode, **data: Any) -> None:
        standing = episode.standing
        strategy = standing.strategy or self.title
        self._subscriptions(Event(name, self._now, standing.key.symbol, strategy, data.get("id", ""), data))

    def _say_decided(self, episode: Episode, id: str, action: Action) -> None:
        detail = action.detail
        self._say("action_decided", episode, id=id, rule=action.rule, kind=action.kind, side=action.side,
                  quantity=action.quantity, why=action.why, **detail)  # fmt: skip

    def _tell_unknown(self, episode: Episode, decision: Decision) -> None:
        """Say once an episode of each rule that cannot be judged why not."""
        for rule in decision.unknown:
            if self._episodes.is_news(episode, rule):
                why = next(one.why for one in decision.not_yet if one.rule == rule)
                self._say("rule_unknown", episode, rule=rule, why=why.removeprefix("cannot be judged: "))


def _for_positions(policies: Iterable[Policy]) -> tuple[Policy, ...]:
    """Refuse rules for the whole book: nobody would see that they never act."""
    found = tuple(policies)
    for policy in found:
        if policy.book_rules:
            raise UsageError(
                f"`{policy.book_rules[0].name}` is for the whole book, and a desk sees one position at a time",
                "use a Manager for it, or `policy.decide_book`, and give the desk a policy without that block",
            )
    if not found:
        raise UsageError("there is no policy", "give one, or the path of a file or a folder")
    return found


def _instant(now: Moment) -> Instant:
    at = moment(now)
    if at is None:
        raise InputError("a look needs its moment", "give `now`: a datetime with a zone, or 2026-11-20T09:15:00+05:30")
    return at

"""A desk: a host's own objects, managed as values; what came of an order is seen in them, or said by the host."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rulekit
from rulekit.engine.decide import decide
from rulekit.engine.filled import filled, later
from rulekit.model.decision import Decision
from rulekit.model.events import EVENTS, Event
from rulekit.model.instant import SECOND, parse_instant
from rulekit.model.snapshot import Snapshot

TEN = parse_instant("2026-11-20T10:00:00+05:30")
SEVERAL = "A: book 25% at every 2% profit up to 3 times\nB: move stop to break-even at 3% profit\nC: trail stop 4%\n"


def held(quantity: int = 100, entry: Any = "100", **more: Any) -> SimpleNamespace:
    return SimpleNamespace(symbol="INFY", quantity=quantity, entry=entry, **more)


class Trader:
    """A host that looks every ten seconds and keeps what it was told."""

    def __init__(self, text: str, **options: Any) -> None:
        self.desk = rulekit.Desk(rulekit.Policy.from_text(text), **options)
        self.events: list[Event] = []
        self.desk.subscribe("everything", self.events.append)
        self.now = TEN

    def look(self, position: Any, price: Any, wait_s: float = 10, **more: Any) -> list[tuple[str, str, int | None]]:
        self.now += round(wait_s * SECOND)
        decision = self.desk.look(position, price=price, now=self.now, **more)
        return [(action.rule, action.kind, action.quantity) for action in decision.actions]

    def names(self) -> list[str]:
        return [event.name for event in self.events]


def test_an_object_with_three_attributes_is_a_position() -> None:
    assert isinstance(held(), rulekit.Position)
    assert not isinstance(SimpleNamespace(symbol="INFY"), rulekit.Position)


def test_a_fill_is_seen_in_the_hosts_object() -> None:
    trader, position = Trader("HALF: book 50% at 5% profit\nREST: exit at 8% profit"), held()
    assert trader.look(position, "105") == [("HALF", "book", 50)]
    assert trader.look(position, "109") == [], "one order at a time"
    (waiting,) = trader.desk.pending_management_actions
    assert (waiting["rule"], waiting["state"]) == ("HALF", "decided")
    position.quantity = 50
    assert trader.look(position, "109") == [("REST", "exit", 50)]
    position.quantity = 0
    assert trader.look(position, None) == []
    assert trader.names() == ["position_opened", "action_decided", "action_filled", "position_reduced",
                              "action_decided", "action_filled", "position_closed"]  # fmt: skip
    # 50 at 109 twice: what the host does not say is taken at the last price seen
    assert trader.events[-1].data["profit"] == 900.0


def test_every_event_is_one_of_the_table() -> None:
    trader, position = Trader(SEVERAL + 'T: set target to 9% profit\nD: alert "up" at 1% profit\n'), held()
    for price in ("102", "104", "106", "110"):
        trader.look(position, price)
        position.quantity -= 20
    assert {"stop_moved", "target_moved", "alert", "action_partly_filled"} <= set(trader.names())
    assert set(trader.names()) <= set(EVENTS)
    for event in trader.events:
        assert set(event.data) <= set(re.findall(r"\w+", EVENTS[event.name])), event.name


def test_a_refused_order_may_be_decided_again_and_one_of_unknown_fate_may_not() -> None:
    trader, position = Trader("HALF: book 50% at 5% profit"), held()
    assert trader.look(position, "105")
    trader.desk.refused(position, "margin")
    assert trader.look(position, "105") == [("HALF", "book", 50)]
    trader.desk.unknown(position, "no answer")
    assert trader.look(position, "105", wait_s=10_000) == []
    trader.desk.filled(position, 50, "104.90")
    position.quantity = 50
    assert trader.look(position, "105") == []
    assert trader.names().count("action_filled") == 1
    assert next(event for event in trader.events if event.name == "action_filled").data["average"] == 104.9


@pytest.mark.parametrize(("text", "again"), [("X: book 50% at 5% profit", True), ("X: add 50% at 5% profit", False)])
def test_an_order_that_changes_nothing_is_given_up_and_an_add_is_never_repeated(text: str, again: bool) -> None:
    trader, position = Trader(text, patience_s=60), held()
    assert trader.look(position, "105")
    assert trader.look(position, "105", wait_s=60) == []
    assert bool(trader.look(position, "105", wait_s=1)) is again
    assert trader.names().count("action_expired") == 1


def test_an_add_of_more_than_the_original_is_refused() -> None:
    trader, position = Trader("X: add 150% at 5% profit"), held()
    assert trader.look(position, "105") == []
    assert trader.look(position, "105") == []
    assert trader.names() == ["position_opened", "action_refused"]


def test_a_part_leaves_the_rest_on_its_way_and_counts_the_rule_once() -> None:
    trader, position = Trader("HALF: book 50% at 5% profit, up to 2 times"), held()
    assert trader.look(position, "105") == [("HALF", "book", 50)]
    position.quantity = 80
    assert trader.look(position, "105") == []
    position.quantity = 50
    assert trader.look(position, "105") == [("HALF", "book", 25)]


def test_what_the_trader_does_by_hand_is_taken_as_it_is() -> None:
    trader, position = Trader("HALF: book 50% of the original at 5% profit"), held()
    assert trader.look(position, "101") == []
    position.quantity = 150
    assert trader.look(position, "102") == []
    position.quantity = 60
    assert trader.look(position, "105") == [("HALF", "exit", 60)]
    assert trader.names()[1:3] == ["position_scaled", "position_reduced"]


def test_more_than_the_order_is_somebody_elses_doing() -> None:
    trader, position = Trader("HALF: book 50% at 5% profit\nREST: exit when times booked is at least 1"), held()
    assert trader.look(position, "105") == [("HALF", "book", 50)]
    position.quantity = 20
    assert trader.look(position, "105") == [("REST", "exit", 20)]
    filled_of = next(event for event in trader.events if event.name == "action_filled")
    assert filled_of.data["filled"] == 50
    assert next(event for event in trader.events if event.name == "position_reduced").data["remaining"] == 20


def test_books_are_remembered_over_a_restart() -> None:
    trader, position = Trader("HALF: book 50% at 5% profit\nREST: exit when times booked is at least 1"), held()
    trader.look(position, "105")
    trader.desk.filled(position)
    position.quantity = 50
    again = Trader("REST: exit when times booked is at least 1")
    again.desk.restore(trader.desk.save())
    assert again.look(position, "101") == [("REST", "exit", 50)]


def test_a_position_that_turns_or_was_opened_anew_is_another_one() -> None:
    trader, position = Trader("HALF: book 50% at 5% profit"), held(opened="2026-11-20T09:30:00+05:30")
    assert trader.look(position, "105") == [("HALF", "book", 50)]
    position.quantity = -100
    assert trader.look(position, "95") == [("HALF", "book", 50)], "the short's rule has not fired yet"
    position.opened = "2026-11-20T10:00:15+05:30"
    assert trader.look(position, "95") == [("HALF", "book", 50)]
    assert trader.names().count("position_closed") == 2


def test_stops_tighten_are_kept_and_take_the_position_out() -> None:
    trader, position = Trader("TRAIL: trail stop 4%"), held(stop="97")
    assert trader.look(position, "100") == []
    assert trader.desk.stop_of(position) == 97.0
    assert trader.look(position, "110") == [("TRAIL", "stop", None)]
    assert trader.desk.stop_of(position) == 105.6
    position.stop = Decimal(98)
    assert trader.look(position, "106") == []
    assert trader.desk.stop_of(position) == 105.6, "a stop of the host's that is looser changes nothing"
    assert trader.look(position, "105.50") == [("stop", "exit", 100)]


@pytest.mark.parametrize(
    ("bar", "price"),
    [(("99", "101", "96"), 97.0), (("96", "96.50", "95"), 96.0), (("99", "104", "98"), 103.0),
     (("104", "105", "96"), 104.0), (("99", "104", "96"), 97.0), (("99", "101", "98"), None)],
)  # fmt: skip
@pytest.mark.parametrize("side", [1, -1])
def test_a_bar_is_tested_at_its_open_then_stop_before_target(
    bar: tuple[str, ...], price: float | None, side: int
) -> None:
    def turned(text: str) -> str:
        return text if side > 0 else str(200 - Decimal(text))

    opened, high, low = map(turned, bar)
    high, low = (high, low) if side > 0 else (low, high)
    trader = Trader("X: exit at 50% profit")
    position = held(100 * side, stop=turned("97"), target=turned("103"))
    found = trader.look(position, "100", open=opened, high=high, low=low)
    assert bool(found) is (price is not None)
    if price is not None:
        decided = next(event for event in trader.events if event.name == "action_decided")
        assert decided.data["price"] == (price if side > 0 else 200 - price)


def test_bars_give_the_best_price() -> None:
    trader, position = Trader("TRAIL: trail stop 4%"), held()
    trader.look(position, "101", high="110", low="99")
    assert trader.desk.stop_of(position) is None, "what the bar has given back already is an exit"
    assert trader.names()[-1] == "action_decided"


def test_restart(tmp_path: Path) -> None:
    """A desk that was saved after any look goes on as one that never stopped."""
    prices = ["101", "103", "104.50", "106", "108", "107", "104", "103.50"]
    whole, position = Trader(SEVERAL), held(opened="2026-11-20T09:30:00+05:30")
    expected = [step(whole, position, price) for price in prices]
    assert sum(map(len, expected)) >= 6
    for cut in range(1, len(prices)):
        first, position = Trader(SEVERAL), held(opened="2026-11-20T09:30:00+05:30")
        got = [step(first, position, price) for price in prices[:cut]]
        second = Trader(SEVERAL)
        second.now = first.now
        second.desk.restore(json.loads(json.dumps(first.desk.save(), allow_nan=False)))
        got += [step(second, position, price) for price in prices[cut:]]
        assert got == expected, cut
        assert "position_opened" not in second.names()


def test_one_position_may_be_saved_alone_and_is_taken_up_once() -> None:
    trader, one, other = Trader(SEVERAL), held(), held(product="NRML")
    trader.look(one, "103")
    trader.look(other, "101")
    saved = trader.desk.save(one)
    assert len(saved["episodes"]) == 1
    assert len(trader.desk.save()["episodes"]) == 2
    fresh = Trader(SEVERAL)
    fresh.look(other, "101")
    fresh.desk.restore(saved)
    assert fresh.look(one, "103") == [], "its order is on its way"
    with pytest.raises(rulekit.RulekitError, match="looked at INFY already"):
        fresh.desk.restore(saved)
    with pytest.raises(rulekit.RulekitError, match="nothing that a desk has saved"):
        fresh.desk.restore({})


def step(trader: Trader, position: Any, price: str) -> list[tuple[str, str, int | None]]:
    """Look, and let an order fill after the look."""
    found = trader.look(position, price)
    for _, kind, quantity in found:
        if kind in ("book", "exit"):
            position.quantity -= quantity
    return found


compiled = cache(rulekit.Policy.from_text)


@settings(deadline=None, max_examples=40, derandomize=True)
@given(
    st.lists(st.integers(-400, 400), min_size=1, max_size=25),
    st.sampled_from([1, -1]),
    st.sampled_from([SEVERAL, "L: lock in 50% of peak profit\nX: add 20% at every 3% profit up to 2 times"]),
)
def test_it_decides_as_the_engine_alone_does(moves: list[int], side: int, text: str) -> None:
    """The oracle takes every fill at the price of its decision, and keeps the snapshot by itself."""
    policy = compiled(text)
    desk, position = rulekit.Desk(policy), held(40 * side, entry=Decimal(100), opened=TEN)
    snapshot: Snapshot | None = Snapshot("INFY", side, 40, 10_000.0, 10_000.0, TEN, TEN, original=40, age_days=0.0)
    memory: Any = {}
    price = 100 * 100
    for number, move in enumerate(moves, start=1):
        price = max(5, price + move * 5)
        now = TEN + number * 10 * SECOND
        got = desk.look(position, price=Decimal(price) / 100, now=now)
        if snapshot is None:
            assert got.actions == ()
            continue
        snapshot = later(snapshot, now, float(price))
        expected: Decision = decide(policy.compiled, snapshot, memory)
        assert got.actions == expected.actions
        snapshot, memory = filled(expected, snapshot)
        for action in got.actions:
            if action.quantity is not None:
                desk.filled(position, price=Decimal(price) / 100)
        position.quantity = 0 if snapshot is None else snapshot.quantity * side
        if snapshot is not None:
            position.entry = Decimal(snapshot.entry) / 100


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"quantity": 1.5}, "`1.5` is no quantity"), ({"quantity": True}, "`True` is no quantity"),
     ({"side": "buy"}, "`buy` is no side"), ({"lot": 0}, "`0` is no lot"), ({"tick": 0}, "`0` is no tick"),
     ({"expiry": "soon"}, "`soon` is no expiry"), ({"opened": datetime(2026, 11, 20)}, "has no time zone"),
     ({"quantity": -100, "side": "long"}, "the quantity -100 is that of a short, and the side is long"),
     ({"symbol": None}, "`None` is no symbol"), ({"entry": "1,690"}, "`1,690` is no price"),
     ({"stop": True}, "`True` is no price"), ({"opened": object}, "is no moment")],
)  # fmt: skip
def test_what_cannot_be_is_named(wrong: dict[str, Any], message: str) -> None:
    position = held()
    vars(position).update(wrong)
    with pytest.raises(rulekit.RulekitError) as raised:
        Trader("exit at 5% loss").look(position, "100")
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"price": "₹1,998.50"}, "`₹1,998.50` is no price"), ({"price": True}, "`True` is no price"),
     ({"now": None}, "a look needs its moment"), ({"now": date(2026, 11, 20)}, "`2026-11-20` is no moment"),
     ({"facts": [1]}, "`[1]` are no facts"), ({"facts": {"momentum": "3"}}, "the fact `momentum` is no number: `3`"),
     ({"facts": {1: 3.0}}, "`1` is no name of a fact")],
)  # fmt: skip
def test_what_a_look_is_told_wrongly_is_named(wrong: dict[str, Any], message: str) -> None:
    desk = rulekit.Desk(rulekit.Policy.from_text("X: exit when momentum is at least 2%"))
    with pytest.raises(rulekit.RulekitError) as raised:
        desk.look(held(), **{"price": "100", "now": TEN, **wrong})
    assert message in str(raised.value)


@pytest.mark.parametrize("three", [3, 3.0, Decimal(3), np.float32(3), np.int64(3)])
def test_numbers_of_all_kinds_are_facts_and_prices(three: Any) -> None:
    desk = rulekit.Desk(rulekit.Policy.from_text("X: exit when momentum is at least 3% and price is at least ₹3"))
    decision = desk.look(held(entry=three), price=three, now=TEN, facts={"momentum": three, "rsi": None})
    assert [action.rule for action in decision.actions] == ["X"]


@pytest.mark.parametrize(
    ("policy", "message"),
    [("exit at 15:15", "`exit at 15:15` is no path of a policy"), ("A: exit\nB: exit", "`A: exit` is no path"),
     (None, "`None` is no policy"), ("no.policy", "`no.policy` does not exist")],
)  # fmt: skip
def test_what_is_no_policy_is_named(policy: Any, message: str) -> None:
    with pytest.raises(rulekit.RulekitError) as raised:
        rulekit.Desk(policy)
    assert message in str(raised.value)


def test_a_kept_stop_is_told_before_the_first_look() -> None:
    desk, position = rulekit.Desk(rulekit.Policy.from_text("TRAIL: trail stop 5%")), held()
    desk.look(position, price="100", now=TEN)
    after = rulekit.Desk(desk.policies[0])
    assert after.stop_of(position) is None
    after.restore(json.loads(json.dumps(desk.save())))
    assert (after.stop_of(position), after.target_of(position)) == (95.0, None)


@pytest.mark.parametrize("saved", [None, "x", [1], {}, {"version": 2}])
def test_what_was_never_saved_is_not_restored(saved: Any) -> None:
    with pytest.raises(rulekit.RulekitError, match="nothing that a desk has saved"):
        rulekit.Desk(rulekit.Policy.from_text("exit at 5% loss")).restore(saved)


def test_only_what_can_be_called_is_told() -> None:
    with pytest.raises(rulekit.RulekitError, match="`None` cannot be told of `filled`"):
        rulekit.Desk(rulekit.Policy.from_text("exit at 5% loss")).subscribe("filled", None)  # type: ignore[arg-type]


def test_a_side_of_its_own_goes_before_the_sign() -> None:
    assert Trader("X: exit at 5% profit").look(held(100, side="short"), "95") == [("X", "exit", 100)]


def test_what_nobody_waits_for_cannot_be_filled() -> None:
    trader, position = Trader("HALF: book 50% at 5% profit"), held()
    with pytest.raises(rulekit.RulekitError, match="no order of `INFY` is on its way"):
        trader.desk.filled(position)
    trader.look(position, "105")
    with pytest.raises(rulekit.RulekitError, match="50 of 50 are on their way"):
        trader.desk.filled(position, 60)


def test_rules_for_the_whole_book_are_refused() -> None:
    with pytest.raises(rulekit.RulekitError, match="a desk sees one position at a time"):
        Trader("exit at 5% loss\nfor the whole book\n  stop trading at ₹25,000 day loss\n")


def test_a_market_elsewhere_has_days_and_no_sessions() -> None:
    trader = Trader("OLD: exit after 2 days\nCLOSE: exit 5 minutes before close")
    position = held(opened="2026-11-18T23:00:00+05:30", exchange="BINANCE", product="", scale=10_000, tick="0.0001")
    assert trader.look(position, "100.0001") == [("OLD", "exit", 100)]
    assert [event.data["rule"] for event in trader.events if event.name == "rule_unknown"] == ["CLOSE"]


def test_a_changed_file_is_taken_between_two_looks_and_one_with_errors_is_not(tmp_path: Path) -> None:
    path = tmp_path / "my.policy"
    path.write_text("X: book 50% at 50% profit\n", encoding="utf-8")
    with rulekit.Desk(tmp_path, hot=True) as desk:
        watch = desk._watch
        assert watch is not None
        watch.stop()  # this test looks by itself
        events: list[Event] = []
        desk.subscribe("everything", events.append)
        position = held()
        for text, quantity in (("X: boook half", 0), ("X: book 25% at 5% profit\nY: trail stop 4%", 25)):
            path.write_text(text + "\n", encoding="utf-8")
            watch.poll()
            watch.poll()
            found = desk.look(position, price="105", now=TEN)
            assert sum(action.quantity or 0 for action in found.actions) == quantity
        assert [event.name for event in events if event.name.startswith("policy")] == [
            "policy_refused", "policy_reloaded",
        ]  # fmt: skip
    with pytest.raises(rulekit.RulekitError, match="only policies from files"):
        rulekit.Desk(rulekit.Policy.from_text("exit at 5% loss"), hot=True)

"""Stops that stand at the broker: in step with the tracked stop and the position, and never both firing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from rulekit.errors import UsageError
from rulekit.execution.settings import ExecutionSettings, StopSettings
from rulekit.execution.signal import RegularSignal
from rulekit.execution.status import status
from rulekit.model.instant import SECOND
from rulekit.model.instrument import PositionKey
from rulekit.model.orders import BUY, SELL, SIGN, Order, Quote
from tests.execution.scripted import KOTAK, Desk, add, book, exit_all, next_morning, stop

AT_BROKER = StopSettings(at_broker=True)
RULE = "stop at the broker"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path, stops=AT_BROKER)
    yield desk
    desk.die()


def protected(desk: Desk, at: float = 165_000.0, quantity: int = 100) -> PositionKey:
    """Hold a position whose tracked stop stands at the broker."""
    key = desk.hold(quantity=quantity)
    desk.start()
    desk.commit(key, stop(at))
    desk.pass_time()
    assert [(order.quantity, order.trigger) for order in desk.broker.standing()] == [(abs(quantity), at)]
    return key


def growing(desk: Desk) -> tuple[PositionKey, list[Order]]:
    """Let a protected position grow until its stop is changed; return the book from before that, too."""
    key = protected(desk)
    desk.commit(key, add(25))
    before: list[Order] = []
    while not desk.broker.changes:
        before = list(desk.broker.book)
        desk.pass_time()
    return key, before


def exposure(desk: Desk, key: PositionKey) -> int:
    """What all live closing orders together may still fill."""
    side = SELL if desk.broker.net(key) >= 0 else BUY
    return sum(order.quantity - order.filled for order in desk.broker.book if not order.ended and order.side == side)


def test_a_tracked_stop_stands_at_the_broker_with_its_own_tag(desk: Desk) -> None:
    protected(desk)
    row = desk.row(RULE)
    assert (row["kind"], row["side"], row["quantity"], row["end"]) == ("protect", "SELL", 100, None)
    assert row["attempts"][0]["tag"] == desk.broker.standing()[0].tag
    assert "stop_standing" in desk.names()
    assert desk.executor.next_due() is None or desk.executor.next_due() > desk.clock.now(), "it asks for no looks"
    desk.pass_time()
    assert desk.executor.next_due() is None


def test_the_status_shows_what_stands(desk: Desk) -> None:
    protected(desk)
    found = status(desk.journal.entries())
    assert [(row["symbol"], row["quantity"], row["stop"]) for row in found["standing"]] == [("KOTAKBANK", 100, 1650.0)]
    assert found["waiting"] == []


def test_off_by_default(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    key = desk.hold()
    desk.start()
    desk.commit(key, stop(165_000.0))
    desk.pass_time()
    assert desk.broker.stops == []
    desk.die()


def test_one_that_was_switched_off_is_taken_back(desk: Desk) -> None:
    protected(desk)
    desk.stops = None
    desk.restart()
    desk.pass_time()
    desk.pass_time()
    assert desk.broker.standing() == []
    assert desk.row(RULE)["end"] == "cancelled"


def test_it_moves_with_the_tracked_stop_not_more_often_than_set(desk: Desk) -> None:
    key = protected(desk)
    for paise in (166_000.0, 166_500.0, 167_000.0):
        desk.commit(key, stop(paise, rule=f"R{paise:.0f}"))
        desk.pass_time()
    assert [trigger for _, _, trigger in desk.broker.changes] == [166_000.0]
    for _ in range(12):
        desk.pass_time()
    assert desk.broker.standing()[0].trigger == 167_000.0
    assert len(desk.broker.changes) == 2
    assert len(desk.broker.stops) == 1


def test_a_trigger_is_on_the_tick_and_no_later_than_the_tracked_stop(desk: Desk) -> None:
    from rulekit.model.instrument import Instrument

    desk.broker.listed[KOTAK] = Instrument("NSE", "KOTAKBANK", tick=5.0)
    key = desk.hold()
    short = desk.hold("WIPRO", -10, 30_000.0)
    desk.start()
    desk.commit(key, stop(165_001.0))
    desk.commit(short, stop(31_002.0))
    desk.pass_time()
    assert {order.symbol: order.trigger for order in desk.broker.standing()} == {
        "KOTAKBANK": 165_005.0, "WIPRO": 31_000.0,
    }  # fmt: skip


def test_after_so_many_changes_it_is_taken_back_and_placed_anew(desk: Desk) -> None:
    desk.settings = evolve(desk.settings, changes_per_order=5)
    key = protected(desk)
    for number in range(1, 9):
        desk.commit(key, stop(165_000.0 + 100 * number, rule=f"R{number}"))
        for _ in range(13):
            desk.pass_time()
            assert len(desk.broker.standing()) <= 1
    assert desk.broker.standing()[0].trigger == 165_800.0
    assert len(desk.broker.stops) >= 2
    assert (
        max(sum(order_id == order.order_id for order_id, _, _ in desk.broker.changes) for order in desk.broker.book)
        <= 4
    )


def test_an_exit_waits_until_the_stop_is_gone(desk: Desk) -> None:
    key = protected(desk)
    desk.broker.ignore_cancel = True
    desk.commit(key, exit_all())
    for _ in range(3):
        desk.pass_time()
        assert exposure(desk, key) == 100
    assert desk.broker.requests == [], "nothing is sent while the stop may fill"
    desk.broker.ignore_cancel = False
    for _ in range(8):
        desk.pass_time()
    assert desk.row("Square off")["end"] == "filled"
    assert desk.broker.net(key) == 0
    assert desk.broker.standing() == []


def test_an_exit_goes_out_with_the_first_look_after_the_cancellation(desk: Desk) -> None:
    key = protected(desk)
    desk.commit(key, exit_all())
    assert len(desk.broker.cancelled) == 1, "at once"
    due = desk.executor.next_due()
    assert due is not None and due - desk.clock.now() <= SECOND // 5, "the look comes very soon"
    desk.pass_time(0.2)
    assert desk.row("Square off")["attempts"]
    desk.pass_time()
    assert (desk.row("Square off")["end"], desk.row(RULE)["end"]) == ("filled", "cancelled")


def test_a_book_makes_the_stop_smaller_first(desk: Desk) -> None:
    key = protected(desk)
    desk.clock.sleep(30)
    desk.commit(key, book(40))
    for _ in range(3):
        assert exposure(desk, key) <= desk.broker.net(key)
        desk.pass_time()
    assert desk.broker.net(key) == 60
    assert [(order.quantity, order.filled) for order in desk.broker.standing()] == [(60, 0)]
    assert len(desk.broker.stops) == 1, "it stayed in the market all the time"


@pytest.mark.parametrize("fate", ["refuse change", "ignore", "lost before", "lost after"])
def test_a_change_that_goes_wrong_is_no_reason_to_sell_too_much(desk: Desk, fate: str) -> None:
    key = protected(desk)
    desk.clock.sleep(30)
    desk.broker.stop_fates = [fate]
    desk.commit(key, book(40))
    for _ in range(40):
        assert exposure(desk, key) <= desk.broker.net(key)
        desk.pass_time()
    assert desk.broker.net(key) == 60
    assert [(order.quantity, order.trigger) for order in desk.broker.standing()] == [(60, 165_000.0)]


def test_a_change_that_comes_late_finds_its_stop_taken_back(desk: Desk) -> None:
    """After a lost change of an order no other one follows: the late one would undo it, and sell too much."""
    key = protected(desk)
    desk.broker.stop_fates = ["late:30"]
    desk.commit(key, add(25))
    for _ in range(13):
        desk.pass_time()
    assert desk.broker.changes[-1][1] == 125
    desk.clock.sleep(5)
    desk.commit(key, book(60))
    for _ in range(60):
        desk.clock.sleep(1)
        desk.broker.tick()
        assert exposure(desk, key) <= desk.broker.net(key)
        desk.executor.sync()
        desk.executor.drain()
    assert desk.broker.net(key) == 65
    assert [order.quantity for order in desk.broker.standing()] == [65]


def test_a_row_from_before_a_larger_change_makes_no_room(desk: Desk) -> None:
    """A book may be shown as it was twenty seconds ago; what a stop was changed to counts until it cannot be that."""
    key, before = growing(desk)
    desk.broker.old_book, desk.broker.ignore_cancel = before, True
    desk.commit(key, book(25))
    for _ in range(15):
        assert exposure(desk, key) <= desk.broker.net(key)
        desk.pass_time()
    desk.broker.old_book, desk.broker.ignore_cancel = None, False
    for _ in range(15):
        assert exposure(desk, key) <= desk.broker.net(key)
        desk.pass_time()
    assert desk.broker.net(key) == 100
    assert [order.quantity for order in desk.broker.standing()] == [100]


@pytest.mark.parametrize("fate", ["refuse change", "lost before", "lost after", "ignore"])
def test_a_change_that_goes_wrong_beside_an_old_row_leaves_what_was_known(desk: Desk, fate: str) -> None:
    """What stands is what the book showed before, not what an old look at it shows now."""
    key, before = growing(desk)
    for _ in range(12):
        desk.pass_time()
    assert desk.row(RULE)["quantity"] == 125
    desk.broker.old_book, desk.broker.ignore_cancel = before, True
    desk.pass_time()
    desk.broker.stop_fates = [fate]
    desk.commit(key, book(25))
    for _ in range(5):
        assert exposure(desk, key) <= desk.broker.net(key)
        desk.pass_time()
    desk.broker.old_book, desk.broker.ignore_cancel, desk.broker.stop_fates = None, False, []
    for _ in range(15):
        assert exposure(desk, key) <= desk.broker.net(key)
        desk.pass_time()
    assert desk.broker.net(key) == 100
    assert [order.quantity for order in desk.broker.standing()] == [100]


def test_after_a_restart_nobody_knows_what_an_old_row_may_show(desk: Desk) -> None:
    key, before = growing(desk)
    for _ in range(12):
        desk.pass_time()
    desk.restart()
    desk.broker.old_book, desk.broker.ignore_cancel = before, True
    desk.broker.stop_fates = ["lost before"]
    desk.commit(key, book(25))
    for _ in range(5):
        assert exposure(desk, key) <= desk.broker.net(key)
        desk.pass_time()
    assert len(desk.broker.changes) == 1, "it is taken back"


@pytest.mark.parametrize("fate", ["ignore", "lost before"])
def test_a_larger_change_that_never_comes_is_followed_by_a_stop_of_its_own(desk: Desk, fate: str) -> None:
    key = protected(desk)
    desk.broker.stop_fates = [fate]
    desk.commit(key, add(25))
    for _ in range(40):
        assert exposure(desk, key) <= desk.broker.net(key)
        desk.pass_time()
    assert [order.quantity for order in desk.broker.standing()] == [125]


def test_after_an_add_it_covers_all(desk: Desk) -> None:
    key = protected(desk)
    desk.commit(key, add(25))
    for _ in range(13):
        desk.pass_time()
    assert [order.quantity for order in desk.broker.standing()] == [125]
    assert desk.row(RULE)["quantity"] == 125


def test_a_stop_that_filled_is_the_exit_of_the_position(desk: Desk) -> None:
    key = protected(desk)
    desk.broker.trigger(desk.broker.standing()[0].order_id)
    desk.pass_time()
    assert desk.executor.positions() == ()
    assert (desk.row(RULE)["end"], desk.row(RULE)["filled"]) == ("filled", 100)
    assert "position_closed" in desk.names()
    assert desk.executor.mode == "active"
    desk.come_to_rest()
    assert desk.broker.net(key) == 0


def test_an_own_exit_lets_a_stop_that_is_being_triggered_finish(desk: Desk) -> None:
    """The price has come to the stop: the broker's order is faster than taking it back and sending another."""
    key = protected(desk)
    desk.executor.observe(KOTAK, Quote(164_900.0, desk.clock.now()))
    desk.commit(key, exit_all(rule="stop"))
    assert desk.broker.cancelled == []
    desk.broker.trigger(desk.broker.standing()[0].order_id)
    desk.pass_time(0.3)
    assert desk.row("stop")["end"] == "superseded"
    assert desk.broker.requests == []
    assert desk.broker.net(key) == 0


def test_a_stop_that_the_broker_does_not_trigger_is_taken_back_for_the_own_exit(desk: Desk) -> None:
    key = protected(desk)
    desk.executor.observe(KOTAK, Quote(164_900.0, desk.clock.now()))
    desk.commit(key, exit_all(rule="stop"))
    for _ in range(10):
        desk.pass_time(0.3)
    assert desk.row("stop")["end"] == "filled"
    assert desk.broker.net(key) == 0


@pytest.mark.parametrize("filled", [0, 30])
def test_a_triggered_stop_that_rests_is_chased_by_an_own_exit(desk: Desk, filled: int) -> None:
    key = protected(desk)
    desk.broker.trigger(desk.broker.standing()[0].order_id, filled)
    for _ in range(10):
        desk.pass_time()
        assert exposure(desk, key) <= max(0, desk.broker.net(key))
    assert desk.broker.net(key) == 0
    assert (desk.row(RULE)["kind"], desk.row(RULE)["filled"]) == ("exit", 100 - filled)


def test_a_position_closed_by_hand_takes_its_stop_along(desk: Desk) -> None:
    key = protected(desk)
    desk.broker.trade(KOTAK, "MIS", SELL, 100, 169_000.0)
    desk.pass_time()
    desk.pass_time()
    assert desk.broker.standing() == []
    desk.broker.trade(KOTAK, "MIS", SELL, 50, 169_000.0)
    desk.pass_time()
    assert desk.broker.standing() == [], "the new episode has no stop yet"
    desk.commit(key, stop(172_000.0))
    desk.pass_time()
    assert [(order.side, order.quantity) for order in desk.broker.standing()] == [("BUY", 50)]


def test_a_position_made_smaller_by_hand_makes_its_stop_smaller(desk: Desk) -> None:
    protected(desk)
    desk.clock.sleep(30)
    desk.broker.trade(KOTAK, "MIS", SELL, 70, 169_000.0)
    desk.pass_time()
    desk.pass_time()
    assert [order.quantity for order in desk.broker.standing()] == [30]


@pytest.mark.parametrize("fate", ["lost before", "lost after"])
def test_a_stop_of_unknown_fate_is_settled_before_anything_is_closed(desk: Desk, fate: str) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.stop_fates = [fate]
    desk.commit(key, stop(165_000.0))
    desk.executor.drain()
    desk.commit(key, exit_all())
    assert desk.broker.requests == []
    for _ in range(200):
        assert exposure(desk, key) <= max(0, desk.broker.net(key))
        desk.pass_time()
    assert desk.broker.net(key) == 0
    assert desk.row("Square off")["end"] == "filled"
    assert len(desk.broker.stops) == 1


def test_a_stop_that_arrives_after_it_was_given_up_is_taken_back(desk: Desk) -> None:
    desk.settings = ExecutionSettings(quarantine_s=20.0)
    desk.hold()
    key = desk.hold("WIPRO", 10, 30_000.0)
    desk.start()
    desk.broker.stop_fates = ["late:60"]
    desk.commit(key, stop(29_000.0))
    for _ in range(50):
        desk.pass_time()
    assert len(desk.broker.standing()) == 1, "the second"
    for _ in range(20):
        desk.pass_time()
    assert [order.tag for order in desk.broker.standing()] == [desk.broker.stops[1].tag]
    assert any("arrived after it had been given up" in text for text in desk.alerts())


def test_nothing_is_bought_while_the_fate_of_a_stop_is_unknown(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.stop_fates = ["lost before"]
    desk.commit(key, stop(165_000.0))
    desk.executor.drain()
    assert desk.position(key).frozen
    desk.commit(key, add(25))
    for _ in range(100):
        desk.pass_time()
    assert desk.broker.requests == []
    for _ in range(40):
        desk.pass_time()
    assert len(desk.broker.requests) == 1


def test_refusals_of_a_stop_are_told_and_keep_no_exit_from_being_sent(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.stop_fates = ["refuse", "reject"] * 10
    desk.commit(key, stop(165_000.0))
    for _ in range(120):
        desk.pass_time()
    assert len(desk.broker.stops) == desk.settings.max_tries
    assert sum("no stop stands at the broker" in text for text in desk.alerts()) == 1
    assert desk.executor.mode == "active"
    desk.commit(key, exit_all())
    desk.pass_time()
    assert desk.row("Square off")["end"] == "filled"


def test_a_restart_finds_its_stop_again(desk: Desk) -> None:
    key = protected(desk)
    desk.restart()
    for _ in range(5):
        desk.pass_time()
    assert len(desk.broker.stops) == 1
    desk.commit(key, stop(166_000.0, rule="R2"))
    for _ in range(12):
        desk.pass_time()
    assert desk.broker.standing()[0].trigger == 166_000.0


def test_the_next_morning_it_is_placed_anew(desk: Desk) -> None:
    protected(desk)
    next_morning(desk)
    for _ in range(4):
        desk.pass_time()
    assert [(order.quantity, order.trigger) for order in desk.broker.standing()] == [(100, 165_000.0)]
    assert len(desk.broker.stops) == 2


def test_a_halt_leaves_it_and_exit_everything_takes_it_back_first(desk: Desk) -> None:
    key = protected(desk)
    desk.executor.halt("lunch")
    for _ in range(5):
        desk.pass_time()
    assert len(desk.broker.standing()) == 1
    desk.executor.halt("out", exit_everything=True)
    for _ in range(10):
        assert exposure(desk, key) <= max(0, desk.broker.net(key))
        desk.pass_time()
    assert desk.broker.net(key) == 0
    assert desk.broker.standing() == []


def test_a_dry_run_sends_no_stop_and_takes_none_back(desk: Desk) -> None:
    protected(desk)
    desk.die()
    desk.dry_run = True
    desk.start()
    desk.broker.trade(KOTAK, "MIS", SELL, 100, 169_000.0)
    for _ in range(5):
        desk.pass_time()
    assert len(desk.broker.standing()) == 1


def test_an_add_that_still_rests_is_no_room_for_the_stop_of_an_opposite_position(desk: Desk) -> None:
    """The trader has turned the position by hand: what was to make the old one larger now makes this one smaller."""
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["rest"]
    desk.commit(key, add(25))
    desk.broker.trade(KOTAK, "MIS", SELL, 160, 169_000.0)
    desk.pass_time()
    assert desk.position(key).side * desk.position(key).quantity == -60
    desk.commit(key, stop(172_000.0))
    for _ in range(5):
        resting = [order for order in desk.broker.book if not order.ended and order.side == BUY]
        assert sum(order.quantity - order.filled for order in resting) <= 60
        desk.pass_time()
    desk.come_to_rest(120)
    assert [order.quantity for order in desk.broker.standing()] == [60], "once the add is gone, all is protected"


def test_what_one_order_cannot_carry_is_told_once(desk: Desk) -> None:
    from rulekit.model.instrument import Instrument

    desk.broker.listed[KOTAK] = Instrument("NSE", "KOTAKBANK", freeze=60)
    key = desk.hold()
    desk.start()
    desk.commit(key, stop(165_000.0))
    for _ in range(5):
        desk.pass_time()
    assert desk.broker.stops == []
    assert sum("more than one order may carry" in text for text in desk.alerts()) == 1


def test_a_broker_that_takes_no_stops_says_so(tmp_path: Path) -> None:
    from rulekit.execution.executor import Executor

    desk = Desk(tmp_path)
    desk.start()

    class Plain:
        name, account = "plain", "paper"

        def cancel(self, order_id: str) -> None:
            raise AssertionError

    with pytest.raises(UsageError, match="takes no stop orders"):
        Executor(
            broker=Plain(),
            journal=desk.journal,
            clock=desk.clock,
            session=lambda *unused: None,
            stops=AT_BROKER,  # type: ignore[arg-type]
        )
    desk.die()


def test_budgets_keep_a_slot_for_exits(desk: Desk) -> None:
    """A stop that trails all the time uses no slot that an exit may need."""
    desk.settings = evolve(desk.settings, per_minute=20)
    desk.stops = evolve(AT_BROKER, every_s=0.0)
    key = protected(desk)
    for number in range(1, 50):
        desk.commit(key, stop(165_000.0 + 5 * number, rule=f"R{number}"))
        desk.pass_time(0.5)
    assert len(desk.broker.posts) == 12, "of 18 in a minute the reserve is left"
    desk.commit(key, exit_all())
    desk.pass_time()
    desk.pass_time()
    assert desk.row("Square off")["end"] == "filled"


@pytest.mark.parametrize("seed", range(6))
def test_never_through_zero_and_never_two_stops(tmp_path: Path, seed: int) -> None:
    """A harsh hour: lost answers, refused changes, triggers, trades of policy and trader, deaths of the process."""
    draw = random.Random(seed)
    desk = Desk(tmp_path, stops=AT_BROKER, settings=ExecutionSettings(quarantine_s=20.0))
    key = desk.hold(quantity=300)
    fates = ["stand", "change", "refuse", "refuse change", "ignore", "reject", "lost before", "lost after", "not sent"]
    desk.broker.fate_of = lambda request, number: draw.choice(
        ["fill", "fill", "rest", "part:7", "lost after", "lost before", "refuse", "reject"]
    )
    desk.broker.lag_s = draw.choice([0.0, 0.0, 3.0])
    desk.start()
    level = 160_000.0
    for step in range(160):
        desk.broker.stop_fates = [draw.choice(fates)] if draw.random() < 0.3 else []
        desk.broker.ignore_cancel = draw.random() < 0.3
        chance = draw.random()
        held = next(iter(desk.executor.positions()), None)
        if held is not None and not held.in_flight:
            if chance < 0.15:
                level += 50
                desk.commit(key, stop(level, rule=f"S{step}"))
            elif chance < 0.25 and held.quantity > 10:
                desk.commit(key, book(held.quantity // 2, rule=f"B{step}"))
            elif chance < 0.3:
                desk.commit(key, add(20, rule=f"A{step}"))
            elif chance < 0.33:
                desk.commit(key, exit_all(held.quantity, rule=f"X{step}"))
        standing = desk.broker.standing()
        if chance > 0.97 and standing:
            desk.broker.trigger(standing[0].order_id, draw.choice([0, None, 1]))
        elif 0.95 < chance < 0.955:
            desk.restart()
        elif (
            held is None
            and chance > 0.5
            and not standing
            and desk.broker.net(key) == 0
            and not desk.executor.pending_management_actions
        ):
            desk.broker.trade(KOTAK, "MIS", BUY, 260, 169_000.0)
            level = 160_000.0
        desk.pass_time(draw.choice([0.3, 1.0, 3.0]))
        assert len(desk.broker.standing()) <= 1
        assert exposure(desk, key) <= max(0, desk.broker.net(key)), (seed, step)
        net = 0
        for trade in desk.broker.done:
            net += SIGN[trade.side] * trade.quantity
            assert net >= 0, (seed, step)
    desk.die()


def test_a_host_s_own_order_against_the_position_waits_until_the_stop_made_room(desk: Desk) -> None:
    key = protected(desk)
    desk.executor.submit_regular(RegularSignal("R1", key, SELL, 40, 170_000.0))
    desk.executor.drain()
    assert [request for request in desk.broker.requests if request.side == SELL] == []
    for _ in range(5):
        desk.pass_time()
        assert exposure(desk, key) <= max(0, desk.broker.net(key))
    assert desk.broker.net(key) == 60
    assert [order.quantity for order in desk.broker.standing()] == [60]


def test_no_stop_is_placed_beside_a_host_s_own_order_against_the_position(desk: Desk) -> None:
    key = desk.hold(quantity=100)
    desk.start()
    desk.broker.fates = ["rest"]
    desk.executor.submit_regular(RegularSignal("R1", key, SELL, 40, 170_000.0))
    desk.executor.drain()
    desk.commit(key, stop(165_000.0))
    for _ in range(3):
        desk.pass_time()
        assert exposure(desk, key) <= 100

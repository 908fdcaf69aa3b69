"""Guards: each refuses what it is for, says so with figures, and none shuts an exit in for its size or price."""

from __future__ import annotations

from typing import Any

import pytest

from rulekit.execution.guards import GUARDS, Question, refusal
from rulekit.execution.settings import ExecutionSettings
from rulekit.execution.switch import ACTIVE, EXIT_EVERYTHING, HALTED, REDUCING, Mode
from rulekit.model.decision import ADD, BOOK, EXIT
from rulekit.model.instant import HOUR, MINUTE, SECOND, parse_instant
from rulekit.model.instrument import Instrument, InstrumentKey, PositionKey
from rulekit.model.orders import BUY
from rulekit.model.prices import UNKNOWN
from tests.execution.scripted import START, Desk, add, book, exit_all, session

LIMITED = ExecutionSettings(
    order_max_quantity=200,
    order_max_value=1_000_000.0,
    day_max_orders=5,
    day_max_value=2_000_000.0,
    position_max_quantity=300,
    position_max_value=1_500_000.0,
)


def question(**changes: Any) -> Question:
    case: dict[str, Any] = {
        "key": PositionKey("paper", "NSE", "KOTAKBANK", "MIS"),
        "kind": ADD,
        "rule": "Scale",
        "quantity": 100,
        "price": 200_000.0,
        "now": START,
        "mode": Mode(ACTIVE),
        "session": session("NSE", START),
        "instrument": Instrument("NSE", "KOTAKBANK"),
        "held": 100,
        "original": 100,
        "refusals": 0,
        "last_close": 199_000.0,
        "orders_today": 0,
        "value_today": 0.0,
        "settings": LIMITED,
    }
    return Question(**(case | changes))


def test_an_ordinary_add_passes() -> None:
    assert refusal(question()) is None


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("trading state", {"mode": Mode(REDUCING, "day loss")}, "the engine is reducing: day loss"),
    ("trading state", {"mode": Mode(HALTED, "news"), "kind": EXIT}, "the engine is halted: news"),
    ("session", {"session": None}, "NSE has no session now"),
    ("session", {"now": parse_instant("2026-11-20T15:30:00+05:30"), "kind": EXIT}, "closed"),
    ("session", {"now": parse_instant("2026-11-20T09:14:59+05:30"), "kind": EXIT}, "closed"),
    ("square-off", {"now": parse_instant("2026-11-20T15:20:00+05:30"), "kind": EXIT}, "10 minutes before the close"),
    ("refusals", {"refusals": 5, "kind": EXIT}, "5 orders in a row"),
    ("add size", {"quantity": 101}, "more than 100% of 100"),
    ("position size", {"held": 250}, "would be 350, more than 300"),
    ("position size", {"quantity": 90, "held": 150, "price": 700_000.0, "last_close": UNKNOWN}, "would be worth"),
    ("order size", {"quantity": 201, "original": 400, "held": 1}, "an order of 201 is more than 200"),
    ("order size", {"quantity": 51, "held": 1, "price": 2_000_001.0, "last_close": UNKNOWN}, "an order worth"),
    ("day's orders", {"orders_today": 5}, "5 orders were sent today"),
    ("day's orders", {"value_today": 1_900_000.0}, "today's orders would be worth"),
    ("price", {"price": UNKNOWN}, "unknown"),
    ("price", {"price": 0.0}, "unknown"),
    ("price", {"instrument": Instrument("NSE", "KOTAKBANK", upper=199_999.0)}, "beyond the circuit"),
    ("price", {"instrument": Instrument("NSE", "KOTAKBANK", lower=200_001.0)}, "beyond the circuit"),
    ("price", {"last_close": 159_000.0}, "25% from the last close"),
]


@pytest.mark.parametrize(("guard", "changes", "words"), REFUSED, ids=lambda value: str(value)[:30])
def test_each_guard_refuses_what_it_is_for(guard: str, changes: dict[str, Any], words: str) -> None:
    case = question(**changes)
    why = GUARDS[guard](case)
    assert why is not None and words in why
    # With unknown prices a value is unknown too: several guards may speak, never none.
    assert refusal(case) is not None


@pytest.mark.parametrize("kind", [EXIT, BOOK])
def test_no_exit_and_no_book_is_refused_for_size_value_number_or_price(kind: str) -> None:
    case = question(
        kind=kind,
        quantity=10**9,
        price=UNKNOWN,
        held=10**9,
        orders_today=10**6,
        value_today=1e15,
        mode=Mode(REDUCING, "day loss"),
        instrument=Instrument("NSE", "KOTAKBANK", upper=1.0),
    )
    assert refusal(case) is None


def test_a_halt_passes_only_what_it_ordered() -> None:
    mode = Mode(HALTED, "kill", flatten=True)
    assert refusal(question(kind=EXIT, rule=EXIT_EVERYTHING, mode=mode)) is None
    assert refusal(question(kind=EXIT, rule="stop", mode=mode)) is not None
    assert refusal(question(kind=EXIT, rule=EXIT_EVERYTHING, mode=Mode(HALTED, "kill"))) is not None


def test_delivery_is_not_squared_off() -> None:
    late = parse_instant("2026-11-20T15:25:00+05:30")
    assert refusal(question(kind=EXIT, now=late, key=PositionKey("paper", "NSE", "KOTAKBANK", "CNC"))) is None


def test_a_refusal_is_one_action_with_the_figures_and_is_not_repeated_each_cycle(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    for _ in range(5):
        desk.commit(key, add(150))
        desk.pass_time(10)
    (row,) = desk.rows()
    assert row["end"] == "refused"
    assert row["reason"] == "refused by guard (add size): an add of 150 is more than 100% of 100"
    assert desk.broker.requests == []
    assert "Scale" not in desk.position(key).memory
    desk.commit(key, add(100))
    desk.pass_time()
    assert desk.row("Scale")["end"] == "filled"


def test_outside_the_session_nothing_is_sent(desk: Desk) -> None:
    key = desk.hold()
    desk.clock.move_to(parse_instant("2026-11-20T15:31:00+05:30"))
    desk.start()
    desk.commit(key, exit_all())
    assert desk.broker.requests == []
    assert desk.row("Square off")["reason"].startswith("refused by guard (session)")


def test_an_action_that_waited_past_the_square_off_is_not_sent(desk: Desk) -> None:
    key = desk.hold()
    desk.clock.move_to(parse_instant("2026-11-20T15:19:00+05:30"))
    desk.start()
    desk.broker.fates = ["not sent"]
    desk.commit(key, exit_all())
    desk.pass_time(MINUTE / 1_000_000 + 1)
    assert desk.row("Square off")["reason"].startswith("refused by guard (square-off)")
    assert desk.broker.requests == []


def test_after_refusals_in_a_row_nothing_more_is_sent_until_a_person_resumes(desk: Desk) -> None:
    key, other = desk.hold(), desk.hold("WIPRO")
    desk.start()
    desk.broker.fates = ["refuse for good"] * 5
    for number in range(5):
        desk.commit(key, book(10, rule=f"target {number}"))
        desk.pass_time()
    assert not desk.position(key).frozen, "it is decided on, and a guard refuses what would be sent"
    desk.commit(key, exit_all())
    assert desk.row("Square off")["reason"].startswith("refused by guard (refusals)")
    desk.commit(other, exit_all())
    desk.pass_time()
    assert desk.broker.net(other) == 0
    desk.executor.resume("RESUME")
    desk.commit(key, exit_all(rule="again"))
    desk.pass_time()
    assert desk.broker.net(key) == 0


def test_the_circuit_does_not_stop_an_exit(desk: Desk) -> None:
    key = desk.hold()
    desk.broker.listed[key.instrument] = Instrument("NSE", "KOTAKBANK", upper=1.0)
    desk.start()
    desk.commit(key, exit_all())
    assert len(desk.broker.requests) == 1


def test_caps_of_one_order_slice_an_exit(desk: Desk) -> None:
    key = desk.hold()
    desk.settings = ExecutionSettings(order_max_quantity=40)
    desk.start()
    desk.commit(key, exit_all())
    desk.come_to_rest(30)
    assert [request.quantity for request in desk.broker.requests] == [40, 40, 20]
    assert desk.row("Square off")["end"] == "filled"


def test_after_refusals_in_a_row_a_person_is_called_and_exits_end_as_refused_by_guard(desk: Desk) -> None:
    """Nothing more is sent, and nothing is silent: the stop that is reached meanwhile is decided and says so."""
    key = desk.start().hold()
    desk.pass_time()
    desk.broker.fates = ["refuse"] * 5
    desk.commit(key, book())
    desk.come_to_rest(120)
    assert desk.row("First target")["end"] == "refused"
    assert [text for text in desk.alerts() if "until a person looks" in text], desk.alerts()
    assert not desk.position(key).in_flight
    for _ in range(3):
        desk.commit(key, exit_all(rule="stop", lane="critical"))
        desk.pass_time()
    stops = [row for row in desk.rows() if row["rule"] == "stop"]
    assert [row["reason"] for row in stops] == [
        "refused by guard (refusals): 5 orders in a row were refused for KOTAKBANK"
    ]
    assert len(desk.broker.requests) == 5
    desk.executor.resume("RESUME")
    desk.commit(key, exit_all(rule="stop", lane="critical"))
    desk.come_to_rest(30)
    assert desk.broker.net(key) == 0


def test_an_exit_that_the_close_cuts_off_calls_a_person(desk: Desk) -> None:
    """It rested until the exchange closed: its end says so, and the alert says how much is done."""
    desk.clock.move_to(START + 5 * HOUR + 29 * MINUTE + 58 * SECOND)  # two seconds before the close
    kotak = InstrumentKey("NSE", "KOTAKBANK")
    desk.broker.prices[kotak] = 169_000.0
    desk.broker.trade(kotak, "NRML", BUY, 100, 169_000.0)
    key = PositionKey("paper", "NSE", "KOTAKBANK", "NRML")
    desk.start().pass_time(0)
    desk.broker.fates = ["part:30"]
    desk.commit(key, exit_all())
    desk.come_to_rest(20)
    row = desk.row("Square off")
    assert (row["end"], row["filled"]) == ("refused", 30)
    assert any("is not finished, 30 of 100 filled: NSE is closed now" in text for text in desk.alerts())

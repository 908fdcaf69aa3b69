"""Faults that are switched on: lost answers, late orders, lags, failed readings; all drawn from the seed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from rulekit.broker.paper_faults import draw, fate_of
from rulekit.broker.paper_settings import PaperSettings
from rulekit.errors import InputError, ReadFailedError
from rulekit.model.instant import SECOND
from rulekit.model.instrument import InstrumentKey
from rulekit.model.orders import REJECTED, Accepted, NotSent, Refused, Uncertain
from tests.broker.bench import KEY, PRICE, START, PaperBench

SHARES = {"refuse": 0.1, "not_sent": 0.1, "lost_before": 0.1, "lost_after": 0.1, "late": 0.1}


@pytest.mark.parametrize(
    ("fault", "answer", "orders"),
    [("refuse", Refused, 0), ("not_sent", NotSent, 0), ("lost_before", Uncertain, 0), ("lost_after", Uncertain, 1)],
)
def test_each_fault_is_what_it_says(fault: str, answer: type, orders: int) -> None:
    bench = PaperBench(**{fault: 1.0})
    assert isinstance(bench.place(), answer)
    bench.wait(1)
    assert len(bench.broker.orders()) == len(bench.broker.trades()) == orders


def test_lost_before_and_lost_after_sound_the_same() -> None:
    assert PaperBench(lost_before=1).place() == PaperBench(lost_after=1).place()


def test_a_late_order_appears_fills_and_cannot_be_cancelled_before() -> None:
    bench = PaperBench(late=1, late_max_s=90)
    assert isinstance(bench.place(), Uncertain)
    (true,) = bench.broker.true_orders()
    assert START < true.placed <= START + 90 * SECOND
    while bench.clock.now() < true.placed - SECOND:
        assert list(bench.broker.orders()) == list(bench.broker.trades()) == list(bench.broker.positions()) == []
        assert isinstance(bench.broker.cancel(true.order_id), Refused)
        bench.wait(1)
    bench.wait(2)
    assert (bench.only().tag, bench.only().filled) == ("T1", 10)


def test_a_late_order_meets_the_price_of_its_time() -> None:
    bench = PaperBench(late=1, late_max_s=90)
    bench.place(protection=5)
    (true,) = bench.broker.true_orders()
    bench.pass_time((true.placed - START) / SECOND - 0.5)
    bench.move(PRICE * 1.03)
    bench.pass_time(2)
    assert bench.broker.trades()[0].price == pytest.approx(PRICE * 1.03, rel=0.001)


def test_a_reject_comes_after_acceptance() -> None:
    bench = PaperBench(reject=1)
    assert isinstance(bench.place(), Accepted)
    assert not bench.only().ended
    bench.pass_time(1)
    assert (bench.only().status, bench.only().filled, bench.only().message) == (
        REJECTED,
        0,
        "rejected by the risk check",
    )


def test_positions_lag_and_trades_do_not() -> None:
    bench = PaperBench(position_lag_s=5)
    bench.place()
    bench.wait(4)
    assert len(bench.broker.trades()) == 1
    assert sum(row.quantity for row in bench.broker.positions()) == 0
    bench.wait(2)
    assert sum(row.quantity for row in bench.broker.positions()) == 10


def test_lost_cancels_leave_the_caller_in_doubt() -> None:
    ends = Counter()
    for seed in range(40):
        bench = PaperBench(rest=1, rest_ticks=2, cancel_lost=1, seed=seed)
        outcome = bench.place()
        assert isinstance(outcome, Accepted)
        bench.wait(1)
        assert isinstance(bench.broker.cancel(outcome.order_id), Uncertain)
        bench.wait(1)
        ends[bench.only().status] += 1
    assert set(ends) == {"OPEN", "CANCELLED"}
    assert min(ends.values()) > 8


def test_readings_fail_by_their_share_and_can_be_tried_again_at_once() -> None:
    bench, failed = PaperBench(read_fail=0.3), 0
    for _ in range(500):
        try:
            bench.broker.orders()
        except ReadFailedError:
            failed += 1
    assert 100 < failed < 200


def test_the_request_limits_are_kept_by_calendar_second_and_minute() -> None:
    bench = PaperBench(throttle=True)
    bench.pass_time(0.9)
    answers = [type(bench.place(f"T{n}")) for n in range(12)]
    assert answers == [Accepted] * 10 + [Refused] * 2
    bench.pass_time(0.2)
    assert isinstance(bench.place("NEXT"), Accepted)
    taken = 11
    for number in range(700):
        bench.pass_time(0.1)
        if bench.clock.now() >= START + 60 * SECOND:
            break
        taken += isinstance(bench.place(f"M{number}"), Accepted)
    assert 380 <= taken <= 400
    bench.wait(1)
    assert isinstance(bench.place("MINUTE"), Accepted)


def test_the_days_limit_is_final() -> None:
    bench = PaperBench(throttle=True, hours=False)
    for number in range(5000):
        if number % 5 == 0:
            bench.clock.sleep(1)
        bench.broker.cancel("1")
    bench.wait(1)
    answer = bench.place()
    assert answer == Refused("the day's limit of 5,000 orders is used up", again=False)


def test_fates_come_by_their_shares() -> None:
    settings = PaperSettings(**SHARES, reject=0.2, partial=0.3, rest=0.4)
    fates = [fate_of(settings, KEY, ordinal, 100, 1) for ordinal in range(4000)]
    answers = Counter(fate.answer for fate in fates)
    assert answers["accepted"] == pytest.approx(2000, rel=0.1)
    for name in ("refused", "not sent", "lost before", "lost after", "late"):
        assert answers[name] == pytest.approx(400, rel=0.2)
    for share, count in (
        (0.2, sum(fate.rejected for fate in fates)),
        (0.3, sum(len(fate.parts) > 1 for fate in fates)),
        (0.4, sum(fate.rest_ticks > 0 for fate in fates)),
    ):
        assert count == pytest.approx(4000 * share, rel=0.1)
    assert all(0 <= draw(7, number) < 1 for number in range(1000))


def test_instruments_have_fates_of_their_own() -> None:
    settings = PaperSettings(**SHARES)
    infy, sbin = (
        [fate_of(settings, InstrumentKey("NSE", symbol), ordinal, 1, 1).answer for ordinal in range(50)]
        for symbol in ("INFY", "SBIN")
    )
    assert infy != sbin


def test_a_fate_hangs_on_seed_instrument_and_number_alone(tmp_path: Path) -> None:
    def answers(path: Path | None, prefix: str, other_orders: bool, seed: int = 3) -> list[str]:
        bench = PaperBench(path, **SHARES, seed=seed)
        found = []
        for number in range(40):
            if other_orders:
                bench.move(PRICE, InstrumentKey("NSE", "SBIN"))
                bench.place(f"X{number}", symbol="SBIN")
            if path is not None and number % 7 == 0:
                bench.reopen()
                bench.move(PRICE)
            found.append(type(bench.place(f"{prefix}{number}")).__name__)
            bench.wait(1)
        return found

    plain = answers(None, "A", False)
    assert plain == answers(tmp_path / "one", "B", False) == answers(tmp_path / "two", "C", True)
    assert plain != answers(None, "A", False, seed=4)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"reject": 1.5}, "`reject` is `1.5`"),
        ({"late": -0.1}, "`late` is `-0.1`"),
        ({"read_fail": float("nan")}, "`read_fail` is `nan`"),
        ({"spread": -1}, "`spread` is `-1`"),
        ({"latency_ms": float("inf")}, "`latency_ms` is `inf`"),
        ({"parts": 0}, "`parts` is `0`"),
        ({"reject": True}, "`reject` is `True`"),
        ({"late": 0.6, "refuse": 0.6}, "add up to 1.2"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float], says: str) -> None:
    with pytest.raises(InputError, match=says.replace(".", r"\.")):
        PaperSettings(**wrong)  # type: ignore[arg-type]

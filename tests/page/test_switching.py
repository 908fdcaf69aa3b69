"""The switch in words: what each turn will do, which word confirms it, and what became of each instrument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from rulekit.errors import UsageError
from rulekit.execution.requests import HALT, REDUCE, RESUME
from rulekit.page.accounts import Engine, position_row, shown_id
from rulekit.page.switching import Turned, Wish, changes_nothing, outcome, plan, request_of, wish_of
from rulekit.runtime.shown import Seen
from tests.execution.scripted import Desk, add, exit_all, stop

HALTED, ALL_OUT = Wish("halted"), Wish("halted", exit_everything=True)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.die()


def rows(desk: Desk, **prices: float) -> list[Mapping[str, Any]]:
    """The positions as they are shown, with prices in rupees."""
    ledger, found = desk.executor._ledger, []
    for position in desk.executor.positions():
        row = position_row(position.key, ledger, None, None, Engine())
        assert row is not None
        found.append({**row, "price": prices.get(position.key.symbol)})
    return found


def said(desk: Desk, wish: Wish, **prices: float) -> str:
    return "\n".join(plan(desk.executor._ledger, wish, rows(desk, **prices)))


def test_a_halt_says_what_waits_what_rests_and_what_nobody_watches(desk: Desk) -> None:
    first, second, _ = desk.hold(), desk.hold("WIPRO", 50), desk.hold("TCS", -25)
    desk.start()
    desk.broker.fates = ["rest", "not sent"]
    desk.executor.commit([desk.decided(first, exit_all()), desk.decided(second, exit_all(50, rule="waits"))])
    text = said(desk, HALTED)
    assert "1 action that waits is cancelled: sell 50 WIPRO (waits)" in text
    assert "1 order on its way is cancelled at the broker, what was filled of it stays: sell 100 KOTAKBANK" in text
    assert "3 positions stay open and nothing watches them" in text
    text = said(desk, ALL_OUT)
    assert "then 3 positions are closed by the broker's own quantities: " in text
    assert "buy 25 TCS" in text
    assert "nothing watches them" not in text


def test_an_order_of_unknown_fate_is_named(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["lost before"]
    desk.commit(key, exit_all())
    assert "1 order of unknown fate stays as it is until it is settled" in said(desk, HALTED)


def test_reducing_says_which_adds_are_refused(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["not sent"]
    desk.commit(key, add(10))
    text = said(desk, Wish("reducing"))
    assert "1 add that waits is refused: buy 10 KOTAKBANK" in text
    assert "watched again" not in text


def test_after_a_halt_it_says_what_is_closed_at_once(desk: Desk) -> None:
    key, other = desk.hold(), desk.hold("WIPRO", -50, 24_000.0)
    desk.start()
    desk.commit(key, stop(168_000.0))
    desk.commit(other, stop(25_000.0))
    desk.executor.halt("news")
    text = said(desk, Wish("active"), KOTAKBANK=1679.0, WIPRO=249.0)
    assert "beyond their stop already, and so closed at once: KOTAKBANK (stop 1680.00, price 1679.00)" in text
    assert "WIPRO" not in text
    assert "none is beyond its stop" in said(desk, Wish("active"), KOTAKBANK=1681.0, WIPRO=249.0)
    assert "WIPRO (stop 250.00, price 251.00)" in said(desk, Wish("reducing"), KOTAKBANK=1681.0, WIPRO=251.0)


def test_nothing_changes_where_it_is_so_already(desk: Desk) -> None:
    desk.start()
    desk.executor.halt("news")
    assert said(desk, HALTED) == "the engine is halted already: nothing changes"
    assert "no position is held" in said(desk, ALL_OUT)


def test_a_resume_of_an_active_engine_lifts_refusals_in_a_row(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    assert said(desk, Wish("active")) == "the engine is active already: nothing changes"
    desk.broker.fate_of = lambda request, number: "refuse"
    for number in range(3):
        desk.commit(key, exit_all(rule=f"Out {number}"))
        desk.pass_time()
    ledger = desk.executor._ledger
    assert ledger.refusals and ledger.mode.name == "active"
    assert "refusals in a row are forgotten: KOTAKBANK may be traded again" in said(desk, Wish("active"))
    assert not changes_nothing(ledger, Wish("active"))
    desk.executor.resume("RESUME")
    assert changes_nothing(ledger, Wish("active"))


def test_a_plain_halt_does_not_promise_to_end_the_exits_of_another(desk: Desk) -> None:
    desk.hold()
    desk.start()
    desk.broker.fates = ["rest"]
    desk.executor.halt("news", exit_everything=True)
    desk.pass_time()
    text = said(desk, HALTED)
    assert text.startswith("the engine is halted already and closes every position: nothing changes")
    assert "stay open" not in text
    desk.executor.halt("once more", exit_everything=False)
    assert desk.executor._ledger.mode.flatten, "so it is: nothing changed"
    assert "that the halt ordered and that are not done are not sent any more" in said(desk, Wish("reducing"))


@pytest.mark.parametrize(
    ("wish", "word", "kind"),
    [
        (Wish("active"), "RESUME", RESUME),
        (Wish("reducing"), "REDUCE", REDUCE),
        (HALTED, "HALT", HALT),
        (ALL_OUT, "EXIT EVERYTHING", HALT),
    ],
)
def test_each_turn_has_its_word(wish: Wish, word: str, kind: str) -> None:
    assert wish.word == word
    for typed in ("", word.lower(), "HALT RESUME", "RESUM"):
        with pytest.raises(UsageError, match=f"type {word}|does not confirm"):
            request_of(wish, typed, "why")
    asked = request_of(wish, f" {word} ", " the news ")
    assert (asked.kind, asked.exit_everything) == (kind, wish.exit_everything)
    assert asked.reason == ("RESUME" if kind == RESUME else "the news")


def test_a_reason_is_a_line_of_bounded_length() -> None:
    assert request_of(HALTED, "HALT", "  the\nnews \t today ").reason == "the news today"
    assert len(request_of(HALTED, "HALT", "x" * 300).reason) == 300
    with pytest.raises(UsageError, match="the reason has 301 letters"):
        request_of(HALTED, "HALT", "x" * 301)


@pytest.mark.parametrize(("to", "all_out"), [("stopped", False), (None, False), ("active", True), ("reducing", "1")])
def test_other_wishes_are_refused(to: object, all_out: object) -> None:
    with pytest.raises(UsageError):
        wish_of(to, all_out)


def test_what_became_of_each_instrument(desk: Desk) -> None:
    first, second = desk.hold(), desk.hold("WIPRO", 50, 24_000.0)
    desk.start()
    desk.pass_time()
    ledger = desk.executor._ledger
    held = {shown_id(key): ledger.book(key).quantity for key in (first, second)}
    turned = Turned(ALL_OUT, "owner", desk.clock.now(), desk.journal.last_seq, held)
    desk.broker.fate_of = lambda request, number: "fill" if request.symbol == "WIPRO" else "rest"
    desk.executor.halt("news", exit_everything=True)
    for _ in range(3):
        desk.pass_time()
    found = {row["symbol"]: row for row in outcome(desk.executor._ledger, turned)}
    assert (found["WIPRO"]["was"], found["WIPRO"]["is"], found["WIPRO"]["state"]) == (50, 0, "flat")
    assert found["WIPRO"]["done"][0].endswith("sell 50 (the halt) filled")
    assert (found["KOTAKBANK"]["was"], found["KOTAKBANK"]["is"]) == (100, 100)
    assert found["KOTAKBANK"]["state"] == "under way"


def test_a_row_of_another_episode_has_no_price(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.pass_time()
    position = desk.position(key)
    seen = Seen(key, "another", "", 169_500.0, desk.clock.now(), None, {})  # type: ignore[arg-type]
    row = position_row(key, desk.executor._ledger, seen, None, Engine())
    assert row is not None
    assert row["price"] is None
    assert row["quantity"] == position.quantity

"""Every line that a person may see, letter by letter."""

from __future__ import annotations

import io
import math
from decimal import Decimal
from typing import Any

import pytest

from rulekit.model.events import EVENTS, Event
from rulekit.report.console import Console, render, shows_emoji
from rulekit.report.lines import FORMS, LINES

TITLE = "MarketMicrostructureEdge"
BOOK = "PARTIAL_PROFIT_BOOKING_50%"
ADD = "POSITION_SCALING_MOMENTUM"


def event(name: str, symbol: str = "", strategy: str = "", /, **data: Any) -> Event:
    return Event(name, 0, symbol, strategy, "A7", data)


GIVEN = [  # the lines that the log is held to, to the letter
    (
        event("cycle_evaluated", positions=6, exits=0),
        "🎯 MarketMicrostructureEdge: Actively managing 6 positions | Exits: 0 | Market conditions evaluated",
    ),
    (
        event("action_decided", "KOTAKBANK", kind="book", percent=50, profit=18.5, age=45.2, rule=BOOK),
        "💰 MarketMicrostructureEdge: KOTAKBANK - Booking 50% profits (P&L: 18.5%, Age: 45.2min)",
    ),
    (
        event("action_decided", "TATASTEEL", kind="add", quantity=23, momentum=3.2, rule=ADD),
        "📈 MarketMicrostructureEdge: TATASTEEL - Scaling position by 23 shares (momentum: 3.2%)",
    ),
    (
        event("signal_created", "KOTAKBANK", side="SELL", quantity=50, price=1998.5, rule=BOOK),
        "🎯 Created management signal: KOTAKBANK SELL 50 @ ₹1998.50 (PARTIAL_PROFIT_BOOKING_50%)",
    ),
    (
        event("action_executing", "KOTAKBANK", side="SELL", quantity=50, rule=BOOK),
        "🚀 Executing management action: KOTAKBANK SELL 50 (PARTIAL_PROFIT_BOOKING_50%)",
    ),
    (
        event("regular_bypassed", "KOTAKBANK", rule=BOOK, waiting=0, waited=0.0),
        "🎯 PRIORITY EXECUTION: Management action bypassing rate limits",
    ),
    (
        event("action_submitted", "KOTAKBANK", rule=BOOK, order_id="1", tag="RK1"),
        "✅ Management action submitted: KOTAKBANK PARTIAL_PROFIT_BOOKING_50%",
    ),
    (event("position_reduced", "KOTAKBANK", remaining=50), "📊 KOTAKBANK: Remaining position - 50 shares"),
    (
        event("position_scaled", "TATASTEEL", total=116, entry=158.25),
        "📊 TATASTEEL: Scaled position - 116 total shares, avg entry: ₹158.25",
    ),
    (
        event("stop_moved", "WIPRO", rule="STOP_LOSS_ADJUSTMENT", stop=245.5, was=238.2),
        "🛡️ Adjusted WIPRO stop loss to ₹245.50 (was ₹238.20)",
    ),
]

OURS = [
    (
        event("action_decided", "TCS", "Swing", kind="book", percent=100 / 3, profit=-0.62, age=None, rule="R"),
        "💰 Swing: TCS - Booking 33% at a loss (P&L: -0.62%, Age: overnight)",
    ),
    (
        event("action_decided", "TCS", kind="add", quantity=1, momentum=None, profit=5.04, age=12.0, rule="R"),
        "📈 MarketMicrostructureEdge: TCS - Scaling position by 1 share (P&L: 5.0%, Age: 12.0min)",
    ),
    (
        event("action_decided", "TCS", kind="exit", quantity=10, profit=1.0, age=360.0, rule="Square off"),
        "🚪 MarketMicrostructureEdge: TCS - Exiting 10 shares (P&L: 1.0%, Age: 360.0min)",
    ),
    (
        event("action_decided", "TCS", kind="exit", quantity=10, profit=-2.0, age=3.25, rule="stop"),
        "🛑 MarketMicrostructureEdge: TCS - Stop reached, exiting 10 shares (P&L: -2.0%, Age: 3.2min)",
    ),
    (
        event("action_decided", "TCS", kind="exit", quantity=10, profit=9.96, age=3.0, rule="target"),
        "🏁 MarketMicrostructureEdge: TCS - Target reached, exiting 10 shares (P&L: 10.0%, Age: 3.0min)",
    ),
    (event("action_decided", "TCS", kind="stop", rule="R"), None),
    (event("action_decided", "TCS", kind="target", rule="R"), None),
    (event("target_moved", "TCS", rule="R", target=1990.0, was=None), "🎯 Set TCS target at ₹1990.00"),
    (
        event("target_moved", "TCS", rule="R", target=1990.0, was=1950.5),
        "🎯 Adjusted TCS target to ₹1990.00 (was ₹1950.50)",
    ),
    (event("action_decided", "TCS", kind="alert", why="profit 20%, needs 15%"), None),
    (
        event("action_decided", "whole book", kind="exit everything", why="day loss ₹26,000, needs at least ₹25,000"),
        "🚨 MarketMicrostructureEdge: Whole book - Exiting everything (day loss ₹26,000, needs at least ₹25,000)",
    ),
    (
        event("action_decided", "whole book", kind="stop adding", why="open positions 8, needs at least 8"),
        "✋ MarketMicrostructureEdge: Whole book - Nothing is added any more today "
        "(open positions 8, needs at least 8)",
    ),
    (
        event("action_decided", "whole book", kind="stop trading", why="day loss ₹26,000, needs at least ₹25,000"),
        "🛑 MarketMicrostructureEdge: Whole book - Trading stops, positions only shrink "
        "(day loss ₹26,000, needs at least ₹25,000)",
    ),
    (event("alert", "TCS", text="TCS is up 20%", level="told"), "🔔 TCS: TCS is up 20%"),
    (
        event("regular_bypassed", "TCS", rule="R", waiting=3, waited=0.25),
        "🎯 PRIORITY EXECUTION: Management action bypassing rate limits "
        "(TCS R passed 3 waiting regular signals, waited 0.2s)",
    ),
    (event("action_filled", "TCS", rule="R", filled=10, average=3500.05), "✅ Filled: TCS 10 shares at ₹3500.05 (R)"),
    (event("action_partly_filled", "TCS", rule="R", filled=4, quantity=10), "⏳ Partly filled: TCS 4 of 10 shares (R)"),
    (event("action_refused", "TCS", rule="R", reason="no margin"), "⛔ Refused: TCS R - no margin"),
    (
        event("action_unknown", "TCS", rule="R", evidence="the answer was lost"),
        "❓ Unknown: TCS R - the answer was lost; nothing more is sent for TCS until it is settled",
    ),
    (event("action_settled", "TCS", rule="R", found="order 12 filled 10"), "🔎 Settled: TCS R - order 12 filled 10"),
    (
        event("action_parked", "TCS", rule="R", reason="no trace of the order"),
        "⚠️ Parked: TCS R - no trace of the order; look at the broker, then: rulekit settle A7",
    ),
    (event("action_superseded", "TCS", rule="R", reason="already flat"), "↩️ No longer needed: TCS R - already flat"),
    (event("action_cancelled", "TCS", rule="R", reason="halted"), "🚫 Cancelled: TCS R - halted"),
    (event("action_expired", "TCS", rule="R", reason="rested too long"), "⌛ Given up: TCS R - rested too long"),
    (
        event("action_rehearsed", "TCS", rule="R", side="SELL", quantity=10),
        "🎭 Dry run, not sent: TCS SELL 10 (R)",
    ),
    (event("action_queued", "TCS", rule="R", reason="no engine"), "⏳ Waiting: TCS R - no engine"),
    (
        event("order_resting", "TCS", rule="R", order_id="12", filled=0, quantity=10, step=2),
        "⏳ Resting: TCS R - order 12 has 0 of 10 shares, attempt 2",
    ),
    (
        event("position_opened", "TCS", side=-1, quantity=10, entry=Decimal("3500.00")),
        "📊 TCS: Opened position - short 10 shares, avg entry: ₹3500.00",
    ),
    (event("position_closed", "TCS", profit=-120.5), "📊 TCS: Closed position - loss ₹120.50"),
    (event("position_closed", "TCS", profit=0), "📊 TCS: Closed position - profit ₹0.00"),
    (
        event("stop_standing", "TCS", rule="R", order_id="12", stop=3400.0, quantity=10, moved=False),
        "⚓ Stop at the broker: TCS 10 shares at ₹3400.00",
    ),
    (
        event("stop_standing", "TCS", rule="R", order_id="12", stop=3410.0, quantity=10, moved=True),
        "⚓ Stop at the broker moved: TCS 10 shares at ₹3410.00",
    ),
    (
        event("stop_withdrawn", "TCS", rule="R", reason="nothing is left for it to close"),
        "⚓ Stop at the broker taken back: TCS - nothing is left for it to close",
    ),
    (event("action_decided", "TCS", kind="protect", rule="R"), None),
    (event("stop_moved", "USDINR", rule="R", stop=83.2375, was=None), "🛡️ Set USDINR stop loss at ₹83.2375"),
    (
        event("rule_unknown", "TCS", rule="R", why="momentum is not known"),
        "❔ MarketMicrostructureEdge: TCS - R cannot be judged: momentum is not known",
    ),
    (
        event("rule_skipped", "TCS", rule="R", because="50% of 1 share is less than 1 share"),
        "⏭️ MarketMicrostructureEdge: TCS - R passed over: 50% of 1 share is less than 1 share",
    ),
    (event("price_stale", "TCS", seconds=6), "🕰️ TCS: Price is 6.0s old - nothing is decided on it"),
    (
        event("mismatch_found", "TCS", ours=10, broker=5, explained="sold by hand"),
        "⚠️ TCS: Position differs - ours 10, broker 5 (sold by hand)",
    ),
    (
        event("foreign_order_seen", "TCS", order_id="9", side="SELL", quantity=5),
        "👤 TCS: Order 9 is not ours - SELL 5 shares",
    ),
    (
        event("mode_changed", mode="halted", was="active", reason="day loss"),
        "🔴 Halted: nothing is sent (was active) - day loss",
    ),
    (
        event("mode_changed", mode="reducing", was="active", reason="stale feed"),
        "🟠 Reducing: only what makes a position smaller is sent (was active) - stale feed",
    ),
    (event("mode_changed", mode="active", was="halted", reason="by hand"), "🟢 Active again (was halted) - by hand"),
    (event("alert", "TCS", text="rests too long", level="warning"), "⚠️ TCS: rests too long"),
    (event("alert", text="token died", level="critical"), "🚨 token died"),
    (
        event("policy_reloaded", digest="0123456789abcdef", was="fedcba9876543210", difference="1 rule changed"),
        "🔄 Policy reloaded: 0123456789ab (was fedcba987654) - 1 rule changed",
    ),
    (
        event("policy_reloaded", path="b.policy", digest="0123456789abcdef", was="", difference="`exit at 3% loss`"),
        "🔄 Policy added: b.policy 0123456789ab - `exit at 3% loss`",
    ),
    (
        event("policy_reloaded", path="b.policy", digest="", was="fedcba9876543210", difference="`exit at 3% loss`"),
        "🔄 Policy taken away: b.policy fedcba987654 - `exit at 3% loss`",
    ),
    (
        event("policy_refused", path="my.policy", reason="my.policy:2: there is no verb: `5% loss`"),
        "⛔ Policy not taken, the one that runs stays: my.policy:2: there is no verb: `5% loss`",
    ),
    (
        event("policy_compared", path="my.policy", difference="later exit: long 100 at ₹500"),
        "🔄 my.policy: later exit: long 100 at ₹500",
    ),
    (event("alert_repeated", text="token died", level="critical", alarm="ABCDEF"), None),
    (event("price_stale", "TCS", seconds=None), "🕰️ TCS: No price has come yet - nothing is decided"),
    (event("recovered", settled=0, open=0), None),
    (event("recovered", settled=2, open=1), "♻️ Recovered from the journal: 2 settled, 1 still open"),
]


@pytest.mark.parametrize(("happened", "line"), GIVEN + OURS, ids=[happened.name for happened, _ in GIVEN + OURS])
def test_a_line_to_the_letter(happened: Event, line: str | None) -> None:
    assert render(happened, TITLE) == line


def test_every_event_and_every_form_has_a_line_and_is_tested() -> None:
    assert set(LINES) == set(EVENTS)
    assert set(FORMS) == {name for name, entry in LINES.items() if isinstance(entry, dict)}
    seen = {(happened.name, FORMS.get(happened.name, lambda data: "")(happened.data)) for happened, _ in GIVEN + OURS}
    expected = set()
    for name, entry in LINES.items():
        expected |= {(name, form) for form in entry} if isinstance(entry, dict) else {(name, "")}
    assert seen == expected


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_without_its_fields_never_raises(name: str) -> None:
    text = render(Event(name, 0))
    assert text is None or "{" not in text


def test_the_positions_own_strategy_stands_before_the_policys_title() -> None:
    assert (render(event("cycle_evaluated", "", "Swing", positions=1, exits=0), TITLE) or "").startswith(
        "🎯 Swing: Actively managing 1 position |"
    )
    assert (render(event("cycle_evaluated", positions=1, exits=0)) or "").startswith("🎯 Rulekit: ")


def test_what_is_no_number_is_unknown() -> None:
    text = render(event("signal_created", "TCS", side="BUY", quantity=1, price=math.nan, rule="R"))
    assert text == "🎯 Created management signal: TCS BUY 1 @ unknown (R)"


def stream(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")


def written(encoding: str, *events: Event) -> str:
    out = stream(encoding)
    console = Console(out, TITLE)
    for happened in events:
        console(happened)
    out.seek(0)
    return out.read()


def test_a_console_without_emoji_gets_plain_letters() -> None:
    for encoding in ("ascii", "cp1252", "cp437", "latin-1"):
        assert not shows_emoji(stream(encoding))
        text = written(encoding, *(happened for happened, _ in GIVEN))
        assert text.splitlines()[3] == f"SIGNAL: Created management signal: KOTAKBANK SELL 50 @ Rs 1998.50 ({BOOK})"
        assert text.splitlines()[9] == "STOP: Adjusted WIPRO stop loss to Rs 245.50 (was Rs 238.20)"
        assert text.isascii()


def test_plain_letters_hold_for_every_line() -> None:
    for happened, line in GIVEN + OURS:
        plain = render(happened, TITLE, emoji=False)
        assert (plain is None) == (line is None)
        assert plain is None or plain.isascii()


def test_names_that_the_console_lacks_are_substituted() -> None:
    assert written("ascii", event("position_reduced", "टाटा", remaining=1)) == (
        "POSITION: ????: Remaining position - 1 share\n"
    )


def test_a_message_cannot_break_a_line_or_steer_the_terminal() -> None:
    text = render(event("action_refused", "TCS", rule="R", reason="no\n\x1b[2Jmargin\r\x07 left"))
    assert text == "⛔ Refused: TCS R - no [2Jmargin left"


def test_a_broken_stream_stops_the_lines_and_nothing_else() -> None:
    out = stream("utf-8")
    out.close()
    console = Console(out, TITLE)
    console(GIVEN[0][0])
    console(GIVEN[0][0])
    assert console.failed is not None

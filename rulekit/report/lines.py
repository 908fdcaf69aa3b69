"""The table of console lines: what each event says in one line, with its emoji and with plain letters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from rulekit.model.decision import STOP_REACHED, TARGET_REACHED


class Line(NamedTuple):
    """One form of one event. The fields of `text` take the formats of `rulekit.report.figures`."""

    emoji: str
    word: str
    text: str


_MOMENT = "(P&L: {profit:percent}, Age: {age:minutes})"

LINES: dict[str, Line | dict[str, Line | None]] = {
    "cycle_evaluated": Line(
        "🎯",
        "PLAN",
        "{strategy}: Actively managing {positions:positions} | Exits: {exits} | Market conditions evaluated",
    ),
    "action_decided": {
        "book": Line("💰", "BOOK", "{strategy}: {symbol} - Booking {percent:share} profits " + _MOMENT),
        "book at a loss": Line("💰", "BOOK", "{strategy}: {symbol} - Booking {percent:share} at a loss " + _MOMENT),
        "add": Line(
            "📈", "ADD", "{strategy}: {symbol} - Scaling position by {quantity:shares} (momentum: {momentum:percent})"
        ),
        "add without momentum": Line(
            "📈", "ADD", "{strategy}: {symbol} - Scaling position by {quantity:shares} " + _MOMENT
        ),
        "exit": Line("🚪", "EXIT", "{strategy}: {symbol} - Exiting {quantity:shares} " + _MOMENT),
        "stop reached": Line("🛑", "STOP", "{strategy}: {symbol} - Stop reached, exiting {quantity:shares} " + _MOMENT),
        "target reached": Line(
            "🏁", "TARGET", "{strategy}: {symbol} - Target reached, exiting {quantity:shares} " + _MOMENT
        ),
        "protect": None,  # the line of `stop_standing` says it
        "target": None,  # and that of `target_moved`
        "stop": None,  # the line of `stop_moved` says it, with both prices
        "alert": None,  # the line of `alert` says it
        "exit everything": Line("🚨", "BOOK", "{strategy}: Whole book - Exiting everything ({why})"),
        "stop adding": Line("✋", "BOOK", "{strategy}: Whole book - Nothing is added any more today ({why})"),
        "stop trading": Line("🛑", "BOOK", "{strategy}: Whole book - Trading stops, positions only shrink ({why})"),
    },
    "signal_created": Line(
        "🎯", "SIGNAL", "Created management signal: {symbol} {side} {quantity} @ {price:money} ({rule})"
    ),
    "action_executing": Line("🚀", "SEND", "Executing management action: {symbol} {side} {quantity} ({rule})"),
    "regular_bypassed": {
        "alone": Line("🎯", "SEND", "PRIORITY EXECUTION: Management action bypassing rate limits"),
        "past others": Line(
            "🎯",
            "SEND",
            "PRIORITY EXECUTION: Management action bypassing rate limits "
            "({symbol} {rule} passed {waiting:signals}, waited {waited:seconds})",
        ),
    },
    "action_submitted": Line("✅", "OK", "Management action submitted: {symbol} {rule}"),
    "action_filled": Line("✅", "OK", "Filled: {symbol} {filled:shares} at {average:money} ({rule})"),
    "action_partly_filled": Line("⏳", "WAIT", "Partly filled: {symbol} {filled} of {quantity:shares} ({rule})"),
    "action_refused": Line("⛔", "REFUSED", "Refused: {symbol} {rule} - {reason}"),
    "action_unknown": Line(
        "❓", "UNKNOWN", "Unknown: {symbol} {rule} - {evidence}; nothing more is sent for {symbol} until it is settled"
    ),
    "action_settled": Line("🔎", "SETTLED", "Settled: {symbol} {rule} - {found}"),
    "action_parked": Line(
        "⚠️", "WARNING", "Parked: {symbol} {rule} - {reason}; look at the broker, then: rulekit settle {id}"
    ),
    "action_superseded": Line("↩️", "DROPPED", "No longer needed: {symbol} {rule} - {reason}"),
    "action_cancelled": Line("🚫", "CANCELLED", "Cancelled: {symbol} {rule} - {reason}"),
    "action_expired": Line("⌛", "EXPIRED", "Given up: {symbol} {rule} - {reason}"),
    "action_rehearsed": Line("🎭", "DRY RUN", "Dry run, not sent: {symbol} {side} {quantity} ({rule})"),
    "action_queued": Line("⏳", "WAIT", "Waiting: {symbol} {rule} - {reason}"),
    "order_resting": Line(
        "⏳", "WAIT", "Resting: {symbol} {rule} - order {order_id} has {filled} of {quantity:shares}, attempt {step}"
    ),
    "position_opened": Line(
        "📊", "POSITION", "{symbol}: Opened position - {side:side} {quantity:shares}, avg entry: {entry:money}"
    ),
    "position_reduced": Line("📊", "POSITION", "{symbol}: Remaining position - {remaining:shares}"),
    "position_scaled": Line(
        "📊", "POSITION", "{symbol}: Scaled position - {total:total shares}, avg entry: {entry:money}"
    ),
    "position_closed": Line("📊", "POSITION", "{symbol}: Closed position - {profit:gain}"),
    "stop_moved": {
        "moved": Line("🛡️", "STOP", "Adjusted {symbol} stop loss to {stop:money} (was {was:money})"),
        "first": Line("🛡️", "STOP", "Set {symbol} stop loss at {stop:money}"),
    },
    "target_moved": {
        "moved": Line("🎯", "TARGET", "Adjusted {symbol} target to {target:money} (was {was:money})"),
        "first": Line("🎯", "TARGET", "Set {symbol} target at {target:money}"),
    },
    "stop_standing": {
        "placed": Line("⚓", "STANDING", "Stop at the broker: {symbol} {quantity:shares} at {stop:money}"),
        "moved": Line("⚓", "STANDING", "Stop at the broker moved: {symbol} {quantity:shares} at {stop:money}"),
    },
    "stop_withdrawn": Line("⚓", "STANDING", "Stop at the broker taken back: {symbol} - {reason}"),
    "rule_unknown": Line("❔", "UNKNOWN", "{strategy}: {symbol} - {rule} cannot be judged: {why}"),
    "rule_skipped": Line("⏭️", "SKIPPED", "{strategy}: {symbol} - {rule} passed over: {because}"),
    "price_stale": {
        "old": Line("🕰️", "STALE", "{symbol}: Price is {seconds:seconds} old - nothing is decided on it"),
        "never heard": Line("🕰️", "STALE", "{symbol}: No price has come yet - nothing is decided"),
    },
    "mismatch_found": Line("⚠️", "WARNING", "{symbol}: Position differs - ours {ours}, broker {broker} ({explained})"),
    "foreign_order_seen": Line("👤", "FOREIGN", "{symbol}: Order {order_id} is not ours - {side} {quantity:shares}"),
    "mode_changed": {
        "active": Line("🟢", "MODE", "Active again (was {was}) - {reason}"),
        "reducing": Line("🟠", "MODE", "Reducing: only what makes a position smaller is sent (was {was}) - {reason}"),
        "halted": Line("🔴", "MODE", "Halted: nothing is sent (was {was}) - {reason}"),
    },
    "alert": {
        "told": Line("🔔", "ALERT", "{where}{text}"),
        "warning": Line("⚠️", "WARNING", "{where}{text}"),
        "critical": Line("🚨", "CRITICAL", "{where}{text}"),
    },
    "alert_repeated": {"shown": None},  # it stands in the log already
    "policy_reloaded": {
        "changed": Line("🔄", "POLICY", "Policy reloaded: {digest:digest} (was {was:digest}) - {difference}"),
        "added": Line("🔄", "POLICY", "Policy added: {path} {digest:digest} - {difference}"),
        "removed": Line("🔄", "POLICY", "Policy taken away: {path} {was:digest} - {difference}"),
    },
    "policy_refused": Line("⛔", "POLICY", "Policy not taken, the one that runs stays: {reason}"),
    "policy_compared": Line("🔄", "POLICY", "{path}: {difference}"),
    "recovered": {
        "something": Line("♻️", "RECOVERED", "Recovered from the journal: {settled} settled, {open} still open"),
        "nothing": None,
    },
}
"""One line an event, or one line for each of its forms; a form without a line is not shown."""


def _decided(data: Mapping[str, Any]) -> str:
    """Choose the form of a decided action."""
    kind, rule = data.get("kind"), data.get("rule")
    if kind == "exit":
        return {STOP_REACHED: "stop reached", TARGET_REACHED: "target reached"}.get(str(rule), "exit")
    if kind == "book" and (data.get("profit") or 0) < 0:
        return "book at a loss"
    if kind == "add" and data.get("momentum") is None:
        return "add without momentum"
    return str(kind)


FORMS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "policy_reloaded": lambda data: "added" if not data.get("was") else "changed" if data.get("digest") else "removed",
    "action_decided": _decided,
    "regular_bypassed": lambda data: "past others" if data.get("waiting") else "alone",
    "target_moved": lambda data: "first" if data.get("was") is None else "moved",
    "stop_moved": lambda data: "first" if data.get("was") is None else "moved",
    "stop_standing": lambda data: "moved" if data.get("moved") else "placed",
    "mode_changed": lambda data: str(data.get("mode")),
    "price_stale": lambda data: "never heard" if data.get("seconds") is None else "old",
    "recovered": lambda data: "something" if data.get("settled") or data.get("open") else "nothing",
    "alert_repeated": lambda data: "shown",
    "alert": lambda data: str(data.get("level")) if data.get("level") in ("told", "critical") else "warning",
}
"""How an event with several forms chooses one."""

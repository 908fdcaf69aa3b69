"""The account and its positions as rows for a browser: figures in rupees, times as texts, no sentence left to guess."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import define, field

from rulekit.execution.actions import PROTECT, ActionRecord
from rulekit.execution.books import Book
from rulekit.execution.budgets import Budgets
from rulekit.execution.history import pending_row
from rulekit.execution.ledger import Ledger
from rulekit.execution.settings import ExecutionSettings
from rulekit.model.instant import SECOND, Instant, iso
from rulekit.model.instrument import PositionKey
from rulekit.model.prices import PAISE
from rulekit.page.following import Follower
from rulekit.page.loglines import redactor
from rulekit.page.nearness import Nearness
from rulekit.runtime.shown import Seen

SILENT_S = 6.0
"""Real seconds without a sign from a running engine after which a person is told."""


@define
class Engine:
    """What is known of the process that decides.

    Args:
        running: whether a process holds the journal.
        run: which one shows itself; empty for none yet.
        now: its time when it last showed itself, 0 for never. shown_at: when that was, by the page's watch.
        health: its figures.
        unwatched: why it cannot be told that somebody looks.
    """

    running: bool = False
    run: str = ""
    now: Instant = 0
    shown_at: float = -math.inf
    health: Mapping[str, Any] = field(factory=dict)
    unwatched: str = ""


def shown_id(key: PositionKey) -> str:
    """Return what a position is called in the browser."""
    return f"{key.exchange}:{key.symbol}:{key.product}"


def rupees(units: float, scale: int, places: int = 2) -> float | None:
    """Return an amount in rupees, None where it is not known."""
    return round(units / scale, max(places, 4 if scale > PAISE else places)) if math.isfinite(units) else None


def position_row(
    key: PositionKey, ledger: Ledger, seen: Seen | None, near: Nearness | None, engine: Engine
) -> dict[str, Any] | None:
    """Return an open position as a row; None for one that is flat.

    The journal says what is held and where the stop is; what the engine shows adds the price.
    """
    book = ledger.books.get(key)
    if book is None or not book.quantity:
        return None
    if seen is not None and seen.episode != book.episode:
        seen = None
    scale = ledger.scales.get(key) or (seen.snapshot.scale if seen is not None else PAISE)
    multiplier = seen.snapshot.multiplier if seen is not None else 1.0
    last = seen.last if seen is not None else math.nan
    gain = (last - book.entry) * book.quantity * multiplier
    flying = [action for action in ledger.open_on(key.instrument) if action.key == key]
    return {
        "id": shown_id(key),
        "symbol": key.symbol,
        "exchange": key.exchange,
        "product": key.product,
        "side": "long" if book.quantity > 0 else "short",
        "quantity": abs(book.quantity),
        "entry": rupees(book.entry, scale),
        "price": rupees(last, scale),
        "heard": None if seen is None or seen.heard is None else iso(seen.heard),
        "old": seen is not None and is_old(seen, engine),
        "profit": rupees(gain, scale),
        "percent": _percent(book, last),
        "realised": rupees(book.realised * multiplier, scale),
        "stop": rupees(book.stop, scale),
        "target": rupees(book.target, scale),
        "opened": None if book.opened is None else iso(book.opened),
        "flying": [_flying(action) for action in flying],
        "frozen": ledger.is_frozen(key.instrument),
        "managed": None if seen is None else bool(seen.policy),
        "near": None if near is None else {"rule": near.rule, "words": near.words},
    }


def is_old(seen: Seen, engine: Engine) -> bool:
    """Tell whether nothing is decided on a position's price any more."""
    if seen.heard is None or not math.isfinite(seen.last):
        return True
    bound = engine.health.get("stale_after")
    # What was shown is of a moment before the engine's last sign, so that a price is only ever older than it seems.
    return bound is not None and engine.now - seen.heard > bound * SECOND


def _percent(book: Book, last: float) -> float | None:
    if not math.isfinite(last) or not book.entry > 0:
        return None
    return round(100 * (last - book.entry) * book.side / book.entry, 2)


def _flying(action: ActionRecord) -> str:
    quantity = "" if action.quantity is None else f" {action.quantity}"
    filled = f", {action.filled} filled" if action.filled else ""
    return f"{(action.side or action.kind).lower()}{quantity} {action.state}{filled} ({action.rule})"


def account_row(
    follower: Follower, engine: Engine, settings: ExecutionSettings, rows: Iterable[Mapping[str, Any]], real: float
) -> dict[str, Any]:
    """Return all that is not about one position: state, alerts, what waits, budgets, health, and what is wrong."""
    ledger = follower.ledger
    found: dict[str, Any] = {"troubles": troubles(follower, engine, real), "running": engine.running}
    if ledger is None:
        return found | {"known": False}
    now = max(ledger.last_at, engine.now)
    shown = engine.now and real - engine.shown_at < SILENT_S
    positions = list(rows)
    return found | {
        "known": True,
        "account": ledger.account,
        "at": iso(now),
        "live": bool(shown),
        "mode": ledger.mode.name,
        "reason": ledger.mode.reason,
        "cause": ledger.mode.cause,
        "flatten": ledger.mode.flatten,
        "since": iso(ledger.mode.since) if ledger.mode.since else None,
        "no_adds": ledger.adds_stopped(now) or None,
        "alerts": [
            {"id": one.id, "at": iso(one.at), "level": one.level, "text": redactor()(one.text), "symbol": one.symbol}
            for one in ledger.alarms.open.values()
        ],
        "waiting": [_action(action) for action in ledger.open.values() if not action.frozen and action.kind != PROTECT],
        "unknown": [_unknown(action) for action in ledger.open.values() if action.frozen],
        "strangers": [dict(row) for row in ledger.strangers.values() if row["tag"] not in ledger.adopted_tags],
        "blocked": sorted(key.symbol for key, count in ledger.refusals.items() if count >= settings.refusals_in_a_row),
        "budgets": _budgets(ledger, settings, now),
        "orders": ledger.orders_today,
        "health": _health(engine.health) if shown and engine.health else None,
        "profit": _sum(positions, "profit"),
        "realised": round(sum(_day_realised(book, ledger) for book in ledger.books.values()), 2),
        "policies": [
            {"title": row["title"], "path": str(row["path"]), "digest": row["digest"]}
            for row in ledger.policies.get("policies", ())
        ],
    }


def troubles(follower: Follower, engine: Engine, real: float) -> list[dict[str, str]]:
    """Say what keeps the view from being true, the gravest first; nothing where it is."""
    found = []

    def say(text: str, help: str, level: str = "bad") -> None:
        found.append({"text": text, "help": help, "level": level})

    if follower.trouble:
        since = "" if follower.ledger is None else f"; what is shown is of {iso(follower.ledger.last_at)[11:19]}"
        say(redactor()(f"{follower.trouble}{since}"), redactor()(follower.help))
    elif follower.ledger is None:
        say("the journal is being read", follower.note or "a moment", "warn")
        return found
    if not engine.running:
        if follower.ledger is None:
            say("no engine is running", "what is held is not known; `rulekit run` starts one", "warn")
        elif any(book.quantity for book in follower.ledger.books.values()):
            say(
                "no engine is running: nothing watches the stops",
                "start it: `rulekit run` with the same arguments goes on where it was",
            )
        else:
            say("no engine is running", "nothing is held; `rulekit run` starts one", "warn")
    elif not isinstance(follower.place, Path):
        say("prices are not shown: an engine shows them beside a journal's file, and this one is in a database",
            "what is held, what waits and the switch are as the journal knows them", "warn")  # fmt: skip
    elif engine.unwatched:
        say(f"prices are not shown: a file beside the journal cannot be written ({engine.unwatched})",
            "let this program write in the journal's folder", "warn")  # fmt: skip
    elif engine.now and real - engine.shown_at > SILENT_S:
        say(
            f"the engine has not shown itself for {real - engine.shown_at:.0f} s",
            "look at its terminal: is it busy, or does it hang?",
        )
    return found


def _action(action: ActionRecord) -> dict[str, Any]:
    row = pending_row(action)
    names = ("id", "rule", "kind", "symbol", "side", "quantity", "filled", "lane", "state", "why", "decided")
    return {name: row[name] for name in names}


def _unknown(action: ActionRecord) -> dict[str, Any]:
    """Return an action that nobody knows the fate of, with all evidence, and of how many it may be."""
    row = pending_row(action)
    attempt = action.unsettled
    steps = [f"{at[11:19]} {state}{f': {evidence}' if evidence else ''}" for state, at, evidence in
             ((one["state"], one["at"], one["evidence"]) for one in row["states"])]  # fmt: skip
    return _action(action) | {
        "evidence": [redactor()(step) for step in steps],
        "attempts": row["attempts"],
        "of": None if attempt is None else attempt.quantity,
        "tag": None if attempt is None else attempt.tag,
        "since": None if attempt is None or attempt.unknown_since is None else iso(attempt.unknown_since),
    }


def _budgets(ledger: Ledger, settings: ExecutionSettings, now: Instant) -> list[dict[str, Any]]:
    figures = Budgets(settings, ledger.recent_posts(now)).figures(now)
    return [
        {"window": window, "limit": one.limit, "used": one.used, "left": one.left, "reserve": one.reserve}
        for window, one in figures.items()
    ]


def _health(health: Mapping[str, Any]) -> dict[str, Any]:
    """Return the feed's and the broker's figures; ages in seconds by the engine's own time."""

    def age(name: str) -> float | None:
        at = health.get(name)
        return None if at is None else round(max(0.0, (health["at"] - at) / SECOND), 1)

    return {
        "feed": age("newest"),
        "stalest": age("stalest"),
        "never": health.get("never", 0),
        "stale": health.get("stale", 0),
        "instruments": health.get("instruments", 0),
        "trading": health.get("trading", False),
        "broker": age("read"),
        "failures": health.get("failures", 0),
    }


def _sum(rows: Iterable[Mapping[str, Any]], name: str) -> float | None:
    """Sum what is known; None where nothing is."""
    known = [row[name] for row in rows if row[name] is not None]
    return round(sum(known), 2) if known else None


def _day_realised(book: Book, ledger: Ledger) -> float:
    return book.day_realised / ledger.scales.get(book.key, PAISE) if math.isfinite(book.day_realised) else 0.0

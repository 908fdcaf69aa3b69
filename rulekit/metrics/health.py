"""Whether an engine is well, and if not, why; worked out from what it published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from rulekit.metrics.settings import MetricsSettings
from rulekit.model.instant import SECOND, Instant
from rulekit.model.meters import Figures, Meters


@frozen
class Watched:
    """One account's engine: what it shows, and its clock, which any thread may ask."""

    meters: Meters
    now: Callable[[], Instant]

    def silent(self) -> float:
        """Return for how many real seconds it has not shown itself."""
        meters = self.meters
        return 0.0 if meters.watch is None else max(0.0, meters.watch() - meters.published)


def age(now: Instant, at: Instant | None) -> float | None:
    """Return how old something is in seconds, None if it never was."""
    return None if at is None else max(0.0, (now - at) / SECOND)


def reasons(one: Watched, settings: MetricsSettings) -> list[str]:
    """Say why an engine is not well; nothing if it is."""
    meters, figures = one.meters, one.meters.figures
    if figures is None:
        return ["starting: nothing is known yet"]
    found = []
    if meters.journal_failed:
        found.append(f"journal failed: {meters.journal_failed}")
    if (silent := one.silent()) > settings.silent_s:
        found.append(f"engine silent: it has not shown itself for {silent:.0f} s")
    if figures.failures >= settings.read_failures:
        found.append(f"broker away: {figures.failures} readings of its book failed in a row")
    if figures.mode == "halted":
        found.append(f"halted: {figures.reason}")
    if stale := _stale(figures, one.now(), settings):
        found.append(stale)
    return found


def _stale(figures: Figures, now: Instant, settings: MetricsSettings) -> str | None:
    """Say that the feed is stale, where something is held that is traded now."""
    if not figures.trading:
        return None
    # Where prices may be old by a bar, the silence between two bars is none.
    bound = max(settings.feed_stale_s, 2 * figures.stale_after)
    quiet = age(now, figures.newest)
    if quiet is None:
        return "feed stale: no price came for anything that is held"
    return f"feed stale: no price came for {quiet:.0f} s" if quiet > bound else None


def account(one: Watched, settings: MetricsSettings) -> dict[str, Any]:
    """Return one account's health with the figures that it rests on."""
    meters, figures, why = one.meters, one.meters.figures, reasons(one, settings)
    row: dict[str, Any] = {"account": meters.account, "well": not why, "reasons": why}
    if figures is None:
        return row
    now = one.now()
    return row | {
        "mode": figures.mode,
        "mode_reason": figures.reason,
        "positions": figures.positions,
        "waiting": sum(figures.queued.values()),
        "unknown": figures.open.get("unknown", 0) + figures.open.get("parked", 0),
        "feed_age_s": _rounded(age(now, figures.newest)),
        "broker_read_age_s": _rounded(age(now, figures.read)),
        "broker_read_failures": figures.failures,
        "lease_held": meters.lease_held,
        "silent_s": _rounded(one.silent()),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def health(watched: list[Watched], settings: MetricsSettings) -> tuple[bool, dict[str, Any]]:
    """Return whether all accounts are well, and the body of the answer."""
    rows = [account(one, settings) for one in watched]
    well = all(row["well"] for row in rows)
    why = [f"{row['account']}: {reason}" for row in rows for reason in row["reasons"]]
    return well, {"status": "well" if well else "not well", "reasons": why, "accounts": rows}

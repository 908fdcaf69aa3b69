"""What was done, with filters, and what each rule did and earned: plain pages that need no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from attrs import frozen
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from rulekit.errors import UsageError
from rulekit.execution.journal import open_shelf
from rulekit.execution.recent import recent_history
from rulekit.execution.summary import summarise_since
from rulekit.model.decision import BOOK_ACTIONS
from rulekit.model.instant import DAY, Instant, at, day_of
from rulekit.page.doors import number_in, route, screen_of
from rulekit.page.layout import render
from rulekit.page.live import Live
from rulekit.page.loglines import redactor
from rulekit.page.people import LOOK
from rulekit.page.screen import Screen

MOST = 5000
"""Actions that are looked through, the latest ones."""
SHOWN = 200
"""Of them so many that fit are shown on one page."""
ENDS = ("open", "filled", "applied", "refused", "cancelled", "expired", "superseded", "settled", "done")
KINDS = ("exit", "book", "add", "stop", "target", "alert", "protect", "entry", *BOOK_ACTIONS)
PERIODS = {"today": 0, "7 days": 6, "31 days": 30, "all": None}
"""How far back the figures of the rules may go, in days before the latest one."""


@frozen
class Filter:
    """What of the history is shown; an empty text fits everything."""

    since: str = ""
    symbol: str = ""
    rule: str = ""
    kind: str = ""
    end: str = ""

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Tell whether an action is shown."""
        end = row["end"] or "open"
        return (
            self.symbol.upper() in row["symbol"].upper()
            and self.rule.lower() in row["rule"].lower()
            and self.kind in ("", row["kind"])
            and self.end in ("", end)
        )

    def since_instant(self) -> Instant | None:
        """Return from when on, None for everything.

        Raises:
            UsageError: it is no day.
        """
        if not self.since:
            return None
        try:
            return at(date.fromisoformat(self.since), 0)
        except ValueError:
            raise UsageError(f"`{self.since}` is no day", "write it like 2026-11-20") from None


def filter_of(asked: QueryParams) -> Filter:
    """Read a filter from an address."""
    return Filter(**{name: asked.get(name, "").strip()[:80] for name in ("since", "symbol", "rule", "kind", "end")})


def history_routes(live: Live) -> Sequence[BaseRoute]:
    """Return the routes of the history and of the rules' figures."""

    async def history(request: Request) -> Response:
        wanted = filter_of(request.query_params)
        start = number_in(request.query_params.get("from", ""))
        rows, more = await run_in_threadpool(_history, screen_of(request), wanted)
        first = min(start, len(rows))
        return render(
            request, "page/history.html", wanted=wanted, rows=rows[first : first + SHOWN], found=len(rows),
            first=first, shown=SHOWN, more=more, kinds=KINDS, ends=ENDS, most=MOST,
        )  # fmt: skip

    async def rules(request: Request) -> Response:
        period = request.query_params.get("period", "today")
        if period not in PERIODS:
            raise UsageError(f"`{period[:40]}` is no period", f"it is one of {', '.join(PERIODS)}")
        since = _since(PERIODS[period], live.now)
        figures = await run_in_threadpool(_figures, screen_of(request), since)
        return render(request, "page/rules.html", figures=figures, period=period, periods=tuple(PERIODS))

    return [route("/history", history, LOOK), route("/rules", rules, LOOK)]


def _history(screen: Screen, wanted: Filter) -> tuple[list[dict[str, Any]], bool]:
    """Return what fits, the latest first, and whether older actions were not looked through."""
    with open_shelf(screen.journal) as shelf:
        found = recent_history(shelf, last=MOST, since=wanted.since_instant())
    return [_told(row) for row in reversed(found) if wanted.fits(row)], len(found) == MOST


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    clean = redactor()
    states = [{**state, "evidence": clean(state["evidence"])} for state in row["states"]]
    return {**row, "end": row["end"] or "open", "reason": clean(row["reason"]), "states": states}


def _since(days: int | None, now: Instant) -> Instant:
    return 0 if days is None else at(day_of(now - days * DAY), 0)


def _figures(screen: Screen, since: Instant) -> list[dict[str, Any]]:
    with open_shelf(screen.journal) as shelf:
        return [rule.to_dict() for rule in summarise_since(shelf, since)]

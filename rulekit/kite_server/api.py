"""The REST routes and what each of them does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from rulekit.kite_server.accounts import holding_row
from rulekit.kite_server.answers import Answer, Request, refused, success
from rulekit.kite_server.changes import cancel as cancel_order
from rulekit.kite_server.changes import modify as modify_order
from rulekit.kite_server.clock import SECOND, day_of, stamp
from rulekit.kite_server.listing import Listing
from rulekit.kite_server.margins import basket, contract_notes, margins_of_orders, segment_margins
from rulekit.kite_server.market import Line
from rulekit.kite_server.money import rupees
from rulekit.kite_server.orders import INTERMEDIATE
from rulekit.kite_server.slices import place_slices
from rulekit.kite_server.tickets import read_ticket, whole

if TYPE_CHECKING:
    from rulekit.kite_server.desk import Desk

Handler = Callable[["Desk", Request, int], Answer]


@frozen
class Route:
    """One method and path."""

    name: str
    method: str
    pattern: re.Pattern[str]
    handle: Handler
    budget: str = "read"
    """Which of the broker's counters it uses: order, change, read, quote, or none."""
    open: bool = False
    """It needs no session."""


def place(desk: Desk, request: Request, at: int) -> Answer:
    """POST /orders/{variety}."""
    ticket = read_ticket(request.words["variety"], request.form, desk.oms.listings)
    if ticket.autoslice:
        return success(
            place_slices(desk.oms, ticket, at, failing=desk.failing_slice(ticket), count=lambda: desk.budgets.order(at))
        )
    return success({"order_id": desk.oms.place(ticket, at, extra_latency=desk.extra_latency).order_id})


def modify(desk: Desk, request: Request, at: int) -> Answer:
    """PUT /orders/{variety}/{order_id}."""
    _check_variety(desk, request, at)
    return success({"order_id": modify_order(desk.oms, request.words["order_id"], request.form, at).order_id})


def _check_variety(desk: Desk, request: Request, at: int) -> None:
    """Refuse a call that names another variety than the order's own; what Kite says to that is not known."""
    order, variety = desk.oms.find(request.words["order_id"], at), request.words["variety"]
    if order.ticket.variety != variety:
        raise refused(f"Invalid `variety`: the order is {order.ticket.variety}, not {variety}.")


def cancel(desk: Desk, request: Request, at: int) -> Answer:
    """DELETE /orders/{variety}/{order_id}."""
    _check_variety(desk, request, at)
    return success({"order_id": cancel_order(desk.oms, request.words["order_id"], at).order_id})


def shown(desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    """Hide what the view hides."""
    if not desk.view.average_on_partial and row["status"] != "COMPLETE":
        return {**row, "average_price": 0}
    return row


def orders(desk: Desk, request: Request, at: int) -> Answer:
    """GET /orders: today's, in no order that may be relied on."""
    seen = at - round(desk.view.book_lag * SECOND)
    today = day_of(at)
    rows = [row for order in desk.oms.orders.values()
            if day_of(order.placed_at) == today and (row := order.as_of(seen)) is not None]  # fmt: skip
    if desk.view.hide_intermediate:
        rows = [row for row in rows if row["status"] not in INTERMEDIATE]
    desk.shuffle.shuffle(rows)
    return success([shown(desk, row) for row in rows])


def history(desk: Desk, request: Request, at: int) -> Answer:
    """GET /orders/{order_id}: every step, the last is the latest; it does not lag."""
    order = desk.oms.find(request.words["order_id"], at)
    return success([shown(desk, row) for _, row in order.snapshots])


def trades(desk: Desk, request: Request, at: int) -> Answer:
    """GET /trades and GET /orders/{order_id}/trades."""
    order_id = request.words.get("order_id")
    if order_id is not None:
        desk.oms.find(order_id, at)
    seen, today = at - round(desk.view.book_lag * SECOND), day_of(at)
    return success(
        [trade.row() for trade in desk.oms.trades
         if trade.at <= seen and day_of(trade.at) == today and order_id in {None, trade.order.order_id}]
    )  # fmt: skip


def positions(desk: Desk, request: Request, at: int) -> Answer:
    """GET /portfolio/positions: `net` is what there is, `day` only what was done today."""
    seen = at - round(desk.view.position_lag * SECOND)
    known = [trade for trade in desk.oms.trades if trade.at <= seen]
    prices = desk.position_prices(at)
    return success(desk.oms.portfolio.rows(known, day_of(at), desk.oms.lines, prices))


def convert(desk: Desk, request: Request, at: int) -> Answer:
    """PUT /portfolio/positions: a position changes its product."""
    form = request.form
    desk.oms.funds.convert(
        (form.get("exchange", ""), form.get("tradingsymbol", "")), form.get("old_product", ""),
        form.get("new_product", ""), form.get("transaction_type", ""), whole(form, "quantity"), at,
    )  # fmt: skip
    return success(True)


def holdings(desk: Desk, request: Request, at: int) -> Answer:
    """GET /portfolio/holdings."""
    oms, today = desk.oms, day_of(at)
    keys = {*oms.portfolio.holdings} | {
        t.order.ticket.listing.key for t in oms.trades if t.order.ticket.product == "CNC"
    }
    net, rows = oms.funds.positions(at), []
    for key in sorted(keys):
        held = oms.portfolio.held(oms.listings.by_key[key], oms.trades, today)
        if held.quantity + held.t1 > 0 and key in oms.lines:
            sold = min(held.quantity, max(0, -net.get((*key, "CNC"), 0)))
            rows.append(
                holding_row(held, sold, oms.lines[key], authorised=desk.settings.holdings_authorised, day=today)
            )
    return success(rows)


def authorise(desk: Desk, request: Request, at: int) -> Answer:
    """POST /portfolio/holdings/authorise: begins the authorisation; the rest is done in a browser."""
    return success({"request_id": f"{desk.draw.getrandbits(96):024x}"})


def nothing(desk: Desk, request: Request, at: int) -> Answer:
    """Show an empty list: this simulation has none of them."""
    return success([])


def profile(desk: Desk, request: Request, at: int) -> Answer:
    """GET /user/profile."""
    found = desk.sessions.profile()
    consent = "consent" if desk.settings.holdings_authorised else "physical"
    return success({**found, "meta": {"demat_consent": consent}})


def user_margins(desk: Desk, request: Request, at: int) -> Answer:
    """GET /user/margins[/segment]."""
    found = segment_margins(desk.oms, at)
    segment = request.words.get("segment")
    if segment is not None and segment not in found:
        raise refused("Invalid segment.")
    return success(found if segment is None else found[segment])


def asked_rows(request: Request) -> list[dict[str, Any]]:
    """Read a JSON list of orders."""
    try:
        rows = json.loads(request.body)
    except ValueError:
        raise refused("Invalid JSON in the request body.") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise refused("A list of orders is expected.")
    return rows


def order_margins(desk: Desk, request: Request, at: int) -> Answer:
    """POST /margins/orders."""
    return success(margins_of_orders(desk.oms, asked_rows(request)))


def basket_margins(desk: Desk, request: Request, at: int) -> Answer:
    """POST /margins/basket."""
    consider = (request.one("consider_positions") or "").lower() == "true"
    return success(basket(desk.oms, asked_rows(request), at, consider_positions=consider))


def charges(desk: Desk, request: Request, at: int) -> Answer:
    """POST /charges/orders."""
    return success(contract_notes(desk.oms, asked_rows(request)))


def instruments(desk: Desk, request: Request, at: int) -> Answer:
    """GET /instruments[/{exchange}] as CSV."""
    prices = {key: line.last for key, line in desk.oms.lines.items()}
    return Answer(200, desk.oms.listings.csv(prices, request.words.get("exchange")).encode(), "text/csv")


def asked_lines(desk: Desk, request: Request, most: int) -> list[tuple[str, Line]]:
    """Find the instruments of `i=NSE:INFY&i=...`, by name or by token; unknown ones are left out."""
    if not desk.settings.market_data:
        raise refused("Insufficient permission for that call.", "PermissionException", 403)
    names = request.query.get("i", [])
    if not names:
        raise refused("Missing or empty field `i`")
    if len(names) > most:
        raise refused(f"At most {most} instruments can be asked for at once.")
    found = []
    for name in names:
        exchange, _, symbol = name.partition(":")
        listing: Listing | None = (
            desk.oms.listings.by_token.get(int(name)) if name.isdigit() else desk.oms.listings.find(exchange, symbol)
        )
        if listing is not None and listing.key in desk.oms.lines:
            found.append((name, desk.oms.lines[listing.key]))
    return found


def ltp(desk: Desk, request: Request, at: int) -> Answer:
    """GET /quote/ltp."""
    return success(
        {name: {"instrument_token": line.listing.token, "last_price": rupees(line.last)}
         for name, line in asked_lines(desk, request, 1000)}
    )  # fmt: skip


def day_range(line: Line) -> dict[str, float]:
    """Write open, high, low and the previous close."""
    return {
        "open": rupees(line.opened), "high": rupees(line.high), "low": rupees(line.low), "close": rupees(line.close)
    }  # fmt: skip


def ohlc(desk: Desk, request: Request, at: int) -> Answer:
    """GET /quote/ohlc."""
    return success(
        {name: {"instrument_token": line.listing.token, "last_price": rupees(line.last), "ohlc": day_range(line)}
         for name, line in asked_lines(desk, request, 1000)}
    )  # fmt: skip


def quote(desk: Desk, request: Request, at: int) -> Answer:
    """GET /quote."""
    rows = {}
    for name, line in asked_lines(desk, request, 500):
        lower, upper = line.bands
        depth = line.depth()
        rows[name] = {
            "instrument_token": line.listing.token,
            "timestamp": stamp(at),
            "last_trade_time": stamp(line.at),
            "last_price": rupees(line.last),
            "last_quantity": line.last_quantity,
            "buy_quantity": sum(row[0] for row in depth["buy"]),
            "sell_quantity": sum(row[0] for row in depth["sell"]),
            "volume": line.volume,
            "average_price": rupees(line.average),
            "oi": line.interest,
            "oi_day_high": line.interest,
            "oi_day_low": line.interest,
            "net_change": rupees(line.last - line.close),
            "lower_circuit_limit": rupees(lower),
            "upper_circuit_limit": rupees(upper),
            "ohlc": day_range(line),
            "depth": {
                side: [{"price": rupees(price), "quantity": size, "orders": count} for size, price, count in levels]
                for side, levels in depth.items()
            },
        }
    return success(rows)


def login(desk: Desk, request: Request, at: int) -> Answer:
    """GET /connect/login: the page that the broker shows in a browser."""
    return desk.sessions.login_page(request.one("api_key") or "", request.one("redirect_params") or "")


def finish(desk: Desk, request: Request, at: int) -> Answer:
    """POST /connect/finish: the button was pressed."""
    return desk.sessions.finish(request.form, at)


def exchange_token(desk: Desk, request: Request, at: int) -> Answer:
    """POST /session/token."""
    found = desk.sessions.exchange(request.form, at)
    desk.after_login()
    return success(found)


def end_session(desk: Desk, request: Request, at: int) -> Answer:
    """DELETE /session/token."""
    key, token = request.one("api_key") or "", request.one("access_token") or ""
    if not desk.sessions.knows(key, token, at):
        raise refused("Incorrect `api_key` or `access_token`.", "TokenException", 403)
    desk.expire_token()
    return success(True)


def no_renewal(desk: Desk, request: Request, at: int) -> Answer:
    """POST /session/refresh_token: for approved platforms only."""
    raise refused("Refresh tokens are not available to this application.", "PermissionException", 403)


TABLE: tuple[tuple[str, str, str, Handler, str], ...] = (
    ("place", "POST", "/orders/{variety}", place, "order"),
    ("modify", "PUT", "/orders/{variety}/{order_id}", modify, "change"),
    ("cancel", "DELETE", "/orders/{variety}/{order_id}", cancel, "change"),
    ("orders", "GET", "/orders", orders, "read"),
    ("history", "GET", "/orders/{order_id}", history, "read"),
    ("order_trades", "GET", "/orders/{order_id}/trades", trades, "read"),
    ("trades", "GET", "/trades", trades, "read"),
    ("positions", "GET", "/portfolio/positions", positions, "read"),
    ("convert", "PUT", "/portfolio/positions", convert, "read"),
    ("holdings", "GET", "/portfolio/holdings", holdings, "read"),
    ("auctions", "GET", "/portfolio/holdings/auctions", nothing, "read"),
    ("authorise", "POST", "/portfolio/holdings/authorise", authorise, "read"),
    ("profile", "GET", "/user/profile", profile, "read"),
    ("margins", "GET", "/user/margins", user_margins, "read"),
    ("segment_margins", "GET", "/user/margins/{segment}", user_margins, "read"),
    ("order_margins", "POST", "/margins/orders", order_margins, "read"),
    ("basket_margins", "POST", "/margins/basket", basket_margins, "read"),
    ("charges", "POST", "/charges/orders", charges, "read"),
    ("instruments", "GET", "/instruments", instruments, "read"),
    ("exchange_instruments", "GET", "/instruments/{exchange}", instruments, "read"),
    ("quote", "GET", "/quote", quote, "quote"),
    ("ohlc", "GET", "/quote/ohlc", ohlc, "quote"),
    ("ltp", "GET", "/quote/ltp", ltp, "quote"),
    ("login", "GET", "/connect/login", login, "none"),
    ("finish", "POST", "/connect/finish", finish, "none"),
    ("token", "POST", "/session/token", exchange_token, "none"),
    ("logout", "DELETE", "/session/token", end_session, "none"),
    ("renew", "POST", "/session/refresh_token", no_renewal, "none"),
)


def _route(name: str, method: str, path: str, handle: Handler, budget: str) -> Route:
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
    return Route(name, method, pattern, handle, budget, open=budget == "none")


ROUTES = tuple(_route(*row) for row in TABLE)
"""Every route, in the order in which they are tried."""


def find_route(request: Request) -> tuple[Route, Request] | None:
    """Find the route of a request, and give the request the words of its path."""
    for route in ROUTES:
        if route.method == request.method and (found := route.pattern.fullmatch(request.path)):
            return route, evolve(request, words=found.groupdict())
    return None

"""The API under /api/v1/: each request is checked, counted, and passed on to the broker, whose answer is retold."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any

from rulekit.kite_server.answers import Answer, Request
from rulekit.kite_server.clock import SECOND
from rulekit.kite_server.desk import Desk
from rulekit.kite_server.faults import AFTER, LATE, Faults, Sending, spoil
from rulekit.openalgo_server import checks, mapping
from rulekit.openalgo_server.settings import GatewaySettings
from rulekit.openalgo_server.upstream import BrokenOffError, HangingError, Told, Upstream

PREFIX = "/api/v1/"
ORDERS = ("placeorder", "cancelorder")
TAG = "openalgo"
"""What every order bears at the broker, whoever it is for."""
LIMITED = {"status": "error", "message": "Rate limit exceeded. Please try again later."}
WRONG_KEY = {"status": "error", "message": "Invalid openalgo apikey"}
QUEUED = "Order queued for approval in Action Center"

Handler = Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]


class Gateway:
    """OpenAlgo over one account; everything is asked for under the desk's lock.

    Args:
        desk: the broker behind it.
        faults: what goes wrong between a client and OpenAlgo; what goes wrong behind it is the desk's.
    """

    def __init__(self, desk: Desk, settings: GatewaySettings, faults: Faults) -> None:
        self.desk, self.settings, self.faults = desk, settings, faults
        self.pending: list[dict[str, Any]] = []
        self._upstream = Upstream(desk)
        self._counted: dict[str, deque[int]] = {}
        self._slow = 0.0
        self._handlers: dict[str, Handler] = {
            "placeorder": self._place, "cancelorder": self._cancel, "orderbook": self._orderbook,
            "tradebook": self._tradebook, "positionbook": self._positionbook, "multiquotes": self._multiquotes,
            "symbol": self._symbol, "funds": self._funds, "ping": self._ping, "analyzer": self._analyzer,
        }  # fmt: skip

    def respond(self, request: Request) -> Sending:
        """Answer a request, or let it go wrong."""
        with self.desk.lock:
            self.desk.advance()
            path = request.path.removeprefix(PREFIX).rstrip("/")
            if request.method != "POST" or path not in self._handlers:
                return _sent(404, {"status": "error", "message": "Not found"})
            try:
                return self._spoilt(path, request)
            except HangingError as error:
                return Sending(None, "hang", error.hold)
            finally:
                self.desk.rearm()

    def _spoilt(self, path: str, request: Request) -> Sending:
        fault = self.faults.take(path)
        if fault is None:
            return self._answer(path, request)
        if fault.when == AFTER:
            real = self._answer(path, request).answer
        elif fault.when == LATE:
            self.desk.schedule.add(self.desk.now() + round(fault.delay * SECOND), lambda at: self._late(path, request))
        if fault.when != AFTER or real is None:
            real = _sent(200, {"status": "success", "orderid": "000000000000000"}).answer
        assert real is not None
        taken: Answer = real
        return spoil(fault, lambda: taken, request.path)

    def _late(self, path: str, request: Request) -> None:
        try:
            self._answer(path, request)
        except HangingError:
            return

    def _answer(self, path: str, request: Request) -> Sending:
        self._slow = 0.0
        if not self._within(path):
            return _sent(429, LIMITED)
        try:
            values = checks.read(path, request.body)
        except checks.InvalidError as error:
            return _sent(400, {"status": "error", "message": str(error)})
        except ValueError:
            return _sent(500, {"status": "error", "message": "An unexpected error occurred in the API endpoint"})
        # Its own key, or a broker's session that has ended: one answer for both.
        if values["apikey"] != self.settings.api_key or self.desk.sessions.access_token is None:
            return _sent(403, WRONG_KEY)
        status, body = self._handlers[path](values)
        sending = _sent(status, body)
        return Sending(sending.answer, "slow", self._slow) if self._slow else sending

    def _within(self, path: str) -> bool:
        """Count a request in the last second of its route, or of all others."""
        limit = self.settings.orders_per_second if path in ORDERS else self.settings.others_per_second
        if limit is None:
            return True
        now = self.desk.now()
        counted = self._counted.setdefault(path, deque())
        while counted and counted[0] <= now - SECOND:
            counted.popleft()
        if len(counted) >= limit:
            return False
        counted.append(now)
        return True

    # ---- orders

    def _place(self, values: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.settings.semi_auto:
            self.pending.append(values)
            return 200, {
                "status": "success", "message": QUEUED, "mode": "semi_auto", "pending_order_id": len(self.pending)
            }  # fmt: skip
        if self.settings.analyze:
            return 200, {"status": "success", "orderid": f"2611200{len(self.pending):04d}", "mode": "analyze"}
        return self.pass_on(values)

    def pass_on(self, values: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Send an order to the broker and retell its answer, with what the plug-in makes of it."""
        listing = mapping.find(self.desk.oms.listings, values["exchange"], values["symbol"])
        form = {
            "tradingsymbol": values["symbol"] if listing is None else listing.symbol, "exchange": values["exchange"],
            "transaction_type": values["action"], "order_type": values["pricetype"],
            "quantity": str(values["quantity"]), "product": values["product"], "price": f"{values['price']:g}",
            "trigger_price": f"{values['trigger_price']:g}", "disclosed_quantity": "0", "validity": "DAY", "tag": TAG,
        }  # fmt: skip
        if values["pricetype"] in ("MARKET", "SL-M"):
            form["market_protection"] = "-1"
        try:
            told = self._asked("POST", "/orders/regular", form)
            number = told.body["data"]["order_id"] if told.body["status"] == "success" else None
        except (BrokenOffError, KeyError, TypeError):
            return 500, {"status": "error", "message": "Failed to place order due to internal error"}
        if told.status == 200:
            return 200, {"status": "success", "orderid": number}
        return told.status, {"status": "error", "message": told.body.get("message", "Failed to place order")}

    def _cancel(self, values: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        path = f"/orders/regular/{values['orderid']}"
        try:
            told = self._asked("DELETE", path)
            if told.status >= 300:
                raise BrokenOffError(f"Client error '{told.status}' for url 'https://api.kite.trade{path}'")
            told.body["data"]["order_id"]
        except (BrokenOffError, KeyError, TypeError) as error:
            return 500, {"status": "error", "message": f"Failed to cancel order: {error}"}
        return 200, {"status": "success", "orderid": values["orderid"]}

    def _asked(self, method: str, path: str, form: dict[str, str] | None = None) -> Told:
        told = self._upstream.ask(method, path, form)
        self._slow = max(self._slow, told.hold)
        return told

    # ---- readings

    def _read(self, make: Callable[[], dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        """Read the broker; whatever goes wrong is a failure of OpenAlgo's own."""
        if self.settings.analyze:
            return 200, {"status": "success", "data": {"orders": [], "statistics": {}}, "mode": "analyze"}
        try:
            return 200, {"status": "success", **make()}
        except (BrokenOffError, KeyError, TypeError, AttributeError, UnboundLocalError) as error:
            return 500, {"status": "error", "message": str(error)}

    def _orderbook(self, values: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        def make() -> dict[str, Any]:
            rows = self._upstream.read("/orders")["data"]
            shown = mapping.order_rows(rows, self.desk.oms.listings, borrowed=self.settings.borrowed)
            return {"data": {"orders": shown, "statistics": mapping.statistics(rows)}}

        return self._read(make)

    def _tradebook(self, values: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        def make() -> dict[str, Any]:
            rows = self._upstream.read("/trades")["data"]
            return {
                "data": mapping.trade_rows(
                    rows, self.desk.oms.listings, numbered=self.settings.numbered, dated=self.settings.dated
                )
            }

        return self._read(make)

    def _positionbook(self, values: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        def make() -> dict[str, Any]:
            rows = self._upstream.read("/portfolio/positions")["data"]["net"]
            return {"data": mapping.position_rows(rows, self.desk.oms.listings)}

        return self._read(make)

    def _multiquotes(self, values: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        def make() -> dict[str, Any]:
            listings = self.desk.oms.listings
            asked = [
                (row["exchange"], row["symbol"], mapping.find(listings, row["exchange"], row["symbol"]))
                for row in values["symbols"]
            ]
            names = [f"i={listing.exchange}:{listing.symbol}" for _, _, listing in asked if listing is not None]
            rows = self._upstream.read("/quote", "&".join(names))["data"] if names else {}
            found = []
            for exchange, symbol, listing in asked:
                row = None if listing is None else rows.get(f"{exchange}:{listing.symbol}")
                told = {"error": "Symbol not found"} if row is None else {"data": mapping.quote_row(row)}
                found.append({"symbol": symbol, "exchange": exchange, **told})
            return {"results": found}

        return self._read(make)

    def _symbol(self, values: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        symbol, exchange = values["symbol"], values["exchange"]
        listing = mapping.find(self.desk.oms.listings, exchange, symbol)
        if listing is None:
            return 404, {"status": "error", "message": f"Symbol {symbol} not found in exchange {exchange}"}
        return 200, {"status": "success", "data": mapping.listing_row(listing)}

    def _funds(self, values: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        def make() -> dict[str, Any]:
            equity = self._upstream.read("/user/margins")["data"]["equity"]
            return {
                "data": {
                    "availablecash": f"{equity['net']:.2f}", "collateral": "0.00", "m2mrealized": "0.00",
                    "m2munrealized": "0.00", "utiliseddebits": f"{equity['utilised']['debits']:.2f}",
                }
            }  # fmt: skip

        return self._read(make)

    def _ping(self, values: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, {"status": "success", "data": {"message": "pong", "broker": "zerodha"}}

    def _analyzer(self, values: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        mode = "analyze" if self.settings.analyze else "live"
        return 200, {
            "status": "success", "data": {"analyze_mode": self.settings.analyze, "mode": mode, "total_logs": 0}
        }  # fmt: skip


def _sent(status: int, body: dict[str, Any]) -> Sending:
    return Sending(Answer(status, json.dumps(body).encode()))

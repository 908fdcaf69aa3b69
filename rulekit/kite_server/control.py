"""A side door for tests in other processes: the true book, prices, faults, time. It is no part of the broker's API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rulekit.kite_server.answers import Answer, Request, failure, success
from rulekit.kite_server.clock import moment
from rulekit.kite_server.faults import Sending

if TYPE_CHECKING:
    from rulekit.kite_server.server import KiteServer

PREFIX = "/_control/"


def respond(server: KiteServer, request: Request) -> Sending:
    """Answer `/_control/...`."""
    try:
        body = json.loads(request.body) if request.body else {}
        return Sending(_act(server, request.path.removeprefix(PREFIX), body))
    except (ValueError, KeyError, TypeError) as error:
        return Sending(failure(400, "InputException", f"{type(error).__name__}: {error}"))


def _act(server: KiteServer, what: str, body: dict[str, Any]) -> Answer:
    match what:
        case "true":
            positions = [[*key, quantity] for key, quantity in server.true_positions().items()]
            return success({"orders": server.true_orders(), "trades": server.true_trades(), "positions": positions})
        case "now":
            return success(moment(server.clock.now()).isoformat())
        case "requests":
            return success(server.requests)
        case "price":
            server.push_price(body["exchange"], body["symbol"], body["price"], quantity=body.get("quantity", 0))
        case "faults":
            server.faults.script(body.get("script", []))
            if "rate" in body:
                server.faults.draw_from(body["rate"], body.get("kinds"), routes=body.get("routes", ("place",)))
        case "socket":
            server.stream.play(body["fault"], count=body.get("count", 1), also_new=body.get("also_new", False))
        case "advance":
            server.advance(body["seconds"])
        case "expire":
            server.expire_token()
        case _:
            return failure(404, "GeneralException", f"there is no control `{what}`")
    return success(True)

"""What the adapter costs: against a bare `kite.place_order` in the same run, and from a tick to the request.

`python -m tests.benchmarks.kite`
"""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from pathlib import Path
from statistics import median, quantiles

from rulekit.broker.kite import KiteBroker
from rulekit.broker.kite_calls import make_client
from rulekit.broker.kite_settings import KiteSettings, Secret
from rulekit.execution.settings import StopSettings
from rulekit.kite_server.server import KiteServer
from rulekit.kite_server.settings import NO_LIMITS, ServerSettings
from rulekit.model.clock import WallClock
from rulekit.model.events import Event
from rulekit.model.instant import SECOND
from rulekit.model.orders import Accepted, OrderRequest
from rulekit.runtime.live import open_kite_day
from rulekit.runtime.policy import Policy
from rulekit.settings import EngineSettings, Settings

POLICY = """\
policy "X"
FIRST: tighten stop to 4% from price when profit is above -3%
OUT: exit at 5% profit
"""
COUNT = 300
POSITIONS = 40


def main() -> None:
    """Print ratios."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        bare = _against_the_bare_client(Path(folder))
        _from_tick_to_request(Path(folder), bare, stops=False)
        _from_tick_to_request(Path(folder), bare, stops=True)


def _server(speed: float = 1.0) -> KiteServer:
    return KiteServer(
        ServerSettings(limits=NO_LIMITS, margin_check="off"), start="2026-11-20T10:00:00+05:30", speed=speed
    ).start()


def _settings(server: KiteServer, folder: Path) -> KiteSettings:
    return KiteSettings(
        Secret(server.api_key), Secret(server.access_token), root=server.root, ticker=server.ticker_root,
        cache_folder=folder / "cache", token_file=folder / "token",
    )  # fmt: skip


def _against_the_bare_client(folder: Path) -> list[float]:
    """Place orders by turns through the bare client and through the adapter; return the bare client's times."""
    server = _server()
    server.push_price("NSE", "INFY", 1500)
    settings = _settings(server, folder)
    broker = KiteBroker(settings, clock=WallClock(server.clock.now()))
    client = make_client(settings)
    client.set_access_token(server.access_token)
    bare, wrapped = [], []
    for number in range(COUNT):
        side = ("BUY", "SELL")[number % 2]
        began = time.perf_counter()
        client.place_order(
            "regular", "NSE", "INFY", side, 1, "MIS", "MARKET", validity="DAY", market_protection=-1, tag=f"B{number}"
        )
        bare.append(time.perf_counter() - began)
        request = OrderRequest(f"A{number}", "NSE", "INFY", "MIS", side, 1, None, 150_000.0)
        began = time.perf_counter()
        outcome = broker.place(request)
        wrapped.append(time.perf_counter() - began)
        assert isinstance(outcome, Accepted), outcome
    bare, wrapped = bare[10:], wrapped[10:]
    print(f"bare place_order       p50 {_ms(median(bare))}  p99 {_ms(_p99(bare))}")
    _print_ratio("the adapter's place  ", wrapped, bare)
    print(f"overhead               p50 {_ms(median(wrapped) - median(bare))}")
    broker.close()
    server.stop()
    return bare


def _print_ratio(name: str, times: list[float], bare: list[float]) -> None:
    """Print times, and how often a bare order's they are."""
    ratios = f"ratio p50 {median(times) / median(bare):.2f}  p99 {_p99(times) / _p99(bare):.2f}"
    print(f"{name}  p50 {_ms(median(times))}  p99 {_ms(_p99(times))}  {ratios}")


def _from_tick_to_request(folder: Path, bare: list[float], *, stops: bool) -> None:
    """Push prices that fire an exit, and see when its request is at the server; with or without stops that stand there.

    The decision's time is that at which it was made, before it is written to the disk.
    """
    server = _server()
    clock = WallClock(server.clock.now())
    decided: dict[str, float] = {}

    def emit(event: Event) -> None:
        if event.name == "action_decided" and event.data["kind"] == "exit":
            decided[event.symbol] = event.at / SECOND

    arrived: dict[str, float] = {}
    respond = server.desk.respond

    def watch(request):  # type: ignore[no-untyped-def]
        if request.method == "POST" and not request.form.get("trigger_price"):
            arrived[request.form["tradingsymbol"]] = clock.now() / SECOND
        return respond(request)

    server.desk.respond = watch  # type: ignore[method-assign]
    symbols = [f"S{number}" for number in range(POSITIONS)]
    for symbol in symbols:
        server.push_price("NSE", symbol, 1000)
        server.trade_by_hand("NSE", symbol, "BUY", 10)
    settings = Settings(
        engine=EngineSettings(cycle_s=60), kite=_settings(server, folder), stops=StopSettings(at_broker=stops)
    )
    pushed: dict[str, float] = {}
    with open_kite_day(
        [Policy.from_text(POLICY)], folder / f"journal-{stops}", settings=settings, clock=clock, emit=emit,
    ) as day:  # fmt: skip
        thread = threading.Thread(target=day.run)
        thread.start()
        time.sleep(2)
        for symbol in symbols:  # the first price sets the stop
            server.push_price("NSE", symbol, 1000)
        time.sleep(10 if stops else 2)
        for symbol in symbols[:: 2 if stops else 1]:  # the broker's ten readings a second are no subject here
            pushed[symbol] = clock.now() / SECOND
            server.push_price("NSE", symbol, 1060)
            time.sleep(1.2 if stops else 0.4)
        time.sleep(1)
        day.stop()
        thread.join()
    server.stop()
    whole = [arrived[symbol] - pushed[symbol] for symbol in symbols if symbol in arrived]
    sent = [arrived[symbol] - decided[symbol] for symbol in symbols if symbol in arrived and symbol in decided]
    taken_back = sum(order["status"] == "CANCELLED" for order in server.true_orders())
    print(f"{len(whole)} of {len(pushed)} ticks that fire an exit; {taken_back} standing stops taken back first")
    _print_ratio("tick to request      ", whole, bare)
    _print_ratio("decision to request  ", sent, bare)


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:7.3f} ms"


if __name__ == "__main__":
    main()

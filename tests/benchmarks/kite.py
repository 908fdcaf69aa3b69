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
from rulekit.kite_server.server import KiteServer
from rulekit.kite_server.settings import NO_LIMITS, ServerSettings
from rulekit.model.clock import WallClock
from rulekit.model.events import Event
from rulekit.model.orders import Accepted, OrderRequest
from rulekit.runtime.live import open_kite_day
from rulekit.runtime.policy import Policy
from rulekit.settings import EngineSettings, Settings

COUNT = 300
POSITIONS = 40


def main() -> None:
    """Print ratios."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        bare = _against_the_bare_client(Path(folder))
        _from_tick_to_request(Path(folder), bare)


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


def _from_tick_to_request(folder: Path, bare: list[float]) -> None:
    """Push prices that fire a rule, and see when the request is at the server."""
    server = _server()
    decided: dict[str, float] = {}

    def emit(event: Event) -> None:
        if event.name == "action_decided":
            decided[event.symbol] = time.perf_counter()

    arrived: dict[str, float] = {}
    respond = server.desk.respond

    def watch(request):  # type: ignore[no-untyped-def]
        if request.method == "POST":
            arrived[request.form["tradingsymbol"]] = time.perf_counter()
        return respond(request)

    server.desk.respond = watch  # type: ignore[method-assign]
    symbols = [f"S{number}" for number in range(POSITIONS)]
    for symbol in symbols:
        server.push_price("NSE", symbol, 1000)
        server.trade_by_hand("NSE", symbol, "BUY", 10)
    settings = Settings(engine=EngineSettings(cycle_s=60), kite=_settings(server, folder))
    pushed: dict[str, float] = {}
    with open_kite_day(
        [Policy.from_text('policy "X"\nOUT: exit at 5% profit')], folder / "journal", settings=settings,
        clock=WallClock(server.clock.now()), emit=emit,
    ) as day:  # fmt: skip
        thread = threading.Thread(target=day.run)
        thread.start()
        time.sleep(3)
        for symbol in symbols:
            pushed[symbol] = time.perf_counter()
            server.push_price("NSE", symbol, 1060)
            time.sleep(0.4)
        time.sleep(1)
        day.stop()
        thread.join()
    server.stop()
    whole = [arrived[symbol] - pushed[symbol] for symbol in symbols if symbol in arrived]
    sent = [arrived[symbol] - decided[symbol] for symbol in symbols if symbol in arrived and symbol in decided]
    _print_ratio("tick to request      ", whole, bare)
    _print_ratio("decision to request  ", sent, bare)
    print(f"{len(whole)} of {POSITIONS} ticks that fire a rule")


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:7.3f} ms"


if __name__ == "__main__":
    main()

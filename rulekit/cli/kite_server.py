"""`rulekit kite-server`: a simulated Kite on this machine, to try against without an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rulekit.kite_server.feed import Print
    from rulekit.kite_server.server import KiteServer
    from rulekit.kite_server.settings import ServerSettings

Command = TypeVar("Command", bound=Callable[..., Any])
Server = TypeVar("Server", bound="KiteServer")

_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes a free one"),
    click.option(
        "--feed", type=click.Path(path_type=Path), help="prices from a CSV or Parquet file; else they are made up"
    ),
    click.option("--symbol", help="the symbol of a price file that has no column for it"),
    click.option("--clock", help="START or START*SPEED: a time of its own; else the real time, or the file's first"),
    click.option("--seed", type=int, default=0, show_default=True, help="draws made-up prices and faults"),
    click.option(
        "--faults", help="SHARE or SHARE:KIND,KIND of order requests that go wrong at the broker, like 0.05:cut,hang"
    ),
    click.option("--cash", type=click.FloatRange(min=0), default=1_000_000.0, show_default=True, help="rupees"),
    click.option("--control", is_flag=True, help="open the side door /_control/ (true book, prices, faults, time)"),
)


def server_options(command: Command) -> Command:
    """Add what every simulated broker of this machine is told."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command(
    "kite-server",
    short_help="start a simulated Kite on this machine",
    epilog="""\b
Examples:
  rulekit kite-server
  rulekit kite-server --feed ticks.csv --clock 2026-11-20T09:15:00+05:30*10
  rulekit kite-server --port 8080 --faults 0.05:cut,html_504,timeout_400 --seed 3""",
)
@server_options
@click.option("--redirect-url", default="http://127.0.0.1:5757/", show_default=True, help="where a login leads back to")
def command(redirect_url: str, cash: float, seed: int, **given: Any) -> None:
    """Start a SIMULATED broker that speaks like Kite, on 127.0.0.1 only, until Ctrl-C.

    Nothing is sent to any exchange. It prints what to put into the environment, so that other commands talk to it.
    """
    from rulekit.kite_server.server import KiteServer
    from rulekit.kite_server.settings import Credentials, ServerSettings

    settings = ServerSettings(credentials=Credentials(redirect_url=redirect_url), cash=cash, seed=seed)
    server = listening(KiteServer, settings, **given)
    with server:
        told = {
            "RULEKIT_KITE_ROOT": server.root,
            "RULEKIT_KITE_TICKER": server.ticker_root,
            "RULEKIT_KITE_API_KEY": server.api_key,
            "RULEKIT_KITE_ACCESS_TOKEN": server.access_token,
        }
        wait_until_stopped(
            server, "Kite", told, f"login page: {server.login_url}\nPut these four into the environment."
        )


def listening(
    kind: type[Server],
    settings: ServerSettings,
    *,
    port: int,
    feed: Path | None,
    symbol: str | None,
    clock: str | None,
    faults: str | None,
    control: bool,
) -> Server:
    """Return a server that listens, as the options say.

    Raises:
        UsageError: one of them makes no sense.
    """
    start, speed = part_clock(clock)
    prices = read_prices(feed, symbol, start)
    server = kind(
        settings=settings, start=start, speed=speed, feed=prices, port=port, control=control, walk=prices is None
    )
    if faults is not None:
        draw_faults(server, faults)
    start_server(server, port)
    return server


def wait_until_stopped(server: KiteServer, name: str, told: Mapping[str, str], more: str) -> None:
    """Say what a server is and what belongs into the environment, and serve until Ctrl-C."""
    click.echo(f"A SIMULATED {name}: made-up account, nothing is sent to any exchange. It listens on 127.0.0.1 only.\n")
    for variable, value in told.items():
        click.echo(f"{variable}={value}")
    click.echo(f"\n{more} Ctrl-C ends the server.")
    try:
        server.wait()
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


def part_clock(text: str | None) -> tuple[str | None, float]:
    """Part START*SPEED.

    Raises:
        UsageError: it is none.
    """
    from rulekit.errors import UsageError
    from rulekit.kite_server.clock import instant

    if text is None:
        return None, 1.0
    start, _, speed = text.partition("*")
    try:
        instant(start)
        rate = float(speed or 1)
        if rate < 0:
            raise ValueError("a clock cannot run backwards")
    except ValueError as error:
        raise UsageError(f"`{text}` is not a clock: {error}", "write it like 2026-11-20T09:15:00+05:30*10") from None
    return start, rate


def read_prices(feed: Path | None, symbol: str | None, start: str | None) -> Sequence[Print] | None:
    """Read a file of prices from a time on; None where there is no file.

    Raises:
        UsageError: it cannot be read.
    """
    from rulekit.errors import UsageError
    from rulekit.kite_server.clock import instant
    from rulekit.kite_server.feed import FeedError, read_feed

    if feed is None:
        return None
    try:
        return read_feed(feed, symbol, instant(start) if start else None)
    except FeedError as error:
        raise UsageError(str(error), "name a CSV or Parquet file of prices; see docs/kite-server.md") from None


def start_server(server: KiteServer, port: int) -> None:
    """Let a server listen.

    Raises:
        UsageError: its port is taken.
    """
    from rulekit.errors import UsageError

    try:
        server.start()
    except OSError as error:
        raise UsageError(f"port `{port}` cannot be used: {error.strerror}", "name another port, or 0") from None


def draw_faults(server: KiteServer, text: str) -> None:
    """Read SHARE:KIND,KIND and let the server draw from it.

    Raises:
        UsageError: it names no faults.
    """
    from rulekit.errors import UsageError

    share, _, kinds = text.partition(":")
    try:
        rate = float(share)
        if not 0 <= rate <= 1:
            raise ValueError("the share must be between 0 and 1")
        names = [kind.strip() for kind in kinds.split(",")] if kinds else None
        server.faults.draw_from(rate, names, routes=("place", "modify", "cancel"))
    except ValueError as error:
        raise UsageError(f"`{text}` names no faults: {error}", "write it like 0.05 or 0.05:cut,html_504") from None

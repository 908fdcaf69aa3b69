"""`rulekit openalgo-server`: a simulated OpenAlgo on this machine, to try against without an account."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(
    "openalgo-server",
    short_help="start a simulated OpenAlgo on this machine",
    epilog="""\b
Examples:
  rulekit openalgo-server
  rulekit openalgo-server --feed ticks.csv --clock 2026-11-20T09:15:00+05:30*10
  rulekit openalgo-server --port 5000 --faults 0.05:cut,html_504,timeout_400 --seed 3""",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes a free one")
@click.option(
    "--feed", type=click.Path(path_type=Path), help="prices from a CSV or Parquet file; else they are made up"
)
@click.option("--symbol", help="the symbol of a price file that has no column for it")
@click.option("--clock", help="START or START*SPEED: a time of its own; else the real time, or the file's first")
@click.option("--seed", type=int, default=0, show_default=True, help="draws made-up prices and faults")
@click.option("--faults", help="SHARE or SHARE:KIND,KIND of order requests that go wrong behind it, like 0.05:cut,hang")
@click.option("--cash", type=click.FloatRange(min=0), default=1_000_000.0, show_default=True, help="rupees")
@click.option("--control", is_flag=True, help="open the side door /_control/ (true book, prices, faults, time)")
def command(
    port: int,
    feed: Path | None,
    symbol: str | None,
    clock: str | None,
    seed: int,
    faults: str | None,
    cash: float,
    control: bool,
) -> None:
    """Start a SIMULATED OpenAlgo before a SIMULATED broker, on 127.0.0.1 only, until Ctrl-C.

    Nothing is sent to any exchange. It prints what to put into the environment, so that other commands talk to it.
    """
    from rulekit.cli.kite_server import draw_faults, part_clock, read_prices, start_server
    from rulekit.kite_server.settings import ServerSettings
    from rulekit.openalgo_server.server import OpenAlgoServer

    start, speed = part_clock(clock)
    prices = read_prices(feed, symbol, start)
    server = OpenAlgoServer(
        None, ServerSettings(cash=cash, seed=seed), start=start, speed=speed, feed=prices, port=port, control=control,
        walk=prices is None,
    )  # fmt: skip
    if faults is not None:
        draw_faults(server, faults)
    start_server(server, port)
    with server:
        click.echo(
            "A SIMULATED OpenAlgo: made-up account, nothing is sent to any exchange. It listens on 127.0.0.1 only.\n"
        )
        for name, value in (("RULEKIT_OPENALGO_ROOT", server.root), ("RULEKIT_OPENALGO_API_KEY", server.openalgo_key)):
            click.echo(f"{name}={value}")
        click.echo("\nPut these two into the environment. Ctrl-C ends the server.")
        try:
            server.wait()
        except KeyboardInterrupt:
            click.echo("stopped", err=True)

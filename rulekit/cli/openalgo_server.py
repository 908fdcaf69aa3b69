"""`rulekit openalgo-server`: a simulated OpenAlgo on this machine, to try against without an account."""

from __future__ import annotations

from typing import Any

import click

from rulekit.cli.kite_server import listening, server_options, wait_until_stopped


@click.command(
    "openalgo-server",
    short_help="start a simulated OpenAlgo on this machine",
    epilog="""\b
Examples:
  rulekit openalgo-server
  rulekit openalgo-server --feed ticks.csv --clock 2026-11-20T09:15:00+05:30*10
  rulekit openalgo-server --port 5000 --faults 0.05:cut,html_504,timeout_400 --seed 3""",
)
@server_options
def command(cash: float, seed: int, **given: Any) -> None:
    """Start a SIMULATED OpenAlgo before a SIMULATED broker, on 127.0.0.1 only, until Ctrl-C.

    Nothing is sent to any exchange. It prints what to put into the environment, so that other commands talk to it.
    """
    from rulekit.kite_server.settings import ServerSettings
    from rulekit.openalgo_server.server import OpenAlgoServer

    server = listening(OpenAlgoServer, ServerSettings(cash=cash, seed=seed), **given)
    with server:
        told = {"RULEKIT_OPENALGO_ROOT": server.root, "RULEKIT_OPENALGO_API_KEY": server.openalgo_key}
        wait_until_stopped(server, "OpenAlgo", told, "Put these two into the environment.")

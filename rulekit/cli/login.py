"""`rulekit login`: get the day's access token from the broker, and keep it where only its owner can read it."""

from __future__ import annotations

from pathlib import Path

import click

from rulekit.cli.settings_option import settings_option
from rulekit.errors import UsageError


@click.command(
    "login",
    epilog="""\b
Examples:
  rulekit login
  rulekit login --no-browser
The app's registered redirect address must be the one that is shown, http://127.0.0.1:5010/ unless you changed
`redirect_port` under [kite]. The token ends at six the next morning; log in once a day, by hand.
Exit codes: 0 logged in, 1 the broker refused or nobody came, 2 usage.""",
)
@settings_option
@click.option("--no-browser", is_flag=True, help="show the address instead of opening a browser")
@click.option("--wait", "wait_s", type=click.FloatRange(1), default=300, show_default=True, help="seconds to wait")
def command(settings_path: Path | None, no_browser: bool, wait_s: float) -> None:
    """Log in at the broker in your browser; the token is kept in a file that only you can read, and never shown."""
    from attrs import evolve

    from rulekit.broker.kite_login import Redirect, exchange, login_address
    from rulekit.broker.kite_settings import Secret
    from rulekit.broker.kite_token import keep, token_path
    from rulekit.model.clock import WallClock
    from rulekit.settings import load_settings

    settings = load_settings(settings_path).kite
    if not settings.api_key:
        raise UsageError("there is no Kite api key", "set RULEKIT_KITE_API_KEY, or `api_key` under [kite]")
    if not settings.api_secret:
        typed = click.prompt("api secret of your app (not shown)", hide_input=True, err=True)
        settings = evolve(settings, api_secret=Secret(typed.strip()))
    redirect = Redirect(settings.redirect_port)
    try:
        address = login_address(settings, redirect.state)
        click.echo(f"waiting on {redirect.address} for {wait_s:.0f} s; your app must be registered to redirect there")
        if no_browser or not _opened(address):
            click.echo(f"log in here: {address}")
        request_token = redirect.wait(wait_s)
    finally:
        redirect.close()
    kept = exchange(settings, request_token, WallClock())
    path = token_path(settings)
    keep(path, kept)
    click.echo(f"logged in as {kept.user or 'unknown'}; the token is in {path} until six in the morning")
    if settings.access_token:
        click.echo("note: an access token is also set by hand, and goes before this file: remove it", err=True)


def _opened(address: str) -> bool:
    """Open the browser; False where there is none."""
    import webbrowser

    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False

"""`rulekit page`: an account's live view, its history and its switch in a browser."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rulekit.cli.journal_option import journal_option
from rulekit.cli.login_name import login_name
from rulekit.cli.settings_option import settings_in_force, settings_option
from rulekit.errors import UsageError

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place
    from rulekit.page.people import Person
    from rulekit.page.serving import Address
    from rulekit.settings import Settings


@click.command(
    "page",
    epilog="""\b
Examples:
  rulekit page --journal day.journal --policies policies
  rulekit page --journal day.journal --policies policies --listen 8800
  rulekit page --journal day.journal --policies policies --listen 0.0.0.0:8750 --person me=act --person guest=look""",
)
@journal_option
@click.option(
    "--policies",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="the folder of policy files that the engine runs",
)
@click.option(
    "--bars", type=click.Path(path_type=Path), metavar="FOLDER", help="price files on which the studio may replay"
)
@click.option("--listen", metavar="[HOST:]PORT", help="where to listen  [default: the settings, or 127.0.0.1:8750]")
@click.option(
    "--person", "named", metavar="NAME=ROLE", multiple=True,
    help="who may come in by a secret link: look, write or act; may be given several times",
)  # fmt: skip
@click.option(
    "--as", "me", metavar="NAME", help="who you are on this machine, for the journal  [default: your login name]"
)
@click.option("--certificate", type=click.Path(path_type=Path), help="serve over TLS with this certificate (PEM)")
@click.option("--key", type=click.Path(path_type=Path), help="the certificate's key (PEM)")
@settings_option
def command(
    journal: Place | None, account: str | None, policies: Path | None, bars: Path | None, listen: str | None,
    named: tuple[str, ...], me: str | None, certificate: Path | None, key: Path | None, settings_path: Path | None,
) -> None:  # fmt: skip
    """Show the account in a browser: positions, what waits, alerts, history, and the switch.

    On this machine the browser needs nothing else. From anywhere else it is opened by a secret link, one for each
    --person, or by a password of the settings; what each of them does stands in the journal under their name.
    """
    try:
        from rulekit.page.app import build
        from rulekit.page.serving import address_of, bound, serve, server_of
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the page needs the package `{error.name}`, which is not installed", "pip install 'rulekit-policy[page]'"
        ) from None
    from rulekit.cli.journal_place import one_account
    from rulekit.page.people import Doors
    from rulekit.page.screen import Screen
    from rulekit.studio.routes import STUDIO

    settings = settings_in_force(settings_path)
    place = one_account(journal, account)
    if policies is not None and not policies.is_dir():
        raise UsageError(f"`{policies}` is no folder", "name the folder that holds the policy files")
    if bars is not None and not bars.is_dir():
        raise UsageError(f"`{bars}` is no folder", "name the folder that holds the price files")
    if (certificate is None) != (key is None):
        raise UsageError("a certificate and its key go together", "give both --certificate and --key")
    taken, address = bound(address_of(listen or settings.page.listen))
    people = _people(named, settings, me, address)
    secure = certificate is not None
    screen = Screen(
        journal=place,
        doors=Doors(people, _local(me) if address.is_local else None, lasts_s=settings.page.hours * 3600),
        policies=policies,
        settings=settings,
        bars=bars,
        hosts=address.names,
        secure=secure,
        cookie=f"rulekit-{address.port}",
    )
    begun = partial(_tell_where, address, people, secure=secure)
    serve(server_of(build(screen, [STUDIO]), certificate, key, begun=begun), taken)


def _local(me: str | None) -> Person:
    """Return who a browser on this machine is."""
    from rulekit.page.people import ACT, Person

    return Person(me or login_name(), ACT)


def _people(named: tuple[str, ...], settings: Settings, me: str | None, address: Address) -> tuple[Person, ...]:
    """Return who may come in from elsewhere; whoever started the page, where nobody is named."""
    from rulekit.page.people import ACT, with_link

    found = []
    for text in named:
        name, equals, role = text.rpartition("=")
        if not equals:
            raise UsageError(f"`{text}` does not say what the person may do", "write it like me=act")
        found.append(with_link(name, role))
    for name, person in settings.page.people.items():
        found.append(with_link(name, person.role, person.read_password(os.environ, name)))
    if not found and not address.is_local:
        found.append(with_link(me or login_name(), ACT))
    return tuple(found)


def _tell_where(address: Address, people: tuple[Person, ...], *, secure: bool) -> None:
    """Say where the page is; links are shown here and nowhere else."""
    url = address.url(secure=secure)
    if address.is_local:
        click.echo(f"the page is at {url}")
    for person in people:
        click.echo(f"{person.name} ({person.role}) comes in at {url}/enter/{person.secret}")
    if not address.is_local and not secure:
        click.echo(
            "note: without --certificate and --key others on the way can read and act; use it in a network you trust",
            err=True,
        )
    click.echo("Ctrl-C ends the page; the engine runs on without it", err=True)

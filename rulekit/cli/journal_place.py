"""Where a command finds the journal: its options, the environment or the settings; a password is never repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rulekit.errors import UsageError

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place
    from rulekit.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])


class PlaceType(click.ParamType):  # type: ignore[type-arg]
    """A file, or the address of a database."""

    name = "journal"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it; what cannot be read is not repeated."""
        from rulekit.execution.journal_place import place_of

        return place_of(value)


def place_option(command: Command) -> Command:
    """Add `--journal FILE|postgresql://…`."""
    return click.option(
        "--journal",
        "journal",
        type=PlaceType(),
        metavar="FILE|URL",
        help="the journal: a file, or postgresql://user@host/database  [default: RULEKIT_JOURNAL, or the settings]",
    )(command)


def account_option(command: Command) -> Command:
    """Add `--account NAME`."""
    return click.option(
        "--account", metavar="NAME", help="whose journal in a database; a file holds one account's alone"
    )(command)


def chosen(journal: Place | None, settings: Settings | None = None) -> Place:
    """Return the journal that is meant.

    Raises:
        UsageError: nobody says which.
    """
    from rulekit.execution.journal_place import place_of

    if journal is not None:
        return journal
    said = (settings or _settings()).journal.place
    if not said:
        raise UsageError(
            "which journal?",
            "give --journal FILE or --journal postgresql://user@host/database, set RULEKIT_JOURNAL, or write `place` "
            "under [journal] in rulekit.toml",
        )
    return place_of(said)


def _settings() -> Settings:
    from rulekit.settings import load_settings

    return load_settings(None)


def accounts_of(journal: Place | None, account: str | None) -> list[Place]:
    """Return the journals that a command is to show: one of a file, of a database all or the one that is named.

    Raises:
        UsageError: nobody says which, or a file does not hold the account. JournalError: they cannot be read.
    """
    from rulekit.execution.journal_place import ServerPlace

    place = chosen(journal)
    if not isinstance(place, ServerPlace):
        return [_of_the_account(place, account)]
    if account is not None:
        return [place.of(account)]
    from rulekit.execution.journal_postgres_reading import accounts

    return [place.of(name) for name in accounts(place)]


def _of_the_account(place: Place, account: str | None) -> Place:
    if account is not None:
        from rulekit.execution.journal import account_of

        whose = account_of(place) or account
        if whose != account:
            raise UsageError(f"`{place}` is the journal of the account `{whose}`, not of `{account}`", "leave it out")
    return place


def with_account(place: Place, row: dict[str, Any], asked: str | None) -> dict[str, Any]:
    """Name the account in a row that is shown beside those of others; where one was asked for, nothing is added."""
    account = getattr(place, "account", None)
    return row if account is None or asked is not None else {"account": account, **row}


def one_account(journal: Place | None, account: str | None) -> Place:
    """Return the one journal that a command is about.

    Raises:
        UsageError: a database holds several, and nobody says which.
    """
    from rulekit.execution.journal_place import ServerPlace

    place = chosen(journal)
    if not isinstance(place, ServerPlace):
        return _of_the_account(place, account)
    from rulekit.execution.journal_postgres_reading import with_account

    return with_account(place if account is None else place.of(account))


def tell_note(text: str) -> None:
    """Say what a person should know who waits; the answer itself goes elsewhere."""
    click.echo(f"note: {text}", err=True)

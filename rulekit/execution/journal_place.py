"""Where a journal is kept, as a person names it: a file, or an account in a PostgreSQL database."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from attrs import evolve, field, frozen

from rulekit.errors import UsageError

_FORM = re.compile(
    r"postgres(?:ql)?://(?:(?P<user>[^:@/?#\s]*)(?::(?P<password>[^:@/?#\s]*))?@)?(?P<hosts>[^@/?#\s]*)"
    r"(?:/(?P<database>[^@/?#\s]*))?(?:\?(?P<query>[^@#\s]*))?"
)
_SHOWN = ("host", "port", "dbname", "user")
"""Of what may stand behind the question mark; the rest is nobody's business, and some of it is secret."""


@frozen
class ServerPlace:
    """A PostgreSQL database, and whose journal in it is meant; None: all of them.

    Args:
        url: as it was given; it may hold a password, so it is never shown.
        name: how it is shown.
    """

    url: str = field(repr=False)
    name: str
    account: str | None = None

    def of(self, account: str) -> ServerPlace:
        """Return the place of one account's journal in this database."""
        return evolve(self, account=account)

    def hide(self, text: str) -> str:
        """Take what is secret out of a text that somebody else wrote."""
        found = _FORM.fullmatch(self.url)
        secrets = {self.url}
        if found is not None:
            secrets.add(found["password"] or "")
            secrets |= {value for key, value in parse_qsl(found["query"] or "") if key not in _SHOWN}
        for secret in sorted({*secrets, *map(unquote, secrets)} - {""}, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def __str__(self) -> str:
        return self.name


Place = Path | ServerPlace
"""Where a journal is kept."""


def is_server(text: object) -> bool:
    """Tell whether a text names a database rather than a file."""
    return isinstance(text, str) and re.match(r"postgres(ql)?:", text.strip(), re.IGNORECASE) is not None


def place_of(place: Place | str, account: str | None = None) -> Place:
    """Read the name of a place.

    Args:
        place: a path, or an address like `postgresql://user@host:5432/database`.
        account: whose journal is meant; files hold one each, so it says nothing there.

    Raises:
        UsageError: it begins like an address and is none. The text itself is not repeated: it may hold a password.
    """
    if isinstance(place, ServerPlace):
        return place if account is None else place.of(account)
    if isinstance(place, Path) or not is_server(place):
        return Path(place)
    found = _FORM.fullmatch(place.strip())
    if found is None:
        raise UsageError(
            "the address of the journal's database cannot be read",
            "write it like postgresql://user@host:5432/database; in a name or password write @ : / ? # as %40 %3A %2F "
            "%3F %23",
        )
    user = f"{unquote(found['user'])}@" if found["user"] else ""
    known = {key: value for key, value in parse_qsl(found["query"] or "") if key in _SHOWN}
    query = "?" + "&".join(f"{key}={value}" for key, value in known.items()) if known else ""
    database = f"/{found['database']}" if found["database"] else ""
    return ServerPlace(place.strip(), f"postgresql://{user}{found['hosts']}{database}{query}", account)

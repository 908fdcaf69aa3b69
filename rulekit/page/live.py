"""Keeps the live view: the journal and what the engine shows of itself, put together, with a number that only grows."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from attrs import evolve

from rulekit.errors import RulekitError, UsageError
from rulekit.execution.journal_schema import Entry
from rulekit.execution.ledger import ACTION_DECIDED, ADOPTED, TRADE, WATCHED, Ledger
from rulekit.model.clock import bare_stopwatch
from rulekit.model.events import Event
from rulekit.model.instant import Instant
from rulekit.model.instrument import PositionKey
from rulekit.model.prices import UNKNOWN
from rulekit.page.accounts import Engine, account_row, is_old, position_row, shown_id
from rulekit.page.firings import with_firings
from rulekit.page.following import Follower
from rulekit.page.loglines import LogLine, line_of_event
from rulekit.page.nearness import Nearness, nearest, nearness
from rulekit.page.retelling import Retelling
from rulekit.page.screen import Screen
from rulekit.page.switching import Turned
from rulekit.runtime.policy import Policy
from rulekit.runtime.reloading import guard
from rulekit.runtime.shown import (
    BEGIN,
    HEALTH,
    HEARD,
    NOW,
    POLICY,
    POSITION,
    Seen,
    ShownReader,
    read_position,
    shown_path,
    watched_path,
)

LOOK_S = 0.04
"""Real seconds between two looks at the files."""
SURE_S = 0.5
"""At least so often the journal is read, whatever the files' times say."""
DATABASE_S = 0.2
"""Between two readings of a journal in a database: each is a question to the server."""
AGAIN_S = 2.0
"""Between two tries where it cannot be read, and between two looks whether an engine runs."""
SIGN_S = 1.0
"""Between two signs to the engine that somebody looks."""
LINGER_S = 20.0
"""So long after the last browser asked the signs go on."""
NEAR_S = 0.012
"""Seconds of work on the rules' distances between two looks."""
NEAR_AGAIN_S = 10.0
"""Distances of time grow by themselves: each position's are worked out again that often."""
PATIENCE_S = 3.0
"""How long a browser's question waits for a journal that is being read."""
FIRST_S = 4.0
"""So long at most the first browsers wait at the door until the picture is whole; a long journal takes longer."""
SHOWS_S = 0.6
"""So long the first picture waits for an engine that runs to show its prices."""
LOG_KEPT = 600
GONE_KEPT = 4000


class Live:
    """What the browsers see. One thread writes it; any other may ask for what changed since a number.

    Args:
        screen: whose journal it is about.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._watch = bare_stopwatch()
        self._lock = threading.Lock()
        self._folding = threading.Lock()
        self._ending = threading.Event()
        self._whole = threading.Event()
        self._retelling = Retelling()
        self.follower = Follower(screen.journal, self._begun, self._before, self._after)
        self._reader = ShownReader(shown_path(screen.journal)) if isinstance(screen.journal, Path) else None
        self.version = 1
        self.rows: dict[PositionKey, tuple[int, dict[str, Any]]] = {}
        self._gone: deque[tuple[int, str]] = deque(maxlen=GONE_KEPT)
        self._forgotten = 0  # the newest number of which the list of what is gone no longer knows
        self.log: deque[tuple[int, LogLine]] = deque(maxlen=LOG_KEPT)
        self._account: tuple[int, dict[str, Any]] = (1, {})
        self.seen: dict[PositionKey, Seen] = {}
        self._policies: dict[str, Policy | None] = {}
        self._texts: dict[str, tuple[str, str]] = {}
        self.engine = Engine()
        self._touched: set[PositionKey] = set()
        self._everything = True
        self._near: dict[PositionKey, tuple[float, Nearness | None]] = {}
        self._near_due: dict[PositionKey, None] = {}
        self._asked_at = self._watch()
        self.turned: Turned | None = None
        """The last turn of the switch through this page."""
        self._due = dict.fromkeys(("sure", "again", "sign", "account"), 0.0)

    def end(self) -> None:
        """Say that the page is about to end."""
        self._ending.set()

    @property
    def is_ending(self) -> bool:
        """Tell whether the page is about to end, so that no stream keeps it."""
        return self._ending.is_set()

    # --- life ----------------------------------------------------------------------------------------------------

    @contextmanager
    def running(self) -> Iterator[None]:
        """Look after the view in a thread of its own."""
        self._ending.clear()
        self._whole.clear()
        thread = threading.Thread(target=self._run, name="live", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.end()
            thread.join(5.0)

    def wait_for_first(self) -> None:
        """Block until the first picture is whole, or for a few seconds: what browsers ask then is at hand."""
        self._whole.wait(FIRST_S)

    def _run(self) -> None:
        began = self._watch()
        while not self._ending.is_set():
            self.look()
            if not self._whole.is_set() and self._is_whole(self._watch() - began):
                self._whole.set()
            self._ending.wait(LOOK_S)

    def _is_whole(self, passed: float) -> bool:
        """Tell whether the first picture has all that it can have."""
        if self.follower.ledger is None:
            return bool(self.follower.trouble)
        shows = bool(self.engine.run) or not self.engine.running or self._reader is None or passed > SHOWS_S
        return shows and not self._near_due

    def look(self) -> None:
        """Look once at the files, and take what changed."""
        real = self._watch()
        if real >= self._due["sign"] and real - self._asked_at < LINGER_S:
            self._due["sign"] = real + SIGN_S
            self._give_sign()
        if real >= self._due["again"]:
            self._due["again"] = real + AGAIN_S
            self.engine.running = self.follower.is_running()
        with self._folding:
            self._follow(real)
            self._read_shown(real)
            self._take()
            self._measure(self._watch())
            if real >= self._due["account"]:
                self._due["account"] = real + SURE_S
                self._take_account()

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """Give what the journal adds up to, which stays as it is meanwhile; for a moment, from a worker thread.

        Raises:
            UsageError: it is not read yet.
        """
        if not self._folding.acquire(timeout=PATIENCE_S):
            raise UsageError("the journal is being read", self.follower.note or "try again in a moment")
        try:
            if self.follower.ledger is None:
                raise UsageError(self.follower.trouble or "the journal is being read", "try again in a moment")
            yield self.follower.ledger
        finally:
            self._folding.release()

    def _give_sign(self) -> None:
        if isinstance(self._screen.journal, Path):
            try:
                # Only beside a journal: nothing is made where there is none.
                if self._screen.journal.exists():
                    watched_path(self._screen.journal).touch()
                self.engine.unwatched = ""
            except OSError as error:
                self.engine.unwatched = error.strerror or str(error)

    # --- the journal ---------------------------------------------------------------------------------------------

    def _follow(self, real: float) -> None:
        follower = self.follower
        if follower.trouble:
            if real < self._due["sure"]:
                return
            self._due["sure"] = real + AGAIN_S
        elif real >= self._due["sure"] or follower.may_have_grown():
            self._due["sure"] = real + (SURE_S if isinstance(self._screen.journal, Path) else DATABASE_S)
        else:
            return
        if follower.poll():
            self._due["account"] = 0.0

    def _begun(self) -> None:
        """Forget what was known: the journal is read anew, and may be another one."""
        with self._lock:
            self._everything = True
            self.log.clear()

    def _before(self, entry: Entry, ledger: Ledger) -> None:
        self._retelling.before(entry, ledger)
        if entry.subject and (action := ledger.actions.get(entry.subject)) is not None:
            self._touched.add(action.key)

    def _after(self, entry: Entry, ledger: Ledger) -> None:
        if entry.kind in (TRADE, ADOPTED, ACTION_DECIDED):
            self._touched.add(PositionKey(*entry.body["key"]))
        elif entry.kind == WATCHED:
            self._touched.update(PositionKey(*row["key"]) for row in entry.body["positions"])
        for event in self._retelling.after(entry, ledger):
            self._tell(event, entry.seq, _title(ledger))

    def _tell(self, event: Event, seq: int = 0, title: str = "") -> None:
        line = line_of_event(event, seq, title)
        if line is not None:
            with self._lock:
                self.version += 1
                self.log.append((self.version, line))

    # --- what the engine shows -----------------------------------------------------------------------------------

    def _read_shown(self, real: float) -> None:
        for body in self._reader.read() if self._reader is not None else ():
            _TAKERS[body["k"]](self, body, real)

    def _take_begin(self, body: Mapping[str, Any], real: float) -> None:
        if body["run"] != self.engine.run:
            self.seen.clear()
            self._everything = True
        self.engine.run = body["run"]

    def _take_policy(self, body: Mapping[str, Any], real: float) -> None:
        self._texts[body["digest"]] = (body["text"], body["path"])

    def _take_position(self, body: Mapping[str, Any], real: float) -> None:
        seen = read_position(body)
        self.seen[seen.key] = seen
        self._touched.add(seen.key)

    def _take_now(self, body: Mapping[str, Any], real: float) -> None:
        self.engine.now, self.engine.shown_at = body["now"], real

    def _take_health(self, body: Mapping[str, Any], real: float) -> None:
        self.engine.health = body

    def _take_heard(self, body: Mapping[str, Any], real: float) -> None:
        said = {name: body[name] for name in ("name", "at", "symbol", "strategy", "action", "data")}
        self._tell(Event(**said))

    # --- rows ----------------------------------------------------------------------------------------------------

    def _take(self) -> None:
        """Build the rows of what was touched."""
        ledger = self.follower.ledger
        if ledger is None:
            return
        if self._everything:
            self._everything = False
            self._touched |= {*self.rows, *(key for key, book in ledger.books.items() if book.quantity)}
        for key in self._touched:
            self._take_row(key, ledger)
            self._near_due[key] = None
        self._touched.clear()

    def _take_row(self, key: PositionKey, ledger: Ledger) -> None:
        near = self._near.get(key, (0.0, None))[1]
        row = position_row(key, ledger, self.seen.get(key), near, self.engine)
        known = self.rows.get(key)
        if (None if known is None else known[1]) == row:
            return
        with self._lock:
            self.version += 1
            if row is not None:
                self.rows[key] = (self.version, row)
                return
            del self.rows[key]
            if len(self._gone) == GONE_KEPT:
                self._forgotten = self._gone[0][0]
            self._gone.append((self.version, shown_id(key)))
        self._near.pop(key, None)
        self.seen.pop(key, None)

    def _take_account(self) -> None:
        row = account_row(self.follower, self.engine, self._screen.settings.execution, self.rows_now(), self._watch())
        if row != self._account[1]:
            with self._lock:
                self.version += 1
                self._account = (self.version, row)

    # --- distances -----------------------------------------------------------------------------------------------

    def _measure(self, real: float) -> None:
        """Work out how near the rules are, for a bounded time, those first whose position changed."""
        ledger = self.follower.ledger
        if ledger is None:
            return
        if not self._near_due:
            old = [key for key in self.rows if self._near.get(key, (0.0, None))[0] < real - NEAR_AGAIN_S]
            self._near_due.update(dict.fromkeys(old[:50]))
        bound = NEAR_S if self._whole.is_set() else FIRST_S  # before the first picture nobody is kept waiting by it
        while self._near_due and self._watch() - real < bound:
            key = next(iter(self._near_due))
            del self._near_due[key]
            if key in self.rows:
                self._near[key] = (real, nearest(self.nearness(key, ledger)))
                self._take_row(key, ledger)

    def nearness(self, key: PositionKey, ledger: Ledger) -> list[Nearness]:
        """Return how every rule stands for a position; nothing where the engine has not shown it.

        Args:
            ledger: of the journal, which stays as it is meanwhile.
        """
        seen = self.seen.get(key)
        policy = None if seen is None else self._policy(seen.policy)
        if seen is None or policy is None:
            return []
        price = UNKNOWN if is_old(seen, self.engine) else seen.last
        seen = evolve(seen, snapshot=evolve(seen.snapshot, price=price), memory=with_firings(seen, ledger))
        with suppress(RulekitError):
            return nearness(seen, policy, self.engine.now or seen.snapshot.now)
        return []

    def _policy(self, digest: str) -> Policy | None:
        if digest == guard().digest:
            return guard()
        if digest not in self._policies and digest in self._texts:
            text, path = self._texts[digest]
            try:
                self._policies[digest] = Policy.from_text(text, path)
            except RulekitError:
                self._policies[digest] = None
        return self._policies.get(digest)

    def policy_title(self, digest: str) -> str:
        """Return how a policy is called, empty where it is not known."""
        policy = self._policy(digest)
        return "" if policy is None else policy.title or str(policy.path)

    # --- what a browser asks -------------------------------------------------------------------------------------

    def rows_now(self) -> list[dict[str, Any]]:
        """Return the rows as they are."""
        return [row for _, row in list(self.rows.values())]

    def key_of(self, shown: str) -> PositionKey | None:
        """Return the position that a row stands for."""
        return next((key for key in list(self.rows) if shown_id(key) == shown), None)

    def changes(self, since: int) -> dict[str, Any]:
        """Return what changed after a number; everything for 0, and where too much is gone since."""
        self._asked_at = self._watch()
        with self._lock:
            whole = since <= self._forgotten or since == 0
            since = 0 if whole else since
            found: dict[str, Any] = {
                "version": self.version,
                "positions": [row for version, row in self.rows.values() if version > since],
                "log": [line.to_dict() for version, line in self.log if version > since],
            }
            if whole:
                found["whole"] = True
            else:
                found["gone"] = [name for version, name in self._gone if version > since]
            if self._account[0] > since:
                found["account"] = self._account[1]
        return found

    @property
    def account_name(self) -> str:
        """Whose account it is; empty while that is not known."""
        ledger = self.follower.ledger
        return "" if ledger is None else ledger.account

    @property
    def now(self) -> Instant:
        """The latest moment that the journal or the engine speaks of."""
        ledger = self.follower.ledger
        return max(self.engine.now, 0 if ledger is None else ledger.last_at)


def _title(ledger: Ledger) -> str:
    """Return under which name an engine logs what has no strategy of its own: its first policy's title."""
    return next((str(row["title"]) for row in ledger.policies.get("policies", ()) if row["title"]), "")


_TAKERS = {
    BEGIN: Live._take_begin,
    POLICY: Live._take_policy,
    POSITION: Live._take_position,
    NOW: Live._take_now,
    HEALTH: Live._take_health,
    HEARD: Live._take_heard,
}

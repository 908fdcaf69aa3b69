"""Who may do what: people with their roles, how each of them comes in, and who is in."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable

from attrs import define, field, frozen

from rulekit.errors import UsageError
from rulekit.model.clock import elapsed, fresh_bytes

LOOK = "look"
WRITE = "write"
ACT = "act"
ROLES: dict[str, frozenset[str]] = {
    LOOK: frozenset({LOOK}),
    WRITE: frozenset({LOOK, WRITE}),
    ACT: frozenset({LOOK, WRITE, ACT}),
}
"""What each role allows: to look, to write policies as well, to act (halt, resume, settle, acknowledge) as well."""

MOST_VISITS = 500
MOST_FAILURES = 5
"""So many wrong passwords in a row, whoever typed them, close the door to passwords for a while."""
CLOSED_S = 60.0


@frozen
class Person:
    """Somebody who may come in.

    Args:
        name: as it stands in the journal beside what they did.
        role: one of ROLES.
        password: what they type; empty where they come by a link alone.
        secret: what their link ends in; empty for none.
    """

    name: str
    role: str
    password: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)

    def may(self, role: str) -> bool:
        """Tell whether the person may do what a role is needed for."""
        return role in ROLES[self.role]


@frozen
class Visit:
    """One person in one browser. `token` must come with everything that changes something."""

    person: Person
    token: str = field(repr=False)
    began: float


def with_link(name: str, role: str, password: str = "") -> Person:
    """Return a person with a secret link of their own.

    Raises:
        UsageError: there is no such role, or no name.
    """
    if role not in ROLES:
        raise UsageError(f"`{role}` is no role", f"it is one of {', '.join(ROLES)}")
    if not name.strip():
        raise UsageError("a person needs a name", "it stands in the journal beside what they did")
    return Person(name.strip(), role, password, fresh_secret())


def fresh_secret() -> str:
    """Draw what nobody can guess."""
    return fresh_bytes(24).hex()


@define
class Doors:
    """Lets people in and remembers who is in; in memory alone, so a restart of the page lets everybody out.

    Args:
        people: who may come in from anywhere.
        local: who a browser on this machine is, without being asked; None where everybody is asked.
        lasts_s: how long a visit lasts.
        now: real seconds from any beginning.
    """

    people: tuple[Person, ...]
    local: Person | None
    lasts_s: float = 12 * 3600.0
    now: Callable[[], float] = elapsed
    _visits: dict[str, Visit] = field(factory=dict, repr=False)
    _failures: int = 0
    _closed_until: float = 0.0

    def visit(self, cookie: str | None) -> Visit | None:
        """Return the visit that a browser's cookie stands for; None for none, or one that is over."""
        found = self._visits.get(cookie or "")
        if found is not None and self.now() - found.began > self.lasts_s:
            self.leave(cookie)
            return None
        return found

    def enter(self, person: Person) -> tuple[str, Visit]:
        """Let a person in; return the cookie and the visit that it stands for."""
        while len(self._visits) >= MOST_VISITS:
            self._visits.pop(next(iter(self._visits)))
        cookie, visit = fresh_secret(), Visit(person, fresh_secret(), self.now())
        self._visits[cookie] = visit
        return cookie, visit

    def leave(self, cookie: str | None) -> None:
        """End a visit."""
        self._visits.pop(cookie or "", None)

    def by_link(self, secret: str) -> Person | None:
        """Return whose link it is."""
        return _found(self.people, secret, lambda person: person.secret)

    def by_password(self, name: str, password: str) -> Person | None:
        """Return the person of that name and password.

        Raises:
            UsageError: too many were wrong a moment ago.
        """
        if self.now() < self._closed_until:
            raise UsageError("too many wrong passwords", "wait a minute, then try again")
        named = (person for person in self.people if person.name == name.strip())
        person = _found(named, password, lambda person: person.password)
        self._failures = 0 if person is not None else self._failures + 1
        if self._failures >= MOST_FAILURES:
            self._failures, self._closed_until = 0, self.now() + CLOSED_S
        return person

    @property
    def asks_passwords(self) -> bool:
        """Tell whether anybody has a password."""
        return any(person.password for person in self.people)


def _found(people: Iterable[Person], given: str, secret_of: Callable[[Person], str]) -> Person | None:
    """Compare with everybody, so that the time it takes says nothing."""
    found = None
    for person in people:
        secret = secret_of(person)
        if secret and given and hmac.compare_digest(secret.encode(), given.encode()):
            found = person
    return found

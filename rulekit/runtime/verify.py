"""Decides every recorded look of a journal again, and compares bit by bit with what was decided then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen

from rulekit.engine.book import decide_book, under_orders
from rulekit.engine.decide import decide
from rulekit.execution.journal_schema import Entry, body_of, text_of
from rulekit.execution.ledger import ACTION_DECIDED, LOOKED, POLICIES, POLICY_TEXT
from rulekit.model.book import BookSnapshot
from rulekit.model.decision import WHOLE_BOOK, Decision
from rulekit.model.instant import iso
from rulekit.model.prices import PAISE
from rulekit.model.version import VERSION
from rulekit.runtime.looks import Look, actions_row, digest_of, digest_of_book, look_of, memory_row
from rulekit.runtime.policy import Policy
from rulekit.runtime.recorded_policies import RecordedPolicies
from rulekit.runtime.reloading import guard

_LISTS = (("unknown", "rules that cannot be judged"), ("skipped", "rules that held and were passed over"))


@frozen
class Difference:
    """Where what is decided now is not what was decided then; both sides in words."""

    seq: int
    at: str
    symbol: str
    then: str
    now: str

    def text(self) -> str:
        """Say it in one line."""
        return f"entry {self.seq}, {self.at}, {self.symbol}: recorded {self.then}; decided again {self.now}"


@define
class Verified:
    """What came of it.

    Args:
        looks: how many were recorded. equal: how many of them are decided again as they were.
        unrecorded: actions of policies whose look no entry records (journals from before looks were).
        notes: what a person should know: other programs, other policies.
    """

    looks: int = 0
    equal: int = 0
    first: Difference | None = None
    unrecorded: int = 0
    notes: list[str] = field(factory=list)

    @property
    def ok(self) -> bool:
        """Tell whether something was verified and all of it is equal."""
        return self.looks > 0 and self.looks == self.equal and self.first is None


class Verifier:
    """Goes through the entries of one journal.

    Args:
        policies: decide by these instead of the texts in the journal; a policy takes the place of the one of its file,
            a single one the place of all.
    """

    def __init__(self, policies: Sequence[Policy] = ()) -> None:
        self._given = tuple(policies)
        self._recorded = RecordedPolicies()
        self._compiled: dict[str, Policy | None] = {}
        self._programs: set[str] = set()
        self._again: dict[str, list[list[Any]]] = {}
        self.found = Verified()

    def run(self, entries: Iterable[Entry]) -> Verified:
        """Verify every entry."""
        handlers = {
            POLICY_TEXT: self._policy_text,
            POLICIES: self._policies,
            LOOKED: self._looked,
            ACTION_DECIDED: self._decided,
        }
        for entry in entries:
            handler = handlers.get(entry.kind)
            if handler is not None:
                handler(entry)
        return self.found

    def _policy_text(self, entry: Entry) -> None:
        self._recorded.note(entry)

    def _policies(self, entry: Entry) -> None:
        program = entry.body["program"]
        if program != VERSION and program not in self._programs:
            self._programs.add(program)
            self._note(f"from entry {entry.seq} on the program was {program}; this is {VERSION}")
        self._recorded.note(entry)

    def _note(self, text: str) -> None:
        if text not in self.found.notes:
            self.found.notes.append(text)

    # --- a look -----------------------------------------------------------------------------------------------

    def _looked(self, entry: Entry) -> None:
        self.found.looks += 1
        body, look = entry.body, look_of(entry.body)
        symbol = WHOLE_BOOK if isinstance(look.snapshot, BookSnapshot) else look.snapshot.symbol
        difference = self._difference(body, look)
        if difference is None:
            self.found.equal += 1
        elif self.found.first is None:
            self.found.first = Difference(entry.seq, iso(entry.at), symbol, *difference)

    def _difference(self, body: Mapping[str, Any], look: Look) -> tuple[str, str] | None:
        book = isinstance(look.snapshot, BookSnapshot)
        seen = digest_of_book(look.snapshot) if isinstance(look.snapshot, BookSnapshot) else digest_of(look.snapshot)
        if seen != look.digest:
            return f"a look with the digest {look.digest[:12]}", f"what stands there has {seen[:12]}: it was changed"
        policy = self._policy(look.policy)
        if policy is None:
            return f"by the policy {look.policy[:12]}", "its text is not in the journal: give it with --policy"
        again = self._decide(policy, look)
        rows = _as_read(actions_row(again.actions))
        self._again[look.digest] = rows
        if rows != body["actions"]:
            scale = PAISE if book else look.snapshot.scale  # type: ignore[union-attr]
            return _said(body["actions"], scale), _said(rows, scale)
        for name, words in _LISTS:
            then, now = body.get(name, []), list(getattr(again, name))
            if then != now:
                return f"{words}: {', '.join(then) or 'none'}", f"{', '.join(now) or 'none'}"
        return self._memory(body, again)

    def _memory(self, body: Mapping[str, Any], again: Decision) -> tuple[str, str] | None:
        then, now = body.get("after", body.get("memory", {})), _as_read(memory_row(again.memory))
        for rule in sorted({*then, *now}):
            if text_of({"": then.get(rule)}) != text_of({"": now.get(rule)}):
                return f"{rule} remembers {_remembered(then.get(rule))}", f"it remembers {_remembered(now.get(rule))}"
        return None

    @staticmethod
    def _decide(policy: Policy, look: Look) -> Decision:
        if isinstance(look.snapshot, BookSnapshot):
            return decide_book(policy.compiled, look.snapshot, look.memory)
        decision = decide(policy.compiled, look.snapshot, look.memory)
        return under_orders(policy.compiled, decision, look.snapshot, look.orders) if look.orders else decision

    def _policy(self, digest: str) -> Policy | None:
        if digest not in self._compiled:
            self._compiled[digest] = self._find(digest)
        return self._compiled[digest]

    def _find(self, digest: str) -> Policy | None:
        path = self._recorded.path(digest)
        given = self._given[0] if len(self._given) == 1 else next((p for p in self._given if p.path == path), None)
        if digest == guard().digest:
            return guard()
        if given is not None:
            if given.digest != digest:
                self._note(f"`{given.path}` ({given.digest[:12]}) decides in place of the text of then ({digest[:12]})")
            return given
        return self._recorded.find(digest)

    # --- an action --------------------------------------------------------------------------------------------

    def _decided(self, entry: Entry) -> None:
        """Hold an action to the look that it came from."""
        body = entry.body
        if not body["snapshot_digest"]:
            return
        rows = self._again.get(body["snapshot_digest"])
        if rows is None:
            self.found.unrecorded += not self.found.looks
            return
        row = [body[name] for name in ("rule", "kind", "side", "quantity", "stop", "lane", "why")]
        if row not in rows and self.found.first is None and self.found.looks == self.found.equal:
            symbol, scale = body["key"][2], body["scale"]
            self.found.first = Difference(entry.seq, iso(entry.at), symbol, _said([row], scale), _said(rows, scale))


def verify(entries: Iterable[Entry], policies: Sequence[Policy] = ()) -> Verified:
    """Decide every recorded look again."""
    return Verifier(policies).run(entries)


def _as_read(value: Any) -> Any:
    """Return a value as the journal would give it back."""
    return body_of(text_of({"": value}))[""]


def _said(rows: Sequence[Sequence[Any]], scale: int) -> str:
    return "; ".join(_one(row, scale) for row in rows) or "nothing"


def _one(row: Sequence[Any], scale: int) -> str:
    rule, kind, side, quantity, stop, lane, why = row
    what = f"{kind} {side} {quantity}" if side else kind if stop is None else f"{kind} ₹{stop / scale:,.2f}"
    return f"`{rule}` {what} ({lane}; {why})"


def _remembered(row: Sequence[Any] | None) -> str:
    if row is None:
        return "nothing"
    fired, _, since, best, marks = row
    return f"{fired} firings, since {since}, best {best}, {len(marks)} marks {marks}"

"""A policy as a host holds it: loaded from text, compiled once, asked for decisions."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from rulekit.compile.policy import CompiledBookRule, CompiledPolicy, CompiledRule, compile_policy
from rulekit.engine.applies import covers
from rulekit.engine.book import decide_book, under_orders
from rulekit.engine.decide import decide
from rulekit.errors import PolicyError
from rulekit.language.tree import Add, Alert, Applies, Book, Exit, PolicyTree
from rulekit.model.book import NO_ORDERS, BookOrders, BookSnapshot
from rulekit.model.decision import ADD, BOOK, EXIT, Decision, Memory
from rulekit.model.snapshot import Snapshot

if TYPE_CHECKING:
    from rulekit.bulk.decisions import Decisions
    from rulekit.language.reading import Checked


_ORDERS: dict[type, str] = {Exit: EXIT, Book: BOOK, Add: ADD}


@frozen(eq=False)
class Policy:
    """A compiled policy.

    `rules[i].predicate` and `rules[i].action` are callable on a snapshot, alone. `digest` identifies the text.
    """

    compiled: CompiledPolicy
    path: str = ""

    @classmethod
    def from_text(cls, text: str, path: str = "policy") -> Policy:
        """Read and compile a policy.

        Raises:
            PolicyError: it has errors; the message shows each of them with its line.
        """
        from rulekit.language.reading import check_text

        return cls(compile_policy(_tree(check_text(text, path), path)), path)

    @property
    def text(self) -> str:
        """The text that it was read from."""
        return self.compiled.tree.source

    @property
    def title(self) -> str:
        """The policy's title, or an empty text."""
        return self.compiled.title

    @property
    def digest(self) -> str:
        """SHA-256 of the policy's text."""
        return self.compiled.digest

    @property
    def rules(self) -> tuple[CompiledRule, ...]:
        """The rules, in the order of the file."""
        return self.compiled.rules

    @property
    def applies(self) -> Applies:
        """Which positions it is for."""
        return self.compiled.applies

    @property
    def market_facts(self) -> tuple[str, ...]:
        """The market and book facts that its rules read or tell of, by their full phrase."""
        read = [fact.phrase for fact in self.compiled.layout.facts.values()]
        verbs = [rule.action.rule.verb for rule in self.rules]
        named = [fact for verb in verbs if isinstance(verb, Alert) for _, fact in verb.facts]
        told = [fact.phrase for fact in named if self.compiled.vocabulary[fact.name].origin in ("market", "book")]
        return tuple(dict.fromkeys(read + told))

    @property
    def orders(self) -> dict[str, str]:
        """What each rule that sends orders does, by its name: `exit`, `book` or `add`."""
        verbs = {rule.name: type(rule.action.rule.verb) for rule in self.rules}
        return {name: _ORDERS[verb] for name, verb in verbs.items() if verb in _ORDERS}

    def covers(self, snapshot: Snapshot) -> bool:
        """Tell whether this policy is for a position."""
        return covers(self.applies, snapshot)

    @property
    def book_rules(self) -> tuple[CompiledBookRule, ...]:
        """The rules for the whole book, in the order of the file."""
        return self.compiled.book

    def decide(self, snapshot: Snapshot, memory: Memory | None = None, orders: BookOrders = NO_ORDERS) -> Decision:
        """Decide on one position; a position outside `applies to` gets no actions.

        Args:
            memory: what each rule remembers of this episode, by its name.
            orders: what rules for the whole book have ordered; see `decide_book` and `rulekit.engine.book.ordered`.
        """
        if not self.covers(snapshot):
            return Decision(snapshot.symbol, memory={} if memory is None else memory)
        decision = decide(self.compiled, snapshot, memory)
        return under_orders(self.compiled, decision, snapshot, orders) if orders else decision

    def decide_many(
        self, frame: Any, *, prices: str = "rupees", statuses: bool = False, native: bool | None = None, **same: Any
    ) -> Decisions:
        """Decide on every row of a frame at once: columns in, columns out, by compiled code where numba is installed.

        Args:
            frame: of polars, pandas or pyarrow, a structured NumPy array, or a dict of columns, with the names of a
                snapshot's fields and of facts; what rules remember stands in columns `fired: LABEL`.
            prices: `rupees`, or `units` for smallest units.
            statuses: tell of every rule what became of it.
            native: by compiled code; None: if numba is installed, for policies of up to 60 rules.
            same: columns whose value is the same in every row, for example `now`.

        Raises:
            InputError: a column that is needed is missing, or one holds what it cannot hold; it is named.
        """
        from rulekit.bulk.deciding import decide_many

        return decide_many(self.compiled, frame, prices=prices, statuses=statuses, native=native, **same)

    def decide_book(self, book: BookSnapshot, memory: Memory | None = None) -> Decision:
        """Decide on the whole book by the rules for it.

        Args:
            memory: what each of them remembers of this day, by its name.
        """
        return decide_book(self.compiled, book, memory)

    def _repr_html_(self) -> str:
        """Show the policy in a notebook: each rule with its sentence."""
        from rulekit.language.sentences import applies_text
        from rulekit.model.notebook import card, line, table

        rows = [(number, rule.name, rule.sentence, rule.lane) for number, rule in enumerate(self.rules, start=1)]
        whole = [(rule.name, rule.sentence) for rule in self.book_rules]
        return card(
            self.title or self.path or "policy",
            f"policy {self.digest[:12]}",
            line(applies_text(self.applies)),
            table(("", "rule", "sentence", "lane"), rows),
            table(("rule", "sentence"), whole, caption="for the whole book"),
        )

    def show(self) -> str:
        """Return the source of the generated function."""
        return self.compiled.show()


def load(path: str | Path, *, today: date | None = None) -> Policy:
    """Load a policy from its file.

    Args:
        today: decides what has expired; the wall clock's day if left out.

    Raises:
        PolicyError: the policy has errors, those among them that `rulekit lint` finds about its meaning.
        UnreadableFileError: the file is missing or no text.
    """
    from rulekit.language.source import read_text

    return read(read_text(Path(path)), path, today=today)


def read(text: str, path: str | Path, *, today: date | None = None) -> Policy:
    """Return the policy of a file whose text is known already.

    Raises:
        PolicyError: it has errors, as for `load`.
    """
    from rulekit.language.reading import check_text

    return Policy(compile_policy(_tree(check_text(text, str(path)), str(path), Path(path), today)), str(path))


def _tree(checked: Checked, name: str, path: Path | None = None, today: date | None = None) -> PolicyTree:
    """Return the tree of a policy without errors."""
    from rulekit.runtime.refused import errors_of

    errors = errors_of(checked, path, today)
    if checked.tree is not None and not errors:
        return checked.tree
    from rulekit.language.diagnostics import render

    count = "an error" if len(errors) == 1 else f"{len(errors)} errors"
    shown = "\n\n".join(render(found, name) for found in errors)
    raise PolicyError(f"`{name}` has {count}\n\n{shown}", tuple(errors))

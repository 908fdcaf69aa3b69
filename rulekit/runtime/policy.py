"""A policy as a host holds it: loaded from text, compiled once, asked for decisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from rulekit.compile.policy import CompiledBookRule, CompiledPolicy, CompiledRule, compile_policy
from rulekit.engine.applies import covers
from rulekit.engine.book import decide_book, under_orders
from rulekit.engine.decide import decide
from rulekit.errors import PolicyError
from rulekit.language.tree import Alert, Applies, PolicyTree
from rulekit.model.book import NO_ORDERS, BookOrders, BookSnapshot
from rulekit.model.decision import Decision, Memory
from rulekit.model.snapshot import Snapshot

if TYPE_CHECKING:
    from rulekit.language.reading import Checked


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

    def decide_book(self, book: BookSnapshot, memory: Memory | None = None) -> Decision:
        """Decide on the whole book by the rules for it.

        Args:
            memory: what each of them remembers of this day, by its name.
        """
        return decide_book(self.compiled, book, memory)

    def show(self) -> str:
        """Return the source of the generated function."""
        return self.compiled.show()


def load(path: str | Path) -> Policy:
    """Load a policy from its file.

    Raises:
        PolicyError: the policy has errors.
        UnreadableFileError: the file is missing or no text.
    """
    from rulekit.language.reading import read_policy

    return Policy(compile_policy(_tree(read_policy(Path(path)), str(path))), str(path))


def _tree(checked: Checked, path: str) -> PolicyTree:
    """Return the tree of a policy without errors."""
    if checked.tree is not None:
        return checked.tree
    from rulekit.language.diagnostics import ERROR, render

    errors = [found for found in checked.diagnostics if found.severity == ERROR]
    count = "an error" if len(errors) == 1 else f"{len(errors)} errors"
    shown = "\n\n".join(render(found, path) for found in errors)
    raise PolicyError(f"`{path}` has {count}\n\n{shown}", tuple(checked.diagnostics))

"""Looks at the whole book by the rules for it: figures in, orders out, the same for every policy of the account."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rulekit.engine.book import decide_book
from rulekit.errors import UsageError
from rulekit.execution.book_orders import DecidedBook
from rulekit.execution.executor import Executor
from rulekit.model.book import BOOK_FACTS, DAY_LOSS, DAY_PROFIT, BookOrders, BookSnapshot
from rulekit.model.decision import Decision
from rulekit.model.instant import Instant
from rulekit.model.snapshot import SessionTimes
from rulekit.runtime.looks import look_at_book
from rulekit.runtime.policy import Policy
from rulekit.runtime.snapshots import Facts

BookFactSource = Callable[[], Facts]
"""What a host knows of the whole book (`margin used`), in rupees, by the names of the language."""


class WholeBookLook:
    """The rules for the whole book of all policies of one account, in the order of the policies.

    Args:
        records_all: write down looks of which nothing came, too.
    """

    def __init__(
        self, policies: Sequence[Policy], executor: Executor, host: BookFactSource | None, records_all: bool = False
    ) -> None:
        self._records_all = records_all
        self._policies = [policy for policy in policies if policy.book_rules]
        self._executor = executor
        self._host = host
        self.has_rules = bool(self._policies)
        self.is_asked = any(set(BOOK_FACTS) & set(policy.market_facts) for policy in policies)

    def facts(self) -> dict[str, float | None]:
        """Return the figures of the book; what a host says goes before what is counted here."""
        found = self._executor.book_figures()
        said = dict(self._host()) if self._host is not None else {}
        if said.get(DAY_LOSS) is not None and DAY_PROFIT not in said:
            found.pop(DAY_PROFIT)
        found.update(said)
        profit = found.get(DAY_PROFIT)
        if profit is not None and DAY_LOSS not in said:
            found[DAY_LOSS] = -profit
        return found

    def standing(self) -> BookOrders:
        """Return what was ordered before and still stands."""
        return self._executor.book_orders()

    def decide(
        self, now: Instant, session: SessionTimes | None, digest_of: Callable[[BookSnapshot], str]
    ) -> tuple[list[Decision], int]:
        """Look once: decide by each policy's rules and write down what is new; return the decisions and how many."""
        book = BookSnapshot(now, self.facts(), session)
        memory = self._executor.book_memory()
        decisions, ordered = [], []
        for policy in self._policies:
            decision = decide_book(policy.compiled, book, memory)
            decisions.append(decision)
            if not (decision.actions or self._records_all):
                continue
            digest = digest_of(book)
            look = look_at_book(policy.digest, digest, book, memory, decision)
            if not decision.actions:
                self._executor.looked(look)
            else:
                ordered.append(DecidedBook(decision.actions, policy.title, policy.digest, digest, look))
        return decisions, self._executor.order_book(ordered) if ordered else 0


def refuse_one_name_for_two(policies: Sequence[Policy]) -> None:
    """Refuse policies that call different rules for the book by one name: their memories would be one.

    Raises:
        UsageError: they do.
    """
    known: dict[str, tuple[str, Policy]] = {}
    for policy in policies:
        for rule in policy.book_rules:
            sentence, other = known.setdefault(rule.name.casefold(), (rule.sentence, policy))
            if sentence != rule.sentence:
                raise UsageError(
                    f"two policies call a rule for the whole book `{rule.name}`: `{other.path}` and `{policy.path}`",
                    "give one of them another label: the account has one book, and a rule is known by its name",
                )

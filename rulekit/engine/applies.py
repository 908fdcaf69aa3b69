"""Which policy a position belongs to: the first in order whose `applies to` covers it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from rulekit.language.tree import Applies
from rulekit.model.snapshot import Snapshot


class HasApplies(Protocol):
    """Anything that says which positions it is for."""

    @property
    def applies(self) -> Applies:
        """Which positions."""
        ...


AnyPolicy = TypeVar("AnyPolicy", bound=HasApplies)

_TESTS: tuple[tuple[str, Callable[[Snapshot], str]], ...] = (
    ("exchanges", lambda s: s.exchange),
    ("kinds", lambda s: s.kind),
    ("products", lambda s: s.product),
    ("symbols", lambda s: s.symbol),
    ("strategies", lambda s: s.strategy),
    ("sides", lambda s: "long" if s.side > 0 else "short"),
)


def covers(applies: Applies, snapshot: Snapshot) -> bool:
    """Tell whether a position is covered.

    A negative CNC row is a sale of holdings, no short: only a policy that names CNC or the symbol reaches it.
    """
    for name, read in _TESTS:
        accepted: tuple[str, ...] = getattr(applies, name)
        if accepted and read(snapshot).casefold() not in [value.casefold() for value in accepted]:
            return False
    sale_of_holdings = snapshot.product.upper() == "CNC" and snapshot.side < 0
    return not sale_of_holdings or bool(applies.products or applies.symbols)


def first_that_applies(policies: Iterable[AnyPolicy], snapshot: Snapshot) -> AnyPolicy | None:
    """Return the first policy that covers a position, None if none does."""
    return next((policy for policy in policies if covers(policy.applies, snapshot)), None)

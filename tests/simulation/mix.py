"""Which faults a seed's world has, and how often: each seed draws its own mix, so that rare pairs of faults meet."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from attrs import field, frozen

MILD, HARSH, NONE, ALL = "mild", "harsh", "none", "all"
ON_DISK = 0.15
"""The share of worlds whose journal is a file; files cost more than all else in a world, and seldom teach more."""

ON_SERVER = 0.2
"""The share of worlds whose journal is held by a lease, so that another machine may take the account over."""


@frozen
class Fault:
    """One row of the fault model: what happens, and its largest share or rate in a mild and in a harsh world.

    Args:
        group: of the fault model. per: what the figure is a share of, or a number of.
        needs_disk: it strikes only where the journal is a file. needs_server: only where it is a server's.
    """

    name: str
    group: str
    mild: float
    harsh: float
    per: str = "request"
    needs_disk: bool = False
    needs_server: bool = False


FAULTS = (
    Fault("crash", "crash", 0.002, 0.01, "point that a process passes"),
    Fault("crash at a request", "crash", 0.02, 0.10, "request, before and after it"),
    Fault("crash in recovery", "crash", 0.01, 0.05, "point that a recovery passes"),
    Fault("never arrived", "send", 0.02, 0.10),
    Fault("reply lost", "send", 0.02, 0.10),
    Fault("accepted late", "send", 0.02, 0.15),
    Fault("too many requests", "send", 0.02, 0.10),
    Fault("refused", "send", 0.02, 0.10),
    Fault("a refusal that lies", "send", 0.01, 0.05),
    Fault("token expired", "send", 0.005, 0.02),
    Fault("token dead", "send", 0.002, 0.01, "step, for a minute"),
    Fault("no connection", "send", 0.02, 0.10),
    Fault("rejected", "order", 0.02, 0.10, "order"),
    Fault("partial", "order", 0.10, 0.40, "order"),
    Fault("partial, then cancelled", "order", 0.02, 0.10, "order"),
    Fault("rests", "order", 0.10, 0.40, "order"),
    Fault("frozen on its way", "order", 0.02, 0.10, "order"),
    Fault("cancel too late", "order", 0.20, 0.50, "cancellation"),
    Fault("cancel lost", "order", 0.05, 0.20, "cancellation"),
    Fault("change refused", "stop", 0.05, 0.30, "change of a stop"),
    Fault("change lost", "stop", 0.05, 0.30, "change of a stop"),
    Fault("triggered meanwhile", "stop", 0.02, 0.15, "change or cancellation of a stop"),
    Fault("updates dropped", "update", 0.20, 0.80, "update"),
    Fault("updates doubled", "update", 0.20, 0.50, "update"),
    Fault("foreign trades", "update", 0.01, 0.05, "step"),
    Fault("read fails", "read", 0.03, 0.20, "reading"),
    Fault("stale book", "read", 0.05, 0.20, "reading"),
    Fault("cut list", "read", 0.02, 0.10, "reading"),
    Fault("torn reading", "read", 0.02, 0.10, "reading"),
    Fault("positions lag", "read", 0.30, 1.00, "reading"),
    Fault("clock jumps", "clock", 0.002, 0.01, "step"),
    Fault("pause", "clock", 0.005, 0.02, "step"),
    Fault("price missing", "prices", 0.05, 0.20, "price"),
    Fault("price stale", "prices", 0.05, 0.20, "price"),
    Fault("price absurd", "prices", 0.005, 0.02, "price"),
    Fault("gap", "prices", 0.005, 0.02, "step"),
    Fault("facts unknown", "prices", 0.10, 0.50, "fact"),
    Fault("disk full", "storage", 0.001, 0.005, "commit"),
    Fault("old copy", "storage", 0.20, 0.60, "restart", needs_disk=True),
    Fault("log cut", "storage", 0.20, 0.60, "restart", needs_disk=True),
    Fault("bit flipped", "storage", 0.20, 0.60, "restart", needs_disk=True),
    Fault("second process", "concurrency", 0.03, 0.10, "step", needs_disk=True),
    Fault("taken over", "concurrency", 0.002, 0.02, "commit to a server", needs_server=True),
    Fault("server away", "concurrency", 0.005, 0.05, "statement to a server", needs_server=True),
    Fault("wrong account", "operator", 0.02, 0.10, "restart"),
    Fault("reload", "policy", 0.01, 0.05, "step"),
    Fault("reload of a broken file", "policy", 0.01, 0.05, "step"),
    Fault("flood", "policy", 0.001, 0.005, "step"),
    Fault("policy changed", "policy", 0.10, 0.50, "restart"),
    Fault("stops switched", "operator", 0.05, 0.20, "restart"),
    Fault("halt", "operator", 0.001, 0.005, "step"),
    Fault("halt and exit", "operator", 0.001, 0.005, "step"),
    Fault("resume", "operator", 0.05, 0.20, "step in which it is held back"),
    Fault("settle", "operator", 0.002, 0.01, "step with an unknown order"),
    Fault("regular signals", "operator", 0.02, 0.20, "step"),
    Fault("square-off", "order", 0.05, 0.10, "world, half of them"),
)
"""The fault model. A share is drawn between nothing and the figure; about half of the faults are off in a seed."""


@frozen
class Mix:
    """A seed's own shares, and how often each fault has struck so far."""

    shares: dict[str, float]
    draw: Random = field(repr=False)
    on_disk: bool = True
    on_server: bool = False
    struck: dict[str, int] = field(factory=dict)
    switched: list[bool] = field(factory=lambda: [True])
    _chance: Callable[[], float] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_chance", self.draw.random)

    def strikes(self, name: str) -> bool:
        """Draw whether a fault strikes now, and count it."""
        share = self.shares[name]
        if not share or not self.switched[0] or self._chance() >= share:
            return False
        self.count_one(name)
        return True

    def count_one(self, name: str) -> None:
        """Count a fault that has struck."""
        self.struck[name] = self.struck.get(name, 0) + 1

    def calm(self, calm: bool = True) -> None:
        """Switch all faults off, or on again."""
        self.switched[0] = not calm

    @property
    def count(self) -> int:
        """How many faults have struck."""
        return sum(self.struck.values())


def mix_of(draw: Random, level: str) -> Mix:
    """Draw a mix.

    Args:
        draw: the seed's own source of chance.
        level: `mild` or `harsh`; `none` draws like a mild one and leaves it switched off; `all` has every fault.
    """
    shares = {}
    where = draw.random()
    on_disk = where < (ON_DISK if level != ALL else 0.5)
    on_server = where >= (1 - ON_SERVER if level != ALL else 0.5)
    for fault in FAULTS:
        most = fault.mild if level in (MILD, NONE) else fault.harsh
        share = draw.uniform(0, most) if draw.random() < 0.5 else 0.0
        if fault.name == "square-off":
            share = float(draw.random() < most)
        elif level == ALL:
            share = most
        possible = (on_disk or not fault.needs_disk) and (on_server or not fault.needs_server)
        shares[fault.name] = share if possible else 0.0
    return Mix(shares, Random(draw.random()), on_disk, on_server)

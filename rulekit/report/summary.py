"""A day told in sentences: what each rule did, what it earned, and what is still open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from attrs import frozen

from rulekit.report.figures import FORMATS, money

if TYPE_CHECKING:
    from jinja2 import Template


class RuleFigures(Protocol):
    """What one rule did, as the execution room counts it; None where a figure is not known."""

    @property
    def rule(self) -> str:
        """Name of the rule."""

    @property
    def fired(self) -> int:
        """How many actions it decided."""

    @property
    def filled(self) -> int:
        """How many of these were filled."""

    @property
    def applied(self) -> int:
        """How many were applied at once: stop moves."""

    @property
    def refused(self) -> int:
        """How many were refused."""

    @property
    def slippage(self) -> float | None:
        """Rupees a share that the fills were worse than the price at the decision."""

    @property
    def seconds(self) -> float | None:
        """Seconds from decision to fill."""

    @property
    def effect(self) -> float | None:
        """Rupees that it earned against not having acted, to the position's end; negative is a cost."""


@frozen
class DaySummary:
    """A day, or a run of several.

    Args:
        title: the policy's title.
        began: first moment, as it is to be read.
        ended: last moment.
        actions: how many actions were decided. without_end: how many of these have no end.
        simulated: nothing of it happened at a real broker.
    """

    title: str
    began: str
    ended: str
    rules: Sequence[RuleFigures] = ()
    actions: int = 0
    without_end: int = 0
    open_positions: int = 0
    simulated: bool = False
    alerts: tuple[str, ...] = ()


def day_text(day: DaySummary) -> str:
    """Write a day as a text of a few lines."""
    return _template().render(day=day).rstrip() + "\n"


def _times(count: int) -> str:
    """Write `once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _several(count: int, singular: str, plural: str) -> str:
    """Write a number with its noun."""
    return f"{count} {singular if count == 1 else plural}"


_FILTERS: dict[str, Callable[..., Any]] = {
    "money": money,
    "seconds": FORMATS["seconds"],
    "times": _times,
    "several": _several,
}


@cache
def _template() -> Template:
    """Load the template; the sandbox holds although templates are ours, since they meet labels that a user wrote."""
    from jinja2 import PackageLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    sandbox = ImmutableSandboxedEnvironment(
        loader=PackageLoader("rulekit.report"),
        undefined=StrictUndefined,
        autoescape=False,
    )
    sandbox.filters.update(_FILTERS)
    return sandbox.get_template("day.txt")

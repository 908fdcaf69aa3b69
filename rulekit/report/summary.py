"""A day told in sentences: what each rule did, what it earned, and what is still open."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from attrs import frozen

from rulekit.report.figures import FORMATS, money

if TYPE_CHECKING:
    from jinja2 import Template


@frozen
class RuleSummary:
    """What one rule did; None where a figure is not known.

    Args:
        fired: how many actions it decided. filled and refused: how many of these ended so.
        slippage: rupees a share that the fills were worse than the price at the decision.
        seconds: from decision to fill, at the median.
        effect: rupees that its actions earned against not having acted, to the position's end; negative is a cost.
    """

    rule: str
    fired: int
    filled: int
    refused: int = 0
    slippage: float | None = None
    seconds: float | None = None
    effect: float | None = None


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
    rules: tuple[RuleSummary, ...] = ()
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

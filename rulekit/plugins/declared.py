"""What a package declares of its plug-in: typed values that are checked when they are made."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from attrs import field, frozen

from rulekit.errors import RulekitError
from rulekit.plugins.day_bars import DayBars

UNITS = ("%", "₹", "price", "times normal", "count")
"""What a fact may be measured in. `₹` is an amount of money; a `price` may stand wherever a price may."""
NEEDS = ("volume", "underlying")
"""What a fact may need beside the prices of its instrument."""
_NAME = re.compile(r"[a-z][a-z0-9]+(?:[ -][a-z0-9]+)*")

Compute = Callable[[DayBars, int], "Sequence[float] | Measured"]
"""From the complete bars of a day and a window in bars to one value a bar, which rests on no bar after it."""


class DeclarationError(RulekitError):
    """A plug-in declares something that cannot be."""


@frozen
class Measured:
    """Values with the unit that they are in; another unit than the declared one is refused, not converted."""

    values: Sequence[float]
    unit: str


@frozen(kw_only=True)
class FactPlugin:
    """A fact or an indicator: something that policies may compare, computed from an instrument's bars.

    Args:
        name: as policies write it, lower-case, single spaces: `premium decay`.
        unit: one of `UNITS`; numbers come in it (2.0 is 2% where it is `%`).
        help: one line for a person.
        example: a sentence of a policy that uses it.
        unknown: one line: when it has no value. NaN is how the function says so.
        compute: the function; it must be pure: the same bars give the same values, without clock, disk or network.
        low, high: bounds of its values, both included; None where there is none. A value outside is taken for an
            error. Proofs and lint rely on them.
        signed: positive means that the market rose; it is turned for shorts, so that + is in the position's favour.
        windowed: may be followed by `over 15 minutes` or `over 5 bars`; without, `window` bars are taken.
        window: bars; only with `windowed`.
        needs: of `NEEDS`.
    """

    name: str = field()
    unit: str = field()
    help: str = field()
    example: str = field()
    unknown: str = field()
    compute: Compute = field()
    low: float | None = None
    high: float | None = None
    signed: bool = False
    windowed: bool = False
    window: int = 14
    needs: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Check what was declared.

        Raises:
            DeclarationError: a field that cannot be, with what would do.
        """
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            help = "lower-case words with single spaces, the first of two letters or more"
            raise DeclarationError(f"`{self.name}` is no name of a fact", help)
        if self.unit not in UNITS:
            raise DeclarationError(f"`{self.unit}` is no unit of a fact", f"use one of {', '.join(UNITS)}")
        for what in ("help", "example", "unknown"):
            said = getattr(self, what)
            if not isinstance(said, str) or not said.strip() or "\n" in said:
                raise DeclarationError(f"`{self.name}` has no {what}", f"give `{what}` in one line")
        if not callable(self.compute):
            raise DeclarationError(f"`{self.name}` has nothing that computes it", "give `compute` a function")
        for bound in (self.low, self.high):
            if bound is not None and not _is_number(bound):
                raise DeclarationError(f"`{bound}` is no bound of `{self.name}`", "give a number, or None for no bound")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise DeclarationError(f"the bounds of `{self.name}` are the wrong way round", "low goes before high")
        if self.signed and self.unit == "price":
            raise DeclarationError(f"`{self.name}` is a price and has no sign", "leave `signed` out")
        if not isinstance(self.window, int) or self.window < 1:
            raise DeclarationError(f"`{self.window}` is no window of `{self.name}`", "give whole bars, 1 or more")
        if wrong := [each for each in self.needs if each not in NEEDS]:
            raise DeclarationError(f"`{self.name}` cannot have `{wrong[0]}`", f"needs may name {', '.join(NEEDS)}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15

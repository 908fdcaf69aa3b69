"""R107: two policies for one position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rulekit.language import tree as t
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import FILES, Subject

_TRADED = {
    "NSE": ("equity",),
    "BSE": ("equity",),
    "NFO": ("future", "option"),
    "BFO": ("future", "option"),
    "CDS": ("currency", "future", "option"),
    "MCX": ("commodity", "future", "option"),
}
"""The kinds of instrument that an exchange trades."""


CODE = Code("R107", "policies-overlap", WARNING, "two policies that one position matches")
NEEDS = FILES


_LISTS = ("exchanges", "kinds", "products", "symbols", "strategies", "sides")


def find(subjects: Sequence[Subject]) -> Iterator[tuple[int, Finding]]:
    """Yield every policy with an earlier one for the same positions: the first such."""
    for index, subject in enumerate(subjects):
        mine = subject.tree.applies
        first = next((other for other in subjects[:index] if _meet(mine, other.tree.applies)), None)
        if first is not None:
            yield (
                index,
                Finding(
                    _place(subject),
                    f"positions that this policy is for may be those of {first.tree.path} too;"
                    " whichever stands first in the settings manages them",
                    "narrow one of them: `applies to product MIS`, `applies to strategy trend`",
                ),
            )


def _meet(left: t.Applies, right: t.Applies) -> bool:
    """Tell whether some position matches both."""
    return all(_share(getattr(left, name), getattr(right, name)) for name in _LISTS) and _kinds_meet(left, right)


def _share(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    return not left or not right or bool({each.lower() for each in left} & {each.lower() for each in right})


def _kinds_meet(left: t.Applies, right: t.Applies) -> bool:
    """Tell whether what trades on one's exchanges can be of the other's kinds."""
    return all(
        any(kind in _TRADED[exchange] for kind in kinds.kinds for exchange in places.exchanges)
        for places, kinds in ((left, right), (right, left))
        if places.exchanges and kinds.kinds
    )


def _place(subject: Subject) -> t.Span:
    """Return `applies to`, or where there is none, the first sentence."""
    if subject.tree.applies != t.Applies():
        return subject.tree.applies.span
    return subject.source.sentences[0].span

"""R107: two policies for one position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rulekit.language import tree as t
from rulekit.lint.finding import PROVED, WARNING, Code, Finding
from rulekit.lint.subject import FILES, Subject

CODE = Code("R107", "policies-overlap", WARNING, "two policies that one position matches")
NEEDS = FILES


def find(subjects: Sequence[Subject]) -> Iterator[tuple[int, Finding]]:
    """Yield every policy with an earlier one for the same positions: the first such.

    Rules for the whole book are of all policies together, so a policy of such rules only is beside none.
    """
    from rulekit.lint.overlap import shared_position, told  # with it comes the evaluator's own test

    managing = [(index, subject) for index, subject in enumerate(subjects) if subject.tree.rules]
    for place, (index, subject) in enumerate(managing):
        mine = subject.tree.applies
        for _, first in managing[:place]:
            shared = shared_position(mine, first.tree.applies)
            if shared is None:
                continue
            yield (
                index,
                Finding(
                    _place(subject),
                    f"positions that this policy is for may be those of {first.tree.path} too;"
                    " whichever stands first in the settings manages them",
                    "narrow one of them: `applies to product MIS`, `applies to strategy trend`",
                    status=PROVED,
                    witness=(f"both cover this one: {told(shared)}",),
                ),
            )
            break


def _place(subject: Subject) -> t.Span:
    """Return `applies to`, or where there is none, the first sentence."""
    if subject.tree.applies != t.Applies():
        return subject.tree.applies.span
    return subject.source.sentences[0].span

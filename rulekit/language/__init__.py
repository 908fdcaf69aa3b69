"""Text to meaning: words, tree, checker, canonical sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rulekit.language.reading import Checked as Checked
    from rulekit.language.reading import check_text as check_text
    from rulekit.language.reading import read_policy as read_policy

_LATE = ("Checked", "check_text", "read_policy")


def __getattr__(name: str) -> Any:
    # The parser is imported only by those who read text: who works on trees alone starts faster.
    if name in _LATE:
        from rulekit.language import reading

        return getattr(reading, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

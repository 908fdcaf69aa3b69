"""How long and how deep a sentence may be: checked on its words, before anything is built from them."""

from __future__ import annotations

from collections.abc import Sequence

from rulekit.language.fault import FaultError
from rulekit.language.reader import Word

MAX_DEPTH = 64
"""Deepest nesting of brackets and `not` in one sentence."""
MAX_WORDS = 250
"""Longest sentence; a list of symbols may be longer."""


def bound_length(raw: Sequence[Word]) -> None:
    """Refuse a sentence that is too long; one that is nested too deep as well is told that."""
    if len(raw) > MAX_WORDS and raw[0].text.lower() not in ("applies", "apply"):
        bound_depth(raw)
        help = f"a sentence has at most {MAX_WORDS} words: use `define`, or several sentences"
        raise FaultError("E114", raw[MAX_WORDS].span, "this sentence is too long", help)


def bound_depth(words: Sequence[Word]) -> None:
    """Refuse brackets and `not` that are nested too deep."""
    depth, before = 0, ""
    open_brackets: list[int] = []
    for word in words:
        text = word.text.lower()
        if text == "(":
            open_brackets.append(before != "not")  # `not (` is one step
            depth += open_brackets[-1]
        elif text == ")" and open_brackets:
            depth -= open_brackets.pop()
        depth += text == "not"
        before = text
        if depth > MAX_DEPTH:
            help = f"brackets and `not` go at most {MAX_DEPTH} deep: name a part with `define`"
            raise FaultError("E113", word.span, "this condition is nested too deep", help)

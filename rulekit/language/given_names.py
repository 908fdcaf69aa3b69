"""Names that others gave: a symbol or a strategy is taken as it is written, even where it is a word of the language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rulekit.language import keywords as k
from rulekit.language.fault import Edit, FaultError

if TYPE_CHECKING:
    from rulekit.language.reader import Word

NAMED = ("symbol", "strategy")
"""What others name."""

_JOINTS = frozenset({"or", "and"})
_SCOPE = frozenset({"EXCHANGE", "KIND", "PRODUCT", "SIDE", "TEXT_FACT", "POSITION"})
_BEHIND_A_CONDITION = frozenset(
    {
        *_JOINTS, "unless", "when", "if", "for", "once", "every", "up", "at", "after", "before", "between", "on",
        "only", "daily",
    }
)  # fmt: skip
_TEXTS = frozenset({"SIDE", "EXCHANGE", "PRODUCT", "WEEKDAY", "KIND", "FRACTION"})
"""Words of the language that have a meaning of their own behind `is`."""


def name_length(raw: Sequence[Word], at: int, words: Sequence[Word], phrases: k.Phrases) -> int:
    """Return how many raw tokens from a place on are one such name; 0 if none stands there.

    Args:
        words: what was read before that place.
    """
    if not words or raw[at].type not in ("WORD", "NUMBER"):
        return 0
    if words[0].type == "APPLIES_TO":
        return _listed(raw, at, words, phrases)
    asks = words[-2:-1] if words[-1].type in ("IS", "IS_NOT") else words  # `strategy edge` is a line of an example
    asked = len(asks) == 1 and asks[0].type == "TEXT_FACT" and asks[0].value in NAMED
    return _compared(raw, at, phrases) if asked else 0


def adjacent(first: Word, second: Word) -> bool:
    """Tell whether nothing, not even a blank, stands between two words."""
    return (first.span.end_line, first.span.end_column) == (second.span.line, second.span.column)


# --- in `applies to` ------------------------------------------------------------


def _listed(raw: Sequence[Word], at: int, words: Sequence[Word], phrases: k.Phrases) -> int:
    heading = next((word for word in reversed(words) if word.type == "TEXT_FACT"), None)
    if heading is None or heading.value not in NAMED:
        return 0
    if words[-1] is heading:
        if _means(raw[at], phrases) in ("TEXT_FACT", "IS"):
            return 0
    elif words[-1].type not in ("COMMA", "OR", "AND") or _begins_another_list(raw, at, phrases):
        return 0
    length = 1
    while at + length < len(raw) and _goes_on(raw, at + length, phrases):
        length += 1
    is_number = raw[at].type == "NUMBER" and at + length < len(raw) and raw[at + length].text == "%"
    return 0 if is_number else length


def _begins_another_list(raw: Sequence[Word], at: int, phrases: k.Phrases) -> bool:
    """Tell whether what stands behind a comma is no further name: `symbol TCS, product MIS`, `TCS, the NSE`."""
    while at < len(raw) and raw[at].text.lower() in (*k.NOISE, *_JOINTS):
        at += 1
        if at == len(raw) or raw[at].text == ",":
            return False
    return _means(raw[at], phrases) in _SCOPE


def _goes_on(raw: Sequence[Word], at: int, phrases: k.Phrases) -> bool:
    """Tell whether a name has a further part; what is written without a blank always is one."""
    token = raw[at]
    if adjacent(raw[at - 1], token):
        return token.type in ("WORD", "NUMBER") or token.text == "-"
    return (
        token.type in ("WORD", "NUMBER") and token.text.lower() not in _JOINTS and _means(token, phrases) not in _SCOPE
    )


# --- behind `is` ------------------------------------------------------------


def _compared(raw: Sequence[Word], at: int, phrases: k.Phrases) -> int:
    lower, means = raw[at].text.lower(), _means(raw[at], phrases)
    if lower in k.NOISE:
        length = 1
        while at + length < len(raw) and raw[at + length].type == "WORD" and not _ends(raw, at + length):
            length += 1
        return length
    return int(raw[at].type == "WORD" and means not in ("", "IS", *_TEXTS) and _ends(raw, at + 1))


def _ends(raw: Sequence[Word], at: int) -> bool:
    """Tell whether a sentence ends at a place, or goes on behind a condition."""
    return at >= len(raw) or raw[at].text in (",", ")") or raw[at].text.lower() in _BEHIND_A_CONDITION


def _means(token: Word, phrases: k.Phrases) -> str:
    """Return the terminal that a word is by itself; empty if it is no word of the language."""
    lower = token.text.lower()
    verb = any(words == (lower,) for words, _ in k.verbs().starting_with(lower))
    found = (keyword.terminal for words, keyword in phrases.starting_with(lower) if words == (lower,))
    return next(found, "VERB" if verb else "")


# --- what cannot be one name ------------------------------------------------------------


def one_name(word: Word, what: str) -> str:
    """Return the symbol or strategy that a word of a sentence is.

    Raises:
        FaultError: it has several words, and no quotes.
    """
    parts = word.text.split()
    if word.type != "WORD" or len(parts) == 1:
        return str(word.value)
    message = f"a {what} of several words stands in quotes"
    edits = [Edit(word.span, f'"{word.text}"')]
    if parts[0].lower() in k.NOISE:
        edits.append(Edit(word.span, " ".join(parts[1:])))
    elif what == "symbol":
        edits.append(Edit(word.span, " or ".join(parts)))
    raise FaultError(
        "N116", word.span, message, f'write `{"" if what == "name" else what + " "}"{word.text}"`', edits=tuple(edits)
    )

"""Where reading stopped, and what could stand there, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from rulekit.language import keywords as k
from rulekit.language.parser import Misread
from rulekit.language.reader import END, Names, Word
from rulekit.language.tree import Span
from rulekit.language.words import listing

_SHOWN: dict[str, str] = {
    "NUMBER": "a number",
    "RUPEE": "an amount such as `₹5,000`",
    "FRACTION": "a share such as `half`",
    "UNIT": "a unit such as `%`",
    "RUPEES": "`rupees`",
    "TIME_UNIT": "`minutes`, `hours` or `days`",
    "CLOCK": "a time such as `15:15`",
    "STRING": "a text in quotes",
    "FACT": "a fact such as `momentum`",
    "TEXT_FACT": "a fact such as `side`",
    "PRICE_NAME": "a price such as `break-even`",
    "WEEKDAY": "a day such as `Friday`",
    "PROFIT": "`profit`",
    "LOSS": "`loss`",
    "EXCHANGE": "an exchange such as `NSE`",
    "PRODUCT": "a product such as `MIS`",
    "KIND": "a kind such as `equity`",
    "SIDE": "`long` or `short`",
    "NEW_NAME": "a name",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "COMMA": "`,`",
    "PLUS": "`+`",
    "MINUS": "`-`",
    "AT_LEAST": "a comparison such as `is at least`",
    "BOOK": "an action: `exit`, `book`, `add`, `move stop`, `tighten stop`, `trail stop`, `lock in` or `alert`",
    "BOOK_ACTION": "`exit everything`, `stop adding` or `stop trading`",
    "RAW": "the label of a rule",
    "WORD": "a name",
    "SLOT": "`at …`, `after …`, `when …`, `unless …` or a limit such as `once`",
    END: "the end of the sentence",
}
_IMPLIED = {
    "AT_LEAST": ("AT_MOST", "ABOVE", "BELOW", "IS", "IS_NOT", "BETWEEN"),
    "BOOK": ("EXIT", "ADD", "MOVE", "TIGHTEN", "TRAIL", "LOCK_IN", "ALERT", "BOOK_ACTION"),
    "FACT": (
        "TEXT_FACT",
        "PROFIT",
        "LOSS",
        "PEAK_PROFIT",
        "ATR",
        "STOP",
        "EXCHANGE",
        "PRODUCT",
        "KIND",
        "SIDE",
        "WEEKDAY",
    ),
    "NUMBER": ("RUPEE", "MINUS"),
}
_SLOTS = frozenset(
    {
        "AT",
        "AFTER",
        "BEFORE",
        "BETWEEN",
        "ON",
        "WHEN",
        "UNLESS",
        "ONCE",
        "ONCE_A_DAY",
        "EVERY",
        "UP_TO",
        "AT_MOST",
        "NUMBER",
    }
)
_UNSHOWN = frozenset({"LABEL", "VALUE_NAME", "CONDITION_NAME", "ATR", "COMMA", "WORD"})
_MOST_SHOWN = 6


class Reading:
    """A sentence that could not be read, and all that is known about why."""

    def __init__(self, words: Sequence[Word], misread: Misread, start: str, names: Names, phrases: k.Phrases) -> None:
        self.words = words
        self.index = misread.index
        self.accepts = misread.accepts
        self.start = start
        self.names = names
        self.phrases = phrases

    @property
    def word(self) -> Word | None:
        """The word where reading stopped; None at the end."""
        return self.words[self.index] if self.index < len(self.words) else None

    @property
    def before(self) -> tuple[str, ...]:
        """The terminals before that word."""
        return tuple(word.type for word in self.words[: self.index])

    @property
    def place(self) -> Span:
        """Where reading stopped."""
        if self.word is not None:
            return self.word.span
        last = self.words[-1].span
        return Span(last.end_line, last.end_column, last.end_line, last.end_column + 1)


def offer(accepts: frozenset[str]) -> str:
    """List what may stand there, the most telling first."""
    if {"BOOK", "APPLIES_TO"} <= accepts:
        return f"{_SHOWN['BOOK']}; or `set`, `define`, `applies to`, `policy` or `example`"
    if {"AT", "AFTER", "WHEN", "UNLESS"} <= accepts:  # all that may follow a slot: one entry for them
        accepts = (accepts - _SLOTS) | {"SLOT"}
    hidden = {other for shown, others in _IMPLIED.items() if shown in accepts for other in others}
    names = [name for name in sorted(accepts - hidden - _UNSHOWN, key=_telling) if name in _SHOWN or name.isupper()]
    if {"BOOK", "SLOT"} <= accepts:
        return f"{_SHOWN['BOOK']}; or first {_SHOWN['SLOT']}"
    shown = list(dict.fromkeys(_SHOWN.get(name, f"`{spelling_of(name)}`") for name in names))
    if len(shown) > _MOST_SHOWN:
        shown = shown[:_MOST_SHOWN]
    return listing(shown)


def _telling(name: str) -> tuple[int, str]:
    first = ("BOOK", "NUMBER", "FACT", "PRICE_NAME", "AT_LEAST", "UNIT", "PROFIT", "LOSS", "TO", "AT", "AFTER", "WHEN")
    return (first.index(name) if name in first else len(first), name)


def spelling_of(terminal: str) -> str:
    """Return how a terminal with one spelling is written."""
    return {
        "ONCE_A_DAY": "once a day",
        "APPLIES_TO": "applies to",
        "EXPIRY_DAY": "expiry day",
        "LOCK_IN": "lock in",
    }.get(terminal, terminal.lower().replace("_", " "))


def spoken(words: Sequence[Word]) -> str:
    """Write words as they were typed, with single spaces."""
    text = ""
    for word in words:
        tight = not text or word.text in ("%", ",", ")") or text.endswith(("₹", "("))
        text += word.text if tight else f" {word.text}"
    return text

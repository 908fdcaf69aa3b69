"""What to say where a sentence could not be read: the word meant, the word missing, or what may stand there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rulekit.language import keywords as k
from rulekit.language.fault import FaultError, did_you_mean
from rulekit.language.later import LATER_PHRASES
from rulekit.language.measures import shortened
from rulekit.language.parser import EXAMPLE_LINE, Misread, reads
from rulekit.language.reader import END, Names, NumberText, Word, joined
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
    "BOOK": "an action: `exit`, `book`, `add`, `move stop`, `tighten stop`, `trail stop` or `lock in`",
    "RAW": "the label of a rule",
    "WORD": "a name",
    END: "the end of the sentence",
}
_IMPLIED = {
    "AT_LEAST": ("AT_MOST", "ABOVE", "BELOW", "IS", "IS_NOT", "BETWEEN"),
    "BOOK": ("EXIT", "ADD", "MOVE", "TIGHTEN", "TRAIL", "LOCK_IN"),
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
    "NUMBER": ("RUPEE",),
}
_UNSHOWN = frozenset({"LABEL", "VALUE_NAME", "CONDITION_NAME", "ATR", "COMMA", "WORD"})
_MOST_SHOWN = 6
_INSERTED = ("TO", "STOP", "FROM", "OF", "PEAK_PROFIT", "AS", "PROFIT", "UNIT", "AT", "BY", "RPAR", "AND", "TIMES")
_WITHOUT_WINDOW = (("PROFIT",), ("LOSS",), ("PEAK_PROFIT",), ("TEXT_FACT",), ("STOP",))
_ONLY_AFTER = {
    "STOP": {"MOVE", "TIGHTEN", "TRAIL"},
    "PEAK_PROFIT": {"OF"},
    "PROFIT": {"UNIT", "NUMBER", "ATR", "VALUE_NAME"},
}
_SPELT = {"PEAK_PROFIT": "peak profit", "UNIT": "%", "RPAR": ")"}
_FACTS = frozenset({"FACT", "TEXT_FACT", "PRICE_NAME"})

Echo = Callable[[Sequence[Word]], str]
"""Gives the canonical sentence of words that read as one, or an empty text."""


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


def fault(reading: Reading, echo: Echo) -> FaultError:
    """Explain why a sentence could not be read."""
    for explain in (_later, _stray, _settled_cases):
        found = explain(reading)
        if found is not None:
            return found
    return _misspelt(reading, echo) or _repaired(reading, echo) or _plain(reading)


# --- sentences that are reserved, and characters that are none --------------------------------------------------------


def _later(reading: Reading) -> FaultError | None:
    for word in reading.words[max(0, reading.index - 1) :]:
        if word.type == "LATER":
            called, advice = LATER_PHRASES[word.value]
            return FaultError("E110", word.span, f"`{word.text}`: this version does not know {called} yet", advice)
    return None


def _stray(reading: Reading) -> FaultError | None:
    word = reading.word
    if word is None or word.type != "BAD":
        return None
    if word.text in "\"“”'":
        return FaultError(
            "E109", word.span, "this quote is not closed", 'write the text between two quotes: `"Square off"`'
        )
    if word.text == ":":
        return FaultError(
            "E109", word.span, "`:` cannot stand there", "a label is one word or a quoted text, then the colon"
        )
    return FaultError(
        "E109", word.span, f"`{word.text}` is no character of the language", "delete it, or put the text in quotes"
    )


# --- cases that deserve their own sentence ------------------------------------------------------------


def _settled_cases(reading: Reading) -> FaultError | None:
    word, before = reading.word, reading.before
    verb = next((each for each in before if each in ("EXIT", "BOOK", "ADD")), "")
    if verb == "EXIT" and _amount_of_exit(reading) is not None:
        return _amount_of_exit(reading)
    if word is not None and word.type == "CLOSE" and before[-1:] == ("AT",):
        return FaultError(
            "E104", word.span, "`at close` is too late for an order", "write `15 minutes before close` or `at 15:15`"
        )
    if word is not None and (wrong := _wrong_kind_of_name(word, reading)):
        return wrong
    if before[-1:] in (("BOOK",), ("ADD",)):
        said = reading.words[reading.index - 1]
        if word is None or word.type != "WORD":
            return FaultError(
                "Q104",
                said.span,
                f"`{said.text}` how much?",
                f"write `{said.value} 50%`, `{said.value} 25 shares` or `{said.value} half`",
            )
    if word is not None and word.type == "TIME_UNIT" and before[-2:-1] in (("BOOK",), ("ADD",)):
        number = reading.words[reading.index - 1]
        span = joined(number.span, word.span)
        text = f"{number.text} {word.text}"
        return FaultError(
            "U102", span, f"`{text}` is no amount to trade", "write `50%`, `25 shares`, `2 lots` or `half`"
        )
    if word is not None and word.type == "OVER" and before[-1:] in _WITHOUT_WINDOW:
        named = reading.words[reading.index - 1]
        return FaultError(
            "U104",
            joined(named.span, word.span),
            f"`{named.text}` has no window",
            f"write `{named.text}` alone; `momentum over 15 minutes` is the change of price over a time",
        )
    if before[:1] == ("SET",) and word is not None and reading.index == 1:
        return FaultError("E102", word.span, "`to` is missing", "write it like `set first target to 15%`")
    if before[:1] == ("DEFINE",) and word is not None and reading.index == 1:
        return FaultError(
            "E102", word.span, "`as` is missing", "write it like `define strong momentum as momentum is at least 2%`"
        )
    return None


def _wrong_kind_of_name(word: Word, reading: Reading) -> FaultError | None:
    """Answer a value where a condition is needed, and a condition where a value is."""
    if word.type == "VALUE_NAME" and "CONDITION_NAME" in reading.accepts:
        help = f"compare a fact with it: `profit is at least {word.value}`"
        return FaultError("E104", word.span, f"`{word.value}` is a value, and a condition is needed here", help)
    if word.type == "CONDITION_NAME" and "VALUE_NAME" in reading.accepts:
        help = f"conditions stand after `when`: `when {word.value}`"
        return FaultError("E104", word.span, f"`{word.value}` is a condition, and a value is needed here", help)
    return None


def _amount_of_exit(reading: Reading) -> FaultError | None:
    """Answer `exit 50%`, `exit half`, `exit 25 shares` with `book`."""
    at = reading.before.index("EXIT")
    amount = reading.words[at + 1 :]
    kinds = [word.type for word in amount[:2]]
    length = 0
    if kinds[:1] in (["FRACTION"], ["EVERYTHING"]):
        length = 1
    elif kinds in (["NUMBER", "UNIT"], ["RUPEE", "NUMBER"]):
        length = 2
    elif kinds[:1] == ["NUMBER"] and kinds[1:] != ["TIME_UNIT"]:
        length = 1
    if not length or reading.index > at + 1 + length:
        return None
    taken = amount[:length]
    span = Span(taken[0].span.line, taken[0].span.column, taken[-1].span.end_line, taken[-1].span.end_column)
    if kinds[0] == "EVERYTHING":
        return FaultError("Q103", span, "`exit` closes the whole position and takes no amount", "write `exit`")
    text = spoken(taken)
    return FaultError(
        "Q103", span, "`exit` closes the whole position and takes no amount", f"to close part of it write `book {text}`"
    )


# --- misspelt words ------------------------------------------------------------


def _misspelt(reading: Reading, echo: Echo) -> FaultError | None:
    word = reading.word
    if word is None or not isinstance(word.value, str):
        return None
    known = word.type not in ("WORD", "NEW_NAME")
    if known and not any(each.type == "WORD" for each in reading.words[reading.index + 1 : reading.index + 3]):
        return None
    if reading.start == EXAMPLE_LINE or not reading.accepts & _FACTS:
        code, what = "E101", "is no word of the language"
    else:
        code, what = "N101", "is neither a fact nor a name that is defined"
    near, length = _nearest(reading)
    if known and length < 2:
        return None
    if near:
        last = reading.words[reading.index + length - 1].span
        span = Span(word.span.line, word.span.column, last.end_line, last.end_column)
        written = spoken(reading.words[reading.index : reading.index + length])
        return FaultError(code, span, f"`{shortened(written)}` {what}", f"did you mean `{near}`?")
    help = _label_meant(reading) or f"here may stand {_offer(reading.accepts)}"
    return FaultError(code, word.span, f"`{shortened(word.text)}` {what}", help)


def _label_meant(reading: Reading) -> str:
    """Offer a colon after the first word of a sentence that can be read without it."""
    rest = list(reading.words[1:])
    if reading.index or reading.start == EXAMPLE_LINE or reads(rest, reading.start) <= len(rest):
        return ""
    return f"a label needs a colon: `{reading.words[0].text}: {spoken(rest)}`"


def _nearest(reading: Reading) -> tuple[str, int]:
    """Find the phrase that may stand here and most resembles the next one, two or three words."""
    spelt = {
        spelling: keyword.value if keyword.value.lower() == spelling else spelling
        for table in (reading.phrases, k.verbs())
        for spelling, keyword in table.spellings()
        if keyword.terminal in reading.accepts
    }
    choices = {*spelt.values(), *(name for terminal, name in reading.names.values() if terminal in reading.accepts)}
    best: tuple[float, str, int] = (0.0, "", 0)
    for length in (1, 2, 3):
        taken = reading.words[reading.index : reading.index + length]
        if len(taken) < length:
            break
        written = spoken(taken).lower()
        near = did_you_mean(
            written, [each for each in choices if abs(len(each) - len(written)) <= len(written) // 2 + 1]
        )
        if near and (closeness := _closeness(written, near.lower())) > best[0] + 0.05:
            best = (closeness, near, length)
    return best[1], best[2]


def _closeness(written: str, near: str) -> float:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, written, near).ratio()


# --- one word added, taken away or replaced ------------------------------------------------------------


def _repaired(reading: Reading, echo: Echo) -> FaultError | None:
    words = list(reading.words)
    at = reading.index
    whole = len(words)
    for terminal in _INSERTED:
        after = _ONLY_AFTER.get(terminal)
        if terminal not in reading.accepts or (after is not None and not after & set(reading.before[-1:])):
            continue
        spelt = _SPELT.get(terminal, terminal.lower())
        value = _SPELT.get(terminal, terminal.lower())
        added = Word(terminal, spelt, reading.place, value)
        mended = [*words[:at], added, *words[at:]]
        if reads(mended, reading.start) == whole + 2:
            return _missing(reading, spelt, mended, echo)
    for extra in (at, at - 1):
        # At the end of a sentence a word is rather missing than one too many, but for a comma.
        if (
            not 0 <= extra < whole
            or not _may_be_dropped(words[extra])
            or (at == whole and words[extra].type != "COMMA")
        ):
            continue
        mended = [*words[:extra], *words[extra + 1 :]]
        if mended and reads(mended, reading.start) == whole:
            text = echo(mended)
            help = f"write `{text}`" if text else "delete it"
            word = words[extra]
            return FaultError("E103", word.span, f"`{shortened(word.text)}` is one word too many", help)
    return None


def _may_be_dropped(word: Word) -> bool:
    """Tell whether a sentence without this word could be what was meant: never without a number or a `not`."""
    return word.type in ("COMMA", "IS", "OF", "TO", "AT", "BY", "ON", "POSITION", "RPAR", "PROFIT", "AND", "PLUS")


def _missing(reading: Reading, spelt: str, mended: Sequence[Word], echo: Echo) -> FaultError:
    text = echo(mended)
    help = f"write `{text}`" if text else f"put `{spelt}` there"
    if spelt == "%":
        number = reading.words[reading.index - 1]
        assert isinstance(number.value, NumberText)
        return FaultError("U101", number.span, f"{number.text} what? `{number.text}%` or `₹{number.text}`", help)
    return FaultError("E102", reading.place, f"`{spelt}` is missing", help)


# --- the plain answer ------------------------------------------------------------


def _plain(reading: Reading) -> FaultError:
    offer = _offer(reading.accepts)
    if reading.word is None:
        return FaultError(
            "E108",
            reading.place,
            f"the sentence stops too early after `{shortened(reading.words[-1].text)}`",
            f"here may stand {offer}",
        )
    text = shortened(reading.word.text)
    if reading.accepts == {END}:
        return FaultError(
            "E104", reading.place, f"the sentence is complete before `{text}`", "delete the rest, or begin a new line"
        )
    return FaultError("E104", reading.place, f"`{text}` cannot stand there", f"here may stand {offer}")


def _offer(accepts: frozenset[str]) -> str:
    """List what may stand there, the most telling first."""
    if {"BOOK", "APPLIES_TO"} <= accepts:
        return f"{_SHOWN['BOOK']}; or `set`, `define`, `applies to`, `policy` or `example`"
    hidden = {other for shown, others in _IMPLIED.items() if shown in accepts for other in others}
    names = [name for name in sorted(accepts - hidden - _UNSHOWN, key=_telling) if name in _SHOWN or name.isupper()]
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

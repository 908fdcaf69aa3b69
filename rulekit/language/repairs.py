"""What was probably meant: a word that is spelt otherwise, one that is missing, or one too many."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve

from rulekit.language import keywords as k
from rulekit.language.expected import Reading, offer, spoken
from rulekit.language.fault import Edit, FaultError, did_you_mean, one_slip
from rulekit.language.measures import shortened
from rulekit.language.parser import EXAMPLE_LINE, reads
from rulekit.language.reader import NumberText, Word
from rulekit.language.tree import Span

_INSERTED = ("TO", "STOP", "FROM", "OF", "PEAK_PROFIT", "AS", "PROFIT", "UNIT", "AT", "BY", "RPAR", "AND", "TIMES")
_ONLY_AFTER = {
    "STOP": {"MOVE", "TIGHTEN", "TRAIL"},
    "PEAK_PROFIT": {"OF"},
    "PROFIT": {"UNIT", "NUMBER", "ATR", "VALUE_NAME"},
}
_SPELT = {"PEAK_PROFIT": "peak profit", "UNIT": "%", "RPAR": ")"}
_LIKE = 0.6
_FACTS = frozenset({"TEXT_FACT", "PRICE_NAME"})

Echo = Callable[[Sequence[Word]], str]
"""Gives the canonical sentence of words that read as one, or an empty text."""

# --- misspelt words ------------------------------------------------------------


def misspelt(reading: Reading, echo: Echo) -> FaultError | None:
    """Explain a word that the language does not have, with the one that was probably meant."""
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
        said = f"`{shortened(written)}` {what}"
        return FaultError(
            code, span, said, f"did you mean `{near}`?", edits=(Edit(span, near, one_slip(written, near)),)
        )
    label = _label_meant(reading)
    help = label or _fact_meant(reading) or _name_meant(reading) or f"here may stand {offer(reading.accepts)}"
    edits = (put_behind(word, ":"),) if label else ()
    return FaultError(code, word.span, f"`{shortened(word.text)}` {what}", help, edits=edits)


def _label_meant(reading: Reading) -> str:
    """Offer a colon after the first word of a sentence that can be read without it."""
    rest = list(reading.words[1:])
    if reading.index or reading.start == EXAMPLE_LINE or reads(rest, reading.start) <= len(rest):
        return ""
    return f"a label needs a colon: `{reading.words[0].text}: {spoken(rest)}`"


def _name_meant(reading: Reading) -> str:
    """Say how a name of one's own gets its meaning, and what there is without it."""
    word = reading.word
    if word is None or word.type != "WORD" or reading.start == EXAMPLE_LINE:
        return ""
    name = shortened(word.text)
    if "CONDITION_NAME" in reading.accepts:
        return f"there are facts such as {_SOME_FACTS}; a name of your own is made by `define {name} as …`"
    if {"VALUE_NAME", "CLOCK"} <= reading.accepts and reading.before[-1:] == ("AT",):
        return f"write a level such as `15% profit`, a price or a time; a name of your own is made by `set {name} to …`"
    return ""


_SOME_FACTS = "`profit`, `loss`, `age`, `price`, `momentum`, `volume`, `volatility`, `rsi` and `vwap`"


def _fact_meant(reading: Reading) -> str:
    """Offer the fact once more in `symbol is A or B`."""
    facts = [word for word in reading.words[: reading.index] if word.type == "TEXT_FACT"]
    if (
        not facts
        or reading.before[-1:] not in (("OR",), ("AND",))
        or reading.before[-3:-2] not in (("IS",), ("IS_NOT",))
    ):
        return ""
    joint, said = reading.words[reading.index - 1], reading.words[reading.index - 3]
    return f"say the fact again: `{joint.text} {facts[-1].text} {said.text} {reading.words[reading.index].text}`"


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
        if near and _alike(written, near.lower()) and (closeness := _closeness(written, near.lower())) > best[0] + 0.05:
            best = (closeness, near, length)
    return best[1], best[2]


def _alike(written: str, near: str) -> bool:
    """Tell whether several words resemble several others word by word, or run together; one word always may."""
    words, others = written.split(), near.split()
    if len(words) == 1 or written.replace(" ", "") == near.replace(" ", ""):
        return True
    return len(words) == len(others) and all(_closeness(a, b) >= _LIKE for a, b in zip(words, others, strict=True))


def _closeness(written: str, near: str) -> float:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, written, near).ratio()


# --- one word added, taken away or replaced ------------------------------------------------------------


def repaired(reading: Reading, echo: Echo) -> FaultError | None:
    """Explain a sentence that could be read with one word more, or one less."""
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
            said = f"`{shortened(word.text)}` is one word too many"
            return FaultError("E103", word.span, said, help, edits=(_without(words, extra),))
    return None


def _without(words: Sequence[Word], extra: int) -> Edit:
    """Take a word away together with the blank before it, or behind it where it is the first."""
    span = words[extra].span
    if extra and words[extra - 1].span.end_line == span.line:
        span = evolve(span, column=words[extra - 1].span.end_column)
    elif extra + 1 < len(words) and words[extra + 1].span.line == span.end_line:
        span = evolve(span, end_column=words[extra + 1].span.column)
    return Edit(span, "", safe=words[extra].type == "COMMA")


def _may_be_dropped(word: Word) -> bool:
    """Tell whether a sentence without this word could be what was meant: never without a number or a `not`."""
    return word.type in ("COMMA", "IS", "OF", "TO", "AT", "BY", "ON", "POSITION", "RPAR", "AND", "PLUS")


def _missing(reading: Reading, spelt: str, mended: Sequence[Word], echo: Echo) -> FaultError:
    text = echo(mended)
    help = f"write `{text}`" if text else f"put `{spelt}` there"
    if spelt == "%":
        number = reading.words[reading.index - 1]
        assert isinstance(number.value, NumberText)
        said = f"{number.text} what? `{number.text}%` or `₹{number.text}`"
        return FaultError("U101", number.span, said, help, edits=(put_behind(number, "%"),))
    if reading.word is None:
        edit = put_behind(reading.words[-1], f" {spelt}" if spelt.isalpha() else spelt)
    else:
        edit = put_before(reading.word, f"{spelt} ")
    return FaultError("E102", reading.place, f"`{spelt}` is missing", help, edits=(edit,))


def put_before(word: Word, text: str) -> Edit:
    """Put a text in where a word begins."""
    return Edit(evolve(word.span, end_line=word.span.line, end_column=word.span.column), text)


def put_behind(word: Word, text: str) -> Edit:
    """Put a text in where a word ends."""
    return Edit(evolve(word.span, line=word.span.end_line, column=word.span.end_column), text)

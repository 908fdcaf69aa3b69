"""What to say where a sentence could not be read; most cases of a trader's day have a sentence of their own."""

from __future__ import annotations

from rulekit.language import keywords as k
from rulekit.language.bounds import MAX_WORDS
from rulekit.language.expected import Reading, offer, spoken
from rulekit.language.fault import Edit, FaultError
from rulekit.language.measures import shortened
from rulekit.language.parser import SENTENCE
from rulekit.language.reader import END, Word, joined
from rulekit.language.repairs import Echo, misspelt, put_behind, repaired
from rulekit.language.tree import Span

_WITHOUT_WINDOW = (("PROFIT",), ("LOSS",), ("PEAK_PROFIT",), ("TEXT_FACT",), ("STOP",))


def fault(reading: Reading, echo: Echo) -> FaultError:
    """Explain why a sentence could not be read."""
    for explain in (_stray, _settled_cases):
        found = explain(reading)
        if found is not None:
            return found
    if len(reading.words) > MAX_WORDS:  # a list that is longer than any sentence: what was meant is not looked for
        return _plain(reading)
    return (
        misspelt(reading, echo)
        or repaired(reading, echo)
        or _left_open(reading)
        or _joining(reading)
        or _plain(reading)
    )


# --- characters that are none ------------------------------------------------------------


def _stray(reading: Reading) -> FaultError | None:
    word = reading.word
    if word is None or word.type != "BAD":
        return None
    if word.text in "\"“”'":
        return FaultError(
            "E109", word.span, "this quote is not closed", 'write the text between two quotes: `"Square off"`'
        )
    if not word.text.isprintable():
        return FaultError(
            "E109",
            word.span,
            f"`{ascii(word.text)[1:-1]}` is a character that cannot be seen",
            "delete it",
            edits=(Edit(word.span, "", safe=True),),
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
    if [each.text.lower() for each in reading.words[:2]] in (["when", "data"], ["if", "data"]):
        help = "write `when data is missing: exit` or `when data is missing: hold`"
        return FaultError("E104", reading.words[1].span, "of data it can be said only that it is missing", help)
    if before == ("APPLIES_TO",) and word is None:
        said = reading.words[0]
        help = "write it like `applies to NSE equity, product MIS`, or `applies to everything`"
        return FaultError("E108", reading.place, f"`{said.text}` what?", help)
    if labelled := _label_of_words(reading):
        return labelled
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
                edits=(put_behind(said, " 50%"), put_behind(said, " everything"))
                if said.value == "book"
                else (put_behind(said, " 25%"), put_behind(said, " 50%")),
            )
    if word is not None and word.type == "TIME_UNIT" and before[-2:-1] in (("BOOK",), ("ADD",)):
        number = reading.words[reading.index - 1]
        span = joined(number.span, word.span)
        text = f"{number.text} {word.text}"
        return FaultError(
            "U102", span, f"`{text}` is no amount to trade", "write `50%`, `25 shares`, `2 lots` or `half`"
        )
    if before[-2:] == ("OVER", "NUMBER"):
        number = reading.words[reading.index - 1]
        offers = f"`over {number.text} minutes` or `over {number.text} bars`"
        edits = (put_behind(number, " minutes"), put_behind(number, " bars"))
        return FaultError("U101", number.span, f"{number.text} what? {offers}", f"write {offers}", edits=edits)
    if word is not None and word.type == "OVER" and before[-1:] in _WITHOUT_WINDOW:
        named = reading.words[reading.index - 1]
        return FaultError(
            "U104",
            joined(named.span, word.span),
            f"`{named.text}` has no window",
            f"write `{named.text}` alone; `momentum over 15 minutes` is the change of price over a time",
        )
    if word is not None and word.type == "FOR" and "WHEN" in reading.accepts:
        help = "write it behind a condition: `when profit is at least 5% for 5 minutes`"
        return FaultError("E104", word.span, "only a condition can hold `for` some time", help)
    if word is not None and word.text.lower().split()[0] in _CROSSING and "CROSSES_ABOVE" in reading.accepts:
        help = "write `price crosses above vwap` or `price crosses below vwap`"
        return FaultError("E102", word.span, "crosses from which side? `above` or `below` is missing", help)
    if word is not None and word.type == "BOOK_ACTION" and before[-2:] == ("BOOK_ACTION", "COMMA"):
        first = reading.words[reading.index - 2]
        span = joined(first.span, word.span)
        return FaultError(
            "E104", span, "actions on the whole book are joined by `and`", f"write `{first.text} and {word.text}`"
        )
    if before[:1] == ("SET",) and word is not None and reading.index == 1:
        return FaultError("E102", word.span, "`to` is missing", "write it like `set first target to 15%`")
    if before[:1] == ("DEFINE",) and word is not None and reading.index == 1:
        return FaultError(
            "E102", word.span, "`as` is missing", "write it like `define strong momentum as momentum is at least 2%`"
        )
    return None


_VERBS = ("EXIT", "BOOK", "ADD", "MOVE", "TIGHTEN", "TRAIL", "LOCK_IN", "ALERT", "BOOK_ACTION")
_CROSSING = ("cross", "crosses", "crossed", "crossing")


def _label_of_words(reading: Reading) -> FaultError | None:
    """Answer `Square off: exit at 15:15`, a label of several words without its quotes."""
    for index, word in enumerate(reading.words[:8]):
        if word.type == "LABEL":
            if index == 0 or reading.index > index or reading.start != SENTENCE:
                return None
            if word.span.line != reading.words[0].span.line:  # a sentence of its own, but for its indent
                return None
            if reading.words[index + 1 : index + 2] and reading.words[index + 1].type not in _VERBS:
                return None
            taken = reading.words[: index + 1]
            text = spoken(taken).rstrip(": ")
            span = joined(taken[0].span, word.span)
            help = f'write `"{text}": {spoken(reading.words[index + 1 :])}`'
            edits = (Edit(span, f'"{text}":', safe='"' not in text),)
            return FaultError("E104", span, "a label of several words stands in quotes", help, edits=edits)
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


_OPEN = {
    ("MOVE", "STOP"): ("`{}` to where?", "write `move stop to break-even` or `move stop to ₹245.50`"),
    ("TIGHTEN", "STOP"): (
        "`{}` to where, or by how much?",
        "write `tighten stop to 1% from price` or `tighten stop by 25%`",
    ),
    ("TRAIL", "STOP"): ("`{}` how far behind the best price?", "write `trail stop 2%` or `trail stop 1.5 ATR`"),
    ("LOCK_IN",): ("`{}` how much?", "write `lock in 50% of peak profit`"),
    ("ALERT",): ("`{}` what?", 'write the text in quotes: `alert "{{ symbol }} is up {{ profit }}"`'),
}
_SLOT_STARTS = ("AT", "AFTER", "BEFORE", "BETWEEN", "ON", "WHEN", "UNLESS", "ONCE", "ONCE_A_DAY", "EVERY", "COMMA")


def _left_open(reading: Reading) -> FaultError | None:
    """Answer an action whose price or distance is missing: `move stop at 10% profit`."""
    if reading.word is not None and reading.word.type not in _SLOT_STARTS:
        return None
    for verb, (question, advice) in _OPEN.items():
        if reading.before[-len(verb) :] == verb:
            said = reading.words[reading.index - len(verb) : reading.index]
            span = joined(said[0].span, said[-1].span)
            return FaultError("Q104", span, question.format(spoken(said)), advice)
    return None


def _joining(reading: Reading) -> FaultError | None:
    """Answer `exit at 5% profit or 2% loss` and `book 50% and exit`: only conditions can be joined."""
    word = reading.word
    if word is None or word.type not in ("AND", "OR") or not {"WHEN", "UNLESS"} & reading.accepts:
        return None
    following = reading.words[reading.index + 1 : reading.index + 2]
    acts = bool(following) and k.verbs().starting_with(following[0].text.split()[0].lower())
    help = "write a sentence for each action" if acts else "write a sentence for each, or join conditions behind `when`"
    return FaultError("E104", word.span, f"`{word.text}` joins conditions only", help)


# --- the plain answer ------------------------------------------------------------


def _plain(reading: Reading) -> FaultError:
    offered = offer(reading.accepts)
    if reading.word is None:
        return FaultError(
            "E108",
            reading.place,
            f"the sentence stops too early after `{shortened(reading.words[-1].text)}`",
            f"here may stand {offered}",
        )
    text = shortened(reading.word.text)
    if reading.accepts == {END}:
        return FaultError(
            "E104", reading.place, f"the sentence is complete before `{text}`", "delete the rest, or begin a new line"
        )
    return FaultError("E104", reading.place, f"`{text}` cannot stand there", f"here may stand {offered}")

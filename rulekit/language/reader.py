"""Raw tokens become the words of the grammar: phrases joined, noise dropped, numbers and their suffixes folded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from attrs import evolve, field, frozen

from rulekit.language import keywords as k
from rulekit.language.given_names import adjacent, name_length
from rulekit.language.tree import Span
from rulekit.model.instant import HOUR, MINUTE, SECOND

END = "$END"
_SECONDS = {"hours": HOUR, "minutes": MINUTE, "seconds": SECOND}
_ONE = ("a", "an")
_IN_PHRASE = ("WORD", "NUMBER")
_BE = ("is", "are")
_MISSING_DATA = (("when", "if"), ("data",), ("missing", "unknown", "stale"))
_TARGETS = (["target"], ["profit", "target"])
"""What `set … to` moves; any other words would be a name."""
_OFTEN = ("once", "one", "only")
_AFTER_NUMBER_ONLY = frozenset({"UNIT", "TIME_UNIT", "TIMES"})


@frozen
class Word:
    """A terminal of the grammar with its place. `value` is its meaning: canonical phrase, number, text."""

    type: str
    text: str
    span: Span
    value: Any = field(default=None)


Names = Mapping[tuple[str, ...], tuple[str, str]]
"""The words of each `set` or `define` name, lower-case: its terminal and the name as it was written."""


@frozen
class NumberText:
    """A number as written: its value, and whether `k`, `lakh` or `crore` followed it."""

    value: Fraction
    scaled: bool = False
    well_grouped: bool = True
    too_long: bool = False


def joined(first: Span, last: Span) -> Span:
    """Return the place from the start of one to the end of another."""
    return Span(first.line, first.column, last.end_line, last.end_column)


def read_number(text: str) -> NumberText:
    """Read digits with western (`100,000`) or Indian (`1,00,000`) grouping."""
    whole, _, decimals = text.partition(".")
    groups = whole.split(",")
    digits = "".join(groups)
    if len(digits) > 12 or len(decimals) > 8:
        return NumberText(Fraction(0), too_long=True)
    value = Fraction(int(digits or "0")) + (Fraction(int(decimals), 10 ** len(decimals)) if decimals else 0)
    inner = {len(group) for group in groups[1:-1]}
    grouped = len(groups) == 1 or (len(groups[-1]) == 3 and 1 <= len(groups[0]) <= 3 and inner in (set(), {2}, {3}))
    return NumberText(value, well_grouped=grouped)


class Reader:
    """Reads the raw tokens of one sentence from left to right."""

    def __init__(self, raw: Sequence[Word], names: Names, phrases: k.Phrases) -> None:
        self.raw = raw
        self.names = names
        self.phrases = phrases
        self.words: list[Word] = []
        self.at = 0

    def read(self) -> list[Word]:
        """Return the words of the grammar."""
        if self.raw and self.raw[0].type == "LABEL":
            label = self.raw[0]
            text = label.text.rstrip(": \t")
            value = text[1:-1].replace('""', '"') if text.startswith(('"', "“")) else text
            self.words.append(evolve(label, value=value))
            self.at = 1
        self._action()
        self._definition()
        self._missing_data()
        self._past()
        while self.at < len(self.raw):
            self._step()
        return self.words

    # --- what stands next ------------------------------------------------------------

    def _action(self) -> None:
        """Put the action that a plug-in's words stand for in their place."""
        for words, means in self.phrases.actions.items():
            spoken = self.raw[self.at : self.at + len(words)]
            if tuple(word.text.lower() for word in spoken) == words:
                from rulekit.language.parser import raw_tokens  # the two read each other

                place = joined(spoken[0].span, spoken[-1].span)
                meant = [evolve(token, span=place) for token in raw_tokens(means, 1, 1)]
                self.raw = [*self.raw[: self.at], *meant, *self.raw[self.at + len(words) :]]
                return

    def _definition(self) -> None:
        """Take `set NAME to` and `define NAME as` with the name as one word."""
        found = defined_name(self.raw)
        if found is None:
            return
        keyword, first, last = found
        head = self.raw[0]
        self.words.append(Word(keyword, head.text, head.span, keyword.lower()))
        name = " ".join(name_words(self.raw[first:last]))
        if name:
            span = joined(self.raw[first].span, self.raw[last - 1].span)
            self.words.append(Word("NEW_NAME", name, span, name))
        self.at = last

    def _missing_data(self) -> None:
        """Take `when data is missing:` as one word, with its colon or without."""
        said = [token.text.lower().rstrip(": \t") for token in self.raw[:4] if token.text.lower() not in _BE]
        length = 4 if len(said) == 3 else 3
        if all(word in choices for word, choices in zip(said[:3], _MISSING_DATA, strict=False)) and len(said) >= 3:
            span = joined(self.raw[0].span, self.raw[length - 1].span)
            text = " ".join(token.text for token in self.raw[:length]).rstrip(": \t")
            self.words.append(Word("DATA_MISSING", text, span, "when data is missing"))
            self.at = length

    def _past(self) -> None:
        """Take the label in `LADDER acted 2 times` as one text."""
        for index, word in enumerate(self.raw[:-1]):
            if word.text.lower() == "acted" and index > self.at and self.raw[0].text.lower() != "expect":
                following = self.raw[index + 1]
                end = index - (self.raw[index - 1].text.lower() == "has")
                if end and (following.type == "NUMBER" or following.text.lower() in _OFTEN):
                    self.words.append(_as_one_text(self.raw[:end]))
                    self.at = end
                return

    def _step(self) -> None:
        token = self.raw[self.at]
        if length := name_length(self.raw, self.at, self.words, self.phrases):
            self.words.append(_as_one_text(self.raw[self.at : self.at + length], "WORD"))
            self.at += length
            return
        if token.type == "WORD":
            self._word(token)
            return
        self.at += 1
        if token.type == "SYMBOL":
            keyword = k.SYMBOLS[token.text]
            self.words.append(Word(keyword.terminal, token.text, token.span, keyword.value))
        elif token.type == "NUMBER":
            if not self._symbol_with_digits(token):
                self.words.append(evolve(token, value=read_number(token.text)))
        elif token.type == "FRACTION":
            over, _, under = token.text.partition("/")
            readable = max(len(over), len(under)) <= 9 and int(under) > 0
            self.words.append(evolve(token, value=Fraction(int(over), int(under)) if readable else None))
        elif token.type == "STRING":
            self.words.append(evolve(token, value=token.text[1:-1].replace('""', '"')))
        else:
            self.words.append(token)

    def _symbol_with_digits(self, token: Word) -> bool:
        """Take `3MINDIA` or `360ONE` as one word; tell whether it was taken."""
        following = self.raw[self.at] if self.at < len(self.raw) else None
        if following is None or following.type != "WORD" or not adjacent(token, following):
            return False
        lower = following.text.lower()
        is_unit = k.after_number(lower) or lower in k.MULTIPLIERS or self._is_phrase(lower)
        if is_unit or not following.text.isupper() or len(lower) < 2 or lower[1].isdigit() or not token.text.isdigit():
            return False
        self.at += 1
        text = token.text + following.text
        self.words.append(Word("WORD", text, joined(token.span, following.span), text))
        return True

    def _is_phrase(self, lower: str) -> bool:
        return any(words == (lower,) for words, _ in self.phrases.starting_with(lower))

    def _is_symbol(self, token: Word) -> bool:
        """Tell whether an example's position comes to its symbol: `long 100 K at 1690`."""
        at_symbol = [word.type for word in self.words] in (["SIDE", "NUMBER"], ["SIDE", "NUMBER", "OF", "NUMBER"])
        return at_symbol and not adjacent(self.words[-1], token) and not self._is_phrase(token.text.lower())

    def _word(self, token: Word) -> None:
        if self._is_symbol(token):
            self.at += 1
            self.words.append(evolve(token, value=token.text))
            return
        if self._previous in ("NUMBER", "CLOCK") and self._suffix(token):
            return
        length, keyword = self._longest()
        if keyword is None:
            self.at += 1
            if token.text.lower() not in k.NOISE:
                self.words.append(evolve(token, value=token.text))
            elif token.text.lower() in _ONE and self.at < len(self.raw) and self._unit_follows():
                one = NumberText(Fraction(1))
                self.words.append(Word("NUMBER", token.text, token.span, one))
            return
        last = self.raw[self.at + length - 1]
        self.at += length
        text = " ".join(each.text for each in self.raw[self.at - length : self.at])
        value: Any = keyword.value
        if keyword.terminal == "FRACTION":
            value = Fraction(*k.FRACTIONS[keyword.value])
        word = Word(keyword.terminal, text, joined(token.span, last.span), value)
        if word.type == "TIME_UNIT" and self._previous == "EVERY":
            self.words.append(Word("NUMBER", "", token.span, NumberText(Fraction(1))))
        self.words.append(word)
        if word.type == "TIME_UNIT":
            self._fold_duration()
        if word.type == "BECAUSE":
            self._rest_is_text()

    @property
    def _previous(self) -> str:
        return self.words[-1].type if self.words else ""

    def _unit_follows(self) -> bool:
        following = self.raw[self.at]
        found = self.phrases.starting_with(following.text.lower())
        return any(words == (following.text.lower(),) and key.terminal == "TIME_UNIT" for words, key in found)

    # --- after a number ------------------------------------------------------------

    def _suffix(self, token: Word) -> bool:
        """Fold `5k`, `2 lakh`, `3 pm` and `1h30m`; tell whether something was taken."""
        lower, number = token.text.lower(), self.words[-1]
        keyword = k.after_number(lower)
        if keyword is not None and keyword.terminal == "AMPM":
            self.at += 1
            self.words[-1] = Word("CLOCK", f"{number.text} {token.text}", joined(number.span, token.span))
            return True
        if number.type == "CLOCK":
            return False
        if lower in k.MULTIPLIERS:
            self.at += 1
            value = evolve(number.value, value=number.value.value * k.MULTIPLIERS[lower], scaled=True)
            gap = "" if adjacent(number, token) else " "
            self.words[-1] = Word("NUMBER", f"{number.text}{gap}{token.text}", joined(number.span, token.span), value)
            return True
        if keyword is None or self._longest()[0] > 1:
            return self._compact(token)
        self.at += 1
        self.words.append(Word(keyword.terminal, token.text, token.span, keyword.value))
        if keyword.terminal == "TIME_UNIT":
            self._fold_duration()
        return True

    def _compact(self, token: Word) -> bool:
        """Split `h30m` in `1h30m`."""
        lower = token.text.lower()
        if len(lower) < 2 or lower[0] not in "hm" or not lower[1].isdigit():
            return False
        rest = lower[1:].rstrip("hmsin")
        unit = k.after_number(lower[len(rest) + 1 :][:1] or "m")
        first = k.after_number(lower[0])
        if not rest.isdigit() or not rest.isascii() or unit is None or first is None:
            return False
        self.at += 1
        for keyword, text in ((first, token.text[:1]), (unit, token.text[1 + len(rest) :])):
            self.words.append(Word(keyword.terminal, text, token.span, keyword.value))
            if keyword is first:
                self.words.append(Word("NUMBER", rest, token.span, read_number(rest)))
        self._fold_duration()
        return True

    def _fold_duration(self) -> None:
        """Make one number and unit of `1 hour 30 minutes`."""
        if [word.type for word in self.words[-4:]] != ["NUMBER", "TIME_UNIT", "NUMBER", "TIME_UNIT"]:
            return
        big, big_unit, small, small_unit = self.words[-4:]
        over, under = _SECONDS.get(big_unit.value, 0), _SECONDS.get(small_unit.value, 0)
        if over > under > 0:
            total = NumberText(big.value.value * (over // under) + small.value.value)
            text = " ".join((big.text, big_unit.text, small.text))
            self.words[-4:] = [Word("NUMBER", text, joined(big.span, small.span), total), small_unit]

    # --- phrases ------------------------------------------------------------

    def _matches(self, words: tuple[str, ...]) -> int:
        """Return how many raw tokens a phrase takes here, articles inside it included; 0 if it does not stand here."""
        at = self.at
        for index, word in enumerate(words):
            while index and at < len(self.raw) and self.raw[at].text.lower() in k.NOISE:
                at += 1
            if at >= len(self.raw) or self.raw[at].type not in _IN_PHRASE or self.raw[at].text.lower() != word:
                return 0
            at += 1
        return at - self.at

    def _longest(self) -> tuple[int, k.Keyword | None]:
        first = self.raw[self.at].text.lower()
        best: tuple[int, k.Keyword | None] = (0, None)
        for words, (terminal, name) in self.names.items():
            if words[0] == first and len(words) >= best[0] and (length := self._matches(words)) > best[0]:
                best = (length, k.Keyword(terminal, name))
        for words, keyword in self.phrases.starting_with(first):
            if len(words) < best[0]:
                break
            length = self._matches(words)
            if length > best[0] or (length and length == best[0] and self._fits_better(best[1], keyword)):
                best = (length, keyword)
        return self._as_verb(first, best)

    def _fits_better(self, have: k.Keyword | None, other: k.Keyword) -> bool:
        """Prefer a unit after a number, and anything else elsewhere."""
        if have is None or have.terminal in ("VALUE_NAME", "CONDITION_NAME"):
            return False
        return (have.terminal in _AFTER_NUMBER_ONLY) and not self._number_before and other.terminal != have.terminal

    @property
    def _number_before(self) -> bool:
        return self._previous in ("NUMBER", "VALUE_NAME", "EVERY")

    def _as_verb(self, first: str, best: tuple[int, k.Keyword | None]) -> tuple[int, k.Keyword | None]:
        """Read an action where a sentence begins, after `expect`, and after slots that stand in front."""
        begins = self._previous in ("", "LABEL", "COMMA", "EXPECT", "DATA_MISSING")
        for words, keyword in k.verbs().starting_with(first):
            length = self._matches(words)
            if length and length >= best[0] and (begins or best[1] is None):
                return length, keyword
        return best

    def _rest_is_text(self) -> None:
        """Take all that follows `because` as one text: a label or a sentence."""
        rest = self.raw[self.at :]
        self.at = len(self.raw)
        if rest:
            self.words.append(_as_one_text(rest))


def _as_one_text(raw: Sequence[Word], terminal: str = "RAW") -> Word:
    """Join raw tokens as they were written: a label or a sentence."""
    text = raw[0].text
    for before, after in pairwise(raw):
        same_line = before.span.end_line == after.span.line
        gap = after.span.column - before.span.end_column if same_line else 1
        text += " " * gap + after.text
    plain = text[1:-1].replace('""', '"') if len(raw) == 1 and raw[0].type == "STRING" else text
    return Word(terminal, text, joined(raw[0].span, raw[-1].span), plain)


def name_words(raw: Sequence[Word]) -> list[str]:
    """Return the words of a name as written, without articles."""
    return [word.text for word in raw if word.text.lower() not in k.NOISE]


def defined_name(raw: Sequence[Word]) -> tuple[str, int, int] | None:
    """Find the name in `set NAME to` or `define NAME as`: which of the two, and the raw tokens of the name."""
    if len(raw) < 2 or raw[0].type != "WORD":
        return None
    ends = {"set": ("SET", "to"), "define": ("DEFINE", "as")}.get(raw[0].text.lower())
    if ends is None:
        return None
    keyword, end = ends
    if moves_target(raw):
        return None
    for index, word in enumerate(raw[1:], 1):
        if word.text.lower() == end:
            return keyword, 1, index
        if word.type not in ("WORD", "NUMBER"):
            break
    return None


def moves_target(raw: Sequence[Word]) -> bool:
    """Tell whether words that begin like a definition are the action `set target to`."""
    said = [word.lower() for word in name_words(raw[:5])]
    return any(said[: len(words) + 2] == ["set", *words, "to"] for words in _TARGETS)

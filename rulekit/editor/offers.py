"""What may stand at a place: the words that the parser accepts next, in their canonical spelling, with their help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

from attrs import evolve, frozen

from rulekit.editor.meanings import MEANINGS, SAMPLES, TAILS
from rulekit.language import keywords as k
from rulekit.language.checker import Line
from rulekit.language.echo import fault_in
from rulekit.language.fault import FaultError
from rulekit.language.parser import EXAMPLE_LINE, SENTENCE, accepted, raw_tokens, reads
from rulekit.language.plugged import learn_all
from rulekit.language.reader import END, Names, Reader, Word
from rulekit.language.reading import Checked
from rulekit.language.scope import Scope
from rulekit.language.sentences import label_text
from rulekit.language.source import cut
from rulekit.language.vocabulary import STANDARD, Vocabulary

_MARK = "ꙮ"
"""A letter that no policy has: it stands where the cursor is, so that the text before it is cut as it will be."""
_LONGEST = 5
"""Words of a phrase that may stand before the cursor already."""


@frozen
class Offer:
    """Something that may be written at the cursor.

    Args:
        text: how it is written. kind: the terminal of the grammar, or `sample`, `name`, `label`.
        detail: a few words on what it is. help: a sentence about it.
        line, column: where the text begins that it replaces; it ends at the cursor, or with `to_end` at the line's end.
    """

    text: str
    kind: str
    detail: str = ""
    help: str = ""
    line: int = 0
    column: int = 0
    to_end: bool = False


@frozen
class _Moment:
    """The sentence in progress: raw tokens before the cursor, the last one under it and ending with the mark."""

    raw: tuple[Word, ...]
    start: str
    names: Names
    phrases: k.Phrases
    scope: Scope
    in_book: bool = False

    def read(self, raw: Sequence[Word]) -> list[Word]:
        return Reader(raw, self.names, self.phrases).read()

    def read_on(self, words: Sequence[Word], text: str) -> list[Word]:
        """Read words and a text behind them."""
        behind = Reader(raw_tokens(text, 1, 1), self.names, self.phrases)
        behind.words = list(words)
        return behind.read()


def offers(checked: Checked, text: str, line: int, column: int, vocabulary: Vocabulary = STANDARD) -> list[Offer]:
    """List what may stand at a line and column of a text, the likeliest first; nothing in comments and quotes."""
    if vocabulary is STANDARD:
        learn_all()  # those that no policy has said yet are offered, too
    moment = _moment(checked, text, line, column, vocabulary)
    if moment is None:
        return []
    labels = _labels(moment, checked)
    if labels is not None:
        return labels
    found: dict[str, Offer] = {}
    for length in range(min(_LONGEST, len(moment.raw))):
        *before, under = moment.raw[: len(moment.raw) - length]
        if length and (under.type != "WORD" or under.span.line != line):
            break
        # The editor itself narrows down what begins under the cursor; a phrase that began earlier has to match.
        typed = checked.source.line(line)[under.span.column - 1 : column - 1].lower() if length else ""
        named = _rules(checked) if not before and moment.start == EXAMPLE_LINE else []
        for offer in (*_at(moment, before, typed, vocabulary), *named):
            found.setdefault(offer.text, _placed(offer, before, line, under.span.column))
    return list(found.values())


def _moment(checked: Checked, text: str, line: int, column: int, vocabulary: Vocabulary) -> _Moment | None:
    lines = cut(text).lines[:line]
    if len(lines) < line or checked.scope is None:
        return None
    source = cut("\n".join([*lines[:-1], lines[-1][: column - 1] + _MARK]))
    sentence = next((each for each in source.sentences if each.pieces[-1].line == line), None)
    if sentence is None:
        return None
    raw = tuple(word for piece in sentence.pieces for word in raw_tokens(piece.text, piece.line, piece.column))
    if raw[-1].type != "WORD" or not raw[-1].text.endswith(_MARK):
        return None
    header = "" if sentence.block is None else source.sentences[sentence.block].text.lower()
    start = EXAMPLE_LINE if header.startswith("example") else SENTENCE
    in_book = bool(header) and start == SENTENCE
    return _Moment(raw, start, checked.names, k.phrases(vocabulary), checked.scope, in_book)


def _placed(offer: Offer, before: Sequence[Word], line: int, begun: int) -> Offer:
    """Say where an offer begins; one that would touch the number before it gets a space."""
    touches = bool(before) and (before[-1].span.end_line, before[-1].span.end_column) == (line, begun)
    spaced = touches and before[-1].type in ("NUMBER", "CLOCK", "FRACTION") and len(offer.text) > 1
    return evolve(offer, text=f" {offer.text}" if spaced else offer.text, line=line, column=begun)


# --- after the words so far ------------------------------------------------------------


def _at(moment: _Moment, before: Sequence[Word], typed: str, vocabulary: Vocabulary) -> Iterator[Offer]:
    words = moment.read(before)
    accepts = accepted(words, moment.start)
    if accepts is None:
        yield from _naming(words)
        return
    accepts = _narrowed(accepts, words, moment.start)
    if moment.in_book:
        accepts -= _headings()
    samples = () if words and words[-1].type in ("NUMBER", "CLOCK") else _samples(accepts)
    judge = _Judge(moment, words, END in accepts)
    spellings = _spellings(accepts, vocabulary)
    ordered = (samples, spellings) if words else (spellings, samples)
    for offer in chain(_names(moment, accepts), *ordered):
        if offer.text.lower().startswith(typed) and judge.allows(offer):
            yield offer


def _narrowed(accepts: frozenset[str], words: Sequence[Word], start: str) -> frozenset[str]:
    """Take away what the grammar reads only so that the checker can answer it in plain words."""
    if "BOOK" in accepts and start == SENTENCE:
        accepts -= _slot_starts()
    if "UP_TO" in accepts:
        accepts -= {"AT_MOST"}  # read so in `at most 3 times`
    last = words[-1].type if words else ""
    if last == "NUMBER" and accepts & _UNITS:
        return accepts & _UNITS
    if last == "APPLIES_TO":
        return accepts - {"AND", "OR", "COMMA"}
    if last == "TEXT_FACT" and words[0].type == "APPLIES_TO":
        return frozenset({_VALUES.get(str(words[-1].value), "")}) & accepts
    if last in ("IS", "IS_NOT") and len(words) > 1 and words[-2].type == "TEXT_FACT":
        own = _VALUES.get(str(words[-2].value))
        return frozenset({own}) & accepts if own else accepts - set(_VALUES.values())
    return accepts


_UNITS = frozenset({"UNIT", "TIME_UNIT", "RUPEES", "ATR", "TIMES"})
_VALUES = {"side": "SIDE", "exchange": "EXCHANGE", "product": "PRODUCT", "day": "WEEKDAY"}
"""Facts whose values are words of the language, and the terminal of those."""
_UNFINISHED = ("U101", "E108")
"""The faults of a number whose unit is still to come, and of a list whose first name is."""
_ALIKE = frozenset({"EXCHANGE", "PRODUCT", "SIDE", "KIND", "WEEKDAY"})
"""Terminals of which each word fits where one does."""


@cache
def _slot_starts() -> frozenset[str]:
    """Return what may follow a whole action; in front of one it would only be put in order."""
    following = accepted([Word("EXIT", "exit", raw_tokens("exit", 1, 1)[0].span, "exit")]) or frozenset()
    return following - {END}


@cache
def _headings() -> frozenset[str]:
    """Return what begins a sentence that is no rule."""
    place = raw_tokens("x", 1, 1)[0].span
    return (accepted([]) or frozenset()) - (accepted([Word("LABEL", "x:", place, "x")]) or frozenset())


class _Judge:
    """Tells whether an offer may stand there by its meaning as well: units, the order of the parts, brackets."""

    def __init__(self, moment: _Moment, words: Sequence[Word], is_whole: bool) -> None:
        self.moment = moment
        self.words = words
        self.is_whole = is_whole
        self._before = self._fault(words) if is_whole else None
        self._after_number = bool(words) and words[-1].type == "NUMBER"
        self._known: dict[str, bool] = {}

    def allows(self, offer: Offer) -> bool:
        """Judge an offer, those that are alike only once."""
        if offer.kind not in _ALIKE:
            return self._fits(offer)
        if offer.kind not in self._known:
            self._known[offer.kind] = self._fits(offer)
        return self._known[offer.kind]

    def _fits(self, offer: Offer) -> bool:
        longer = self.moment.read_on(self.words, offer.text)
        if reads(longer, self.moment.start) < len(longer) + (offer.kind == "sample" and self.is_whole):
            return False
        if self.moment.start != SENTENCE:
            return True
        faults = list(self._faults(offer, longer))
        if None in faults or not faults:
            return True
        fault = faults[0]
        assert fault is not None
        if self._before is not None and fault.code is self._before.code:
            return offer.kind not in _UNITS  # the fault was there before
        code = fault.code.code
        return offer.kind not in ("sample", *_UNITS) and (code[0] not in "ENU" or code in _UNFINISHED)

    def _faults(self, offer: Offer, longer: Sequence[Word]) -> Iterator[FaultError | None]:
        for tail in self._tails(offer):
            words = self.moment.read_on(longer, tail) if tail else longer
            if not tail or reads(words, self.moment.start) > len(words):
                yield self._fault(words)

    def _tails(self, offer: Offer) -> Sequence[str]:
        """Return how the sentence may go on; an offer is good if one of them makes it a good sentence."""
        if offer.kind in _UNITS and self._after_number:
            return ("", "profit")
        if offer.kind in _FACTS and self.moment.in_book:
            return (f"is at least {offer.text}",)
        return TAILS.get(offer.kind, ("",))

    def _fault(self, words: Sequence[Word]) -> FaultError | None:
        if self.moment.start != SENTENCE:
            return None
        return fault_in(words, self.moment.scope, in_book=self.moment.in_book)


def _naming(words: Sequence[Word]) -> Iterator[Offer]:
    """Offer what ends the name of a definition that has been begun."""
    ends = {"SET": "to", "DEFINE": "as"}
    if len(words) > 1 and words[0].type in ends and all(word.type in ("WORD", "NUMBER") for word in words[1:]):
        yield Offer(ends[words[0].type], words[0].type)


def _names(moment: _Moment, accepts: frozenset[str]) -> Iterator[Offer]:
    for terminal, name in moment.names.values():
        if terminal in accepts:
            what = "value" if terminal == "VALUE_NAME" else "condition"
            yield Offer(name, "name", f"a {what} that this policy defines")


def _samples(accepts: frozenset[str]) -> Iterator[Offer]:
    for text, first in SAMPLES:
        if first in accepts:
            yield Offer(text, "sample", "for example")


def _spellings(accepts: frozenset[str], vocabulary: Vocabulary) -> Iterator[Offer]:
    for offer in _table(vocabulary):
        if offer.kind in accepts:
            yield offer


# --- every word of the language ------------------------------------------------------------

_FACTS = frozenset({"FACT", "TEXT_FACT", "PRICE_NAME", "PROFIT", "LOSS", "PEAK_PROFIT", "ATR", "STOP"})
_TABLES: dict[tuple[int, int], tuple[Vocabulary, tuple[Offer, ...]]] = {}


def _table(vocabulary: Vocabulary) -> tuple[Offer, ...]:
    """List each word of the language once, in its canonical spelling: actions first, facts in their own order."""
    known = _TABLES.get((id(vocabulary), len(vocabulary)))
    if known is None:
        order = {fact.name: place for place, fact in enumerate(vocabulary)}
        found = sorted(_all_spellings(vocabulary), key=lambda each: order.get(each.text, -1))
        known = _TABLES[id(vocabulary), len(vocabulary)] = (vocabulary, tuple(found))
    return known[1]


def _all_spellings(vocabulary: Vocabulary) -> Iterator[Offer]:
    spelt: dict[tuple[str, str], list[str]] = {}
    for spelling, keyword in k.verbs().spellings():
        spelt.setdefault((keyword.terminal, keyword.value), []).append(spelling)
    actions = set(spelt)
    for table in (k.SYMBOLS.items(), k.phrases(vocabulary).spellings(), k.number_suffixes()):
        for spelling, keyword in table:
            spelt.setdefault((keyword.terminal, keyword.value), []).append(spelling)
    for action in {id(each): each for each in vocabulary.actions.values()}.values():
        first = raw_tokens(action.means, 1, 1)[0].text.lower()
        terminal = next((word.terminal for words, word in k.verbs().starting_with(first)), "BOOK")
        yield Offer(action.name, terminal, f"an action: {action.means}", action.help)
    fractions = set()
    for (terminal, value), spellings in spelt.items():
        if terminal == "FRACTION":
            if k.FRACTIONS[value] in fractions:
                continue
            fractions.add(k.FRACTIONS[value])
        fact = vocabulary.find(value) if terminal in _FACTS else None
        if fact is not None:
            units = ", ".join(unit.value for unit in fact.units)
            yield Offer(fact.name, terminal, f"a fact: {units}", fact.help)
            continue
        bare = " ".join(word for word in value.lower().split() if word not in k.NOISE)
        text = value if bare in spellings or value in spellings else spellings[0]
        whole = _forced(text, vocabulary) if (terminal, value) in actions else text
        yield Offer(whole, terminal, "", MEANINGS.get(terminal, ""))


def _forced(text: str, vocabulary: Vocabulary) -> str:
    """Add the words without which an action cannot go on: `move` becomes `move stop to`."""
    while True:
        words = Reader(raw_tokens(text, 1, 1), {}, k.phrases(vocabulary)).read()
        following = accepted(words) or frozenset()
        next_word = next(iter(following)).lower().replace("_", " ")
        if len(following) != 1 or not k.is_word_of_the_language(next_word, vocabulary):
            return text
        text = f"{text} {next_word}"


# --- the rule that an example names ------------------------------------------------------------


def _labels(moment: _Moment, checked: Checked) -> list[Offer] | None:
    """List the rules that an expectation may name; None where no `because` stands before the cursor."""
    if moment.start != EXAMPLE_LINE:
        return None
    for place, word in enumerate(moment.raw[:-1]):
        if word.type == "WORD" and word.text.lower() == "because":
            begun = moment.raw[place + 1].span
            found = _rules(checked)
            return [evolve(each, line=begun.line, column=begun.column, to_end=True) for each in found]
    return None


def _rules(checked: Checked) -> list[Offer]:
    return [Offer(each, "label", "a rule of this policy") for each in rule_names(checked)]


def rule_names(checked: Checked) -> list[str]:
    """List what an expectation may call the rules of a policy: their labels, as an example writes them."""
    return list(dict.fromkeys(name for line in checked.lines if (name := _label_of(line))))


def _label_of(line: Line) -> str:
    if line.sentence.block is not None or not line.words or line.words[0].type != "LABEL":
        return ""
    return label_text(str(line.words[0].value))

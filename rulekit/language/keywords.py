"""The words of the language: every phrase, the terminal of the grammar that it is, and its canonical spelling.

A phrase is matched longest first and in any case; the noise words `the a an` may stand inside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from attrs import frozen

from rulekit.language import vocabulary as v
from rulekit.language.words import DAY_NAMES

NOISE = frozenset({"the", "a", "an"})


@frozen
class Keyword:
    """What a phrase is: a terminal of the grammar, and what it means there."""

    terminal: str
    value: str


_PLAIN: dict[str, tuple[str, ...]] = {
    "POLICY": ("policy",),
    "APPLIES_TO": ("applies to", "apply to"),
    "EXAMPLE": ("example",),
    "SET": ("set",),
    "DEFINE": ("define",),
    "TO": ("to",),
    "AS": ("as",),
    "STOP": ("stop", "stop loss", "stop-loss", "stoploss", "sl"),
    "OF": ("of",),
    "BY": ("by",),
    "FROM": ("from",),
    "ORIGINAL": ("original", "original quantity", "original position"),
    "POSITION": ("position", "positions"),
    "WORTH": ("worth", "worth of shares"),
    "EVERYTHING": ("everything", "all", "whole position", "full position"),
    "UP_TO": ("up to",),
    "AT": ("at",),
    "AFTER": ("after",),
    "BEFORE": ("before",),
    "BETWEEN": ("between",),
    "ON": ("on",),
    "EXPIRY_DAY": ("expiry day", "expiry", "day of expiry"),
    "CLOSE": ("close", "market close", "session close", "closing"),
    "WHEN": ("when", "if", "while"),
    "UNLESS": ("unless",),
    "AND": ("and",),
    "OR": ("or",),
    "NOT": ("not",),
    "OVER": ("over",),
    "FOR": ("for", "for at least"),
    "IN": ("in", "within"),
    "RISES": ("rises", "rises by", "rose", "rose by", "has risen", "has risen by"),
    "FALLS": ("falls", "falls by", "fell", "fell by", "has fallen", "has fallen by", "drops", "drops by"),
    "CROSSES_ABOVE": ("crosses above", "crosses over", "crossed above", "crosses up through"),
    "CROSSES_BELOW": ("crosses below", "crosses under", "crossed below", "crosses down through"),
    "ONCE": ("once", "only once", "one time"),
    "ONCE_A_DAY": ("once day", "once per day", "once daily", "every day", "daily"),
    "EVERY": ("every", "once every"),
    "TIMES": ("times",),
    "ACTED": ("acted", "has acted"),
    "AGO": ("ago",),
    "HOLD": ("hold", "do nothing"),
    "HELD": ("held", "held for"),
    "EXPECT": ("expect",),
    "NOTHING": ("nothing",),
    "BECAUSE": ("because",),
    "FOR_BOOK": ("for whole book",),
    "THEN": ("then", "and then"),
    "DOWN_TO": ("down to",),
    "GAP_TO": ("gap to", "gap up to", "gap down to"),
    "FLAT_FOR": ("flat for", "sideways for"),
    "LOOK_EVERY": ("look every", "looked at every"),
}
"""Terminals whose canonical spelling is the first one listed."""

_PHRASES_WITH_ARTICLE = {"ONCE_A_DAY": "once a day", "ORIGINAL": "the original", "FOR_BOOK": "for the whole book"}

_VERBS: dict[str, tuple[str, ...]] = {
    "EXIT": ("exit", "close", "square off", "close position", "exit position", "get out"),
    "BOOK": ("book", "trim", "sell", "reduce", "take off", "book profit on", "scale out"),
    "ADD": ("add", "buy", "scale in", "add to"),
    "SET_TARGET": (
        *(f"{verb} target to" for verb in ("set", "move", "raise", "lower", "shift")),
        "set target at",
        "set profit target to",
    ),
    "MOVE": ("move", "raise", "lower", "shift"),
    "TIGHTEN": ("tighten",),
    "TRAIL": ("trail",),
    "LOCK_IN": ("lock in", "lock"),
    "ALERT": ("alert", "notify", "warn"),
}
"""Words that are actions where a sentence begins, and only there."""

_BOOK_ACTIONS: dict[str, tuple[str, ...]] = {
    "exit everything": (
        "exit everything",
        "exit all positions",
        "close everything",
        "close all positions",
        "square off everything",
        "square off all positions",
    ),
    "stop adding": ("stop adding", "stop all adding"),
    "stop trading": ("stop trading", "stop all trading"),
}
"""What a block for the whole book may do; the first spelling of each is the canonical one."""

SIDED_VERBS = {"sell": "book", "buy": "add"}
"""Verbs that a trader of shorts would read the other way round, and the neutral word."""

_IS = ("is", "are", "was", "has been", "have been")
_COMPARED: dict[str, tuple[str, ...]] = {
    "AT_LEAST": ("at least", "no less than", "not less than", "not below", "atleast"),
    "AT_MOST": ("at most", "no more than", "not more than", "not above", "atmost"),
    "ABOVE": ("above", "more than", "greater than", "higher than"),
    "BELOW": ("below", "less than", "lower than", "under"),
}
_COMPARED_AFTER_IS = {
    "ABOVE": ("over",),
    "AT_LEAST": ("after",),
    "BELOW": ("before",),
    "IS_NOT": ("not", "not equal to"),
    "IS": ("equal to", "exactly"),
}
_COMPARING_VERBS = {
    "AT_LEAST": ("reaches", "reached", "has reached", "hits"),
    "ABOVE": ("exceeds",),
    "IS": ("equals",),
}
COMPARISONS = {
    "AT_LEAST": "is at least",
    "AT_MOST": "is at most",
    "ABOVE": "is above",
    "BELOW": "is below",
    "IS": "is",
    "IS_NOT": "is not",
    "BETWEEN": "between",
}

SYMBOLS: dict[str, Keyword] = {
    "%": Keyword("UNIT", "%"),
    "₹": Keyword("RUPEE", "₹"),
    "(": Keyword("LPAR", "("),
    ")": Keyword("RPAR", ")"),
    ",": Keyword("COMMA", ","),
    "+": Keyword("PLUS", "+"),
    "-": Keyword("MINUS", "-"),
    "−": Keyword("MINUS", "-"),
    "–": Keyword("MINUS", "-"),
    ">=": Keyword("AT_LEAST", "is at least"),
    "=>": Keyword("AT_LEAST", "is at least"),
    "≥": Keyword("AT_LEAST", "is at least"),
    "<=": Keyword("AT_MOST", "is at most"),
    "=<": Keyword("AT_MOST", "is at most"),
    "≤": Keyword("AT_MOST", "is at most"),
    ">": Keyword("ABOVE", "is above"),
    "<": Keyword("BELOW", "is below"),
    "=": Keyword("IS", "is"),
    "==": Keyword("IS", "is"),
    "!=": Keyword("IS_NOT", "is not"),
    "<>": Keyword("IS_NOT", "is not"),
    "≠": Keyword("IS_NOT", "is not"),
}

_UNITS: dict[str, tuple[str, ...]] = {
    "%": ("percent", "per cent", "pct", "percentage"),
    "R": ("r",),
    "points": ("point", "points", "pts", "pt"),
    "ticks": ("tick", "ticks"),
    "shares": ("share", "shares"),
    "lots": ("lot", "lots"),
    "times normal": ("times normal", "times usual", "times average", "x normal", "times its normal"),
}
_TIME_UNITS: dict[str, tuple[str, ...]] = {
    "seconds": ("second", "seconds", "sec", "secs"),
    "minutes": ("minute", "minutes", "min", "mins"),
    "hours": ("hour", "hours", "hr", "hrs"),
    "days": ("day", "days", "trading day", "trading days"),
    "bars": ("bar", "bars", "candle", "candles"),
}
_LETTERS: dict[str, Keyword] = {
    "s": Keyword("TIME_UNIT", "seconds"),
    "m": Keyword("TIME_UNIT", "minutes"),
    "h": Keyword("TIME_UNIT", "hours"),
    "d": Keyword("TIME_UNIT", "days"),
    "r": Keyword("UNIT", "R"),
    "x": Keyword("UNIT", "times normal"),
    "am": Keyword("AMPM", "am"),
    "pm": Keyword("AMPM", "pm"),
    "rupees": Keyword("RUPEES", "₹"),
    "rupee": Keyword("RUPEES", "₹"),
}
"""Read so only right after a number."""

MULTIPLIERS = {
    "k": 1_000,
    "thousand": 1_000,
    "l": 100_000,
    "lakh": 100_000,
    "lakhs": 100_000,
    "lac": 100_000,
    "lacs": 100_000,
    "crore": 10_000_000,
    "crores": 10_000_000,
    "cr": 10_000_000,
}
"""Read so only right after a number."""

FRACTIONS = {
    "half": (1, 2),
    "third": (1, 3),
    "one third": (1, 3),
    "two thirds": (2, 3),
    "quarter": (1, 4),
    "one quarter": (1, 4),
    "fourth": (1, 4),
    "three quarters": (3, 4),
    "fifth": (1, 5),
}

_RUPEE_WORDS = ("rs", "rs.", "inr")


def _plain_words() -> Iterator[tuple[str, Keyword]]:
    for terminal, spellings in _PLAIN.items():
        canonical = _PHRASES_WITH_ARTICLE.get(terminal, spellings[0])
        for spelling in spellings:
            yield spelling, Keyword(terminal, canonical)


def _book_actions() -> Iterator[tuple[str, Keyword]]:
    for canonical, spellings in _BOOK_ACTIONS.items():
        for spelling in spellings:
            yield spelling, Keyword("BOOK_ACTION", canonical)


def _comparisons() -> Iterator[tuple[str, Keyword]]:
    for word in _IS:
        yield word, Keyword("IS", "is")
        yield f"{word} between", Keyword("BETWEEN", "between")
        for table in (_COMPARED, _COMPARED_AFTER_IS):
            for terminal, spellings in table.items():
                for spelling in spellings:
                    yield f"{word} {spelling}", Keyword(terminal, COMPARISONS[terminal])
    for table in (_COMPARED, _COMPARING_VERBS):
        for terminal, spellings in table.items():
            for spelling in spellings:
                yield spelling, Keyword(terminal, COMPARISONS[terminal])


def _measures() -> Iterator[tuple[str, Keyword]]:
    for terminal, table in (("UNIT", _UNITS), ("TIME_UNIT", _TIME_UNITS)):
        for canonical, spellings in table.items():
            for spelling in spellings:
                if len(spelling) > 1:
                    yield spelling, Keyword(terminal, canonical)
    for spelling, terminal, sign in (("plus", "PLUS", "+"), ("minus", "MINUS", "-")):
        yield spelling, Keyword(terminal, sign)
    for spelling in FRACTIONS:
        yield spelling, Keyword("FRACTION", spelling)
    for spelling in _RUPEE_WORDS:
        yield spelling, Keyword("RUPEE", "₹")


def _scope_words() -> Iterator[tuple[str, Keyword]]:
    for exchange in v.EXCHANGES:
        yield exchange.lower(), Keyword("EXCHANGE", exchange)
    for product in v.PRODUCTS:
        yield product.lower(), Keyword("PRODUCT", product)
    for side in v.SIDES:
        yield side, Keyword("SIDE", side)
        yield f"{side}s", Keyword("SIDE", side)
    for kind, others in v.KINDS.items():
        for spelling in (kind, *others):
            yield spelling, Keyword("KIND", kind)
    for day in DAY_NAMES:
        for spelling in (day, day[:3], f"{day}s"):
            yield spelling.lower(), Keyword("WEEKDAY", day)
    yield "tues", Keyword("WEEKDAY", "Tuesday")
    yield "thurs", Keyword("WEEKDAY", "Thursday")


_OWN_TERMINALS = {
    "profit": "PROFIT",
    "loss": "LOSS",
    "peak profit": "PEAK_PROFIT",
    "stop": "STOP",
    "atr": "ATR",
    "side": "TEXT_FACT",
}


def _fact_words(vocabulary: v.Vocabulary) -> Iterator[tuple[str, Keyword]]:
    terminals = {v.TEXT: "TEXT_FACT", v.PRICE: "PRICE_NAME"}
    for spelling, fact in vocabulary.spellings():
        yield spelling, Keyword(_OWN_TERMINALS.get(fact.name, terminals.get(fact.kind, "FACT")), fact.name)
    for price, others in v.PRICE_WORDS.items():
        for spelling in (price, *others):
            yield spelling, Keyword("PRICE_NAME", price)
    for spelling in ("profits", "gains"):
        yield spelling, Keyword("PROFIT", "profit")
    yield "losses", Keyword("LOSS", "loss")
    for spelling, name in v.HEADINGS.items():
        yield spelling, Keyword("TEXT_FACT", name)


class Phrases:
    """Finds the longest phrase that begins at a word.

    Args:
        actions: the words that plug-ins add for actions, each with the action that it stands for.
    """

    def __init__(
        self, entries: Iterable[tuple[str, Keyword]], actions: Mapping[tuple[str, ...], str] | None = None
    ) -> None:
        self.actions = dict(actions or {})
        self._by_first: dict[str, list[tuple[tuple[str, ...], Keyword]]] = {}
        for spelling, keyword in entries:
            words = tuple(word for word in spelling.split() if word not in NOISE)
            known = self._by_first.setdefault(words[0], [])
            # A phrase may be two terminals (`day` is a unit and a fact), never the same one twice.
            if all(each != words or other.terminal != keyword.terminal for each, other in known):
                known.append((words, keyword))
        for known in self._by_first.values():
            known.sort(key=lambda each: -len(each[0]))

    def starting_with(self, word: str) -> list[tuple[tuple[str, ...], Keyword]]:
        """List the phrases that begin with a lower-case word, longest first."""
        return self._by_first.get(word, [])

    def spellings(self) -> Iterator[tuple[str, Keyword]]:
        """List every phrase."""
        for known in self._by_first.values():
            for words, keyword in known:
                yield " ".join(words), keyword


@cache
def _standing_phrases() -> tuple[tuple[str, Keyword], ...]:
    # Facts come last: a word of the grammar (`stop`, `close`) keeps its terminal.
    return (*_plain_words(), *_book_actions(), *_comparisons(), *_measures(), *_scope_words())


def phrases(vocabulary: v.Vocabulary = v.STANDARD) -> Phrases:
    """Build the table of phrases for a vocabulary."""
    return _standard_phrases(len(v.STANDARD)) if vocabulary is v.STANDARD else _phrases(vocabulary)


@cache
def _standard_phrases(size: int) -> Phrases:
    """Build the table once for each size of the vocabulary, which only grows."""
    return _phrases(v.STANDARD)


def _phrases(vocabulary: v.Vocabulary) -> Phrases:
    units = ((spelling, Keyword("UNIT", unit.name)) for spelling, unit in vocabulary.units.items())
    actions = {tuple(spelling.split()): action.means for spelling, action in vocabulary.actions.items()}
    return Phrases((*_standing_phrases(), *_fact_words(vocabulary), *units), actions)


@cache
def verbs() -> Phrases:
    """Return the table of actions, which are words only where a sentence begins."""
    return Phrases(
        (spelling, Keyword(terminal, spellings[0])) for terminal, spellings in _VERBS.items() for spelling in spellings
    )


def after_number(word: str) -> Keyword | None:
    """Return what a word means right after a number: `m`, `R`, `pm`, `rupees`."""
    return _LETTERS.get(word)


def number_suffixes() -> Iterator[tuple[str, Keyword]]:
    """List what is read so only right after a number: `m`, `R`, `pm`, `rupees`."""
    return iter(_LETTERS.items())


def is_word_of_the_language(text: str, vocabulary: v.Vocabulary = v.STANDARD) -> bool:
    """Tell whether a text, as a whole, is a phrase of the language."""
    words = tuple(word for word in text.lower().split() if word not in NOISE)
    if not words:
        return True
    tables = (phrases(vocabulary), verbs())
    if tuple(text.lower().split()) in tables[0].actions:
        return True
    return any(each == words for table in tables for each, _ in table.starting_with(words[0]))


def is_free_word(word: str) -> bool:
    """Tell whether a single word begins no phrase and is no noise, so that it may stand for itself anywhere."""
    lower = word.lower()
    begins = phrases().starting_with(lower) or verbs().starting_with(lower)
    return not begins and lower not in NOISE and lower not in _LETTERS and lower not in MULTIPLIERS

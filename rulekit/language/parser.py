"""Raw tokens of a line, a sentence's words to a plain tree of nodes; the only home of lark, which makes the tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import astuple, frozen

from rulekit.language.automaton import Automaton, Node, Rule, Tables
from rulekit.language.reader import END, Word
from rulekit.language.tree import Span
from rulekit.model.shipped import shipped_text

if TYPE_CHECKING:
    from lark import Lark

__all__ = ["EXAMPLE_LINE", "SENTENCE", "Misread", "Node", "accepted", "build_grammar", "raw_tokens", "read", "reads"]

SENTENCE = "sentence"
EXAMPLE_LINE = "example_line"


@frozen
class Misread:
    """Where reading stopped: the number of the word (their count for the end), and what could stand there."""

    index: int
    accepts: frozenset[str]


class _EveryWord:
    """Keeps the terminals that no rule names: words become terminals of the grammar only after the lexer."""

    always_accept = ("WORD", "SYMBOL", "BAD", "LABEL", "NUMBER", "STRING", "CLOCK", "FRACTION", "RUPEE")

    def process(self, stream: Iterable[Any]) -> Iterable[Any]:
        """Pass the tokens on."""
        return stream


def grammar_text() -> str:
    """Return the text of the grammar."""
    return shipped_text("grammar", "policy.lark")


def build_grammar(*, strict: bool = False) -> Lark:
    """Build the parser; `strict` refuses any conflict that lark would settle by itself."""
    from lark import Lark, lexer

    # A test proves the terminals free of collisions; lark would prove it again each time, for a tenth of a second.
    terminals: Any = lexer
    known = terminals.has_interegular
    terminals.has_interegular = known and strict
    try:
        return Lark(
            grammar_text(),
            parser="lalr",
            lexer="basic",
            start=[SENTENCE, EXAMPLE_LINE],
            postlex=_EveryWord(),
            strict=strict,
        )
    finally:
        terminals.has_interegular = known


# --- tables --------------------------------------------------------------------------------------------------------


def tables_of(built: Lark) -> Tables:
    """Take lark's tables over as plain values."""
    frontend: Any = built.parser
    table, lexer = frontend.parser._parse_table, frontend.lexer.lexer
    # What this grammar has no use for is not rebuilt here.
    assert len(lexer.scanner._mres) == 1 and not lexer.callback and not lexer.g_regex_flags
    rules: dict[Any, int] = {}
    states = []
    for state in range(len(table.states)):
        steps = {}
        for symbol, (action, arg) in table.states[state].items():
            steps[str(symbol)] = arg if str(action) == "Shift" else ~rules.setdefault(arg, len(rules))
        states.append(steps)
    starts = {str(start): (table.start_states[start], table.end_states[start]) for start in table.start_states}
    pattern = "|".join(f"(?P<{one.name}>{one.pattern.to_regexp()})" for one in lexer.scanner.terminals)
    return Tables(tuple(states), tuple(map(_rule, rules)), starts, pattern, frozenset(map(str, lexer.ignore_types)))


def _rule(rule: Any) -> Rule:
    """Take one rule over: every terminal is a part, and rules that begin with `_` (those of `+`) are spliced."""
    parts, options = rule.expansion, rule.options
    assert parts and not any(part.is_term and part.filter_out for part in parts) and not any(options.empty_indices)
    spliced = tuple(n for n, part in enumerate(parts) if not part.is_term and part.name.startswith("_"))
    name = rule.alias or options.template_source or rule.origin.name
    return Rule(str(rule.origin.name), str(name), len(parts), spliced, options.expand1 and not rule.alias)


_LAYOUT = 1
"""Another number than this makes tables be built anew."""


@cache
def _tables() -> Tables:
    """Return the tables of the grammar: as they were kept, or built anew and kept.

    They are kept beside our compiled modules, and are of this grammar if its whole text stands there too; where that
    folder cannot be written to, each start costs lark's work, a quarter of a second.
    """
    text, folder = grammar_text(), Path(__file__).parent / "__pycache__"
    kept = folder / f"policy.{sys.implementation.cache_tag}.tables"
    with suppress(OSError, ValueError, TypeError):
        layout, of, states, rules, starts, pattern, ignored = json.loads(kept.read_bytes())
        if (layout, of) == (_LAYOUT, text):
            rules = tuple(Rule(origin, name, size, tuple(parts), one) for origin, name, size, parts, one in rules)
            starts = {start: (first, last) for start, (first, last) in starts.items()}
            return Tables(tuple(states), rules, starts, pattern, frozenset(ignored))
    made = tables_of(build_grammar())
    rules = [astuple(rule) for rule in made.rules]
    with suppress(OSError):
        if folder.is_dir():
            fresh = kept.with_suffix(f".{id(made)}")  # another process may be reading or writing
            rows = (_LAYOUT, text, made.states, rules, made.starts, made.pattern, sorted(made.ignored))
            fresh.write_text(json.dumps(rows), encoding="utf-8")
            fresh.replace(kept)
    return made


# --- reading -------------------------------------------------------------------------------------------------------


def raw_tokens(text: str, line: int, column: int) -> list[Word]:
    """Cut one piece of a line into raw tokens, with their places in the file."""
    return [
        Word(terminal, text[first:behind], Span(line, column + first, line, column + behind))
        for terminal, first, behind in _tables().cut(text)
    ]


def read(words: Sequence[Word], start: str = SENTENCE) -> Node | Misread:
    """Parse the words of one sentence."""
    automaton = Automaton(_tables(), start)
    for index, word in enumerate(words):
        if not automaton.feed(word.type, word):
            return Misread(index, automaton.accepts())
    return automaton.node if automaton.feed(END) else Misread(len(words), automaton.accepts())


def accepted(words: Sequence[Word], start: str = SENTENCE) -> frozenset[str] | None:
    """Return the terminals that may stand after words (END among them); None if the words cannot be read so far."""
    automaton = Automaton(_tables(), start)
    if all(automaton.feed(word.type, word) for word in words):
        return automaton.accepts()
    return None


def reads(words: Sequence[Word], start: str = SENTENCE) -> int:
    """Return how many words can be read before the first that cannot; their count + 1 if all is a whole sentence."""
    outcome = read(words, start)
    return outcome.index if isinstance(outcome, Misread) else len(words) + 1

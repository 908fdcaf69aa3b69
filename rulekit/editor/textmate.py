"""The grammar for colouring in editors that know TextMate grammars, made from the words of the language.

Run with `python -m rulekit.editor.textmate editors/vscode` after the words have changed; a test tells when.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rulekit.editor.colours import Colour, colour_of_terminal
from rulekit.language import keywords as k
from rulekit.language.vocabulary import STANDARD, Vocabulary

SCOPES: dict[Colour, str] = {
    Colour.COMMENT: "comment.line.number-sign.policy",
    Colour.LABEL: "entity.name.function.policy",
    Colour.ACTION: "keyword.control.policy",
    Colour.WORD: "keyword.other.policy",
    Colour.FACT: "support.type.property-name.policy",
    Colour.NAME: "variable.other.policy",
    Colour.NUMBER: "constant.numeric.policy",
    Colour.UNIT: "keyword.other.unit.policy",
    Colour.TEXT: "string.quoted.double.policy",
    Colour.SIGN: "keyword.operator.policy",
    Colour.VALUE: "constant.language.policy",
}
"""What each colour is called in a theme."""

PLACE = Path("syntaxes") / "policy.tmLanguage.json"
"""Where the grammar stands in the extension."""

_LABEL = r'^\s*("(?:[^"]|"")+"|“[^”]+”|[\w%][\w%-]*)\s*(:)(?!\d)'
_STRINGS = (r'"(?:[^"]|"")*"', r"“[^”]*”")
_CLOCK = r"(?<![\w.])\d{1,2}:\d{2}(?::\d{2})?(?!\d)"
_NUMBER = r"(?<![\w.])(?:\d+/\d+|\d+(?:,\d+)*(?:\.\d+)?|\.\d+)"
_OTHER_WORD = r"[^\W\d]\w*(?:[-&'’/][^\W\d]\w*)*"
_SIGNS = r">=|=>|<=|=<|==|!=|<>|[-−–(),+=<>≥≤≠]"
_RUPEES = r"₹|(?i:\b(?:rs\.?|inr))(?=\s*\d)"
_PERCENT = "%"
_FIRST = (Colour.ACTION, Colour.FACT, Colour.NUMBER, Colour.UNIT, Colour.VALUE, Colour.WORD, Colour.SIGN)
"""Which of two wins where a phrase is both, and the order of the patterns."""


def grammar(vocabulary: Vocabulary = STANDARD) -> dict[str, Any]:
    """Return the grammar; `json.dumps` writes it."""
    suffixes = {word for word, _ in k.number_suffixes()} | set(k.MULTIPLIERS)
    units = sorted(suffixes, key=lambda each: (-len(each), each))
    return {
        "name": "Rulekit policy",
        "scopeName": "source.policy",
        "fileTypes": ["policy"],
        "patterns": [
            {"match": "#.*$", "name": SCOPES[Colour.COMMENT]},
            {"match": _LABEL, "captures": {"1": {"name": SCOPES[Colour.LABEL]}, "2": {"name": SCOPES[Colour.LABEL]}}},
            *({"match": each, "name": SCOPES[Colour.TEXT]} for each in _STRINGS),
            {"match": _CLOCK, "name": SCOPES[Colour.NUMBER]},
            {
                "match": f"({_NUMBER})(?i:({'|'.join(units)})(?![\\w-]))?",
                "captures": {"1": {"name": SCOPES[Colour.NUMBER]}, "2": {"name": SCOPES[Colour.UNIT]}},
            },
            {"match": _RUPEES, "name": SCOPES[Colour.UNIT]},
            {"match": _PERCENT, "name": SCOPES[Colour.UNIT]},
            *({"match": phrases_pattern(words), "name": SCOPES[colour]} for colour, words in _phrases(vocabulary)),
            {"match": _OTHER_WORD},  # so that a part of it is no word and its hyphen no sign
            {"match": _SIGNS, "name": SCOPES[Colour.SIGN]},
        ],
    }


def phrases_pattern(phrases: Iterable[str]) -> str:
    """Return what matches any of some phrases: longest first, in any case, articles and more blanks inside them."""
    between = f"\\s+(?:(?:{'|'.join(sorted(k.NOISE))})\\s+)*"
    ordered = sorted(phrases, key=lambda each: (-len(each.split()), -len(each), each))
    spelt = (between.join(re.escape(word) for word in phrase.split()) for phrase in ordered)
    return f"(?i)(?<![\\w-])(?:{'|'.join(spelt)})(?![\\w-])"


def _phrases(vocabulary: Vocabulary) -> list[tuple[Colour, list[str]]]:
    """Sort the phrases by colour; those of more words come first, so that `is at least` is not `is`, then `at`."""
    colours: dict[str, Colour] = {}
    for table in (k.verbs(), k.phrases(vocabulary)):
        for spelling, keyword in table.spellings():
            colour = colour_of_terminal(keyword.terminal)
            known = colours.get(spelling)
            if known is None or _FIRST.index(colour) < _FIRST.index(known):
                colours[spelling] = colour
    longest = max(len(each.split()) for each in colours)
    return [
        (colour, words)
        for length in range(longest, 0, -1)
        for colour in _FIRST
        if (words := [each for each, its in colours.items() if its is colour and len(each.split()) == length])
    ]


def text() -> str:
    """Return the grammar as it stands in its file."""
    return json.dumps(grammar(), ensure_ascii=False, indent=2) + "\n"


def main() -> None:
    """Write the grammar into the folder of the extension."""
    target = Path(sys.argv[1]) / PLACE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()

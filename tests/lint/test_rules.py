"""Each lint rule by itself on many small policies, with the whole answer: place, words and help.

`python -m tests.lint.test_rules` writes the answers anew; read the difference before you keep it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rulekit.language.reading import check_text
from rulekit.language.tree import Span
from rulekit.lint.catalogue import RULES
from rulekit.lint.linting import lint_together
from rulekit.lint.selection import Selection
from rulekit.lint.subject import FILES, PROOF

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "lint"
PATHS = sorted(CORPUS.glob("*.txt"))
TODAY = date(2026, 11, 20)
BETWEEN = "-----\n"
ANSWER = "\n=>\n"
NEXT_FILE = "~~~~~\n"
"""Between policies that are looked at together."""


def answer(text: str, code: str) -> str:
    checked = [
        check_text(each, f"{place}.policy") for place, each in zip("abcdefgh", text.split(NEXT_FILE), strict=False)
    ]
    selection = Selection(select=(code,))
    lines = []
    for place, found in zip("abcdefgh", lint_together(checked, TODAY, [selection] * len(checked)), strict=False):
        for each in found:
            name = f"{place} " if len(checked) > 1 else ""
            lines.append(f"{name}{each.span.line}:{each.span.column}-{each.span.end_column} {each.code} {each.message}")
            lines += [f"  help: {each.help}"] if each.help else []
            lines += [f"  fix: {each.fix.text!r} in {_place(each.fix.span)}"] if each.fix else []
            lines += [f"  see {_place(span)}: {message}" for span, message in each.related]
    return "\n".join(lines)


def _place(span: Span) -> str:
    return f"{span.line}:{span.column}-{span.end_line}:{span.end_column}"


def cases(path: Path) -> list[tuple[str, str]]:
    parts = path.read_text(encoding="utf-8").split(BETWEEN)
    return [(part.split(ANSWER)[0], part.split(ANSWER)[1].rstrip("\n")) for part in parts]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_rule_answers(path: Path) -> None:
    for written, expected in cases(path):
        assert answer(written, path.stem) == expected, written


def test_every_rule_that_reads_has_its_cases() -> None:
    assert {path.stem for path in PATHS} == {rule.code.code for rule in RULES if rule.needs != PROOF}
    assert FILES in {rule.needs for rule in RULES}


if __name__ == "__main__":
    for each in PATHS:
        again = BETWEEN.join(f"{written}{ANSWER}{answer(written, each.stem)}\n" for written, _ in cases(each))
        each.write_text(again, encoding="utf-8", newline="\n")

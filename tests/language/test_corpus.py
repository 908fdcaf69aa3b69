"""The corpus: what is valid with its canonical text, and what is not with the answer it gets, place, code and words.

`python -m tests.language.test_corpus` writes the answers anew; read the difference before you keep it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from attrs import evolve

from rulekit.language.diagnostics import Diagnostic
from rulekit.language.reading import check_text
from rulekit.language.sentences import policy_text
from rulekit.lint.linting import lint
from tests.language.fixing import require_mended

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
VALID = sorted((CORPUS / "valid").glob("*.policy"))
INVALID = sorted((CORPUS / "invalid").glob("*.txt"))
TODAY = date(2026, 11, 20)
BETWEEN = "-----\n"
ANSWER = "\n=>\n"


def answer(text: str) -> str:
    lines = []
    for found in lint(check_text(text), TODAY):
        lines.append(f"{found.span.line}:{found.span.column}-{found.span.end_column} {found.code} {found.message}")
        if found.help:
            lines.append(f"  help: {found.help}")
        lines += [f"  {word}: {sentence}" for word, sentence in offered(found)]
    return "\n".join(lines)


def offered(found: Diagnostic) -> Iterator[tuple[str, str]]:
    """List the sentences that were probably meant: a machine may apply a `fix`, a person has to say the others."""
    if found.fix is not None:
        yield ("fix" if found.fix.safe else "write"), found.fix.sentence.replace("\n", " / ")
    for choice in found.choices:
        yield "either", choice.sentence.replace("\n", " / ")


def cases(path: Path) -> list[tuple[str, str]]:
    parts = path.read_text(encoding="utf-8").split(BETWEEN)
    return [(part.split(ANSWER)[0], part.split(ANSWER)[1].rstrip("\n")) for part in parts]


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_policy_has_its_canonical_text(path: Path) -> None:
    checked = check_text(path.read_text(encoding="utf-8"))
    assert [each.message for each in checked.diagnostics] == []
    assert checked.tree is not None
    assert policy_text(checked.tree) == path.with_suffix(".canonical").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_the_canonical_text_means_the_same(path: Path) -> None:
    first = check_text(path.read_text(encoding="utf-8")).tree
    again = check_text(path.with_suffix(".canonical").read_text(encoding="utf-8")).tree
    assert first is not None and again is not None
    assert evolve(again, source="") == evolve(first, source="")


@pytest.mark.parametrize(
    ("written", "expected"),
    [pytest.param(*case, id=f"{path.stem}: {case[0][:40]}") for path in INVALID for case in cases(path)],
)
def test_an_invalid_policy_gets_its_answer(written: str, expected: str) -> None:
    assert answer(written) == expected


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_every_sentence_that_is_offered_can_be_read(path: Path) -> None:
    for written, _ in cases(path):
        require_mended(check_text(written))


def test_the_corpus_is_there() -> None:
    assert len(VALID) >= 8
    assert sum(len(cases(path)) for path in INVALID) >= 550
    assert len(INVALID) >= 60


if __name__ == "__main__":
    for each in INVALID:
        again = BETWEEN.join(f"{written}{ANSWER}{answer(written)}\n" for written, _ in cases(each))
        each.write_text(again, encoding="utf-8", newline="\n")
    for each in VALID:
        tree = check_text(each.read_text(encoding="utf-8")).tree
        if tree is not None:
            each.with_suffix(".canonical").write_text(policy_text(tree), encoding="utf-8", newline="\n")

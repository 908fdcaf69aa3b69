"""Whatever the input, it ends in a tree or in findings; never in a traceback."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.language.diagnostics import as_json, render
from rulekit.language.keywords import phrases, verbs
from rulekit.language.reading import check_text
from rulekit.language.sentences import policy_text
from rulekit.lint.linting import lint
from tests.language.fixing import require_mended

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
SENTENCES = [
    line
    for folder, pattern in (("valid", "*.policy"), ("codes", "*.policy"))
    for path in sorted((CORPUS / folder).glob(pattern))
    for line in path.read_text(encoding="utf-8").splitlines()
    if len(line) < 200
]
WORDS = sorted(
    {spelling for table in (phrases(), verbs()) for spelling, _ in table.spellings()}
    | {
        "15",
        "2.5",
        "1,00,000",
        "15:15",
        "25:99",
        "%",
        "₹",
        "(",
        ")",
        ",",
        "+",
        "-",
        ">=",
        '"x"',
        "1/2",
        "x y",
        "#",
        ":",
        "k",
    }
)


def ends_well(text: str) -> None:
    checked = check_text(text)
    assert (checked.tree is None) == bool(checked.diagnostics)
    require_mended(checked)
    for found in lint(checked, date(2026, 11, 20)):
        line = checked.source.line(found.span.line)
        assert 1 <= found.span.column <= found.span.end_column
        assert found.span.end_column <= len(line) + 2
        assert found.message[:1] not in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" and not found.message.endswith(".")
        assert as_json(found, "x")["line"] == found.span.line
        assert render(found, "x", text)
    if checked.tree is not None:
        again = check_text(policy_text(checked.tree))
        assert again.tree is not None, policy_text(checked.tree)
        assert policy_text(again.tree) == policy_text(checked.tree)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_random_bytes(raw: bytes) -> None:
    ends_well(raw.decode("utf-8", "replace"))


@settings(max_examples=300)
@given(st.text(max_size=120))
def test_random_text(text: str) -> None:
    ends_well(text)


@settings(max_examples=800)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=14), st.sampled_from(("", "book 50% at ", "exit when ")))
def test_random_words_of_the_language(words: list[str], head: str) -> None:
    ends_well(head + " ".join(words))


def test_mutated_corpus() -> None:
    random = Random(20261120)
    for _ in range(2_500):
        text = random.choice(SENTENCES)
        if random.random() < 0.3:
            text += "\n" + random.choice(("", "  ")) + random.choice(SENTENCES)
        for _ in range(random.randint(1, 3)):
            at = random.randrange(len(text) + 1)
            text = random.choice(
                (
                    text[:at] + text[at + 1 :],
                    text[:at] + random.choice('%₹(),.:"#+-0159 aRk\n\t😀') + text[at:],
                    text[:at] + " " + random.choice(WORDS) + " " + text[at:],
                    text[:at] + text[at : at + 2][::-1] + text[at + 2 :],
                    " ".join(random.sample(text.split(" "), len(text.split(" ")))),
                )
            )
        ends_well(text)

"""The formatter: canonical wording, comments in their order, the same meaning, and nothing left to do a second time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given, settings

from rulekit.errors import PolicyError
from rulekit.language import formatter
from rulekit.language import tree as t
from rulekit.language.formatter import formatted
from rulekit.language.parser import raw_tokens
from rulekit.language.reading import check_text
from rulekit.language.sentences import policy_text, rule_text
from rulekit.language.wrapping import WIDTH, rule_atoms
from tests.language.trees import policies

ROOT = Path(__file__).resolve().parents[2]
CORPUS = sorted((ROOT / "tests" / "corpus" / "valid").glob("*.policy")) + sorted((ROOT / "rules").glob("*.policy"))
GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.policy"))
_MARK = re.compile(r"comment-\d+")


def fmt(text: str) -> str:
    return formatted(check_text(text))


def meaning(text: str) -> t.PolicyTree:
    checked = check_text(text)
    assert checked.tree is not None, [each.message for each in checked.diagnostics]
    return evolve(checked.tree, source="")


def holds(text: str) -> str:
    """Format, and require what every formatted text must keep."""
    after = fmt(text)
    assert meaning(after) == meaning(text)
    assert fmt(after) == after
    assert _MARK.findall(after) == _MARK.findall(text)
    return after


# --- wording ------------------------------------------------------------


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_policy_gets_its_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert holds(text) == path.with_suffix(".formatted").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_corpus_is_written_as_the_printer_writes_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    after = holds(text)
    bare = [" ".join(each.text.split()) for each in check_text(after).source.sentences]
    tree = check_text(text).tree
    assert tree is not None
    printed = check_text(policy_text(tree)).source.sentences
    assert sorted(bare) == sorted(" ".join(each.text.split()) for each in printed)


@settings(deadline=None, max_examples=15, derandomize=True)
@given(policies())
def test_a_printed_policy_is_in_form_but_for_long_lines(policy: t.PolicyTree) -> None:
    text = policy_text(policy)
    after = holds(text)
    if all(len(line) <= WIDTH for line in text.split("\n")):
        assert after == text


@settings(deadline=None, max_examples=15, derandomize=True)
@given(policies())
def test_the_parts_of_a_rule_make_its_sentence(policy: t.PolicyTree) -> None:
    checked = check_text(policy_text(policy))
    assert checked.tree is not None
    nodes = [line.node for line in checked.lines if line.node is not None and line.node.rule == "rule"]
    # what is written about missing data becomes a rule, and is no sentence of that form
    rules = [rule for rule in (*checked.tree.rules, *checked.tree.book) if not rule.is_for_missing_data]
    for rule, node in zip(rules, nodes, strict=True):
        assert " ".join(atom.text for atom in rule_atoms(rule, node)) == rule_text(rule)


# --- comments round everything ------------------------------------------------------------


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_comments_round_every_line_keep_their_order(path: Path) -> None:
    source = check_text(path.read_text(encoding="utf-8")).source
    ends = {comment.line for comment in source.comments}
    lines = []
    for number, line in enumerate(source.lines, 1):
        indent = line[: len(line) - len(line.lstrip())]
        lines.append(f"{indent}# comment-{number}0")
        busy = number in ends or not line.strip()
        lines.append(line if busy else f"{line}   # comment-{number}1")
        lines.append(f"# comment-{number}2")
    holds("\n".join(lines))


@pytest.mark.parametrize("apart", ["end", "own", "both"])
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_comments_round_every_word_keep_their_order(path: Path, apart: str) -> None:
    """Each sentence is torn into lines of one word, with comments between them."""
    source = check_text(path.read_text(encoding="utf-8")).source
    count = 0
    lines: list[str] = []
    for sentence in source.sentences:
        indent = "" if sentence.block is None else "  "
        header = sentence.text.lower().startswith(
            ("example", "for the whole book")
        )  # what is indented below it is no continuation
        words = [word for piece in sentence.pieces for word in ([piece.text] if header else _whole_words(piece.text))]
        for place, word in enumerate(words):
            deeper = indent if not place else f"{indent}    "
            count += 1
            lines.append(f"{deeper}{word}  # comment-{count}" if apart != "own" else f"{deeper}{word}")
            if apart != "end":
                count += 1
                lines.append(f"{deeper}# comment-{count}")
    holds("\n".join(lines) + "\n")


def _whole_words(text: str) -> list[str]:
    """Cut a text where spaces stand between its words; `Rs. 5000` and what follows `because` stay whole."""
    head, because, rest = text.partition(" because ")
    words: list[str] = []
    end = 0
    for word in raw_tokens(head, 1, 1):
        glued = word.span.column == end or (words and words[-1].lower() == "rs.")
        if words and glued:
            words[-1] += " " * (word.span.column - end) + word.text
        else:
            words.append(word.text)
        end = word.span.end_column
    return [*words, f"because {rest}"] if because else words


@settings(deadline=None, max_examples=25, derandomize=True)
@given(policies())
def test_comments_between_the_lines_of_any_policy_keep_their_order(policy: t.PolicyTree) -> None:
    lines = []
    for number, line in enumerate(policy_text(policy).split("\n")):
        lines += [f"# comment-{number}0", f"{line}  # comment-{number}1" if line else ""]
    holds("\n".join(lines))


def test_a_share_without_end_stays_a_fraction() -> None:
    assert fmt("set slice to a third\nbook slice at 5% profit\n") == "set slice to 1/3\nbook slice at 5% profit\n"


# --- blank lines, line ends, the end of the file ------------------------------------------------------------


def test_blank_lines_stay_and_are_one() -> None:
    assert fmt("\n\nexit at 15:15\n\n\n# a\n\n\n\nbook 50% at 5% profit\n\n\n") == (
        "exit at 15:15\n\n# a\n\nbook 50% at 5% profit\n"
    )


def test_a_file_without_a_last_line_end_gets_one() -> None:
    assert fmt("exit at 15:15") == "exit at 15:15\n"


def test_windows_line_ends_stay_and_mixed_ones_become_one() -> None:
    assert fmt("exit at 15:15\r\n# a\r\n") == "exit at 15:15\r\n# a\r\n"
    assert fmt("exit at 15:15\r\n# a\r\n# b\n") == "exit at 15:15\r\n# a\r\n# b\r\n"
    assert fmt("exit at 15:15\r\n# a\n# b\n") == "exit at 15:15\n# a\n# b\n"


def test_a_byte_order_mark_goes() -> None:
    assert fmt("\ufeffexit at 15:15\n") == "exit at 15:15\n"


def test_a_comment_keeps_its_spaces_and_its_strange_characters() -> None:
    text = "#   | a  | b |\n#:  c\u2028d\x85e\n#!x\n##\n#\nexit at 15:15\n"
    assert fmt(text) == text


# --- what is left alone ------------------------------------------------------------


def test_a_policy_with_errors_is_left_alone() -> None:
    with pytest.raises(PolicyError, match="2 errors"):
        fmt("book 50% at 15 profit\nexit at 15:15\nboook half at 5% profit\n")


def test_a_text_that_would_mean_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatter, "rule_atoms", lambda rule, node: rule_atoms(evolve(rule, verb=t.Exit()), node))
    with pytest.raises(PolicyError, match="meaning would change"):
        fmt("HALF: book 50% at 15% profit\n")


def test_a_text_that_would_lose_a_comment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatter, "laid_out", lambda atoms, *rest: [atoms[0].text])
    with pytest.raises(PolicyError, match="comments would change"):
        fmt("exit  # why\n")


def test_suppressions_still_allow_what_they_allowed() -> None:
    from datetime import date

    from rulekit.lint.linting import lint
    from rulekit.lint.selection import Selection

    text = "exit  # allow T102: evening\n  at\n  15:50\n# allow T102: evening\nbook 50%\n  at 15:45\n"
    today = date(2026, 11, 20)
    assert [each.code for each in lint(check_text(text), today, Selection(proofs=False))] == []
    assert [each.code for each in lint(check_text(fmt(text)), today, Selection(proofs=False))] == []


def test_the_walk_knows_every_kind_of_line() -> None:
    """A new kind of line in the grammar needs its wording here."""
    from rulekit.language import checker, examples

    known = {*formatter._WORDINGS, "rule", "define", "path"}
    assert set(checker._CHECKS) | set(examples._LINES) == known

"""Comments round every word where one can stand: their order kept, the meaning equal, a second pass without change."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from rulekit.language.formatter import formatted
from rulekit.language.reading import check_text
from tests.fmt.torn import commented, meaning, torn

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    *sorted((ROOT / "tests" / "corpus" / "valid").glob("*.policy")),
    *sorted((ROOT / "rules").glob("*.policy")),
    *sorted((ROOT / "tests" / "corpus" / "codes").glob("*-good.policy")),
]
_MARK = re.compile(r"comment-\d+")


def holds(text: str, whole: object) -> None:
    after = formatted(check_text(text))
    assert meaning(after) == whole
    assert _MARK.findall(after) == _MARK.findall(text)
    assert formatted(check_text(after)) == after


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_comments_in_any_gaps_keep_their_order(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    whole = meaning(text)
    assert whole is not None
    random = Random(path.stem)
    for often in (1.0,) if path.stem.endswith("-good") else (1.0, 0.2):
        spoiled = commented(text, random, often)
        assert often < 1 or "comment-" in spoiled
        assert meaning(spoiled) == whole
        holds(spoiled, whole)


def test_a_comment_in_each_gap_by_itself() -> None:
    text = (ROOT / "rules" / "position-management.policy").read_text(encoding="utf-8")
    rules = "\n".join(each.text for each in check_text(text).source.sentences if each.block is None)
    rules = rules[: rules.index("example")] if "example" in rules else rules
    whole, gaps = meaning(rules), [0]

    def counting(glued: bool) -> tuple[str, ...]:
        gaps[0] += 1
        return ()

    torn(rules, counting)
    assert gaps[0] > 100
    for chosen in range(1, gaps[0] + 1, 9):
        seen = [0]

        def only(glued: bool, seen: list[int] = seen, chosen: int = chosen) -> tuple[str, ...]:
            seen[0] += 1
            return ("  # comment-1", "# comment-2") if seen[0] == chosen and not glued else ()

        holds(torn(rules, only), whole)

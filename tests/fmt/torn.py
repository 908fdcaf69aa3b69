"""Policies torn at their words, with comments in the gaps: round every word where a comment can stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from attrs import evolve

from rulekit.language.parser import raw_tokens
from rulekit.language.reading import check_text
from rulekit.language.source import Piece
from rulekit.language.tree import PolicyTree

Gap = Callable[[bool], tuple[str, ...]]
"""Says what to put into a gap (glued words or not): nothing, or comments, the first behind the word before it."""


def meaning(text: str) -> PolicyTree | None:
    """Return what a text means, its wording left out; None if it has errors."""
    tree = check_text(text).tree
    return None if tree is None else evolve(tree, source="")


def torn(text: str, gap: Gap) -> str:
    """Tear every sentence at its gaps; a new line stands in each gap that gets something."""
    lines: list[str] = []
    for sentence in check_text(text).source.sentences:
        indent = "" if sentence.block is None else "  "
        header = sentence.text.lower().startswith(("example", "for the whole book"))
        line = indent
        for place, (words, glued) in enumerate(_words(sentence.pieces)):
            said = gap(glued) if place and not header else ()
            if said:
                lines.append(f"{line}{said[0]}".rstrip())
                lines += [f"{indent}    {each.strip()}" for each in said[1:]]
                line = f"{indent}    {words}"
            else:
                line += words if glued or not place else f" {words}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def _words(pieces: tuple[Piece, ...]) -> Iterator[tuple[str, bool]]:
    """List the words of a sentence, each with whether it is glued to the one before; `because` keeps what follows."""
    for piece in pieces:
        head, because, rest = piece.text.partition(" because ")
        words: list[tuple[str, bool]] = []
        end = 0
        for word in raw_tokens(head, 1, 1):
            if words and words[-1][0].lower() in ("rs", "rs.", "inr"):  # one word with its number
                words[-1] = (f"{words[-1][0]} {word.text}", words[-1][1])
            else:
                words.append((word.text, word.span.column == end))
            end = word.span.end_column
        yield from words
        if because:
            yield f"because {rest}", False


def commented(text: str, random: Random, often: float) -> str:
    """Put comments into random gaps: behind a word, on lines of their own, or both."""
    whole = meaning(text)
    for may_be_glued in (True, False):
        state = random.getstate()
        bare = torn(text, _random_gap(random, often, may_be_glued, bare=True))
        random.setstate(state)
        if meaning(bare) == whole:  # else a word was torn that is one only in one piece: `Rs. 5000`
            return torn(text, _random_gap(random, often, may_be_glued, bare=False))
    return text


def _random_gap(random: Random, often: float, may_be_glued: bool, *, bare: bool) -> Gap:
    count = 0

    def gap(glued: bool) -> tuple[str, ...]:
        nonlocal count
        kind, tears = random.randrange(3), random.random() < often
        if not tears or (glued and not may_be_glued):
            return ()
        count += 2
        behind, alone = f"  # comment-{count}", f"# comment-{count + 1}"
        if bare:
            return ("",)
        return ((behind,), ("", alone), (behind, alone))[kind]

    return gap

"""Inputs for the fuzzer, each from a seed and a number: bytes, words, spoiled policies, depth, length."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

from rulekit.language.keywords import phrases, verbs
from rulekit.language.source import MAX_BYTES

PROJECT = Path(__file__).resolve().parents[2]
ODD = "%₹(),.:;\"'“”‘’#+-–—−/*&|@!?<>=≥≤{}[]_~`^\\0159aRkZ \t\n\r\u00a0\u200b\u2028\x00\x07½％５५😀👍🏽"
PIECES = (
    "at 5% profit", "and", "or", ",", "then", "when", "profit > 5%", "book", "50%", "exit", "move stop to", "cost",
    "sl", "15.15", "3:15 pm", "baje", "karo", "not", "(", ")", "every", "for 5 minutes", "crosses", "between", "5",
    "to", "10%", "set x", "define y as", "is", "=", ":", "alert", '"a b"', "{{ profit }}", "expect", "the", "rsi 14",
    "long 100 K at 5", "#",
)  # fmt: skip


@cache
def corpus() -> tuple[str, ...]:
    """Return every policy and every broken sentence of the project."""
    files = [*(PROJECT / "tests" / "corpus").rglob("*.policy"), *(PROJECT / "rules").glob("*.policy")]
    texts = [file.read_text(encoding="utf-8") for file in sorted(files)]
    for file in sorted((PROJECT / "tests" / "corpus" / "invalid").glob("*.txt")):
        texts += [part.split("\n=>\n")[0] for part in file.read_text(encoding="utf-8").split("-----\n")]
    return tuple(texts)


@cache
def words() -> tuple[str, ...]:
    """Return every phrase of the language, and some numbers and signs."""
    spoken = {spelling for table in (phrases(), verbs()) for spelling, _ in table.spellings()}
    return (
        *sorted(spoken),
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
    )


def _bytes(random: Random) -> bytes:
    return random.randbytes(random.choice((1, 20, 300, 4_000)))


def _signs(random: Random) -> bytes:
    return "".join(random.choices(ODD, k=random.choice((3, 40, 600)))).encode()


def _any_text(random: Random) -> bytes:
    points = (
        random.choice((random.randrange(0x80), random.randrange(0x3000), random.randrange(0x20000))) for _ in range(80)
    )
    return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000).encode()


def _words(random: Random) -> bytes:
    lines = (" ".join(random.choices(words(), k=random.randint(1, 14))) for _ in range(random.randint(1, 4)))
    return "\n".join(lines).encode()


def _spoiled(random: Random) -> bytes:
    text = random.choice(corpus())
    if random.random() < 0.3:
        text += random.choice(("\n", "\n  ", " ")) + random.choice(corpus())
    for _ in range(random.choice((0, 1, 1, 2, 4))):
        text = random.choice(_SPOILS)(text, random)
    return text.encode("utf-8", "replace")


def _dropped(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + text[at + random.randint(1, 5) :]


def _typed_in(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    return (
        text[:at]
        + random.choice((random.choice(ODD), f" {random.choice(words())} ", random.choice(PIECES)))
        + text[at:]
    )


def _swapped(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]


def _shuffled(text: str, random: Random) -> str:
    lines = text.split("\n")
    at = random.randrange(len(lines))
    parts = lines[at].split(" ")
    lines[at] = " ".join(random.sample(parts, len(parts)))
    return "\n".join(lines)


def _indented(text: str, random: Random) -> str:
    return "\n".join(" " * random.choice((0, 0, 0, 2, 4)) + line for line in text.split("\n"))


_SPOILS: tuple[Callable[[str, Random], str], ...] = (_dropped, _typed_in, _swapped, _shuffled, _indented)


def _pieces(random: Random) -> bytes:
    """Phrases that patterns look for, again and again: where a pattern may try too many ways."""
    chosen = random.choices(PIECES, k=random.randint(1, 4))
    return " ".join(random.choice(chosen) for _ in range(random.choice((5, 30, 120)))).encode()


def _deep(random: Random) -> bytes:
    opening = random.choice(("(", "not ", "not (", "((", "when (", "{{", '"', "exit when ("))
    depth = random.choice((10, 63, 64, 65, 500, 5_000))
    text = "exit when " + opening * depth + "profit > 5%" + ")" * random.choice((0, depth, depth + 1))
    return text.encode()[:MAX_BYTES]


def _long(random: Random) -> bytes:
    unit = random.choice(
        (*PIECES, *ODD, "9", "a", "a ", "a_", "-", "1,", "1.", "profit is at least 5% and ", "exit at 15:15, ")
    )
    head = random.choice(("", "exit when ", "book 50% at ", "set x to ", "applies to symbol ", '"', "x: ", "# "))
    size = random.choice((600, 6_000, MAX_BYTES - 100, MAX_BYTES, MAX_BYTES + 5))
    return (head + unit * (size // len(unit.encode()))).encode()[: size + 50]


def _many_lines(random: Random) -> bytes:
    line = random.choice((*PIECES, *random.choice(corpus()).split("\n"), "boook half", "x y z", "exit", "  a", "# b"))
    end = random.choice(("\n", "\r\n", "\r", "\n  ", "\n\n"))
    return ((line + end) * (random.choice((50, 1_000, 20_000)))).encode("utf-8", "replace")[: MAX_BYTES + 10]


KINDS: dict[str, tuple[int, Callable[[Random], bytes]]] = {
    "bytes": (6, _bytes),
    "signs": (8, _signs),
    "any text": (6, _any_text),
    "words": (20, _words),
    "spoiled": (45, _spoiled),
    "pieces": (10, _pieces),
    "deep": (2, _deep),
    "long": (2, _long),
    "many lines": (1, _many_lines),
}
"""Each kind with how often it comes, in a hundred."""


def made(seed: int, number: int) -> tuple[str, bytes]:
    """Make an input: its kind and its bytes."""
    random = Random(f"fuzz {seed} {number}")
    kind = random.choices(list(KINDS), [often for often, _ in KINDS.values()])[0]
    return kind, KINDS[kind][1](random)

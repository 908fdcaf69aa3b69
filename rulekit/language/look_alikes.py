"""Signs that phones and chats put in place of those of the keyboard."""

from __future__ import annotations

_FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_ALIKE = {
    "%": "℅٪﹪",
    "-": "‐‑‒—―﹣",
    "+": "﹢",
    ":": "∶﹕ː",
    ",": "、‚",
    ".": "。․",
    ">": "›≻",
    "<": "‹≺",
    ">=": "⩾≧",
    "<=": "⩽≦",
    "₹": "₨",
    "half": "½",
    "1/3": "⅓",
    "1/4": "¼",
    "3/4": "¾",
    "x": "×",
}

PLAIN = {**_FULL_WIDTH, **{ord(odd): plain for plain, signs in _ALIKE.items() for odd in signs}}
"""The code point of a sign that looks like one of the keyboard, and that one."""

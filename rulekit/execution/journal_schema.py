"""The shape of a journal's rows, wherever they are kept, and how they are chained."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from rulekit.model.instant import Instant
from rulekit.model.prices import UNKNOWN

VERSION = 1
"""Of the format; a journal of another one is refused."""

FIRST = b"\0" * 32
"""What the first row takes for the digest before it."""

Row: TypeAlias = tuple[int, Instant, str, str, str | None, str, bytes]
"""One row as it is kept: number, time, kind, subject, token, body, digest. `token` is an action's identity in its first
row and a broker's tag in the row that announces a request; a store keeps a second one of either out."""


_DECODER = json.JSONDecoder(parse_constant=lambda _: UNKNOWN)
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


class Entry(NamedTuple):
    """One row as the program sees it."""

    seq: int
    at: Instant
    kind: str
    subject: str
    token: str | None
    body: Mapping[str, Any]


def body_of(text: str) -> Mapping[str, Any]:
    """Read a row's body; an unknown number comes back as the one that stands for unknown everywhere."""
    body: Mapping[str, Any]
    body, end = _DECODER.raw_decode(text)
    # What is written here has no blanks round it, so the decoder need not look for them.
    return body if end == len(text) else _DECODER.decode(text)


def text_of(body: Mapping[str, Any]) -> str:
    """Write a row's body."""
    return _ENCODER.encode(body)


def chain(previous: bytes, seq: int, at: Instant, kind: str, subject: str, token: str | None, body: str) -> bytes:
    """Return a row's digest, which holds everything in it and the digest before it."""
    head = f"{seq}\x1f{at}\x1f{kind}\x1f{subject}\x1f{'' if token is None else '+' + token}\x1f"
    return hashlib.sha256(previous + head.encode() + body.encode()).digest()

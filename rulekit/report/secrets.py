"""Keep secrets out of everything that is printed or written: their values are replaced wherever they turn up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

SECRET_NAME = re.compile(r"RULEKIT_\w*(KEY|TOKEN|SECRET|PASSWORD|PIN)|RULEKIT_ALERT\w*")
"""Environment variables whose values are secret."""

_ADDRESS = re.compile(r"[^\s:/@?&=#,]+")
SHORTEST_TOKEN = 8
"""Of an address, so long parts are taken for tokens; what is shorter is a host, a path or a name."""

SHORTEST = 4
"""A shorter value is no secret, and replacing it would eat ordinary figures."""

REPLACEMENT = "[secret]"


class Redactor:
    """Replaces secret values in texts, also in the shapes that JSON and web addresses give them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        shapes: set[str] = set()
        for name, value in environ.items():
            # Windows upper-cases the names of variables, other systems keep them.
            if SECRET_NAME.fullmatch(name.upper()) and len(value.strip()) >= SHORTEST:
                shapes |= _shapes(value.strip())
                if "://" in value:
                    shapes |= {shape for part in _parts(value) for shape in _shapes(part)}
        longest_first = sorted(shapes, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if shapes else None

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        return text if self._pattern is None else self._pattern.sub(REPLACEMENT, text)


def _shapes(plain: str) -> set[str]:
    """Write a value in the ways in which it may turn up."""
    written = {plain, json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1]}
    return written | {quote(plain, safe=""), quote_plus(plain)}


def _parts(addresses: str) -> Iterator[str]:
    """Yield each address, and what in it may be a token or a password."""
    for address in addresses.split():
        yield address
        yield from (part for part in _ADDRESS.findall(address) if len(part) >= SHORTEST_TOKEN)

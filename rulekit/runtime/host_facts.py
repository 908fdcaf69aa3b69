"""What a host says of the market and of the book, held to be numbers under names before anything is decided on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from numbers import Real

from rulekit.errors import InputError
from rulekit.runtime.snapshots import Facts

Tell = Callable[[str], None]


class HostFacts:
    """Asks a host, and takes what fails or cannot be read for unknown: the stops must go on being watched.

    Args:
        tell: told once of each failure.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._told: set[str] = set()

    def of(self, name: str, ask: Callable[[], Facts]) -> Facts:
        """Return what the host says, nothing if it fails.

        Args:
            name: of the argument that the host gave: `facts` or `book_facts`.
            ask: asks it.
        """
        try:
            return readable(ask())
        except InputError as error:
            why = f"{error.message}; {error.help}" if error.help else error.message
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
        if why not in self._told:
            self._told.add(why)
            self._tell(f"what the host says as `{name}` cannot be used, and counts as unknown: {why}")
        return {}


def readable(facts: Facts) -> Facts:
    """Return facts as floats; refuse what is no number under a name."""
    if not isinstance(facts, Mapping):
        raise InputError(f"`{facts}` are no facts", 'give a mapping of names to numbers: {"momentum": 1.8}')
    plain = True
    for name, value in facts.items():
        if not isinstance(name, str):
            raise InputError(f"`{name}` is no name of a fact", 'give a text: {"momentum": 1.8}')
        if value is None or type(value) is float:
            continue
        if not isinstance(value, Real | Decimal):
            raise InputError(f"the fact `{name}` is no number: `{value}`", "give a number, or None for unknown")
        plain = False
    return facts if plain else {name: None if value is None else float(value) for name, value in facts.items()}

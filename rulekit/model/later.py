"""Values that are worked out when somebody first reads them: sentences for people cost more than decisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Later(Generic[T_co]):
    """A call that is made once, when its value is asked for; what it works from must not change in between."""

    __slots__ = ("_arguments", "_make", "_value")

    def __init__(self, make: Callable[..., T_co], *arguments: object) -> None:
        self._make: Callable[..., T_co] | None = make
        self._arguments = arguments

    def get(self) -> T_co:
        """Return the value."""
        if self._make is not None:
            self._value = self._make(*self._arguments)
            self._make, self._arguments = None, ()
        return self._value


def told(value: T_co | Later[T_co]) -> T_co:
    """Return a value, whether it was given or is worked out now."""
    return value.get() if isinstance(value, Later) else value

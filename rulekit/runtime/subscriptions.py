"""Who is told of events: functions and coroutines that a host subscribes by a plain word or by an event's name."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from attrs import frozen

from rulekit.errors import UsageError
from rulekit.execution.switch import HALTED
from rulekit.model.events import EVENTS, Emit, Event

Subscriber = Callable[[Event], Any] | Callable[[Event], Awaitable[Any]]
"""Is told of an event: a function, called at once in the thread that decides, or a coroutine function."""

HAPPENINGS: dict[str, tuple[str, ...]] = {
    "decided": ("action_decided",),
    "sent": ("action_submitted",),
    "filled": ("action_filled", "action_partly_filled"),
    "refused": ("action_refused",),
    "unknown": ("action_unknown",),
    "stop moved": ("stop_moved",),
    "halted": ("mode_changed",),
}
"""What a host may subscribe to by a plain word, and the events that are meant."""
EVERYTHING = "everything"


@frozen(eq=False)
class _Subscription:
    """One subscriber; `only_halts` passes other changes of the trading state over."""

    events: frozenset[str]
    only_halts: bool
    tell: Callable[[Event], Any]

    def wants(self, event: Event) -> bool:
        """Tell whether this event is meant."""
        if event.name not in self.events:
            return False
        return not (self.only_halts and event.name == "mode_changed") or event.data.get("mode") == HALTED


class Subscriptions:
    """Passes each event on to a first receiver and to every subscriber that wants it; it never raises.

    Args:
        first: told every event, before anybody else.
    """

    def __init__(self, first: Emit | None = None) -> None:
        self._first = first
        self._all: tuple[_Subscription, ...] = ()

    def add(self, what: str, subscriber: Subscriber) -> Callable[[], None]:
        """Subscribe, and return what ends it; see `Manager.subscribe`."""
        if not callable(subscriber):
            raise UsageError(f"`{subscriber}` cannot be told of `{what}`", "give a function, or a coroutine function")
        tell = _scheduled(subscriber) if inspect.iscoroutinefunction(subscriber) else subscriber
        one = _Subscription(_events(what), what == "halted", tell)
        self._all = (*self._all, one)

        def end() -> None:
            self._all = tuple(each for each in self._all if each is not one)

        return end

    def __call__(self, event: Event) -> None:
        """Pass an event on. A subscriber that raises is told no more; the others hear why."""
        if self._first is not None:
            self._first(event)
        for one in self._all:
            if not one.wants(event):
                continue
            try:
                one.tell(event)
            except Exception as error:
                self._all = tuple(each for each in self._all if each is not one)
                text = f"a subscriber failed and is told no more: {type(error).__name__}: {error}"
                self(Event("alert", event.at, data={"text": text, "level": "warning", "cause": "subscriber"}))


def _events(what: str) -> frozenset[str]:
    if what == EVERYTHING:
        return frozenset(EVENTS)
    if what in HAPPENINGS:
        return frozenset(HAPPENINGS[what])
    if what in EVENTS:
        return frozenset((what,))
    raise UsageError(
        f"there is nothing called `{what}` to subscribe to",
        f"use {EVERYTHING}, {', '.join(HAPPENINGS)}, or the name of an event, for example `price_stale`",
    )


def _scheduled(subscriber: Callable[[Event], Any]) -> Callable[[Event], Any]:
    """Let a coroutine function run on the loop that runs now, whichever thread tells it."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        raise UsageError(
            "a coroutine is subscribed where no event loop runs",
            "subscribe it inside your `async` program, or subscribe a plain function",
        ) from None

    def tell(event: Event) -> None:
        # The future is not waited for: what the coroutine raises goes to the loop's own handler of exceptions.
        asyncio.run_coroutine_threadsafe(subscriber(event), loop).add_done_callback(_heard(loop))

    return tell


def _heard(loop: asyncio.AbstractEventLoop) -> Callable[[Any], None]:
    def done(future: Any) -> None:
        error = None if future.cancelled() else future.exception()
        if error is not None:
            context = {"message": "a subscriber to Rulekit's events failed", "exception": error}
            loop.call_soon_threadsafe(loop.call_exception_handler, context)

    return done

"""The running positions of a desk: when each began and ended, what its orders came to, and what is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rulekit.errors import InputError, UsageError
from rulekit.model.decision import ADD
from rulekit.model.instant import SECOND, Instant
from rulekit.model.prices import UNKNOWN, known
from rulekit.runtime.episode import Episode, Waiting
from rulekit.runtime.position import Position, Rupees, Standing, key_of, moment, signed_quantity, standing_of
from rulekit.runtime.position import units_or_unknown as units_of

Say = Callable[..., None]
"""Told an event's name, its episode and its data."""


class Episodes:
    """Positions from flat to flat again, by what tells a host's positions apart.

    Args:
        patience: microseconds after which an order that changed nothing is given up.
        say: told what happened.
    """

    def __init__(self, patience: int, say: Say) -> None:
        self._patience = patience
        self._say = say
        self._running: dict[tuple[Any, ...], Episode] = {}
        self._kept: dict[tuple[Any, ...], Mapping[str, Any]] = {}
        self._number = 0
        self._told: set[tuple[int, str]] = set()

    def running(self) -> list[Episode]:
        """Return those that are not over."""
        return list(self._running.values())

    def find(self, position: Position) -> Episode | None:
        """Return the running episode of a position as it was last seen."""
        return self._running.get(key_of(position))

    def level_of(self, position: Position, what: str) -> float | None:
        """Return the tracked `stop` or `target` in rupees, None for none; before the first look, of what was kept."""
        key = key_of(position)
        episode = self._running.get(key)
        if episode is not None:
            return in_rupees(getattr(episode, what), episode.standing)
        kept = self._kept.get(key)
        return None if kept is None else in_rupees(kept[what], standing_of(position))

    def at(self, position: Position, now: Instant) -> Episode | None:
        """Return the running episode of a position, brought up to date; None where it is flat."""
        key = key_of(position)
        episode = self._running.get(key)
        held = signed_quantity(position, episode.standing.has if episode is not None else None)
        if episode is not None:
            if held * episode.side > 0 and not _is_another(position, episode):
                episode.take(position)
                if abs(held) != episode.quantity:
                    self._changed(episode, abs(held))
                if episode.waiting is not None:
                    self._wait(episode, now)
                return episode
            self._end(key, episode)
        return self._begin(key, position, held) if held else None

    def _begin(self, key: tuple[Any, ...], position: Position, held: int) -> Episode:
        standing = standing_of(position)
        self._number += 1
        side, quantity = (1, held) if held > 0 else (-1, -held)
        episode = Episode(standing, self._number, side, quantity, UNKNOWN, standing.opened, quantity)
        kept = self._kept.pop(key, None)
        is_known = kept is not None and kept["side"] == side and kept["opened"] == standing.opened
        if kept is not None and is_known:
            episode.recall(kept)
            episode.take(position)
            if quantity != episode.quantity:
                self._changed(episode, quantity)
        initial = getattr(position, "initial_stop", None)
        if initial is not None:
            episode.initial_stop = units_of(initial, standing.instrument.scale)
        episode.take(position)
        self._running[key] = episode
        if not is_known:
            word, entry = "BUY" if side > 0 else "SELL", in_rupees(episode.entry, standing)
            self._say("position_opened", episode, side=word, quantity=quantity, entry=entry)
        return episode

    def _end(self, key: tuple[Any, ...], episode: Episode) -> None:
        """Take that a position is flat: what waited was filled, or has lost its reason."""
        self._fill_by_change(episode, -episode.quantity)
        if episode.waiting is not None:
            waiting = episode.give_up(counts=True)
            self.say_of("action_superseded", episode, waiting, reason="the position has ended")
        episode.reduce(episode.quantity, episode.last)
        self._say("position_closed", episode, profit=round(episode.realised / episode.standing.instrument.scale, 2))
        del self._running[key]
        self._told = {mark for mark in self._told if mark[0] != episode.number}

    def _changed(self, episode: Episode, quantity: int) -> None:
        """Take another quantity: a fill of what waits where it goes that way, else somebody else's doing."""
        grown = quantity - episode.quantity
        self._fill_by_change(episode, grown)
        if grown > 0:
            episode.grow(grown)
        else:
            episode.reduce(-grown, episode.last)
        self._tell_quantity(episode, grown)

    def _tell_quantity(self, episode: Episode, grown: int) -> None:
        if not episode.quantity:
            return  # the look that sees it flat says that it is closed
        if grown > 0:
            entry = in_rupees(episode.entry, episode.standing)
            self._say("position_scaled", episode, total=episode.quantity, entry=entry)
        else:
            self._say("position_reduced", episode, remaining=episode.quantity)

    def _fill_by_change(self, episode: Episode, grown: int) -> None:
        waiting = episode.waiting
        if waiting is not None and (grown > 0) is (waiting.action.kind == ADD):
            self._filled(episode, min(abs(grown), waiting.left), episode.last)

    def _wait(self, episode: Episode, now: Instant) -> None:
        """Give up an order that changed nothing for longer than patience; an `add` is not decided again."""
        waiting = episode.waiting
        assert waiting is not None
        if waiting.is_unknown or now - waiting.since <= self._patience:
            return
        episode.give_up(counts=waiting.action.kind == ADD)
        reason = f"{waiting.filled} of {waiting.action.quantity} filled within {self._patience / SECOND:g} s"
        self.say_of("action_expired", episode, waiting, reason=reason)

    # --- what a host says ---------------------------------------------------------------------------------------

    def waiting(self, position: Position) -> tuple[Episode, Waiting]:
        """Return the episode and the order that is on its way.

        Raises:
            UsageError: there is none.
        """
        episode = self.find(position)
        if episode is None or episode.waiting is None:
            raise UsageError(f"no order of `{position.symbol}` is on its way", "say it once for an order of a decision")
        return episode, episode.waiting

    def filled(self, position: Position, quantity: int | None, price: Rupees | None) -> None:
        """Take a fill that the host tells of."""
        episode, waiting = self.waiting(position)
        quantity = waiting.left if quantity is None else quantity
        if not 0 < quantity <= waiting.left:
            help = f"{waiting.left} of {waiting.action.quantity} are on their way"
            raise InputError(f"`{position.symbol}`: a fill of `{quantity}`", help)
        at = episode.last if price is None else units_of(price, episode.standing.instrument.scale)
        grown = quantity if waiting.action.kind == ADD else -quantity
        self._filled(episode, quantity, at)
        if grown > 0:
            episode.grow(grown)
        else:
            episode.reduce(quantity, at)
        self._tell_quantity(episode, grown)

    def _filled(self, episode: Episode, quantity: int, price: float) -> None:
        waiting = episode.waiting
        assert waiting is not None
        if episode.fill(quantity):
            average = in_rupees(price, episode.standing)
            self.say_of("action_filled", episode, waiting, filled=waiting.filled, average=average)
        else:
            whole = waiting.action.quantity
            self.say_of("action_partly_filled", episode, waiting, filled=waiting.filled, quantity=whole)

    def say_of(self, name: str, episode: Episode, waiting: Waiting, **data: Any) -> None:
        """Tell of an order."""
        self._say(name, episode, id=waiting.id, rule=waiting.action.rule, **data)

    def is_news(self, episode: Episode, about: str) -> bool:
        """Tell whether this was not yet told in this episode."""
        mark = (episode.number, about)
        news = mark not in self._told
        self._told.add(mark)
        return news

    # --- over a restart -----------------------------------------------------------------------------------------

    def save(self, position: Position | None) -> dict[str, Any]:
        """Return all that is remembered, or of one position, as plain values for JSON."""
        only = None if position is None else key_of(position)
        rows = [
            {"of": list(key), **episode.kept()} for key, episode in self._running.items() if only is None or key == only
        ]
        return {"version": 1, "number": self._number, "episodes": rows}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take up what `save` returned.

        Raises:
            UsageError: it is not from `save`, or a position of it was looked at already.
        """
        if not isinstance(saved, Mapping) or saved.get("version") != 1:
            raise UsageError("this is nothing that a desk has saved", "give what `save` returned")
        kept = {tuple(row["of"]): row for row in saved["episodes"]}
        for key in kept:
            if key in self._running:
                raise UsageError(f"the desk has looked at {key[0]} already", "call `restore` before the first look")
        self._number = max(self._number, int(saved["number"]))
        self._kept.update(kept)


def in_rupees(units: float | None, standing: Standing) -> float | None:
    """Return a price in rupees, None for an unknown one."""
    return None if units is None or not known(units) else round(units / standing.instrument.scale, 6)


def _is_another(position: Position, episode: Episode) -> bool:
    """Tell whether a position was closed and opened anew between two looks."""
    if episode.opened is None or "opened" not in episode.standing.has:
        return False
    opened = position.opened  # type: ignore[attr-defined]
    return opened is not None and opened is not episode.said_opened and moment(opened) != episode.opened

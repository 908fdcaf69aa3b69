"""Looks at single moments of a trade again, so that they can be told in words: the loop of a replay only keeps numbers.

The plain loop runs over that one entry with a look that is listened to; what it was given becomes a snapshot, and the
engine decides on it as it does live.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from attrs import evolve, frozen

from rulekit.compile.layout import FIRED_AT_SLOT, FIRED_SLOT, NEVER_FIRED
from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.decide import decide
from rulekit.engine.remember import remember
from rulekit.model.decision import Decision, Memory, RuleMemory
from rulekit.model.instant import Instant, day_of
from rulekit.model.snapshot import SessionTimes, Snapshot
from rulekit.replay.binding import Bound
from rulekit.replay.kernel import build
from rulekit.replay.look import Look
from rulekit.replay.loop import ARRAYS, SETTINGS, write_loop
from rulekit.replay.options import Options
from rulekit.replay.trades import Trade

_STATE = (
    "s_side", "s_price", "s_stop", "s_target", "s_quantity", "s_entry", "s_initial_stop", "s_best", "s_worst",
    "s_original", "s_booked", "s_added", "s_realised", "s_now", "s_opened", "s_in_flight", "s_age_days",
)  # fmt: skip
"""What a look is given of the position, by the names of the loop, whether the policy reads it or not."""
_ROOM = 1 << 10


@frozen
class Seen:
    """One look: the state of the position, the facts of the market, and what the rules remembered before it."""

    state: dict[str, float]
    facts: tuple[float, ...]
    registers: tuple[float, ...]


class _PassedError(Exception):
    """The last moment that was asked for has passed."""


class Listening:
    """The plain loop of a policy round a look that is listened to; one serves all blocks of that policy.

    Args:
        ticks: whether it runs over ticks. finer: whether finer prices order the ends of bars.
        listen: is told every look; whoever runs the loop sets it.
    """

    def __init__(self, policy: CompiledPolicy, options: Options, *, ticks: bool, finer: bool = False) -> None:
        self.listen: Callable[[Seen], None] | None = None
        looks = "path" if ticks and options.looks == "close" else options.looks
        path = "ticks" if ticks else "finer" if finer else options.path
        kernel = build(policy, looks=looks, path=path, fill=options.fill, native=False, passing=False)
        inner = kernel.look
        rest = tuple(name for name in inner.arguments if name not in _STATE)
        wide = evolve(inner, arguments=(*_STATE, *rest))
        source = write_loop(policy, wide, looks=looks, path=path, fill=options.fill, gaps=path != "ticks")
        names = dict(kernel.run.__globals__)
        decides = names["look"]
        names["look"] = _listened(decides, wide, inner, self._heard)
        names["look_elsewhere"] = _listened(decides, wide, inner, None)
        exec(compile(source, "<replay>", "exec"), names)  # noqa: S102 - made from the policy's own closed tree
        self.run: Callable[..., Any] = names["run"]

    def _heard(self, seen: Seen) -> None:
        if self.listen is not None:
            self.listen(seen)


class Teller:
    """Tells of the entries of one block.

    Args:
        bound: the block, as it was run. options: of that replay. loop: of its policy.
    """

    def __init__(self, bound: Bound, options: Options, loop: Listening) -> None:
        self.policy: CompiledPolicy = bound.block.policy
        self._bound, self._options, self._loop = bound, options, loop
        self._look = bound.kernel.look
        self._places = {number: place for place, (number, _) in enumerate(bound.block.entries)}
        plain = {name: _listed(column) for name, column in bound.given.items()}
        self._given = {name: column for name, column in plain.items() if not name.startswith("o_")}
        self._columns = [_listed(column.values) for column in bound.columns]
        self._shifts = [column.shift for column in bound.columns]

    def looks(self, row: int, moments: Collection[Instant]) -> list[Seen]:
        """Return the looks at one entry that fell on these moments, and the last one before the latest of them."""
        if not moments:
            return []
        heard: list[Seen] = []
        last = max(moments)
        behind: Seen | None = None

        def listen(seen: Seen) -> None:
            nonlocal behind
            now = int(seen.state["s_now"])
            if now > last:
                raise _PassedError
            if now in moments:
                heard.append(seen)
            behind = seen

        self._loop.listen = listen
        with suppress(_PassedError):
            self._run(self._places[row])
        return heard if heard or behind is None else [behind]

    def _run(self, place: int) -> None:
        """Run the plain loop over one entry."""
        count = len(self._bound.block.entries)
        room = _ROOM
        while True:
            record = {name: [0] * room for name in ARRAYS if name.startswith("v_")}
            outcome = {name: [0] * count for name in ARRAYS if name.startswith("o_")}
            arrays = {**self._given, **record, **outcome}
            settings = {**self._bound.settings, "levels": 0, "room": room - 64}
            reached, *_ = self._loop.run(
                place, place + 1, 0, 0, *(arrays[name] for name in ARRAYS),
                *(settings[name] for name in SETTINGS), *self._columns, *self._shifts, *self._bound.numbers,
            )  # fmt: skip
            if reached > place:
                return
            room *= 4

    # --- in the engine's own terms ----------------------------------------------------------------------------

    def decision(self, seen: Seen, trade: Trade, state: Seen | None = None) -> tuple[Snapshot, Decision]:
        """Decide on a look again.

        Args:
            trade: of this entry; its fills and marks tell how often rules fired before.
            state: take the position and the facts from this look instead, of the same entry under another policy.
        """
        snapshot = self._snapshot(seen if state is None else evolve(seen, state=state.state), trade)
        return snapshot, decide(self.policy, snapshot, self._memory(seen, snapshot, trade))

    def _snapshot(self, seen: Seen, trade: Trade) -> Snapshot:
        state, instrument = seen.state, self._bound.instrument
        now = int(state["s_now"])
        return Snapshot(
            symbol=trade.key.symbol,
            side=int(state["s_side"]),
            quantity=int(state["s_quantity"]),
            entry=state["s_entry"],
            price=state["s_price"],
            now=now,
            opened=int(state["s_opened"]),
            exchange=trade.key.exchange,
            product=trade.product,
            strategy=self._bound.block.entries[0][1].strategy,
            original=int(state["s_original"]),
            stop=state["s_stop"],
            initial_stop=state["s_initial_stop"],
            target=state["s_target"],
            best=state["s_best"],
            worst=state["s_worst"],
            booked=int(state["s_booked"]),
            added=int(state["s_added"]),
            realised=state["s_realised"],
            age_days=state["s_age_days"],
            lot=instrument.lot,
            tick=instrument.tick,
            scale=instrument.scale,
            multiplier=instrument.multiplier,
            session=self._session(now),
            expiry=instrument.expiry,
            kind=instrument.kind,
            facts={**self._options.facts, **self._natural(seen)},
            in_flight=state["s_in_flight"] > 0,
        )

    def _natural(self, seen: Seen) -> dict[str, float | None]:
        """Return the facts of a look in the units of the language."""
        scale = self._bound.instrument.scale
        return {
            slot.phrase: None if value != value else value / scale if slot.money else value
            for slot, value in zip(self._look.facts, seen.facts, strict=True)
        }

    def _session(self, now: Instant) -> SessionTimes | None:
        row = max(0, bisect_right(self._given["days"], now) - 1)
        opens, closes = int(self._given["day_opens"][row]), int(self._given["day_closes"][row])
        return SessionTimes(opens, closes, day_of(now)) if closes > 0 else None

    def _memory(self, seen: Seen, snapshot: Snapshot, trade: Trade) -> Memory:
        """Return what the rules remembered: firings as they were counted, the rest as the loop kept it."""
        memory: dict[str, RuleMemory] = {}
        before = sorted(
            [(fill.decided, fill.rule) for fill in trade.fills] + [(mark.at, mark.rule) for mark in trade.marks]
        )
        for at, rule in before:
            if at < snapshot.now:
                known = memory.get(rule, RuleMemory())
                memory[rule] = evolve(known, fired=known.fired + 1, fired_at=at)
        for (index, part), value in zip(self.policy.layout.memory, seen.registers, strict=True):
            name = self.policy.layout.rules[index]
            known = memory.get(name, RuleMemory())
            if part == FIRED_SLOT:
                memory[name] = evolve(known, fired=int(value))
            elif part == FIRED_AT_SLOT:
                memory[name] = evolve(known, fired_at=None if value == NEVER_FIRED else int(value))
        return remember(self.policy, snapshot, memory, list(seen.registers))


def _listened(
    decides: Callable[..., Any], wide: Look, inner: Look, listen: Callable[[Seen], None] | None
) -> Callable[..., Any]:
    """Return a look that takes the whole state, and hands on what the policy's own takes."""
    places = [wide.arguments.index(name) for name in inner.arguments]
    facts = [place for place, name in enumerate(wide.arguments) if name[0] == "c" and name[1:].isdigit()]
    registers = [place for place, name in enumerate(wide.arguments) if name[0] == "m" and name[1:].isdigit()]
    state = len(_STATE)

    def look(*given: float) -> Any:
        if listen is not None:
            listen(
                Seen(
                    dict(zip(_STATE, given[:state], strict=True)),
                    tuple(given[place] for place in facts),
                    tuple(given[place] for place in registers),
                )
            )
        return decides(*(given[place] for place in places))

    return look


def _listed(column: Any) -> list[Any]:
    return column.tolist() if hasattr(column, "tolist") else list(column)

"""Live prices: from the ticker while it lives, else by asking for quotes; a plan may have either, both or none."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from rulekit.broker.kite import KiteBroker
from rulekit.broker.kite_ticker import Ticker
from rulekit.broker.kite_ticks import Ages, stamp_of, tick_of
from rulekit.errors import ReadFailedError
from rulekit.market.numbers import scale_of
from rulekit.market.ticks import Tick
from rulekit.model.clock import Clock
from rulekit.model.instant import SECOND, Instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.prices import to_units

LONGEST_POLL_S = 60.0


class KiteFeed:
    """Gives ticks of the instruments that are watched.

    Args:
        broker: asked for quotes while the ticker gives nothing.
        ticker: the stream, or None to do without.
    """

    def __init__(self, broker: KiteBroker, ticker: Ticker | None, *, clock: Clock) -> None:
        self._broker = broker
        self._ticker = ticker
        self._clock = clock
        self._keys: dict[InstrumentKey, int] = {}
        self._by_token: dict[int, InstrumentKey] = {}
        self._ages = Ages()
        self._seq = 0
        self._next_poll: Instant = 0
        self._failures = 0
        self._speed: float = getattr(clock, "speed", 1.0)
        self.closes: dict[InstrumentKey, float] = {}
        """Yesterday's close of each instrument, in smallest units, once it was heard."""

    def watch(self, keys: Iterable[InstrumentKey]) -> None:
        """Hear these instruments from now on; one that is not listed today has no stream."""
        for key in keys:
            if key not in self._keys:
                try:
                    instrument = self._broker.instrument(key)
                except ReadFailedError:
                    continue
                token = instrument.token if instrument else 0
                self._keys[key] = token
                if token:
                    self._by_token[token] = key
        if self._ticker is not None:
            self._ticker.watch(token for token in self._keys.values() if token)

    def take(self, seconds: float) -> list[Tick]:
        """Return what came since the last call; wait at most so many seconds of the clock for it."""
        if self._ticker is None:
            if self._clock.now() < self._next_poll or not self._keys:
                self._clock.sleep(seconds)
            return self._poll()
        heard = self._ticker.handover.take(seconds / self._speed, self._clock.now())
        ticks = [tick for row, came in heard if (tick := self._heard(row, came)) is not None]
        return ticks if self._ticker.is_live else ticks + self._poll()

    def _heard(self, row: Any, came: Instant) -> Tick | None:
        key = self._by_token.get(row.get("instrument_token"))
        if key is None:
            return None
        stamped = stamp_of(row)
        at = came if stamped is None else self._ages.made(stamped, came)
        return self._numbered(key, row, at)

    def _numbered(self, key: InstrumentKey, row: Any, at: Instant) -> Tick | None:
        tick = tick_of(self._seq, key, row, at)
        if tick is not None:
            self._seq += 1
            self._note_close(key, row)
        return tick

    def _note_close(self, key: InstrumentKey, row: Any) -> None:
        ohlc = row.get("ohlc")
        close = ohlc.get("close") if isinstance(ohlc, dict) else None
        if key not in self.closes and isinstance(close, (int, float)) and close > 0:
            units = to_units(close, scale_of(key.exchange))
            if math.isfinite(units):
                self.closes[key] = units

    def _poll(self) -> list[Tick]:
        """Ask for quotes if it is time; what fails is asked more seldom each time, up to once a minute."""
        now = self._clock.now()
        if now < self._next_poll or not self._keys:
            return []
        keys = list(self._keys)
        try:
            rows = self._broker.full_quotes(keys)
        except ReadFailedError as error:
            self._failures += 1
            wait = min(LONGEST_POLL_S, self._broker.settings.poll_s * 2 ** min(self._failures, 8))
            self._next_poll = self._clock.now() + round(wait * SECOND)
            if self._failures == 3:
                self._broker.alert(f"no prices: the ticker is silent, and {error.message}")
            return []
        self._failures = 0
        now = self._clock.now()
        self._next_poll = now + round(self._broker.settings.poll_s * SECOND)
        found = []
        for key in keys:
            row = rows.get(f"{key.exchange}:{key.symbol}")
            if isinstance(row, dict) and (tick := self._numbered(key, row, now)) is not None:
                found.append(tick)
        return found

"""A small engine for cases of bars, written from the conventions of their table; it knows nothing of policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define

BAR_MINUTES = 60
ENTRY_PATIENCE = 10
"""Minutes for which an entry order rests where a case does not say."""


@define
class Position:
    """What is held, or ordered; `filled` is the bar of the fill, None while the order rests."""

    side: int
    rate: float
    ordered: int
    filled: int | None = None
    stop: float = 0.0
    first_stop: float = 0.0


@define
class Engine:
    """Goes through the candles of one case, bar by bar."""

    params: Mapping[str, Any]
    candles: Sequence[Mapping[str, Any]]

    def trades(self) -> list[dict[str, Any]]:
        """Return the trades in the form of the table."""
        done: list[dict[str, Any]] = []
        held: Position | None = None
        last = len(self.candles) - 1
        for bar in range(1, last + 1):
            for _ in range(2):  # a position that was left may be turned over within the bar
                was_held = held is not None and held.filled is not None
                if held is not None and held.filled is None and self._is_stale(held, bar):
                    held = None
                if held is None and bar < last and (side := self._signal(bar)):
                    held = self._order(side, bar)
                if held is not None and held.filled is None:
                    self._fill(held, bar)
                if held is None or held.filled is None:
                    break
                found = self._exit(held, bar)
                if found is None:
                    break
                done.append(self._told(held, bar, *found))
                left, held = held, None
                if (not was_held and left.ordered != bar) or self._signal(bar) in (0, left.side):
                    break
        if held is not None and held.filled is not None:
            done.append(self._told(held, last, "force_exit", float(self.candles[last]["open"])))
        return done

    def _was(self, name: str, bar: int, side: int) -> bool:
        word = "long" if side > 0 else "short"
        return bool(self.candles[bar - 1].get(f"{name}_{word}"))

    def _signal(self, bar: int) -> int:
        """Return the side that the candle before orders; a signal that another contradicts is none."""
        for side in (1, -1):
            if (
                self._was("enter", bar, side)
                and not self._was("exit", bar, side)
                and not self._was("enter", bar, -side)
            ):
                return side
        return 0

    def _order(self, side: int, bar: int) -> Position:
        candle, limit = self.candles[bar], self.params.get("custom_entry_price")
        rate = float(candle["open"])
        if limit is not None:
            rate = float(min(limit, candle["high"]) if side > 0 else max(limit, candle["low"]))
        return Position(side, rate, bar)

    def _is_stale(self, order: Position, bar: int) -> bool:
        patience = self.params.get("timeout") or ENTRY_PATIENCE
        return (bar - order.ordered) * BAR_MINUTES > patience

    def _fill(self, order: Position, bar: int) -> None:
        candle = self.candles[bar]
        if candle["low"] <= order.rate <= candle["high"]:
            order.filled = bar
            share = abs(self.params["stop_loss"]) / self._leverage
            order.stop = order.first_stop = order.rate * (1 - order.side * share)

    @property
    def _leverage(self) -> float:
        return float(self.params.get("leverage") or 1.0)

    def _profit(self, held: Position, price: float) -> float:
        return round((price / held.rate - 1) * held.side * self._leverage, 8)

    def _exit(self, held: Position, bar: int) -> tuple[str, float] | None:
        """Return why and at what price a position is left in a bar: signal, stop, target, trailing stop."""
        candle, params = self.candles[bar], self.params
        assert held.filled is not None
        better, worse = (candle["high"], candle["low"])[:: held.side]
        if (
            params.get("use_exit_signal")
            and self._was("exit", bar, held.side)
            and not self._was("enter", bar, held.side)
        ):
            return "exit_signal", float(candle["open"])
        if (worse - held.stop) * held.side > 0:
            self._trail(held, better)
        reached = (worse - held.stop) * held.side <= 0
        trailed = held.stop != held.first_stop
        if reached and not trailed:
            return "stop_loss", self._stopped(held, bar, trailed)
        target = self._target(held, bar, better)
        if target is not None:
            return "roi", target
        return ("trailing_stop_loss", self._stopped(held, bar, trailed)) if reached else None

    def _trail(self, held: Position, better: float) -> None:
        params = self.params
        if not params.get("trailing_stop"):
            return
        profit, offset = self._profit(held, better), params.get("trailing_stop_positive_offset") or 0.0
        if params.get("trailing_only_offset_is_reached") and profit < offset:
            return
        positive = params.get("trailing_stop_positive")
        share = abs(params["stop_loss"]) if positive is None or profit <= offset else positive
        stop = better * (1 - held.side * share / self._leverage)
        if (stop - held.stop) * held.side > 0:
            held.stop = stop

    def _stopped(self, held: Position, bar: int, trailed: bool) -> float:
        candle, params = self.candles[bar], self.params
        better, worse = (candle["high"], candle["low"])[:: held.side]
        if (held.stop - better) * held.side > 0:
            return float(candle["open"])
        if trailed and held.ordered == bar:
            # the worst case: just far enough to raise the stop, and then to it
            positive = params.get("trailing_stop_positive") or abs(params["stop_loss"])
            only_then = params.get("trailing_only_offset_is_reached")
            armed = params.get("trailing_stop_positive_offset") or 0.0 if only_then else 0.0
            rate = candle["open"] * (1 + held.side * armed - held.side * positive / self._leverage)
            return float((max if held.side > 0 else min)(rate, worse))
        return held.stop

    def _target(self, held: Position, bar: int, better: float) -> float | None:
        minutes = (bar - held.ordered) * BAR_MINUTES
        steps = {int(key): value for key, value in self.params["target_by_minutes"].items() if int(key) <= minutes}
        if not steps:
            return None
        since = max(steps)
        share, candle = steps[since], self.candles[bar]
        if not self._profit(held, better) > share:
            return None
        if share == -1 and since % BAR_MINUTES == 0:
            return float(candle["open"])
        rate = held.rate * (1 + held.side * share / self._leverage)
        beyond = (candle["open"] - rate) * held.side > 0
        if 0 < minutes == since and since % BAR_MINUTES == 0 and beyond:
            return float(candle["open"])
        inside = (candle["open"] - held.rate) * held.side > 0 and (rate - candle["close"]) * held.side > 0
        if minutes == 0 and inside and (candle["open"] - candle["close"]) * held.side > 0:
            return None  # it fell through the entry after its best
        return float(min(max(rate, candle["low"]), candle["high"]))

    def _told(self, held: Position, bar: int, reason: str, rate: float) -> dict[str, Any]:
        return {
            "side": "long" if held.side > 0 else "short", "exit_reason": reason, "open_bar": held.ordered,
            "close_bar": bar, "open_rate": held.rate, "close_rate": rate,
            "fills": [{"entry": True, "bar": held.filled}, {"entry": False, "bar": bar}],
        }  # fmt: skip

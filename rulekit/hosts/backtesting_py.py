"""backtesting.py as a host: a strategy whose trades are managed by a policy, with stops that stand in its broker."""

from __future__ import annotations

from typing import Any

from backtesting import Strategy

from rulekit.hosts.bars import Bar, BarDesk, Held
from rulekit.model.decision import ADD, BOOK, EXIT, Action
from rulekit.model.instant import IST, Instant, instant_of
from rulekit.runtime.sources import PolicySource


class PolicyStrategy(Strategy):  # type: ignore[misc]
    """Enters as you write it in `enter`, and leaves what it holds to the policy.

    Set the class attributes; they may be given to `Backtest.run` as well. The index of the bars is their start; one
    without a zone is India's. Sizes are whole shares. Orders fill at the next open, stops and targets within the bar.
    """

    policy: PolicySource | None = None
    """A policy, or the path of one."""
    symbol = "SYMBOL"
    exchange = "NSE"
    product = "MIS"
    bar_s = 60.0
    scale = 100
    tick = "0.05"

    def init(self) -> None:
        """Make the desk; call it first where you override it."""
        if self.policy is None:
            raise ValueError("set `policy` to a policy or the path of one")
        self.desk = BarDesk(self.policy, bar_s=self.bar_s, exchange=self.exchange, scale=self.scale)
        self.held = Held(self.symbol, exchange=self.exchange, product=self.product, tick=self.tick, scale=self.scale)
        self._seen: list[Any] = []
        self._heard = 0
        self._has_volume = "Volume" in self.data.df.columns

    def enter(self) -> None:
        """Buy or sell, at a bar's close and while nothing is held; yours to write."""

    def facts(self) -> dict[str, float | None]:
        """Return what the bars do not tell, by the names of the language; yours to write."""
        return {}

    def next(self) -> None:
        """Look at the bar that has closed, and do what the policy decides; enter where nothing is held."""
        for back in range(len(self.data) - self._heard, 1, -1):
            self.desk.hear(self._bar(back))  # the framework passes the first bars over
        self._heard = len(self.data)
        bar = self._bar()
        self._update()
        decision = self.desk.at_close(self.held, bar, self.facts() or None)
        orders = [action for action in decision.actions if action.kind in (EXIT, BOOK, ADD)]
        if self.held.quantity:
            self._stand()
            for action in orders:
                self._order(action)
        elif not self.orders:
            self.enter()

    def _bar(self, back: int = 1) -> Bar:
        data = self.data
        volume = float(data.Volume[-back]) if self._has_volume else None
        start = _instant(data.index[-back])
        opens, high, low, close = (float(column[-back]) for column in (data.Open, data.High, data.Low, data.Close))
        return Bar(self.symbol, start, opens, high, low, close, volume)

    def _update(self) -> None:
        """Take what the broker holds: the quantity, and the average of what was bought."""
        held, quantity = self.held, int(self.position.size)
        if not held.quantity:
            self._seen.clear()
            held.stop = None
            held.entry = 0.0
        for trade in self.trades:
            if not any(trade is one for one in self._seen):
                self._seen.append(trade)
                before, size = abs(held.quantity), abs(int(trade.size))
                held.entry = (float(held.entry) * before + trade.entry_price * size) / (before + size)
                if not before:
                    held.opened = _instant(trade.entry_time)
                    held.stop = trade.sl
                held.quantity += int(trade.size)
        held.quantity = quantity

    def _stand(self) -> None:
        """Let every trade's stop and target stand where the policy's do. Before the orders: those then fill first."""
        stop, target = self.desk.stop_of(self.held), self.desk.target_of(self.held)
        for trade in self.trades:
            if stop is not None and trade.sl != stop:
                trade.sl = stop
            if target is not None and trade.tp != target:
                trade.tp = target

    def _order(self, action: Action) -> None:
        left = action.quantity or 0
        if action.kind == ADD:
            more: dict[str, Any] = {"sl": self.desk.stop_of(self.held), "tp": self.desk.target_of(self.held)}
            (self.buy if self.held.quantity > 0 else self.sell)(size=left, **more)
            return
        for trade in list(self.trades):
            size = min(left, abs(int(trade.size)))
            if size:
                trade.close(size / abs(trade.size))
                left -= size


def _instant(stamp: Any) -> Instant:
    """Return the instant of an index entry."""
    moment = stamp.to_pydatetime()
    return instant_of(moment if moment.tzinfo else moment.replace(tzinfo=IST))

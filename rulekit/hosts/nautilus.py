"""NautilusTrader as a host: a strategy whose position a policy manages, with orders through its execution engine."""

from __future__ import annotations

from typing import Any

from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import OrderSide, PositionSide
from nautilus_trader.trading.strategy import Strategy

from rulekit.hosts.bars import Bar, BarDesk, Held
from rulekit.model.decision import ADD, BOOK, EXIT, Action

NANOS = 1000


class PolicyConfig(StrategyConfig, frozen=True, kw_only=True):  # type: ignore[call-arg, misc]
    """What to manage, and by what.

    Args:
        policy: the path of a policy, or of a folder.
        bar_type: the bars at whose close it is looked; they also give the instrument.
        exchange: an exchange of India whose sessions and facts of the market count; else the venue's name.
        product: of the position, for `applies to`.
    """

    policy: str
    bar_type: BarType
    exchange: str = ""
    product: str = ""


class PolicyStrategy(Strategy):  # type: ignore[misc]
    """Write the entries in `enter`; what is held is left to the policy.

    Stops and targets stand as the framework's own reduce-only orders, for the quantity that is held.
    """

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.bar_type = config.bar_type
        self.instrument_id = self.bar_type.instrument_id
        self._standing: dict[str, Any] = {}
        self._orders: dict[Any, Action] = {}

    def enter(self, bar: Any) -> None:
        """Submit an entry, at a bar's close and while nothing is held; yours to write."""

    def facts(self) -> dict[str, float | None]:
        """Return what the bars do not tell, by the names of the language; yours to write."""
        return {}

    def on_start(self) -> None:
        """Make the desk and subscribe to the bars; call it first where you override it."""
        instrument = self.instrument = self.cache.instrument(self.instrument_id)
        if instrument is None:
            raise RuntimeError(f"{self.instrument_id} is not in the cache")
        self._step = instrument.size_increment.as_decimal()
        scale = 10**instrument.price_precision
        length = self.bar_type.spec.timedelta.total_seconds()
        exchange = self.config.exchange or str(self.instrument_id.venue)
        self.desk = BarDesk(self.config.policy, bar_s=length, exchange=exchange, scale=scale)
        symbol = str(self.instrument_id.symbol)
        tick = str(instrument.price_increment)
        self.held = Held(symbol, exchange=exchange, product=self.config.product, tick=tick, scale=scale)
        self.subscribe_bars(self.bar_type)

    def on_bar(self, bar: Any) -> None:
        """Look at the close, and do what the policy decides; enter where nothing is held."""
        start = bar.ts_event // NANOS - self.desk.length
        prices = (price.as_double() for price in (bar.open, bar.high, bar.low, bar.close))
        read = Bar(self.held.symbol, start, *prices, bar.volume.as_double())  # type: ignore[call-arg]
        position = self._position()
        if position is None:
            self.held.quantity = 0
        else:
            size = int(position.quantity.as_decimal() / self._step)
            self.held.quantity = size if position.side == PositionSide.LONG else -size
            # As everywhere on bars, a position is as old as the bar in which it was opened.
            bars_ago = (position.ts_opened // NANOS - start) // self.desk.length
            self.held.entry, self.held.opened = position.avg_px_open, start + bars_ago * self.desk.length
        decision = self.desk.at_close(self.held, read, self.facts() or None)
        if position is None:
            if not self.cache.orders_inflight(strategy_id=self.id) and not self._orders:
                self.enter(bar)
            return
        for action in decision.actions:
            if action.kind in (EXIT, BOOK, ADD):
                self._order(action)
        self._stand(position)

    def on_order_filled(self, event: Any) -> None:
        """Let stop and target follow the quantity."""
        self._orders.pop(event.client_order_id, None)
        position = self._position()
        if position is not None:
            self._stand(position)

    def on_order_rejected(self, event: Any) -> None:
        """Tell the desk of a refusal."""
        self._refused(event)

    def on_order_denied(self, event: Any) -> None:
        """Tell the desk of a refusal by the framework's own risk engine."""
        self._refused(event)

    def on_position_closed(self, event: Any) -> None:
        """Take back what still stands."""
        for order in self._standing.values():
            if order.is_open:
                self.cancel_order(order)
        self._standing.clear()

    def on_stop(self) -> None:
        """End the desk."""
        self.desk.close()

    def _position(self) -> Any:
        return next(iter(self.cache.positions_open(instrument_id=self.instrument_id, strategy_id=self.id)), None)

    def _quantity(self, steps: int) -> Any:
        return self.instrument.make_qty(steps * self._step)

    def _order(self, action: Action) -> None:
        side = OrderSide.BUY if action.side == "BUY" else OrderSide.SELL
        order = self.order_factory.market(
            self.instrument_id, side, self._quantity(action.quantity or 0),
            reduce_only=action.kind != ADD, tags=[action.rule],
        )  # fmt: skip
        self._orders[order.client_order_id] = action
        self.submit_order(order)

    def _refused(self, event: Any) -> None:
        if self._orders.pop(event.client_order_id, None) is not None:
            self.desk.refused(self.held, str(event.reason))

    def _stand(self, position: Any) -> None:
        """Let the stop and the target stand where the desk has them, for what is held."""
        for name, level in (("stop", self.desk.stop_of(self.held)), ("target", self.desk.target_of(self.held))):
            if level is None:
                continue
            price, order = self.instrument.make_price(level), self._standing.get(name)
            if order is not None and not order.is_closed:
                at = order.trigger_price if name == "stop" else order.price
                if at != price or order.quantity != position.quantity:
                    keys = {"trigger_price" if name == "stop" else "price": price}
                    self.modify_order(order, quantity=position.quantity, **keys)
                continue
            side = OrderSide.SELL if position.side == PositionSide.LONG else OrderSide.BUY
            make = self.order_factory.stop_market if name == "stop" else self.order_factory.limit
            order = make(self.instrument_id, side, position.quantity, price, reduce_only=True, tags=[name])
            self._standing[name] = order
            self.submit_order(order)

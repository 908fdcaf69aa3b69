"""freqtrade as a host: `custom_exit`, `adjust_trade_position` and `custom_stoploss` answer what a policy decides."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from attrs import define, field
from freqtrade.strategy import IStrategy, stoploss_from_absolute, timeframe_to_minutes

from rulekit.hosts.bars import Bar, BarDesk, Done, Held
from rulekit.model.decision import ADD, BOOK, EXIT, STOP_REACHED, TARGET_REACHED, Action
from rulekit.model.instant import Instant, instant_of
from rulekit.runtime.sources import PolicySource

MICRO = 1000
"""In nanoseconds."""
HISTORY = 1500
"""So many candles before the first look are heard for the facts of the market."""
NEARER = 1e-9
"""Amounts and stops are handed over by this share on the safe side of the framework's own rounding."""
TOOK_OUT = dict.fromkeys(("stop_loss", "trailing_stop_loss", "stoploss_on_exchange"), STOP_REACHED)
TOOK_OUT["roi"] = TARGET_REACHED
PARTS = ("open", "high", "low", "close", "volume")
KEPT = "rulekit"
"""Under this name the framework keeps what the rules of a trade remember."""
AT_LEAST = 2e-8
"""Profits that differ by less are one profit to the framework."""


@define
class _Known:
    """All that a strategy keeps: desks by scale, trades as desks see them, what was heard, the orders of each look."""

    desks: dict[int, BarDesk] = field(factory=dict)
    held: dict[int, Held] = field(factory=dict)
    heard: dict[tuple[int, str], Instant] = field(factory=dict)
    orders: dict[int, tuple[Instant, list[Action]]] = field(factory=dict)


class PolicyStrategy(IStrategy):  # type: ignore[misc]
    """Write the entries; what is held is left to the policy, looked at once a closed candle.

    Amounts are counted in the market's smallest step. Columns of the dataframe named `fact NAME` (`fact momentum`) give
    facts to the policy.
    """

    policy: PolicySource = ""
    """A policy, or the path of one."""
    exchange_of_pairs = ""
    """An exchange of India whose sessions and facts of the market count."""
    tick: str | None = None
    """Smallest step of a price, where the precision that the framework knows is not it."""
    keeps: bool | None = None
    """Whether what the rules remember is kept with each trade; live and in a dry run, if nothing is said."""

    stoploss = -0.99
    minimal_roi: dict[str, float] = {}  # noqa: RUF012 - the framework wants a plain dictionary here
    use_custom_stoploss = use_custom_roi = use_exit_signal = position_adjustment_enable = True

    def _setup(self, trade: Any) -> tuple[BarDesk, Held]:
        """Return the desk, and a trade as the desk sees it."""
        if not hasattr(self, "_known"):
            self._known = _Known()
            self._keeps = self.dp.runmode.value in ("live", "dry_run") if self.keeps is None else self.keeps
        held = self._known.held.get(trade.id) or self._first_seen(trade)
        desk = self._known.desks[held.scale]
        held.quantity = round(trade.amount / _step(trade)) * (-1 if trade.is_short else 1)
        held.entry = _average(trade)
        return desk, held

    def _first_seen(self, trade: Any) -> Held:
        """Return a new trade, with what was kept of it before a restart."""
        scale = int(10 ** _decimals(trade.price_precision, trade.precision_mode_price))
        desk = self._known.desks.get(scale)
        if desk is None:
            length = 60.0 * timeframe_to_minutes(self.timeframe)
            market = self.exchange_of_pairs or self.config["exchange"]["name"]
            desk = self._known.desks[scale] = BarDesk(self.policy, bar_s=length, exchange=market, scale=scale)
        held = self._known.held[trade.id] = Held(
            trade.pair, exchange=desk.exchange, product="", scale=scale, tick=self.tick or str(Decimal(1) / scale),
            opened=instant_of(trade.open_date_utc), strategy=self.get_strategy_name(),
        )  # fmt: skip
        if self._keeps and (kept := trade.get_custom_data(KEPT)):
            desk.restore(kept)
        return held

    def _decided(self, trade: Any) -> list[Action]:
        """Look at the last closed candle, once; return its orders that still stand."""
        desk, held = self._setup(trade)
        frame, _ = self.dp.get_analyzed_dataframe(trade.pair, self.timeframe)
        if frame.empty:
            return []
        last = frame["date"].array[-1].value // MICRO
        kept = self._known.orders.get(trade.id)
        if kept is not None and kept[0] == last:
            return kept[1]
        for bar in self._unheard(desk, trade.pair, frame):
            desk.hear(bar)
        orders = []
        if last + desk.length > (held.opened or 0):
            facts = {name[5:]: float(frame[name].iat[-1]) for name in frame.columns if name.startswith("fact ")}
            decision = desk.at_close(held, bar, facts, heard=True)
            orders = [action for action in decision.actions if action.kind in (EXIT, BOOK, ADD)]
            if self._keeps:
                trade.set_custom_data(KEPT, desk.save(held))
        self._known.orders[trade.id] = (last, orders)
        return orders

    def _unheard(self, desk: BarDesk, pair: str, frame: Any) -> list[Bar]:
        """Return the candles since the last look, the last one at any rate."""
        dates, heard, count = frame["date"].array, self._known.heard.get((desk.scale, pair), 0), 1
        while count < min(len(frame), HISTORY) and dates[-count - 1].value // MICRO > heard:
            count += 1
        columns = [frame[name].to_numpy()[-count:].tolist() for name in PARTS]
        self._known.heard[desk.scale, pair] = dates[-1].value // MICRO
        return [Bar(pair, at.value // MICRO, *row) for at, *row in zip(dates[-count:], *columns, strict=True)]

    def done(self) -> list[Done]:
        """Return every action since the start, oldest first."""
        return [one for desk in getattr(self, "_known", _Known()).desks.values() for one in desk.done]

    def adjust_trade_position(
        self, trade: Any, current_time: datetime, current_rate: float, current_profit: float, min_stake: float | None,
        max_stake: float, current_entry_rate: float, *unused: Any, **more: Any,
    ) -> tuple[float, str] | None:  # fmt: skip
        """Return a stake to add, or a negative one to book, with the rule's label."""
        orders = self._decided(trade)
        for action in orders:
            if action.kind != EXIT:
                orders.remove(action)  # it is asked many times a candle, and one order is one order
                amount = (action.quantity or 0) * _step(trade) * (1 + NEARER)
                rate = current_entry_rate / trade.leverage if action.kind == ADD else -trade.stake_amount / trade.amount
                return amount * rate, action.rule
        return None

    def custom_exit(self, pair: str, trade: Any, current_time: datetime, *unused: Any, **more: Any) -> str | None:
        """Return the label of the rule that exits."""
        return next((action.rule for action in self._decided(trade) if action.kind == EXIT), None)

    def custom_stoploss(
        self, pair: str, trade: Any, current_time: datetime, current_rate: float, current_profit: float,
        after_fill: bool = False, **more: Any,
    ) -> float | None:  # fmt: skip
        """Return the tracked stop as a distance from the rate."""
        desk, held = self._setup(trade)
        stop = desk.stop_of(held)
        if stop is None:
            return None
        stop *= 1 + NEARER if trade.is_short else 1 - NEARER
        return float(stoploss_from_absolute(stop, current_rate, is_short=trade.is_short, leverage=trade.leverage))

    def custom_roi(
        self, pair: str, trade: Any, current_time: datetime, trade_duration: int, *unused: Any, **more: Any
    ) -> float | None:
        """Return the tracked target as the profit that the trade shows there."""
        desk, held = self._setup(trade)
        # The framework asks for more than this, rounded to eight decimals; to have reached the price is enough.
        return None if (target := desk.target_of(held)) is None else float(trade.calc_profit_ratio(target)) - AT_LEAST

    def confirm_trade_exit(
        self, pair: str, trade: Any, order_type: str, amount: float, rate: float, time_in_force: str, exit_reason: str,
        current_time: datetime, **more: Any,
    ) -> bool:  # fmt: skip
        """Note a stop or target of the framework's that takes the trade out; agree to every exit."""
        if rule := TOOK_OUT.get(exit_reason):
            desk, held = self._setup(trade)
            desk.took_out(held, rule, instant_of(current_time))
        return True


def _average(trade: Any) -> float:
    """Return the average of the fills that entered, which the framework's own `open_rate` rounds to the price step."""
    held, rate = 0.0, trade.open_rate
    for order in trade.orders if len(trade.orders) > 1 else ():
        filled = order.safe_filled
        if not filled or order.ft_order_side == "stoploss":
            continue
        if order.ft_order_side == trade.entry_side:
            rate = (rate * held + order.safe_price * filled) / (held + filled)
            held += filled
        else:
            held = max(0.0, held - filled)
    return float(rate)


def _decimals(precision: float | None, mode: int | None) -> int:
    """Return how many decimals a precision of the market has: it is a step, or (mode 2) a number of places."""
    if precision is None or mode == 2:
        return int(8 if precision is None else precision)
    return max(0, -int(Decimal(str(precision)).normalize().as_tuple().exponent))


def _step(trade: Any) -> float:
    """Return the smallest step of the amount."""
    if trade.amount_precision is not None and trade.precision_mode != 2:
        return float(trade.amount_precision)
    return float(10.0 ** -_decimals(trade.amount_precision, trade.precision_mode))

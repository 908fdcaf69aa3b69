"""An account behind OpenAlgo, through its REST API: some thirty brokers, and no name for an order but its number."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from attrs import evolve

from rulekit.broker.calls import Answer
from rulekit.broker.failures import CANCEL, PLACE
from rulekit.broker.kite_checks import refusal
from rulekit.broker.kite_protection import protection_of
from rulekit.broker.kite_settings import FREEZE
from rulekit.broker.openalgo_calls import openalgo_calls
from rulekit.broker.openalgo_ends import Ends
from rulekit.broker.openalgo_outcomes import APPROVAL, SANDBOX, message_of, outcome_of
from rulekit.broker.openalgo_rows import book_of, instrument_of, positions_of, quotes_of, trades_of
from rulekit.broker.openalgo_settings import OpenAlgoSettings
from rulekit.errors import ReadFailedError, UsageError
from rulekit.model.clock import Clock
from rulekit.model.instant import SECOND, Instant, day_of
from rulekit.model.instrument import Instrument, InstrumentKey
from rulekit.model.orders import BUY, SIGN, NotSent, Order, OrderRequest, Outcome, Quote, Refused, Trade, Uncertain
from rulekit.model.position import NetPosition
from rulekit.model.prices import to_rupees

READS_PER_SECOND = 9
"""OpenAlgo would allow fifty; the broker behind it, which each of them asks, allows ten."""
MOST_QUOTES = 50
QUIET_S = 60
"""How long ago the last order of a position must have been placed for list and trades to be of one moment."""
FRESH_S = 3
"""Age up to which a price that was heard is good enough for a limit; many brokers tell prices once a second only."""
DEAD = "OpenAlgo refuses its key, or has no session with the broker; nothing is sent until it has"
REFUSES_KEY = ("apikey", "api_key", "access_token", "session", "token")
"""Words of an answer with status 403 that speak of the key or of the broker's session."""

Alert = Callable[[str], None]


def _quiet(text: str) -> None:
    """Tell nobody."""


def _as_it_is(instrument: Instrument) -> Instrument:
    """Change nothing."""
    return instrument


class OpenAlgoBroker:
    """One account behind OpenAlgo. Its order book gives no tags back, so that a lost answer cannot be matched for sure.

    Args:
        settings: where it listens, the key, and waits.
        clock: the only source of time.
        adjust: what the user's settings say of an instrument goes before what OpenAlgo says.
        alert: told what a person must see.
        read_only: never send anything, whatever is asked for.

    Raises:
        UsageError: there is no key, it is refused, or OpenAlgo trades in its sandbox.
        ReadFailedError: OpenAlgo does not answer.
    """

    name = "openalgo"
    nameless = True

    def __init__(
        self,
        settings: OpenAlgoSettings,
        *,
        clock: Clock,
        adjust: Callable[[Instrument], Instrument] = _as_it_is,
        alert: Alert = _quiet,
        read_only: bool = False,
    ) -> None:
        if not settings.api_key:
            raise UsageError(
                "there is no key for OpenAlgo", "set RULEKIT_OPENALGO_API_KEY, or `api_key` under [openalgo]"
            )
        self.settings = settings
        self.alert = alert
        self._clock = clock
        self._adjust = adjust
        self._read_only = read_only
        self._calls = openalgo_calls(settings, getattr(clock, "speed", 1.0))
        self._dead = False
        self._waits_for_approval = False
        self._ends = Ends(settings)
        self._trades: list[Trade] | None = None
        self._orders: Sequence[Order] = ()
        self._traded: dict[tuple[str, ...], int] = {}
        self._heard: dict[InstrumentKey, Quote] = {}
        self._unnumbered: tuple[date | None, frozenset[str]] = (None, frozenset())
        self._instruments: dict[InstrumentKey, Instrument | None] = {}
        self._former: dict[InstrumentKey, Instrument | None] = {}
        self._listed_on: date | None = None
        self._reads: deque[Instant] = deque(maxlen=READS_PER_SECOND)
        try:
            self.behind = self._behind()
        except BaseException:
            self.close()
            raise
        self.account = settings.account or f"openalgo-{self.behind}"

    def _behind(self) -> str:
        """Return the broker behind it, and see that orders would go there."""
        try:
            found = self.read("broker", "ping")
            mode = self.read("mode", "analyzer")
        except ReadFailedError as error:
            if self._dead:
                raise UsageError(
                    f"OpenAlgo refuses the key: {error.message}",
                    "log in to the broker in OpenAlgo, and take the key from its page",
                ) from None
            raise
        data = mode.get("data")
        if isinstance(data, Mapping) and data.get("analyze_mode"):
            raise UsageError("OpenAlgo is in analyzer mode: orders go to its sandbox", "switch it to live in OpenAlgo")
        data = found.get("data")
        broker = data.get("broker") if isinstance(data, Mapping) else None
        return broker if isinstance(broker, str) and broker else "broker"

    # --- sending ---------------------------------------------------------------------------------------------

    def place(self, request: OrderRequest) -> Outcome:
        """Send one order, once: a market order at first, a limit order at its distance for a rest that goes wider."""
        why = self._why_not()
        if why is not None:
            return why
        try:
            instrument = self.instrument(request.instrument)
            if instrument is None:
                return Refused(f"{request.exchange}:{request.symbol} is not listed today", again=False)
            refused = refusal(request, instrument)
            prices = {} if refused or request.protection is None else self._limit(request, instrument)
        except ReadFailedError as error:
            return NotSent(f"what an order needs is not known: {error.message}")
        if refused is not None:
            return refused
        return self._send(
            "placeorder", PLACE, strategy=self.settings.strategy, symbol=request.symbol, action=request.side,
            exchange=request.exchange, product=request.product, quantity=str(request.quantity),
            **(prices or {"pricetype": "MARKET"}),
        )  # fmt: skip

    def _limit(self, request: OrderRequest, instrument: Instrument) -> dict[str, str]:
        """Return a limit at the distance that is asked for from the last price, on the tick and within it."""
        quote = self._price(request.instrument)
        percent = protection_of(request.protection, instrument, quote.price)
        exact = quote.price * (1 + SIGN[request.side] * percent / 100) / instrument.tick
        # A share of a tick's millionth is arithmetic, not price.
        steps = math.floor(exact + 1e-6) if request.side == BUY else math.ceil(exact - 1e-6)
        price = to_rupees(max(1, steps) * instrument.tick, instrument.scale)
        return {"pricetype": "LIMIT", "price": str(price)}

    def _price(self, key: InstrumentKey) -> Quote:
        """Return a price that is young: the last one that was heard, or one that is asked for now."""
        quote = self._heard.get(key)
        if quote is None or self._clock.now() - quote.at > FRESH_S * SECOND:
            quote = self.quotes([key]).get(key)
        if quote is None:
            raise ReadFailedError(f"there is no price for {key.symbol}")
        return quote

    def cancel(self, order_id: str) -> Outcome:
        """Ask for an order's cancellation, once."""
        return self._why_not() or self._send("cancelorder", CANCEL, strategy=self.settings.strategy, orderid=order_id)

    def _why_not(self) -> Outcome | None:
        if self._read_only:
            return Refused("this is a dry run: nothing is sent", again=False)
        if self._waits_for_approval:
            return NotSent(APPROVAL)
        return NotSent(DEAD) if self._dead else None

    def _send(self, what: str, verb: str, **values: Any) -> Outcome:
        answer = self._calls.call(lambda client: client.post(what, **values), str(self.settings.api_key), order=True)
        self._judge(answer)
        outcome = outcome_of(answer, verb, self._hide)[0]
        if isinstance(outcome, Uncertain) and outcome.evidence == APPROVAL:
            self._waits_for_approval = True
            self.alert(APPROVAL)
        return outcome

    def _judge(self, answer: Answer) -> None:
        """Note the end of the session and tell a person once; an answer that came takes it back."""
        if type(answer.error).__name__ == "OpenAlgoError" and answer.status == 403:
            said = str(answer.error).lower()
            if any(word in said for word in REFUSES_KEY) and not self._dead:
                self._dead = True
                self.alert(DEAD)

    def _hide(self, text: str) -> str:
        return text.replace(str(self.settings.api_key), "[secret]")

    # --- reading ---------------------------------------------------------------------------------------------

    def read(self, what: str, path: str, **values: Any) -> Mapping[str, Any]:
        """Read something, not more often than the broker behind allows.

        Args:
            what: named in the error.
            path: of the API.

        Raises:
            ReadFailedError: there was no good answer, or it is one of the sandbox.
        """
        answer = self._ask(path, values)
        if answer.error is not None:
            raise ReadFailedError(f"reading the {what} failed: {message_of(answer, self._hide)}")
        found: Mapping[str, Any] = answer.value
        if found.get("mode") == "analyze":
            raise ReadFailedError(f"reading the {what} failed: {SANDBOX.partition(':')[0]}")
        self._dead = False
        return found

    def _ask(self, path: str, values: Mapping[str, Any]) -> Answer:
        if len(self._reads) == READS_PER_SECOND:
            self._clock.sleep((self._reads[0] + SECOND - self._clock.now()) / SECOND)
        self._reads.append(self._clock.now())
        answer = self._calls.call(lambda client: client.post(path, **values), str(self.settings.api_key))
        self._judge(answer)
        return answer

    def orders(self) -> Sequence[Order]:
        """Read today's order book, and the trades, which alone say how much of an order is filled."""
        now, self._trades = self._clock.now(), None
        today = day_of(now)
        rows = book_of(self.read("orders", "orderbook"), today)
        self._trades = trades = self._read_trades(today)
        self._orders = self._ends.judge(rows, _fills(trades), now)
        self._traded = _net(trades)
        return self._orders

    def trades(self) -> Sequence[Trade]:
        """Return the trades that were read with the order book: newer ones would show fills that it does not show."""
        trades, self._trades = self._trades, None
        return self._read_trades(day_of(self._clock.now())) if trades is None else trades

    def _read_trades(self, today: date) -> list[Trade]:
        trades, numbered = trades_of(self.read("trades", "tradebook"), today)
        if not numbered:
            seen = frozenset(trade.trade_id for trade in trades)
            day, before = self._unnumbered
            if day == today and not before <= seen:
                raise ReadFailedError("the trades were rewritten: this plug-in of OpenAlgo adds fills up to one row")
            self._unnumbered = today, seen
        return trades

    def positions(self) -> Sequence[NetPosition]:
        """Read the net positions; what is held is looked up too, so that lots are known."""
        rows = positions_of(self.read("positions", "positionbook"), self.account)
        for row in rows:
            if row.quantity:
                self.instrument(row.key.instrument)
        quiet = self._clock.now() - QUIET_S * SECOND
        moving = {_place(order) for order in self._orders if not order.ended or order.placed > quiet}
        return [row if row.key[1:] in moving else evolve(row, overnight=self._overnight(row)) for row in rows]

    def _overnight(self, row: NetPosition) -> int:
        """Return what was held in the morning, which OpenAlgo does not say: what is held but for the day's trades."""
        return row.quantity - self._traded.get(row.key[1:], 0)

    def quotes(self, keys: Sequence[InstrumentKey]) -> dict[InstrumentKey, Quote]:
        """Read last prices with bid and ask."""
        found: dict[InstrumentKey, Quote] = {}
        for start in range(0, len(keys), MOST_QUOTES):
            some = keys[start : start + MOST_QUOTES]
            asked = [{"symbol": key.symbol, "exchange": key.exchange} for key in some]
            found |= quotes_of(self.read("quotes", "multiquotes", symbols=asked), some, self._clock.now())
        self._heard |= found
        return found

    def funds(self) -> Mapping[str, Any]:
        """Read the account's funds as OpenAlgo writes them."""
        data = self.read("funds", "funds").get("data")
        if not isinstance(data, Mapping):
            raise ReadFailedError("reading the funds failed: the answer is no table")
        return data

    def instrument(self, key: InstrumentKey) -> Instrument | None:
        """Look up an instrument of the day; None if the exchange does not list it.

        Raises:
            ReadFailedError: it could not be asked for, and was not known before either.
        """
        key = InstrumentKey(*key)
        today = day_of(self._clock.now())
        if today != self._listed_on:
            self._listed_on, self._former, self._instruments = today, self._instruments, {}
        if key not in self._instruments:
            answer = self._ask("symbol", {"symbol": key.symbol, "exchange": key.exchange})
            if answer.status == 404 and type(answer.error).__name__ == "OpenAlgoError":
                self._instruments[key] = None
            elif answer.error is None:
                self._instruments[key] = self._adjust(instrument_of(answer.value, key, FREEZE))
            elif key in self._former:
                return self._former[key]
            else:
                raise ReadFailedError(f"reading {key.exchange}:{key.symbol} failed: {message_of(answer, self._hide)}")
        return self._instruments[key]

    # --- news ------------------------------------------------------------------------------------------------

    def updates(self) -> int:
        """Return 0: the REST API tells nothing by itself, and the book is read while an order is on its way."""
        return 0

    def hurry(self) -> None:
        """Let readings fail at once from now on and begin no order; one that is on its way is finished."""
        self._calls.ending = True

    def close(self) -> None:
        """Let go of the connections."""
        self._calls.close()


def _fills(trades: Sequence[Trade]) -> dict[str, tuple[int, float]]:
    """Return how much of each order has traded, and at which average price."""
    sums: dict[str, tuple[int, float]] = {}
    for trade in trades:
        quantity, value = sums.get(trade.order_id, (0, 0.0))
        sums[trade.order_id] = (quantity + trade.quantity, value + trade.quantity * trade.price)
    return {number: (quantity, value / quantity) for number, (quantity, value) in sums.items()}


def _place(row: Order | Trade) -> tuple[str, ...]:
    return row.exchange, row.symbol, row.product


def _net(trades: Sequence[Trade]) -> dict[tuple[str, ...], int]:
    """Return the signed quantity that has traded today, by position."""
    net: dict[tuple[str, ...], int] = {}
    for trade in trades:
        net[_place(trade)] = net.get(_place(trade), 0) + SIGN[trade.side] * trade.quantity
    return net

"""An account at Zerodha behind the broker port, through the broker's own unmodified client."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from attrs import evolve

from rulekit.broker.calls import Answer
from rulekit.broker.kite_calls import kite_calls
from rulekit.broker.kite_checks import refusal
from rulekit.broker.kite_folders import cache_folder
from rulekit.broker.kite_instruments import InstrumentList
from rulekit.broker.kite_outcomes import CANCEL, CHANGE, PLACE, message_of, outcome_of
from rulekit.broker.kite_protection import protection_of, stop_limit
from rulekit.broker.kite_rows import net_of, orders_of, quotes_of, rows_of, trade_of
from rulekit.broker.kite_settings import KiteSettings
from rulekit.broker.kite_token import Tokens
from rulekit.errors import ReadFailedError, UsageError
from rulekit.model.clock import Clock
from rulekit.model.instant import SECOND, Instant, day_of
from rulekit.model.instrument import Instrument, InstrumentKey
from rulekit.model.orders import NotSent, Order, OrderRequest, Outcome, Quote, Refused, StopRequest, Trade
from rulekit.model.position import NetPosition
from rulekit.model.prices import to_rupees

VARIETY = "regular"
READS_PER_SECOND = 9
"""The broker allows ten for all that is no order; one is left to whoever else uses the key."""
MOST_QUOTES = 500
LIST_PAUSE = 60 * SECOND
"""After a new day's list of instruments could not be read."""
WAKE_GAP = SECOND // 2
"""A burst of order updates is one reason to read the book, not many."""
DEAD = "the access token has ended; nothing is sent until `rulekit login` was run"

Alert = Callable[[str], None]


def _quiet(text: str) -> None:
    """Tell nobody."""


def _as_it_is(instrument: Instrument) -> Instrument:
    """Change nothing."""
    return instrument


class KiteBroker:
    """One account at Zerodha.

    Args:
        settings: the key, the token, addresses and waits.
        clock: the only source of time.
        account: whose account it is; asked of the broker if left out.
        adjust: what the user's settings say of an instrument goes before the day's list.
        alert: told what a person must see.
        read_only: never send anything, whatever is asked for.

    Raises:
        UsageError: there is no key or no token.
        ReadFailedError: the broker does not say whose account it is.
    """

    name = "kite"

    def __init__(
        self,
        settings: KiteSettings,
        *,
        clock: Clock,
        account: str = "",
        adjust: Callable[[Instrument], Instrument] = _as_it_is,
        alert: Alert = _quiet,
        read_only: bool = False,
    ) -> None:
        self.settings = settings
        self.tokens = Tokens(settings)
        self.alert = alert
        self._clock = clock
        self._adjust = adjust
        self._read_only = read_only
        self._calls = kite_calls(settings, speed=getattr(clock, "speed", 1.0))
        self._multipliers: dict[InstrumentKey, float] = {}
        self._instruments: dict[InstrumentKey, Instrument | None] = {}
        self._former: dict[InstrumentKey, Instrument | None] = {}
        self._listed_on: date | None = None
        self._ask_list_at: Instant = 0
        mark = "" if settings.is_official else settings.root.rsplit(":", 1)[-1].strip("/") + "-"
        self._list = InstrumentList(
            self._fetch_list, settings.cache_folder or cache_folder() / "kite", settings.freeze, mark
        )
        self._odd: set[str] = set()
        self._varieties: dict[str, str] = {}  # of orders that other people placed in another way than this program
        self._filled: dict[str, int] | None = None
        self._trades: Sequence[Trade] = ()
        self._traded: dict[str, int] | None = None
        self._reads: deque[Instant] = deque(maxlen=READS_PER_SECOND)
        self._woke: Instant = 0
        self.wake_ups: Callable[[], int] = lambda: 0
        """Gives the number of order updates since it was last asked; the ticker's."""
        self._waking = 0
        try:
            self.account = account or self._whose()
        except BaseException:
            self.close()
            raise

    def _whose(self) -> str:
        try:
            profile = self.profile()
        except ReadFailedError:
            if self.tokens.dead:
                raise UsageError(
                    "the broker refuses the access token", "it ends each morning at six: run `rulekit login`"
                ) from None
            raise
        user = profile.get("user_id")
        if not isinstance(user, str) or not user:
            raise ReadFailedError("the broker does not say whose account it is")
        return user

    # --- sending ---------------------------------------------------------------------------------------------

    def place(self, request: OrderRequest) -> Outcome:
        """Send one protected market order, once."""
        instrument = self._fit(request)
        if not isinstance(instrument, Instrument):
            return instrument
        written_out = self.settings.protection == "table"
        protection = protection_of(request.protection, instrument, request.reference, written_out=written_out)
        return self._send(
            lambda client: client.place_order(
                variety=VARIETY,
                exchange=request.exchange,
                tradingsymbol=request.symbol,
                transaction_type=request.side,
                quantity=request.quantity,
                product=request.product,
                order_type="MARKET",
                validity="DAY",
                market_protection=protection,
                tag=request.tag,
            ),
            PLACE,
        )

    def place_stop(self, request: StopRequest) -> Outcome:
        """Send one stop order with a limit behind its trigger, once."""
        return self._stop(
            request,
            lambda client, prices: client.place_order(
                variety=VARIETY,
                exchange=request.exchange,
                tradingsymbol=request.symbol,
                transaction_type=request.side,
                quantity=request.quantity,
                product=request.product,
                order_type="SL",
                validity="DAY",
                tag=request.tag,
                **prices,
            ),
            PLACE,
        )

    def change_stop(self, order_id: str, request: StopRequest) -> Outcome:
        """Ask, once, for a standing stop order to get the quantity and the trigger of a request."""
        return self._stop(
            request,
            lambda client, prices: client.modify_order(
                variety=VARIETY, order_id=order_id, quantity=request.quantity, order_type="SL", validity="DAY", **prices
            ),
            CHANGE,
        )

    def _stop(self, request: StopRequest, call: Callable[[Any, dict[str, float]], Any], verb: str) -> Outcome:
        instrument = self._fit(request)
        if not isinstance(instrument, Instrument):
            return instrument
        prices = {
            "price": float(to_rupees(stop_limit(request, instrument), instrument.scale)),
            "trigger_price": float(to_rupees(request.trigger, instrument.scale)),
        }
        return self._send(lambda client: call(client, prices), verb)

    def _fit(self, request: OrderRequest | StopRequest) -> Instrument | Outcome:
        """Return the instrument of a request that may be sent, or what becomes of one that may not."""
        try:
            instrument = self._lookup(request.instrument)
        except ReadFailedError as error:
            return NotSent(f"the day's instruments are not known: {error.message}")
        if instrument is None:
            return Refused(f"{request.exchange}:{request.symbol} is not listed today", again=False)
        return refusal(request, instrument) or instrument

    def cancel(self, order_id: str) -> Outcome:
        """Ask for an order's cancellation, once."""
        variety = self._varieties.get(order_id, VARIETY)
        return self._send(lambda client: client.cancel_order(variety, order_id), CANCEL)

    def _send(self, call: Callable[[Any], Any], verb: str) -> Outcome:
        if self._read_only:
            return Refused("this is a dry run: nothing is sent", again=False)
        if self.tokens.dead:
            return NotSent(DEAD)
        token = self.tokens.token
        answer = self._calls.call(call, token, order=True)
        self._judge_token(answer, token)
        return outcome_of(answer, verb, self.tokens.hide)[0]

    def _judge_token(self, answer: Answer, token: str) -> None:
        """Note the end of the session, and tell a person once."""
        if type(answer.error).__name__ == "TokenException" and answer.status == 403 and self.tokens.refuse(token):
            self.alert(DEAD)

    # --- reading ---------------------------------------------------------------------------------------------

    def read(self, what: str, call: Callable[[Any], Any]) -> Any:
        """Read something, not more often than the broker allows.

        Args:
            what: named in the error.
            call: gets the client.

        Raises:
            ReadFailedError: there was no good answer.
        """
        if self.tokens.dead:
            raise ReadFailedError(f"reading the {what} failed: {DEAD}")
        self._pace()
        token = self.tokens.token
        answer = self._calls.call(call, token)
        self._judge_token(answer, token)
        if answer.error is not None:
            raise ReadFailedError(f"reading the {what} failed: {message_of(answer, self.tokens.hide)}")
        if answer.status is None or answer.status >= 300:
            raise ReadFailedError(f"reading the {what} failed: the broker answered with status {answer.status}")
        return answer.value

    def _pace(self) -> None:
        if len(self._reads) == READS_PER_SECOND:
            self._clock.sleep((self._reads[0] + SECOND - self._clock.now()) / SECOND)
        self._reads.append(self._clock.now())

    def orders(self) -> Sequence[Order]:
        """Read today's order book."""
        # The client's own `orders` parses every time in every row by guessing its form, a tenth of a millisecond each.
        rows = self.read("orders", lambda client: client._get("orders"))
        found, odd = orders_of(rows)
        for number, text in odd.items():
            self._tell_odd(str(rows[number].get("order_id")), text)
        self._varieties = {row["order_id"]: row["variety"] for row in rows if row.get("variety") not in (None, VARIETY)}
        self._filled = {order.order_id: order.filled for order in found if order.filled}
        return found

    def _tell_odd(self, order_id: str, text: str) -> None:
        if order_id not in self._odd:
            self._odd.add(order_id)
            self.alert(f"the order {order_id}, which bears no tag and so is not ours, is left out: {text}")

    def trades(self) -> Sequence[Trade]:
        """Read today's trades; not again where the order book that was read before them shows no fill that is new.

        A day's list grows to a thousand rows, and the deciding thread waits for it.
        """
        filled, self._filled = self._filled, None
        if filled is None or filled != self._traded:
            self._trades = self._read_trades()
            self._traded = {}
            for trade in self._trades:
                self._traded[trade.order_id] = self._traded.get(trade.order_id, 0) + trade.quantity
        return self._trades

    def _read_trades(self) -> Sequence[Trade]:
        return rows_of(self.read("trades", lambda client: client._get("trades")), "trades", trade_of)

    def positions(self) -> Sequence[NetPosition]:
        """Read the net positions; what is held is also looked up in the day's instruments, so that lots are known."""
        rows = net_of(self.read("positions", lambda client: client.positions()), self.account)
        self._multipliers = {row.key.instrument: multiplier for row, multiplier in rows}
        self._look_up([row.key.instrument for row, _ in rows if row.quantity])
        return [row for row, _ in rows]

    def quotes(self, keys: Sequence[InstrumentKey]) -> dict[InstrumentKey, Quote]:
        """Read last prices with bid and ask."""
        found: dict[InstrumentKey, Quote] = {}
        for start in range(0, len(keys), MOST_QUOTES):
            some = keys[start : start + MOST_QUOTES]
            found |= quotes_of(self.full_quotes(some), some, self._clock.now())
        return found

    def full_quotes(self, keys: Sequence[InstrumentKey]) -> Mapping[str, Any]:
        """Read the broker's own rows of quotes, by `EXCHANGE:SYMBOL`."""
        names = [f"{key.exchange}:{key.symbol}" for key in keys]
        return self._table("quotes", lambda client: client.quote(*names))

    def profile(self) -> Mapping[str, Any]:
        """Read whose account it is, and what it may do."""
        return self._table("profile", lambda client: client.profile())

    def holdings(self) -> Sequence[Mapping[str, Any]]:
        """Read the broker's own rows of holdings."""
        value = self.read("holdings", lambda client: client.holdings())
        if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
            raise ReadFailedError("reading the holdings failed: the answer is no list of rows")
        return value

    def margins(self) -> Mapping[str, Any]:
        """Read the account's funds."""
        return self._table("margins", lambda client: client.margins())

    def _table(self, what: str, call: Callable[[Any], Any]) -> Mapping[str, Any]:
        """Read an answer that must be a table."""
        value = self.read(what, call)
        if not isinstance(value, Mapping):
            raise ReadFailedError(f"reading the {what} failed: the answer is no table")
        return value

    def server_date(self) -> str:
        """Return the `Date` of the last answer, as it came."""
        return self._calls.date

    # --- instruments -----------------------------------------------------------------------------------------

    def instrument(self, key: InstrumentKey) -> Instrument | None:
        """Look up an instrument of the day; None if the exchange does not list it."""
        found = self._lookup(InstrumentKey(*key))
        multiplier = self._multipliers.get(InstrumentKey(*key), 1.0)
        if found is not None and found.multiplier == 1.0 and multiplier != 1.0:
            found = evolve(found, multiplier=multiplier)
        return found

    def _lookup(self, key: InstrumentKey) -> Instrument | None:
        self._look_up([key])
        return self._instruments[key] if key in self._instruments else self._former[key]

    def _look_up(self, keys: Sequence[InstrumentKey]) -> None:
        """Look instruments up in the day's list; until it can be read, what the list before it said is good enough."""
        now = self._clock.now()
        today = day_of(now)
        if today != self._listed_on:
            self._listed_on, self._ask_list_at = today, now
            self._former, self._instruments = self._instruments, {}
        missing = [key for key in keys if key not in self._instruments]
        unheard = [key for key in missing if key not in self._former]
        if not missing or (not unheard and now < self._ask_list_at):
            return
        try:
            listed = self._list.find(missing, today)
        except ReadFailedError:
            self._ask_list_at = now + LIST_PAUSE
            if unheard:
                raise
            return
        for key, found in listed.items():
            self._instruments[key] = None if found is None else self._adjust(found)

    def _fetch_list(self, exchange: str) -> bytes:
        # The client would make a dictionary of each of a hundred thousand rows; its bytes are enough.
        value = self.read(
            f"instruments of {exchange}", lambda client: client._get("market.instruments", {"exchange": exchange})
        )
        return value if isinstance(value, bytes) else b""

    # --- news ------------------------------------------------------------------------------------------------

    def updates(self) -> int:
        """Return how many order updates have come since the last call; a burst is told as one, a little later."""
        self._waking += self.wake_ups()
        now = self._clock.now()
        if not self._waking or now - self._woke < WAKE_GAP:
            return 0
        self._woke = now
        count, self._waking = self._waking, 0
        return count

    def hurry(self) -> None:
        """Let readings fail at once from now on and begin no order; one that is on its way is finished."""
        self._calls.ending = True

    def close(self) -> None:
        """Let go of the connections."""
        self._calls.close()

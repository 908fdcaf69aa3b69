"""One table of the facts a policy may speak of: names, measures, signs, windows, help; plug-ins add rows to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from attrs import frozen

from rulekit.errors import RulekitError
from rulekit.language.tree import Unit

NUMBER = "number"
PRICE = "price"
TEXT = "text"

EXCHANGES = ("NSE", "BSE", "NFO", "BFO", "CDS", "MCX")
PRODUCTS = ("MIS", "CNC", "NRML", "MTF")
SIDES = ("long", "short")
KINDS = {
    "equity": ("equities", "stock", "stocks"),
    "future": ("futures",),
    "option": ("options",),
    "currency": ("currencies",),
    "commodity": ("commodities",),
}
"""Kinds of instrument, each with its other spellings."""

INTRADAY_PRODUCTS = ("MIS",)
"""Products that the broker squares off before the close."""


@frozen
class Fact:
    """Something a policy may compare.

    Args:
        name: canonical name, lower-case.
        units: measures in which it may be compared; the first is the one a bare number has in an example.
        origin: where it comes from: `position`, `time`, `book` or `market`.
        help: one line for a person.
        aliases: other spellings, lower-case.
        kind: `number`, `price` (a price in rupees, usable wherever a price may stand) or `text`.
        signed: positive means in the position's favour, so its sign turns for a short.
        windowed: may be followed by `over N minutes` or `over N bars`.
        bare: a number compared with it needs no unit.
        low, high: bounds of its values, both included; None where there is none. Of a fact of a plug-in; what those of
            the language can be stands in `rulekit.lint.scales`.
        example: a sentence that uses it. unknown: when it has no value. plugin: the package that adds it.
    """

    name: str
    units: tuple[Unit, ...]
    origin: str
    help: str
    aliases: tuple[str, ...] = ()
    kind: str = NUMBER
    signed: bool = False
    windowed: bool = False
    bare: bool = False
    low: Fraction | None = None
    high: Fraction | None = None
    example: str = ""
    unknown: str = ""
    plugin: str = ""


@frozen
class UnitWord:
    """A unit that a plug-in adds: so many of a unit of the language. `name` is the plural."""

    name: str
    unit: Unit
    factor: Fraction
    help: str
    aliases: tuple[str, ...] = ()
    plugin: str = ""


@frozen
class ActionWord:
    """Words that a plug-in adds for an action of the language; `means` is that action, as a policy may write it."""

    name: str
    means: str
    help: str
    aliases: tuple[str, ...] = ()
    plugin: str = ""


_MONEY_OR_SHARE = (Unit.PERCENT, Unit.RUPEES, Unit.R, Unit.POINTS, Unit.TICKS, Unit.ATR)


def _price(name: str, origin: str, help: str, *aliases: str, windowed: bool = False) -> Fact:
    return Fact(name, (Unit.RUPEES,), origin, help, aliases, PRICE, windowed=windowed)


def _text(name: str, origin: str, help: str, *aliases: str) -> Fact:
    return Fact(name, (Unit.TEXT,), origin, help, aliases, TEXT)


def _count(name: str, origin: str, help: str, *aliases: str) -> Fact:
    return Fact(name, (Unit.COUNT,), origin, help, aliases, bare=True)


STANDARD_FACTS = (
    Fact(
        "profit",
        _MONEY_OR_SHARE,
        "position",
        "open profit: % of the average entry, ₹ of the quantity held, R of the initial risk, points of price",
        ("pnl", "p&l", "gain"),
    ),
    Fact("loss", _MONEY_OR_SHARE, "position", "open loss, positive while losing; the negative of profit"),
    Fact("peak profit", _MONEY_OR_SHARE, "position", "the best open profit since entry", ("max profit", "best profit")),
    Fact("giveback", (Unit.PERCENT,), "position", "share of the peak profit lost again", ("give-back", "give back")),
    Fact("total profit", (Unit.RUPEES,), "position", "open profit plus what was already booked, in ₹"),
    Fact("age", (Unit.DURATION, Unit.DAYS, Unit.BARS), "position", "time since the position was opened"),
    _price("price", "position", "the last traded price", "ltp", "last price", "market price", "current price"),
    _price("entry", "position", "the average entry price", "entry price", "average entry", "average price"),
    _price("stop", "position", "the tracked stop", "stop loss", "stop-loss", "stoploss", "sl"),
    _price("initial stop", "position", "the first stop, from which R is measured"),
    _price("target", "position", "the tracked target"),
    _price("best price", "position", "the best price since entry, in the position's favour"),
    _price("worst price", "position", "the worst price since entry"),
    _price("high since entry", "position", "the highest price since entry, whichever side is held"),
    _price("low since entry", "position", "the lowest price since entry, whichever side is held"),
    Fact(
        "initial risk",
        (Unit.RUPEES, Unit.PERCENT, Unit.POINTS),
        "position",
        "distance from entry to the initial stop, per share: 1R",
        ("risk",),
    ),
    _count("quantity", "position", "shares held now", "qty"),
    _count("lots", "position", "lots held now"),
    Fact("value", (Unit.RUPEES,), "position", "price times quantity held", ("position value",)),
    _text("side", "position", "long or short"),
    _text("symbol", "position", "the instrument's symbol", "instrument"),
    _text("exchange", "position", "NSE, BSE, NFO, BFO, CDS or MCX"),
    _text("product", "position", "MIS, CNC, NRML or MTF"),
    _text("strategy", "position", "the strategy that opened the position"),
    _count("times booked", "position", "how many books were filled in this position"),
    _count("times added", "position", "how many adds were filled in this position"),
    Fact("time", (Unit.CLOCK,), "time", "the exchange's time of day", ("time of day", "clock")),
    _text("day", "time", "the day of the week", "weekday", "day of the week"),
    _count("minutes to close", "time", "minutes until the session closes"),
    _count("days to expiry", "time", "calendar days until the instrument expires"),
    Fact("day profit", (Unit.RUPEES,), "book", "profit of the whole book today"),
    Fact("day loss", (Unit.RUPEES,), "book", "loss of the whole book today, positive while losing"),
    _count("open positions", "book", "how many positions are open"),
    Fact("exposure", (Unit.RUPEES,), "book", "value of all open positions"),
    Fact("margin used", (Unit.RUPEES,), "book", "margin blocked by all open positions"),
    Fact(
        "momentum",
        (Unit.PERCENT,),
        "market",
        "change of price over the window; positive is in the position's favour",
        signed=True,
        windowed=True,
    ),
    Fact(
        "change",
        (Unit.PERCENT,),
        "market",
        "change of price, since the previous close where there is no window; positive is in the position's favour",
        signed=True,
        windowed=True,
    ),
    Fact("volume", (Unit.TIMES,), "market", "traded volume against its usual level", windowed=True),
    Fact("volatility", (Unit.TIMES,), "market", "movement of price against its usual level", windowed=True),
    Fact("atr", (Unit.RUPEES, Unit.POINTS), "market", "average true range", ("average true range",), windowed=True),
    _price("vwap", "market", "volume-weighted average price of the day", windowed=True),
    _price("sma", "market", "simple moving average of price", "moving average", windowed=True),
    _price("ema", "market", "exponential moving average of price", windowed=True),
    Fact("rsi", (Unit.COUNT,), "market", "relative strength index, 0 to 100", windowed=True, bare=True),
    Fact("spread", (Unit.PERCENT,), "market", "ask less bid, as a share of price"),
    _price("day high", "market", "highest price of the day", "day's high", "high of the day", "todays high"),
    _price("day low", "market", "lowest price of the day", "day's low", "low of the day", "todays low"),
    _price("day open", "market", "first price of the day", "day's open", "todays open"),
    _price("previous close", "market", "last price of the session before", "prev close", "yesterdays close"),
)
"""The facts every host has; a host's plug-ins add theirs with `Vocabulary.extended`."""


class Vocabulary:
    """The facts that a policy may use, found by name or alias.

    Attributes:
        units, actions: what plug-ins add beside facts, by every spelling.
        unusable: names that a plug-in declares and that cannot be used, each with the reason.
    """

    def __init__(self, facts: Iterable[Fact] = STANDARD_FACTS) -> None:
        self._facts: dict[str, Fact] = {}
        self._names: dict[str, Fact] = {}
        self.units: dict[str, UnitWord] = {}
        self.actions: dict[str, ActionWord] = {}
        self.unusable: dict[str, str] = {}
        for fact in facts:
            self._add(fact)

    def _add(self, fact: Fact) -> None:
        for name in (fact.name, *fact.aliases):
            if name != name.lower() or not name.strip():
                raise RulekitError(f"the name of a fact is lower-case: `{name}`")
            if name in self._names:
                raise RulekitError(
                    f"`{name}` names two facts: {self._names[name].help}; {fact.help}", "give the new one another name"
                )
            self._names[name] = fact
        self._facts[fact.name] = fact

    def extended(self, facts: Iterable[Fact]) -> Vocabulary:
        """Return a vocabulary with further facts; a name that is taken is refused."""
        extended = Vocabulary([*self._facts.values(), *facts])
        extended.units, extended.actions = self.units, self.actions
        return extended

    def learn(self, fact: Fact) -> None:
        """Take in one more fact; a name that is taken is refused. No fact is ever changed or taken away."""
        # Others may be reading: they go on with the tables that they have.
        fresh = self.extended([fact])
        self._facts, self._names = fresh._facts, fresh._names

    def learn_unit(self, unit: UnitWord) -> None:
        """Take in one more unit."""
        self.units = {**self.units, **dict.fromkeys((unit.name, *unit.aliases), unit)}

    def learn_action(self, action: ActionWord) -> None:
        """Take in one more action."""
        self.actions = {**self.actions, **dict.fromkeys((action.name, *action.aliases), action)}

    def knows(self, name: str) -> bool:
        """Tell whether a name is a fact, a unit or an action of a plug-in."""
        fact = self.find(name)
        return (fact is not None and bool(fact.plugin)) or name in self.units or name in self.actions

    def refuse(self, name: str, why: str) -> None:
        """Note that a name cannot be used, and why."""
        self.unusable = {**self.unusable, name: why}

    def __len__(self) -> int:
        return len(self._names) + len(self.units) + len(self.actions)

    def find(self, name: str) -> Fact | None:
        """Find a fact by its name or one of its aliases, in any case."""
        return self._names.get(name.lower())

    def __getitem__(self, name: str) -> Fact:
        return self._facts[name]

    def __contains__(self, name: str) -> bool:
        return name in self._facts

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts.values())

    def spellings(self) -> Iterator[tuple[str, Fact]]:
        """List every spelling with its fact."""
        return iter(self._names.items())


STANDARD = Vocabulary()
"""The words of the language; those of installed plug-ins are learnt when a policy first says them."""

HEADINGS = {"symbols": "symbol", "strategies": "strategy", "exchanges": "exchange", "products": "product"}
"""Facts that `applies to` lists, in the plural."""

PRICE_WORDS = {"break-even": ("breakeven", "break even", "be", "b/e")}
"""Prices that are no facts: they can be moved to, not compared by themselves."""

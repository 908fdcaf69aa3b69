"""Finds the columns that a policy reads in a frame, and brings them into the form in which its loop takes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import reduce
from operator import mul
from typing import Any

from attrs import frozen

from rulekit.bulk.arrays import NONE, Arrays, is_column
from rulekit.bulk.fields import DAY, DEFAULT_TEXTS, DEFAULT_TICK, FIELDS, FLAG, SIDE, TIME, Field
from rulekit.bulk.frames import Column, Frame, plain_name
from rulekit.bulk.loop import PRICES, slots_read
from rulekit.bulk.remembered import memory_columns
from rulekit.compile.policy import CompiledPolicy
from rulekit.compile.slots import IST_OFFSET
from rulekit.errors import InputError, RulekitError
from rulekit.market.numbers import scale_of
from rulekit.model.calendar import default as default_calendar
from rulekit.model.instant import DAY as DAY_US
from rulekit.model.instant import Instant
from rulekit.model.instrument import EQUITY, kind_of
from rulekit.model.prices import PAISE, UNKNOWN, to_units

_EPOCH = date(1970, 1, 1)


WRITTEN_IN = frozenset(
    {"scale", "tick", "lot", "multiplier", "in_flight", "bar", "original", "booked", "added", "realised", "equity"}
)
"""What seldom changes is written into a loop, where it costs nothing."""


@frozen
class Bound:
    """What a loop is given: columns by name, single values by name, and what is written into it."""

    columns: dict[str, Any]
    single: dict[str, Any]
    same: dict[str, float]

    def value(self, name: str) -> Any:
        """Return a column, or what is the same in every row."""
        return next(found[name] for found in (self.columns, self.single, self.same) if name in found)


class Binding:
    """Binds one frame to one policy."""

    def __init__(self, policy: CompiledPolicy, frame: Frame, arrays: Arrays, *, rupees: bool) -> None:
        self._policy, self._frame, self._arrays, self._rupees = policy, frame, arrays, rupees
        self._found: dict[str, Any] = {}

    def bound(self) -> Bound:
        """Return everything that the policy's loop reads.

        Raises:
            InputError: a column is missing without which nothing can be decided, or holds what it cannot hold.
        """
        found: dict[str, Any] = {"scale": self._scale()}
        for name in slots_read(self._policy)[1:]:
            found[name] = _SPECIAL[name](self) if name in _SPECIAL else self._plain(name)
        found |= {f"f{place}": self._fact(fact.phrase, fact.bare) for place, fact in
                  enumerate(self._policy.layout.facts.values())}  # fmt: skip
        found |= memory_columns(self._policy, self._frame, self._arrays)
        covered = self._covered()
        if covered is not None:
            found["covered"] = covered
        columns = {name: value for name, value in found.items() if is_column(value)}
        alike = self._in_units({name: value for name, value in found.items() if name not in columns})
        same = {name: value for name, value in alike.items() if name in WRITTEN_IN or value != value or value == NONE}
        same |= {name: value for name, value in alike.items() if name[0] == "m" and name[1:].isdigit()}
        single = {name: value for name, value in alike.items() if name not in same}
        return Bound(columns, single, same)

    # --- single columns --------------------------------------------------------------------------------------

    def column(self, name: str) -> Column | None:
        """Return the column of a field, None where the frame has none."""
        return self._frame.get(FIELDS[name].names)

    def _plain(self, name: str) -> Any:
        """Return a field as it stands in the frame, or what stands for it."""
        if name not in self._found:
            column, known = self.column(name), FIELDS[name]
            self._found[name] = _missing(known) if column is None else self._read(known, column)
        return self._found[name]

    def _read(self, known: Field, column: Column) -> Any:
        if known.kind == TIME:
            return self._arrays.times(column)
        if known.kind == DAY:
            return self._arrays.days(column)
        if known.kind == FLAG:
            return self._arrays.flags(column)
        if known.kind == SIDE:
            return self._arrays.sides(column)
        return self._arrays.numbers(column)

    def _fact(self, phrase: str, bare: str) -> Any:
        column = self._frame.get((plain_name(phrase), plain_name(bare)))
        return UNKNOWN if column is None else self._arrays.numbers(column)

    def _text(self, name: str) -> tuple[list[str | None], Callable[..., Any]]:
        """Return the different texts of a column, and what turns a value for each of them into a column."""
        column = self.column(name) or Column(name, DEFAULT_TEXTS.get(name), True)
        found = self._arrays.texts(column)
        if found is None:
            raise InputError(f"the column `{column.written}` holds no texts", f"give the {name} of each row as a text")
        return found

    def _code(self, name: str) -> Any:
        """Return the number of a text as the policy compares it; unknown where it is empty."""
        texts = self._policy.layout.texts
        words, take = self._text(name)
        return take([texts.get(word.casefold(), 0.0) if word else UNKNOWN for word in words])

    # --- what has to be worked out ---------------------------------------------------------------------------

    def _needed(self, name: str, why: str) -> Any:
        if self.column(name) is None:
            raise InputError(
                f"there is no column `{FIELDS[name].names[0]}`", f"{why}; the frame has {_listed(self._frame)}"
            )
        return self._plain(name)

    def _quantity(self) -> Any:
        return self._needed("quantity", "give how much is held in each row")

    def _side(self) -> Any:
        return self._needed("side", "give 1 or long, -1 or short")

    def _now(self) -> Any:
        found = self._needed("now", "this policy looks at the clock: give now=… or a column")
        if not is_column(found) and found == NONE:
            raise InputError("`now` is not known", "write it like 2026-11-20T09:15:00+05:30")
        return found

    def _scale(self) -> Any:
        if self.column("scale") is not None:
            return self._plain("scale")
        if self.column("exchange") is None:
            return float(PAISE)
        words, take = self._text("exchange")
        scales = [float(scale_of((word or "").upper())) for word in words]
        return scales[0] if len(set(scales)) == 1 else take(scales)

    def _tick(self) -> Any:
        if self.column("tick") is not None:
            return self._plain("tick")
        if self._rupees:
            return DEFAULT_TICK
        return 5.0

    def _age_days(self) -> Any:
        """Return the trading days since a position was opened, by the exchange's calendar."""
        if self.column("age_days") is not None:
            return self._plain("age_days")
        calendar = default_calendar()

        def days(exchange: str, opened: float, now: float) -> float:
            if opened != opened or now != now:
                return UNKNOWN
            try:
                return float(calendar.trading_days_between(exchange, _date(opened), _date(now)))
            except RulekitError:
                return UNKNOWN

        return self._arrays.mapped(days, self._words("exchange"), self._days_of("opened"), self._days_of("now"))

    def _closes(self) -> Any:
        """Return when today's session closes, as the exchange's calendar knows it."""
        if self.column("closes") is not None:
            return self._plain("closes")
        calendar = default_calendar()

        def closes(exchange: str, now: float) -> Instant:
            try:
                session = None if now != now else calendar.session(exchange, _date(now))
            except RulekitError:
                session = None
            return NONE if session is None else session.closes

        return self._arrays.mapped(closes, self._words("exchange"), self._days_of("now"), whole=True)

    def _equity(self) -> Any:
        """Return 1 where an instrument is equity, which does not expire."""
        return self._is_kind((EQUITY,))

    def _is_kind(self, kinds: tuple[str, ...]) -> Any:
        """Return 1 where an instrument is of one of these kinds."""
        good = {kind.casefold() for kind in kinds}
        if self.column("kind") is not None:
            words, take = self._text("kind")
            return take([float((word or "").casefold() in good) for word in words])
        exchanges, take = self._text("exchange")
        mixed = [kind_of(word or "", "FUT") != kind_of(word or "", "") for word in exchanges]
        alone = take(
            [float(not more and kind_of(word or "", "") in good) for word, more in zip(exchanges, mixed, strict=True)]
        )
        if not any(mixed):
            return alone
        derived = take([float(more) for more in mixed])
        symbols, take = self._text("symbol")
        told = take([float(kind_of("NFO", word or "") in good) for word in symbols])
        return self._arrays.each(lambda pick, alone, derived, told: alone + derived * told, alone, derived, told)

    def _day_profit(self) -> Any:
        """Return the day's profit, or the day's loss turned round."""
        profit, loss = (self._frame.get((name,)) for name in ("day profit", "day loss"))
        earned, lost = (UNKNOWN if column is None else self._arrays.numbers(column) for column in (profit, loss))
        return self._arrays.each(lambda pick, earned, lost: pick(earned == earned, earned, -lost), earned, lost)

    def _words(self, name: str) -> Any:
        """Return a column's texts, row by row."""
        column = self.column(name)
        if column is None or column.same:
            return DEFAULT_TEXTS[name] if column is None else column.values
        self._text(name)
        return column.values

    def _days_of(self, name: str) -> Any:
        """Return the number of each row's day, so that few differ."""
        days = lambda pick, at: pick(at == NONE, UNKNOWN, (at + IST_OFFSET) // DAY_US * 1.0)
        return self._arrays.each(days, self._plain(name))

    def _covered(self) -> Any:
        """Return 1 for the rows that the policy is for; None where it is for every one."""
        applies, parts = self._policy.applies, []
        for name, accepted in (
            ("exchange", applies.exchanges), ("product", applies.products), ("symbol", applies.symbols),
            ("strategy", applies.strategies),
        ):  # fmt: skip
            if accepted:
                words, take = self._text(name)
                good = {value.casefold() for value in accepted}
                parts.append(take([float((word or "").casefold() in good) for word in words]))
        if applies.kinds:
            parts.append(self._is_kind(applies.kinds))
        side = self._plain("side")
        if applies.sides:
            good = {value.casefold() for value in applies.sides}
            ends = (float("long" in good), float("short" in good))
            parts.append(self._arrays.each(lambda pick, side: pick(side > 0, *ends), side))
        if not (applies.products or applies.symbols) and self.column("product") is not None:
            words, take = self._text("product")
            owned = take([float((word or "").upper() == "CNC") for word in words])
            # a negative CNC row is a sale of holdings, no short
            sale = lambda pick, owned, side: 1.0 - owned * pick(side < 0, 1.0, 0.0)
            parts.append(self._arrays.each(sale, owned, side))
        if not parts:
            return None
        return self._arrays.each(lambda pick, *parts: reduce(mul, parts), *parts)

    def _in_units(self, same: dict[str, Any]) -> dict[str, float]:
        """Bring prices that are the same in every row into smallest units."""
        scale = same.get("scale")
        found = dict(same)
        for name in PRICES:
            if self._rupees and name in found and found[name] == found[name]:
                if scale is None:
                    raise InputError(
                        f"`{FIELDS[name].names[0]}` is one number, and the rows have several scales",
                        "give it as a column",
                    )
                found[name] = to_units(float(found[name]), int(scale))
        return found


_SPECIAL: dict[str, Callable[[Binding], Any]] = {
    "quantity": Binding._quantity,
    "side": Binding._side,
    "now": Binding._now,
    "tick": Binding._tick,
    "age_days": Binding._age_days,
    "closes": Binding._closes,
    "equity": Binding._equity,
    "day_profit": Binding._day_profit,
    "symbol": lambda binding: binding._code("symbol"),
    "exchange": lambda binding: binding._code("exchange"),
    "product": lambda binding: binding._code("product"),
    "strategy": lambda binding: binding._code("strategy"),
}


def _missing(known: Field) -> Any:
    return NONE if known.kind == TIME else known.missing


def _date(day: float) -> date:
    return _EPOCH + timedelta(days=int(day))


def _listed(frame: Frame) -> str:
    names = [column.written for column in frame.columns.values()]
    shown = ", ".join(f"`{name}`" for name in names[:12]) or "none"
    return shown + (" …" if len(names) > 12 else "")

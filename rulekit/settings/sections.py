"""The sections of `rulekit.toml` that no other room owns, and the whole of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from attrs import field, frozen

from rulekit.broker.kite_settings import KiteSettings
from rulekit.broker.openalgo_settings import OpenAlgoSettings
from rulekit.broker.paper_settings import PaperSettings
from rulekit.errors import UsageError
from rulekit.execution.lease import LEASE_S
from rulekit.execution.settings import ExecutionSettings, StopSettings
from rulekit.metrics.settings import MetricsSettings
from rulekit.model.calendar import Calendar
from rulekit.model.calendar_year import YearList
from rulekit.model.instrument import Instrument, InstrumentKey
from rulekit.model.prices import PAISE, to_units
from rulekit.plugins.settings import PluginSettings
from rulekit.report.alert_settings import AlertSettings
from rulekit.settings.holidays import read_holidays

CURRENCY_SCALE = 10_000
_DERIVATIVES = ("NFO", "BFO")
_KINDS = {"CDS": "currency", "MCX": "commodity"}


@frozen
class EngineSettings:
    """[engine]: time.

    Args:
        cycle_s: seconds between two looks at all positions.
        clock: start and speed of a clock of its own, like `2026-11-20T09:15:00+05:30*10`; empty for real time.
    """

    cycle_s: float = 10.0
    clock: str = ""


@frozen
class InstrumentSettings:
    """[instruments.SYMBOL] or [instruments."EXCHANGE:SYMBOL"]: what differs from the defaults; prices in rupees."""

    lot: int | None = None
    tick: Decimal | None = None
    multiplier: float = 1.0
    freeze: int | None = None
    expiry: date | None = None
    kind: str | None = None


@frozen
class InstrumentsSettings:
    """[instruments]: lots and ticks where the broker's list of the day does not say them.

    Args:
        lot: of every instrument without an entry of its own.
        tick: likewise, in rupees.
        symbols: entries by `SYMBOL` or, looked up first, `EXCHANGE:SYMBOL`.
    """

    lot: int = 1
    tick: Decimal = Decimal("0.05")
    symbols: Mapping[str, InstrumentSettings] = field(factory=dict)

    def lookup(self, key: InstrumentKey) -> Instrument:
        """Return an instrument with its entry and the defaults put together."""
        exchange, symbol = key
        own = self.symbols.get(f"{exchange}:{symbol}") or self.symbols.get(symbol) or InstrumentSettings()
        scale = CURRENCY_SCALE if exchange == "CDS" else PAISE
        return Instrument(
            exchange=exchange,
            symbol=symbol,
            tick=to_units(own.tick or (Decimal("0.0025") if exchange == "CDS" else self.tick), scale),
            lot=own.lot or self.lot,
            scale=scale,
            multiplier=own.multiplier,
            kind=own.kind or kind_of(key),
            freeze=own.freeze,
            expiry=own.expiry,
        )


def kind_of(key: InstrumentKey) -> str:
    """Tell what an instrument is by its exchange and the end of its symbol."""
    if key.exchange in _DERIVATIVES:
        return "option" if key.symbol.endswith(("CE", "PE")) else "future"
    return _KINDS.get(key.exchange, "equity")


@frozen
class PolicySettings:
    """[policies]: which, and in which order.

    Args:
        files: policies in the order in which they are tried for a position; relative to the settings' folder.
        reload_s: seconds between two looks at the files while they run; 0 takes no change before the next start.
    """

    files: tuple[Path, ...] = ()
    reload_s: float = 2.0


@frozen
class CalendarSettings:
    """[calendar]: days that were declared after this version was made.

    Args:
        files: whole years by the exchange's circulars, one file a year; relative to the settings' folder.
        closed: days by exchange.
        sessions: opening and closing time of day by exchange and day.
    """

    files: tuple[Path, ...] = ()
    closed: Mapping[str, tuple[date, ...]] = field(factory=dict)
    sessions: Mapping[str, Mapping[date, tuple[str, str]]] = field(factory=dict)

    def calendar(self) -> Calendar:
        """Return the calendar with these days in it.

        Raises:
            UnreadableFileError: a file cannot be read.
            InputError: a day, an exchange or a file makes no sense.
        """
        years: dict[str, list[YearList]] = {}
        for path in self.files:
            for market, listed in read_holidays(path).items():
                years.setdefault(market, []).append(listed)
        return Calendar({name: frozenset(days) for name, days in self.closed.items()}, self.sessions, years)


RECORD_ACTIONS = "actions"
RECORD_ALL = "all"


@frozen
class JournalSettings:
    """[journal]: where it is kept.

    Args:
        place: a file, or an address like `postgresql://user@host/database`; it may hold a password, so it is not shown.
        lease_s: seconds for which an account in a database stays held after each renewal.
        record: of which looks the journal keeps all that was decided on: `actions`, those of which something came, or
            `all`.
    """

    place: str = field(default="", repr=False)
    lease_s: float = LEASE_S
    record: str = RECORD_ACTIONS


@frozen
class PagePerson:
    """[page.people.NAME]: somebody who may come in from another machine; NAME stands in the journal.

    Args:
        role: `look`, `write` policies too, or `act` too.
        password: where it stands, as `env:NAME`; it never stands in this file. Empty: only by the secret link.
    """

    role: str = "look"
    password: str = ""

    def read_password(self, environ: Mapping[str, str], name: str) -> str:
        """Return the password from the environment.

        Raises:
            UsageError: it stands in the file, or nowhere.
        """
        if not self.password:
            return ""
        variable = self.password.removeprefix("env:")
        if variable == self.password:
            raise UsageError(
                f"a password stands in the settings of the page's person `{name}`",
                'write password = "env:RULEKIT_PAGE_PASSWORD" there, and the password into the environment',
            )
        found = environ.get(variable, "")
        if len(found) < SHORTEST_PASSWORD:
            raise UsageError(
                f"the environment variable `{variable}` holds no password of {SHORTEST_PASSWORD} letters or more",
                f"set it for the page's person `{name}`, or leave `password` out to have a secret link only",
            )
        return found


SHORTEST_PASSWORD = 10


@frozen
class PageSettings:
    """[page]: what `rulekit page` shows, where, and to whom.

    Args:
        listen: where, like `127.0.0.1:8750`, or a port alone for this machine only.
        people: who may come in from another machine, by their names.
        hours: how long somebody stays in.
    """

    listen: str = "127.0.0.1:8750"
    people: Mapping[str, PagePerson] = field(factory=dict)
    hours: float = 12.0


@frozen
class Settings:
    """All of `rulekit.toml`; every section and every key may be left out."""

    engine: EngineSettings = EngineSettings()
    execution: ExecutionSettings = field(factory=ExecutionSettings)
    stops: StopSettings = field(factory=StopSettings)
    paper: PaperSettings = field(factory=PaperSettings)
    instruments: InstrumentsSettings = InstrumentsSettings()
    policies: PolicySettings = PolicySettings()
    calendar: CalendarSettings = CalendarSettings()
    alerts: AlertSettings = field(factory=AlertSettings)
    kite: KiteSettings = field(factory=KiteSettings)
    openalgo: OpenAlgoSettings = field(factory=OpenAlgoSettings)
    journal: JournalSettings = JournalSettings()
    metrics: MetricsSettings = field(factory=MetricsSettings)
    plugins: PluginSettings = field(factory=PluginSettings)
    page: PageSettings = field(factory=PageSettings)

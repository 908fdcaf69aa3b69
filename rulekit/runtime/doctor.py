"""What would fail today: each thing that a day with an account needs, looked at before the market opens."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from email.utils import parsedate_to_datetime
from pathlib import Path

from attrs import evolve

from rulekit.broker.kite import KiteBroker
from rulekit.broker.kite_folders import cache_folder
from rulekit.broker.kite_settings import KiteSettings
from rulekit.broker.kite_token import is_private, kept_token, token_path
from rulekit.errors import ReadFailedError, RulekitError
from rulekit.model.calendar import HOW_TO_EXTEND, HorizonError
from rulekit.model.clock import Clock, WallClock
from rulekit.model.instant import SECOND, day_of, instant_of, iso
from rulekit.runtime.accounts import KITE, OPENALGO, PAPER, refuse_unknown
from rulekit.runtime.doctor_account import examine_plugged, look_at_book, look_at_instruments, look_at_prices
from rulekit.runtime.doctor_openalgo import examine_openalgo
from rulekit.runtime.drive import OWN_DISK, served_by_another
from rulekit.runtime.finding import FAIL, OK, WARN, Finding
from rulekit.runtime.live import adjust_by
from rulekit.settings import Settings

LEAST_FREE_MB = 500
CLOCK_S = 2.0


def examine(settings: Settings, clock: WallClock, folder: Path, broker: str = "") -> Iterator[Finding]:
    """Look at everything; without a token what the account would say is left out.

    Args:
        folder: where the journal is to stand.
        broker: the account that is meant: `kite`, `openalgo`, a plug-in's, or `paper` for none; empty for those of
            which the settings hold a key, and Zerodha's where they hold none.

    Raises:
        UsageError: there is no such broker.
    """
    if broker:
        refuse_unknown(broker)
    behind_openalgo = broker == OPENALGO or (not broker and bool(settings.openalgo.api_key))
    with_kite = broker == KITE or (not broker and (bool(settings.kite.api_key) or not behind_openalgo))
    if with_kite:
        yield from _key(settings.kite)
    yield _calendar(settings, clock)
    yield _session(settings, clock)
    yield _disk(folder)
    if with_kite:
        yield from _kite(settings, clock)
    if behind_openalgo:
        yield from examine_openalgo(settings, clock)
    if broker not in ("", PAPER, KITE, OPENALGO):
        yield from examine_plugged(broker, settings, clock)


def _kite(settings: Settings, clock: Clock) -> Iterator[Finding]:
    yield _addresses(settings.kite)
    yield _static_ip(settings.kite)
    if not settings.kite.api_key:
        return
    try:
        broker = KiteBroker(settings.kite, clock=clock, adjust=adjust_by(settings), read_only=True)
    except RulekitError as error:
        yield Finding(FAIL, "account", error.message, error.help or "check the network, then run `rulekit login`")
        return
    try:
        yield from _account(broker, clock)
    finally:
        broker.close()


def _account(broker: KiteBroker, clock: Clock) -> Iterator[Finding]:
    yield Finding(OK, "account", f"the token is taken; this is {broker.account}")
    yield _clock(broker, clock)
    for look in (_permissions, look_at_book, _instruments, _quotes, _holdings, _funds):
        try:
            yield look(broker)
        except ReadFailedError as error:
            yield Finding(FAIL, _NAMES[look], error.message, "try again; if it lasts, look at the broker's status page")


# --- the machine -----------------------------------------------------------------------------------------------


def _key(settings: KiteSettings) -> Iterator[Finding]:
    if not settings.api_key:
        yield Finding(FAIL, "api key", "none is set", "set RULEKIT_KITE_API_KEY, or `api_key` under [kite]")
        return
    yield Finding(OK, "api key", "is set")
    path = token_path(settings)
    kept = kept_token(path)
    if settings.access_token:
        yield Finding(OK, "access token", "is set by hand")
    elif kept is None:
        yield Finding(FAIL, "access token", "there is none", "run `rulekit login`")
    else:
        yield Finding(OK, "access token", f"kept since {iso(kept.since)}")
    if kept is not None and not is_private(path):
        yield Finding(WARN, "token file", f"others may read {path}", f"chmod 600 {path}")


def _calendar(settings: Settings, clock: Clock) -> Finding:
    calendar, today = settings.calendar.calendar(), day_of(clock.now())
    known = "known until " + ", ".join(
        f"{last.isoformat()} ({', '.join(names)})" for last, names in calendar.horizons().items()
    )
    if calendar.warning(today):
        return Finding(WARN, "calendar", f"{calendar.ending(today)}; later days are refused", HOW_TO_EXTEND)
    for exchange, days in calendar.differing().items():
        text = f"{known}; a file of [calendar] and this version differ on {', '.join(map(date.isoformat, days))}"
        return Finding(
            WARN, "calendar", f"{text} ({exchange})", "compare with the exchange's circular; the file goes before"
        )
    return Finding(OK, "calendar", known)


def _session(settings: Settings, clock: Clock) -> Finding:
    try:
        session = settings.calendar.calendar().session("NSE", day_of(clock.now()))
    except HorizonError as error:
        return Finding(FAIL, "session", error.message, error.help)
    if session is None:
        return Finding(WARN, "session", "NSE is closed today", "nothing is sent on a closed day")
    return Finding(OK, "session", f"NSE trades from {iso(session.opens)[11:16]} to {iso(session.closes)[11:16]}")


def _disk(folder: Path) -> Finding:
    try:
        free = shutil.disk_usage(folder).free // 1_000_000
    except OSError as error:
        return Finding(FAIL, "disk", f"{folder}: {error.strerror or error}", "start in a folder that exists")
    if not os.access(folder, os.W_OK):
        return Finding(FAIL, "disk", f"{folder} cannot be written", "start in a folder that you may write to")
    if kind := served_by_another(folder):
        return Finding(WARN, "disk", f"{folder.resolve()} lies on a network drive ({kind})", OWN_DISK)
    if free < LEAST_FREE_MB:
        return Finding(WARN, "disk", f"{free:,} MB are free for the journal", f"free {LEAST_FREE_MB:,} MB or more")
    return Finding(OK, "disk", f"{free:,} MB are free for the journal")


def _addresses(settings: KiteSettings) -> Finding:
    if settings.is_official:
        return Finding(OK, "broker", settings.root)
    return Finding(WARN, "broker", f"{settings.root} is not Zerodha", "unset RULEKIT_KITE_ROOT for the real account")


def _static_ip(settings: KiteSettings) -> Finding:
    if not settings.is_official:
        return Finding(OK, "static ip", "is not asked for here")
    return Finding(
        WARN,
        "static ip",
        "cannot be known before the first order: readings are allowed from anywhere, orders are not",
        "compare this machine's address, IPv4 and IPv6, with the one registered at developers.kite.trade",
    )


# --- the account -----------------------------------------------------------------------------------------------


def _clock(broker: KiteBroker, clock: Clock) -> Finding:
    if getattr(clock, "speed", 1.0) != 1.0 or getattr(clock, "_simulated", False):
        return Finding(OK, "clock", "runs on its own (RULEKIT_CLOCK)")
    try:
        there = instant_of(parsedate_to_datetime(broker.server_date()))
    except (TypeError, ValueError, RulekitError):
        return Finding(
            WARN, "clock", "the broker's answers do not say the time", "let the system set its clock by itself"
        )
    apart = (clock.now() - there) / SECOND
    # The broker writes whole seconds.
    if -CLOCK_S <= apart <= CLOCK_S + 1:
        return Finding(OK, "clock", "agrees with the broker's")
    return Finding(
        FAIL, "clock", f"is {apart:+.0f} s from the broker's", "let the system set its clock by itself (NTP)"
    )


def _permissions(broker: KiteBroker) -> Finding:
    profile = broker.profile()
    products, exchanges = profile.get("products") or [], profile.get("exchanges") or []
    if not exchanges:
        return Finding(
            WARN, "permissions", "the account names no exchange", "look at the account's segments in Console"
        )
    return Finding(OK, "permissions", f"{', '.join(map(str, exchanges))}; {', '.join(map(str, products))}")


def _instruments(broker: KiteBroker) -> Finding:
    found = look_at_instruments(broker)
    kept = f"kept in {broker.settings.cache_folder or cache_folder() / 'kite'}"
    return evolve(found, found=kept) if found.state == OK else found


def _quotes(broker: KiteBroker) -> Finding:
    try:
        return look_at_prices(broker)
    except ReadFailedError as error:
        return Finding(FAIL, "prices", error.message, "the free plan has no market data: rules on prices cannot fire")


def _holdings(broker: KiteBroker) -> Finding:
    shares = [row for row in broker.positions() if row.key.product == "CNC" and row.quantity > 0]
    consent = broker.profile().get("meta")
    kind = consent.get("demat_consent") if isinstance(consent, dict) else None
    if kind == "consent":
        return Finding(OK, "holdings", "may be sold without a TPIN (DDPI)")
    count = len(broker.holdings()) + len(shares)
    if not count:
        return Finding(OK, "holdings", "there are none")
    return Finding(
        WARN,
        "holdings",
        f"{count} would need a CDSL TPIN to be sold today",
        "authorise them in the Kite app before the session, or sign a DDPI",
    )


def _funds(broker: KiteBroker) -> Finding:
    margins = broker.margins()
    on = [str(name) for name, row in margins.items() if isinstance(row, dict) and row.get("enabled")]
    if not on:
        return Finding(WARN, "funds", "no segment is enabled", "look at the account's segments in Console")
    return Finding(OK, "funds", f"enabled: {', '.join(on)}")


_NAMES: dict[Callable[[KiteBroker], Finding], str] = {
    _permissions: "permissions",
    look_at_book: "book",
    _instruments: "instruments",
    _quotes: "prices",
    _holdings: "holdings",
    _funds: "funds",
}

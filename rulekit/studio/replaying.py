"""A replay on chosen bars: what the text would have done, its figures, and the trades as charts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite, nan
from pathlib import Path
from typing import Any

from attrs import asdict, evolve, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.errors import InputError, UsageError
from rulekit.model.calendar import Calendar
from rulekit.model.instant import day_of
from rulekit.replay.api import facts_of
from rulekit.replay.bars import Bars, first_of, last_of, read_bars
from rulekit.replay.studying import Study, study
from rulekit.runtime.replay_charts import chart_of
from rulekit.runtime.replay_report import about, chosen_trades, tiles
from rulekit.studio.price_folder import price_file

DRAWN = 24
"""So many trades come with a chart."""
MOST_ROWS = 1_500_000
"""More prices are for `rulekit replay`, which has no one who waits at a page."""
PLAIN_ROWS = 12_000
"""Below so many prices compiling takes longer than it saves."""
_LOOKS_TOLD = 60_000


@frozen
class Chosen:
    """What a person has chosen to replay on.

    Args:
        file: name of a price file in the folder. symbol: empty for all of the file.
        every: enter every so many bars, when flat. side, quantity: of each entry. looks: `close`, `path` or `live`.
        facts: what the prices do not tell, the same all the time.
    """

    file: str
    symbol: str = ""
    every: int = 50
    side: str = "long"
    quantity: int = 100
    looks: str = "path"
    facts: tuple[tuple[str, float], ...] = ()


def chosen(given: Mapping[str, Any]) -> Chosen:
    """Read what a page sends.

    Raises:
        InputError: a value that cannot be.
    """
    numbers = {"every": (2, 100_000), "quantity": (1, 10**9)}
    found: dict[str, Any] = {"file": str(given.get("file", "")), "symbol": str(given.get("symbol", ""))}
    for name, (least, most) in numbers.items():
        text = str(given.get(name, "")).strip().replace(",", "")
        if not text.isdecimal() or not least <= int(text[:12]) <= most:
            raise InputError(f"{name}: `{text[:40]}` cannot be", f"write a whole number from {least:,} to {most:,}")
        found[name] = int(text)
    for name, words in (("side", ("long", "short")), ("looks", ("close", "path", "live"))):
        found[name] = str(given.get(name, words[0]))
        if found[name] not in words:
            raise InputError(f"{name}: `{found[name][:40]}` is none of those known", f"write {' or '.join(words)}")
    return Chosen(**found, facts=tuple(_facts(str(given.get("facts", "")))))


def _facts(text: str) -> Iterator[tuple[str, float]]:
    """Read `volume=1.5, open positions=3`."""
    for part in filter(None, (each.strip() for each in text[:500].split(","))):
        name, _, value = part.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = nan
        if not isfinite(number) or not name.strip():
            raise InputError(f"`{part[:60]}` is no fact", "write it like volume=1.5, open positions=3")
        yield " ".join(name.lower().split()), number


_read: dict[tuple[str, float, tuple[str, ...]], Bars] = {}


def bars_of(folder: Path, name: str, policies: tuple[CompiledPolicy, ...] = ()) -> Bars:
    """Read a price file; the last one that was read is kept.

    Raises:
        UsageError: it is not in the folder. InputError, UnreadableFileError: it cannot be read.
    """
    path, facts = price_file(folder, name), tuple(facts_of(policies))
    key = (str(path), path.stat().st_mtime, facts)
    if key not in _read:
        found = read_bars(path, skip_bad=True, facts=facts)
        _read.clear()
        _read[key] = found
    return _read[key]


@frozen
class Offered:
    """What a price file holds: its symbols with the number of prices, and from which day to which."""

    symbols: tuple[tuple[str, int], ...]
    first: str
    last: str


def offered(folder: Path, name: str) -> Offered:
    """Tell what a price file holds."""
    series = bars_of(folder, name).series
    symbols = tuple((key.symbol, one.rows) for key, one in sorted(series.items(), key=lambda each: each[0].symbol))
    first, last = (min(map(first_of, series.values())), max(map(last_of, series.values())))
    return Offered(symbols, day_of(first).isoformat(), day_of(last).isoformat())


def replayed(
    policy: CompiledPolicy,
    wanted: Chosen,
    folder: Path,
    against: CompiledPolicy | None = None,
    calendar: Calendar | None = None,
) -> dict[str, Any]:
    """Replay a policy on a price file, beside the running one where that is given; return what a page draws.

    Raises:
        RulekitError: the file cannot be read, or is too large to wait for.
    """
    bars = bars_of(folder, wanted.file, (policy,) if against is None else (policy, against))
    if wanted.symbol:
        series = {key: one for key, one in bars.series.items() if key.symbol == wanted.symbol}
        if not series:
            raise UsageError(f"`{wanted.file}` has no `{wanted.symbol[:40]}`", "choose one of its symbols")
        bars = evolve(bars, series=series)
    if bars.rows > MOST_ROWS:
        raise UsageError(
            f"{bars.rows:,} prices are too many to wait for here", "choose one symbol, or use `rulekit replay`"
        )
    native = False if bars.rows * (2 if against else 1) <= PLAIN_ROWS else None
    try:
        outcome = study(
            policy, bars, enter=f"every {wanted.every} bars", side=wanted.side, quantity=wanted.quantity,
            against=against, looks=wanted.looks, native=native, told=_LOOKS_TOLD, facts=dict(wanted.facts),
            calendar=calendar,
        )  # fmt: skip
    except InputError as error:
        if "--fact" not in error.help:
            raise
        help = "add such a column to the prices, or write the fact into the form, like volume=1.5"
        raise InputError(error.message, help) from None
    if against is not None:
        outcome.other_title = "the published policy"
    return told(outcome)


def told(outcome: Study) -> dict[str, Any]:
    """Return the figures, the rules and the drawn trades of a replay as plain data."""
    beside = outcome.beside
    charts, left = [], _LOOKS_TOLD
    for place in chosen_trades(outcome, DRAWN):
        other = beside[place] if beside else None
        left -= (cost := outcome.looks_at(outcome.trades[place]))
        charts.append(
            chart_of(
                outcome, place, None if other is None else other.other, None if other is None else other.parted,
                reasons=left + cost > 0,
            )
        )  # fmt: skip
    return {
        "about": about(outcome),
        "tiles": [asdict(each) for each in tiles(outcome)],
        "notes": [str(note) for note in outcome.replay.notes][:10],
        "rules": [rule.to_dict() for rule in outcome.rules],
        "charts": charts,
        "trades": len(outcome.trades),
    }

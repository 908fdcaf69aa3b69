"""`rulekit run`: manage positions by a policy."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rulekit.cli.journal_place import chosen, place_option
from rulekit.cli.settings_option import settings_in_force, settings_option
from rulekit.errors import JournalError, UsageError

if TYPE_CHECKING:
    from datetime import date

    from rulekit.execution.journal_place import Place
    from rulekit.model.clock import WallClock
    from rulekit.model.events import Emit
    from rulekit.report.channels import Channels
    from rulekit.runtime.day import Day
    from rulekit.runtime.live import LiveDay
    from rulekit.runtime.policy import Policy
    from rulekit.settings import Settings


class StopRequest:
    """A signal that asks the run to end; it may come while the prices are still being read."""

    def __init__(self) -> None:
        self._asked = False
        self.was_waiting = False
        self._stop: Callable[[], None] | None = None
        for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._ask)

    def _ask(self, *unused: object) -> None:
        self._asked = True
        if self._stop is not None:
            self._stop()

    def waits(self) -> bool:
        """Tell whether a run that waits for its turn should go on waiting."""
        if not self.was_waiting:
            click.echo("note: another process holds the account; this one waits for its turn", err=True)
        self.was_waiting = True
        return not self._asked

    @property
    def ended_the_wait(self) -> bool:
        """Tell whether the request came while the run waited for its turn."""
        return self._asked and self.was_waiting and self._stop is None

    def reach(self, stop: Callable[[], None]) -> None:
        """Say what ends the run; a request that came before is passed on at once."""
        self._stop = stop
        if self._asked:
            stop()


@contextmanager
def _ended_while_waiting(stop: StopRequest) -> Iterator[None]:
    """Let a run end well that was asked to stop before its turn came."""
    try:
        yield
    except JournalError:
        if not stop.ended_the_wait:
            raise
        click.echo("stopped; its turn had not come", err=True)


@click.command(
    "run",
    epilog="""\b
Examples:
  rulekit run --policy my.policy --broker paper --feed ticks.parquet --positions my.csv --journal day.journal --fast
  rulekit run --policy my.policy --feed ticks.csv --journal day.journal --clock "2026-11-20T09:15:00+05:30*10"
  rulekit run --policy my.policy --broker kite --feed kite --journal day.journal --dry-run
  rulekit run --policy my.policy --broker openalgo --feed openalgo --journal day.journal
  rulekit run --policy my.policy --broker kite --feed kite --journal postgresql://trader@db/journals --standby

A run that was stopped or killed goes on where its journal stands: call it again with the same arguments.
Exit codes: 0 the run came to its end or was asked to stop, 1 an input is wrong, 2 usage or an unreadable file.""",
)
@click.option(
    "--policy",
    "policies",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="a policy file, or a folder of them; may be given several times, the first that applies to a position "
    "manages it; a file that changes is taken between two cycles",
)
@click.option(
    "--broker",
    metavar="paper|kite|openalgo|NAME",
    default="paper",
    show_default=True,
    help="where orders go: paper keeps a simulated book beside the journal, kite is your account at Zerodha, openalgo "
    "one behind OpenAlgo, NAME one of a plug-in",
)
@click.option(
    "--feed",
    type=click.Path(path_type=Path),
    required=True,
    help="prices: ticks or bars, Parquet or CSV; or the word kite or openalgo for the account's live prices",
)
@click.option(
    "--positions", type=click.Path(path_type=Path), help="CSV: symbol,exchange,product,side,quantity,entry,opened,stop"
)
@place_option
@click.option(
    "--account", metavar="NAME", help="whose positions the paper broker keeps in a database  [default: paper]"
)
@click.option("--standby", is_flag=True, help="while another process holds the account, wait until it is free")
@click.option("--fast", is_flag=True, help="as fast as it goes, under a simulated clock")
@click.option("--dry-run", is_flag=True, help="do everything but send orders")
@click.option(
    "--stops-at-broker", is_flag=True, help="let a stop order stand at the broker for each tracked stop (kite only)"
)
@click.option(
    "--clock",
    "clock_text",
    metavar="TIME[*SPEED]",
    help="start the clock there and run it that many times as fast [default: RULEKIT_CLOCK, or the settings]",
)
@settings_option
@click.option(
    "--metrics",
    "listen",
    metavar="[HOST:]PORT",
    help="serve /metrics for Prometheus and /health there, like 127.0.0.1:9108 [default: the settings, or nowhere]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="log lines for people, or one JSON object a line",
)
@click.option("--quiet", is_flag=True, help="no log lines and no progress bar")
def command(
    policies: tuple[Path, ...], broker: str, feed: Path, positions: Path | None, journal: Place | None,
    account: str | None, standby: bool, fast: bool, dry_run: bool, stops_at_broker: bool, clock_text: str | None,
    settings_path: Path | None, listen: str | None, form: str, quiet: bool,
) -> None:  # fmt: skip
    """Manage positions by a policy: decide on live prices, write each intent down, send it, tell why."""
    from attrs import evolve

    from rulekit.cli.console import log_to, progress_over
    from rulekit.execution.lease import never
    from rulekit.model.clock import parse_clock
    from rulekit.report.channels import open_channels
    from rulekit.runtime.accounts import PAPER
    from rulekit.runtime.drive import OWN_DISK, served_by_another
    from rulekit.runtime.entries import read_entries
    from rulekit.runtime.paper import open_paper_day
    from rulekit.runtime.policy import load
    from rulekit.runtime.policy_watch import policy_paths

    if fast and clock_text:
        raise UsageError("--fast and --clock do not go together", "--fast has its own clock: leave one out")
    stop = StopRequest()
    settings = settings_in_force(settings_path)
    if listen is not None:
        settings = evolve(settings, metrics=evolve(settings.metrics, listen=listen))
    if stops_at_broker:
        settings = evolve(settings, stops=evolve(settings.stops, at_broker=True))
    files = policies or settings.policies.files
    if not files:
        raise UsageError("which policy?", "give --policy FILE, or name files under [policies] in rulekit.toml")
    place = chosen(journal, settings)
    loaded = [load(path) for path in policy_paths(files)]
    entries = read_entries(positions) if positions else []
    clock_text = clock_text or settings.engine.clock
    clock = parse_clock(clock_text) if clock_text and not fast else None
    if dry_run and isinstance(place, Path) and place.exists():
        click.echo(f"note: a dry run keeps its own journal; {place} is read, never written", err=True)
    if isinstance(place, Path) and (kind := served_by_another(place)):
        click.echo(f"note: {place} lies on a network drive ({kind}): {OWN_DISK}", err=True)
    real = _account_of(broker, str(feed))
    if real is not None:
        _refuse_what_does_not_go_with_an_account(real, broker, feed, positions, fast)
        emit = log_to(sys.stdout, form=form, quiet=quiet, title=loaded[0].title or "", calm=False)
        if account is not None:
            raise UsageError(
                f"--account does not go with --broker {real}: whose account it is comes from it", "leave it out"
            )
        with _ended_while_waiting(stop), open_channels(settings.alerts, os.environ) as channels:
            emit = channels.hearing(emit)
            with _alerted_beyond_the_calendar(emit, clock):
                _live(real, files, loaded, place, settings, clock, emit, dry_run, stop, standby)
        return
    if isinstance(place, Path) and account is not None:
        raise UsageError("--account goes with a database: a file holds one account alone", "leave it out")
    place = place if isinstance(place, Path) else place.of(account or PAPER)
    emit = log_to(sys.stdout, form=form, quiet=quiet, title=loaded[0].title or "", calm=fast)
    # What happens in a simulated day, in seconds, is nobody's emergency.
    alerting: AbstractContextManager[Channels | None] = (
        nullcontext() if fast else open_channels(settings.alerts, os.environ)
    )
    with (
        _ended_while_waiting(stop),
        alerting as spoken_to,
        open_paper_day(
            loaded, feed, entries, place, settings=settings, fast=fast, clock=clock,
            emit=emit if spoken_to is None else spoken_to.hearing(emit), dry_run=dry_run,
            waits=stop.waits if standby else never,
        ) as (day, prices),
    ):  # fmt: skip
        stop.reach(day.stop)
        for note in prices.notes:
            click.echo(f"note: {note}", err=True)
        for reason, count in prices.skipped.items():
            click.echo(f"note: {count:,} prices were left out: {reason}", err=True)
        with progress_over(prices.count, "prices", quiet=quiet or form == "json") as advance:
            day.progress = advance
            with _watching(() if fast else files, loaded, settings, day), _shown(day, settings):
                day.run()


@contextmanager
def _alerted_beyond_the_calendar(emit: Emit, clock: WallClock | None) -> Iterator[None]:
    """Let a person hear, and not the screen alone, that nothing is managed on a day that the calendar does not know."""
    from rulekit.model.calendar import HorizonError
    from rulekit.model.clock import WallClock
    from rulekit.model.events import Event

    try:
        yield
    except HorizonError as error:
        data = {"text": f"nothing is managed: {error.message}", "level": "critical", "cause": "calendar"}
        emit(Event("alert", (clock or WallClock()).now(), data=data))
        raise


@contextmanager
def _shown(day: Day | LiveDay, settings: Settings) -> Iterator[None]:
    """Serve metrics and health while a day runs, if they are asked for."""
    if not settings.metrics.listen:
        yield
        return
    from rulekit.metrics.server import serving

    with serving([day.manager.watch()], settings.metrics) as address:
        click.echo(f"note: metrics at {address}/metrics, health at {address}/health", err=True)
        try:
            yield
        finally:
            day.manager.publish(at_once=True)


def _account_of(broker: str, feed: str) -> str | None:
    """Return the real account that a run is with: `kite`, `openalgo`, or a plug-in's; None for the paper broker.

    Raises:
        UsageError: there is no such broker.
    """
    from rulekit.runtime.accounts import PAPER, accounts, refuse_unknown

    refuse_unknown(broker)
    return broker if broker != PAPER else feed if feed in accounts() else None


def _refuse_what_does_not_go_with_an_account(
    account: str, broker: str, feed: Path, positions: Path | None, fast: bool
) -> None:
    """Say what does not fit together."""
    if broker != account or str(feed) != account:
        raise UsageError("an account and its live prices go together", f"give --broker {account} --feed {account}")
    if positions is not None:
        raise UsageError("--positions does not go with an account: what is held comes from it", "leave it out")
    if fast:
        raise UsageError("--fast does not go with an account: its time is real", "leave it out")


@contextmanager
def _watching(
    files: Sequence[Path], policies: Sequence[Policy], settings: Settings, day: Day | LiveDay
) -> Iterator[None]:
    """Let a day take changes of its policy files, if that is wanted."""
    if not files or not settings.policies.reload_s:
        yield
        return
    from rulekit.model.clock import WallClock
    from rulekit.model.instant import day_of
    from rulekit.runtime.policy_watch import PolicyWatch

    def today() -> date:
        return day_of(WallClock().now())

    with PolicyWatch(files, policies, every_s=settings.policies.reload_s, today=today) as watch:
        day.between = watch.look
        yield


def _live(
    account: str,
    files: Sequence[Path],
    policies: Sequence[Policy],
    place: Place,
    settings: Settings,
    clock: WallClock | None,
    emit: Emit,
    dry_run: bool,
    stop: StopRequest,
    standby: bool,
) -> None:
    """Run the day with the account."""
    from rulekit.execution.lease import never

    if account == "kite":
        from rulekit.runtime.live import open_kite_day as open_day
    elif account == "openalgo":
        from rulekit.runtime.polled import open_openalgo_day as open_day
    else:
        from rulekit.runtime.polled import open_plugged_day

        open_day = partial(open_plugged_day, account)
    with open_day(
        policies, place, settings=settings, clock=clock, emit=emit, dry_run=dry_run,
        waits=stop.waits if standby else never,
    ) as day:  # fmt: skip
        stop.reach(day.stop)
        day.begun = _leave_what_stays
        with _watching(files, policies, settings, day), _shown(day, settings):
            day.run()


def _leave_what_stays() -> None:
    """Let the garbage collector pass over what a run holds all day: prices wait while it looks through everything."""
    gc.collect()
    gc.freeze()

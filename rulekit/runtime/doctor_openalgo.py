"""What would fail today with an account behind OpenAlgo."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import evolve

from rulekit.broker.openalgo import OpenAlgoBroker
from rulekit.broker.openalgo_settings import QUARANTINE_S
from rulekit.errors import ReadFailedError, RulekitError
from rulekit.model.clock import Clock
from rulekit.runtime.doctor_account import LOOKS, NO_NAMES, look_at_instruments
from rulekit.runtime.finding import FAIL, OK, WARN, Finding
from rulekit.runtime.live import adjust_by
from rulekit.runtime.polled import wait_longer
from rulekit.settings import Settings


def examine_openalgo(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Look at what a day behind OpenAlgo needs; nothing is sent."""
    if not settings.openalgo.api_key:
        yield Finding(
            FAIL, "openalgo key", "none is set", "set RULEKIT_OPENALGO_API_KEY, or `api_key` under [openalgo]"
        )
        return
    yield Finding(OK, "openalgo key", "is set")
    yield Finding(
        WARN,
        "order identity",
        f"OpenAlgo {NO_NAMES}",
        "read what that takes away in docs/openalgo.md",
    )
    quarantine = wait_longer(settings.execution).quarantine_s
    if quarantine < QUARANTINE_S:
        yield Finding(
            WARN, "quarantine", f"{quarantine:g} s are too short for OpenAlgo's own waits",
            f"leave `quarantine_s` under [execution] out, or make it {QUARANTINE_S:g}",
        )  # fmt: skip
    try:
        broker = OpenAlgoBroker(settings.openalgo, clock=clock, adjust=adjust_by(settings), read_only=True)
    except RulekitError as error:
        help = error.help or "see that OpenAlgo runs, and that you are logged in to the broker there"
        yield Finding(FAIL, "openalgo", error.message, help)
        return
    try:
        yield Finding(OK, "openalgo", f"{settings.openalgo.root} trades live with {broker.behind}")
        for name, look in _LOOKS.items():
            try:
                found = look(broker)
            except ReadFailedError as error:
                found = Finding(FAIL, name, error.message, "try again; if it lasts, look at OpenAlgo's own log")
            yield evolve(found, what=f"openalgo {name}")
        yield Finding(
            WARN, "approval", "whether OpenAlgo keeps orders for a person's approval cannot be known before the first",
            "see that its order mode is auto, not semi-auto",
        )  # fmt: skip
    finally:
        broker.close()


def _instruments(broker: OpenAlgoBroker) -> Finding:
    return evolve(look_at_instruments(broker), remedy="download the master contract in OpenAlgo")


def _funds(broker: OpenAlgoBroker) -> Finding:
    return Finding(OK, "funds", f"₹{broker.funds().get('availablecash', '?')} available")


_LOOKS: dict[str, Callable[[OpenAlgoBroker], Finding]] = {**LOOKS, "instruments": _instruments, "funds": _funds}

"""Seeded harsh stretches of a day before the localhost Kite: faults of orders and readings, lags, a broken stream.

`python -m tests.benchmarks.kite_soak --runs 200 --first 1`; each seed is one run, and says what it broke. A position
that is not exited in the end must have a reason that the account's owner was told of.
"""

from __future__ import annotations

import argparse
import logging
import random
import tempfile
import time
import traceback
from collections import Counter
from itertools import pairwise
from pathlib import Path

from rulekit.broker.kite_login import exchange
from rulekit.broker.kite_settings import Secret
from rulekit.broker.kite_token import keep
from rulekit.execution.status import status
from rulekit.kite_server.faults import AFTER, BEFORE, BODIES, ERRORS, LATE, PAGES, REDIRECTS, SPECIAL, TRANSPORTS, Fault
from rulekit.kite_server.settings import View
from rulekit.model.clock import WallClock
from tests.kite.account import Account
from tests.kite.bench import settings_for

POLICY = """\
policy "Harsh"
MORE: add 50% at 3% profit
HALF: book 50% at 6% profit
OUT: exit at 10% profit
CUT: exit at 10% loss
"""
STOPS = """\
FIRST: tighten stop to 4% from price when profit is above -3%
TRAIL: trail stop 2% at 1% profit
"""
"""With `--stops` these stand at the broker."""
KINDS = [
    kind for kind in (*ERRORS, *PAGES, *BODIES, *TRANSPORTS, *REDIRECTS, *SPECIAL) if kind not in ("token_403", "slice")
]
"""All but the end of a session, which comes by itself in some runs, and what only autoslices meet."""
MOMENTS = (BEFORE, AFTER, LATE)
LATE_S = 3.0
STREAM = ("mute", "half_open", "reset", "close", "truncated", "list")
SYMBOLS = ("ALPHA", "BETA", "GAMMA")
RISING, FALLING = 1180.0, 803.0
"""Where the prices end: beyond the exit's bound, the second so near to the circuit that no wide protection is taken."""


class ViolationError(AssertionError):
    """A guarantee was broken."""


def main() -> None:
    """Play the runs."""
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=20)
    options.add_argument("--first", type=int, default=1)
    options.add_argument("--stops", action="store_true", help="let the tracked stops stand at the broker")
    chosen = options.parse_args()
    logging.disable(logging.CRITICAL)
    ends: Counter[str] = Counter()
    met: Counter[str] = Counter()
    broken = []
    began = time.monotonic()
    for seed in range(chosen.first, chosen.first + chosen.runs):
        try:
            play(seed, ends, met, stops=chosen.stops)
        except Exception:
            broken.append(seed)
            print(f"seed {seed}:\n{traceback.format_exc(limit=-3)}", flush=True)
    print(f"ends: {dict(ends.most_common())}")
    print(f"faults: {dict(met.most_common())}")
    print(f"kinds of faults met: {len(met)}; broken seeds {broken}; {time.monotonic() - began:.0f} s")
    print(f"{chosen.runs} runs, {sum(met.values())} faults, {len(broken)} violations")


def play(seed: int, ends: Counter[str], met: Counter[str], *, stops: bool = False) -> None:
    """Play one run and hold the journal against the true book."""
    draw = random.Random(seed)
    view = View(
        book_lag=draw.choice([0.0, 1.0]),
        position_lag=draw.choice([0.0, 0.0, 3.0]),
        update_drop=0.2,
        update_duplicate=0.3,
        update_reorder=0.3,
    )
    with tempfile.TemporaryDirectory() as folder:
        account = Account(Path(folder), speed=20.0, view=view, seed=seed, depth=draw.choice([None, 40]))
        sign, last = draw.choice([(1, RISING), (1, RISING), (-1, FALLING)])
        try:
            for symbol in SYMBOLS:
                account.buy(symbol, 100, 1000)
            account.server.advance(4)
            faults = account.server.faults
            faults.draw_from(
                0.3, KINDS, routes=("place", "modify", "cancel", "orders", "positions", "trades"),
                moments=MOMENTS, hold=1.0, delay=LATE_S,
            )  # fmt: skip
            dies = draw.randrange(24) if draw.random() < 0.2 else None
            policy = POLICY + (STOPS if stops else "")
            with account.day(policy, stops=stops, deadline_s=0.4, quarantine_s=10.0, silence_s=1.0):
                for step in range(24):
                    for symbol in SYMBOLS:
                        move = 4.0 * step * draw.uniform(0.8, 1.2) + draw.uniform(-3, 3)
                        account.price(symbol, round(1000 + sign * move, 1))
                    if step == dies:
                        faults.script([Fault("token_403", BEFORE, draw.choice(["orders", "place"]))])
                    if draw.random() < 0.05:
                        account.server.stream.play(draw.choice(STREAM))
                    time.sleep(0.03)
                faults.clear()
                if dies is not None:
                    log_in_again(account, Path(folder))
                account.server.stream.play("heal")
                _come_to_rest(account, last)
                rests = {symbol: why_it_rests(account, symbol) for symbol in SYMBOLS if account.held(symbol)}
            account.is_exact()
            _check(account)
            for symbol, why in rests.items():
                ends["positions with a rest"] += 1
                print(f"seed {seed}: {account.held(symbol)} {symbol} rest: {why or 'for no reason'}", flush=True)
            ends.update(f"{row['kind']} {row['end']}" for row in account.history())
            met.update(f"{fault.kind}:{fault.when}" for _, fault in faults.met)
            if not all(rests.values()):
                raise ViolationError(f"an exit that can be sent is not sent: {rests}")
        finally:
            account.server.stop()


def log_in_again(account: Account, folder: Path) -> None:
    """Do what `rulekit login` does while the program runs."""
    settings = settings_for(account.server, folder, api_secret=Secret(account.server.api_secret))
    keep(folder / "token.json", exchange(settings, account.server.request_token(), WallClock()))


def why_it_rests(account: Account, symbol: str) -> str:
    """Say what keeps the program from exiting a position, if its owner was told of it; nothing is a shortfall."""
    told = [str(event.data["text"]) for event in account.events if event.name == "alert"]
    state = status(account.entries())
    if state["mode"] == "halted" and any(state["reason"] in text for text in told):
        return f"halted: {state['reason']}"
    if symbol in state["blocked"] and any(f"in a row were refused for {symbol}" in text for text in told):
        refused = [
            row["states"][-1]["evidence"]
            for row in account.history()
            if row["symbol"] == symbol and row["end"] == "refused"
        ]
        return f"nothing is sent for it after so many refusals in a row, the last: {refused[-1:]}"
    for row in (*state["waiting"], *state["unknown"]):
        if row["symbol"] == symbol and any("rests at the widest" in text or "is parked" in text for text in told):
            return f"{row['state']}: {row['why']}"
    return ""


def _come_to_rest(account: Account, price: float) -> None:
    """Without faults, and at a price that fires the exit, everything must end, or rest for a reason."""
    began = time.monotonic()
    while True:
        held = [symbol for symbol in SYMBOLS if account.held(symbol)]
        if account.names().count("position_closed") >= len(SYMBOLS) and not account.pending():
            return
        waited = time.monotonic() - began
        if waited > 8 and held and all(why_it_rests(account, symbol) for symbol in held):
            return
        if waited > 20:
            raise ViolationError(f"it does not come to rest: {held}, {account.pending()}, {account.events[-3:]}")
        for symbol in SYMBOLS:
            account.price(symbol, price)
        time.sleep(0.05)


def _check(account: Account) -> None:
    """No position through zero, no buy of an unknown fate sent again, no two live orders of one action."""
    for symbol in SYMBOLS:
        path = account.server.position_path("NSE", symbol, "MIS")
        if twice := account.two_stops(symbol):
            raise ViolationError(f"two stops of {symbol} stood at one time: {twice}")
        if min(path) < 0 or any(before == after for before, after in pairwise(path)):
            raise ViolationError(f"{symbol} went {path}")
    for row in account.history():
        left = row["end"] is None and row["kind"] == "exit"  # it rests in the market as wide as it may
        if row["end"] is None and not left:
            raise ViolationError(f"without an end: {row}")
        if row["kind"] == "add" and any(attempt["state"] == "unknown" for attempt in row["attempts"][:-1]):
            raise ViolationError(f"bought again after a lost answer: {row}")


if __name__ == "__main__":
    main()

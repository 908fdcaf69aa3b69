"""Kills `rulekit run --broker openalgo` at random moments before a `rulekit openalgo-server` process with faults.

    python -m tests.soak.openalgo_kills --kills 30

As with the broker directly, only that no order bears a name: the owner trades by hand meanwhile, sometimes just what
was sent, and a person answers what is parked by looking at the broker's own book. In the end no order may be claimed
that is not ours, none lost, doubled or through zero.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from rulekit.execution.commands import apply_without_engine
from rulekit.execution.history import history
from rulekit.execution.journal import read_journal
from rulekit.execution.requests import SETTLE, Request
from rulekit.execution.status import status
from rulekit.model.clock import WallClock
from rulekit.openalgo_server.gateway import TAG
from tests.soak.kite_kills import BODIES, ERRORS, PAGES, ServerProcess, Trial, _turned, play, told

SETTINGS = """\
[engine]
cycle_s = 5
[execution]
quarantine_s = 15
[stops]
at_broker = {stops}
[openalgo]
deadline_s = 1.0
doubt_s = 10
"""
NAMED = {"too_many_429", "token_403", "permission_403", "user_403", "no_type_400"}
"""Left out: what ends the session, and a refusal without its kind, which is a plain one once OpenAlgo has retold it."""
KINDS = [kind for kind in (*ERRORS, *PAGES, *BODIES, "cut", "reset", "truncated") if kind not in NAMED]


class OpenAlgoProcess(ServerProcess):
    """A `rulekit openalgo-server` of its own."""

    command = "openalgo-server"
    root_name = "RULEKIT_OPENALGO_ROOT"
    said = 2

    def session(self) -> str:
        return "localkey:localtoken"


class OpenAlgoTrial(Trial):
    """The same trial behind OpenAlgo."""

    server_type: ClassVar[type[ServerProcess]] = OpenAlgoProcess
    broker = "openalgo"
    settings = SETTINGS
    kinds = KINDS
    answered = 0
    imitated = 0

    def enter(self) -> None:
        """Let the owner enter, and sometimes do by hand just what an order of unknown fate was for."""
        super().enter()
        if self.process is None:
            return
        for row in history(read_journal(self.place)):
            if row["end"] is None and _state(row) in ("unknown", "sending") and self.draw.random() < 0.3:
                self.server.buy_by_hand(row["symbol"], row["side"], row["attempts"][-1]["quantity"])
                self.imitated += 1

    def last_life(self, seconds: float) -> None:
        super().last_life(seconds)
        self.answer()

    def on_its_way(self) -> list[str]:
        """What is parked waits for a person, and what stands behind it in the queue likewise."""
        rows = history(read_journal(self.place))
        parked = {row["symbol"] for row in rows if row["end"] is None and _state(row) == "parked"}
        return [row["id"] for row in rows if row["end"] is None and row["symbol"] not in parked]

    def answer(self) -> None:
        """Be the person who looks at the broker's own book, where the tag is shown, and records what became of it."""
        rows = history(read_journal(self.place))
        claimed = {attempt["order_id"] for row in rows for attempt in row["attempts"] if attempt["order_id"]}
        ours = [order for order in self.server.control("true")["orders"] if order["tag"] == TAG]
        loose = [order for order in ours if order["order_id"] not in claimed]
        for row in rows:
            if row["end"] is not None or _state(row) != "parked":
                continue
            attempt = row["attempts"][-1]
            mine = next((one for one in loose if _same(one, row, attempt)), None)
            if mine is not None:
                loose.remove(mine)
            filled = None if mine is None else mine["filled_quantity"]
            apply_without_engine(self.place, Request(SETTLE, action=row["id"], filled=filled), WallClock())
            self.answered += 1

    def broken(self) -> list[str]:
        """Hold the journal, its positions and the true book against each other; return what does not agree."""
        entries = list(read_journal(self.place))
        rows, state, true = history(entries), status(entries), self.server.control("true")
        orders = {order["order_id"]: order for order in true["orders"]}
        ours = {number for number, order in orders.items() if order["tag"] == TAG}
        attempts = [(row, attempt) for row in rows for attempt in row["attempts"]]
        claims = Counter(attempt["order_id"] for _, attempt in attempts if attempt["order_id"])
        found = [f"{number} is claimed {count} times" for number, count in claims.items() if count > 1]
        found += [f"a stranger's order {number} is claimed" for number in claims.keys() - ours]
        if len(ours) > len(attempts):
            found.append(f"{len(ours)} orders of ours, {len(attempts)} were announced")
        for row, attempt in attempts:
            order = orders.get(attempt["order_id"] or "")
            if order is not None and not _same(order, row, attempt):
                found.append(f"{order['order_id']} is not what {row['id']} sent")
        for row in rows:
            numbers = [attempt["order_id"] for attempt in row["attempts"] if attempt["order_id"] in orders]
            truly = sum(orders[number]["filled_quantity"] for number in numbers)
            if row["end"] not in (None, "settled") and row["filled"] != truly:
                found.append(f"{truly} were filled of {row}")
            if row["quantity"] is not None and truly > row["quantity"]:
                found.append(f"more than decided, {truly}, of {row}")
            if row["end"] is None:
                found.append(f"without an end: {row}")
        held = {row["symbol"]: row["quantity"] * (1 if row["side"] == "long" else -1) for row in state["positions"]}
        truly_held = {symbol: quantity for _, symbol, _, quantity in true["positions"]}
        if held != truly_held:
            found.append(f"the journal holds {held}, the account {truly_held}")
        # A trade by hand beside an order of ours cannot be known in time, so only what was not imitated counts.
        return found + ([] if self.imitated else _turned(true["trades"]))


def _state(row: dict[str, Any]) -> str:
    return str(row["states"][-1]["state"])


def _same(order: dict[str, Any], row: dict[str, Any], attempt: dict[str, Any]) -> bool:
    return (order["tradingsymbol"], order["transaction_type"], order["quantity"]) == (
        row["symbol"], row["side"], attempt["quantity"],
    )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        found, trial = play(Path(name), given.seed, given.kills, stops=False, kind=OpenAlgoTrial)
        assert isinstance(trial, OpenAlgoTrial)
        rows = history(read_journal(Path(name) / "day.journal"))
        requests = trial.server.control("requests")
        faults = Counter(request["fault"] for request in requests if request["fault"])
        orders = [order for order in trial.server.control("true")["orders"] if order["tag"] == TAG]
        trial.close()
    counts = (
        f"{trial.entries} entries by hand, {trial.imitated} imitations, {trial.answered} answered by a person, "
        f"{len(orders)} orders of ours"
    )
    return told(found, trial, rows, counts, faults, given.kills, began)


if __name__ == "__main__":
    sys.exit(main())

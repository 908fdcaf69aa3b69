"""An account at the localhost Kite whose journal is harmed between two runs, held against the broker's true book."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from rulekit.errors import RulekitError
from tests.kite.account import Account
from tests.kite.bench import until
from tests.soak.storage_harms import HEAD, LOG, MAIN, NAME, Image, image_of, put
from tests.soak.storage_paper import Outcome

QUANTITY = 100


def play(folder: Path, harm: Callable[[Image, Image], Image]) -> Outcome:
    """Book half of a position, kill, harm the journal, and start again at a price at which the rest is to go.

    Args:
        folder: of this trial alone.
        harm: makes the journal's files of those at the kill and of those before the first order.
    """
    folder.mkdir(parents=True)
    account = Account(folder)
    try:
        account.buy("INFY", QUANTITY, 1500)
        early, late = _first_life(account)
        for path in folder.glob(f"{NAME}*"):
            path.unlink()
        put(harm(early, late), folder)
        account.events.clear()
        return _second_life(account)
    finally:
        account.server.stop()
        shutil.rmtree(folder)


def _journal(folder: Path) -> Image:
    return {name: content for name, content in image_of(folder).items() if name in (MAIN, LOG, HEAD)}


def _first_life(account: Account) -> tuple[Image, Image]:
    with account.day():
        until(lambda: "position_opened" in account.names())
        account.keep_priced("INFY", 1590, lambda: "stop_moved" in account.names())
        early = _journal(account.folder)
        account.keep_priced("INFY", 1660, lambda: "action_filled" in account.names())
        time.sleep(0.3)
        late = _journal(account.folder)
    return early, late


def _orders(account: Account) -> list[tuple[str, int, int]]:
    return [
        (order["transaction_type"], order["quantity"], order["filled_quantity"])
        for order in account.server.true_orders()
        if order["tag"]
    ]


def _second_life(account: Account) -> Outcome:
    before = _orders(account)
    try:
        with account.day():
            account.keep_priced("INFY", 1810, lambda: _has_come_to_something(account), 20.0)
    except RulekitError as error:
        outcome = Outcome("refused", error.message)
    else:
        halted = [event for event in account.events if event.name == "mode_changed"]
        outcome = Outcome("halted", str(halted[-1].data["reason"])) if halted else Outcome("went on")
    after = _orders(account)
    outcome.sent = len(after) - len(before)
    held = account.held("INFY")
    if outcome.kind == "went on":
        if after != [("SELL", 50, 50), ("SELL", 50, 50)] or held:
            outcome.wrong.append(f"the book holds {after}, and {held} shares are left")
        account.is_exact()
    elif outcome.sent or held != QUANTITY // 2 or not outcome.said:
        outcome.wrong.append(f"it was stopped, and the book holds {after} and {held} shares")
    return outcome


def _has_come_to_something(account: Account) -> bool:
    names = account.names()
    if "mode_changed" in names:
        # Long enough for an order that must not come.
        time.sleep(0.5)
        return True
    return account.held("INFY") == 0 and "action_filled" in names


def _flip(name: str, share: float) -> Callable[[Image, Image], Image]:
    def harm(early: Image, late: Image) -> Image:
        content = bytearray(late[name])
        content[int(len(content) * share)] ^= 4
        return {**late, name: bytes(content)}

    return harm


def _cut(share: float, *, head: bool) -> Callable[[Image, Image], Image]:
    def harm(early: Image, late: Image) -> Image:
        kept = {name: content for name, content in late.items() if head or name != HEAD}
        return {**kept, LOG: late[LOG][: int(len(late[LOG]) * share)]}

    return harm


def _without(*names: str) -> Callable[[Image, Image], Image]:
    return lambda early, late: {name: content for name, content in late.items() if name not in names}


HARMS: dict[str, tuple[str, Callable[[Image, Image], Image]]] = {
    "nothing happened": ("went on", lambda early, late: late),
    "log cut at 30%": ("refused", _cut(0.3, head=True)),
    "log cut at 90%": ("refused", _cut(0.9, head=True)),
    "log cut at 30%, head lost": ("halted", _cut(0.3, head=False)),
    "bit of the log, early": ("refused", _flip(LOG, 0.1)),
    "bit of the log, late": ("refused", _flip(LOG, 0.8)),
    "first entry changed, which the log holds anew": (
        "went on",
        lambda early, late: {**late, MAIN: late[MAIN].replace(b'"account"', b'"accounu"')},
    ),
    "head file lost": ("went on", _without(HEAD)),
    "log deleted": ("refused", _without(LOG)),
    "journal deleted, log and head left": ("refused", _without(MAIN)),
    "journal deleted with all its files": ("halted", _without(MAIN, LOG, HEAD)),
    "old copy put back, head left": ("refused", lambda early, late: {**early, HEAD: late[HEAD]}),
    "old copy put back with its head": ("halted", lambda early, late: early),
}
"""What happens to the journal, and what must come of it."""

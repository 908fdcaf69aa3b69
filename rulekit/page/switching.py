"""The switch in words: what a change of the trading state will do, and afterwards what became of each position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from rulekit.errors import UsageError
from rulekit.execution.actions import PROTECT, QUANTITY_KINDS, ActionRecord
from rulekit.execution.commands import waiting_to_be_sent
from rulekit.execution.ledger import Ledger
from rulekit.execution.requests import HALT, REDUCE, RESUME, Request
from rulekit.execution.switch import ACTIVE, CONFIRMATION, HALTED, REDUCING
from rulekit.model.decision import ADD, EXIT_EVERYTHING
from rulekit.model.instant import Instant, iso
from rulekit.page.accounts import shown_id

WORDS = {ACTIVE: CONFIRMATION, REDUCING: "REDUCE", HALTED: "HALT"}
"""What is typed to confirm each state."""
LONGEST_REASON = 300
"""Letters of why the switch was turned."""
EXIT_WORD = "EXIT EVERYTHING"
"""What is typed to halt and have every position closed."""
_SO_ALREADY = {
    False: "the engine is {} already: nothing changes",
    True: "the engine is {} already and closes every position: nothing changes; to end that, let it act again",
}
"""By whether a halt has everything exited."""
_BEFORE: dict[str, str] = {
    "day loss": "it was the day's loss: decide whether the day goes on",
    "unknown orders": "it was orders of unknown fate: settle them first, or let the quarantine pass",
    "mismatch": "it was a position that differs from the broker's list: look at the account, somebody moved something",
    "stale feed": "it was prices that did not come: see to the connection",
    "clock": "it was the system's clock: see to the time service",
    "damaged journal": "it was old entries of the journal that are not what was written: check the disk",
    "refusals": "it was orders refused in a row: read why; margin and rights are usual",
    "more orders than intents": "it was a fault of this program: keep the journal",
    "unknown order of ours": "it was an order that the journal does not know: `rulekit adopt` takes it in",
    "order of another journal": "it was an order of another journal: stop the other program first",
}
"""By cause, what a person should have seen to before the engine acts again."""


@frozen
class Wish:
    """What a person wants the switch to do."""

    to: str
    exit_everything: bool = False

    @property
    def word(self) -> str:
        """What is to be typed."""
        return EXIT_WORD if self.exit_everything else WORDS[self.to]


def wish_of(to: object, exit_everything: object = False) -> Wish:
    """Read a wish.

    Raises:
        UsageError: there is no such state, or only a halt can have everything exited.
    """
    if not isinstance(to, str) or to not in WORDS:
        raise UsageError(f"`{to}` is no trading state", f"it is one of {', '.join(WORDS)}")
    if exit_everything and to != HALTED:
        raise UsageError("only a halt can have everything exited", "choose halted")
    return Wish(to, bool(exit_everything))


def request_of(wish: Wish, typed: str, reason: str) -> Request:
    """Return the request that a confirmed wish is.

    Raises:
        UsageError: the word was not typed, or the reason is longer than the journal should hold for ever.
    """
    if typed.strip() != wish.word:
        raise UsageError(f"`{typed[:40]}` does not confirm it", f"type {wish.word} in capital letters")
    words = " ".join(reason.split())
    if len(words) > LONGEST_REASON:
        raise UsageError(
            f"the reason has {len(words):,} letters", f"say it in {LONGEST_REASON}: the journal keeps it for ever"
        )
    if wish.to == ACTIVE:
        return Request(RESUME, reason=CONFIRMATION)
    if wish.to == REDUCING:
        return Request(REDUCE, reason=words or "a person lets positions only shrink")
    return Request(HALT, reason=words or "halted by a person", exit_everything=wish.exit_everything)


# --- before --------------------------------------------------------------------------------------------------------


def plan(ledger: Ledger, wish: Wish, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say what a change of state will do to what waits, what rests and what is held.

    Args:
        rows: the positions as they are shown, with their prices.
    """
    held = list(rows)
    if changes_nothing(ledger, wish):
        return [_SO_ALREADY[ledger.mode.flatten].format(ledger.mode.name)]
    return {HALTED: _halt, REDUCING: _reduce, ACTIVE: _resume}[wish.to](ledger, wish, held)


def changes_nothing(ledger: Ledger, wish: Wish) -> bool:
    """Tell whether a turn of the switch would leave everything as it is."""
    mode = ledger.mode
    if wish.to != mode.name or (wish.exit_everything and not mode.flatten):
        return False
    # To resume lifts more than a state: refusals in a row, and what has stopped adding.
    return wish.to != ACTIVE or not (ledger.refusals or ledger.adds_stopped(ledger.last_at))


def _halt(ledger: Ledger, wish: Wish, held: list[Mapping[str, Any]]) -> list[str]:
    waiting, resting = waiting_to_be_sent(ledger), _resting(ledger)
    unknown = [action for action in ledger.open.values() if action.frozen]
    said = [
        f"{_count(waiting, 'action that waits is', 'actions that wait are')} cancelled: {_named(waiting)}"
        if waiting
        else "nothing waits to be sent",
        f"{_count(resting, 'order on its way is', 'orders on their way are')} cancelled at the broker, what was filled "
        f"of {'it' if len(resting) == 1 else 'them'} stays: {_named(resting)}"
        if resting
        else "no order is on its way",
    ]
    if unknown:
        one = len(unknown) == 1
        stays = "stays as it is until it is settled" if one else "stay as they are until they are settled"
        said.append(f"{_count(unknown, 'order', 'orders')} of unknown fate {stays}")
    stops = len(ledger.standing)
    if wish.exit_everything:
        if stops:
            said.append(f"{stops} stop {'order' if stops == 1 else 'orders'} at the broker are taken back")
        said.append(
            f"then {_count(held, 'position is', 'positions are')} closed by the broker's own quantities: {_exits(held)}"
            if held
            else "no position is held: nothing is to be closed"
        )
        if held:
            said.append(
                "orders that others left resting on these instruments are cancelled at the broker; sales of holdings "
                "are left alone"
            )
    elif held:
        said.append(
            f"{_count(held, 'position stays', 'positions stay')} open and nothing watches them: no stop and no target "
            "acts until you let the engine act again"
        )
        if stops:
            said.append(f"{stops} stop {'order stands' if stops == 1 else 'orders stand'} at the broker and stay there")
    said.append("it stays so over restarts, until somebody types RESUME or REDUCE here, or `rulekit resume`")
    return said


def _reduce(ledger: Ledger, wish: Wish, held: list[Mapping[str, Any]]) -> list[str]:
    adds = [action for action in waiting_to_be_sent(ledger) if action.kind == ADD]
    resting = [action for action in _resting(ledger) if action.kind == ADD]
    said = ["stops, targets, exits and books go on as before; nothing is added any more"]
    if adds:
        said.append(f"{_count(adds, 'add that waits is', 'adds that wait are')} refused: {_named(adds)}")
    if resting:
        said.append(f"{_count(resting, 'add on its way is', 'adds on their way are')} cancelled: {_named(resting)}")
    return said + (_awake(ledger, held) if ledger.mode.name == HALTED else [])


def _resume(ledger: Ledger, wish: Wish, held: list[Mapping[str, Any]]) -> list[str]:
    said = ["the engine does again all that the policies say, adds included"]
    cause = _BEFORE.get(ledger.mode.cause)
    if cause:
        said.insert(0, cause)
    if refused := ledger.refusals.keys() | ledger.growth_refusals.keys():
        symbols = ", ".join(sorted(key.symbol for key in refused))
        said.append(f"refusals in a row are forgotten: {symbols} may be traded again")
    if stopped := ledger.adds_stopped(ledger.last_at):
        said.append(f"adds are taken up again, which had been stopped for today: {stopped}")
    return said + (_awake(ledger, held) if ledger.mode.name == HALTED else [])


def _awake(ledger: Ledger, held: list[Mapping[str, Any]]) -> list[str]:
    """Say what happens at once to positions that nobody watched."""
    said = []
    if ledger.mode.flatten:
        said.append("the exits that the halt ordered and that are not done are not sent any more")
    passed = [row for row in held if _is_passed(row)]
    if passed:
        names = ", ".join(f"{row['symbol']} (stop {row['stop']:.2f}, price {row['price']:.2f})" for row in passed)
        said.append(f"beyond their stop already, and so closed at once: {names}")
    elif held:
        said.append(
            f"{_count(held, 'position is', 'positions are')} watched again; none is beyond its stop at the prices "
            "shown here"
        )
    return said


def _is_passed(row: Mapping[str, Any]) -> bool:
    if row["stop"] is None or row["price"] is None:
        return False
    return bool(row["price"] <= row["stop"] if row["side"] == "long" else row["price"] >= row["stop"])


def _resting(ledger: Ledger) -> list[ActionRecord]:
    return [
        action
        for action in ledger.open.values()
        if action.live is not None and action.kind in QUANTITY_KINDS and not action.frozen
    ]


def _count(things: list[Any], one: str, many: str) -> str:
    return f"{len(things)} {one if len(things) == 1 else many}"


def _named(actions: list[ActionRecord]) -> str:
    shown = [f"{(one.side or one.kind).lower()} {one.remaining} {one.key.symbol} ({one.rule})" for one in actions[:12]]
    return ", ".join(shown) + (f" and {len(actions) - 12} more" if len(actions) > 12 else "")


def _exits(held: list[Mapping[str, Any]]) -> str:
    shown = [f"{'sell' if row['side'] == 'long' else 'buy'} {row['quantity']} {row['symbol']}" for row in held[:30]]
    return ", ".join(shown) + (f" and {len(held) - 30} more" if len(held) > 30 else "")


# --- after ---------------------------------------------------------------------------------------------------------


@frozen
class Turned:
    """A turn of the switch, and how things were.

    Args:
        entry: the number of the journal's last entry then.
        held: what was held, signed, by what a position is called here.
    """

    wish: Wish
    by: str
    at: Instant
    entry: int
    held: Mapping[str, int]


def outcome(ledger: Ledger, turned: Turned) -> list[dict[str, Any]]:
    """Say what became of each position and of each action since the switch was turned.

    Returns:
        One row an instrument: what was and is held, what was done, and whether anything is still going on.
    """
    now = {shown_id(key): book.quantity for key, book in ledger.books.items() if book.quantity}
    symbols = {shown_id(key): key.symbol for key in ledger.books}
    done: dict[str, list[str]] = {}
    busy: set[str] = set()
    for action in ledger.actions.values():
        if action.kind not in QUANTITY_KINDS or action.kind == PROTECT:
            continue
        since = [state for state in action.states if state[1] >= turned.at]
        if action.seq <= turned.entry and not since and not action.open:
            continue
        name = shown_id(action.key)
        symbols[name] = action.key.symbol
        if since or action.open:
            done.setdefault(name, []).append(_became(action))
        if action.open:
            busy.add(name)
    names = sorted({*turned.held, *now, *done}, key=lambda name: symbols.get(name, name))
    return [
        {
            "id": name,
            "symbol": symbols.get(name, name),
            "was": turned.held.get(name, 0),
            "is": now.get(name, 0),
            "done": done.get(name, []),
            "state": _state(name, turned, now, busy),
        }
        for name in names
    ]


def _state(name: str, turned: Turned, now: Mapping[str, int], busy: set[str]) -> str:
    if not now.get(name):
        return "flat"
    if name in busy:
        return "under way"
    return "not flat yet" if turned.wish.exit_everything else "held"


def _became(action: ActionRecord) -> str:
    rule = "the halt" if action.rule == EXIT_EVERYTHING else action.rule
    what = f"{(action.side or action.kind).lower()} {action.quantity} ({rule})"
    filled = f", {action.filled} filled" if action.filled and action.state != "filled" else ""
    evidence = action.reason if not action.open else action.states[-1][2]
    why = f": {evidence}" if evidence and action.state != "filled" else ""
    return f"{iso(action.states[-1][1])[11:19]} {what} {action.state}{filled}{why}"

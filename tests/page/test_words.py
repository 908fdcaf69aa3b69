"""The words of the page: under which name a line of the log stands, what a rule says that has just fired."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve
from starlette.applications import Starlette
from starlette.requests import Request

from rulekit.model.instrument import PositionKey
from rulekit.model.snapshot import Snapshot
from rulekit.page.firings import with_firings
from rulekit.page.layout import render
from rulekit.page.live import Live
from rulekit.page.nearness import ACTS, SPENT, nearest, nearness
from rulekit.runtime.policy import Policy
from rulekit.runtime.shown import Seen
from tests.execution.scripted import Desk, book
from tests.page.worlds import screen_over

TEXT = 'policy "Half"\n"First target": book 50% at 5% profit, once\n"Out": exit at 20% profit\n'


def held_desk(folder: Path) -> tuple[Desk, PositionKey, Policy]:
    """An engine that holds a position without a strategy of its own, and runs a policy with a title."""
    desk = Desk(folder)
    key = desk.hold()
    desk.start()
    policy = Policy.from_text(TEXT, "half.policy")
    desk.executor.record_policies([(policy.path, policy.title, policy.digest, policy.text, policy.orders)])
    return desk, key, policy


def booked(journal: Path) -> list[str]:
    live = Live(screen_over(journal))
    live.look()
    return [line.text for _, line in live.log if "Booking" in line.text]


def test_a_line_of_the_log_stands_under_the_policys_title(tmp_path: Path) -> None:
    desk, key, _ = held_desk(tmp_path)
    desk.commit(key, book(50))
    assert [text.partition(":")[0] for text in booked(desk.path)] == ["Half"]
    desk.die()


def test_a_rule_that_has_just_fired_is_not_the_nearest_any_more(tmp_path: Path) -> None:
    desk, key, policy = held_desk(tmp_path)
    before = desk.position(key)
    snapshot = Snapshot(
        symbol=key.symbol, side=1, quantity=100, original=100, entry=before.entry, now=desk.clock.now(),
        price=before.entry * 1.06, opened=before.opened, product=key.product,
    )  # fmt: skip
    seen = Seen(key, before.episode, policy.digest, snapshot.price, snapshot.now, snapshot, {})
    first = nearest(nearness(seen, policy, snapshot.now))
    assert first is not None and (first.rule, first.stands) == ("First target", ACTS)
    desk.commit(key, book(50))
    desk.pass_time()
    ledger = desk.executor._ledger
    later = nearness(evolve(seen, memory=with_firings(seen, ledger)), policy, desk.clock.now())
    assert next((one.rule, one.stands) for one in later) == ("First target", SPENT)
    chosen = nearest(later)
    assert chosen is not None and chosen.rule == "Out"
    # what the engine has shown already is not counted twice
    shown = evolve(seen, memory=desk.position(key).memory)
    assert with_firings(shown, ledger) == shown.memory
    desk.die()


def test_what_a_person_types_is_shown_as_that_and_all_else_is_escaped(demo: Path) -> None:
    from rulekit.page.app import build

    app: Starlette = build(screen_over(demo / "demo.journal"))
    request = Request(
        {"type": "http", "method": "GET", "path": "/", "headers": [], "app": app, "state": {"visit": None}}
    )

    def shown(message: str) -> str:
        return bytes(render(request, "page/sentence.html", message=message, help="").body).decode()

    assert "write <code>rulekit &lt;resume&gt;</code> &amp; wait" in shown("write `rulekit <resume>` & wait")
    assert "one ` alone <code>" not in shown("one ` alone <b>")
    assert "one ` alone &lt;b&gt;" in shown("one ` alone <b>")

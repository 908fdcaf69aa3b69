"""Another policy over recorded looks: it does what it would have done live, and says where and why it parts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from attrs import evolve

from rulekit.broker.paper_settings import PaperSettings
from rulekit.execution.journal import read_journal
from rulekit.model.prices import to_units
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy
from rulekit.runtime.what_if import NO_BOOK, ONLY_SOME, what_if
from rulekit.runtime.what_if_outcome import WhatIf
from rulekit.settings import Settings
from tests.command_line import called
from tests.runtime.test_manager import Account

OLD = """\
TRAIL: trail stop 2%
HALF: book 50% at 5% profit
MORE: add 25% at 3% profit
"""
PRICES = ("1695", "1710", "1720", "1731.35", "1742", "1760", "1780", "1800", "1801", "1795", "1775", "1758", "1748",
          "1745", "1760", "1752", "1740", "1700")  # fmt: skip
FREE = PaperSettings(spread=0.0, slippage=0.0)


def live(folder: Path, text: str, *, record: str = "all", prices: tuple[str, ...] = PRICES) -> Account:
    """Run a day by a policy, at a broker who fills at the last price."""
    folder.mkdir(exist_ok=True)
    settings = evolve(Settings(), journal=evolve(Settings().journal, record=record))
    account = Account(folder, text, paper=FREE, settings=settings)
    with account.manager as manager:
        for price in prices:
            account.price(price, wait_s=10)
            manager.cycle()
            account.price(price, wait_s=0.1)
            manager.cycle()
    return account


def wondered(folder: Path, *texts: str) -> WhatIf:
    return what_if(read_journal(folder / "day.journal"), [Policy.from_text(text) for text in texts])


def earned(folder: Path) -> tuple[float, int]:
    """Return what a day earned over its trades, in rupees, with what is held counted at the last price; and what is."""
    cash, held = 0.0, 0
    for entry in read_journal(folder / "day.journal"):
        if entry.kind == "trade":
            signed = entry.body["quantity"] * (1 if entry.body["side"] == "BUY" else -1)
            cash, held = cash - signed * entry.body["price"], held + signed
    return (cash + held * 170_000) / 100, held


@pytest.mark.parametrize(
    "new",
    [
        OLD.replace("5% profit", "6% profit"),
        OLD.replace("trail stop 2%", "trail stop 1%"),
        OLD.replace("add 25% at 3%", "add 50% at 2%") + "OUT: exit at 6.5% profit\n",
        "BE: move stop to break-even at 2% profit\nT: set target to 6% profit\n",
        "LAST: exit when price is below ₹1,750 for 15 seconds\nC: book 30% when price crosses below ₹1,790\n",
    ],
)
def test_it_does_what_it_would_have_done_live(tmp_path: Path, new: str) -> None:
    # held to the end by what was live, so that no look is missing
    live(tmp_path / "old", "NEVER: exit at 50% profit\nWATCH: add 1 share at 40% profit")
    found = wondered(tmp_path / "old", new)
    live(tmp_path / "new", new)
    rupees, held = earned(tmp_path / "new")
    (one,) = found.positions
    assert one.held == held
    untouched, _ = earned(tmp_path / "old")
    assert one.gained == pytest.approx(rupees - untouched, abs=0.01)
    assert found.gained == pytest.approx(one.gained, abs=0.005) and abs(found.gained) > 1


def test_the_same_policy_parts_nowhere_and_earns_nothing_more(tmp_path: Path) -> None:
    live(tmp_path, OLD)
    found = wondered(tmp_path, OLD)
    assert found.looks > 20 and found.parted == [] and found.gained == 0 and found.notes == []
    renamed = wondered(tmp_path, OLD.replace("HALF", "PART").replace("TRAIL", "BEHIND"))
    assert renamed.parted == [], "a rule's name is no difference"


def test_both_sides_of_a_parting_are_told_with_their_reasons(tmp_path: Path) -> None:
    live(tmp_path, OLD)
    (one,) = wondered(tmp_path, OLD.replace("5% profit", "6% profit")).parted
    assert one.parted is not None
    assert one.parted.here == "`HALF` book 62"
    assert one.parted.why_here.startswith("profit 5.")
    assert one.parted.there == "nothing"
    assert one.parted.why_there.startswith("`HALF` not yet: profit 5.") and "needs 6%" in one.parted.why_there
    (other,) = wondered(tmp_path, OLD + "EARLY: book 10% at 1% profit").parted
    assert other.parted is not None
    assert (other.parted.here, other.parted.there) == ("nothing", "`EARLY` book 10")
    assert other.parted.why_here == "`HALF` not yet: profit 1.2%, needs 5% (3.8 points short, at ₹1,774.50)"


def test_an_order_that_both_had_sent_fills_for_both(tmp_path: Path) -> None:
    def run(folder: Path, text: str) -> None:
        folder.mkdir()
        settings = evolve(Settings(), journal=evolve(Settings().journal, record="all"))
        account = Account(folder, text, paper=FREE, settings=settings)
        with account.manager as manager:
            # the book is sent at 1780, and still on its way at 1782
            for price, wait in (
                ("1700", 10),
                ("1780", 10),
                ("1782", 0.02),
                ("1782", 1),
                ("1740", 10),
                ("1740", 1),
                ("1700", 9),
            ):
                account.price(price, wait_s=wait)
                manager.cycle()

    run(tmp_path / "old", "HALF: book 50% at 5% profit")
    new = "HALF: book 50% at 5% profit\nS: move stop to ₹1,750 when price is at least ₹1,782"
    (one,) = wondered(tmp_path / "old", new).parted
    assert one.parted is not None and one.parted.there == "`S` stop to ₹1,750.00"
    run(tmp_path / "new", new)
    assert one.held == earned(tmp_path / "new")[1] == 0
    assert one.gained == pytest.approx(earned(tmp_path / "new")[0] - earned(tmp_path / "old")[0], abs=0.01)
    assert one.gained == 50 * 40.0


def test_what_no_new_policy_is_for_keeps_its_stop_only(tmp_path: Path) -> None:
    live(tmp_path, OLD)
    (one,) = wondered(tmp_path, "applies to symbol INFY\nX: exit at 1% profit").parted
    assert one.parted is not None and one.parted.there == "nothing"
    assert one.held == 100


def test_rules_for_the_whole_book_order_what_they_would_have_ordered(tmp_path: Path) -> None:
    guard = "for the whole book\n  G: exit everything at ₹{} day profit\n\n"
    live(tmp_path, guard.format("50,000") + OLD)
    found = wondered(tmp_path, guard.format("3,000") + OLD)
    assert len(found.book) == 1 and "`G` exit everything" in found.book[0]
    (one,) = found.parted
    assert one.parted is not None and "`G` exit" in one.parted.there and one.held == 0
    assert wondered(tmp_path, guard.format("50,000") + OLD).parted == []


def test_a_book_that_nobody_looked_at_is_named(tmp_path: Path) -> None:
    live(tmp_path, OLD)
    found = wondered(tmp_path, "for the whole book\n  G: exit everything at ₹1 day profit\n\n" + OLD)
    assert found.book == [] and found.notes == [NO_BOOK]


def test_an_order_by_hand_after_the_parting_belongs_to_then(tmp_path: Path) -> None:
    account = live(tmp_path, OLD, prices=PRICES[:3])
    with Manager(
        Policy.from_text(OLD), broker=account.broker, journal=tmp_path / "day.journal", clock=account.clock,
        settings=evolve(Settings(), journal=evolve(Settings().journal, record="all")),
    ) as manager:  # fmt: skip
        account.manager = manager
        account.broker.enter(
            exchange="NSE", symbol="KOTAKBANK", product="MIS", side=-1, quantity=40, price=to_units("1720"),
            at=account.clock.now(), reference="by hand",
        )  # fmt: skip
        for price in PRICES[3:]:
            account.price(price, wait_s=10)
            manager.cycle()
    (one,) = wondered(tmp_path, OLD + "EARLY: book 10% at 1% profit").parted
    assert one.by_hand == 1


def test_where_only_some_looks_are_recorded_it_says_so(tmp_path: Path) -> None:
    live(tmp_path, OLD, record="actions")
    assert wondered(tmp_path, OLD).notes == [ONLY_SOME]


def test_the_command_tells_it_and_gives_json(tmp_path: Path) -> None:
    live(tmp_path, OLD)
    (tmp_path / "new.policy").write_text(OLD.replace("5% profit", "6% profit"), encoding="utf-8")
    outcome = called("what-if", "day.journal", "--policy", "new.policy", cwd=tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    said = outcome.stdout.splitlines()
    assert said[0].startswith("KOTAKBANK long 100, since 2026-11-20 12:00")
    assert any(line.startswith("    then `HALF` book 62 (profit 5.") for line in said)
    assert said[-2].endswith("looks at 1 position; managed as then: 0")
    plain = json.loads(
        called("what-if", "day.journal", "--policy", "new.policy", "--format", "json", cwd=tmp_path).stdout
    )
    assert plain["positions"][0]["parted"]["now"] == "nothing"
    assert plain["gained"] == plain["positions"][0]["gained"]
    nobody = called("what-if", "no.journal", "--policy", "new.policy", cwd=tmp_path)
    assert nobody.returncode == 2 and "no.journal" in nobody.stderr

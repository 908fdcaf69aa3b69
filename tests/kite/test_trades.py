"""The day's trades are read again only where the order book shows a fill that they do not have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rulekit.errors import ReadFailedError
from rulekit.kite_server.faults import Fault
from rulekit.kite_server.settings import ServerSettings, View
from rulekit.model.orders import BUY
from tests.kite.bench import KiteBench


@pytest.fixture(params=[0.0, 5.0])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KiteBench]:
    """The order book lags the trades by so many seconds."""
    made = KiteBench(tmp_path, server=ServerSettings(view=View(book_lag=request.param)))
    yield made
    made.close()


def asked(bench: KiteBench) -> int:
    return sum(request["route"] == "trades" for request in bench.server.requests)


def look(bench: KiteBench) -> int:
    """Read as the executor does, and return how much was traded."""
    bench.broker.orders()
    bench.broker.positions()
    return sum(trade.quantity for trade in bench.broker.trades())


def test_what_nobody_traded_is_not_asked_for_again(bench: KiteBench) -> None:
    bench.trade_by_hand(BUY, 10)
    bench.wait(10)
    assert look(bench) == 10
    before = asked(bench)
    assert [look(bench) for _ in range(3)] == [10, 10, 10]
    assert asked(bench) == before
    bench.trade_by_hand(BUY, 5)
    bench.wait(1)
    seen = [look(bench), bench.wait(10), look(bench)]
    assert seen[-1] == 15
    assert asked(bench) > before
    bench.wait(1)
    before = asked(bench)
    assert look(bench) == 15
    assert asked(bench) == before


def test_without_the_order_book_they_are_always_asked_for(bench: KiteBench) -> None:
    look(bench)
    before = asked(bench)
    bench.trade_by_hand(BUY, 10)
    bench.wait(10)
    assert sum(trade.quantity for trade in bench.broker.trades()) == 10
    assert asked(bench) == before + 1


def test_a_reading_that_failed_is_no_reading(bench: KiteBench) -> None:
    look(bench)
    bench.trade_by_hand(BUY, 10)
    bench.wait(10)
    bench.server.faults.script([Fault("html_504", "before", "trades")])
    with pytest.raises(ReadFailedError):
        look(bench)
    assert look(bench) == 10

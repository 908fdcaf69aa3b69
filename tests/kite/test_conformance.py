"""The adapter before the localhost Kite does what every broker must."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rulekit.kite_server.settings import ServerSettings
from rulekit.model.orders import BUY, Refused
from tests.broker.conformance import Bench, BrokerConformance
from tests.kite.bench import KiteBench


class TestKite(BrokerConformance):
    @pytest.fixture(params=["plain", "parts"])
    def bench(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KiteBench]:
        server = ServerSettings(depth=7) if request.param == "parts" else None
        bench = KiteBench(tmp_path, ticker="updates" in request.node.name, server=server)
        yield bench
        bench.close()

    def test_products_of_one_symbol_are_separate_positions(self, bench: Bench) -> None:
        """Shares have no NRML here."""
        self.until_ended(bench, self.place(bench, "TAG1"))
        self.until_ended(bench, self.place(bench, "TAG2", BUY, 4, product="CNC"))
        assert (self.net(bench, "MIS"), self.net(bench, "CNC")) == (10, 4)
        wrong = bench.broker.place(self.request(bench, "TAG3", product="NRML"))
        assert isinstance(wrong, Refused)

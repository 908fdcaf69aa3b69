"""A key, a token and folders of a test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rulekit.broker.kite import KiteBroker
from rulekit.broker.kite_settings import KiteSettings, Secret
from rulekit.model.clock import WallClock
from tests.kite.raw import RawServer, Script

CSV = """\
instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,instrument_type,segment,exchange
408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE
969473,3787,WIPRO,WIPRO,0.0,,0.0,0.01,1,EQ,NSE,NSE
"""
KEY, TOKEN = "thekeyofthetest", "thetokenofthetest"

Raw = Callable[..., tuple[KiteBroker, RawServer]]


@pytest.fixture
def raw(tmp_path: Path) -> Iterator[Raw]:
    """Make a broker before a socket with prepared answers; the list of NSE is there already."""
    opened: list[tuple[KiteBroker, RawServer]] = []

    def make(*scripts: Script, **options: object) -> tuple[KiteBroker, RawServer]:
        server = RawServer(*scripts)
        values: dict[str, object] = {"deadline_s": 1.0, "connect_s": 1.0} | options
        settings = KiteSettings(
            Secret(KEY), Secret(TOKEN), root=server.root, cache_folder=tmp_path / "cache",
            token_file=tmp_path / "token.json", **values,  # type: ignore[arg-type]
        )  # fmt: skip
        clock = WallClock()
        broker = KiteBroker(settings, clock=clock, account="AB1234")
        broker._list._fetch = lambda exchange: CSV.encode()
        opened.append((broker, server))
        return broker, server

    yield make
    for broker, server in opened:
        server.close()
        broker.close()

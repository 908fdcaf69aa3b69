"""`rulekit doctor` and `run` with an account behind OpenAlgo, as a person calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulekit.execution.held_broker import HeldBroker
from rulekit.execution.journal import Journal
from rulekit.execution.port import is_nameless
from rulekit.model.orders import BUY
from rulekit.openalgo_server.settings import GatewaySettings
from tests.command_line import called
from tests.openalgo.bench import OpenAlgoBench

SETTINGS = """\
[engine]
clock = "2026-11-20T10:00:00+05:30"
[openalgo]
api_key = "{key}"
root = "{root}"
"""
POLICY = 'policy "P"\nOUT: exit at 5% profit\n'


def write(folder: Path, root: str, key: str) -> None:
    (folder / "rulekit.toml").write_text(SETTINGS.format(key=key, root=root), encoding="utf-8")
    (folder / "my.policy").write_text(POLICY, encoding="utf-8")


def test_the_doctor_says_what_is_taken_away(tmp_path: Path) -> None:
    bench = OpenAlgoBench()
    bench.trade_by_hand(BUY, 100)
    bench.wait(5)
    write(tmp_path, bench.server.root, bench.server.openalgo_key)
    well = called("doctor", cwd=tmp_path)
    assert well.returncode == 0, well.stdout + well.stderr
    assert "trades live with zerodha" in well.stdout
    assert "1 positions, 1 orders and 1 trades" in well.stdout
    assert "warn  order identity" in well.stdout
    assert "api key: none" not in well.stdout, "nobody asks for an account at Zerodha"
    assert bench.server.openalgo_key not in well.stdout
    assert all(request["method"] == "GET" for request in bench.server.requests)
    bench.server.expire_token()
    ill = called("doctor", cwd=tmp_path)
    assert ill.returncode == 1
    assert "fail  openalgo: OpenAlgo refuses the key" in ill.stdout
    bench.close()


def test_a_sandbox_is_not_traded(tmp_path: Path) -> None:
    bench = OpenAlgoBench()
    write(tmp_path, bench.server.root, bench.server.openalgo_key)
    bench.server.gateway.settings = GatewaySettings(analyze=True)
    found = called(
        "run", "--policy", "my.policy", "--broker", "openalgo", "--feed", "openalgo", "--journal", "j", cwd=tmp_path
    )
    assert found.returncode != 0
    assert "analyzer mode" in found.stderr
    bench.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--broker", "openalgo", "--feed", "ticks.csv"), "give --broker openalgo --feed openalgo"),
        (("--broker", "kite", "--feed", "openalgo"), "an account and its live prices go together"),
        (("--broker", "openalgo", "--feed", "openalgo", "--fast"), "its time is real"),
        (("--broker", "openalgo", "--feed", "openalgo"), "there is no key for OpenAlgo"),
    ],
)
def test_what_does_not_fit_is_said(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "my.policy").write_text(POLICY, encoding="utf-8")
    found = called("run", "--policy", "my.policy", "--journal", "j", *words, cwd=tmp_path)
    assert found.returncode != 0
    assert said in found.stderr


def test_a_lease_does_not_hide_that_orders_have_no_names(tmp_path: Path) -> None:
    bench = OpenAlgoBench()
    with Journal.open(tmp_path / "j", account=bench.broker.account, clock=bench.clock) as journal:
        held = HeldBroker(bench.broker, journal)
        assert is_nameless(held)
        assert held.account == "openalgo-zerodha"
    bench.close()

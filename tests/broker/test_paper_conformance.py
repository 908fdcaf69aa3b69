"""The paper broker does what every broker must: in memory, on disk, and after a restart between any two calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.broker.bench import PaperBench
from tests.broker.conformance import Bench, BrokerConformance


class RestartingBench(PaperBench):
    """Dies and comes back whenever time passes."""

    def wait(self, seconds: float) -> None:
        self.reopen()
        super().wait(seconds)


class TestPaper(BrokerConformance):
    @pytest.fixture(params=["memory", "file", "parts", "restarts"])
    def bench(self, request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
        if request.param == "memory":
            return PaperBench()
        if request.param == "parts":
            return PaperBench(tmp_path / "book", partial=1.0)
        if request.param == "restarts" and "updates" not in request.node.name and "reading" not in request.node.name:
            return RestartingBench(tmp_path / "book")
        return PaperBench(tmp_path / "book")

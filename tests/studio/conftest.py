"""The page with the studio in it, and a browser: as the page's own tests have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulekit.execution.journal import Journal
from rulekit.model.clock import SimulatedClock
from tests.page.conftest import browser, opened, serve
from tests.studio.engine import OPENS

__all__ = ["browser", "opened", "serve"]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal in which nothing has happened yet."""
    path = tmp_path / "day.journal"
    Journal.open(path, clock=SimulatedClock(OPENS)).close()
    return path

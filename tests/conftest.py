"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.postgres_server import Server

PROJECT = Path(__file__).resolve().parents[1]

# The same examples on every machine, and no verdict that depends on how busy it is.
settings.register_profile("suite", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder that holds pyproject.toml."""
    return PROJECT


@pytest.fixture(scope="session")
def database_server() -> Iterator[Server]:
    """A PostgreSQL server of this session's own."""
    from tests.postgres_server import Server, why_none

    if why_none():
        pytest.skip(why_none())
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def shared_data(project: Path) -> Path:
    """Real market data beside the project; a test that needs it is skipped where it is missing."""
    folder = project.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the market data folder {folder} is not on this machine")
    return folder

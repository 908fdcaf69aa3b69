"""What every test may ask for."""

from __future__ import annotations

import os
import signal
import threading
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

# Tests start `rulekit` more than a hundred times. Where an environment forbids to keep compiled modules, a third of
# each start would go into compiling them again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell starts what runs in its background with Ctrl-C ignored, and whatever the tests start would ignore it too.
if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Start one worker more than there are cores: a fifth of the time goes by in waiting for sockets and processes."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what takes long first, so that no core waits at the end for a test that another one began last."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    """Return 0 for what is marked as slow, 1 for what waits for a browser or a database, 2 for all else."""
    if item.get_closest_marker("slow"):
        return 0
    return 1 if {"browser", "database_server"} & set(getattr(item, "fixturenames", ())) else 2


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

"""What every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

PROJECT = Path(__file__).resolve().parents[1]

# The same examples on every machine, and no verdict that depends on how busy it is.
settings.register_profile("suite", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder that holds pyproject.toml."""
    return PROJECT


@pytest.fixture(scope="session")
def shared_data(project: Path) -> Path:
    """Real market data beside the project; a test that needs it is skipped where it is missing."""
    folder = project.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the market data folder {folder} is not on this machine")
    return folder

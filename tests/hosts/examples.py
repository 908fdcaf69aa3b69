"""The examples of the documentation, imported from where they stand."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


def example(name: str) -> ModuleType:
    """Import an example by its name."""
    place = f"examples.{name}"
    if place not in sys.modules:
        spec = spec_from_file_location(place, EXAMPLES / f"{name}.py")
        assert spec is not None and spec.loader is not None
        sys.modules[place] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[place])
    return sys.modules[place]

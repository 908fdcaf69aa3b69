"""How much memory this process holds now."""

from __future__ import annotations

import sys
from pathlib import Path


def resident_mb() -> float:
    """Return the resident memory of this process in MB; on systems without /proc the most that it ever held."""
    status = Path("/proc/self/statm")
    if status.exists():
        import os

        return int(status.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    if sys.platform == "win32":
        import tracemalloc  # no measure of the system without another package: what Python itself holds

        if not tracemalloc.is_tracing():
            tracemalloc.start()
        return tracemalloc.get_traced_memory()[0] / 2**20
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)

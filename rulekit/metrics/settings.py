"""What may be set about metrics and health."""

from __future__ import annotations

from attrs import frozen


@frozen
class MetricsSettings:
    """[metrics]: a page for Prometheus, and one that says whether all is well.

    Args:
        listen: where, like `127.0.0.1:9108`, or a port alone for this machine only; empty for nowhere.
        per_instrument: show the age of so many instruments' prices one by one, the oldest first; 0 for none.
        feed_stale_s: not well when no price came for that long for anything that is held, while its exchange is open.
        silent_s: not well when the engine has not shown itself for that many real seconds.
        read_failures: not well when so many readings of the broker's book failed in a row.
    """

    listen: str = ""
    per_instrument: int = 0
    feed_stale_s: float = 60.0
    silent_s: float = 60.0
    read_failures: int = 2

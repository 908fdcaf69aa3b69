"""What may be set about plug-ins."""

from __future__ import annotations

from attrs import frozen


@frozen
class PluginSettings:
    """[plugins]: how long other people's code may take; it runs in processes of its own.

    Args:
        budget_s: seconds in which a package must have computed a fact; one that has not is ended until the next run.
        start_s: seconds in which its process must be ready to compute.
    """

    budget_s: float = 2.0
    start_s: float = 30.0

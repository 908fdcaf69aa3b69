"""What may be set about plug-ins."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class PluginSettings:
    """[plugins]: how long other people's code may take; it runs in processes of its own.

    Args:
        budget_s: seconds in which a package must have computed a fact; one that has not is ended until the next run.
        start_s: seconds in which its process must be ready to compute.
        options: texts for plug-ins that ask for some, by their name: `[plugins.options.NAME]`.
    """

    budget_s: float = 2.0
    start_s: float = 30.0
    options: Mapping[str, Mapping[str, str]] = field(factory=dict)

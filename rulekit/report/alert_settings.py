"""What a person may turn about alerts; the addresses themselves are secrets and come from the environment."""

from __future__ import annotations

from attrs import frozen

USUAL = "env:RULEKIT_ALERT_URLS"
"""Where addresses are looked for unless the settings say otherwise."""


@frozen
class AlertSettings:
    """[alerts]: where alerts go besides the log.

    Args:
        urls: variables of the environment that hold addresses, as `env:NAME`; each may hold several, apart by spaces.
        level: the least that is sent: `told` (by a rule of the policy), `warning` or `critical`.
        silent: causes of which nothing is sent.
        per_minute: most messages a minute for each address; what is beyond is put together into one.
        repeat_s: seconds after which a critical alert that nobody has acknowledged is sent again; 0 for never.
    """

    urls: tuple[str, ...] = (USUAL,)
    level: str = "told"
    silent: tuple[str, ...] = ()
    per_minute: int = 10
    repeat_s: float = 300.0

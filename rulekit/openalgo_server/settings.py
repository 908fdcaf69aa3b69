"""What a test or a person may want otherwise of the simulated OpenAlgo."""

from __future__ import annotations

from attrs import field, frozen


@frozen
class GatewaySettings:
    """OpenAlgo as its owner set it up.

    Args:
        api_key: of its owner.
        orders_per_second: placing and cancelling each, counted over any second. others_per_second: all else.
        borrowed: a row in a state that the plug-in does not know shows the state of the row before it.
        numbered: trades bear the exchange's number. dated: their times have a day.
        analyze: orders go to a sandbox. semi_auto: orders wait for a person.
    """

    api_key: str = field(default="localopenalgokey", repr=False)
    orders_per_second: int | None = 10
    others_per_second: int | None = 50
    borrowed: bool = True
    numbered: bool = True
    dated: bool = True
    analyze: bool = False
    semi_auto: bool = False

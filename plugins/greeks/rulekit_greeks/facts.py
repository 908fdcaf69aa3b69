"""The facts: what each is called, measured in and bounded by; they are of the option itself, whoever holds it."""

from __future__ import annotations

from rulekit.plugins import FactPlugin
from rulekit_greeks.black import MOST, column, greeks

NO_GREEKS = (
    "for what is no option of NFO or BFO, while its underlying is not heard, in the last minute, "
    "and where no volatility explains the price"
)

IMPLIED_VOLATILITY = FactPlugin(
    name="implied volatility",
    unit="%",
    help="volatility a year that explains the option's price, by Black's formula",
    example="exit when implied volatility is above 25%",
    unknown=NO_GREEKS,
    compute=column(lambda look: greeks(look).volatility * 100),
    low=0,
    high=MOST * 100,
    needs=("underlying",),
)
DELTA = FactPlugin(
    name="delta",
    unit="count",
    help="change of the option's price for a rupee of its underlying: 0 to 1 for a call, -1 to 0 for a put",
    example="exit when delta is above 0.6",
    unknown=NO_GREEKS,
    compute=column(lambda look: greeks(look).delta),
    low=-1,
    high=1,
    needs=("underlying",),
)
GAMMA = FactPlugin(
    name="gamma",
    unit="count",
    help="change of delta for a rupee of the underlying",
    example="exit when gamma is above 0.005",
    unknown=NO_GREEKS,
    compute=column(lambda look: greeks(look).gamma),
    low=0,
    needs=("underlying",),
)
THETA = FactPlugin(
    name="theta",
    unit="₹",
    help="what time alone does to the option's price in a calendar day, a share; negative where it is lost",
    example="book 50% when theta is above -₹2",
    unknown=NO_GREEKS,
    compute=column(lambda look: greeks(look).theta),
    needs=("underlying",),
)
VEGA = FactPlugin(
    name="vega",
    unit="₹",
    help="change of the option's price, a share, for a point of implied volatility",
    example="exit when vega is above ₹20",
    unknown=NO_GREEKS,
    compute=column(lambda look: greeks(look).vega),
    low=0,
    needs=("underlying",),
)
PREMIUM_DECAY = FactPlugin(
    name="premium decay",
    unit="%",
    help="share of the option's price that time alone takes away in a calendar day",
    example="book 50% when premium decay is below 3%",
    unknown=NO_GREEKS,
    compute=column(lambda look: -greeks(look).theta / look.price * 100),
    needs=("underlying",),
)
TIME_VALUE = FactPlugin(
    name="time value",
    unit="₹",
    help="the option's price less what it would be worth if it expired now",
    example="exit when time value is below ₹5",
    unknown="for what is no option of NFO or BFO, while its underlying is not heard, and in the last minute",
    compute=column(lambda look: look.price - look.intrinsic),
    needs=("underlying",),
)
IN_THE_MONEY_BY = FactPlugin(
    name="in the money by",
    unit="%",
    help="how far the underlying stands beyond the strike, in percent of the strike; negative out of the money",
    example="exit when in the money by is above 1%",
    unknown="for what is no option of NFO or BFO, while its underlying is not heard, and in the last minute",
    compute=column(lambda look: look.right * (look.spot - look.strike) / look.strike * 100),
    needs=("underlying",),
)
ALL = (IMPLIED_VOLATILITY, DELTA, GAMMA, THETA, VEGA, PREMIUM_DECAY, TIME_VALUE, IN_THE_MONEY_BY)

"""Numbers, money, durations and clock times as a trader writes them; what is printed here reads back exactly."""

from __future__ import annotations

from fractions import Fraction

from rulekit.language.units import Unit, Window
from rulekit.model.instant import DAY, HOUR, MINUTE, SECOND

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def has_decimal_form(value: Fraction) -> bool:
    """Tell whether a number ends when it is written with decimals (one third does not)."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def indian_grouping(digits: str) -> str:
    """Group whole digits by thousand, lakh and crore: `1234567` becomes `12,34,567`."""
    if len(digits) <= 3:
        return digits
    head, tail = digits[:-3], digits[-3:]
    groups = []
    while head:
        groups.append(head[-2:])
        head = head[:-2]
    return ",".join([*reversed(groups), tail])


def plain_number(value: Fraction) -> str:
    """Write a number without grouping: `1998.5`, or `1/3` where decimals would not end."""
    if not has_decimal_form(value):
        return f"{value.numerator}/{value.denominator}"
    places = 0
    scaled = value
    while scaled.denominator != 1:
        scaled *= 10
        places += 1
    digits = str(abs(scaled.numerator)).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (digits if not places else f"{digits[:-places]}.{digits[-places:]}")


def bounds_text(low: Fraction | None, high: Fraction | None) -> str:
    """Say what a number can be: `at least 0`, `at most 5`, `between 0 and 100`, `anything`."""
    if low is not None and high is not None:
        return f"between {number_text(low)} and {number_text(high)}"
    if low is not None:
        return f"at least {number_text(low)}"
    return "anything" if high is None else f"at most {number_text(high)}"


def number_text(value: Fraction) -> str:
    """Write a number with Indian grouping: `1,00,000`, `2.5`."""
    text = plain_number(value)
    if "/" in text:
        return text
    sign, body = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, dot, decimals = body.partition(".")
    return f"{sign}{indian_grouping(whole)}{dot}{decimals}"


def rupee_text(value: Fraction) -> str:
    """Write rupees: `₹5,000`, `₹245.50`; paise are always two digits, finer steps as many as they need."""
    text = number_text(abs(value))
    whole, dot, decimals = text.partition(".")
    if dot and len(decimals) == 1:
        decimals += "0"
    return f"{'-' if value < 0 else ''}₹{whole}{dot}{decimals}"


def plural(count: Fraction, word: str) -> str:
    """Write a count with its word: `1 minute`, `30 minutes`."""
    return f"{number_text(count)} {word}" if count == 1 else f"{number_text(count)} {word}s"


def duration_text(microseconds: int) -> str:
    """Write a duration: `1 hour 30 minutes`, `45 seconds`."""
    hours, rest = divmod(microseconds, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    parts = []
    if hours:
        parts.append(plural(Fraction(hours), "hour"))
    if minutes:
        parts.append(plural(Fraction(minutes), "minute"))
    if rest or not parts:
        parts.append(plural(Fraction(rest, SECOND), "second"))
    return " ".join(parts)


def clock_text(microseconds: int) -> str:
    """Write a time of day: `09:20`, with seconds only where there are some."""
    hours, rest = divmod(microseconds % DAY, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    seconds = rest // SECOND
    return f"{hours:02}:{minutes:02}:{seconds:02}" if seconds else f"{hours:02}:{minutes:02}"


def measure_text(value: Fraction, unit: Unit) -> str:
    """Write a number with its unit: `15%`, `₹5,000`, `2R`, `1.5 ATR`, `20 points`, `30 minutes`, `15:15`, `8`."""
    if unit is Unit.PERCENT:
        text = number_text(value)
        return number_text(value / 100) if "/" in text else f"{text}%"  # a third has no end as a percentage
    if unit is Unit.RUPEES:
        return rupee_text(value)
    if unit is Unit.R:
        return f"{number_text(value)}R"
    if unit is Unit.DURATION:
        return duration_text(int(value))
    if unit is Unit.CLOCK:
        return clock_text(int(value))
    if unit in COUNTED_WORDS:
        return plural(value, COUNTED_WORDS[unit])
    return number_text(value) if unit is Unit.COUNT else f"{number_text(value)} {unit.value}"


COUNTED_WORDS = {Unit.POINTS: "point", Unit.TICKS: "tick", Unit.DAYS: "day", Unit.BARS: "bar"}
"""Units that are counted with an ordinary word, in the singular."""


def window_text(window: Window) -> str:
    """Write a window: `over 15 minutes`, `over 5 bars`; whole minutes stay minutes, as facts are called by them."""
    if window.unit is Unit.DURATION and window.length % MINUTE == 0:
        return f"over {plural(Fraction(window.length, MINUTE), 'minute')}"
    return f"over {measure_text(Fraction(window.length), window.unit)}"


def listing(words: list[str] | tuple[str, ...], last: str = "or") -> str:
    """Join words for a sentence: `a`, `a or b`, `a, b or c`."""
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"

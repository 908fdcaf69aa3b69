"""One self-contained HTML page from a template: nothing is fetched, light and dark, readable on a telephone.

Templates extend `page.html` and fill its blocks; figures are written by the filters below.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from rulekit.model.instant import Instant, iso

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from markupsafe import Markup


def render_page(template: str, **data: Any) -> str:
    """Fill a template of this room; every text in it is escaped."""
    return _environment().get_template(template).render(**data)


def rupees(value: float | None, places: int = 0) -> str:
    """Write an amount as traders do: `₹12,345`, `−₹120`; a dash where it is not known."""
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{abs(value):,.{places}f}"
    return f"{'−' if value < 0 and float(text.replace(',', '')) else ''}₹{text}"


def signed(value: float | None, places: int = 0) -> str:
    """Write an amount with its sign: `+₹120`."""
    text = rupees(value, places)
    return f"+{text}" if value is not None and math.isfinite(value) and value > 0 and text.strip("₹0.,") else text


def number(value: float | None, places: int = 2) -> str:
    """Write a plain number, a dash where it is not known."""
    return "–" if value is None or not math.isfinite(value) else f"{value:,.{places}f}".replace("-", "−")


def share(value: float | None) -> str:
    """Write a share of one as a percentage."""
    return "–" if value is None or not math.isfinite(value) else f"{100 * value:.0f}%"


def minutes(value: float | None) -> str:
    """Write minutes as people say them: `45 min`, `2 h 10`, `3.5 days`."""
    if value is None or not math.isfinite(value):
        return "–"
    if value < 100:
        return f"{value:.0f} min"
    if value < 24 * 60:
        return f"{int(value) // 60} h {int(value) % 60:02}"
    return f"{value / (24 * 60):.1f} days"


def moment(value: Instant | None) -> str:
    """Write an instant as day and minute at the exchange."""
    return "–" if value is None else iso(value)[:16].replace("T", " ")


def tone(value: float | None) -> str:
    """Return the class of an amount: `gain`, `loss`, or none."""
    if value is None or not math.isfinite(value) or round(value, 2) == 0:
        return ""
    return "gain" if value > 0 else "loss"


def json_in_page(value: Any) -> Markup:
    """Write data for a script of the page; no text in it can end the script."""
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for mark, written in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u2028", "\\u2028")):
        text = text.replace(mark, written)
    return Markup(text)  # noqa: S704 - what could end the script has been written otherwise


def way(points: Sequence[tuple[float, float]]) -> str:
    """Write points as the way of a line in a drawing."""
    return " ".join(f"{'M' if place == 0 else 'L'}{x:.1f} {y:.1f}" for place, (x, y) in enumerate(points))


_FILTERS: dict[str, Callable[..., Any]] = {
    "rupees": rupees, "signed": signed, "number": number, "share": share, "minutes": minutes, "moment": moment,
    "tone": tone, "in_page": json_in_page, "way": way,
}  # fmt: skip


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    """Load the templates; texts that a user wrote are escaped, and the sandbox holds although these are ours."""
    from jinja2 import PackageLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    sandbox = ImmutableSandboxedEnvironment(
        loader=PackageLoader("rulekit.report"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sandbox.filters.update(_FILTERS)
    return sandbox

"""A picture of a policy: profit against age, a region for each rule that changes the quantity; SVG, light and dark."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from fractions import Fraction
from html import escape

from attrs import frozen

from rulekit.explain.regions import Region, region
from rulekit.language import tree as t
from rulekit.language.sentences import rule_sentence
from rulekit.language.words import number_text

_LEFT, _TOP, _WIDE, _HIGH, _LINE = 64, 56, 640, 360, 20
_QUANTITY = (t.Exit, t.Book, t.Add)
_KINDS = {t.Exit: "exit", t.Book: "book", t.Add: "add"}
_STYLE = """
  svg { font: 13px system-ui, sans-serif; color: #1b1f24; } .paper { fill: #fff; }
  text { fill: currentColor; } .title { font-size: 16px; font-weight: 600; } .faint { opacity: .65; }
  .axis { stroke: currentColor; stroke-width: 1; } .grid { stroke: currentColor; stroke-width: 1; opacity: .12; }
  .exit { fill: #c62828; stroke: #c62828; } .book { fill: #1565c0; stroke: #1565c0; }
  .add { fill: #2e7d32; stroke: #2e7d32; }
  rect.region { fill-opacity: .2; stroke: none; } path.edge { fill: none; stroke-width: 2; }
  path.part { stroke-dasharray: 6 4; } path.rung { stroke-width: 1; } .hatch { stroke-width: 1.2; opacity: .45; }
  rect.part { fill-opacity: 1; } rect.part.exit { fill: url(#rulekit-exit); }
  rect.part.book { fill: url(#rulekit-book); } rect.part.add { fill: url(#rulekit-add); }
  text.mark { font-weight: 700; stroke: none; } text.exit { fill: #c62828; } text.book { fill: #1565c0; }
  text.add { fill: #2e7d32; }
  @media (prefers-color-scheme: dark) {
    svg { color: #e6e9ed; } .paper { fill: #12161b; }
    .exit { fill: #ef7b7b; stroke: #ef7b7b; } .book { fill: #74b0f4; stroke: #74b0f4; }
    .add { fill: #7fcf85; stroke: #7fcf85; }
    text.exit { fill: #ef7b7b; } text.book { fill: #74b0f4; } text.add { fill: #7fcf85; }
  }
"""
_HATCHES = "".join(
    f'<pattern id="rulekit-{kind}" width="14" height="14" patternUnits="userSpaceOnUse" '
    f'patternTransform="rotate({turn})"><path class="hatch {kind}" d="M0 0V14"/></pattern>'
    for kind, turn in (("exit", 45), ("book", -45), ("add", 20))
)
"""What is drawn where a rule needs more than profit and age: lines, so that what lies below can be seen."""


@frozen
class _Scale:
    """Maps profit and age to the picture; profit grows upwards."""

    low: Fraction
    high: Fraction
    oldest: Fraction

    def x(self, age: Fraction) -> Fraction:
        return _LEFT + min(age, self.oldest) / self.oldest * _WIDE

    def y(self, profit: Fraction) -> Fraction:
        return _TOP + (self.high - profit) / (self.high - self.low) * _HIGH


def picture(tree: t.PolicyTree, name: str = "policy") -> str:
    """Return the SVG text; rules that move the stop are not in it. A region bears its rule's number in the file."""
    numbers = [number for number, rule in enumerate(tree.rules, 1) if isinstance(rule.verb, _QUANTITY)]
    regions = [region(tree.rules[number - 1]) for number in numbers]
    scale = _scale(regions)
    legend = list(_legend(numbers, regions))
    high = _TOP + _HIGH + 36 + _LINE * (len(legend) + 1)
    wide = _LEFT + _WIDE + 32
    title = escape(tree.title or name)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img">',
        f"<title>{title}: where each rule can act</title>",
        f"<style>{_STYLE}</style>",
        f"<defs>{_HATCHES}</defs>",
        f'<rect class="paper" width="{wide}" height="{high}"/>',
        f'<text class="title" x="{_LEFT}" y="28">{title}</text>',
        f'<text class="faint" x="{_LEFT}" y="46">profit in % of the entry, against the age of the position</text>',
        *_grid(scale),
        *(part for each in regions for part in _box(each, scale)),
        *_marks(numbers, regions, scale),
        *(line.format(y=_TOP + _HIGH + 48 + place * _LINE) for place, line in enumerate(legend)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


# --- axes ------------------------------------------------------------


def _scale(regions: Sequence[Region]) -> _Scale:
    profits = [each for box in regions for each in (box.least_profit, box.most_profit) if each is not None]
    ages = [each for box in regions for each in (box.least_age, box.most_age) if each is not None]
    reach = max((abs(each) for each in profits), default=Fraction(0)) or Fraction(10)
    low, high = min([*profits, -reach / 2]), max([*profits, reach / 2])
    return _Scale(low - reach / 4, high + reach / 4, max([*ages, Fraction(40)]) * 3 / 2)


def _step(span: Fraction, steps: Sequence[Fraction]) -> Fraction:
    """Return the first step that leaves at most eight lines."""
    return next((step for step in steps if span / step <= 8), steps[-1])


def _round_steps() -> list[Fraction]:
    return [Fraction(digit) * Fraction(10) ** power for power in range(-4, 6) for digit in (1, 2, 5)]


_AGES = [Fraction(each) for each in (5, 10, 15, 30, 60, 120, 240, 480, 1440, 7200, 43200, 525600)]


def _grid(scale: _Scale) -> Iterator[str]:
    step = _step(scale.high - scale.low, _round_steps())
    profit = -(-scale.low // step) * step
    while profit <= scale.high:
        y = _px(scale.y(profit))
        kind = "axis" if profit == 0 else "grid"
        yield f'<line class="{kind}" x1="{_LEFT}" y1="{y}" x2="{_LEFT + _WIDE}" y2="{y}"/>'
        yield f'<text class="faint" x="{_LEFT - 8}" y="{y}" dy="4" text-anchor="end">{number_text(profit)}%</text>'
        profit += step
    step = _step(scale.oldest, _AGES)
    age = Fraction(0)
    while age <= scale.oldest:
        x = _px(scale.x(age))
        yield f'<line class="{"grid" if age else "axis"}" x1="{x}" y1="{_TOP}" x2="{x}" y2="{_TOP + _HIGH}"/>'
        yield f'<text class="faint" x="{x}" y="{_TOP + _HIGH + 18}" text-anchor="middle">{_age_text(age)}</text>'
        age += step


def _age_text(minutes: Fraction) -> str:
    if minutes < 60:
        return f"{number_text(minutes)} min"
    hours, rest = divmod(minutes, 60)
    return f"{number_text(Fraction(hours))} h" + (f" {number_text(rest)}" if rest else "")


# --- regions ------------------------------------------------------------


def _kind(box: Region) -> str:
    return _KINDS[type(box.rule.verb)]


def _corners(box: Region, scale: _Scale) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """Return left, top, right, bottom in the picture."""
    left = scale.x(box.least_age or Fraction(0))
    right = scale.x(scale.oldest if box.most_age is None else box.most_age)
    top = scale.y(scale.high if box.most_profit is None else box.most_profit)
    bottom = scale.y(scale.low if box.least_profit is None else box.least_profit)
    return left, top, right, bottom


def _is_drawn(box: Region) -> bool:
    """Tell whether profit or age bound a region at all; a rule without such a bound stands below the picture only."""
    bounds = (box.least_profit, box.most_profit, box.least_age, box.most_age)
    return not box.empty and any(each is not None for each in bounds)


def _box(box: Region, scale: _Scale) -> Iterator[str]:
    """Draw a region: its area, and a line on each side that bounds it; towards the frame it goes on."""
    if not _is_drawn(box):
        return
    left, top, right, bottom = _corners(box, scale)
    kind = f"{_kind(box)}{' part' if box.also else ''}"
    yield (
        f'<rect class="region {kind}" x="{_px(left)}" y="{_px(top)}" width="{_px(right - left)}" '
        f'height="{_px(bottom - top)}"><title>{escape(box.rule.name)}</title></rect>'
    )
    sides = (
        (box.least_profit, left, bottom, right, bottom),
        (box.most_profit, left, top, right, top),
        (box.least_age, left, top, left, bottom),
        (box.most_age, right, top, right, bottom),
    )
    for bound, x1, y1, x2, y2 in sides:
        if bound is not None:
            yield f'<path class="edge {kind}" d="M{_px(x1)} {_px(y1)}L{_px(x2)} {_px(y2)}"/>'
    for rung in _rungs(box, scale):
        y = _px(scale.y(rung))
        yield f'<path class="edge rung {kind}" d="M{_px(left)} {y}L{_px(right)} {y}"/>'


def _rungs(box: Region, scale: _Scale) -> Iterator[Fraction]:
    """List the further steps of a ladder that the picture has room for."""
    level, times = box.rule.level, box.rule.limit.times
    if not isinstance(level, t.Level) or not level.every or level.unit is not t.Unit.PERCENT:
        return
    for number in range(2, min(times or _MOST_RUNGS, _MOST_RUNGS) + 1):
        profit = level.value * number * (1 if level.profit else -1)
        if scale.low < profit < scale.high:
            yield profit


_MOST_RUNGS = 20


def _marks(numbers: Sequence[int], regions: Sequence[Region], scale: _Scale) -> Iterator[str]:
    """Write the rule's number in the file at the bound of its region, beside those that stand there already."""
    taken: list[tuple[Fraction, Fraction]] = []
    for number, box in zip(numbers, regions, strict=True):
        if not _is_drawn(box):
            continue
        left, top, _, bottom = _corners(box, scale)
        below = box.least_profit is None and box.most_profit is not None
        x, y = left + 10, top + 17 if below else bottom - 8
        while any(abs(x - other) < 20 and abs(y - level) < 14 for other, level in taken):
            x += 22
        taken.append((x, y))
        yield f'<text class="mark {_kind(box)}" x="{_px(x)}" y="{_px(y)}">{number}</text>'


# --- the legend ------------------------------------------------------------


def _legend(numbers: Sequence[int], regions: Sequence[Region]) -> Iterator[str]:
    """List the lines below the picture, each with a place for its height."""
    if not regions:
        yield f'<text x="{_LEFT}" y="{{y}}">no rule changes the quantity</text>'
        return
    for number, box in zip(numbers, regions, strict=True):
        sentence = rule_sentence(box.rule)
        said = sentence if box.rule.name == sentence else f"{box.rule.name}: {sentence}"
        mark = f'<text class="mark {_kind(box)}" x="{_LEFT}" y="{{y}}">{number}</text>'
        for line in textwrap.wrap(said, _LEGEND):
            yield f'{mark}<text x="{_LEFT + 28}" y="{{y}}">{_plain(line)}</text>'
            mark = ""
        for line in textwrap.wrap(_also(box), _LEGEND):
            yield f'<text class="faint" x="{_LEFT + 28}" y="{{y}}">{_plain(line)}</text>'
    if any(_is_drawn(box) for box in regions):
        key = "filled: whenever profit and age fit; hatched: something else must hold too"
        yield f'<text class="faint" x="{_LEFT}" y="{{y}}">{key}</text>'


_LEGEND = 80
"""The longest line below the picture, in characters."""


def _also(box: Region) -> str:
    """Say what the picture does not show of a region."""
    if box.empty:
        return "never: no profit or age fits"
    what = " and ".join(box.also)
    if not _is_drawn(box):
        return f"at any profit and age, where {what}" if what else "at any profit and age"
    return f"only where {what}" if what else ""


def _plain(text: str) -> str:
    """Write a text so that neither the picture nor the place for its height takes it for something else."""
    return escape(text).replace("{", "{{").replace("}", "}}")


def _px(value: Fraction | int) -> str:
    """Write a coordinate to a tenth of a pixel."""
    return f"{float(value):.1f}".removesuffix(".0")

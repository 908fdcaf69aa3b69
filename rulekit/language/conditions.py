"""Conditions: comparisons whose two sides have one measure, joined by `and` or `or`."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language import vocabulary as v
from rulekit.language.actions import share_of
from rulekit.language.fault import Edit, FaultError, did_you_mean, one_slip
from rulekit.language.given_names import one_name
from rulekit.language.measures import Measure, clock, duration, measure, missing_unit, text_of, window
from rulekit.language.parser import Node
from rulekit.language.prices import distance, first_word, named_price, price
from rulekit.language.reader import Word
from rulekit.language.scope import Scope
from rulekit.language.sentences import condition_text
from rulekit.language.words import DAY_NAMES, listing, number_text
from rulekit.model.instant import MINUTE

_OPS = {op.name: op for op in t.Op}
_KIND_OF_UNIT = {
    t.Unit.PERCENT: "a percentage",
    t.Unit.RUPEES: "an amount of money",
    t.Unit.R: "a multiple of the initial risk",
    t.Unit.POINTS: "a number of points",
    t.Unit.TICKS: "a number of ticks",
    t.Unit.ATR: "a multiple of the ATR",
    t.Unit.TIMES: "a multiple of normal",
    t.Unit.DURATION: "a time",
    t.Unit.DAYS: "a time",
    t.Unit.BARS: "a number of bars",
    t.Unit.CLOCK: "a time of day",
    t.Unit.COUNT: "a number",
    t.Unit.TEXT: "a text",
}
_MEANT_BY_UNIT = {
    t.Unit.DURATION: "age",
    t.Unit.DAYS: "age",
    t.Unit.BARS: "age",
    t.Unit.CLOCK: "time",
    t.Unit.TIMES: "volume",
    t.Unit.PERCENT: "profit",
    t.Unit.RUPEES: "price",
    t.Unit.R: "profit",
    t.Unit.POINTS: "profit",
    t.Unit.COUNT: "quantity",
}
_EXAMPLES = {
    t.Unit.PERCENT: "{}%",
    t.Unit.RUPEES: "₹{}",
    t.Unit.R: "{}R",
    t.Unit.POINTS: "{} points",
    t.Unit.TIMES: "{} times normal",
    t.Unit.DURATION: "{} minutes",
    t.Unit.DAYS: "{} days",
    t.Unit.CLOCK: "15:15",
    t.Unit.COUNT: "{}",
    t.Unit.TEXT: '"…"',
}
_TEXT_VALUES: dict[str, tuple[str, ...]] = {
    "exchange": v.EXCHANGES,
    "product": v.PRODUCTS,
    "side": v.SIDES,
    "day": DAY_NAMES,
}
Given = Measure | t.Number | t.Text | t.FactRef | t.PriceExpr | t.Level


def condition(node: Node, scope: Scope) -> t.Condition:
    """Read a condition; `and` mixed with `or` must be bracketed."""
    parts: list[t.Condition] = []
    joints: list[Word] = []
    while node.rule == "conjoined":
        before, after = node.nodes()
        joints.append(next(child for child in node.children if isinstance(child, Word)))
        parts.append(_part(after, scope))
        node = before
    parts.append(_part(node.nodes()[0], scope))
    if not joints:
        return parts[0]
    kinds = {joint.type for joint in joints}
    if len(kinds) > 1:
        odd = next(joint for joint in reversed(joints) if joint.type != joints[-1].type)
        raise FaultError(
            "E107",
            odd.span,
            "`and` and `or` are mixed, and it is not said which belong together",
            "put brackets round what belongs together: `a and (b or c)`",
            edits=_bracketings(parts[::-1], [joint.type for joint in joints[::-1]]),
        )
    make = t.And if kinds == {"AND"} else t.Or
    return make(tuple(reversed(parts)), _whole(parts))


def _bracketings(parts: list[t.Condition], joints: list[str]) -> tuple[Edit, ...]:
    """List both ways to bracket a mixture: what `and` joins belongs together, or what `or` joins."""
    from rulekit.language.sentences import condition_text

    span = _whole(parts[::-1])
    edits = []
    for inner, make, outer in (("AND", t.And, t.Or), ("OR", t.Or, t.And)):
        groups = [[parts[0]]]
        for joint, part in zip(joints, parts[1:], strict=True):
            if joint == inner:
                groups[-1].append(part)
            else:
                groups.append([part])
        joined = tuple(group[0] if len(group) == 1 else make(tuple(group), span) for group in groups)
        edits.append(Edit(span, condition_text(outer(joined, span))))
    return tuple(edits)


def _whole(parts: list[t.Condition]) -> t.Span:
    first, last = parts[-1].span, parts[0].span
    return t.Span(first.line, first.column, last.end_line, last.end_column)


def _part(node: Node, scope: Scope) -> t.Condition:
    return _PARTS[node.rule](node, scope)


def _bracketed(node: Node, scope: Scope) -> t.Condition:
    return condition(node.nodes()[0], scope)


def _negated(node: Node, scope: Scope) -> t.Condition:
    return t.Not(_part(node.nodes()[0], scope), node.span)


def _name(node: Node, scope: Scope) -> t.Condition:
    meaning = scope.conditions.resolve(first_word(node).value)
    return t.Named(meaning.name, meaning.condition, node.span)


def _comparison(node: Node, scope: Scope) -> t.Condition:
    left_node, op_node, right_node = node.nodes()
    op = _OPS[first_word(op_node).type]
    left = _left(left_node, scope)
    right = given(right_node, scope)
    left, right = _agree(left, right, left_node, right_node, scope)
    if isinstance(left, t.FactRef) and left.unit is t.Unit.TEXT and op not in (t.Op.IS, t.Op.IS_NOT):
        raise FaultError(
            "U106",
            op_node.span,
            f"`{left.name}` is a text; it can be something or not, never more or less",
            f"write `{left.name} is …` or `{left.name} is not …`",
        )
    return t.Comparison(left, op, right, node.span)


def _between(node: Node, scope: Scope) -> t.Condition:
    left_node, low_node, high_node = node.nodes()
    first = _left(left_node, scope)
    left, low = _agree(first, given(low_node, scope), left_node, low_node, scope)
    other, high = _agree(first, given(high_node, scope), left_node, high_node, scope)
    if left != other:
        raise FaultError("U102", node.span, "the two bounds have different units", "write both in one unit")
    if isinstance(left, t.FactRef) and left.unit is t.Unit.TEXT:
        raise FaultError(
            "U106", node.span, f"`{left.name}` is a text; it lies between nothing", f"write `{left.name} is …`"
        )
    if isinstance(low, t.Number) and isinstance(high, t.Number) and low.value > high.value:
        span = t.Span(low_node.span.line, low_node.span.column, high_node.span.end_line, high_node.span.end_column)
        turned = Edit(span, f"{text_of(high_node)} and {text_of(low_node)}")
        said = "the lower bound is above the upper one"
        raise FaultError("T103", node.span, said, "write the smaller one first", edits=(turned,))
    return t.Between(left, low, high, node.span)


def _lasting(node: Node, scope: Scope) -> t.Condition:
    from rulekit.language.slots import moment  # the two read each other

    item_node, length_node = node.nodes()
    item = _part(item_node, scope)
    plain = item
    while isinstance(plain, t.Named):
        plain = plain.condition
    if isinstance(plain, t.Crosses):
        held = f"{condition_text(plain.beyond)} for {text_of(length_node)}"
        raise FaultError(
            "E104", node.span, "a crossing is over at the next look; it cannot last", f"hold the comparison: `{held}`"
        )
    if length_node.rule == "bare":
        digits = first_word(length_node).text
        what = f"{digits} what? `for {digits} minutes` or `for {digits} bars`"
        raise FaultError("U101", length_node.span, what, f"write `for {digits} minutes` or `for {digits} bars`")
    length = moment(length_node, scope)
    if length.unit not in (t.Unit.DURATION, t.Unit.BARS):
        said = "a time of day" if length.unit is t.Unit.CLOCK else "counted in days"
        raise FaultError(
            "U102",
            length_node.span,
            f"`{length.text}` is {said}, and `for` takes minutes, hours or bars",
            "write `for 5 minutes`",
        )
    if length.value <= 0:
        raise FaultError("T105", length_node.span, "`for` needs a length of time above zero", "write `for 5 minutes`")
    return t.Lasting(item, t.Number(Fraction(length.value), length.unit, length.name, length.span), node.span)


def _crosses(node: Node, scope: Scope) -> t.Condition:
    left_node, crossing, right_node = node.nodes()
    left, right = _agree(_left(left_node, scope), given(right_node, scope), left_node, right_node, scope)
    if isinstance(left, t.FactRef) and left.unit is t.Unit.TEXT:
        raise FaultError("U106", node.span, f"`{left.name}` is a text; it crosses nothing", f"write `{left.name} is …`")
    return t.Crosses(left, first_word(crossing).type == "CROSSES_ABOVE", right, node.span)


_MOVING = ("price", "profit", "loss")


def _moves(node: Node, scope: Scope) -> t.Condition:
    left_node, moving, by_node, stretch = node.nodes()
    left = _left(left_node, scope)
    if not isinstance(left, t.FactRef) or left.name not in _MOVING:
        help = "write `price`, `profit` or `loss`; of another fact say what it is: `volume is at least 2 times normal`"
        raise FaultError("U102", left_node.span, f"`{text_of(left_node)}` does not rise and fall within a time", help)
    by = measure(by_node, scope)
    if isinstance(by, Measure) and by.unit is None:
        raise missing_unit(by, f"{number_text(by.value)}%")
    if not isinstance(by, Measure) or by.unit is not t.Unit.PERCENT:
        what = f"how far `{left.name}` rises or falls within a time is told in percent"
        raise FaultError("U102", by_node.span, what, "write it like `price falls 2% in 5 minutes`")
    if by.value == 0:
        raise FaultError("S103", by_node.span, "a move of nothing", "write a move such as `2%`")
    up = first_word(moving).type == "RISES"
    percent = t.FactRef(left.name, t.Unit.RUPEES if left.name == "price" else t.Unit.PERCENT, span=left.span)
    return t.Moves(percent, up, t.Number(by.value, by.unit, by.name, by_node.span), _within(stretch, scope), node.span)


def _within(node: Node, scope: Scope) -> t.Window:
    """Read the `5 minutes` of `in 5 minutes`."""
    from rulekit.language.slots import moment  # the two read each other

    if node.rule == "bare":
        digits = first_word(node).text
        what = f"{digits} what? `in {digits} minutes` or `in {digits} bars`"
        raise FaultError("U101", node.span, what, f"write `in {digits} minutes` or `in {digits} bars`")
    found = moment(node, scope)
    if found.unit not in (t.Unit.DURATION, t.Unit.BARS):
        raise FaultError("U104", node.span, "a window is counted in minutes or bars", "write `in 60 minutes`")
    if found.value <= 0:
        raise FaultError("T105", node.span, "a window of nothing measures nothing", "write `in 5 minutes`")
    return t.Window(found.value, found.unit)


_PARTS: dict[str, Callable[[Node, Scope], t.Condition]] = {
    "moves": _moves,
    "comparison": _comparison,
    "between_values": _between,
    "lasting": _lasting,
    "crosses": _crosses,
    "bracketed": _bracketed,
    "negated": _negated,
    "condition_name": _name,
}

# --- the two sides ------------------------------------------------------------


def fact(node: Node, scope: Scope) -> t.FactRef:
    """Read a fact in its first unit; the comparison decides the unit afterwards."""
    if node.rule == "named_price":
        found = named_price(node, scope)
        name, length = found.name, found.window
    else:
        word = first_word(node)
        name = "atr" if word.type == "ATR" else str(word.value)
        inner = node.nodes()
        length = window(inner[0]) if inner else None
    row = scope.vocabulary.find(name)
    assert row is not None, name
    if length is not None and not row.windowed:
        raise FaultError("U104", node.span, f"`{name}` has no window", f"write `{name}` without `over …`")
    return t.FactRef(row.name, row.units[0], length, node.span)


def _is_price_only(node: Node) -> bool:
    return node.rule == "named_price" and str(first_word(node).value) in v.PRICE_WORDS


def _left(node: Node, scope: Scope) -> t.FactRef | t.PriceExpr:
    if node.rule in ("price_plus", "price_minus"):
        base, offset = node.nodes()
        if base.rule != "named_price":
            raise FaultError(
                "U102", node.span, f"`{text_of(base)}` is not a price; nothing can be added to it", "compare it alone"
            )
        return t.PriceExpr(named_price(base, scope), distance(offset, scope), node.rule == "price_plus", span=node.span)
    if _is_price_only(node):
        return t.PriceExpr(named_price(node, scope), span=node.span)
    return fact(node, scope)


def given(node: Node, scope: Scope) -> Given:
    """Read the right side of a comparison."""
    if node.rule in ("price_plus", "price_minus", "fact", "named_price"):
        return _left(node, scope)
    if node.rule == "price_from":
        return price(node, scope)
    if node.rule == "duration":
        length, unit = duration(node)
        return t.Number(Fraction(length), unit, None, node.span)
    if node.rule == "clock":
        return t.Number(Fraction(clock(first_word(node))), t.Unit.CLOCK, None, node.span)
    if node.rule == "fraction":
        return t.Number(share_of(first_word(node)) * 100, t.Unit.PERCENT, None, node.span)
    if node.rule == "text":
        return t.Text(one_name(first_word(node), "name"), node.span)
    return measure(node, scope, signed=True)


def _agree(
    left: t.FactRef | t.PriceExpr, right: Given, left_node: Node, right_node: Node, scope: Scope
) -> tuple[t.FactRef | t.PriceExpr, t.Operand]:
    """Give both sides one measure, or say why they have none."""
    if isinstance(left, t.PriceExpr):
        row = v.Fact("price", (t.Unit.RUPEES,), "position", "a price", kind=v.PRICE)
        _, value = _fit(row, t.FactRef("price", t.Unit.RUPEES), right, left_node, right_node, scope)
        return left, value
    return _fit(scope.vocabulary[left.name], left, right, left_node, right_node, scope)


def _fit(
    row: v.Fact, left: t.FactRef, right: Given, left_node: Node, right_node: Node, scope: Scope
) -> tuple[t.FactRef, t.Operand]:
    if isinstance(right, t.PriceExpr):
        if row.kind != v.PRICE:
            raise _mismatch(row, "a price", right_node, t.Unit.RUPEES)
        return left, right
    if isinstance(right, t.FactRef):
        return _fit_fact(row, left, right, right_node, scope)
    if isinstance(right, t.Text):
        return left, _fit_text(row, right, right_node, scope)
    if isinstance(right, t.Level):
        if row.name != ("profit" if right.profit else "loss"):
            raise _mismatch(row, "a level of profit or loss", right_node, None)
        return t.FactRef(row.name, right.unit, left.window, left.span), t.Number(
            right.value, right.unit, _name_of(right_node, scope), right_node.span
        )
    value = _fit_number(row, right, right_node)
    return t.FactRef(row.name, value.unit, left.window, left.span), value


def _name_of(node: Node, scope: Scope) -> str | None:
    return scope.values.resolve(first_word(node).value).name if node.rule == "value_name" else None


def _fit_fact(
    row: v.Fact, left: t.FactRef, right: t.FactRef, right_node: Node, scope: Scope
) -> tuple[t.FactRef, t.Operand]:
    other = scope.vocabulary[right.name]
    common = [unit for unit in row.units if unit in other.units]
    if not common or (row.kind == v.PRICE) != (other.kind == v.PRICE):
        raise _mismatch(row, f"{_kinds(other)}", right_node, None)
    unit = common[0]
    return (
        t.FactRef(row.name, unit, left.window, left.span),
        t.FactRef(other.name, unit, right.window, right.span),
    )


def _fit_text(row: v.Fact, right: t.Text, node: Node, scope: Scope) -> t.Text:
    if row.kind != v.TEXT:
        if not first_word(node).text.startswith(('"', "“")):
            names = [spelling for spelling, fact in scope.vocabulary.spellings() if set(fact.units) & set(row.units)]
            near = did_you_mean(right.value, names)
            raise FaultError(
                "N101",
                node.span,
                f"`{right.value}` is neither a fact nor a name that is set",
                f"did you mean `{near}`?" if near else f"write {_asked(row)}, or `set {right.value} to …`",
                edits=(Edit(node.span, near, one_slip(right.value, near)),) if near else (),
            )
        raise _mismatch(row, "a text", node, t.Unit.TEXT)
    known = _TEXT_VALUES.get(row.name)
    if known is None:
        return right
    for choice in known:
        if choice.lower() == right.value.lower():
            return t.Text(choice, right.span)
    near = did_you_mean(right.value, known)
    help = f"did you mean `{near}`?" if near else f"there are {listing([f'`{each}`' for each in known], 'and')}"
    edits = (Edit(node.span, near, one_slip(right.value, near)),) if near else ()
    raise FaultError("N107", node.span, f"`{right.value}` is no {row.name}", help, edits=edits)


def _fit_number(row: v.Fact, right: Measure | t.Number, node: Node) -> t.Number:
    unit, value = right.unit, right.value
    name = right.name
    if unit is None:
        assert isinstance(right, Measure)
        if row.bare:
            return t.Number(value, t.Unit.COUNT, None, node.span)
        if row.kind == v.TEXT:
            return _no_number(row, node)
        if value == 0 and t.Unit.CLOCK not in row.units:  # nothing is nothing in every unit
            return t.Number(value, row.units[0], None, node.span)
        raise missing_unit(right, *(_sized(_EXAMPLES[each], value) for each in _asked_units(row)))
    if row.name == "minutes to close" and unit is t.Unit.DURATION:
        return t.Number(value / MINUTE, t.Unit.COUNT, name, node.span)
    if row.name == "days to expiry" and unit is t.Unit.DAYS:
        return t.Number(value, t.Unit.COUNT, name, node.span)
    counted = right.counted if isinstance(right, Measure) else ""
    if counted == "lots" and row.name == "quantity":
        text = text_of(node)
        raise FaultError("U102", node.span, f"`quantity` counts shares, `{text}` are lots", "did you mean `lots`?")
    if unit not in row.units or (counted == "lots") != (row.name == "lots" and bool(counted)):
        raise _mismatch(row, _KIND_OF_UNIT[unit], node, unit)
    if isinstance(right, Measure) and right.window is not None:
        raise FaultError("U104", node.span, "a number in ATR takes no window here", f"write `{number_text(value)} ATR`")
    return t.Number(value, unit, name, node.span)


def _sized(form: str, value: Fraction) -> str:
    return ("-" if value < 0 else "") + form.format(number_text(abs(value)))


def _no_number(row: v.Fact, node: Node) -> t.Number:
    raise _mismatch(row, "a number", node, None)


def _asked_units(row: v.Fact) -> tuple[t.Unit, ...]:
    return tuple(unit for unit in row.units if unit in _EXAMPLES)[:2]


def _asked(row: v.Fact) -> str:
    return listing([f"`{_EXAMPLES[unit].format('2')}`" for unit in _asked_units(row)])


def _kinds(row: v.Fact) -> str:
    if row.kind == v.PRICE:
        return "a price"
    return listing(list(dict.fromkeys(_KIND_OF_UNIT[unit] for unit in row.units))[:2])


def _mismatch(row: v.Fact, what: str, node: Node, unit: t.Unit | None) -> FaultError:
    written = text_of(node)
    meant = _MEANT_BY_UNIT.get(unit) if unit is not None else None
    help = f"write {_asked(row)}"
    if meant is not None and meant != row.name:
        help = f"did you mean `{meant}`? or {help}"
    return FaultError("U102", node.span, f"`{row.name}` is {_kinds(row)}, `{written}` is {what}", help)

"""What a formula gives: a number, money, a text, yes or no, a date or a time; and what does not go together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlglot import exp

from cs_connector.errors import FormulaError
from cs_connector.model import DATE, FLAG, MONEY, NUMBER, TEXT, TIME, WHOLE

_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?")  # as every engine reads it
NUMERIC, DATED = ("number", "money"), ("date", "time")
_KINDS = {
    TEXT: "text", NUMBER: "number", WHOLE: "number", MONEY: "money", FLAG: "yes or no", DATE: "date", TIME: "time",
}  # fmt: skip
_CALLED = {
    "number": "a number", "money": "money", "text": "a text", "yes or no": "yes or no", "date": "a date", "time": "a time",
}  # fmt: skip
Kind = str | None
"""None is not known: NULL, or a name without a type. It goes with everything."""


def kind(type_: str | None) -> Kind:
    """The kind of a type of the executor; other decimals are numbers."""
    if type_ is None:
        return None
    return _KINDS.get(type_, "number" if type_.startswith("DECIMAL") else None)


def called(of: Kind) -> str:
    return _CALLED.get(of or "", "something unknown")


def start(node: exp.Expr) -> int | None:
    """Where a part of a formula begins, its letters counted from 1."""
    found = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    return min(found) + 1 if found else None


@dataclass(frozen=True, slots=True)
class Signature:
    """The kinds that each value of a function may be of, () for any, and what it gives; None: what its first value is."""

    takes: tuple[tuple[str, ...], ...]
    gives: str | None


# functions with names of ours; each engine's lowering says what they mean there
SIGNATURES: dict[str, Signature] = {
    "days": Signature((DATED, DATED), "number"),
    "months": Signature((DATED, DATED), "number"),
    "month_end": Signature((DATED,), "date"),
    "add_days": Signature((DATED, ("number",)), "date"),
    "add_months": Signature((DATED, ("number",)), "date"),
    "year": Signature((DATED,), "number"),
    "month": Signature((DATED,), "number"),
    "known": Signature(((),), "yes or no"),
    "upper": Signature((("text",),), "text"),
    "trim": Signature((("text",),), "text"),
    "left": Signature((("text",), ("number",)), "text"),
    "right": Signature((("text",), ("number",)), "text"),
    "length": Signature((("text",),), "number"),
    "contains": Signature((("text",), ("text",)), "yes or no"),
    "starts_with": Signature((("text",), ("text",)), "yes or no"),
    "field": Signature((("text",), ("text",)), "text"),
    "number": Signature((("text",),), "number"),
    **{
        f"{grain}_start": Signature((DATED,), "date") for grain in ("day", "week", "month", "quarter", "year")
    },
    "fiscal_quarter_start": Signature((DATED,), "date"),
    "fiscal_year_start": Signature((DATED,), "date"),
    "local_date": Signature((("time",), ("text",)), "date"),
    "floor": Signature((NUMERIC,), "number"),
    "ceil": Signature((NUMERIC,), "number"),
}


class _Found(dict[str, str]):
    """Types by names, with the kinds of the parts that were looked at: some are asked for twice, and each level would double that."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__(names)
        self.kinds: dict[int, Kind] = {}


def infer(node: exp.Expr, names: Mapping[str, str]) -> Kind:
    """The kind of a checked, not yet settled tree over typed names. Raises FormulaError for what does not fit."""
    found = names if isinstance(names, _Found) else _Found(names)
    if id(node) not in found.kinds:
        found.kinds[id(node)] = _inferred(node, found)
    return found.kinds[id(node)]


def _inferred(node: exp.Expr, names: Mapping[str, str]) -> Kind:
    if isinstance(node, exp.Column):
        return kind(names.get(node.name))
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "number"
    if isinstance(node, exp.Anonymous):
        return _called(node, names)
    rule = _RULES.get(type(node))
    return rule(node, names) if rule else None


def _wrong(node: exp.Expr, what: str, fix: str = "") -> FormulaError:
    at = start(node)
    return FormulaError(
        f"{what} at column {at}" if at else what, fix=fix or "change the formula", position=at
    )


def _must(node: exp.Expr, names: Mapping[str, str], allowed: Sequence[str], of: str) -> Kind:
    found = infer(node, names)
    if found is not None and found not in allowed:
        wanted = " or ".join(called(k) for k in allowed)
        raise _wrong(node, f"{of} needs {wanted}, and {node.sql('duckdb')} is {called(found)}")
    return found


def _called(node: exp.Anonymous, names: Mapping[str, str]) -> Kind:
    name = str(node.name).lower()
    if name == "concat":
        for value in node.expressions:
            _must(value, names, ("text",), name)
        return "text"
    signature = SIGNATURES[name]
    for value, allowed in zip(node.expressions, signature.takes, strict=True):
        if allowed:
            _must(value, names, allowed, name)
        else:
            infer(value, names)
    return signature.gives


def _constant(node: exp.Expr) -> bool:
    inner = node.unnest()
    return isinstance(inner, exp.Literal) or (isinstance(inner, exp.Neg) and _constant(inner.this))


def _common(nodes: Iterable[exp.Expr | None], names: Mapping[str, str], of: str) -> Kind:
    """The one kind of several values. A plain number is also money; a day is also a time."""
    kinds = [(node, infer(node, names)) for node in nodes if node is not None]
    known = [(node, kind_) for node, kind_ in kinds if kind_ is not None]
    if not known:
        return None
    first, found = known[0]
    for node, now in known[1:]:
        found = _both(first, found, node, now, of)
    return found


def _both(first: exp.Expr, found: str, node: exp.Expr, now: str, of: str) -> str:
    """The kind of what came first and of one more value. Raises FormulaError where they have none in common."""
    if found == now:
        return found
    if {found, now} == set(NUMERIC) and (_constant(node) or _constant(first)):
        return "money"
    if {found, now} == set(DATED):
        return "time"
    left, right = first.sql("duckdb"), node.sql("duckdb")
    days = [one.name for one in (first, node) if isinstance(one, exp.Literal) and is_day(one.name)]
    fix = f"as a date it is add_days('{days[0]}', 0)" if days and {found, now} & set(DATED) else ""
    raise _wrong(
        node, f"{of} cannot take {left}, which is {called(found)}, with {right}, which is {called(now)}", fix
    )


def _compared(nodes: Sequence[exp.Expr], names: Mapping[str, str], of: str) -> Kind:
    """Values that are compared; a text constant stands for the date that it writes."""
    kinds = [infer(node, names) for node in nodes]
    dates = any(k in DATED for k in kinds)
    left = [n for n, k in zip(nodes, kinds, strict=True) if not (dates and k == "text" and _dated(n))]
    _common(left, names, of)
    return "yes or no"


def _dated(node: exp.Expr) -> bool:
    """Raises FormulaError for a text that writes no date."""
    inner = node.unnest()
    if not isinstance(inner, exp.Literal):
        return False
    if not _WRITTEN.fullmatch(inner.this) or not _there(inner.this):
        fix = "write one like '2026-01-31'; a time like '2026-01-31 14:30' is one of UTC"
        raise _wrong(node, f"'{inner.this}' is no date", fix)
    return True


def is_day(text: str) -> bool:
    """Whether a text writes a date, without a time."""
    return len(text) == 10 and _WRITTEN.fullmatch(text) is not None and _there(text)


def _there(text: str) -> bool:
    """Whether the calendar has such a day, and a day such a time."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


_INSTEAD = {
    frozenset({"date", "number"}): "use add_days(date, 30) or add_months(date, 12)",
    frozenset({"time", "number"}): "use add_days(date, 30) or add_months(date, 12)",
    frozenset({"date"}): "use days(later, earlier)",
    frozenset({"time"}): "use days(later, earlier)",
    frozenset({"date", "time"}): "use days(later, earlier)",
    frozenset({"text"}): "use concat(a, b)",
}


def _sum(node: exp.Expr, names: Mapping[str, str]) -> Kind:
    kinds = [infer(part, names) for part in (node.this, node.expression)]
    sign = "+" if isinstance(node, exp.Add) else "-"
    if any(k is not None and k not in NUMERIC for k in kinds):
        told = " and ".join(called(k) for k in kinds)
        fix = _INSTEAD.get(frozenset(k for k in kinds if k), "")
        raise _wrong(node, f"{sign} takes numbers or money, not {told}", fix)
    return _common((node.this, node.expression), names, sign) or "number"


def _product(node: exp.Expr, names: Mapping[str, str]) -> Kind:
    left, right = (_must(part, names, NUMERIC, "*") for part in (node.this, node.expression))
    if left == right == "money":
        raise _wrong(node, "money times money is nothing", "divide to get a share, or multiply by a number")
    return "money" if "money" in (left, right) else "number"


def _quotient(node: exp.Expr, names: Mapping[str, str]) -> Kind:
    left, right = (_must(part, names, NUMERIC, "/") for part in (node.this, node.expression))
    return "money" if left == "money" and right == "number" else "number"


def _logical(node: exp.Expr, names: Mapping[str, str]) -> Kind:
    word = type(node).__name__.lower()
    for part in node.iter_expressions():
        _must(part, names, ("yes or no",), word)
    return "yes or no"


def _case(node: exp.Expr, names: Mapping[str, str]) -> Kind:
    of, whens = node.this, node.args.get("ifs") or []
    for when in whens:
        if of is None:
            _must(when.this, names, ("yes or no",), "when")
        else:
            _compared((of, when.this), names, "case")
    return _common([*(when.args.get("true") for when in whens), node.args.get("default")], names, "case")


def _if(node: exp.Expr, names: Mapping[str, str]) -> Kind:
    _must(node.this, names, ("yes or no",), "if")
    return _common((node.args.get("true"), node.args.get("false")), names, "if")


def _several(node: exp.Expr, names: Mapping[str, str]) -> Kind:
    return _common((node.this, *node.expressions), names, type(node).__name__.lower())


def _nullif(node: exp.Expr, names: Mapping[str, str]) -> Kind:
    _compared((node.this, node.expression), names, "nullif")
    return infer(node.this, names)


def _same(node: exp.Expr, names: Mapping[str, str]) -> Kind:
    return _must(node.this, names, NUMERIC, type(node).__name__.lower()) or "number"


def _sides(node: exp.Expr) -> list[exp.Expr]:
    """The values that a comparison compares."""
    if isinstance(node, exp.In):
        return [node.this, *node.expressions]
    if isinstance(node, exp.Between):
        return [node.this, node.args["low"], node.args["high"]]
    return [node.this, node.expression]


SIGNS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.In: "in",
    exp.Between: "between",
}


def _comparison(node: exp.Expr, names: Mapping[str, str]) -> Kind:
    return _compared(_sides(node), names, SIGNS[type(node)])


def _is(node: exp.Expr, names: Mapping[str, str]) -> Kind:
    if isinstance(node.expression, exp.Boolean):
        _must(node.this, names, ("yes or no",), "is")
    infer(node.this, names)
    return "yes or no"


_RULES: dict[type[exp.Expr], Callable[[exp.Expr, Mapping[str, str]], Kind]] = {
    exp.Boolean: lambda _node, _names: "yes or no",
    exp.Paren: lambda node, names: infer(node.this, names),
    exp.Lower: lambda node, names: _must(node.this, names, ("text",), "lower") or "text",
    exp.Add: _sum, exp.Sub: _sum, exp.Mul: _product, exp.Div: _quotient, exp.Neg: _same,
    exp.And: _logical, exp.Or: _logical, exp.Not: _logical, exp.Is: _is, exp.Case: _case, exp.If: _if,
    exp.Coalesce: _several, exp.Least: _several, exp.Greatest: _several, exp.Nullif: _nullif,
    exp.Abs: _same, exp.Round: _same,
    **dict.fromkeys(SIGNS, _comparison),
}  # fmt: skip

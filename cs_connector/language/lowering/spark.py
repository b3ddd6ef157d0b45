"""Spark's lowering, for a session in UTC: ANSI mode on or off gives the same, since nothing here can overflow or fail."""

from __future__ import annotations

from sqlglot import exp

from .common import (
    BLANKS,
    EXACT,
    LETTERS,
    MAX_DAYS,
    Lowering,
    NodeRule,
    Rule,
    aggregate,
    both,
    cast,
    corr,
    day,
    half_up,
    known,
    mean,
    native,
    number,
    plain,
    same,
    slope,
    small,
    spread,
    tied,
    total,
    when,
    within,
    written,
)

_WHOLE = (exp.DataType.Type.INT, exp.DataType.Type.BIGINT)


def _part(of: str) -> Rule:
    return lambda values: exp.cast(native(of, day(values[0])), "double")


def _days(values: list[exp.Expr]) -> exp.Expr:
    return exp.cast(native("datediff", day(values[0]), day(values[1])), "double")


def _month_number(value: exp.Expr) -> exp.Expr:
    years = exp.Mul(this=native("year", day(value)), expression=exp.Literal.number(12))
    return exp.Paren(this=exp.Add(this=years, expression=native("month", day(value.copy()))))


def _months(values: list[exp.Expr]) -> exp.Expr:
    later, earlier = (_month_number(small(v)) for v in values)
    return cast(exp.Sub(this=later, expression=earlier), "double")


def _nearest(value: exp.Expr, to: str) -> exp.Expr:
    """Spark's own cast cuts the digits off."""
    return exp.cast(native("rint", cast(value, "double")), to)


def _add(name: str, most: int) -> Rule:
    return lambda values: within(
        small(values[1]), most, native(name, day(values[0]), _nearest(values[1], "int"))
    )


def _cut(name: str) -> Rule:
    def rule(values: list[exp.Expr]) -> exp.Expr:
        count = native("rint", cast(small(values[1]), "double"))
        most = exp.cast(exp.Least(this=count.copy(), expressions=[number(LETTERS)]), "int")
        none = exp.LT(this=count.copy(), expression=number(0))
        cut = when(none, exp.Literal.string(""), native(name, values[0], most))
        return when(exp.LT(this=exp.Abs(this=count), expression=number(EXACT * 1000)), cut)

    return rule


def _upper(values: list[exp.Expr]) -> exp.Expr:
    return native("upper", native("replace", values[0], "ß", "ẞ"))


def _lower(node: exp.Expr) -> exp.Expr:
    """Java has words for letters at the end of one, and two letters for a dotted I."""
    return native("lower", native("translate", node.this, "İΣ", "iσ"))


def _field(values: list[exp.Expr]) -> exp.Expr:
    return native("get_json_object", values[0], f"$['{values[1].name}']")


def _concat(values: list[exp.Expr]) -> exp.Expr:
    return native("nullif", native("concat_ws", "", *values), "")


def _large(name: str) -> Rule:
    """Spark's own gives a whole number, and the greatest one where it is larger."""

    def rule(values: list[exp.Expr]) -> exp.Expr:
        value = cast(small(values[0]), "double")
        whole = exp.cast(native(name, value.copy()), "double")
        return when(exp.LT(this=exp.Abs(this=value.copy()), expression=number(EXACT)), whole, value)

    return rule


def _significant(values: list[exp.Expr]) -> exp.Expr:
    """Printed and read: the double nearest to nine digits, as the others have it."""
    value = cast(small(values[0]), "double")
    printed = exp.cast(native("format_string", "%.8e", value.copy()), "double")
    infinite = exp.cast(exp.Literal.string("Infinity"), "double")  # NaN is greater still
    return when(exp.LT(this=exp.Abs(this=value), expression=infinite), printed)


def _newest(values: list[exp.Expr]) -> exp.Expr:
    value, by, *keys = values
    return aggregate("max_by", value, when(both(value, by), native("struct", by, *keys)))


def _round(node: exp.Expr) -> exp.Expr:
    return half_up(node, tied("rint"))


def _cast(node: exp.Expr) -> exp.Expr:
    """Whole numbers are the nearest ones; a time has no zone."""
    to = node.args["to"]
    if to.this in _WHOLE:
        return exp.cast(native("rint", exp.cast(node.this, "double")), to)
    if to.this == exp.DataType.Type.TIMESTAMP:
        return exp.Cast(this=node.this, to=exp.DataType.build("timestamp_ntz", dialect="spark"))
    return node


def _start(grain: str) -> Rule:
    return lambda values: native("trunc", day(values[0]), grain)


def _local_date(values: list[exp.Expr]) -> exp.Expr:
    moment = exp.cast(
        cast(values[0], "timestamp"), "timestamptz"
    )  # one with a zone, which is that of the session
    return day(native("from_utc_timestamp", moment, values[1]))


def _quantile(values: list[exp.Expr]) -> exp.Expr:
    return aggregate("percentile", cast(values[0], "double"), values[1])


def _median(values: list[exp.Expr]) -> exp.Expr:
    return _quantile([values[0], number(0.5)])


FUNCTIONS: dict[str, Rule] = {
    "days": _days, "months": _months, "month_end": lambda values: native("last_day", day(values[0])),
    "known": lambda values: known(values[0]),
    "add_days": _add("date_add", MAX_DAYS), "add_months": _add("add_months", MAX_DAYS // 31),
    "year": _part("year"), "month": _part("month"),
    "upper": _upper, "trim": lambda values: native("btrim", values[0], BLANKS),
    "left": _cut("left"), "right": _cut("right"), "length": plain("char_length", "double"),
    "contains": plain("contains"), "starts_with": plain("startswith"), "concat": _concat,
    "field": _field, "number": written("regexp_like"),
    "floor": _large("floor"), "ceil": _large("ceil"),
    "significant": _significant, "total": total, "mean": mean, "newest": _newest,
    "stddev": spread("stddev_samp"), "variance": spread("var_samp"), "corr": corr, "slope": slope,
    "median": _median, "quantile": _quantile,
    "week_start": _start("week"), "month_start": _start("month"), "quarter_start": _start("quarter"), "year_start": _start("year"),
    "local_date": _local_date,
}  # fmt: skip
NODES: dict[type[exp.Expr], NodeRule] = {exp.Cast: _cast, exp.Lower: _lower, exp.Round: _round, exp.Pow: same}
SPARK = Lowering("spark", "spark", FUNCTIONS, NODES)

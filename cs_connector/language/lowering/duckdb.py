"""DuckDB's lowering: the engine that runs by default, in this process."""

from __future__ import annotations

from sqlglot import exp

from .common import (
    LETTERS,
    MAX_DAYS,
    Lowering,
    NodeRule,
    Rule,
    aggregate,
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
    total,
    when,
    within,
    written,
)


def _days(values: list[exp.Expr]) -> exp.Expr:
    """days(a, b): days from b to a, a − b."""
    return exp.cast(native("date_diff", "day", day(values[1]), day(values[0])), "double")


def _months(values: list[exp.Expr]) -> exp.Expr:
    """months(a, b): calendar months from the month of b to the month of a."""
    return exp.cast(native("date_diff", "month", day(values[1]), day(values[0])), "double")


def _month_end(values: list[exp.Expr]) -> exp.Expr:
    return native("last_day", day(values[0]))


def _add_days(values: list[exp.Expr]) -> exp.Expr:
    """The day a number of days later."""
    days = exp.TryCast(this=exp.Paren(this=values[1]), to=exp.DataType.build("int"))
    return within(values[1], MAX_DAYS, exp.Add(this=day(values[0]), expression=days))


def _add_months(values: list[exp.Expr]) -> exp.Expr:
    """The same day of a later month, or its last one where it is shorter."""
    months = native("to_months", exp.TryCast(this=exp.Paren(this=values[1]), to=exp.DataType.build("int")))
    later = exp.cast(exp.Paren(this=exp.Add(this=day(values[0]), expression=months)), "date")
    return within(values[1], MAX_DAYS // 31, later)


def _part(of: str) -> Rule:
    return lambda values: exp.cast(native("date_part", of, day(values[0])), "double")


def _cut(name: str) -> Rule:
    """So many letters, none where the number is negative; more than any text has are as many as it has."""

    def rule(values: list[exp.Expr]) -> exp.Expr:
        count = exp.TryCast(this=exp.Paren(this=small(values[1])), to=exp.DataType.build("bigint"))
        most = exp.Least(this=count.copy(), expressions=[exp.Literal.number(LETTERS)])
        none = exp.LT(this=count.copy(), expression=exp.Literal.number(0))
        cut = when(none, exp.Literal.string(""), native(name, values[0], most))
        return when(known(count), cut)

    return rule


def _texts(name: str) -> Rule:
    """The function of this name over texts: that of a plain NULL could be one over lists."""
    return lambda values: native(name, *(exp.cast(exp.Paren(this=v), "varchar") for v in values))


def _field(values: list[exp.Expr]) -> exp.Expr:
    """field(custom, name): what stands under a name in a JSON object, as text. What is no JSON has nothing."""
    of, name = values
    found = native("json_extract_string", of, f'$."{name.name}"')
    return when(native("json_valid", of.copy()), found)


def _concat(values: list[exp.Expr]) -> exp.Expr:
    """Texts one after another, without those that are not known; NULL where none is."""
    return native("nullif", native("concat", *values), exp.Literal.string(""))


_SHORT = 1e9  # a whole number below has at most nine digits


def _significant(values: list[exp.Expr]) -> exp.Expr:
    """Nine significant digits: the last bits of a parallel sum are not the same twice."""
    value = exp.cast(exp.Paren(this=values[0]), "double")
    power = exp.cast(native("floor", native("log10", exp.Abs(this=value.copy()))), "int")
    places = exp.Sub(this=exp.Literal.number(8), expression=power)
    rounded = native("round", value.copy(), places)
    whole = exp.EQ(this=value.copy(), expression=native("floor", value.copy()))
    short = exp.LT(this=exp.Abs(this=value.copy()), expression=number(_SHORT))
    unsigned = exp.Add(this=value.copy(), expression=number(0))  # 0 has no sign
    whens = [
        exp.If(this=exp.and_(whole, short), true=unsigned),  # as most are, and a logarithm is dear
        exp.If(this=exp.Not(this=native("isfinite", value.copy())), true=exp.null()),
    ]
    return exp.Case(ifs=whens, default=rounded)


def _newest(values: list[exp.Expr]) -> exp.Expr:
    """The value of the row with the greatest date, then keys; rows without a value or a date do not count.

    In a row of DuckDB what is not known is the greatest; it must be the least.
    """
    value, by, *keys = values
    ties = (part for key in keys for part in (known(key.copy()), key))
    return aggregate("arg_max", value, when(known(by.copy()), native("row", by, *ties)))


def _round(node: exp.Expr) -> exp.Expr:
    return half_up(node, lambda scaled: native("round", scaled))


def _start(grain: str) -> Rule:
    """The first day of the period of a day; weeks start on Monday."""
    return lambda values: day(native("date_trunc", grain, day(values[0])))


def _local_date(values: list[exp.Expr]) -> exp.Expr:
    """local_date(time, zone): the day there at a time of UTC."""
    moment = native("timezone", "UTC", cast(values[0], "timestamp"))
    return day(native("timezone", values[1], moment))


def _quantile(values: list[exp.Expr]) -> exp.Expr:
    """quantile(x, p): between the two nearest values, in a straight line."""
    return aggregate("quantile_cont", cast(values[0], "double"), values[1])


def _median(values: list[exp.Expr]) -> exp.Expr:
    return _quantile([values[0], number(0.5)])


FUNCTIONS: dict[str, Rule] = {
    "days": _days, "months": _months, "month_end": _month_end, "known": lambda values: known(values[0]),
    "add_days": _add_days, "add_months": _add_months, "year": _part("year"), "month": _part("month"),
    "upper": plain("upper"), "trim": plain("trim"), "left": _cut("left"), "right": _cut("right"),
    "length": plain("length", "double"), "contains": _texts("contains"), "starts_with": _texts("starts_with"),
    "floor": plain("floor"), "ceil": plain("ceil"), "concat": _concat,
    "field": _field, "number": written("regexp_matches"),
    "significant": _significant, "total": total, "mean": mean, "newest": _newest,
    "stddev": spread("stddev_samp"), "variance": spread("var_samp"), "corr": corr, "slope": slope,
    "median": _median, "quantile": _quantile,
    "week_start": _start("week"), "month_start": _start("month"), "quarter_start": _start("quarter"), "year_start": _start("year"),
    "local_date": _local_date,
}  # fmt: skip
NODES: dict[type[exp.Expr], NodeRule] = {
    exp.Cast: same,
    exp.Lower: same,
    exp.Round: _round,
    exp.Pow: same,
    exp.Limit: same,
}
DUCKDB = Lowering("duckdb", "duckdb", FUNCTIONS, NODES)

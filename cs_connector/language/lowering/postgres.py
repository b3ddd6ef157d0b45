"""PostgreSQL's lowering, over tables that engines/postgres.py loads: texts there are ordered by their bytes."""

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

ALPHABETS = "cs_letters"  # the collation that knows capitals of all alphabets; the loader makes it


def _whole(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def _part(of: str) -> Rule:
    return lambda values: native("date_part", of, day(values[0]))


def _days(values: list[exp.Expr]) -> exp.Expr:
    return cast(exp.Sub(this=day(values[0]), expression=day(values[1])), "double")


def _month_number(value: exp.Expr) -> exp.Expr:
    years = exp.Mul(this=native("date_part", "year", day(value)), expression=_whole(12))
    return exp.Paren(this=exp.Add(this=years, expression=native("date_part", "month", day(value.copy()))))


def _months(values: list[exp.Expr]) -> exp.Expr:
    later, earlier = (_month_number(small(v)) for v in values)
    return exp.Paren(this=exp.Sub(this=later, expression=earlier))


def _month_end(values: list[exp.Expr]) -> exp.Expr:
    start = native("date_trunc", "month", cast(day(values[0]), "timestamp"))
    rest = native("make_interval", _whole(0), _whole(1), _whole(0), _whole(-1))
    return day(exp.Add(this=start, expression=rest))


def _add_days(values: list[exp.Expr]) -> exp.Expr:
    days = cast(small(values[1]), "int")
    return within(values[1], MAX_DAYS, exp.Paren(this=exp.Add(this=day(values[0]), expression=days)))


def _add_months(values: list[exp.Expr]) -> exp.Expr:
    """A month that has not that day gives its last one, as the interval of PostgreSQL does."""
    months = native("make_interval", _whole(0), cast(small(values[1]), "int"))
    return within(values[1], MAX_DAYS // 31, day(exp.Add(this=day(values[0]), expression=months)))


def _cut(name: str) -> Rule:
    def rule(values: list[exp.Expr]) -> exp.Expr:
        count = native(
            "round", cast(small(values[1]), "double")
        )  # of a double: half to even, as a cast of DuckDB
        most = exp.cast(exp.Least(this=count.copy(), expressions=[_whole(LETTERS)]), "int")
        none = exp.LT(this=count.copy(), expression=_whole(0))
        cut = when(none, exp.Literal.string(""), native(name, values[0], most))
        return when(exp.LT(this=exp.Abs(this=count), expression=number(EXACT * 1000)), cut)

    return rule


def _lettered(name: str) -> Rule:
    """Capitals of all alphabets, ordered by bytes again afterwards."""

    def rule(values: list[exp.Expr]) -> exp.Expr:
        letters = exp.Collate(this=exp.Paren(this=values[0]), expression=exp.to_identifier(ALPHABETS))
        bytewise = exp.to_identifier("C", quoted=True)
        return exp.Paren(this=exp.Collate(this=native(name, letters), expression=bytewise))

    return rule


def _upper(values: list[exp.Expr]) -> exp.Expr:
    return _lettered("upper")([native("replace", values[0], "ß", "ẞ")])


def _contains(values: list[exp.Expr]) -> exp.Expr:
    texts = (cast(v, "varchar") for v in values)
    return exp.Paren(this=exp.GT(this=native("strpos", *texts), expression=_whole(0)))


def _starts_with(values: list[exp.Expr]) -> exp.Expr:
    return native("starts_with", *(cast(v, "varchar") for v in values))


def _field(values: list[exp.Expr]) -> exp.Expr:
    return native("jsonb_extract_path_text", cast(values[0], "jsonb"), values[1])


def _concat(values: list[exp.Expr]) -> exp.Expr:
    return native("nullif", native("concat", *values), "")


def _floor(value: exp.Expr) -> exp.Expr:
    return native("floor", cast(value, "double"))


def _ceil(values: list[exp.Expr]) -> exp.Expr:
    return native("ceil", cast(values[0], "double"))


def _significant(values: list[exp.Expr]) -> exp.Expr:
    value = cast(small(values[0]), "double")
    power = exp.cast(native("floor", native("log", exp.Abs(this=value.copy()))), "int")
    digits = exp.Sub(this=_whole(8), expression=power)
    rounded = exp.cast(native("round", exp.cast(value.copy(), "decimal"), digits), "double")
    zero = exp.EQ(this=value.copy(), expression=_whole(0))
    infinite = exp.cast(exp.Literal.string("Infinity"), "double")  # NaN is greater still
    finite = exp.LT(this=exp.Abs(this=value), expression=infinite)
    return when(finite, when(zero, number(0), rounded))


def _newest(values: list[exp.Expr]) -> exp.Expr:
    value, by, *keys = values
    order = [exp.Ordered(this=v.copy(), desc=True, nulls_first=False) for v in (by, *keys)]
    listed = exp.ArrayAgg(this=exp.Order(this=value, expressions=order))
    counted = exp.Filter(this=listed, expression=exp.Where(this=both(value, by)))
    return exp.Bracket(this=exp.Paren(this=counted), expressions=[_whole(1)], offset=1)


def _round(node: exp.Expr) -> exp.Expr:
    return half_up(node, tied("round"))


def _power(node: exp.Expr) -> exp.Expr:
    """Too small is 0, as elsewhere, and no error."""
    top = cast(small(node.expression), "double")
    tiny = exp.LT(this=top.copy(), expression=number(-1000))
    return when(tiny, number(0), native("power", node.this, top))


def _lower(node: exp.Expr) -> exp.Expr:
    return _lettered("lower")([node.this])


def _start(grain: str) -> Rule:
    return lambda values: day(native("date_trunc", grain, cast(day(values[0]), "timestamp")))


def _local_date(values: list[exp.Expr]) -> exp.Expr:
    moment = native("timezone", "UTC", cast(values[0], "timestamp"))
    return day(native("timezone", values[1], moment))


def _quantile(values: list[exp.Expr]) -> exp.Expr:
    of = exp.Ordered(this=cast(values[0], "double"), desc=False, nulls_first=False)
    return exp.WithinGroup(this=exp.PercentileCont(this=values[1]), expression=exp.Order(expressions=[of]))


def _median(values: list[exp.Expr]) -> exp.Expr:
    return _quantile([values[0], number(0.5)])


FUNCTIONS: dict[str, Rule] = {
    "days": _days, "months": _months, "month_end": _month_end, "known": lambda values: known(values[0]),
    "add_days": _add_days, "add_months": _add_months, "year": _part("year"), "month": _part("month"),
    "upper": _upper, "trim": lambda values: native("btrim", values[0], BLANKS),
    "left": _cut("left"), "right": _cut("right"), "length": plain("char_length", "double"),
    "contains": _contains, "starts_with": _starts_with, "concat": _concat,
    "field": _field, "number": written("regexp_like"),
    "floor": lambda values: _floor(values[0]), "ceil": _ceil,
    "significant": _significant, "total": total, "mean": mean, "newest": _newest,
    "stddev": spread("stddev_samp"), "variance": spread("var_samp"), "corr": corr, "slope": slope,
    "median": _median, "quantile": _quantile,
    "week_start": _start("week"), "month_start": _start("month"), "quarter_start": _start("quarter"), "year_start": _start("year"),
    "local_date": _local_date,
}  # fmt: skip
NODES: dict[type[exp.Expr], NodeRule] = {
    exp.Cast: same,
    exp.Lower: _lower,
    exp.Round: _round,
    exp.Pow: _power,
}
POSTGRES = Lowering("postgres", "postgres", FUNCTIONS, NODES)

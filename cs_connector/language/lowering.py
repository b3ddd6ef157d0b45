"""What our own functions are on an engine. Rendering is not meaning: each engine says each one itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from cs_connector.errors import ConfigError

Rule = Callable[[list[exp.Expr]], exp.Expr]
MAX_DAYS = 1_000_000


def call(name: str, *values: exp.Expr) -> exp.Anonymous:
    """A function of ours, by name; `lower` turns it into the engine's own."""
    return exp.Anonymous(this=name, expressions=list(values))


def lower(tree: exp.Expr, engine: str = "duckdb") -> exp.Expr:
    """The tree in an engine's own functions. Raises ConfigError for one that the engine does not have."""
    rules = ENGINES.get(engine)
    if rules is None:
        raise ConfigError(f"there is no engine {engine!r}", fix=f"engines: {', '.join(sorted(ENGINES))}")
    return _lower(tree, engine, rules)


def _lower(tree: exp.Expr, engine: str, rules: Mapping[str, Rule]) -> exp.Expr:
    def step(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Anonymous):
            return node
        name = str(node.name).lower()
        if name not in rules:
            raise ConfigError(f"{name!r} cannot run on {engine}", safe="nothing was computed")
        return rules[name]([_lower(part, engine, rules) for part in node.expressions])

    return tree.transform(step)


def _native(name: str, *values: exp.Expr | str) -> exp.Expr:
    """A call that is printed as it stands."""
    return exp.Anonymous(this=name, expressions=[exp.convert(v) if isinstance(v, str) else v for v in values])


def _date(value: exp.Expr) -> exp.Expr:
    return exp.cast(exp.Paren(this=value), "date")


def _days(values: list[exp.Expr]) -> exp.Expr:
    """days(a, b): days from b to a, a − b."""
    return exp.cast(_native("date_diff", "day", _date(values[1]), _date(values[0])), "double")


def _months(values: list[exp.Expr]) -> exp.Expr:
    """months(a, b): calendar months from the month of b to the month of a."""
    return exp.cast(_native("date_diff", "month", _date(values[1]), _date(values[0])), "double")


def _month_end(values: list[exp.Expr]) -> exp.Expr:
    return _native("last_day", _date(values[0]))


def _within(value: exp.Expr, most: int, result: exp.Expr) -> exp.Expr:
    """NULL where a number is so large, or none at all, that no date would come of it."""
    small = exp.LTE(this=exp.Abs(this=exp.Paren(this=value.copy())), expression=exp.Literal.number(most))
    return exp.Case(ifs=[exp.If(this=small, true=result)])


def _add_days(values: list[exp.Expr]) -> exp.Expr:
    """The day a number of days later."""
    days = exp.TryCast(this=exp.Paren(this=values[1]), to=exp.DataType.build("int"))
    return _within(values[1], MAX_DAYS, exp.Add(this=_date(values[0]), expression=days))


def _add_months(values: list[exp.Expr]) -> exp.Expr:
    """The same day of a later month, or its last one where it is shorter."""
    months = _native("to_months", exp.TryCast(this=exp.Paren(this=values[1]), to=exp.DataType.build("int")))
    later = exp.cast(exp.Paren(this=exp.Add(this=_date(values[0]), expression=months)), "date")
    return _within(values[1], MAX_DAYS // 31, later)


def _part(of: str) -> Rule:
    return lambda values: exp.cast(_native("date_part", of, _date(values[0])), "double")


def _cut(name: str) -> Rule:
    """So many letters, none where the number is negative."""

    def rule(values: list[exp.Expr]) -> exp.Expr:
        count = exp.TryCast(this=exp.Paren(this=values[1]), to=exp.DataType.build("bigint"))
        none = exp.LT(this=count.copy(), expression=exp.Literal.number(0))
        cut = _native(name, values[0], count)
        return exp.Case(ifs=[exp.If(this=none, true=exp.Literal.string(""))], default=cut)

    return rule


def _plain(name: str, to: str | None = None) -> Rule:
    """The function of this name, its result as another type."""

    def rule(values: list[exp.Expr]) -> exp.Expr:
        called = _native(name, *values)
        return exp.cast(called, to) if to else called

    return rule


def _texts(name: str) -> Rule:
    """The function of this name over texts: that of a plain NULL could be one over lists."""
    return lambda values: _native(name, *(exp.cast(exp.Paren(this=v), "varchar") for v in values))


def _concat(values: list[exp.Expr]) -> exp.Expr:
    """Texts one after another, without those that are not known; NULL where none is."""
    return _native("nullif", _native("concat", *values), exp.Literal.string(""))


def _known(values: list[exp.Expr]) -> exp.Expr:
    return exp.Paren(this=exp.Not(this=exp.Is(this=exp.Paren(this=values[0]), expression=exp.null())))


def _significant(values: list[exp.Expr]) -> exp.Expr:
    """Nine significant digits: the last bits of a parallel sum are not the same twice."""
    value = exp.cast(exp.Paren(this=values[0]), "double")
    power = exp.cast(_native("floor", _native("log10", exp.Abs(this=value.copy()))), "int")
    places = exp.Sub(this=exp.Literal.number(8), expression=power)
    rounded = _native("round", value.copy(), places)
    zero = exp.EQ(this=value.copy(), expression=exp.Literal.number(0))
    finite = _native("isfinite", value.copy())
    whens = [
        exp.If(this=exp.Not(this=finite), true=exp.null()),
        exp.If(this=zero, true=exp.cast(exp.Literal.number(0), "double")),
    ]
    return exp.Case(ifs=whens, default=rounded)


def _total(values: list[exp.Expr]) -> exp.Expr:
    """An exact sum: the order of rows must not show."""
    exact = exp.cast(exp.Paren(this=values[0]), "decimal(38, 6)")
    return exp.cast(_native("sum", exact), "double")


def _mean(values: list[exp.Expr]) -> exp.Expr:
    count = _native("nullif", _native("count", values[0].copy()), exp.Literal.number(0))
    return exp.Paren(this=exp.Div(this=_total(values), expression=count))


def _newest(values: list[exp.Expr]) -> exp.Expr:
    """The value of the row with the greatest date, then key."""
    return _native("arg_max", values[0], _native("row", *values[1:]))


DUCKDB: dict[str, Rule] = {
    "days": _days, "months": _months, "month_end": _month_end, "known": _known,
    "add_days": _add_days, "add_months": _add_months, "year": _part("year"), "month": _part("month"),
    "upper": _plain("upper"), "trim": _plain("trim"), "left": _cut("left"), "right": _cut("right"),
    "length": _plain("length", "double"), "contains": _texts("contains"), "starts_with": _texts("starts_with"),
    "floor": _plain("floor"), "ceil": _plain("ceil"), "concat": _concat,
    "significant": _significant, "total": _total, "mean": _mean, "newest": _newest,
}  # fmt: skip
ENGINES: dict[str, Mapping[str, Rule]] = {"duckdb": DUCKDB}

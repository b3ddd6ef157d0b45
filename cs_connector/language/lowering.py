"""What our own functions are on an engine. Rendering is not meaning: each engine says each one itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from cs_connector.errors import ConfigError

Rule = Callable[[list[exp.Expr]], exp.Expr]


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
    "significant": _significant, "total": _total, "mean": _mean, "newest": _newest,
}  # fmt: skip
ENGINES: dict[str, Mapping[str, Rule]] = {"duckdb": DUCKDB}

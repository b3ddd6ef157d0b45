"""What the lowerings of all engines are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from cs_connector.errors import ConfigError

Rule = Callable[[list[exp.Expr]], exp.Expr]
NodeRule = Callable[[exp.Expr], exp.Expr]
MAX_DAYS = 1_000_000
LETTERS = 1_000_000_000  # more than a text has
MAX_PARTS = 2000  # of what a rule writes down twice
EXACT = 9e15  # whole numbers below it have a bit for their half
NUMBER = "^[+-]?[0-9]{1,30}([.][0-9]{0,30})?([eE][+-]?[0-9]{1,2})?$"  # that every engine reads, and none as infinite
# what DuckDB takes off the ends of a text: the space and its Unicode kin, neither tabs nor ends of lines
BLANKS = "".join(map(chr, (0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)))

# Nodes that every engine prints and reads alike. What is neither here nor an engine's own is refused there by name.
PLAIN: frozenset[type[exp.Expr]] = frozenset({
    exp.Select, exp.From, exp.Where, exp.Join, exp.Group, exp.Subquery, exp.Table, exp.TableAlias, exp.Alias,
    exp.Union, exp.With, exp.CTE, exp.Values, exp.Tuple,
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Case, exp.If, exp.DataType,
    exp.DataTypeParam, exp.And, exp.Or, exp.Not, exp.Is, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.In,
    exp.Between, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Abs,
    exp.Coalesce, exp.Nullif, exp.Least, exp.Greatest, exp.Count, exp.Distinct, exp.Min, exp.Max,
    exp.Order, exp.Ordered, exp.WindowSpec, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile, exp.Lag, exp.Lead,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lowering:
    """How one engine says our functions, and the nodes of SQL that it does not read as the others do."""

    name: str
    dialect: str
    functions: Mapping[str, Rule]
    nodes: Mapping[type[exp.Expr], NodeRule] = field(default_factory=dict)

    def apply(self, tree: exp.Expr) -> exp.Expr:
        """The tree in this engine's own words. Raises ConfigError for a part that it has none for."""
        root = tree.copy()
        for node in reversed(list(root.walk())):
            lowered = self._lowered(node)
            if lowered is node:
                continue
            if node is root:
                root = lowered
            else:
                node.replace(lowered)
        return root

    def _lowered(self, node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Anonymous):
            rule = self.functions.get(str(node.name).lower())
            if rule is not None:
                return rule(list(node.expressions))
            raise self._refused(str(node.name).lower())
        if isinstance(node, exp.Window):
            if isinstance(node.this, exp.WithinGroup):
                raise self._refused("quantile over a window")
            return over(node)
        if type(node) in self.nodes:
            return self.nodes[type(node)](node)
        if type(node) in PLAIN:
            return node
        raise self._refused(type(node).__name__.lower())

    def _refused(self, name: str) -> ConfigError:
        return ConfigError(f"{name!r} cannot run on {self.name}", safe="nothing was computed")


def call(name: str, *values: exp.Expr) -> exp.Anonymous:
    """A function of ours, by name; `lower` turns it into the engine's own."""
    return exp.Anonymous(this=name, expressions=list(values))


def native(name: str, *values: exp.Expr | str) -> exp.Expr:
    """A call that is printed as it stands."""
    return exp.Anonymous(this=name, expressions=[exp.convert(v) if isinstance(v, str) else v for v in values])


def plain(name: str, to: str | None = None) -> Rule:
    """The engine's function of this name, its result as another type."""

    def rule(values: list[exp.Expr]) -> exp.Expr:
        called = native(name, *values)
        return exp.cast(called, to) if to else called

    return rule


def aggregate(name: str, *values: exp.Expr | str) -> exp.Expr:
    """A total of the engine over rows; where it is taken over a window, it is this part that gets the window."""
    called = native(name, *values)
    called.meta["aggregate"] = True
    return called


def over(node: exp.Expr) -> exp.Expr:
    """A window whose function was lowered: each total in it gets the window."""
    window, value = node, node.this
    if _total(value):
        return window
    for part in [p for p in value.walk(prune=_total) if _total(p)]:
        inner = window.copy()
        inner.set("this", part.copy())
        part.replace(inner)
    return exp.Paren(this=value)


def _total(node: exp.Expr) -> bool:
    return "aggregate" in node.meta or isinstance(node, exp.AggFunc | exp.RowNumber)


def same(node: exp.Expr) -> exp.Expr:
    """A node that this engine reads as it stands, unlike others."""
    return node


def cast(value: exp.Expr, to: str) -> exp.Expr:
    return exp.cast(exp.Paren(this=value), to)


def day(value: exp.Expr) -> exp.Expr:
    """The value as a date."""
    return cast(value, "date")


def number(value: float) -> exp.Expr:
    """A constant as DOUBLE."""
    return exp.cast(exp.Literal.number(repr(float(value))), "double")


def when(condition: exp.Expr, value: exp.Expr, otherwise: exp.Expr | None = None) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=condition, true=value)], default=otherwise)


def within(value: exp.Expr, most: int, result: exp.Expr) -> exp.Expr:
    """NULL where a number is so large, or none at all, that no date would come of it. Raises ConfigError as `small` does."""
    size = exp.Abs(this=exp.Paren(this=small(value).copy()))
    return when(exp.LTE(this=size, expression=exp.Literal.number(most)), result)


def known(value: exp.Expr) -> exp.Expr:
    return exp.Paren(this=exp.Not(this=exp.Is(this=exp.Paren(this=value), expression=exp.null())))


def pairs(values: list[exp.Expr]) -> list[exp.Expr]:
    """Two values as doubles, each where the other one is known too."""
    left, right = (cast(small(v), "double") for v in values)
    return [when(known(right.copy()), left.copy()), when(known(left.copy()), right.copy())]


def varied(value: exp.Expr) -> exp.Expr:
    """Whether the rows have more than one value: a deviation of 0 is not exact on every engine."""
    least, most = aggregate("min", value.copy()), aggregate("max", value.copy())
    return exp.LT(this=least, expression=most)


def spread(name: str) -> Rule:
    """A deviation of a sample: exactly 0 for equal values, NULL for a single one."""

    def rule(values: list[exp.Expr]) -> exp.Expr:
        value = cast(small(values[0]), "double")
        several = exp.GT(this=aggregate("count", value.copy()), expression=exp.Literal.number(1))
        equal = when(several, number(0))
        return when(varied(value), aggregate(name, value), equal)

    return rule


def corr(values: list[exp.Expr]) -> exp.Expr:
    """The correlation of two values; NULL where one of them does not vary."""
    left, right = pairs(values)
    return when(exp.and_(varied(left), varied(right)), aggregate("corr", left, right))


def slope(values: list[exp.Expr]) -> exp.Expr:
    """How much y grows with one x, by least squares; NULL where x does not vary. Given as (y, x)."""
    y, x = pairs(values)
    return when(varied(x), aggregate("regr_slope", y, x))


def total(values: list[exp.Expr]) -> exp.Expr:
    """An exact sum: the order of rows must not show."""
    return exp.cast(aggregate("sum", cast(values[0], "decimal(38, 6)")), "double")


def mean(values: list[exp.Expr]) -> exp.Expr:
    count = native("nullif", aggregate("count", values[0].copy()), exp.Literal.number(0))
    return exp.Paren(this=exp.Div(this=total(values), expression=count))


def written(matches: str) -> Rule:
    """number(text): the number that a text writes, by the engine's function that matches a text; NULL where it writes none."""

    def rule(values: list[exp.Expr]) -> exp.Expr:
        value = cast(small(values[0]), "varchar")
        return when(native(matches, value, NUMBER), exp.cast(value.copy(), "double"))

    return rule


def both(*values: exp.Expr) -> exp.Expr:
    """Whether all of them are known."""
    return exp.and_(*(known(v.copy()) for v in values))


def small(value: exp.Expr) -> exp.Expr:
    """The value, if it may be written down several times: rules in rules would double it each time.

    Raises ConfigError for one that is too large.
    """
    if sum(1 for _ in value.walk()) > MAX_PARTS:
        raise ConfigError(
            "a formula is too large for this engine",
            why="it nests functions that this engine writes down twice",
            safe="nothing was computed",
            fix="derive the inner part as a column first",
        )
    return value


def half_up(node: exp.Expr, nearest: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """A Round node: the double times a power of ten, a half away from zero, so that 16.15 becomes 16.2.

    `nearest` is the engine's nearest whole number of a double. What is too large to have a fraction stays.
    """
    value = cast(small(node.this), "double")
    digits = node.args.get("decimals")
    power = number(10 ** int(digits.this if digits is not None else 0))
    scaled = exp.Paren(this=exp.Mul(this=value.copy(), expression=power))
    rounded = exp.Paren(this=exp.Div(this=exp.Paren(this=nearest(scaled)), expression=power.copy()))
    return when(exp.LT(this=exp.Abs(this=value.copy()), expression=number(EXACT)), rounded, value)


def tied(name: str) -> Callable[[exp.Expr], exp.Expr]:
    """The nearest whole number by an engine's function that takes a half to the even one."""

    def nearest(scaled: exp.Expr) -> exp.Expr:
        found = native(name, scaled.copy())
        off = exp.Abs(this=exp.Paren(this=exp.Sub(this=found, expression=scaled.copy())))
        half = exp.Mul(this=native("sign", scaled.copy()), expression=number(0.5))
        away = exp.Add(this=scaled, expression=half)
        return when(exp.EQ(this=off, expression=number(0.5)), away, found.copy())

    return nearest

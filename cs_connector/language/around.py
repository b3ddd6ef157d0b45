"""Columns that look at other rows: of the same relationship (`window`), or of its peers (`peers`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from cs_connector.errors import ConfigError
from cs_connector.language.apply import (
    Context,
    StepError,
    column,
    ordered,
    ordering,
    pair,
    ready,
    settled,
    several,
    typed,
)  # fmt: skip
from cs_connector.language.expression import Formula, number
from cs_connector.language.kinds import NUMERIC
from cs_connector.language.lowering import call
from cs_connector.language.steps import Across, Added, Peers, Window
from cs_connector.language.sums import exact
from cs_connector.language.tree import Cells, Node, Project, Shape
from cs_connector.language.tree import Peers as Among
from cs_connector.model import MONEY, NUMBER, WHOLE

_BY_ORDER = ("lag", "lead", "row_number", "rank", "percent_rank", "ntile", "running_sum", "moving_avg")
CURRENCY = "account_currency"  # of the columns of the relationship and its account
_NUMBERS = ("running_sum", "moving_avg", "zscore", "share")


@dataclass(frozen=True)
class Around:
    """The rows around a row: those of one cell and `by`; `order` with ties, and without."""

    by: tuple[exp.Expr, ...]
    order: tuple[exp.Ordered, ...] = ()
    ranked: tuple[exp.Ordered, ...] = ()

    def over(
        self, function: exp.Expr, order: tuple[exp.Ordered, ...] = (), rows: str | None = None
    ) -> exp.Expr:
        """A function over these rows; `rows` is where the frame begins, up to this row."""
        spec = None
        if rows is not None:
            spec = exp.WindowSpec(kind="ROWS", start=rows, start_side="PRECEDING", end="CURRENT ROW")
        placed = exp.Order(expressions=[o.copy() for o in order]) if order else None
        return exp.Window(this=function, partition_by=[b.copy() for b in self.by], order=placed, spec=spec)


def window(node: Node, form: Window, context: Context) -> Node:
    by = [context.read(node, text, "by", at=("by", i)) for i, text in enumerate(form.by)]
    order = [ordering(node, text, context, desc=False, at=("order", i)) for i, text in enumerate(form.order)]
    reads = {name: _read(node, name, added, context) for name, added in form.add.items()}
    node = settled(ready(node, *by, *(f for f, _ in order), *(f for f in reads.values() if f)))
    ranked = tuple(o for _, o in order)
    ties = tuple(ordered(column(name), desc=False) for name in node.shape.ties)
    around = Around((*map(column, node.shape.cell), *(f.tree for f in by)), (*ranked, *ties), ranked)
    several(form.add, node.shape.names, ("add",))
    made = []
    for name, added in form.add.items():
        if added.take in _BY_ORDER and not form.order:
            raise StepError(ConfigError(f"{added.take} needs an order", fix="add `order:`"), ("add", name))
        of = reads[name]
        type_ = (
            NUMBER
            if of is None
            else typed(of)
            if added.take in ("lag", "lead", "running_sum", "moving_avg")
            else NUMBER
        )
        tree = BY_TAKE[added.take](around, of.tree if of else exp.null(), added.rows)
        made.append((name, tree, WHOLE if added.take in ("row_number", "rank", "ntile") else type_))
    shape = node.shape.adding({name: type_ for name, _, type_ in made})
    return Project(node, tuple((name, tree) for name, tree, _ in made), shape)


def _read(node: Node, name: str, added: Added, context: Context) -> Formula | None:
    if added.of is None:
        return None
    return context.read(
        node, added.of, added.take, NUMERIC if added.take in _NUMBERS else (), ("add", name, "of")
    )


def _shifted(function: type[exp.Expr]) -> Callable[[Around, exp.Expr, int | None], exp.Expr]:
    return lambda around, of, rows: around.over(
        function(this=of, offset=exp.Literal.number(rows or 1)), around.order
    )


def _percent(rank: exp.Expr, count: exp.Expr) -> exp.Expr:
    """(rank − 1) ÷ (count − 1); NULL where there is nobody else."""
    place = exp.Sub(this=exp.cast(rank, "double"), expression=number(1))
    others = exp.Sub(this=exp.cast(count, "double"), expression=number(1))
    return quotient(place, others)


def quotient(top: exp.Expr, bottom: exp.Expr) -> exp.Expr:
    """A division that gives NULL by 0."""
    by = exp.Nullif(this=exp.Paren(this=bottom), expression=number(0))
    return exp.Paren(this=exp.Div(this=exp.Paren(this=top), expression=by, typed=False, safe=False))


def _zscore(around: Around, of: exp.Expr) -> exp.Expr:
    """How many sample standard deviations above the mean; NULL where all are equal, or one is alone."""
    above = exp.Sub(
        this=exp.cast(exp.Paren(this=of), "double"), expression=around.over(exact("mean", of.copy()))
    )
    return quotient(above, around.over(call("stddev", of.copy())))


BY_TAKE: dict[str, Callable[[Around, exp.Expr, int | None], exp.Expr]] = {
    "lag": _shifted(exp.Lag),
    "lead": _shifted(exp.Lead),
    "row_number": lambda around, _of, _rows: around.over(exp.RowNumber(), around.order),
    "rank": lambda around, _of, _rows: around.over(exp.Rank(), around.ranked),
    "percent_rank": lambda around, _of, _rows: _percent(
        around.over(exp.Rank(), around.ranked), around.over(exp.Count(this=exp.convert(1)))
    ),
    "ntile": lambda around, _of, rows: around.over(
        exp.Ntile(this=exp.Literal.number(rows or 1)), around.order
    ),
    "running_sum": lambda around, of, _rows: around.over(exact("total", of), around.order, "UNBOUNDED"),
    "moving_avg": lambda around, of, rows: around.over(exact("mean", of), around.order, str((rows or 1) - 1)),
    "zscore": lambda around, of, _rows: _zscore(around, of),
    "share": lambda around, of, _rows: quotient(
        exp.cast(exp.Paren(this=of), "double"), around.over(exact("total", of.copy()))
    ),
}


def cells(node: Node, base: tuple[str, ...], context: Context) -> Node:
    """A row for every relationship and day, also where `node` has none: they all have peers."""
    node = pair(node)
    columns = {**{name: context.base[name] for name in base}, **node.shape.columns}
    return Cells(node, base, Shape(columns, (), "relationship and day", paired=True))


def peers(node: Node, form: Peers, context: Context) -> Node:
    """Each cell with its place among those of the same day and the same `within`; who is not known there, has no place."""
    shape = node.shape
    guessed = {**context.base, **shape.columns}  # those that are named are in the rows
    wider = replace(node, shape=replace(shape, columns=guessed))
    of = context.read(wider, form.of, "peers", NUMERIC, ("of",))
    _one_currency(of, form, guessed)
    for index, name in enumerate(form.within):
        context.read(wider, f'"{name}"', "within", at=("within", index))
    value, middle = "peer value", "peer median"
    # places must not hang on the last bits of a sum: what is compared is what would be published
    node = Project(node, ((value, call("significant", of.tree)),), shape.adding({value: NUMBER}))
    if "median" in form.add.values():
        node = Among(node, form.within, value, middle, node.shape.adding({middle: NUMBER}))
    several(form.add, node.shape.names, ("add",))
    asked = tuple((name, _placed(take, form.within, value, middle)) for name, take in form.add.items())
    return Project(node, asked, node.shape.adding(dict.fromkeys(form.add, NUMBER)))


def _one_currency(of: Formula, form: Peers, types: Mapping[str, str]) -> None:
    """Refuse places by money: that of a relationship or its account is in the currency of the account, and of totals no other is known."""
    money = of.kind == "money" and any(types.get(name) == MONEY for name in of.names)
    if money and CURRENCY not in {*form.within, *of.names}:
        error = ConfigError(
            "peers would be compared by money of several currencies",
            why=f"money of a relationship, and of its totals, is in the currency of its account, `{CURRENCY}`",
            fix=f"add {CURRENCY} to `within`, or divide by money to get a share",
        )
        raise StepError(error, ("of",))


def _placed(take: Across, within: tuple[str, ...], value: str, middle: str) -> exp.Expr:
    of = column(value)
    taking = exp.Case(ifs=[exp.If(this=exp.Not(this=of.is_(exp.null())), true=exp.convert(1))])
    around = Around((column("today"), *map(column, within), taking))
    rank = around.over(exp.Rank(), (ordered(of, desc=False),))
    percent = _percent(rank, around.over(exp.Count(this=of.copy())))
    made: dict[Across, exp.Expr] = {
        "rank": exp.cast(rank, "double"),
        "percentile": percent,
        "quartile": _quartile(percent),
        "zscore": _zscore(around, of),
        "median": column(middle),
    }
    known = [exp.Not(this=column(name).is_(exp.null())) for name in (value, *within)]
    if take == "median":
        known = known[1:]
    return exp.Case(ifs=[exp.If(this=exp.and_(*known), true=made[take])]) if known else made[take]


def _quartile(percent: exp.Expr) -> exp.Expr:
    """1 to 4, the highest quarter is 4; those with the same number are in the same one."""
    whens = [
        exp.If(this=exp.LT(this=percent.copy(), expression=number(limit)), true=number(quarter))
        for quarter, limit in ((1, 0.25), (2, 0.5), (3, 0.75))
    ]
    unknown = exp.If(this=percent.copy().is_(exp.null()), true=exp.null())
    return exp.Case(ifs=[unknown, *whens], default=number(4))

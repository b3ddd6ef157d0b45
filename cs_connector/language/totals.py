"""Aggregates: rows become totals, over time and over what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal
from zoneinfo import available_timezones

from sqlglot import exp

from cs_connector.config.documents import suggest
from cs_connector.errors import ConfigError, FormulaError
from cs_connector.language.apply import (
    At,
    Context,
    StepError,
    column,
    ready,
    settled,
    several,
    typed,
)  # fmt: skip
from cs_connector.language.expression import Formula, number
from cs_connector.language.kinds import DATED, NUMERIC, called, is_day
from cs_connector.language.lowering import call
from cs_connector.language.periods import Period, double
from cs_connector.language.steps import Aggregate, Every, Pivot, Total
from cs_connector.language.sums import exact
from cs_connector.language.tree import (
    Filter,
    Group,
    Join,
    Lookup,
    Node,
    Pair,
    Project,
    Scan,
    Series,
    Shape,
    Top,
)  # fmt: skip
from cs_connector.model import DATE, ENTITIES, MONEY, NUMBER, WHOLE

Made = tuple[str, exp.Expr, str]
_SUMMED = frozenset({"sum", "avg", "stddev", "variance", "median", "quantile", "slope", "corr"})
_PLAIN = frozenset({"variance", "slope", "corr", "share"})  # numbers, whatever they are over
_EPOCH = exp.cast(exp.Literal.string("2000-01-01"), "date")


def aggregate(node: Node, form: Aggregate, context: Context) -> Node:
    by = _columns(node, form.by, context)
    every = _period(node, form.every, context) if form.every else None
    several(form.totals, form.by, ("totals",))
    totals = [(name, total, _read(node, name, total, context)) for name, total in form.totals.items()]
    node = ready(node, *by, *(every[1:] if every else ()), *(f for *_, read in totals for f in read.values()))
    told = tuple(name for name in form.by if name != "today")  # a row is of one day already
    form = form.model_copy(update={"by": told})
    node = _meeting(node, form.every)
    shape = _bounded(node, _apart(node.shape, form.by))
    made = [(name, *_made(shape, name, total, read)) for name, total, read in totals]
    if every is None:
        return _grouped(node, form.by, made, _sums(form))
    return _timed(node, form, every[0], every[1].tree, made)


def _apart(shape: Shape, by: Sequence[str]) -> Shape:
    """Rows that come to one total are in one currency, where totals are taken by it."""
    return replace(shape, money_of=None) if shape.money_of in by else shape


def _columns(node: Node, by: Sequence[str], context: Context) -> list[Formula]:
    return [context.read(node, f'"{name}"', "by", at=("by", index)) for index, name in enumerate(by)]


def _meeting(node: Node, every: Every | None) -> Node:
    """Totals of a period are those of the day on which it ends, if the period is of the date that the rows have."""
    shape = node.shape
    own = every is not None and (
        every.of.strip() == "period" and shape.period.within(every.grain, every.fiscal)
        if shape.period
        else bool(shape.entity) and ENTITIES[shape.entity or ""].dated == every.of.strip()
    )
    return node if own else settled(node)


def _sums(form: Aggregate) -> frozenset[str]:
    return frozenset(name for name, total in form.totals.items() if total.take in ("sum", "avg"))


def _grouped(
    node: Node, by: Sequence[str], made: Sequence[Made], summed: frozenset[str] = frozenset()
) -> Group:
    shape = node.shape
    types = {name: shape.names[name] for name in by if name != "today"}
    columns = types | {name: type_ for name, _, type_ in made}
    row = " and ".join(types) or ("relationship and day" if shape.paired else "relationship")
    open_ = shape.money_of if shape.money_of in by else None
    return Group(
        node,
        tuple((name, column(name)) for name in types),
        tuple((name, tree) for name, tree, _ in made),
        Shape(columns, tuple(types), row, shape.entity, shape.paired, money_of=open_, summed=summed),
    )


def _period(node: Node, every: Every, context: Context) -> tuple[Period, Formula]:
    of = context.read(node, every.of, "every", DATED, ("every", "of"))
    zone = every.zone or (context.calendar.zone if of.kind == "time" else "UTC")
    if every.zone and of.kind != "time":
        error = ConfigError(f"{every.of} is a date, which has no zone", fix="leave `zone` away")
        raise StepError(error, ("every", "zone"))
    if zone not in available_timezones():
        hint = suggest(zone, available_timezones()) or "write one like 'Europe/Berlin'"
        error = FormulaError(f"{zone!r} is not a time zone", fix=hint, position=1)
        raise StepError(error, ("every", "zone"))
    if zone != "UTC":
        local = context.read(node, f"local_date({every.of}, '{zone}')", "every", DATED, ("every", "zone"))
        of = replace(of, tree=local.tree)
    return Period(every.grain, every.fiscal, context.calendar), of


def _timed(node: Node, form: Aggregate, period: Period, of: exp.Expr, made: Sequence[Made]) -> Node:
    assert form.every is not None
    clash = [name for name in (*form.by, *form.totals) if name.lower() in ("period", "period_end", "back")]
    if clash:
        raise ConfigError(f"{clash[0]!r} is a column of the periods", fix="choose another name")
    grouped = _grouped(node, form.by, made, _sums(form))
    shape = grouped.shape
    row = f"{period.grain}" + (f" and {' and '.join(form.by)}" if form.by else "")
    ended = exp.LT(this=column("period"), expression=period.start(column("today")))
    shape = replace(
        shape, columns={**{n: shape.columns[n] for n in form.by}, "period": DATE, **shape.columns},
        key=(*form.by, "period"), row=row, since=ended, period=period,
    )  # fmt: skip
    by = (*grouped.by, ("period", period.start(of)))
    timed: Node = Group(node, by, grouped.totals, shape)
    if form.every.last is not None:
        return _series(timed, form, form.every.last)
    if shape.paired:
        back = period.back(column("period"), column("today"))
        closed = replace(shape, since=None, period=None).adding({"back": NUMBER})
        timed = Project(Filter(timed, ended, shape), (("back", back),), closed)
    return _ended(timed, period)


def _ended(node: Node, period: Period) -> Node:
    end = call("add_days", period.later(column("period"), double(1)), double(-1))
    return Project(node, (("period_end", end),), node.shape.adding({"period_end": DATE}))


def _series(timed: Node, form: Aggregate, count: int) -> Node:
    shape, period = timed.shape, timed.shape.period
    assert period is not None
    zero = frozenset(name for name, total in form.totals.items() if total.take in ("count", "distinct"))
    closed = replace(shape, paired=True, since=None, period=None).adding({"back": NUMBER})
    return _ended(Series(timed, tuple(form.by), count, zero, closed), period)


def pivot(node: Node, form: Pivot, context: Context) -> Node:
    """A pivot is an aggregate with a condition a column."""
    on = context.read(node, form.on, "on", at=("on",))
    by = _columns(node, form.by, context)
    total = Total(take=form.take, of=form.of)
    several(form.values, form.by, ("values",))
    read = _read(node, "of", total, context, ())
    node = settled(ready(node, on, *by, *read.values()))
    shape, made = _bounded(node, _apart(node.shape, form.by)), []
    for name, value in form.values.items():
        where = replace(on, tree=_is(on, name, value), kind="yes or no")
        made.append((name, *_made(shape, name, total, {**read, "where": where})))
    return _grouped(node, form.by, made)


def _is(on: Formula, name: str, value: bool | float | str) -> exp.Expr:
    given = "yes or no" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
    fits = on.kind is None or given == on.kind or (given, on.kind) in (("text", "date"), ("number", "money"))
    if not fits:
        error = ConfigError(
            f"{on.text} is {called(on.kind)}, and {value!r} is {called(given)}", fix="change the value"
        )
        raise StepError(error, ("values", name))
    if on.kind == "date" and not is_day(str(value)):
        error = ConfigError(f"'{value}' is no date", fix="write one like '2026-01-31'")
        raise StepError(error, ("values", name))
    constant: exp.Expr = exp.convert(value) if isinstance(value, bool | str) else number(value)
    if on.kind == "date":
        constant = exp.cast(constant, "date")
    return exp.EQ(this=exp.Paren(this=on.tree), expression=constant)


def _read(node: Node, name: str, total: Total, context: Context, at: At | None = None) -> dict[str, Formula]:
    """The formulas of a total, by their keys."""
    place = ("totals", name) if at is None else at
    kinds = NUMERIC if total.take in _SUMMED else ("yes or no",) if total.take == "share" else ()
    read = {"of": context.read(node, total.of, total.take, kinds, (*place, "of"))}
    others = {
        "by": (total.by, ()), "over": (total.over, (*NUMERIC, *DATED)), "with": (total.with_, NUMERIC),
        "where": (total.where, ("yes or no",)),
    }  # fmt: skip
    for key, (text, wanted) in others.items():
        if text is not None:
            read[key] = context.read(node, text, key, wanted, (*place, key))
    return read


def _made(shape: Shape, name: str, total: Total, read: dict[str, Formula]) -> tuple[exp.Expr, str]:
    """The tree of a total, and its type."""
    _one_currency(shape, name, total, read)
    of = read["of"].tree
    if (where := read.get("where")) is not None:
        of = exp.Case(ifs=[exp.If(this=where.tree, true=of)])
    if total.take in ("count", "distinct"):
        return _counted(total, of), WHOLE
    type_ = NUMBER if total.take in _PLAIN else typed(read["of"])
    return _taken(shape, total, of, read), type_


def _counted(total: Total, of: exp.Expr) -> exp.Expr:
    return exp.Count(this=exp.Distinct(expressions=[of]) if total.take == "distinct" else of)


def _taken(shape: Shape, total: Total, of: exp.Expr, read: dict[str, Formula]) -> exp.Expr:
    take = total.take
    if take in ("min", "max"):
        return {"min": exp.Min, "max": exp.Max}[take](this=of)
    if take == "share":
        return _share(of)
    if take in ("sum", "avg"):
        return _summed(shape, take, of, read["of"])
    return call(take, of, *_more(shape, total, read))


def _summed(shape: Shape, take: str, of: exp.Expr, formula: Formula) -> exp.Expr:
    """Money and what was summed before are added as they are: nothing in them is too large."""
    name: Literal["total", "mean"] = "total" if take == "sum" else "mean"
    plain = formula.tree.name if isinstance(formula.tree, exp.Column) else ""
    return call(name, of) if plain in shape.summed else exact(name, of)


def _bounded(node: Node, shape: Shape) -> Shape:
    """With the money of entities among what was summed: what is computed of it may be of any size."""
    money = {name for name, type_ in shape.columns.items() if type_ == MONEY and _read_as(node, name)}
    return replace(shape, summed=shape.summed | money)


def _read_as(node: Node, name: str) -> bool:
    """Whether a column is one of an entity, as it was read."""
    if isinstance(node, Project) and name in dict(node.added):
        return False
    if isinstance(node, Join) and name in node.taken:
        return isinstance(node.other, Lookup)
    if isinstance(node, Filter | Pair | Top | Project | Join):
        return _read_as(node.rows, name)
    return isinstance(node, Scan)


def _more(shape: Shape, total: Total, read: dict[str, Formula]) -> list[exp.Expr]:
    """What a total needs beside its values."""
    if total.take == "quantile":
        return [number(total.p or 0)]
    if total.take == "newest":
        return [read["by"].tree, *(column(name) for name in shape.ties or ("r",))]
    if total.take in ("slope", "corr"):
        return [_figure(read["over" if total.take == "slope" else "with"])]
    return []


def _figure(formula: Formula) -> exp.Expr:
    """A number, or a day as one."""
    return call("days", formula.tree, _EPOCH.copy()) if formula.kind in DATED else formula.tree


def _share(of: exp.Expr) -> exp.Expr:
    """Of the rows where it is known, those where it is so."""
    true = exp.Count(this=exp.Case(ifs=[exp.If(this=of, true=exp.convert(1))]))
    known_ = exp.cast(exp.Count(this=of.copy()), "double")
    return exp.Paren(
        this=exp.Div(
            this=exp.cast(true, "double"), expression=exp.Nullif(this=known_, expression=number(0)),
            typed=False, safe=False,
        )
    )  # fmt: skip


def _one_currency(shape: Shape, name: str, total: Total, read: dict[str, Formula]) -> None:
    """Refuse totals of money while rows may be in several currencies."""
    open_ = shape.money_of
    if open_ is None or total.take in ("count", "distinct", "newest", "share"):
        return
    money = any(shape.columns.get(n) == MONEY for n in read["of"].names)
    if money and not any(open_ in f.names for f in read.values()):
        what = f"{name} would add money of several currencies"
        raise StepError(ConfigError(what, why=_told(shape, open_), fix=_way(shape, open_)), ("totals", name))


def _told(shape: Shape, currency: str) -> str:
    if currency in shape.columns:
        return f"rows of {shape.entity} say in `{currency}` what their money is in"
    return "each company of a group has a currency of its own"


def _way(shape: Shape, currency: str) -> str:
    if currency in shape.columns:
        return f"aggregate by {currency}, or say in `where` or a filter which {currency} counts"
    merge = f"merge: {{entity: account, on: account_id, take: [{currency}]}}"
    return f"first `{merge}`, then aggregate by {currency}"

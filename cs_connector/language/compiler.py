"""Steps become one query, built node by node.

The shape of every query: the rows of an entity, each paired with the relationships it counts for (`r`)
and with every date of the grid (`today`); then the steps; at the end one row for each (`r`, `today`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from cs_connector.config.documents import suggest
from cs_connector.errors import ConfigError
from cs_connector.language.expression import parse
from cs_connector.language.lowering import call
from cs_connector.language.steps import Latest, Merge, Step, Total, Window
from cs_connector.model import ENTITIES

CELL = ("r", "today")


class StepError(ConfigError):
    """A step cannot be compiled; `at` says which one, as a path below `steps`."""

    def __init__(self, error: ConfigError, at: tuple[str | int, ...]) -> None:
        super().__init__(error.what, why=error.why, safe=error.safe, fix=error.fix)
        self.at = at


@dataclass(frozen=True, slots=True)
class Rows:
    """A query, the columns that formulas may name, and the key of the entity while it still has one."""

    query: exp.Select
    columns: tuple[str, ...]
    key: str | None = None
    entity: str | None = None


def compile_steps(steps: Sequence[Step]) -> Rows:
    """The query of a whole list of steps. Raises StepError."""
    rows: Rows | None = None
    for index, step in enumerate(steps):
        try:
            rows = _apply(rows, step)
        except ConfigError as error:
            raise StepError(error, (index, step.kind)) from None
    if rows is None or rows.key is not None:
        raise StepError(ConfigError("the steps end without an aggregate"), ())
    return rows


def compile_rows(steps: Sequence[Step]) -> Rows:
    """The rows just before the aggregate: the evidence of a metric."""
    rows: Rows | None = None
    for step in steps:
        if step.kind != "aggregate":
            rows = _apply(rows, step)
    assert rows is not None
    return rows


def _apply(rows: Rows | None, step: Step) -> Rows:
    if step.fetch is not None:
        return _fetch(step.fetch)
    if rows is None:
        raise ConfigError("the first step must fetch an entity", fix="begin with `- fetch: ticket`")
    return STEPS[step.kind](rows, getattr(step, step.kind))


def _filter(rows: Rows, text: str) -> Rows:
    return replace(rows, query=_over(rows).where(parse(text, rows.columns).tree))


def _window(rows: Rows, window: Window) -> Rows:
    return replace(rows, query=_over(rows).where(_within(window, rows.columns)))


def column(name: str, table: str | None = None) -> exp.Column:
    """A quoted column."""
    return exp.column(name, table, quoted=True)


def _known(name: str, names: Collection[str], what: str) -> str:
    if name not in names:
        hint = suggest(name, names) or f"known: {', '.join(sorted(names))}"
        raise ConfigError(f"there is no {what} {name!r}", fix=hint, safe="nothing was computed")
    return name


def _over(rows: Rows, *extra: exp.Expr) -> exp.Select:
    """A query over the rows so far, with all of their columns."""
    listed = [column(c) for c in (*CELL, *(c for c in rows.columns if c != "today"))]
    return exp.select(*listed, *extra).from_(rows.query.subquery("x"))


def _fetch(entity: str) -> Rows:
    """A row with a product counts for the relationships of that product; one without, for all."""
    model = ENTITIES[_known(entity, ENTITIES, "entity")]
    names = [c.name for c in model.columns]
    fits: exp.Expr = exp.EQ(this=column("account_id", "e"), expression=column("account_id", "s"))
    if "product" in names:
        any_product = column("product", "e").is_(exp.null())
        same = exp.EQ(this=column("product", "e"), expression=column("product", "s"))
        fits = exp.and_(fits, exp.or_(any_product, same))
    query = (
        exp.select(column("r", "s"), column("on_date", "g").as_("today", quoted=True))
        .select(*(column(n, "e") for n in names))
        .from_(exp.to_table(entity).as_("e"))
        .join(exp.to_table("scope").as_("s"), on=fits)
        .join(exp.to_table("grid").as_("g"), join_type="cross")
    )
    return Rows(query, ("today", *names), model.key, entity)


def _within(window: Window, names: Collection[str]) -> exp.Expr:
    of = parse(window.of, names).tree
    if window.months is not None:
        return exp.Between(
            this=call("months", column("today"), of), low=exp.convert(1), high=exp.convert(window.months)
        )
    age = call("days", column("today"), of)
    low = exp.GTE(this=age, expression=exp.convert(0))
    if window.days is None:
        return low
    return exp.and_(low, exp.LT(this=age.copy(), expression=exp.convert(window.days)))


def _merge(rows: Rows, merge: Merge) -> Rows:
    other = ENTITIES[_known(merge.entity, ENTITIES, "entity")]
    _known(merge.on, rows.columns, "column")
    taken = [_known(name, {c.name for c in other.columns}, f"column of {other.name}") for name in merge.take]
    for name in (*taken, *((merge.found,) if merge.found else ())):
        _new(name, rows.columns)
    mine = [column(c, "x") for c in (*CELL, *(c for c in rows.columns if c != "today"))]
    match = exp.EQ(this=column(merge.on, "x"), expression=column(other.key, "m"))
    query = (
        exp.select(*mine, *(column(n, "m") for n in taken))
        .from_(rows.query.subquery("x"))
        .join(exp.to_table(other.name).as_("m"), on=match, join_type="left")
    )
    if merge.found is None:
        return replace(rows, query=query, columns=(*rows.columns, *taken))
    query = query.select(call("known", column(other.key, "m")).as_(merge.found, quoted=True))
    return replace(rows, query=query, columns=(*rows.columns, *taken, merge.found))


def _new(name: str, names: Collection[str]) -> None:
    if name in names:
        raise ConfigError(f"{name!r} exists already", fix="choose another name", safe="nothing was computed")


def _derive(rows: Rows, derived: dict[str, str]) -> Rows:
    for name, text in derived.items():
        _new(name, rows.columns)
        tree = parse(text, rows.columns).tree
        rows = replace(rows, query=_over(rows, tree.as_(name, quoted=True)), columns=(*rows.columns, name))
    return rows


def _latest(rows: Rows, latest: Latest) -> Rows:
    by = [parse(text, rows.columns).tree for text in latest.by]
    order = [
        exp.Ordered(this=parse(text, rows.columns).tree, desc=True, nulls_first=False)
        for text in latest.order
    ]
    order.append(exp.Ordered(this=column(rows.key or "today"), desc=True, nulls_first=False))
    place = exp.Window(
        this=exp.RowNumber(),
        partition_by=[*(column(c) for c in CELL), *by],
        order=exp.Order(expressions=order),
    )
    ranked = _over(rows, place.as_("place", quoted=True)).subquery("x")
    listed = [column(c) for c in (*CELL, *(c for c in rows.columns if c != "today"))]
    first = exp.EQ(this=column("place"), expression=exp.convert(1))
    return replace(rows, query=exp.select(*listed).from_(ranked).where(first))


def _aggregate(rows: Rows, totals: dict[str, Total]) -> Rows:
    listed = [tree.as_(name, quoted=True) for name, tree in _totals(rows, totals)]
    query = exp.select(*(column(c) for c in CELL), *listed).from_(rows.query.subquery("x"))
    query = query.group_by(*(column(c) for c in CELL))
    return Rows(query, tuple(totals), None, rows.entity)


def _totals(rows: Rows, totals: dict[str, Total]) -> Iterator[tuple[str, exp.Expr]]:
    for name, total in totals.items():
        of = parse(total.of, rows.columns).tree
        if total.where is not None:
            of = exp.Case(ifs=[exp.If(this=parse(total.where, rows.columns).tree, true=of)])
        yield name, _taken(rows, total, of)


def _taken(rows: Rows, total: Total, of: exp.Expr) -> exp.Expr:
    if total.take == "newest":
        by = parse(total.by or "", rows.columns).tree
        return call("newest", of, by, column(rows.key or "today"))
    if total.take in ("sum", "avg"):
        return call({"sum": "total", "avg": "mean"}[total.take], of)
    if total.take == "distinct":
        return exp.Count(this=exp.Distinct(expressions=[of]))
    return {"count": exp.Count, "min": exp.Min, "max": exp.Max}[total.take](this=of)


STEPS: dict[str, Callable[[Rows, Any], Rows]] = {
    "filter": _filter, "window": _window, "merge": _merge, "derive": _derive, "latest": _latest,
    "aggregate": _aggregate,
}  # fmt: skip

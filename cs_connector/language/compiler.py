"""Steps become one query, built node by node.

The shape of every query: the rows of an entity, each paired with the relationships it counts for (`r`)
and with every date of the grid (`today`); then the steps; at the end one row for each (`r`, `today`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from cs_connector.config.documents import suggest
from cs_connector.errors import ConfigError, FormulaError
from cs_connector.language.expression import Formula, parse, parse_as
from cs_connector.language.kinds import DATED, NUMERIC, Kind
from cs_connector.language.lowering import call
from cs_connector.language.steps import Latest, Merge, Step, Total, Window
from cs_connector.model import DATE, ENTITIES, FLAG, MONEY, NUMBER, TEXT, TIME, WHOLE

CELL = ("r", "today")


class StepError(FormulaError):
    """A step cannot be compiled; `at` says which one, as a path below `steps`."""

    def __init__(self, error: ConfigError, at: tuple[str | int, ...]) -> None:
        position = error.position if isinstance(error, FormulaError) else None
        super().__init__(error.what, why=error.why, fix=error.fix, position=position)
        self.at = at


@dataclass(frozen=True, slots=True)
class Rows:
    """A query, the columns that formulas may name with their types, and the key of the entity while it still has one."""

    query: exp.Select
    columns: Mapping[str, str]
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


_TYPES: dict[Kind, str] = {
    "number": NUMBER, "money": MONEY, "text": TEXT, "yes or no": FLAG, "date": DATE, "time": TIME,
}  # fmt: skip
_ANY = "ANY"  # the type of what is always NULL


def _typed(formula: Formula) -> str:
    return _TYPES.get(formula.kind, _ANY)


def _of(text: str, rows: Rows, kinds: Sequence[str], what: str) -> Formula:
    return parse_as(kinds, text, rows.columns, what)


def _condition(text: str, rows: Rows, what: str) -> exp.Expr:
    return _of(text, rows, ("yes or no",), what).tree


def _filter(rows: Rows, text: str) -> Rows:
    return replace(rows, query=_over(rows).where(_condition(text, rows, "filter")))


def _window(rows: Rows, window: Window) -> Rows:
    return replace(rows, query=_over(rows).where(_within(window, rows)))


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
    """A row counts for the relationships that it is attached to; else one with a product for those of it, one without for all."""
    model = ENTITIES[_known(entity, ENTITIES, "entity")]
    types = {c.name: c.type for c in model.columns}
    fits: exp.Expr = exp.EQ(this=column("account_id", "e"), expression=column("account_id", "s"))
    query = (
        exp.select(column("r", "s"), column("on_date", "g").as_("today", quoted=True))
        .select(*(column(n, "e") for n in types))
        .from_(exp.to_table(entity).as_("e"))
    )
    if any(c.name == "relationship" for c in model.evidence):
        attached = exp.EQ(this=column("entity_id", "t"), expression=column(model.key, "e"))
        query = query.join(_attached(entity), on=attached, join_type="left")
        fits = exp.and_(fits, _about(types))
    query = query.join(exp.to_table("scope").as_("s"), on=fits)
    query = query.join(exp.to_table("grid").as_("g"), join_type="cross")
    return Rows(query, {"today": DATE, **types}, model.key, entity)


def _attached(entity: str) -> exp.Subquery:
    of = exp.EQ(this=column("entity"), expression=exp.convert(entity))
    listed = (column("entity_id"), column("relationship_id"))
    return exp.select(*listed).from_(exp.to_table("attachment")).where(of).subquery("t")


def _about(names: Collection[str]) -> exp.Expr:
    """Whether a row is about a relationship, once both are of one account."""
    named = exp.EQ(this=column("relationship_id", "t"), expression=column("relationship_id", "s"))
    unnamed: exp.Expr = column("relationship_id", "t").is_(exp.null())
    if "product" in names:
        any_product = column("product", "e").is_(exp.null())
        same = exp.EQ(this=column("product", "e"), expression=column("product", "s"))
        unnamed = exp.and_(unnamed, exp.or_(any_product, same))
    return exp.or_(named, unnamed)


def _within(window: Window, rows: Rows) -> exp.Expr:
    of = _of(window.of, rows, DATED, "window").tree
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
    types = {c.name: c.type for c in other.columns}
    taken = [_known(name, types, f"column of {other.name}") for name in merge.take]
    for name in (*taken, *((merge.found,) if merge.found else ())):
        _new(name, rows.columns)
    mine = [column(c, "x") for c in (*CELL, *(c for c in rows.columns if c != "today"))]
    match = exp.EQ(this=column(merge.on, "x"), expression=column(other.key, "m"))
    query = (
        exp.select(*mine, *(column(n, "m") for n in taken))
        .from_(rows.query.subquery("x"))
        .join(exp.to_table(other.name).as_("m"), on=match, join_type="left")
    )
    columns = {**rows.columns, **{name: types[name] for name in taken}}
    if merge.found is None:
        return replace(rows, query=query, columns=columns)
    query = query.select(call("known", column(other.key, "m")).as_(merge.found, quoted=True))
    return replace(rows, query=query, columns={**columns, merge.found: FLAG})


def _new(name: str, names: Collection[str]) -> None:
    if name in names:
        raise ConfigError(f"{name!r} exists already", fix="choose another name", safe="nothing was computed")


def _derive(rows: Rows, derived: dict[str, str]) -> Rows:
    for name, text in derived.items():
        _new(name, rows.columns)
        formula = parse(text, rows.columns)
        query = _over(rows, formula.tree.as_(name, quoted=True))
        rows = replace(rows, query=query, columns={**rows.columns, name: _typed(formula)})
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
    made = list(_totals(rows, totals))
    listed = [tree.as_(name, quoted=True) for name, tree, _type in made]
    query = exp.select(*(column(c) for c in CELL), *listed).from_(rows.query.subquery("x"))
    query = query.group_by(*(column(c) for c in CELL))
    return Rows(query, {name: type_ for name, _tree, type_ in made}, None, rows.entity)


def _totals(rows: Rows, totals: dict[str, Total]) -> Iterator[tuple[str, exp.Expr, str]]:
    for name, total in totals.items():
        summed = total.take in ("sum", "avg")
        formula = _of(total.of, rows, NUMERIC, total.take) if summed else parse(total.of, rows.columns)
        of = formula.tree
        if total.where is not None:
            of = exp.Case(ifs=[exp.If(this=_condition(total.where, rows, "where"), true=of)])
        yield name, _taken(rows, total, of), WHOLE if total.take in ("count", "distinct") else _typed(formula)


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

"""Nodes as queries, built expression by expression. Only what every engine reads alike, and functions of ours.

Tables that must be there: `scope` (relationships with their number `r`), `grid` (`on_date`), `attachment`, one an entity.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from sqlglot import exp

from cs_connector.language.apply import column
from cs_connector.language.counts import COUNTED
from cs_connector.language.lowering import call
from cs_connector.language.periods import double
from cs_connector.language.tree import (
    Cells,
    Counted,
    Filter,
    Given,
    Group,
    Join,
    Lookup,
    Named,
    Node,
    Pair,
    Peers,
    Project,
    Scan,
    Series,
    Top,
    Union,
)  # fmt: skip
from cs_connector.model import ENTITIES


def build(node: Node) -> exp.Select:
    """The query of a node: `r`, `today` once paired, and its columns."""
    return _BUILDERS[type(node)](node)


def _all(node: Node, table: str) -> list[exp.Expr]:
    return [column(name, table) for name in (*node.shape.cell, *node.shape.columns)]


def _over(node: Node) -> exp.Select:
    return exp.select(*_all(node, "x")).from_(build(node).subquery("x"))


def _as(named: Named) -> list[exp.Expr]:
    return [tree.as_(name, quoted=True) for name, tree in named]


def same(left: str, right: str, names: Iterable[str]) -> exp.Expr:
    """Columns of two tables that agree."""
    return exp.and_(*(exp.EQ(this=column(n, left), expression=column(n, right)) for n in names))


def placed(tree: exp.Expr, places: Mapping[str, exp.Expr]) -> exp.Expr:
    """The tree with names replaced by where they come from."""

    def replace(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and not node.table and node.name in places:
            return places[node.name].copy()
        return node

    return tree.copy().transform(replace)


def renamed(query: exp.Select, names: Mapping[str, str]) -> exp.Select:
    """The query over other tables, by their names."""

    def replace(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Table) and node.name in names:
            return exp.to_table(names[node.name], quoted=True).as_(node.alias, table=True)
        return node

    found = query.transform(replace)
    assert isinstance(found, exp.Select)
    return found


def _in(columns: Collection[str], table: str) -> dict[str, exp.Expr]:
    return {name: column(name, table) for name in columns}


def _scan(node: Scan) -> exp.Select:
    model = ENTITIES[node.entity]
    query = exp.select(column("r", "s"), *(column(name, "e") for name in node.shape.columns))
    query = query.from_(exp.to_table(node.entity).as_("e"))
    if node.of == "group":
        return _of_group(query)
    fits = same("e", "s", ("account_id",))
    if node.of == "relationship" and node.entity == "relationship":
        fits = same("e", "s", ("relationship_id",))
    if node.of == "relationship" and any(c.name == "relationship" for c in model.evidence):
        attached = exp.EQ(this=column("entity_id", "t"), expression=column(model.key, "e"))
        query = query.join(_attached(node.entity), on=attached, join_type="left")
        fits = exp.and_(fits, _about(node.shape.columns))
    return query.join(exp.to_table("scope").as_("s"), on=fits).where(_near())


def _near() -> exp.Expr:
    """Rows from the first account of `scope` to its last: others are of nobody in it, and lie in parts of files that need not be read."""
    first, last = (
        exp.select(bound(this=column("account_id"))).from_(exp.to_table("scope").as_("s")).subquery()
        for bound in (exp.Min, exp.Max)
    )
    return exp.Between(this=column("account_id", "e"), low=first, high=last)


def _of_group(query: exp.Select) -> exp.Select:
    """Rows of all accounts below the same ultimate parent."""
    mine, theirs = (
        exp.Coalesce(this=column(name, table), expressions=[column("account_id", table)])
        for name, table in (("account_ultimate_parent_id", "s"), ("ultimate_parent_id", "p"))
    )
    query = query.join(exp.to_table("account").as_("p"), on=same("p", "e", ("account_id",)))
    return query.join(exp.to_table("scope").as_("s"), on=exp.EQ(this=mine, expression=theirs))


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
        equal = exp.EQ(this=column("product", "e"), expression=column("product", "s"))
        unnamed = exp.and_(unnamed, exp.or_(any_product, equal))
    return exp.or_(named, unnamed)


def _given(node: Given) -> exp.Select:
    return exp.select(*_all(node, "x")).from_(exp.to_table(node.table, quoted=True).as_("x"))


def _pair(node: Pair) -> exp.Select:
    was = node.rows.shape
    day = column("on_date", "g")
    query = exp.select(column("r", "x"), day.as_("today", quoted=True))
    query = query.select(*(column(n, "x") for n in was.columns)).from_(build(node.rows).subquery("x"))
    if was.period is not None:
        query = query.select(was.period.back(column("period", "x"), day).as_("back", quoted=True))
    grid = exp.to_table("grid").as_("g")
    if was.since is None:
        return query.join(grid, join_type="cross")
    return query.join(grid, on=placed(was.since, {**_in(was.columns, "x"), "today": day}))


def _filter(node: Filter) -> exp.Select:
    return _over(node.rows).where(node.condition)


def _project(node: Project) -> exp.Select:
    return _over(node.rows).select(*_as(node.added))


def _join(node: Join) -> exp.Select:
    query = exp.select(*_all(node.rows, "x")).from_(build(node.rows).subquery("x"))
    query = query.select(*(column(theirs, "m").as_(mine, quoted=True) for mine, theirs in node.taken.items()))
    tests: list[exp.Expr] = [
        exp.EQ(this=column(mine, "x"), expression=column(theirs, "m")) for mine, theirs in node.on
    ]
    other = node.other
    if isinstance(other, Lookup):
        marked = other.shape.key[0] if other.shape.key else ""
        table: exp.Expr = exp.to_table(other.entity).as_("m")
        if other.shape.since is not None:
            places = {**_in(other.shape.columns, "m"), "today": column("today", "x")}
            tests.append(placed(other.shape.since, places))
    else:
        marked, table = "r", build(other).subquery("m")
        tests.append(same("x", "m", other.shape.cell))
    query = query.join(table, on=exp.and_(*tests), join_type="left")
    if node.found is None:
        return query
    return query.select(call("known", column(marked, "m")).as_(node.found, quoted=True))


def _group(node: Group) -> exp.Select:
    cell = [column(c, "x") for c in node.shape.cell]
    query = exp.select(*cell, *_as(node.by), *_as(node.totals)).from_(build(node.rows).subquery("x"))
    return query.group_by(*(c.copy() for c in cell), *(tree.copy() for _, tree in node.by))


def _top(node: Top) -> exp.Select:
    place = exp.Window(
        this=exp.RowNumber(),
        partition_by=[*map(column, node.shape.cell), *(tree.copy() for tree in node.by)],
        order=exp.Order(expressions=[o.copy() for o in node.order]),
    )
    ranked = _over(node.rows).select(place.as_("row place", quoted=True)).subquery("x")
    first = exp.LTE(this=column("row place", "x"), expression=exp.convert(node.n))
    return exp.select(*_all(node, "x")).from_(ranked).where(first)


def _union(node: Union) -> exp.Select:
    listed = [column(name) for name in (*node.shape.cell, *node.shape.columns)]
    parts = [exp.select(*(c.copy() for c in listed)).from_(build(part).subquery("u")) for part in node.parts]
    return exp.select(*(column(c.name, "x") for c in listed)).from_(
        exp.union(parts[0], parts[1], distinct=False).subquery("x")
    )


def started() -> exp.Expr:
    """A relationship has no past before it started; on the newest day it always has a row."""
    newest = exp.select(exp.Max(this=column("on_date"))).from_(exp.to_table("grid")).subquery()
    begun = exp.LTE(this=column("start_on", "s"), expression=column("on_date", "g"))
    return exp.or_(
        column("start_on", "s").is_(exp.null()), begun, exp.EQ(this=column("on_date", "g"), expression=newest)
    )


def cells(columns: Collection[str] = ()) -> exp.Select:
    """Every relationship of `scope` with every date on which it had begun: `r`, `today` and columns of its own."""
    query = exp.select(column("r", "s"), column("on_date", "g").as_("today", quoted=True))
    query = query.select(*(column(name, "s") for name in columns)).from_(exp.to_table("scope").as_("s"))
    return query.join(exp.to_table("grid").as_("g"), on=started())


def _cells(node: Cells) -> exp.Select:
    own = node.rows.shape
    query = exp.select(column("r", "b"), column("today", "b"), *(column(n, "b") for n in node.base))
    query = query.select(*(column(n, "a") for n in own.columns)).from_(cells(node.base).subquery("b"))
    return query.join(build(node.rows).subquery("a"), on=same("b", "a", own.cell), join_type="left")


def _series(node: Series) -> exp.Select:
    """The periods that a date asks for, and what there is of each."""
    rows = node.rows.shape
    if not node.by and not rows.paired:
        return _shared(node)
    grouped = build(node.rows)
    spine = _spine(node).subquery("s")
    keys = (*rows.cell, "period")
    match = exp.and_(same("s", "x", keys), *(_alike(name) for name in node.by))
    query = exp.select(*(column(name, "s") for name in ("r", "today", *node.by, "period")))
    query = query.select(*(_filled(node, name) for name in _totals(node)), column("back", "s")).from_(spine)
    if not node.by:
        return query.join(grouped.subquery("x"), on=match, join_type="left")
    query = query.join(exp.to_table("grouped").as_("x"), on=match, join_type="left")
    return query.with_("grouped", as_=grouped)


def _shared(node: Series) -> exp.Select:
    """Periods that several dates ask for are looked up once: few lie far apart, and rows of all dates are many."""
    periods = exp.select(column("period")).distinct().from_(_dates(node).subquery("d")).subquery("p")
    found = exp.select(
        column("r", "k"), column("period", "p"), *(_filled(node, name) for name in _totals(node))
    )
    match = exp.and_(same("k", "x", ("r",)), same("p", "x", ("period",)))
    found = found.from_(exp.to_table("scope").as_("k")).join(periods, join_type="cross")
    found = found.join(build(node.rows).subquery("x"), on=match, join_type="left")
    query = exp.select(column("r", "s"), column("today", "d"), column("period", "s"))
    query = query.select(*(column(name, "s") for name in _totals(node)), column("back", "d"))
    return query.from_(found.subquery("s")).join(_dates(node).subquery("d"), on=same("s", "d", ("period",)))


def _totals(node: Series) -> list[str]:
    return [name for name in node.shape.columns if name not in (*node.by, "period", "back")]


def _alike(name: str) -> exp.Expr:
    mine, theirs = column(name, "s"), column(name, "x")
    neither = exp.and_(mine.copy().is_(exp.null()), theirs.copy().is_(exp.null()))
    return exp.or_(exp.EQ(this=mine, expression=theirs), neither)


def _filled(node: Series, name: str) -> exp.Expr:
    total = column(name, "x")
    if name not in node.zero:
        return total
    return exp.Coalesce(this=total, expressions=[exp.convert(0)]).as_(name, quoted=True)


def _spine(node: Series) -> exp.Select:
    query = exp.select(column("r", "k"), column("today", "d"), *(column(n, "k") for n in node.by))
    query = query.select(column("period", "d"), column("back", "d"))
    if not node.by:
        whole = exp.to_table("scope").as_("k")
        return query.from_(whole).join(_dates(node).subquery("d"), join_type="cross")
    rows = node.rows.shape
    keys = [*rows.cell, *node.by]
    first = exp.Min(this=column("period")).as_("first", quoted=True)
    seen = exp.select(*map(column, keys), first).from_(exp.to_table("grouped")).group_by(*map(column, keys))
    met: exp.Expr = exp.LT(this=column("first", "k"), expression=column("start", "d"))
    if rows.paired:
        met = exp.and_(met, same("k", "d", ("today",)))
    return query.from_(seen.subquery("k")).join(_dates(node).subquery("d"), on=met)


def _dates(node: Series) -> exp.Select:
    """Each date with each of its last full periods: a table as small as the grid."""
    period = node.rows.shape.period
    assert period is not None
    start = period.start(column("on_date", "g"))
    numbers = exp.values([(n,) for n in range(1, node.count + 1)], alias="n", columns=["back"])
    back = exp.cast(column("back", "n"), "double")
    before = period.later(start, exp.Mul(this=double(-1), expression=back))
    query = exp.select(column("on_date", "g").as_("today", quoted=True), start.as_("start", quoted=True))
    query = query.select(before.as_("period", quoted=True), back.copy().as_("back", quoted=True))
    return query.from_(exp.to_table("grid").as_("g")).join(numbers, join_type="cross")


def _peers(node: Peers) -> exp.Select:
    """The median beside each row: no engine but one has it as a window function."""
    keys = ("today", *node.within)
    middle = call("median", column(node.of)).as_(node.middle, quoted=True)
    of_all = exp.select(*map(column, keys), middle).from_(build(node.rows).subquery("y"))
    of_all = of_all.group_by(*map(column, keys))
    query = exp.select(*_all(node.rows, "x"), column(node.middle, "m")).from_(build(node.rows).subquery("x"))
    return query.join(of_all.subquery("m"), on=same("x", "m", keys), join_type="left")


def _counted(node: Counted) -> exp.Select:
    alias = exp.to_identifier(COUNTED, quoted=True)
    return exp.select(*_all(node, COUNTED)).from_(build(node.rows).subquery(alias)).limit(node.place)


_BUILDERS: dict[type[Any], Callable[[Any], exp.Select]] = {
    Scan: _scan, Given: _given, Pair: _pair, Filter: _filter, Project: _project, Join: _join, Group: _group,
    Series: _series, Top: _top, Union: _union, Cells: _cells, Peers: _peers,
    Counted: _counted,
}  # fmt: skip

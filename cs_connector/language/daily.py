"""What a day that passes changes of totals: where a tree looks at `today`, and of which rows it has another opinion then.

Every function gives the same for the same. So where each condition on `today` comes out as on an earlier day, for each row that
counts for a relationship, its totals are those of that day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace

from sqlglot import exp

from cs_connector.language.apply import column
from cs_connector.language.build import placed
from cs_connector.language.tree import (
    Cells,
    Filter,
    Given,
    Join,
    Lookup,
    Node,
    Pair,
    Peers,
    Project,
    Scan,
    Series,
    Shape,
    Top,
    below,
)  # fmt: skip
from cs_connector.model import ENTITIES

TODAY = "today"


@dataclass(frozen=True, slots=True)
class Looked:
    """Rows of `entity` take something from the rows of `other` whose `theirs` is their `mine`."""

    entity: str
    mine: str
    other: str
    theirs: str


@dataclass
class Daily:
    """What totals stand on, and where they look at the day.

    `asked`: conditions over the columns of each entity that is fetched, and `today`. `days`: what is made of `today` alone; where
    that is another one, all totals may be. `alone`: they are the same whatever becomes of the rows of other accounts.
    """

    asked: dict[str, set[exp.Expr]] = field(default_factory=dict)
    looked: set[Looked] = field(default_factory=set)
    days: set[exp.Expr] = field(default_factory=set)
    alone: bool = True


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of an entity: each column that can be said of them alone, by the columns of the entity. Other rows have none."""

    entity: str = ""
    known: Mapping[str, exp.Expr] = field(default_factory=dict)


def daily(*nodes: Node) -> Daily:
    """What is to be known of the totals that nodes make."""
    found = Daily()
    for node in nodes:
        rows = _walk(node, found)
        _leave(rows, rows.known, found)
    return found


def core(node: Node) -> Node:
    """The totals of a tree, without what is said of them alone: that is soon said again, of any day."""
    found = node
    while isinstance(found, Project | Filter):
        found = found.rows
    return found if found.shape.single else node


def over_core(node: Node, table: str) -> Node:
    """The tree over a table of the rows of its core."""
    if node is core(node) or not isinstance(node, Project | Filter):
        return Given(table, node.shape)
    return replace(node, rows=over_core(node.rows, table))


def _walk(node: Node, found: Daily) -> _Rows:
    if isinstance(node, Scan):
        found.alone &= node.of != "group"
        found.asked.setdefault(node.entity, set())
        return _Rows(node.entity, {name: column(name) for name in node.shape.columns})
    found.alone &= not isinstance(node, Given | Cells | Peers)
    first, *others = [
        _walk(one, found) if not isinstance(one, Lookup) else _Rows() for one in below(node)
    ] or [_Rows()]
    for tree in _said(node, first):
        _look(placed(tree, first.known), first.entity, found)
    if isinstance(node, Join):
        _join(node, first, others[0], found)
    if isinstance(node, Project):
        return _more(node, first)
    if isinstance(node, Filter | Pair | Top | Join):
        return first
    for rows in (first, *others):
        _leave(rows, rows.known if others else (), found)
    return _Rows()


def _more(node: Project, rows: _Rows) -> _Rows:
    """What is derived of a row alone is looked at where it is used."""
    made = {name: placed(tree, rows.known) for name, tree in node.added if _plain(tree, rows)}
    return _Rows(rows.entity, {**rows.known, **made})


def _plain(tree: exp.Expr, rows: _Rows) -> bool:
    names = {c.name for c in tree.find_all(exp.Column)}
    return bool(rows.entity) and tree.find(exp.Window) is None and names <= {*rows.known, TODAY}


def _join(node: Join, rows: _Rows, other: _Rows, found: Daily) -> None:
    _leave(rows, (mine for mine, _ in node.on), found)
    _leave(other, (*node.taken.values(), *(theirs for _, theirs in node.on)), found)
    if isinstance(node.other, Lookup):
        mine, theirs = node.on[0]
        found.alone &= isinstance(rows.known.get(mine), exp.Column) and mine in _names(rows.entity)
        found.looked.add(Looked(rows.entity, mine, node.other.entity, theirs))


def _leave(rows: _Rows, names: Iterable[str], found: Daily) -> None:
    """Columns that go where nothing is known of the rows."""
    for name in names:
        if name in rows.known:
            _look(rows.known[name], rows.entity, found)


def _names(entity: str) -> set[str]:
    return {c.name for c in ENTITIES[entity].columns} if entity else set()


def _said(node: Node, rows: _Rows) -> Iterator[exp.Expr]:
    """All that a node says of its rows, and of the day."""
    if isinstance(node, Pair | Series):
        yield from _met(node.rows.shape)
    elif isinstance(node, Join) and isinstance(node.other, Lookup) and node.other.shape.since is not None:
        yield placed(node.other.shape.since, {name: column(name, "m") for name in node.other.shape.columns})
    for each in fields(node):
        value = getattr(node, each.name)
        for one in value if isinstance(value, tuple) else (value,):
            tree = one[1] if isinstance(one, tuple) else one
            if isinstance(tree, exp.Expr) and not (isinstance(node, Project) and _plain(tree, rows)):
                yield tree


def _met(shape: Shape) -> Iterator[exp.Expr]:
    """How rows meet a date."""
    if shape.since is not None:
        yield shape.since
    if shape.period is not None:
        yield shape.period.start(column(TODAY))


def _look(tree: exp.Expr, entity: str, found: Daily) -> None:
    """Conditions as small as they come: what is made of equal parts is equal."""
    names = {c.name for c in tree.find_all(exp.Column)}
    if TODAY not in names:
        return
    if names == {TODAY}:
        found.days.add(tree)
    elif isinstance(tree, exp.Predicate) and names <= {TODAY, *_names(entity)} and _simple(tree):
        found.asked[entity].add(tree)
    else:
        for part in _parts(tree):
            _look(part, entity, found)


def _simple(tree: exp.Expr) -> bool:
    """Whether it is said of one row, and nothing within it is a condition on the day already."""
    inner = (part for part in tree.find_all(exp.Predicate) if part is not tree)
    if any(c.name == TODAY for part in inner for c in part.find_all(exp.Column)):
        return False
    other = any(c.table for c in tree.find_all(exp.Column))
    return not other and tree.find(exp.Window, exp.AggFunc) is None


def _parts(tree: exp.Expr) -> Iterator[exp.Expr]:
    """What a tree is made of. The rows of a window are of one day already."""
    for part in tree.iter_expressions():
        if not (isinstance(tree, exp.Window) and isinstance(part, exp.Column) and part.name == TODAY):
            yield part

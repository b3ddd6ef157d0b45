"""Totals of periods that are over, which only a late row can change: where a tree makes them, and the tree over tables that keep them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from hashlib import sha256
from typing import Any

import duckdb
from sqlglot import exp

from cs_connector.language.apply import day_of
from cs_connector.language.build import build, renamed
from cs_connector.language.compiler import Part, Plan, Rows
from cs_connector.language.executor import sql
from cs_connector.language.periods import Period
from cs_connector.language.tree import Filter, Given, Group, Node, Project, Scan, below
from cs_connector.model import ENTITIES, Entity

GRAINS = ("month", "quarter", "year")


@dataclass(frozen=True)
class Closed:
    """Totals by relationship and period of an entity's own date, over nothing but the rows of that entity.

    They speak of no other row, and of no day: once a period is over, they are what they are until a row of it changes.
    """

    node: Group
    scan: Scan

    @property
    def entity(self) -> Entity:
        return ENTITIES[self.scan.entity]

    @cached_property
    def digest(self) -> str:
        """Another one for other steps, another calendar or another zone, and for an engine that may compute otherwise."""
        return sha256(f"{duckdb.__version__} {sql(build(self.node))}".encode()).hexdigest()[:16]

    @property
    def grain(self) -> Period:
        assert self.node.shape.period is not None
        return self.node.shape.period

    @property
    def period(self) -> exp.Expr:
        """The first day of the period of a row of the entity."""
        return dict(self.node.by)["period"]

    @property
    def day(self) -> exp.Expr:
        """The day, or the time, of a row of the entity."""
        found = day_of(self.scan.entity)
        assert found is not None
        return found.tree

    @cached_property
    def read(self) -> tuple[str, ...]:
        """The columns of the entity that the totals stand on."""
        named = {name for tree in _trees(self.node) for name in _columns(tree)}
        counting = {"account_id", "product", self.entity.key}  # of whom a row counts is said of its key, too
        return tuple(c.name for c in self.entity.columns if c.name in named | counting)

    def query(self, rows: str, scope: str) -> exp.Select:
        """The totals over other tables than that of the entity and `scope`."""
        return renamed(build(self.node), {self.scan.entity: rows, "scope": scope})


def closed(node: Node) -> Closed | None:
    """What a node keeps, if it does."""
    if not isinstance(node, Group) or node.shape.period is None or node.shape.paired:
        return None
    first: Node = node.rows
    while isinstance(first, Filter | Project):
        first = first.rows
    if not isinstance(first, Scan) or first.of == "group" or day_of(first.entity) is None:
        return None
    return Closed(node, first) if node.shape.period.grain in GRAINS else None


def within(plan: Plan) -> Iterator[Closed]:
    """All that the parts of a plan make, each once."""
    seen: set[str] = set()
    for part in plan.parts:
        for node in _nodes(part.rows.node):
            found = closed(node)
            if found is not None and found.digest not in seen:
                seen.add(found.digest)
                yield found


def over(plan: Plan, tables: Mapping[str, str]) -> Plan:
    """The plan that reads tables instead of making what they keep, by digest."""

    def given(node: Node) -> Node:
        found = closed(node)
        if found is not None and found.digest in tables:
            return Given(tables[found.digest], node.shape)
        return _below(node, given)

    return Plan(tuple(_part(part, given(part.rows.node)) for part in plan.parts))


def _part(part: Part, node: Node) -> Part:
    return replace(part, rows=Rows(node))


def _below(node: Node, made: Callable[[Node], Node]) -> Node:
    """The node over what was made of those that it stands on."""
    changed: dict[str, Any] = {}
    for each in fields(node):
        value = getattr(node, each.name)
        if isinstance(value, Node):
            changed[each.name] = made(value)
        elif each.name == "parts":
            changed[each.name] = tuple(made(part) for part in value)
    return replace(node, **changed) if changed else node


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for each in below(node):
        yield from _nodes(each)


def _trees(node: Group) -> Iterator[exp.Expr]:
    for _, tree in (*node.by, *node.totals):
        yield tree
    rows: Node = node.rows
    while isinstance(rows, Filter | Project):
        if isinstance(rows, Filter):
            yield rows.condition
        else:
            yield from (tree for _, tree in rows.added)
        rows = rows.rows


def _columns(tree: exp.Expr) -> Iterator[str]:
    yield from (found.name for found in tree.find_all(exp.Column))

"""Where the rows of a plan are counted as it runs: behind each step that may change how many there are, wherever that is free.

A place to count keeps filters from going down below it. So nothing is counted below a filter that can be asked of rows as they are
read: what stands before it is counted with it, behind the filter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from cs_connector.language.compiler import Part, Plan, Rows
from cs_connector.language.counts import came, place
from cs_connector.language.daily import TODAY, core
from cs_connector.language.tree import Counted, Filter, Group, Join, Node, Pair, Project, Scan, Top, Union

_SAME = ("derive", "window")  # leave as many rows as come, unless those meet the day first
_DAY = frozenset({TODAY, "back"})
_Names = frozenset[str]


def changing(plan: Plan) -> set[int]:
    """The steps that may leave more or fewer rows than came, by their place in the list.

    Those from the first `peers` on have all relationships before them, and leave those.
    """
    paired, found = False, set()
    for part in plan.parts:
        stages = part.stages[:1] if part.whole else part.stages
        for stage in stages:
            same = stage.kind in _SAME or (stage.kind == "merge" and not stage.many)
            if not same or stage.rows.node.shape.paired != paired:
                found.add(stage.index)
            paired = stage.rows.node.shape.paired
    return found


def counted(plan: Plan, study: str) -> Plan:
    """The plan with places that count, as far as its totals: what is said of those alone leaves the rows as they are."""
    marks = _Marks(study, changing(plan))
    return Plan(tuple(replace(part, rows=Rows(marks.over(part))) for part in plan.parts))


@dataclass(frozen=True, slots=True)
class _Marks:
    """Where the steps of a study that change how many rows there are get their places."""

    study: str
    steps: Collection[int]

    def over(self, part: Part) -> Node:
        """What compares relationships was counted where they came together."""
        return part.rows.node if part.whole else self.within(part.rows.node)

    def within(self, node: Node) -> Node:
        if node is core(node) or not isinstance(node, Project | Filter):
            return self.marked(node, frozenset())
        return replace(node, rows=self.within(node.rows))

    def marked(self, node: Node, asked: _Names) -> Node:
        """The node with places in it; `asked` are the columns that filters above want to ask further down."""
        asked = asked if _lets(node, asked) else frozenset()
        step, first = self.of(node), _first(node)
        own = step is not None and (first is None or self.of(first) != step)
        if first is not None:
            node = _over(node, self.marked(first, asked | _asks(node)))
        if isinstance(node, Join) and node.many and own and not asked:
            node = self.met(node, step or 0)
        return (
            Counted(node, place(self.study, step), node.shape)
            if own and step is not None and not asked
            else node
        )

    def met(self, node: Join, step: int) -> Join:
        """A merge that may multiply rows, with those counted that meet the dates for it: of each of them it tells how often it was found."""
        if not isinstance(node.rows, Pair):
            return node
        return replace(node, rows=Counted(node.rows, came(self.study, step), node.rows.shape))

    def of(self, node: Node) -> int | None:
        """The step that decided how many rows of a node there are."""
        step = node.shape.step
        return None if step is None else max((each for each in self.steps if each <= step), default=None)


def _first(node: Node) -> Node | None:
    """The node that steps before this one made."""
    found: Node | None = node.parts[0] if isinstance(node, Union) else getattr(node, "rows", None)
    return found


def _over(node: Node, first: Node) -> Node:
    changed: dict[str, Any] = {"rows": first}
    if isinstance(node, Union):
        changed = {"parts": (first, *node.parts[1:])}
    return replace(node, **changed)


def _lets(node: Node, asked: _Names) -> bool:
    """Whether a filter on these columns can be asked before a node."""
    if isinstance(node, Group):
        return asked <= {name for name, _ in node.by}
    if isinstance(node, Top):
        return asked <= {c.name for tree in node.by for c in tree.find_all(exp.Column)}
    return isinstance(node, Scan | Filter | Project | Pair | Join)


def _asks(node: Node) -> _Names:
    """The columns of a condition that does not speak of the day: rows need not be paired with dates for it."""
    if not isinstance(node, Filter):
        return frozenset()
    names = frozenset(c.name for c in node.condition.find_all(exp.Column))
    return frozenset() if names & {*_DAY, *_dated(node.rows)} else names


def _dated(node: Node) -> Iterator[str]:
    """Columns that were made of the day."""
    first = _first(node)
    if first is None:
        return
    below = set(_dated(first))
    yield from below
    for name, tree in node.added if isinstance(node, Project) else ():
        if {c.name for c in tree.find_all(exp.Column)} & {*_DAY, *below}:
            below.add(name)
            yield name

"""How large a formula becomes once an engine writes out what its columns are made of: a chain of small ones may be endless."""

from __future__ import annotations

from sqlglot import exp

from cs_connector.errors import FormulaError
from cs_connector.language.tree import Filter, Join, Node, Project

MAX_WRITTEN = 5_000


def light(tree: exp.Expr, rows: Node) -> None:
    """Raises FormulaError for a formula that no engine should be given, over the columns of a node."""
    if _of(tree, rows, {}) > MAX_WRITTEN:
        raise FormulaError(
            "the formula is too large",
            why=f"with what its columns are made of it has more than {MAX_WRITTEN:,} parts",
            fix="name each column once or twice, or put an aggregate in between",
        )


def _of(tree: exp.Expr, rows: Node, known: dict[tuple[str, int], int]) -> int:
    return sum(
        _column(part.name, rows, known) if isinstance(part, exp.Column) else 1
        for part in tree.walk(prune=lambda node: isinstance(node, exp.Column))
    )


def _column(name: str, rows: Node, known: dict[tuple[str, int], int]) -> int:
    """The parts of what made a column, as far as nothing but filters and merges stands in between."""
    at = (name, id(rows))
    if at not in known:
        made = dict(rows.added).get(name) if isinstance(rows, Project) else None
        below = rows.rows if isinstance(rows, Project | Filter | Join) else None
        if made is not None and below is not None:
            known[at] = _of(made, below, known)
        else:
            known[at] = 1 if below is None else _column(name, below, known)
    return known[at]

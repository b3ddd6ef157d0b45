"""A rule's condition taken apart: which of its parts hold for a relationship, and with which values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb
import sqlglot
from sqlglot import exp

from cs_connector.language import executor
from cs_connector.language.expression import parse_condition


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of a formula. `holds` is None where it cannot be said; `joined` tells how `parts` count: all, or any."""

    text: str
    holds: bool | None
    values: Mapping[str, float | None]
    joined: str = ""
    parts: tuple[Condition, ...] = ()

    def missing(self) -> Iterator[Condition]:
        """The smallest parts for which it does not hold."""
        if self.holds:
            return
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.missing()


def examine(
    con: duckdb.DuckDBPyConnection, text: str, names: Mapping[str, str], relationship: str
) -> Condition:
    """The condition over the row of a relationship in `standing`. The formula was checked when its rule was read."""
    return _node(con, sqlglot.parse_one(text, dialect="duckdb"), names, relationship)


def _node(
    con: duckdb.DuckDBPyConnection, tree: exp.Expr, names: Mapping[str, str], relationship: str
) -> Condition:
    text = tree.sql(dialect="duckdb")
    if isinstance(tree, exp.Paren):
        return _node(con, tree.this, names, relationship)
    holds, values = _asked(con, text, names, relationship)
    if not isinstance(tree, exp.And | exp.Or):
        return Condition(text, holds, values)
    parts = tuple(_node(con, part, names, relationship) for part in tree.flatten())
    return Condition(text, holds, values, "all" if isinstance(tree, exp.And) else "any", parts)


def _asked(
    con: duckdb.DuckDBPyConnection, text: str, names: Mapping[str, str], relationship: str
) -> tuple[bool | None, dict[str, float | None]]:
    formula = parse_condition(text, names)
    used = sorted(formula.names)
    columns = "".join(f', "{name}"' for name in used)
    query = f"SELECT {executor.sql(formula.tree)}{columns} FROM standing WHERE relationship_id = ?"
    row = con.execute(query, [relationship]).fetchone()
    assert row is not None, "it stands"
    return row[0], dict(zip(used, row[1:], strict=True))

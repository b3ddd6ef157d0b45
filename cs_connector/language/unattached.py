"""Queries without the look-up of attachments that there are none of: by their ids, rows of an entity would be read for nothing."""

from __future__ import annotations

from collections.abc import Collection

from sqlglot import exp


def unattached(query: exp.Select, attached: Collection[str]) -> exp.Select:
    """The same query where attachments are of the entities `attached` alone."""
    found = query.copy()
    for select in list(found.find_all(exp.Select)):
        joins = select.args.get("joins", [])
        kept = [join for join in joins if _entity(join) in {None, *attached}]
        if len(kept) < len(joins):
            select.set("joins", kept)
            _nobody(select)
    return found


def _entity(join: exp.Join) -> str | None:
    """Whose attachments are joined; None where something else is."""
    table = join.this.find(exp.Table)
    if not isinstance(join.this, exp.Subquery) or table is None or table.name != "attachment":
        return None
    named = join.this.find(exp.Literal)
    return named.name if named else None


def _nobody(select: exp.Select) -> None:
    """No row names a relationship."""
    for column in [c for c in select.find_all(exp.Column) if c.table == "t"]:
        column.replace(exp.cast(exp.null(), "varchar"))

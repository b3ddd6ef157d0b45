"""What each step of a study leaves, for a few relationships at one date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cs_connector.language.compiler import Stage
from cs_connector.language.executor import Connection, sql
from cs_connector.measure import evaluate, parts
from cs_connector.measure.metrics import Metrics, Source


@dataclass(frozen=True, slots=True)
class Left:
    """What a step left: how many rows, of what, and the first of them; `factor` where a merge may multiply rows."""

    index: int
    kind: str
    row: str
    came: int | None
    went: int
    factor: float | None
    columns: Mapping[str, str]
    rows: list[dict[str, Any]]


def steps(
    con: Connection, metrics: Metrics, source: Source, account_id: str, day: date, most: int
) -> list[Left]:
    """Every step of a study over the relationships of an account, in order. Leaves `scope` and `grid` as they were used.

    Needs the tables of `health.job.run`. A step that compares relationships counts all of them, and shows the account's.
    """
    _stand(con, metrics, account_id, day)
    if source.plan is None:
        return []
    parts.shown(con, source)
    found: list[Left] = []
    for stage in source.plan.stages:
        found.append(_left(con, stage, found[-1].went if found else None, most))
    return found


def values(con: Connection, source: Source) -> list[dict[str, Any]]:
    """The metrics of a study for the relationships in `scope`, by relationship_id."""
    shown = ", ".join(f'v."{name}"' for name in source.study.metrics)
    return _dicts(
        con,
        f"SELECT s.relationship_id, s.name, {shown} FROM ({source.query}) AS v JOIN scope AS s USING (r) ORDER BY r",
        None,
    )


def _stand(con: Connection, metrics: Metrics, account_id: str, day: date) -> None:
    count = evaluate.prepare(con, day, metrics, account_id)
    found = con.execute("SELECT coalesce(max(r), 0) FROM scored").fetchone()
    parts.scoped(con, 0, (found[0] if found else count) + 1)
    con.execute("DELETE FROM grid WHERE on_date <> ?", [day])


def _left(con: Connection, stage: Stage, came: int | None, most: int) -> Left:
    columns = dict(stage.rows.columns)
    query = sql(stage.rows.query)
    if stage.rows.node.shape.paired:  # what compares relationships stands in a table of all dates
        query = f"SELECT * FROM ({query}) WHERE today IN (SELECT on_date FROM grid)"
    row = con.execute(f"SELECT count(*) FROM ({query})").fetchone()
    went = int(row[0]) if row else 0
    factor = went / came if stage.many and came else None
    shown = _dicts(con, f"SELECT * FROM ({query}) WHERE r IN (SELECT r FROM scope) ORDER BY ALL", most)
    return Left(stage.index, stage.kind, stage.rows.node.shape.row, came, went, factor, columns, shown)


def _dicts(con: Connection, query: str, most: int | None) -> list[dict[str, Any]]:
    rows = con.execute(query if most is None else f"{query} LIMIT {most}")
    names = [d[0] for d in rows.description or ()]
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]

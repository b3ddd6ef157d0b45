"""Which records stand behind metrics of many relationships."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cs_connector.health.evidence import MOST
from cs_connector.health.scorecard import Definitions
from cs_connector.language.compiler import Rows
from cs_connector.language.executor import Connection, sql
from cs_connector.language.tree import Filter, Node
from cs_connector.measure import evaluate
from cs_connector.measure.metrics import Source
from cs_connector.unify.sql import ident, literal


@dataclass(frozen=True, slots=True)
class Behind:
    """The first of the records behind a metric, as {connection, object, id}, and how many there are, at most twenty."""

    first: dict[str, str]
    count: int


def behind(
    con: Connection, definitions: Definitions, today: date, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Behind]:
    """What stands behind metrics of many relationships, by (relationship, metric) as `wanted`: one query a file of metrics.

    Nothing stands there where only the relationship itself says it.
    """
    asked: dict[str, list[str]] = defaultdict(list)
    for relationship, metric in sorted({*wanted}):
        asked[metric].append(relationship)
    evaluate.begin(con, today, definitions.metrics)
    con.execute("DELETE FROM grid WHERE on_date <> ?", [today])
    found: dict[tuple[str, str], Behind] = {}
    for source in definitions.metrics.sources:
        mine = {name: asked[name] for name in source.study.metrics if name in asked}
        rows = {name: stood for name in mine if (stood := source.standing_on(name)) is not None}
        if rows:
            found |= _behind(con, source, rows, mine)
    return found


def _behind(
    con: Connection, source: Source, rows: Mapping[str, Rows], asked: Mapping[str, Sequence[str]]
) -> dict[tuple[str, str], Behind]:
    """The same for the metrics of one file: they all look at the same rows, each at those that it picks."""
    pairs = [(relationship, name) for name in rows for relationship in asked[name]]
    _ask(con, pairs)
    picked = [_picked(source, name, stood.node) for name, stood in rows.items()]
    some = next(iter(rows.values()))
    tests = ", ".join(
        f"CASE WHEN {test} THEN {literal(name)} END" for name, (_, test) in zip(rows, picked, strict=True)
    )
    query = f"""
        WITH kept AS (SELECT r, {ident(some.key or "")} AS key, unnest([{tests}]) AS metric FROM ({sql(Rows(picked[0][0]).query)}) AS x),
        record AS (SELECT DISTINCT asked.relationship_id, asked.metric, link.connection, link.object, link.record_id
            FROM kept JOIN scope USING (r) JOIN asked ON asked.relationship_id = scope.relationship_id AND asked.metric = kept.metric
            JOIN link ON link.entity = ? AND link.entity_id = kept.key)
        SELECT relationship_id, metric, min({{'connection': connection, 'object': object, 'id': record_id}}), least(count(*), {MOST})
        FROM record GROUP BY ALL"""
    found = con.execute(query, [some.entity]).fetchall()
    return {(relationship, name): Behind(first, count) for relationship, name, first, count in found}


def _ask(con: Connection, pairs: Sequence[tuple[str, str]]) -> None:
    """Make `asked` (relationship_id, metric), and `scope` of the relationships in it."""
    relationships, metrics = map(list, zip(*pairs, strict=True))
    con.execute(
        "CREATE OR REPLACE TEMP TABLE asked AS SELECT unnest($relationships) AS relationship_id, unnest($metrics) AS metric",
        {"relationships": relationships, "metrics": metrics},
    )
    con.execute("CREATE OR REPLACE TEMP TABLE scope AS FROM scored SEMI JOIN asked USING (relationship_id)")


def _picked(source: Source, metric: str, node: Node) -> tuple[Node, str]:
    """All rows of the steps, and the condition by which a metric picks its own."""
    if source.study.metrics[metric].evidence is not None and isinstance(node, Filter):
        return node.rows, sql(node.condition)
    return node, "TRUE"

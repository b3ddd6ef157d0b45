"""Who is who, as a report for a person: what is linked and how, what stands alone, and what is to be decided."""

from __future__ import annotations

import json
from math import floor
from pathlib import Path
from string import Template
from typing import Any

import duckdb

from cs_connector.model import ENTITIES
from cs_connector.runner.engine import Engine
from cs_connector.unify.sql import typed, typed_of

from .decisions import WHO, decisions, pairs
from .markup import page
from .pairing import cards

PARTS = ("conflicts", "near_misses", "pending_splits")
_REF = "l.connection || '|' || l.object || '|' || l.record_id"
_MEANT = "l.entity IN ('account', 'person', 'user') AND l.method NOT IN ('adds to', 'mentioned')"
# Two entities that a person parted are decided about, by whichever of their records.
_PARTED = """CREATE TEMP TABLE parted AS SELECT unnest([a.entity_id, b.entity_id]) AS one, unnest([b.entity_id, a.entity_id]) AS other
FROM decision d JOIN known a ON a.ref = d.left_ref AND a.entity = d.entity JOIN known b ON b.ref = d.right_ref AND b.entity = d.entity
WHERE d.action = 'unlink'"""
_OPEN = "one.entity_id <> other.entity_id AND (one.entity_id, other.entity_id) NOT IN (SELECT (p.one, p.other) FROM parted p)"
# A record with its name: of its entity, which is what a person knows it by.
_KNOWN = Template(
    "CREATE TEMP TABLE known AS SELECT $ref AS ref, l.entity, l.entity_id, n.name, l.connection, l.object, l.record_id, "
    "l.method, l.confidence, l.evidence, count(*) OVER (PARTITION BY l.entity, l.entity_id) AS size FROM link l LEFT JOIN ("
    "SELECT account_id AS entity_id, name FROM account UNION ALL SELECT person_id, name FROM person "
    'UNION ALL SELECT user_id, name FROM "user") n USING (entity_id) WHERE $meant'
)

# Who came under another account, or under none: the first time that an account was seen under one is no move. Nor are rows that name
# the same parent one after the other: two parents became one meanwhile.
MOVED = """SELECT m.since::DATE AS on_date, m.account_id, a.name, f.name AS "from", t.name AS "to" FROM (SELECT *, lag(parent_id) OVER w AS was,
row_number() OVER w AS place FROM parent_history WINDOW w AS (PARTITION BY account_id ORDER BY since)) m LEFT JOIN account a USING (account_id)
LEFT JOIN account f ON f.account_id = m.was LEFT JOIN account t ON t.account_id = m.parent_id
WHERE place > 1 AND m.parent_id IS DISTINCT FROM m.was ORDER BY m.since DESC, m.account_id"""
_HISTORY = {"account_id": "VARCHAR", "parent_id": "VARCHAR", "since": "TIMESTAMP"}


def write(engine: Engine) -> tuple[dict[str, Any], list[Path]]:
    """The report, and its two files in the project's folder `reports`: identity.json and identity.html."""
    document = report(engine)
    folder = engine.project.root / "reports"
    folder.mkdir(exist_ok=True)
    paths = [folder / "identity.json", folder / "identity.html"]
    paths[0].write_text(
        json.dumps(document, indent=1, default=str, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    paths[1].write_text(page(document), encoding="utf-8")
    return document, paths


def report(engine: Engine) -> dict[str, Any]:
    """identity/1: coverage, unmatched, conflicts, near_misses, pending_splits, events, decisions, hierarchy,
    moves, disagreements.
    """
    with engine.tables([*ENTITIES, "link"]) as con:
        pairs(engine, con, "who_pair")
        con.execute(_KNOWN.substitute(ref=_REF, meant=_MEANT))
        con.execute(_PARTED)
        found: dict[str, Any] = {
            "schema": "identity/1",
            "as_of": engine.as_of.isoformat(),
            "coverage": _coverage(con),
        }
        found["unmatched"] = _unmatched(con)
        if engine.store.facts.files(f"{WHO}/conflict"):
            for name in ("conflict", "event", "pending_split"):
                engine.store.facts.attach(con, f"{WHO}/{name}", f"who_{name}", {})
            found |= {
                "conflicts": _conflicts(con),
                "near_misses": _near(con),
                "pending_splits": _pending(con),
            }
            found["events"] = _rows(
                con, "SELECT * FROM who_event ORDER BY on_date DESC, entity, entity_id, other_id, ref"
            )
        engine.store.facts.attach(con, "unify/hierarchy_issue", "issue", {"account_id": "VARCHAR"})
        found["hierarchy"] = _rows(
            con, "SELECT i.*, a.name FROM issue i LEFT JOIN account a USING (account_id) ORDER BY ALL"
        )
        engine.store.facts.attach(con, "unify/parent", "parent_history", _HISTORY)
        found["moves"] = _rows(con, MOVED)
        found["disagreements"] = _disagreements(engine, con)
    found["decisions"] = [
        {
            "entity": kind,
            "action": action,
            "left": typed(left or ""),
            "right": typed(right or ""),
            "reason": reason,
        }
        for kind, action, left, right, reason in decisions(engine)
    ]
    return {**{name: [] for name in (*PARTS, "events")}, **found}


def sentences(document: dict[str, Any]) -> list[str]:
    """The report in a few lines."""
    lines = [
        f"{c['connection']}: {c['records']:,} of {c['entity']}, {c['linked']:,} linked to another system ({floor(100 * c['linked'] / c['records'])}%)"
        for c in document["coverage"]
    ]
    count = {name: len(document[name]) for name in (*PARTS, "hierarchy")}
    count |= {
        name: len(cards(document[name])) for name in ("conflicts", "near_misses")
    }  # as the page counts them
    lines.append(
        f"to decide: {count['conflicts']:,} conflicts, {count['near_misses']:,} near misses, {count['pending_splits']:,} "
        f"splits that wait, {count['hierarchy']:,} odd places in the tree of accounts"
    )
    return lines


def _coverage(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """How many records of each connection are one with a record of another connection, and by which method."""
    return _rows(
        con,
        "WITH across AS (SELECT entity, entity_id, count(DISTINCT connection) AS systems FROM known GROUP BY ALL) "
        "SELECT entity, connection, count(*) AS records, count(*) FILTER (systems > 1) AS linked, "
        "round(count(*) FILTER (systems > 1) / count(*), 4) AS share, histogram(method) AS methods "
        "FROM known JOIN across USING (entity, entity_id) GROUP BY entity, connection ORDER BY entity, connection",
    )


def _unmatched(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Records of connections that others also supply, which are one with none of them."""
    return _rows(
        con,
        "SELECT entity, connection, object, record_id, name FROM known WHERE size = 1 AND entity IN (SELECT entity FROM known "
        "GROUP BY entity HAVING count(DISTINCT connection) > 1) ORDER BY ALL",
    )


def _sides(table: str, columns: str, where: str) -> str:
    """Pairs with what a person knows of both records."""
    sides = ", ".join(
        f"{side}.entity_id AS {side}_entity_id, {side}.name AS {side}_name, {typed_of(f'{side}.ref')} AS {side}_record"
        for side in ("one", "other")
    )
    return (
        f"SELECT p.entity, {sides}, {columns} FROM {table} p JOIN known one ON one.ref = p.left_ref AND one.entity = p.entity "
        f"JOIN known other ON other.ref = p.right_ref AND other.entity = p.entity WHERE {where}"
    )


def _conflicts(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    query = _sides(
        "who_conflict",
        "round(p.probability, 4) AS probability, p.evidence, p.why",
        _OPEN,
    )
    return _rows(con, f"{query} ORDER BY ALL")


def _near(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Pairs that are not likely enough, the likeliest first."""
    columns = "round(p.probability, 4) AS probability, p.evidence"
    where = f"{_OPEN} AND NOT EXISTS (FROM who_conflict c WHERE c.left_ref = p.left_ref AND c.right_ref = p.right_ref)"
    return _rows(
        con,
        f"SELECT DISTINCT * FROM ({_sides('who_pair', columns, where)}) ORDER BY probability DESC, one_record, other_record",
    )


def _pending(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return _rows(
        con,
        f"SELECT k.entity, k.entity_id, k.name, {typed_of('k.ref')} AS record FROM who_pending_split p "
        "JOIN known k ON k.ref = p.ref AND k.entity = p.entity ORDER BY ALL",
    )


def _disagreements(engine: Engine, con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """What systems say of accounts and is not believed; users and accounts by their names."""
    columns = ("account_id", "attribute", "connection", "value", "believed", "believed_connection")
    engine.store.facts.attach(con, "unify/disagreement", "disagreement", dict.fromkeys(columns, "VARCHAR"))
    return _rows(
        con,
        'WITH called AS (SELECT user_id AS id, name FROM "user" UNION ALL SELECT account_id, name FROM account) '
        "SELECT a.name, d.attribute, coalesce(b.name, d.believed) AS believed, d.believed_connection, "
        "coalesce(o.name, d.value) AS other, d.connection, d.account_id FROM disagreement d LEFT JOIN account a USING (account_id) "
        "LEFT JOIN called o ON o.id = d.value LEFT JOIN called b ON b.id = d.believed ORDER BY ALL",
    )


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = con.execute(query)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

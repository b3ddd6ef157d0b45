"""What a plan comes to: counts by connection, object and field, a few of each kind, and who changes band."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import duckdb

from cs_connector.language.sizes import sized
from cs_connector.unify.source import Source

Row = dict[str, Any]
_TELLING = ("band", "score", "status", "customer_status", "renewal_on", "arr", "subject", "due_on")
SAMPLES = 3  # of each kind and object
_KINDS = (
    "CASE WHEN action = 'delete' THEN 'delete' WHEN record_id IS NULL THEN 'create' "
    "WHEN emptied > 0 AND source <> 'call' THEN 'clear' ELSE 'update' END"
)


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make `planned_record`: a row for each change with the name of what it is about, its revenue a year,
    the currency of that, and its kind.

    Needs `planned_field` beside the tables of a plan.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE about AS "
        "SELECT 'account' AS source, account_id AS key, name, arr, currency FROM account UNION ALL "
        "SELECT 'relationship', r.key, r.name, r.arr, a.currency FROM wanted_relationship r LEFT JOIN account a USING (account_id) UNION ALL "
        "SELECT 'snapshot', s.key, a.name || ', ' || strftime(s.as_of, '%-d %b %Y'), s.arr, a.currency FROM wanted_snapshot s "
        "JOIN account a USING (account_id) UNION ALL "
        "SELECT 'call', c.key, c.subject, a.arr, a.currency FROM wanted_call c LEFT JOIN account a USING (account_id)"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE planned_record AS SELECT connection, object, source, key, name, arr, currency, {_KINDS} AS kind "
        "FROM plan_change p LEFT JOIN (SELECT source, key, any_value(name) AS name, max(arr) AS arr, any_value(currency) AS currency FROM about GROUP BY ALL) "
        "USING (source, key) LEFT JOIN (SELECT connection, object, key, source, count(*) AS emptied FROM planned_field "
        "WHERE a IS NOT NULL AND b IS NULL GROUP BY ALL) USING (connection, object, key, source)"
    )


def counts(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """For each object that is written to: records by kind, and for each of its fields how many values."""
    fields: dict[tuple[str, str], Row] = {}
    for connection, name, field, first, changed, emptied in con.execute(_FIELDS).fetchall():
        told = {"first": first, "changed": changed, "cleared": emptied}
        fields.setdefault((connection, name), {})[field] = told
    return [
        {
            "connection": connection,
            "object": name,
            "records": records,
            "created": created,
            "updated": updated,
            "clearing": clearing,
            "deleted": deleted,
            "unchanged": max(0, records - touched),
            "fields": fields.get((connection, name), {}),
        }
        for connection, name, records, created, updated, clearing, deleted, touched in con.execute(
            _OBJECTS
        ).fetchall()
    ]


_FIELDS = (
    "SELECT connection, object, f, count(*) FILTER (a IS NULL), count(*) FILTER (a IS NOT NULL AND b IS NOT NULL), "
    "count(*) FILTER (a IS NOT NULL AND b IS NULL) FROM planned_field GROUP BY ALL ORDER BY ALL"
)
_OBJECTS = (
    "SELECT connection, object, any_value(t.records), count(*) FILTER (kind = 'create'), count(*) FILTER (kind IN ('update', 'clear')), "
    "count(*) FILTER (kind = 'clear'), count(*) FILTER (kind = 'delete'), count(p.key) FILTER (p.source = t.source) "
    "FROM (SELECT connection, object, any_value(source) AS source, sum(records) AS records FROM target GROUP BY 1, 2) t "
    "LEFT JOIN planned_record p USING (connection, object) GROUP BY 1, 2 ORDER BY 1, 2"
)


def samples(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """A few changes of each kind and object, those with most revenue first."""
    rows = con.execute(
        "SELECT r.connection, r.object, r.source, r.kind, r.key, r.name, CAST(r.arr AS DOUBLE), r.currency, p.fields FROM (SELECT *, row_number() OVER "
        "(PARTITION BY connection, object, kind ORDER BY relative_size DESC NULLS LAST, key) AS place "
        f"FROM {sized('planned_record')}) r "
        "JOIN plan_change p USING (connection, object, source, key) WHERE place <= $n "
        "ORDER BY r.connection, r.object, r.kind, place",
        {"n": SAMPLES},
    ).fetchall()
    return [
        {
            "connection": connection,
            "object": name,
            "source": source,
            "kind": kind,
            "key": key,
            "name": called,
            "revenue": revenue,
            "currency": currency,
            "fields": {f["f"]: [f["a"], f["b"]] for f in sorted(json.loads(fields), key=_telling)},
        }
        for connection, name, source, kind, key, called, revenue, currency, fields in rows
    ]


def _telling(field: Mapping[str, str]) -> int:
    """What says most of a change comes first."""
    return _TELLING.index(field["c"]) if field["c"] in _TELLING else len(_TELLING)


def bands(con: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> list[Row]:
    """The accounts that get another band than the CRMs show, with the reason; one that shows none yet is not among them."""
    ours = words_of_bands(sources)
    rows = con.execute(
        "SELECT f.connection, f.f, f.a, f.key, a.name, w.band, w.reason, CAST(w.arr AS DOUBLE), a.currency FROM planned_field f "
        "JOIN wanted_account w USING (key) JOIN "
        f"{sized('account')} a ON a.account_id = w.account_id WHERE f.source = 'account' "
        "AND f.c = 'band' AND f.a IS NOT NULL AND w.band IS NOT NULL ORDER BY a.relative_size DESC NULLS LAST, f.key, f.connection"
    ).fetchall()
    found: dict[str, Row] = {}
    for connection, field, before, key, name, band, reason, revenue, currency in rows:
        was = ours.get((connection, field, before), before)
        if was != band:
            moved = {"account": name, "from": was, "to": band, "why": reason, "revenue": revenue}
            found.setdefault(key, moved | {"currency": currency})
    return list(found.values())


def words_of_bands(sources: Iterable[Source]) -> dict[tuple[str, str, str], str]:
    """Connection, field and a CRM's word for a band → our word."""
    return {
        (source.connection, field, theirs): ours
        for source in sources
        for rule in source.mapping.write
        for field, how in rule.fields.items()
        if how.column == "band"
        for ours, theirs in (how.values or {}).items()
    }


def tasks(con: duckdb.DuckDBPyConnection, held: Mapping[str, int]) -> Row:
    """Tasks that are opened, whose text or owner changes, and those that are held back, with the reasons."""
    opened, text, owner, other = con.execute(
        "SELECT count(*) FILTER (opened), count(*) FILTER (NOT opened AND text), count(*) FILTER (NOT opened AND owner), "
        "count(*) FILTER (NOT opened AND NOT text AND NOT owner) FROM (SELECT key, bool_or(record_id IS NULL) AS opened, "
        "bool_or(c IN ('description', 'subject')) AS text, bool_or(c = 'owner_ref') AS owner FROM planned_field "
        "WHERE source = 'call' AND action <> 'delete' GROUP BY 1)"
    ).fetchall()[0]
    return {
        "opened": opened,
        "text": text,
        "owner": owner,
        "other": other,
        "held": dict(sorted(held.items())),
    }


def population(con: duckdb.DuckDBPyConnection) -> Row:
    """How many accounts are what, and why the others are not scored."""
    rows = con.execute(
        "SELECT coalesce(customer_status, 'Not scored'), status_reason, count(*) FROM account GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    total: Counter[str] = Counter()
    for status, _reason, count in rows:
        total[status] += count
    reasons = {str(reason): count for status, reason, count in rows if status == "Not scored"}
    return {"accounts": total.total(), **total, "reasons": reasons}


def names(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str]]:
    """Source, key and name of what is planned."""
    cursor = con.execute("SELECT DISTINCT source, key, name FROM planned_record WHERE name IS NOT NULL")
    while rows := cursor.fetchmany(10_000):
        yield from rows

"""How one account comes about: every record that it is made of, what was in it, how that is read, and what counts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from cs_connector.model import CUSTOM, ENTITIES
from cs_connector.unify import Source, aliases
from cs_connector.unify.declared.precedence import Precedence
from cs_connector.unify.extraction import stage
from cs_connector.unify.mapping import ReadRule
from cs_connector.unify.sql import ident, literal

from .deciding import standing
from .engine import Engine
from .questions import find
from .unifying import precedence

_OURS = frozenset({"account_id", "ultimate_parent_id", "depth", "customer_status", "status_reason", CUSTOM})
_LINKED = """SELECT DISTINCT connection, object, record_id FROM link
WHERE entity = 'account' AND entity_id = $id AND method <> 'mentioned' ORDER BY ALL"""


def preview(engine: Engine, id_: str) -> dict[str, Any]:
    """mapping-preview/1 of an account: for each attribute its value and, in the order of belief, what every record says.

    Raises UsageError for an account that is not known.
    """
    with standing(engine) as con:
        account = find(con, id_)
        named = [c.name for c in ENTITIES["account"].columns if c.name not in _OURS]
        final = _row(
            con, f"SELECT {', '.join(map(ident, named))} FROM account WHERE account_id = $id", account
        )
        records = con.execute(_LINKED, {"id": account}).fetchall()
        with engine.tables() as fresh:
            said = list(_said(engine, fresh, records))
    believed = precedence(engine)
    return {
        "schema": "mapping-preview/1",
        "id": account,
        "name": final.get("name"),
        "records": [{"connection": c, "object": o, "id": i} for c, o, i in records],
        "attributes": [_attribute(name, final.get(name), said, believed) for name in named],
        "set_aside": [
            {k: one[k] for k in ("connection", "object", "id", "wrong")} for one in said if one["wrong"]
        ],
    }


def _attribute(name: str, value: Any, said: Iterable[dict[str, Any]], believed: Precedence) -> dict[str, Any]:
    """What each record says of one attribute; the first that says anything is believed, and what others say else disagrees."""

    def order(one: dict[str, Any]) -> tuple[bool, int, str]:
        return one["adds"], believed.place("account", name, one["connection"], one["rank"]), one["id"]

    told = [
        {
            "connection": one["connection"],
            "object": one["object"],
            "id": one["id"],
            "fields": one["fields"][name],
            "read": one["read"][name],
        }
        for one in sorted(said, key=order)
        if name in one["fields"]
    ]
    first = next((n for n, one in enumerate(told) if one["read"] is not None), None)
    return {
        "attribute": name,
        "value": value,
        "said": [
            one
            | {
                "counts": n == first,
                "disagrees": first is not None and _other(one["read"], told[first]["read"]),
            }
            for n, one in enumerate(told)
        ],
    }


def _other(read: Any, counts: Any) -> bool:
    """An upper-case letter or a blank more is no disagreement."""
    return read is not None and str(read).strip().lower() != str(counts).strip().lower()


def _said(
    engine: Engine, con: duckdb.DuckDBPyConnection, records: Sequence[tuple[str, str, str]]
) -> Iterator[dict[str, Any]]:
    """What the records themselves say, read by the mapping rules as unify reads them."""
    latest = engine.latest(con)
    sources = engine.sources()
    aliases.collect(con, sources, latest)
    for source in sources:
        rules = tuple(r for r in source.mapping.read if r.entity == "account")
        for rule in rules:
            ids = [
                id_
                for connection, object_, id_ in records
                if (connection, object_) == (source.connection, rule.object)
            ]
            if ids:
                yield from _one(con, source, rule, _only(con, latest(source.connection, rule.object), ids))


def _only(con: duckdb.DuckDBPyConnection, view: str, ids: Sequence[str]) -> str:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE records AS SELECT * FROM {view} WHERE id IN (SELECT unnest($ids))",
        {"ids": list(ids)},
    )
    return "records"


def _one(
    con: duckdb.DuckDBPyConnection, source: Source, rule: ReadRule, view: str
) -> Iterator[dict[str, Any]]:
    alone = replace(source, mapping=source.mapping.model_copy(update={"read": (rule,)}))
    stage(con, [alone], lambda _connection, _object: view)
    names = list(rule.fields)
    staged = con.execute(
        f"SELECT record_id, adds_ref, {', '.join(map(ident, names))} FROM stage_account"
    ).fetchall()
    wrong = dict(con.execute("SELECT record_id, reason FROM quarantine").fetchall())
    read = {id_: (adds is not None, dict(zip(names, values, strict=True))) for id_, adds, *values in staged}
    for id_, payload in con.execute(f"SELECT id, payload FROM {view} ORDER BY id").fetchall():
        if id_ in read or id_ in wrong:
            adds, values = read.get(id_, (rule.adds_to is not None, dict.fromkeys(names)))
            yield {
                "connection": source.connection,
                "object": rule.object,
                "id": id_,
                "rank": source.rank,
                "adds": adds,
                "read": values,
                "fields": {name: _raw(con, source, rule, name, payload) for name in names},
                "wrong": wrong.get(id_),
            }


def _raw(
    con: duckdb.DuckDBPyConnection, source: Source, rule: ReadRule, name: str, payload: str
) -> dict[str, Any]:
    """The fields that an attribute is read from, as they are in the record."""
    fields = rule.fields[name].sources
    if not fields:
        return {}
    paths = ", ".join(literal(source.mapping.path(field)) for field in fields)
    row = con.execute(f"SELECT json_extract($payload, [{paths}])", {"payload": payload}).fetchone()
    texts = row[0] if row else [None] * len(fields)
    return {
        field: None if text is None else json.loads(text) for field, text in zip(fields, texts, strict=True)
    }


def _row(con: duckdb.DuckDBPyConnection, query: str, id_: str) -> dict[str, Any]:
    rows = con.execute(query, {"id": id_})
    names = [d[0] for d in rows.description or ()]
    found = rows.fetchone()
    return dict(zip(names, found, strict=True)) if found else {}

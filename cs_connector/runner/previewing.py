"""How one account comes about: every record that it is made of, what was in it, how that is read, and what counts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from cs_connector.model import CUSTOM, ENTITIES
from cs_connector.unify import Source, aliases
from cs_connector.unify.declared.called import reference
from cs_connector.unify.declared.precedence import Precedence
from cs_connector.unify.extraction import stage
from cs_connector.unify.mapping import ReadRule
from cs_connector.unify.source import Latest
from cs_connector.unify.sql import ident, literal

from .engine import Engine
from .finding import find
from .relations import unified
from .unifying import declared

_OURS = frozenset({"account_id", "ultimate_parent_id", "depth", "customer_status", "status_reason", CUSTOM})
# what relationships say of their account stands above what its own records say
_OF_RELATIONSHIPS = """SELECT sum(arr) AS arr, min(renewal_on) AS renewal_on, max(stage) AS lifecycle_stage FROM relationship
WHERE account_id = $id AND status <> 'Ended'"""
_RELATIONSHIPS = "its relationships"
_ELSEWHERE = {
    "parent_id": "the tree of accounts",
    "segment": "customers.yml",
    "currency": "its subscriptions",
}
_LINKED = """SELECT DISTINCT connection, object, record_id FROM link
WHERE entity = 'account' AND entity_id = $id AND method <> 'mentioned' ORDER BY ALL"""


def preview(engine: Engine, id_: str) -> dict[str, Any]:
    """mapping-preview/1 of an account: for each attribute its value and, in the order of belief, what every record says.

    `made_of` names what the value was made of where no record gives it. Raises UsageError for an account that is not known.
    """
    with unified(engine) as con:
        account = find(con, id_)
        named = [c.name for c in ENTITIES["account"].columns if c.name not in _OURS]
        final = _row(
            con, f"SELECT {', '.join(map(ident, named))} FROM account WHERE account_id = $id", account
        )
        told = _row(con, _OF_RELATIONSHIPS, account)
        made = _ELSEWHERE | {name: _RELATIONSHIPS for name, value in told.items() if value is not None}
        records = con.execute(_LINKED, {"id": account}).fetchall()
        with engine.tables() as fresh:
            said = list(_said(engine, fresh, records))
        meant = _meant(engine, con, said)
    customers, _, believed = declared(engine)
    if not customers.segments:
        del made["segment"]
    return {
        "schema": "mapping-preview/1",
        "id": account,
        "name": final.get("name"),
        "records": [{"connection": c, "object": o, "id": i} for c, o, i in records],
        "attributes": [
            _attribute(name, final.get(name), said, believed, meant, made.get(name)) for name in named
        ],
        "set_aside": [
            {k: one[k] for k in ("connection", "object", "id", "wrong")} for one in said if one["wrong"]
        ],
    }


def _attribute(
    name: str,
    value: Any,
    said: Iterable[dict[str, Any]],
    believed: Precedence,
    meant: Mapping[str, str],
    made_of: str | None = None,
) -> dict[str, Any]:
    """What each record says of one attribute; the first that says anything is believed, and what others say else disagrees.

    Where the value is made of something else that stands above records (`made_of`), none of them counts.
    `meant` has the entity of each reference: two systems can mean one user.
    """
    told = _told(name, said, believed)
    reads = [meant.get(one["read"], one["read"]) for one in told]
    first = _first(told, reads, value)
    counts = None if first is None else reads[first]
    if made_of != _RELATIONSHIPS and str(counts) == str(value):
        made_of = None
    if made_of:
        first, counts = None, value
    return {
        "attribute": name,
        "value": value,
        "made_of": made_of,
        "said": [
            one | {"counts": n == first, "disagrees": _other(reads[n], counts)} for n, one in enumerate(told)
        ],
    }


def _first(told: Sequence[Mapping[str, Any]], reads: Sequence[Any], value: Any) -> int | None:
    """Which record is believed: the first that says anything, or of several that its system adds the one that counts."""
    known = [n for n, read in enumerate(reads) if read is not None]
    same = (n for n in known if told[n]["connection"] == told[known[0]]["connection"] and reads[n] == value)
    return next(same, known[0] if known else None)


def _told(name: str, said: Iterable[dict[str, Any]], believed: Precedence) -> list[dict[str, Any]]:
    """What each record that is read for an attribute says of it, in the order of belief."""

    def order(one: dict[str, Any]) -> tuple[int, bool, str]:
        return believed.place("account", name, one["connection"], one["rank"]), one["adds"], one["id"]

    return [
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


def _meant(engine: Engine, con: duckdb.DuckDBPyConnection, said: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The entities that references lead to, by what a reference is as text."""
    texts = {one["read"][name] for one in said for name in one["references"]} - {None}
    crms = {source.connection: source.crm for source in engine.sources()}
    found = con.execute(
        "SELECT connection, object, record_id, entity_id FROM link WHERE record_id IN (SELECT unnest($ids))",
        {"ids": sorted({text.split("|", 2)[-1] for text in texts})},
    ).fetchall()
    ways = {f"{c}|{o}|{i}": id_ for c, o, i, id_ in found}
    ways |= {f"crm:{crms.get(c)}|{o}|{i}": id_ for c, o, i, id_ in found}
    return ways | _called(con, texts)


def _called(con: duckdb.DuckDBPyConnection, texts: Iterable[str]) -> dict[str, str]:
    """The same of references by the address of a user or the domain of an account."""
    queries = (
        f"SELECT {reference(by, by)} AS ref, {ENTITIES[name].key} AS id FROM {ident(name)}"
        for by, name in (("email", "user"), ("domain", "account"))
    )
    found = con.execute(
        f"SELECT ref, min(id) FROM ({' UNION ALL '.join(queries)}) WHERE ref IN (SELECT unnest($refs)) GROUP BY ref HAVING count(*) = 1",
        {"refs": sorted(texts)},
    )
    return dict(found.fetchall())


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
                yield from _one(con, source, rule, _views(con, source, rule, latest, ids), ids)


def _views(
    con: duckdb.DuckDBPyConnection, source: Source, rule: ReadRule, latest: Latest, ids: Sequence[str]
) -> Latest:
    """Of the rule's object those records alone, unless they lead to others of it."""
    if rule.object in {way.object for way in rule.ways}:
        return latest
    only = _only(con, latest(source.connection, rule.object), ids)
    return lambda connection, name: only if name == rule.object else latest(connection, name)


def _only(con: duckdb.DuckDBPyConnection, view: str, ids: Sequence[str]) -> str:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE records AS SELECT * FROM {view} WHERE id IN (SELECT unnest($ids))",
        {"ids": list(ids)},
    )
    return "records"


def _one(
    con: duckdb.DuckDBPyConnection, source: Source, rule: ReadRule, views: Latest, ids: Sequence[str]
) -> Iterator[dict[str, Any]]:
    view = views(source.connection, rule.object)
    alone = replace(source, mapping=source.mapping.model_copy(update={"read": (rule,)}))
    stage(con, [alone], views)
    names = list(rule.fields)
    staged = con.execute(
        f"SELECT record_id, adds_ref, {', '.join(map(ident, names))} FROM stage_account"
    ).fetchall()
    wrong = dict(con.execute("SELECT record_id, reason FROM quarantine").fetchall())
    read = {id_: (adds is not None, dict(zip(names, values, strict=True))) for id_, adds, *values in staged}
    shown = f"SELECT id, payload FROM {view} WHERE id IN (SELECT unnest($ids)) ORDER BY id"
    for id_, payload in con.execute(shown, {"ids": list(ids)}).fetchall():
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
                "references": [name for name in names if rule.fields[name].link],
                "wrong": wrong.get(id_),
            }


def _raw(
    con: duckdb.DuckDBPyConnection, source: Source, rule: ReadRule, name: str, payload: str
) -> dict[str, Any]:
    """The fields that an attribute is read from, as they are in the record."""
    fields = _behind(rule, name)
    if not fields:
        return {}
    paths = ", ".join(literal(source.mapping.path(field)) for field in fields)
    row = con.execute(f"SELECT json_extract($payload, [{paths}])", {"payload": payload}).fetchone()
    texts = row[0] if row else [None] * len(fields)
    return {
        field: None if text is None else json.loads(text) for field, text in zip(fields, texts, strict=True)
    }


def _behind(rule: ReadRule, name: str) -> Sequence[str]:
    """The fields of the record on which an attribute rests."""
    if rule.fields[name].formula is None:
        return rule.fields[name].sources
    from cs_connector.unify.declared.formulas import computed

    return sorted(next(one.rests_on for one in computed(rule) if one.name == name))


def _row(con: duckdb.DuckDBPyConnection, query: str, id_: str) -> dict[str, Any]:
    rows = con.execute(query, {"id": id_})
    names = [d[0] for d in rows.description or ()]
    found = rows.fetchone()
    return dict(zip(names, found, strict=True)) if found else {}

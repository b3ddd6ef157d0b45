"""Staged rows → entity tables: references followed, attributes of several systems laid over each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import duckdb

from cs_connector.model import ACCOUNT, CUSTOM, ENTITIES, FLAG, RELATIONSHIP, Entity

from . import passing
from .declared import called
from .declared.precedence import NOTHING, Precedence, compare
from .source import Source
from .sql import ident

RESOLVED = frozenset({"account", "person", "user"})  # those of which several records can be one
_REFERENCES = {
    "account_id": "account",
    "parent_id": "account",
    "person_id": "person",
    "owner_user_id": "user",
    "partner_account_id": "account",
    "csm_user_id": "user",
    "team_csm_user_id": "user",
    "renewal_manager_user_id": "user",
    "sales_owner_user_id": "user",
}


def assemble(con: duckdb.DuckDBPyConnection, as_of: date, precedence: Precedence = NOTHING) -> None:
    """Make one table for each entity from `stage_<entity>` and `resolved`; make `link` of that and of plain entities.

    Relationships are made of subscriptions: what the CRM says of them becomes `said`, for relationships.derive.
    """
    con.execute("CREATE OR REPLACE TABLE link AS SELECT * FROM resolved")
    _references(con)
    for entity in ENTITIES.values():
        if entity is RELATIONSHIP:
            con.execute(f"CREATE OR REPLACE TEMP TABLE said AS {_followed(entity, 'stage_relationship')}")
        elif entity.name in RESOLVED:
            _merged(con, entity, precedence)
            called.add(con, entity)
        else:
            _plain(con, entity)
    con.execute(
        "UPDATE person SET active = FALSE, decision_maker = FALSE, champion = FALSE, "
        "was_decision_maker = coalesce(was_decision_maker, decision_maker), was_champion = coalesce(was_champion, champion) "
        "WHERE left_on <= $as_of",
        {"as_of": as_of},
    )
    for entity in ENTITIES.values():
        columns = {c.name for c in entity.columns}
        if entity.name != "person" and {"account_id", "person_id"} <= columns:
            con.execute(
                f"UPDATE {entity.name} SET account_id = p.account_id FROM person p "
                f"WHERE {entity.name}.account_id IS NULL AND p.person_id = {entity.name}.person_id"
            )


def normalise(con: duckdb.DuckDBPyConnection) -> None:
    """Bring answers of all scales to 0–10: 2 on 1–10 is not 2 on 0–10."""
    con.execute(
        "UPDATE survey_response SET score_10 = (score - scale_min) / (scale_max - scale_min) * 10 "
        "WHERE score IS NOT NULL AND scale_max > scale_min"
    )


def mention(con: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Link accounts to the connections that only speak of them: files of usage or invoices."""
    for source in sources:
        if any(rule.entity == "account" for rule in source.mapping.read):
            continue
        for name in sorted({rule.entity for rule in source.mapping.read}):
            entity = ENTITIES[name]
            if entity.column("account_id") is None or name in RESOLVED:
                continue
            con.execute(
                "INSERT INTO link SELECT DISTINCT e.account_id, 'account', l.connection, l.object, e.account_id, "
                f"'mentioned', 1.0, '' FROM link l JOIN {ident(name)} e ON e.{entity.key} = l.entity_id "
                "WHERE l.entity = ? AND l.connection = ? AND e.account_id IS NOT NULL",
                [name, source.connection],
            )


def _references(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "CREATE OR REPLACE TABLE reference AS "
        "SELECT entity, connection || '|' || object || '|' || record_id AS ref, min(entity_id) AS entity_id FROM link "
        "GROUP BY ALL UNION ALL SELECT entity, 'crm:' || crm || '|' || object || '|' || record_id, min(entity_id) "
        "FROM link JOIN connection_crm USING (connection) GROUP BY ALL"
    )


def _followed(entity: Entity, source: str) -> str:
    """Select the stage's columns with every reference replaced by the entity that it means."""
    columns, joins = [], []
    for column in entity.columns[1:]:
        target = _REFERENCES.get(column.name)
        if target is None or column.name == entity.key:
            columns.append(f"s.{ident(column.name)}")
            continue
        alias = f"r_{column.name}"
        joins.append(
            f"LEFT JOIN reference {alias} ON {alias}.entity = '{target}' AND {alias}.ref = s.{ident(column.name)}"
        )
        columns.append(f"{alias}.entity_id AS {ident(column.name)}")
    return (
        f"SELECT s.connection, s.rank, s.object, s.record_id, s.adds_ref, {', '.join(columns)} "
        f"FROM {source} s {' '.join(joins)}"
    )


def _plain(con: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """One entity a record; a record that adds to another one (its links, say) lends it its attributes."""
    origin = "coalesce(adds_ref, connection || '|' || object || '|' || record_id)"
    key = f"'{entity.name[:3]}_' || left(md5({origin}), 16)"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE followed AS SELECT *, {key} AS made FROM ({_followed(entity, 'stage_' + entity.name)})"
    )
    con.execute(f"CREATE OR REPLACE TABLE {ident(entity.name)} AS {_single(con, entity)}")
    con.execute(
        f"INSERT INTO link SELECT made, '{entity.name}', connection, object, record_id, "
        "CASE WHEN adds_ref IS NULL THEN 'itself' ELSE 'adds to' END, 1.0, '' FROM followed "
        f"SEMI JOIN {ident(entity.name)} e ON e.{entity.key} = made"
    )


def _single(con: duckdb.DuckDBPyConnection, entity: Entity) -> str:
    names = [c.name for c in entity.columns[1:]]
    added = con.execute("SELECT count(*) FROM followed WHERE adds_ref IS NOT NULL").fetchall()[0][0]
    if not added:
        return f"SELECT made AS {entity.key}, {', '.join(map(ident, names))} FROM followed"
    columns = ", ".join(f"{_laid(c.name, c.type)} AS {ident(c.name)}" for c in entity.columns[1:])
    return (
        f"SELECT made AS {entity.key}, {columns} FROM followed GROUP BY made HAVING bool_or(adds_ref IS NULL)"
    )


def _merged(con: duckdb.DuckDBPyConnection, entity: Entity, precedence: Precedence) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE followed AS {_followed(entity, 'stage_' + entity.name)}")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE placed AS SELECT coalesce(a.entity_id, l.entity_id) AS entity_id, f.* "
        f"FROM followed f LEFT JOIN link l ON l.entity = '{entity.name}' AND f.adds_ref IS NULL "
        "AND l.connection = f.connection AND l.object = f.object AND l.record_id = f.record_id "
        f"LEFT JOIN reference a ON a.entity = '{entity.name}' AND a.ref = f.adds_ref"
    )
    columns = ", ".join(
        f"{_laid(c.name, c.type, precedence.order(entity.name, c.name))} AS {ident(c.name)}"
        for c in entity.columns[1:]
    )
    con.execute(
        f"CREATE OR REPLACE TABLE {ident(entity.name)} AS SELECT entity_id AS {entity.key}, {columns} "
        "FROM placed WHERE entity_id IS NOT NULL GROUP BY entity_id"
    )
    con.execute(
        f"INSERT INTO link SELECT DISTINCT entity_id, '{entity.name}', connection, object, record_id, 'adds to', 1.0, '' "
        "FROM placed WHERE adds_ref IS NOT NULL AND entity_id IS NOT NULL"
    )
    if entity is ACCOUNT:
        compare(con, precedence)


def _laid(name: str, to: str, order: str = "rank") -> str:
    """The first known value by rank, or by another order; a flag that any added row sets is set. What is passed through is gathered."""
    column = ident(name)
    if name == CUSTOM:
        return passing.laid(column)
    first = f"first({column} ORDER BY {order}, record_id) FILTER (adds_ref IS NULL AND {column} IS NOT NULL)"
    extra = f"min({column}) FILTER (adds_ref IS NOT NULL)"
    if to == FLAG:
        extra = f"bool_or({column}) FILTER (adds_ref IS NOT NULL)"
    return f"coalesce({first}, {extra})"

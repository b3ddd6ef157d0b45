"""Staged rows → entity tables: references followed, attributes of several systems laid over each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import duckdb

from cs_connector.model import ACCOUNT, CUSTOM, ENTITIES, FLAG, RELATIONSHIP, USER, Entity

from . import passing
from .declared import called
from .declared.precedence import NOTHING, Precedence, compare
from .source import Source
from .sql import ident, plain_id
from .vocabulary import VALUES

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
    """Make one table for each entity from `stage_<entity>` and `resolved`; make `link` of that and of plain entities,
    a view of `linked`, which says what account each is about, too.

    Relationships are made of subscriptions: what the CRM says of them becomes `said`, for relationships.derive.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE meant AS SELECT * FROM resolved")
    con.execute(
        "CREATE OR REPLACE TABLE linked AS SELECT *, CAST(NULL AS VARCHAR) AS account_id FROM meant LIMIT 0"
    )
    con.execute("CREATE OR REPLACE VIEW link AS SELECT * EXCLUDE (account_id) FROM linked")
    _references(con)
    for entity in sorted(
        ENTITIES.values(), key=lambda e: e is not USER
    ):  # accounts may name users by their addresses
        if entity is RELATIONSHIP:
            con.execute(f"CREATE OR REPLACE TEMP TABLE said AS {_followed(entity, 'stage_relationship')}")
        elif entity.name in RESOLVED:
            _merged(con, entity, precedence)
        else:
            _plain(con, entity)
    for table in ("meant", "followed", "placed"):
        con.execute(f"DROP TABLE {table}")
    con.execute(
        "UPDATE person SET active = FALSE, decision_maker = FALSE, champion = FALSE, "
        "was_decision_maker = coalesce(was_decision_maker, decision_maker), was_champion = coalesce(was_champion, champion) "
        "WHERE left_on <= $as_of",
        {"as_of": as_of},
    )


def normalise(con: duckdb.DuckDBPyConnection) -> None:
    """Bring answers of all scales to 0–10, for 2 on 1–10 is not 2 on 0–10, and all words for a subscription that is over, and all
    spellings of a currency, to one.
    """
    con.execute(
        "UPDATE survey_response SET score_10 = (score - scale_min) / (scale_max - scale_min) * 10 "
        "WHERE score IS NOT NULL AND scale_max > scale_min"
    )
    con.execute(
        "UPDATE subscription SET status = 'Ended' WHERE status <> 'Ended' AND lower(trim(status)) IN (SELECT unnest($over))",
        {"over": list(VALUES["subscription", "status"]["Ended"])},
    )
    for entity in (e for e in ENTITIES.values() if e.column("currency")):
        con.execute(
            f"UPDATE {ident(entity.name)} SET currency = upper(trim(currency)) WHERE currency <> upper(trim(currency))"
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
                "INSERT INTO linked SELECT DISTINCT account_id, 'account', connection, object, account_id, 'mentioned', 1.0, '', "
                "account_id FROM linked WHERE entity = ? AND connection = ? AND account_id IS NOT NULL",
                [name, source.connection],
            )


def _references(con: duckdb.DuckDBPyConnection) -> None:
    """Make `reference`: which entity a record is. An id that two connections of one vendor have leads nowhere by the vendor alone."""
    con.execute(
        "CREATE OR REPLACE TABLE reference AS "
        "SELECT entity, connection || '|' || object || '|' || record_id AS ref, min(entity_id) AS entity_id FROM meant "
        "GROUP BY ALL UNION ALL SELECT entity, 'crm:' || crm || '|' || object || '|' || record_id, min(entity_id) "
        "FROM meant JOIN connection_crm USING (connection) GROUP BY ALL HAVING min(entity_id) = max(entity_id)"
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
    stage, names = f"stage_{entity.name}", ", ".join(ident(c.name) for c in entity.columns[1:])
    added = con.execute(f"SELECT 1 FROM {stage} WHERE adds_ref IS NOT NULL LIMIT 1").fetchone() is not None
    origin = "coalesce(adds_ref, connection || '|' || object || '|' || record_id)"
    made = f"SELECT *, {plain_id(entity.name, origin)} AS made FROM ({_followed(entity, stage)})"
    con.execute(f"CREATE OR REPLACE TEMP TABLE followed AS {made if added else _homed(entity, made)}")
    rows = f"({_homed(entity, _laid_over(entity))})" if added else "followed"
    con.execute(
        f"CREATE OR REPLACE TABLE {ident(entity.name)} AS SELECT made AS {entity.key}, {names} FROM {rows}"
    )
    account = "account_id" if entity.column("account_id") else "NULL"
    whole = f"JOIN (SELECT {entity.key} AS made, {account} AS account_id FROM {ident(entity.name)}) e USING (made)"
    con.execute(
        f"INSERT INTO linked SELECT made, '{entity.name}', connection, object, record_id, "
        f"CASE WHEN adds_ref IS NULL THEN 'itself' ELSE 'adds to' END, 1.0, '', {'e.account_id' if added else account} "
        f"FROM followed {whole if added else ''}"
    )


def _laid_over(entity: Entity) -> str:
    """A query for one row of `followed` an entity; what only adds to a record that nobody reads is none."""
    columns = ", ".join(f"{_laid(c.name, c.type)} AS {ident(c.name)}" for c in entity.columns[1:])
    return f"SELECT made, {columns} FROM followed GROUP BY made HAVING bool_or(adds_ref IS NULL)"


def _homed(entity: Entity, rows: str) -> str:
    """The same rows; what names a person and no account is of the person's account."""
    if not {"account_id", "person_id"} <= {c.name for c in entity.columns}:
        return rows
    return (
        f"SELECT f.* REPLACE (coalesce(f.account_id, p.account_id) AS account_id) FROM ({rows}) f "
        "LEFT JOIN person p ON p.person_id = CASE WHEN f.account_id IS NULL THEN f.person_id END"
    )


def _merged(con: duckdb.DuckDBPyConnection, entity: Entity, precedence: Precedence) -> None:
    """Make the table of an entity of which several records can be one, and what refers to it by address or domain."""
    _lay(con, entity, precedence)
    called.add(con, entity)
    if entity is ACCOUNT and _by_domain(con):  # only now do domains lead to accounts
        _lay(con, entity, precedence)
    _link(con, entity)
    if entity is ACCOUNT:
        compare(con, precedence)


def _by_domain(con: duckdb.DuckDBPyConnection) -> bool:
    return (
        con.execute("SELECT 1 FROM stage_account WHERE starts_with(parent_id, 'domain:') LIMIT 1").fetchone()
        is not None
    )


def _lay(con: duckdb.DuckDBPyConnection, entity: Entity, precedence: Precedence) -> None:
    """Lay what records say over each other, in a row an entity; `placed` has what each of them says."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE placed AS SELECT coalesce(a.entity_id, l.entity_id) AS entity_id, f.* "
        f"FROM ({_followed(entity, f'stage_{entity.name}')}) f LEFT JOIN meant l ON l.entity = '{entity.name}' AND f.adds_ref IS NULL "
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


def _link(con: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    con.execute(
        f"INSERT INTO linked SELECT l.*, {'e.account_id' if entity.column('account_id') else 'NULL'} FROM ("
        f"SELECT * FROM meant WHERE entity = '{entity.name}' UNION ALL SELECT DISTINCT entity_id, '{entity.name}', connection, "
        "object, record_id, 'adds to', 1.0, '' FROM placed WHERE adds_ref IS NOT NULL AND entity_id IS NOT NULL) l "
        f"LEFT JOIN {ident(entity.name)} e ON e.{entity.key} = l.entity_id"
    )


def _laid(name: str, to: str, order: str = "rank") -> str:
    """The first known value by rank, or by another order, of a system's own record before those that add to it; a flag that any
    added row sets is set. What is passed through is gathered.
    """
    column = ident(name)
    if name == CUSTOM:
        return passing.laid(column)
    if to == FLAG and order == "rank":
        first = f"first({column} ORDER BY rank, record_id) FILTER (adds_ref IS NULL AND {column} IS NOT NULL)"
        return f"coalesce({first}, bool_or({column}) FILTER (adds_ref IS NOT NULL))"
    better = _BETTER.get(name, f"NOT {column}" if to == FLAG else "0")
    return (
        f"first({column} ORDER BY {order}, adds_ref IS NOT NULL, CASE WHEN adds_ref IS NOT NULL THEN ({better})::INTEGER END, "
        f"record_id, object) FILTER ({column} IS NOT NULL)"
    )


# of several rows that one system adds: a team may still name who left
_BETTER = {"team_csm_user_id": 'team_csm_user_id IN (SELECT user_id FROM "user" WHERE active = FALSE)'}

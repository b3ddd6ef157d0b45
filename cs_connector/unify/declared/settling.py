"""One relationship told of by several systems: of an attribute counts what the declared one says, and nothing twice."""

from __future__ import annotations

import duckdb

from cs_connector.unify.sql import ident, literal

from .precedence import Precedence

# what several lines of one relationship come to
_TOGETHER = {
    "arr": "sum", "seats": "sum", "features_bought": "max", "renewal_on": "min", "notice_on": "min", "owner_user_id": "min",
    "region": "min",
}  # fmt: skip


def settle(con: duckdb.DuckDBPyConnection, precedence: Precedence) -> None:
    """Leave in `line`, of each attribute that `precedence` declares, only what the system says that is believed first of
    those that know it; what the others say of living lines is added to `disagreement` where it is something else.
    """
    for name in sorted(precedence.settled):
        con.execute(
            "CREATE OR REPLACE TEMP TABLE telling AS SELECT t.*, l.connection, l.object, l.record_id, "
            f"{_order(precedence, name)} AS place FROM line t JOIN (SELECT entity, entity_id, connection, min(object) AS object, "
            "min(record_id) AS record_id FROM link WHERE method <> 'adds to' GROUP BY ALL) l USING (entity, entity_id) "
            f"WHERE t.live AND t.{ident(name)} IS NOT NULL"
        )
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE summed AS SELECT account_id, whole, connection, place, min(object) AS object, "
            f"min(record_id) AS record_id, {_TOGETHER[name]}({ident(name)}) AS value FROM telling GROUP BY ALL"
        )
        con.execute(
            "CREATE OR REPLACE TEMP TABLE settled AS SELECT whole, arg_min(connection, place) AS connection, "
            "arg_min(value, place) AS value FROM summed GROUP BY whole HAVING count(*) > 1"
        )
        con.execute(
            f"INSERT INTO disagreement SELECT o.account_id, {literal(f'relationship {name}')}, o.connection, o.object, o.record_id, "
            "CAST(o.value AS VARCHAR), CAST(s.value AS VARCHAR), s.connection FROM summed o JOIN settled s USING (whole) "
            "WHERE o.connection <> s.connection AND o.value <> s.value"
        )
        con.execute(_taken(name))


def _order(precedence: Precedence, name: str) -> str:
    first = precedence.settled[name]
    cases = " ".join(f"WHEN {literal(connection)} THEN {n}" for n, connection in enumerate(first))
    return f"(CASE connection {cases} ELSE {len(first)} END, connection)"


def _taken(name: str) -> str:
    """What others say is taken out; the earliest renewal is that of the believed system for all of them."""
    value = "s.value" if name == "renewal_on" else "NULL"
    return (
        f"UPDATE line SET {ident(name)} = {value} FROM settled s, telling t WHERE line.whole = s.whole "
        "AND t.whole = s.whole AND t.connection <> s.connection AND (t.entity, t.entity_id) = (line.entity, line.entity_id)"
    )

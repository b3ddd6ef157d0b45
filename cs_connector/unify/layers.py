"""What a run leaves to the next one: the rows that stand, and beside them a few later ones that take the place of some.

So a run reads what is there once or twice and writes what changed. When the later rows have become many, all are written anew.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from .evidence import KINDS, Kind

MANY = 8  # later rows are too many when they are more than one in so many
# `part` stands for all records that strong pairs connect, `anchor` names those of them that are one, `home` is what the records
# of people know these by, `entity_id` what they are known as since `since`; `kept` ones would fall out of it.
STANDING = {
    "ref": "VARCHAR",
    "connection": "VARCHAR",
    "object": "VARCHAR",
    "rank": "INTEGER",
    "same_ref": "VARCHAR",
    "parent_ref": "VARCHAR",
    "part": "UBIGINT",
    "home": "VARCHAR",
    "anchor": "VARCHAR",
    "method": "VARCHAR",
    "probability": "DOUBLE",
    "evidence": "VARCHAR",
    "entity_id": "VARCHAR",
    "since": "DATE",
    "kept": "BOOLEAN",
}
PAIR = {
    "entity": "VARCHAR",
    "left_ref": "VARCHAR",
    "right_ref": "VARCHAR",
    "weight": "DOUBLE",
    "probability": "DOUBLE",
    "method": "VARCHAR",
    "evidence": "VARCHAR",
}
_GONE = {"gone": "BOOLEAN"}
_STAYS = "ANTI JOIN touched a ON a.ref = p.left_ref ANTI JOIN touched b ON b.ref = p.right_ref"


def form(kind: Kind) -> dict[str, str]:
    """What is compared of a record; `lent` where its domain is of several companies."""
    return {"ref": "VARCHAR", **kind.form, "lent": "BOOLEAN"}


def kept(kind: Kind) -> dict[str, dict[str, str]]:
    """The tables that are kept for a kind: what is compared, where records stand, pairs; and the later rows of each."""
    name, forms = kind.entity, form(kind)
    return {
        name: forms,
        f"{name}_later": forms | _GONE,
        f"{name}_standing": STANDING,
        f"{name}_standing_later": STANDING | _GONE,
        f"{name}_pair": PAIR,
        f"{name}_pair_later": PAIR,
    }


def know(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Views of what the last run left, a row a record: `known` (the columns of `form`) and `known_standing`; and `known_pair`."""
    _view(con, "known", _whole(form(kind), f"before_{kind.entity}", f"before_{kind.entity}_later"))
    standing = f"before_{kind.entity}_standing"
    _view(con, "known_standing", _whole(STANDING, standing, f"{standing}_later"))
    _view(con, "known_pair", _pairs(f"before_{kind.entity}", f"before_{kind.entity}"))


def lay(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Make after_<table> of what is new: `weighed` (the columns of `form`), `changed` (STANDING), `scored` (PAIR), `gone` (ref).

    `touched` (ref) are all of which no pair stays.
    """
    if _many(con, kind):
        _renew(con, kind)
    else:
        _add(con, kind)


def now(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Views of what this run leaves: now_<entity> (STANDING) and now_<entity>_pair."""
    name, made = kind.entity, there(con)
    at = {t: f"after_{t}" if f"after_{t}" in made else f"before_{t}" for t in kept(kind)}
    standing = _whole(STANDING, at[f"{name}_standing"], at[f"{name}_standing_later"])
    _view(con, f"now_{name}", standing)
    base, later = at[f"{name}_pair"].removesuffix("_pair"), at[f"{name}_later"].removesuffix("_later")
    _view(con, f"now_{name}_pair", _pairs(base, later))


def there(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The tables and views that there are."""
    found = con.execute(
        "SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views()"
    )
    return {row[0] for row in found.fetchall()}


def weighed() -> str:
    """A query for the pairs of all kinds that the last run left."""
    return " UNION ALL ".join(_pairs(f"before_{k.entity}", f"before_{k.entity}") for k in KINDS)


def _view(con: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {query}")


def _whole(columns: Iterable[str], base: str, later: str) -> str:
    listed = ", ".join(columns)
    return (
        f"SELECT {listed} FROM {base} ANTI JOIN (SELECT ref FROM {later}) l USING (ref) "
        f"UNION ALL SELECT {listed} FROM {later} WHERE NOT gone"
    )


def _pairs(base: str, later: str) -> str:
    """The pairs of the base of which neither record was compared anew since, and those that were found since."""
    listed, anew = ", ".join(PAIR), f"(SELECT ref FROM {later}_later)"
    return (
        f"SELECT {listed} FROM {base}_pair p ANTI JOIN {anew} l ON l.ref = p.left_ref ANTI JOIN {anew} r ON r.ref = p.right_ref "
        f"UNION ALL SELECT {listed} FROM {later}_pair_later"
    )


def _many(con: duckdb.DuckDBPyConnection, kind: Kind) -> bool:
    base = f"before_{kind.entity}_standing"
    counted = ", ".join(f"(SELECT count(*) FROM {t})" for t in (base, f"{base}_later", "changed", "gone"))
    rows, *later = con.execute(f"SELECT {counted}").fetchall()[0]
    return bool(sum(later) * MANY > rows)


def _renew(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """All rows are written anew, and none are left that are later."""
    name = kind.entity
    for table, known, new, columns in (
        (name, "known", "weighed", form(kind)),
        (f"{name}_standing", "known_standing", "changed", STANDING),
    ):
        listed = ", ".join(columns)
        rows = f"{known} ANTI JOIN {new} USING (ref) ANTI JOIN gone USING (ref)"
        stay = f"SELECT {listed} FROM {rows} UNION ALL" if _any(con, known) else ""
        con.execute(f"CREATE TABLE after_{table} AS {stay} SELECT {listed} FROM {new}")
        con.execute(f"CREATE TABLE after_{table}_later AS SELECT {listed}, FALSE AS gone FROM {new} LIMIT 0")
    stay = f"SELECT p.* FROM known_pair p {_STAYS} UNION ALL" if _any(con, "known_pair") else ""
    con.execute(f"CREATE TABLE after_{name}_pair AS {stay} SELECT * FROM scored")
    con.execute(f"CREATE TABLE after_{name}_pair_later AS SELECT * FROM scored LIMIT 0")


def _any(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Where nothing is known, nobody has to be looked for among those that are new."""
    return con.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None


def _add(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """The later rows of before without those that changed again, and what changed."""
    name = kind.entity
    for table, new in ((f"{name}_later", "weighed"), (f"{name}_standing_later", "changed")):
        con.execute(
            f"CREATE TABLE after_{table} AS SELECT * FROM before_{table} ANTI JOIN {new} USING (ref) ANTI JOIN gone USING (ref) "
            f"UNION ALL BY NAME SELECT *, FALSE AS gone FROM {new} UNION ALL BY NAME SELECT ref, TRUE AS gone FROM gone"
        )
    con.execute(
        f"CREATE TABLE after_{name}_pair_later AS SELECT p.* FROM before_{name}_pair_later p {_STAYS} "
        "UNION ALL SELECT * FROM scored"
    )

"""What was staged otherwise than at the last run: only this is looked at."""

from __future__ import annotations

import hashlib

import duckdb

from .evidence import Kind
from .models import ACCOUNT

_REF = "s.connection || '|' || s.object || '|' || s.record_id"
CALLED = "'crm:' || crm || substr(ref, length(connection) + 1)"  # how records of other connections name it
_NOTHING = "CAST(NULL AS VARCHAR)"
LENT = (
    "account_id",
    "parent_id",
)  # what a system may tell in a record of its own, such as a portal's associations

_OF = 255  # the bits of a digest that tell the edition


def find(con: duckdb.DuckDBPyConnection, kind: Kind) -> bool:
    """Make `heard`, the records that are new or say something else; `fresh`, what they say; `was` (ref, keys, domain, lead), what
    was known of these and of those that are gone; `gone` (ref). Says whether there is anything to do.

    Expects `moved` (name): the accounts that are not what they were, as people's records name them; and now_account.
    """
    for column in LENT:
        _lend(con, kind, column)
    told = _told(con, kind)
    _stamp(con, kind, told)
    _compare(con, kind, told)
    if not any(_any(con, table) for table in ("fresh_at", "was", f"decision WHERE entity = '{kind.entity}'")):
        return False
    _gather(con, kind, told)
    return True


def staged(con: duckdb.DuckDBPyConnection, kind: Kind) -> set[str]:
    """The columns of the stage of a kind."""
    return {row[0] for row in con.execute(f"DESCRIBE stage_{kind.entity}").fetchall()}


def named(records: str, wanted: str) -> str:
    """A query for the records (name, ref) that the names of `wanted` (name) mean. `records` has connection and ref.

    A name that two connections of one vendor have means neither.
    """
    return (
        f"SELECT ref AS name, ref FROM {records} SEMI JOIN {wanted} w ON w.name = ref UNION ALL "
        f"SELECT name, min(ref) FROM (SELECT {CALLED} AS name, ref FROM {records} JOIN connection_crm USING (connection)) "
        f"SEMI JOIN {wanted} USING (name) GROUP BY 1 HAVING count(*) = 1"
    )


def names(records: str) -> str:
    """A query for all names (name) of records, which have connection and ref."""
    return f"SELECT ref AS name FROM {records} UNION SELECT {CALLED} FROM {records} JOIN connection_crm USING (connection)"


def move(con: duckdb.DuckDBPyConnection) -> None:
    """Make `moved` (name): how people's records name those of `changed` that have another home, and those that are gone."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE stirred AS SELECT c.connection, c.ref FROM changed c LEFT JOIN stood b USING (ref) "
        "WHERE b.home IS DISTINCT FROM c.home UNION ALL SELECT split_part(ref, '|', 1), ref FROM gone"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE moved AS {names('stirred')}")


def _told(con: duckdb.DuckDBPyConnection, kind: Kind) -> dict[str, str]:
    """What a record says, and where it stands in the stage."""
    there = staged(con, kind)
    said = {c: f"s.{c}" if c in there else _NOTHING for c in kind.said if c != "employer"}
    account = _own_or_lent("account_id", there) if "employer" in kind.said else _NOTHING
    parent = _own_or_lent("parent_id", there)
    return {"same_ref": "s.same_ref", "parent_ref": parent, "account_ref": account} | said


def _own_or_lent(column: str, there: set[str]) -> str:
    if f"lent_{column}" in there:
        return f"coalesce(s.{column}, s.lent_{column})"
    return f"s.{column}" if column in there else _NOTHING


def _lend(con: duckdb.DuckDBPyConnection, kind: Kind, column: str) -> None:
    """Note on each record, as lent_<column>, what others that add to it say; without any there is no such column."""
    stage = f"stage_{kind.entity}"
    con.execute(f"ALTER TABLE {stage} DROP COLUMN IF EXISTS lent_{column}")
    if column not in staged(con, kind):
        return
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE lent AS SELECT adds_ref AS name, first({column} ORDER BY rank, record_id, {column}) AS told "
        f"FROM {stage} WHERE adds_ref IS NOT NULL AND {column} IS NOT NULL GROUP BY 1"
    )
    if not _any(con, "lent"):
        return
    own = f"(SELECT s.connection, {_REF} AS ref FROM {stage} s WHERE adds_ref IS NULL)"
    con.execute(f"ALTER TABLE {stage} ADD COLUMN lent_{column} VARCHAR")
    con.execute(
        f"UPDATE {stage} AS s SET lent_{column} = b.told FROM (SELECT ref, min(told) AS told FROM ({named(own, 'lent')}) "
        f"JOIN lent USING (name) GROUP BY 1) b WHERE s.adds_ref IS NULL AND b.ref = {_REF}"
    )


def _stamp(con: duckdb.DuckDBPyConnection, kind: Kind, told: dict[str, str]) -> None:
    """`stamp`: the place of each record in the stage, and a digest of what it says, which ends with the edition's bits."""
    edition = _edition(con, kind)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE stamp AS SELECT s.rowid AS place, hash('{edition}', s.connection, s.object, "
        f"s.record_id, s.rank, {', '.join(told.values())}) // {_OF + 1} * {_OF + 1} + {_bits(edition)} AS digest "
        f"FROM stage_{kind.entity} s WHERE s.adds_ref IS NULL"
    )


def _bits(edition: str) -> int:
    return int(edition, 16) & _OF


def _freeze(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """A record that cannot be seen says what it said, unless its account moved: then it is looked at as it is.

    Its keys stay those of its edition. So in another one nobody who is known is compared anew, or they would not find each other.
    """
    frozen = f"frozen WHERE entity = '{kind.entity}'"
    if _any(con, frozen):
        con.execute(
            f"UPDATE stamp SET digest = k.digest FROM stage_{kind.entity} s JOIN known k ON k.ref = {_REF} "
            f"WHERE s.rowid = stamp.place AND stamp.place NOT IN (SELECT place FROM again) AND (k.digest & {_OF} <> "
            f"{_bits(_edition(con, kind))} OR (s.connection, s.object) IN (SELECT (connection, object) FROM {frozen}))"
        )


def _edition(con: duckdb.DuckDBPyConnection, kind: Kind) -> str:
    """Changes when records would be read otherwise, or when others of their objects may be one."""
    own = con.execute("SELECT * FROM distinct_object WHERE entity = ? ORDER BY ALL", [kind.entity]).fetchall()
    crms = con.execute("SELECT * FROM connection_crm ORDER BY ALL").fetchall()
    return hashlib.sha256(repr((kind.edition, own, crms)).encode()).hexdigest()[:16]


def _compare(con: duckdb.DuckDBPyConnection, kind: Kind, told: dict[str, str]) -> None:
    some = "" if _any(con, "moved") else "LIMIT 0"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE again AS SELECT p.* FROM stamp p SEMI JOIN (SELECT s.rowid AS place FROM stage_{kind.entity} s "
        f"SEMI JOIN moved m ON m.name = {told['account_ref']} {some}) USING (place)"
    )
    _freeze(con, kind)
    con.execute("CREATE OR REPLACE TEMP TABLE digested AS SELECT digest FROM known")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE odd AS SELECT s.place, s.digest, d.digest AS was FROM stamp s FULL JOIN digested d "
        "ON d.digest = s.digest WHERE s.digest IS NULL OR d.digest IS NULL"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE fresh_at AS SELECT place, digest FROM odd WHERE was IS NULL UNION ALL "
        "SELECT * FROM again SEMI JOIN digested USING (digest)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE outdated AS SELECT was AS digest FROM odd WHERE digest IS NULL UNION SELECT digest FROM again"
    )
    firm = "domain, lead" if kind.model is ACCOUNT else "NULL::VARCHAR AS domain, NULL::VARCHAR AS lead"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE was AS SELECT ref, keys, {firm} FROM known SEMI JOIN outdated USING (digest)"
        + ("" if _any(con, "outdated") else " LIMIT 0")
    )


def _gather(con: duckdb.DuckDBPyConnection, kind: Kind, told: dict[str, str]) -> None:
    columns = ", ".join(f"{source} AS {name}" for name, source in told.items())
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE heard AS SELECT {_REF} AS ref, s.connection, s.rank, s.object, s.record_id, {columns}, "
        f"f.digest FROM stage_{kind.entity} s JOIN fresh_at f ON f.place = s.rowid"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE employer AS SELECT DISTINCT account_ref AS name FROM heard WHERE account_ref IS NOT NULL"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE placed AS SELECT n.name, a.home FROM "
        f"({named('now_account', 'employer') if _any(con, 'employer') else 'SELECT NULL AS name, NULL AS ref LIMIT 0'}) n "
        "JOIN now_account a USING (ref)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP VIEW fresh AS SELECT h.*, p.home AS employer FROM heard h LEFT JOIN placed p ON p.name = h.account_ref"
    )
    con.execute("CREATE OR REPLACE TEMP TABLE gone AS SELECT ref FROM was ANTI JOIN heard USING (ref)")


def _any(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    return con.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None

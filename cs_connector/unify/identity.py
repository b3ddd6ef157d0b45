"""Who is who: one entity for the records of several systems that are the same account, person or user.

Records of the first connection stand as they are. Each further connection's records join an entity by an
explicit id, else by a domain or e-mail address that only one entity has, else by a name that only one
entity has and no domain speaks against; what joins nothing is an entity of its own. An entity keeps the id
that its records had before.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

# Outside of Latin, a mark is part of the letter: stripped of it, the word is another word.
_PLAIN = (
    "CASE WHEN regexp_matches(name, '[^\\P{L}\\p{Latin}]') THEN nfc_normalize(lower(name)) "
    "ELSE strip_accents(lower(name)) END"
)
_NAME = (
    f"nullif(trim(regexp_replace(regexp_replace({_PLAIN}, "
    "'\\b(inc|incorporated|ltd|limited|llc|gmbh|ag|corp|corporation|co|company|sa|bv|plc|group|holding|holdings)\\b\\.?', "
    "' ', 'g'), '[^\\p{L}\\p{M}\\p{N}]+', ' ', 'g')), '')"
)
_DOMAIN = "nullif(regexp_replace(lower(domain), '^(https?://)?(www\\.)?([^/]+).*$', '\\3'), '')"
_FREE = "('gmail.com','outlook.com','hotmail.com','yahoo.com','icloud.com','gmx.de','web.de')"


@dataclass(frozen=True, slots=True)
class Kind:
    """How an entity is recognised: `strong` is a column nearly unique to it, `weak` needs to be unique."""

    entity: str
    prefix: str
    strong: str
    strong_method: str
    weak: str | None
    within: str | None = None


KINDS = (
    Kind("account", "acc", _DOMAIN, "domain", _NAME),
    Kind("person", "per", "lower(email)", "email", None),
    Kind("user", "usr", "lower(email)", "email", None),
)


def resolve(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `link` (entity_id, entity, connection, object, record_id, method, confidence, ref).

    Reads `stage_<entity>` and `previous_link`, the links of the last run.
    """
    con.execute(
        "CREATE OR REPLACE TABLE link(entity_id VARCHAR, entity VARCHAR, connection VARCHAR, object VARCHAR, "
        "record_id VARCHAR, method VARCHAR, confidence DOUBLE)"
    )
    for kind in KINDS:
        _records(con, kind)
        ranks = con.execute("SELECT DISTINCT rank FROM records ORDER BY rank").fetchall()
        for (rank,) in ranks:
            _join(con, rank)
        _name(con, kind)


def _records(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    weak = kind.weak or "CAST(NULL AS VARCHAR)"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE records AS SELECT connection, rank, object, record_id, same_ref, "
        f"connection || '|' || object || '|' || record_id AS ref, "
        f"CASE WHEN {kind.strong} NOT IN {_FREE} THEN {kind.strong} END AS strong, "
        f"{weak} AS weak, '{kind.strong_method}' AS strong_method "
        f"FROM stage_{kind.entity} WHERE adds_ref IS NULL"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE member(anchor VARCHAR, ref VARCHAR, method VARCHAR, confidence DOUBLE, "
        "strong VARCHAR, weak VARCHAR)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE alias AS SELECT ref AS alias, ref FROM records UNION ALL "
        "SELECT 'crm:' || crm || '|' || object || '|' || record_id, min(ref) "
        "FROM records JOIN connection_crm USING (connection) GROUP BY 1"
    )


def _join(con: duckdb.DuckDBPyConnection, rank: int) -> None:
    """Join the records of one rank to what stands; the rest become entities of their own.

    A name joins nothing if both sides have a domain, nor records of one rank that have several between them.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE owners AS "
        "SELECT 'strong' AS by, strong AS value, min(anchor) AS anchor, count(DISTINCT anchor) AS n FROM member "
        "WHERE strong IS NOT NULL GROUP BY strong UNION ALL "
        "SELECT 'weak', weak, min(anchor), count(DISTINCT anchor) FROM member WHERE length(weak) > 2 GROUP BY weak "
        "UNION ALL SELECT 'both', strong || '|' || weak, min(anchor), count(DISTINCT anchor) FROM member "
        "WHERE strong IS NOT NULL AND weak IS NOT NULL GROUP BY strong, weak"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE rival AS SELECT weak, count(DISTINCT strong) AS n FROM records "
        f"WHERE rank = {rank} AND weak IS NOT NULL GROUP BY weak"
    )
    con.execute(
        "INSERT INTO member SELECT coalesce(e.anchor, b.anchor, s.anchor, w.anchor, r.ref), r.ref, "
        "CASE WHEN e.anchor IS NOT NULL THEN 'explicit id' WHEN b.anchor IS NOT NULL THEN strong_method || ' and name' "
        "WHEN s.anchor IS NOT NULL THEN strong_method WHEN w.anchor IS NOT NULL THEN 'name' ELSE 'itself' END, "
        "CASE WHEN e.anchor IS NOT NULL THEN 1.0 WHEN b.anchor IS NOT NULL THEN 0.99 WHEN s.anchor IS NOT NULL THEN 0.95 "
        "WHEN w.anchor IS NOT NULL THEN 0.85 ELSE 1.0 END, r.strong, r.weak "
        "FROM records r LEFT JOIN alias a ON a.alias = r.same_ref LEFT JOIN member e ON e.ref = a.ref "
        "LEFT JOIN owners b ON b.by = 'both' AND b.value = r.strong || '|' || r.weak AND b.n = 1 "
        "LEFT JOIN owners s ON s.by = 'strong' AND s.value = r.strong AND s.n = 1 "
        "LEFT JOIN owners w ON w.by = 'weak' AND w.value = r.weak AND w.n = 1 "
        "AND (r.strong IS NULL OR ((SELECT n FROM rival WHERE rival.weak = r.weak) = 1 "
        "AND w.anchor NOT IN (SELECT anchor FROM member WHERE strong IS NOT NULL))) "
        f"WHERE r.rank = {rank}"
    )


def _name(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Give each group its id: the oldest that its records had, else one made from its first record."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE named AS WITH had AS ("
        "SELECT m.anchor, p.entity_id, bool_or(m.ref = m.anchor) AS own FROM member m JOIN previous_link p "
        f"ON p.entity = '{kind.entity}' AND p.connection || '|' || p.object || '|' || p.record_id = m.ref GROUP BY ALL), "
        "claimed AS (SELECT anchor, entity_id, row_number() OVER (PARTITION BY entity_id ORDER BY own DESC, anchor) AS claim, "
        "row_number() OVER (PARTITION BY anchor ORDER BY own DESC, entity_id) AS pick FROM had) "
        "SELECT a.anchor, coalesce(min(c.entity_id), "
        f"'{kind.prefix}_' || left(md5(a.anchor), 16)) AS entity_id FROM (SELECT DISTINCT anchor FROM member) a "
        "LEFT JOIN claimed c ON c.anchor = a.anchor AND c.claim = 1 AND c.pick = 1 GROUP BY a.anchor"
    )
    con.execute(
        f"INSERT INTO link SELECT n.entity_id, '{kind.entity}', r.connection, r.object, r.record_id, m.method, m.confidence "
        "FROM member m JOIN named n USING (anchor) JOIN records r ON r.ref = m.ref"
    )

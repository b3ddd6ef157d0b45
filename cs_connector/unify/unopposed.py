"""Records that are connected by pairs, and of which nothing says that they are not one: these are one, without more ado.

Most records are of this kind, and a table of them is grouped at once; what has anything against it is for `clusters`,
which would say the same of these.
"""

from __future__ import annotations

import duckdb

from .evidence import Kind
from .models import ACCOUNT
from .names import WRITTEN


def settle(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Make `settled` (ref, anchor, method, probability, evidence): all records of `strong` but those of `disputed` (ref).

    `strong` has the pairs (one, other, weight, probability, method, evidence), `candidate` their records (ref, rank,
    distinct_group, domain, core, form), `apart` the pairs that are not the same. A group is named by its first record by rank.
    """
    _number(con)
    _spread(con)
    _dispute(con, kind)
    best = "arg_min({'method': method, 'probability': probability, 'evidence': evidence}, {'w': -weight, 'one': one, 'other': other})"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE settled AS WITH mine AS (SELECT ref, anchor FROM node ANTI JOIN disputed USING (ref)), "
        "ends AS (SELECT one AS ref, * FROM strong UNION ALL SELECT other, * FROM strong), "
        f"through AS (SELECT ref, {best} AS pair FROM ends SEMI JOIN mine USING (ref) GROUP BY ref) "
        "SELECT m.ref, first.ref AS anchor, CASE WHEN m.ref = first.ref THEN 'itself' ELSE pair.method END AS method, "
        "CASE WHEN m.ref = first.ref THEN 1.0 ELSE pair.probability END AS probability, "
        "CASE WHEN m.ref = first.ref THEN '' ELSE pair.evidence END AS evidence "
        "FROM mine m JOIN node first ON first.number = m.anchor LEFT JOIN through t ON t.ref = m.ref"
    )


def _number(con: duckdb.DuckDBPyConnection) -> None:
    """Records as numbers, in the order in which they name groups; `anchor` is the smallest that is known to be connected."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE node AS SELECT *, number AS anchor FROM (SELECT *, "
        "row_number() OVER (ORDER BY rank, ref) AS number FROM candidate)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE tie AS SELECT a.number AS one, b.number AS other FROM strong s "
        "JOIN node a ON a.ref = s.one JOIN node b ON b.ref = s.other"
    )
    con.execute("INSERT INTO tie SELECT other, one FROM tie")


def _spread(con: duckdb.DuckDBPyConnection) -> None:
    """Let the smallest number go from neighbour to neighbour, and from there to whoever has that neighbour's, until it rests."""
    while con.execute(
        "CREATE OR REPLACE TEMP TABLE lower AS SELECT t.one AS number, min(n.anchor) AS anchor FROM tie t "
        "JOIN node n ON n.number = t.other JOIN node m ON m.number = t.one WHERE n.anchor < m.anchor GROUP BY t.one"
    ).fetchall() != [(0,)]:
        con.execute("UPDATE node SET anchor = l.anchor FROM lower l WHERE l.number = node.number")
        con.execute(
            "UPDATE node SET anchor = f.anchor FROM node f WHERE f.number = node.anchor AND f.anchor < node.anchor"
        )


def _dispute(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """`disputed`: the records of groups in which two exclude each other, or in which names or domains are not all alike."""
    odd = ["count(distinct_group) > count(DISTINCT distinct_group)"]
    if kind.model is ACCOUNT:
        odd += [
            f"count(DISTINCT split_part(core, '|{WRITTEN}', 1)) > 1",
            "count(DISTINCT domain) > 1",
            "count(DISTINCT form) > 1",
        ]
    con.execute(
        "CREATE OR REPLACE TEMP TABLE disputed AS WITH odd AS (SELECT anchor FROM node GROUP BY anchor "
        f"HAVING {' OR '.join(odd)} UNION SELECT n.anchor FROM node n JOIN apart a ON a.one = n.ref "
        "UNION SELECT n.anchor FROM node n JOIN apart a ON a.other = n.ref) SELECT ref FROM node SEMI JOIN odd USING (anchor)"
    )

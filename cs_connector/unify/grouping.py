"""Which of the records that a change reaches are one; all others stay as they were."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from . import unopposed
from .clusters import WORD, Clusters, Edge, Record
from .evidence import Kind
from .filling import fill
from .layers import PAIR
from .models import ACCOUNT, ENOUGH

CONFLICT = {
    "entity": "VARCHAR",
    "left_ref": "VARCHAR",
    "right_ref": "VARCHAR",
    "probability": "DOUBLE",
    "evidence": "VARCHAR",
    "why": "VARCHAR",
}
_BY = {
    "ref": "VARCHAR",
    "anchor": "VARCHAR",
    "method": "VARCHAR",
    "probability": "DOUBLE",
    "evidence": "VARCHAR",
}


def group(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Make `grouped` (ref, part, anchor, method, probability, evidence), one row a record of `member`, and settle `conflict`.

    `part` stands for all that strong pairs connect, `anchor` for those of them that are one.
    """
    _candidates(con, kind)
    unopposed.settle(con, kind)
    apart = con.execute("SELECT one, other FROM apart SEMI JOIN disputed d ON d.ref = one").fetchall()
    with _unswept():
        found = Clusters(_records(con), _edges(con), apart).group()
        rows = [
            (ref, anchor, by.method, by.probability, by.evidence) if by else (ref, anchor, "itself", 1.0, "")
            for ref, anchor in found.of.items()
            for by in (found.by.get(ref),)
        ]
        fill(con, "regrouped", _BY, rows)
    con.execute("INSERT INTO regrouped SELECT ref, anchor, method, probability, evidence FROM settled")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE grouped AS SELECT m.ref, hash(coalesce(f.ref, m.ref)) AS part, coalesce(r.anchor, m.ref) AS anchor, "
        "coalesce(r.method, 'itself') AS method, coalesce(r.probability, 1.0) AS probability, coalesce(r.evidence, '') AS evidence "
        "FROM member m LEFT JOIN regrouped r USING (ref) LEFT JOIN node n USING (ref) LEFT JOIN node f ON f.number = n.anchor"
    )
    told = [(kind.entity, *c.edge[:2], c.edge.probability, c.edge.evidence, c.why) for c in found.conflicts]
    _conflict(con, kind, told)


def _conflict(con: duckdb.DuckDBPyConnection, kind: Kind, told: Sequence[tuple[object, ...]]) -> None:
    """Those of records that were settled anew take the place of what was told of these."""
    settled = "(SELECT ref FROM member UNION ALL SELECT ref FROM gone)"
    con.execute(
        f"DELETE FROM after_conflict WHERE entity = '{kind.entity}' AND (left_ref IN {settled} OR right_ref IN {settled})"
    )
    fill(con, "contradicted", CONFLICT, told)
    con.execute("INSERT INTO after_conflict SELECT * FROM contradicted")


@contextmanager
def _unswept() -> Iterator[None]:
    """Nobody looks for circles among a million small objects that have none: it takes as long as the work itself."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _candidates(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """`strong`: the pairs of `member` that are likely enough; `candidate`: their records.

    No pair that was weighed is as sure as one that was told.
    """
    told = ", ".join(PAIR)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE strong AS SELECT left_ref AS one, right_ref AS other, weight, "
        "CASE WHEN weight >= $word THEN 1.0 ELSE least(probability, 0.9999) END AS probability, method, evidence FROM ("
        f"SELECT {told} FROM known_pair p SEMI JOIN mate m ON m.ref = p.left_ref ANTI JOIN touched a ON a.ref = p.left_ref "
        f"ANTI JOIN touched b ON b.ref = p.right_ref UNION ALL SELECT {told} FROM scored UNION ALL SELECT {told} FROM told"
        ") WHERE probability >= $enough",
        {"word": WORD, "enough": ENOUGH},
    )
    firms = "SELECT NULL::VARCHAR AS ref, NULL::VARCHAR AS domain, NULL::VARCHAR AS core, NULL::VARCHAR AS form LIMIT 0"
    if kind.model is ACCOUNT:
        shown = (
            "ref, CASE WHEN NOT lent THEN domain END AS domain, "
            "CASE WHEN local = spoken THEN core ELSE concat_ws('|', core, local) END AS core, form"
        )
        firms = f"SELECT {shown} FROM weighed UNION ALL SELECT {shown} FROM known SEMI JOIN mate USING (ref) ANTI JOIN weighed USING (ref)"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE candidate AS SELECT m.ref, m.rank, CASE WHEN d.object IS NOT NULL THEN "
        "m.connection || ' ' || m.object END AS distinct_group, e.domain, e.core, e.form FROM member m "
        "SEMI JOIN (SELECT unnest([one, other]) AS ref FROM strong) USING (ref) LEFT JOIN distinct_object d "
        f"ON d.connection = m.connection AND d.object = m.object AND d.entity = '{kind.entity}' "
        f"LEFT JOIN ({firms}) e USING (ref)"
    )


def _edges(con: duckdb.DuckDBPyConnection) -> list[Edge]:
    """The pairs of `disputed` records."""
    found = con.execute("SELECT s.* FROM strong s SEMI JOIN disputed d ON d.ref = s.one")
    return [Edge(*row) for row in found.fetchall()]


def _records(con: duckdb.DuckDBPyConnection) -> dict[str, Record]:
    found = con.execute("SELECT c.* FROM candidate c SEMI JOIN disputed USING (ref)")
    return {row[0]: Record(*row) for row in found.fetchall()}

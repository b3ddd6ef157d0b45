"""Which records of which system stand behind the measures of one relationship, on one day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from cs_connector.health.outline import Evidence
from cs_connector.language.executor import Connection
from cs_connector.model import ACCOUNT, ATTACHMENT, RELATIONSHIP

if TYPE_CHECKING:
    from cs_connector.measure.judgements import Judgement

MOST = 20  # records named for one metric
SUBSCRIPTIONS = (
    "SELECT subscription_id FROM subscription AS u JOIN scope USING (account_id) "
    "WHERE u.product IS NOT DISTINCT FROM scope.product"
)
_MINE = ", ".join(f'r."{c.name}"' for c in RELATIONSHIP.columns)
_THEIRS = ", ".join(f'a."{c.name}" AS "account_{c.name}"' for c in ACCOUNT.columns if c.name != "account_id")


def begin(con: Connection, relationship: str, today: date, judgements: Sequence[Judgement]) -> None:
    """Make `scope`, the relationship beside its account as scoring sees it, and `grid`, the day."""
    attached = ", ".join(f"{c.name} {c.type}" for c in ATTACHMENT.columns)
    if not con.execute("SELECT 1 FROM duckdb_columns() WHERE table_name = 'attachment' LIMIT 1").fetchone():
        con.execute(f"CREATE TEMP TABLE attachment({attached})")
    con.execute("CREATE OR REPLACE TEMP TABLE grid (on_date DATE)")
    con.execute("INSERT INTO grid VALUES (?)", [today])
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW scored AS SELECT 1 AS r, {_MINE}, {_THEIRS} FROM relationship AS r JOIN account AS a USING (account_id)"
    )
    if judgements:
        from cs_connector.measure.judgements import lay  # few projects have any

        lay(con, judgements, today)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE scope AS SELECT * FROM scored WHERE relationship_id = ?", [relationship]
    )


def records(con: Connection, evidence: Evidence, judgements: Sequence[Judgement]) -> list[dict[str, str]]:
    """At most twenty, as {connection, object, id}, of the relationship in `scope`."""
    if evidence.entity is not None:
        return _named(
            con,
            f"""SELECT DISTINCT link.connection, link.object, link.record_id FROM ({evidence.keys}) AS k
            JOIN link ON link.entity = ? AND link.entity_id = k.key""",
            evidence.entity,
        )
    return (evidence.judged and judgements and _by_hand(con, judgements)) or _of_relationship(con)


def _by_hand(con: Connection, judgements: Sequence[Judgement]) -> list[dict[str, str]]:
    """Where a person says it in the project, and not the CRM."""
    from cs_connector.measure.judgements import behind

    row = con.execute("SELECT relationship_id FROM scope").fetchone()
    word = behind(con, judgements, row[0]) if row else None
    return [{"connection": "project", "object": word.file, "id": word.entry.by}] if word else []


def _of_relationship(con: Connection) -> list[dict[str, str]]:
    """What the relationship itself says stands in its subscriptions, or else in the account."""
    for ids in (SUBSCRIPTIONS, "SELECT account_id FROM scope"):
        query = f"SELECT DISTINCT connection, object, record_id FROM link WHERE entity_id IN ({ids})"
        if found := _named(con, query):
            return found
    return []


def _named(con: Connection, query: str, *values: str) -> list[dict[str, str]]:
    found = con.execute(f"{query} ORDER BY ALL LIMIT {MOST}", list(values)).fetchall()
    return [dict(zip(("connection", "object", "id"), row, strict=True)) for row in found]

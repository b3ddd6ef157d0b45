"""What a person says of a customer in `judgements.yml`, beside what the field in the CRM says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import pyarrow as pa
from pydantic import Field, field_validator

from cs_connector.config.documents import validate
from cs_connector.language.executor import Connection
from cs_connector.language.steps import Strict

from .entries import Placed, newest

FILE = "judgements.yml"
NOBODY = "nobody judged this: say who, by name or e-mail address"
_SCHEMA = pa.schema(
    [("place", pa.int32()), ("of", pa.string()), ("says", pa.string()), ("given_on", pa.date32())]
)
# one of a relationship counts before one of its account of the same day, and a later line before an earlier one
_MATCHED = """
    CREATE OR REPLACE TEMP TABLE judged_by_hand AS
    WITH named AS (
        SELECT r.relationship_id, g.*, TRUE AS own FROM given_judgements AS g JOIN relationship AS r
            ON g.of IN (r.relationship_id, r.key, r.name)
        UNION ALL SELECT r.relationship_id, g.*, FALSE FROM given_judgements AS g JOIN (
            SELECT account_id, account_id AS called FROM account UNION SELECT account_id, name FROM account
            UNION SELECT entity_id, record_id FROM link WHERE entity = 'account') AS a ON a.called = g.of
            JOIN relationship AS r USING (account_id))
    SELECT relationship_id, place, says, given_on FROM named
    QUALIFY row_number() OVER (PARTITION BY relationship_id ORDER BY given_on DESC, own DESC, place DESC) = 1"""
_LAID = """
    CREATE OR REPLACE TEMP VIEW scored AS SELECT h.* REPLACE (
        CASE WHEN h.csm_judgement_on >= j.given_on THEN h.csm_judgement ELSE coalesce(j.says, h.csm_judgement) END AS csm_judgement,
        greatest(h.csm_judgement_on, j.given_on) AS csm_judgement_on)
    FROM heard AS h LEFT JOIN judged_by_hand AS j USING (relationship_id)"""


class Entry(Strict):
    """`of` is a relationship or an account: its id, key or exact name, or the id of its record in the CRM."""

    of: str
    says: Literal["Good", "Concerned", "At risk"]
    by: str
    on: date
    until: date | None = None
    why: str = ""

    @field_validator("by")
    @classmethod
    def _somebody(cls, value: str) -> str:
        if not value.strip():
            raise ValueError(NOBODY)
        return value

    @field_validator("until")
    @classmethod
    def _later(cls, value: date | None, info: object) -> date | None:
        given = getattr(info, "data", {}).get("on")
        if value is not None and given is not None and value < given:
            raise ValueError(f"it ends before it begins, on {given}")
        return value


class JudgementFile(Strict):
    version: Literal[1] = 1
    judgements: tuple[Entry, ...] = Field(default=())


class Judgement(Placed[Entry]):
    """What somebody says of a customer."""


def load_judgements(layers: Sequence[Path]) -> tuple[Judgement, ...]:
    """Those of the last layer that has any. Raises ConfigError with file and line, also for one by nobody."""
    document = newest(layers, FILE)
    if document is None:
        return ()
    entries = validate(JudgementFile, document).judgements
    return tuple(Judgement(entry, document, "judgements", index) for index, entry in enumerate(entries))


def lay(con: Connection, judgements: Sequence[Judgement], as_of: date) -> None:
    """Lay what stands at as_of over the judgements in `scored`: the newer of the two counts, on the same day the CRM's.

    Leaves `judged_by_hand` (relationship_id, place, says, given_on) where there are any.
    """
    rows = [
        {"place": number, "of": one.entry.of, "says": one.entry.says, "given_on": one.entry.on}
        for number, one in enumerate(judgements)
        if one.entry.on <= as_of and (one.entry.until is None or one.entry.until >= as_of)
    ]
    if not rows:
        return
    con.register("given_judgements", pa.Table.from_pylist(rows, _SCHEMA))
    con.execute(_MATCHED)
    con.unregister("given_judgements")
    con.execute("DROP VIEW IF EXISTS heard")
    con.execute("ALTER VIEW scored RENAME TO heard")
    con.execute(_LAID)


def behind(con: Connection, judgements: Sequence[Judgement], relationship: str) -> Judgement | None:
    """The one that counts for a relationship, once `lay` has laid them; None where the CRM's does."""
    if not con.execute("SELECT 1 FROM duckdb_views() WHERE view_name = 'heard'").fetchone():
        return None
    row = con.execute(
        """SELECT j.place FROM judged_by_hand AS j JOIN heard AS h USING (relationship_id)
        WHERE relationship_id = ? AND NOT coalesce(h.csm_judgement_on >= j.given_on, FALSE)""",
        [relationship],
    ).fetchone()
    return judgements[row[0]] if row else None


def namesakes(con: Connection, named: Iterable[str]) -> dict[str, str]:
    """Of the names that mean several accounts or several relationships, how many of what."""
    rows = con.execute(
        """SELECT name, string_agg(n || ' ' || kind || 's', ' and ' ORDER BY kind) FROM (
            SELECT 'account' AS kind, name, count(*) AS n FROM account GROUP BY ALL UNION ALL
            SELECT 'relationship', name, count(*) FROM relationship GROUP BY ALL)
        WHERE n > 1 AND list_contains(?, name) GROUP BY name ORDER BY name""",
        [sorted(set(named))],
    ).fetchall()
    return dict(rows)


def unheard(con: Connection, named: Iterable[str]) -> set[str]:
    """Those of the names that are nobody's: neither an account nor a relationship is called that."""
    rows = con.execute(
        """SELECT relationship_id FROM relationship UNION SELECT key FROM relationship UNION SELECT name FROM relationship
        UNION SELECT account_id FROM account UNION SELECT name FROM account
        UNION SELECT record_id FROM link WHERE entity = 'account'"""
    ).fetchall()
    known = {row[0] for row in rows}
    return set(named) - known

"""Totals of studies, each in a table that metrics are taken from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cs_connector.language.alike import alike
from cs_connector.language.build import renamed
from cs_connector.language.executor import Connection, sql, store
from cs_connector.language.unattached import unattached
from cs_connector.measure.metrics import Source

if TYPE_CHECKING:
    from sqlglot import exp

_LEADS = """CREATE OR REPLACE TEMP TABLE "scope leads" AS
SELECT r, min(r) OVER (PARTITION BY account_id) AS lead FROM scope"""
_FIRSTS = """CREATE OR REPLACE TEMP VIEW "scope firsts" AS
SELECT s.* FROM scope AS s JOIN "scope leads" AS l ON l.r = s.r AND l.lead = s.r"""


def make(con: Connection, tables: Sequence[tuple[str, Source]]) -> None:
    """Make the tables of the totals of studies, for the relationships in `scope`."""
    found = con.execute("SELECT DISTINCT entity FROM attachment").fetchall()
    attached = {entity for (entity,) in found}
    shared = [alike(source.core.node, attached) for _, source in tables]
    if any(shared):
        con.execute(_LEADS)
        con.execute(_FIRSTS)
    for (table, source), once in zip(tables, shared, strict=True):
        query = unattached(source.core.query, attached)
        store(con, table, _of_firsts(query) if once else sql(query))


def _of_firsts(query: exp.Select) -> str:
    """The totals of one relationship of each account, for all of them."""
    made = sql(renamed(query, {"scope": "scope firsts"}))
    return f'SELECT l.r, t.* EXCLUDE (r) FROM ({made}) AS t JOIN "scope leads" AS l ON l.lead = t.r'

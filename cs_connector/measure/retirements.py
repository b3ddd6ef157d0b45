"""Evidence that a person retires in `retired.yml`: what was last known of a customer before a day is not carried any more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import AfterValidator, Field

from cs_connector.config.documents import suggest, validate
from cs_connector.language.executor import Connection
from cs_connector.language.steps import Strict

from .entries import Placed, newest

FILE = "retired.yml"
NOBODY = "say who retires this, and why"
_SCHEMA = pa.schema(
    [("place", pa.int32()), ("of", pa.string()), ("metric", pa.string()), ("given_on", pa.date32())]
)
_MATCHED = """
    CREATE OR REPLACE TEMP TABLE retired AS
    WITH called AS (
        SELECT relationship_id, unnest([relationship_id, key, name]) AS name FROM relationship
        UNION SELECT r.relationship_id, a.name FROM relationship AS r JOIN (
            SELECT account_id, unnest([account_id, name]) AS name FROM account
            UNION SELECT entity_id, record_id FROM link WHERE entity = 'account') AS a USING (account_id))
    SELECT c.relationship_id, g.metric, max(g.given_on) AS given_on, arg_max(g.place, g.given_on) AS place
    FROM given_retirements AS g JOIN called AS c ON c.name = g.of GROUP BY ALL"""


def _told(value: str) -> str:
    if not value.strip():
        raise ValueError(NOBODY)
    return value


class Entry(Strict):
    """`of` is a relationship or an account: its id, key or exact name, or the id of its record in the CRM.

    From the day `on`, what was last known of `metric` on that day or before counts no more where it is not known any more.
    """

    of: str
    metric: str
    by: Annotated[str, AfterValidator(_told)]
    on: date
    why: Annotated[str, AfterValidator(_told)]


class RetiredFile(Strict):
    version: Literal[1] = 1
    retired: tuple[Entry, ...] = Field(default=())


class Retirement(Placed[Entry]):
    """Evidence that somebody retired."""

    def said(self) -> dict[str, str]:
        """Who retired what, when and why, and where it is written."""
        one = self.entry
        return {
            "metric": one.metric,
            "by": one.by,
            "on": one.on.isoformat(),
            "why": one.why,
            "file": self.file,
        }


def load_retirements(
    layers: Sequence[Path], metrics: Collection[str] | None = None
) -> tuple[Retirement, ...]:
    """Those of the last layer that has any. Raises ConfigError with file and line, also for one by nobody or of none of `metrics`."""
    document = newest(layers, FILE)
    if document is None:
        return ()
    entries = validate(RetiredFile, document).retired
    for index, one in enumerate(entries):
        if metrics is not None and one.metric not in metrics:
            fix = suggest(one.metric, metrics) or f"known: {', '.join(sorted(metrics))}"
            raise document.error(("retired", index, "metric"), f"there is no metric {one.metric!r}", fix=fix)
    return tuple(Retirement(entry, document, "retired", index) for index, entry in enumerate(entries))


def match(con: Connection, retirements: Sequence[Retirement], as_of: date) -> None:
    """Make `retired` (relationship_id, metric, given_on, place) of what was retired at as_of: the newest of each metric."""
    rows = [
        {"place": number, "of": one.entry.of, "metric": one.entry.metric, "given_on": one.entry.on}
        for number, one in enumerate(retirements)
        if one.entry.on <= as_of
    ]
    con.register("given_retirements", pa.Table.from_pylist(rows, _SCHEMA))
    con.execute(_MATCHED)
    con.unregister("given_retirements")


def of(
    con: Connection, retirements: Sequence[Retirement], relationship: str, today: date
) -> dict[str, Retirement]:
    """What was retired of a relationship until today, by metric."""
    if not retirements:
        return {}
    match(con, retirements, today)
    query = "SELECT metric, place FROM retired WHERE relationship_id = ? ORDER BY metric"
    return {metric: retirements[place] for metric, place in con.execute(query, [relationship]).fetchall()}

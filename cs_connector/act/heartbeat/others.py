"""Other installations of the connector that write to the same org: two that do not know of each other undo each other's work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from cs_connector.act.differences import current
from cs_connector.act.face import signer
from cs_connector.act.guarding.guard import Check
from cs_connector.act.guarding.ways import PLAN, Way
from cs_connector.errors import GuardStopped
from cs_connector.ports import ObjectInfo
from cs_connector.unify.mapping import MappingFile, WriteRule
from cs_connector.unify.sql import ident

RULE = "other installation"
TEXT = "other installation that writes into this org"
SILENT = timedelta(days=30)  # one that has not run for so long is gone


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An installation that is not ours. `last_run` in UTC is None where the CRM does not tell it."""

    connection: str
    installation: str
    last_run: datetime | None = None

    def __str__(self) -> str:
        told = f"last run {self.last_run:%-d %b %Y}" if self.last_run else "it has signed our field"
        return f"{self.installation}, {told}"

    @property
    def check(self) -> Check:
        """The limit that it breaks: there may be none."""
        return Check(RULE, 1, 0, TEXT, self.connection, str(self))


def beating(
    con: duckdb.DuckDBPyConnection, mapping: MappingFile, rule: WriteRule, raw: str, now: datetime
) -> list[tuple[str, datetime | None]]:
    """Every installation that wrote its heartbeat in the last 30 days, with its last run; `raw` are the records of the rule's
    object, `now` has a time zone.

    One without a readable time counts as one of now: nobody knows that it is gone.
    """
    current.read(con, mapping, rule, raw, "heartbeat")
    moment = next((n for n, how in rule.fields.items() if how.column == "last_run"), None)
    last = f"TRY_CAST({ident(moment)} AS TIMESTAMP)" if moment else "NULL::TIMESTAMP"
    since = (now - SILENT).replace(tzinfo=None)
    found = con.execute(
        f"SELECT key, max({last}) AS last FROM heartbeat WHERE key IS NOT NULL GROUP BY 1 HAVING last IS NULL OR last >= ? ORDER BY 1",
        [since],
    )
    return found.fetchall()


def signing(rule: WriteRule, info: ObjectInfo | None) -> Iterator[str]:
    """Every installation whose name stands in the description of a field that we write."""
    names = {*rule.fields, rule.key_field}
    for field in info.fields if info else ():
        if field.name in names and (name := signer(field.about)):
            yield name


def refuse(
    others: Sequence[Neighbour], safe: str = "nothing was written to any CRM", way: Way = PLAN
) -> None:
    """Raises GuardStopped where there are any."""
    if not others:
        return
    what = "another installation writes" if len(others) == 1 else "other installations write"
    raise GuardStopped(
        f"{what} into this org: {listed(others)}",
        why="two of them undo each other's work, and people get every task twice",
        safe=safe,
        fix=f"stop one of the two; if it is this one that shall write: {way.look}, then: {way.let}",
    )


def listed(others: Iterable[Neighbour]) -> str:
    return "; ".join(f"{each.connection} {each}" for each in others)

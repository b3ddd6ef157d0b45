"""May it be done? Limits that a plan must keep, each with its figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from cs_connector.config.settings import Safety
from cs_connector.errors import GuardStopped


@dataclass(frozen=True, slots=True)
class Check:
    """One limit: what was found, what is allowed."""

    rule: str
    figure: float
    limit: float
    text: str

    @property
    def ok(self) -> bool:
        return self.figure <= self.limit


_FIELDS = (
    'SELECT p.*, unnest(from_json(p.fields, \'[{"f":"VARCHAR","c":"VARCHAR","a":"VARCHAR","b":"VARCHAR"}]\'), recursive := true) '
    "FROM plan_change p"
)


def inspect(con: duckdb.DuckDBPyConnection, safety: Safety) -> list[Check]:
    """Every check over `plan_change`, `target` and `wanted_call`; a first value in the CRM is no change."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE planned_field AS {_FIELDS}")
    accounts = _one(con, "SELECT coalesce(sum(existing), 0) FROM target WHERE source = 'account'")
    existing = _one(con, "SELECT coalesce(sum(existing), 0) FROM target WHERE source <> 'call'")
    overwritten = _one(con, _distinct("source <> 'call' AND a IS NOT NULL AND b IS NOT NULL AND c = 'score'"))
    cleared = _one(con, _distinct("a IS NOT NULL AND b IS NULL AND c = 'score'"))
    created = _one(con, "SELECT count(*) FROM plan_change WHERE source = 'call' AND record_id IS NULL")
    busiest = _one(
        con,
        "SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM wanted_call w JOIN plan_change p "
        "ON p.source = 'call' AND p.key = w.key AND p.record_id IS NULL GROUP BY w.owner_user_id)",
    )
    moved = _one(con, _distinct("source = 'account' AND a IS NOT NULL AND b IS NOT NULL AND c = 'band'"))
    return [
        Check("scores changed", overwritten, _share(safety.max_changed_share, existing), "records whose score changes"),
        Check("scores cleared", cleared, max(safety.max_cleared, safety.max_cleared_share * existing), "records that lose their score"),
        Check("bands moved", moved, _share(safety.max_band_moves_share, accounts), "accounts that change band"),
        Check("tasks created", created, safety.max_created, "new tasks"),
        Check("tasks per owner", busiest, safety.max_tasks_per_owner, "new tasks for one owner"),
    ]  # fmt: skip


def _distinct(where: str) -> str:
    return f"SELECT count(*) FROM (SELECT DISTINCT connection, object, key FROM planned_field WHERE {where})"


def _share(share: float, of: float) -> float:
    """A share, but never fewer than twenty: small projects move by whole customers. No share allows none."""
    return max(20.0, share * of) if share else 0.0


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> float:
    row = con.execute(sql).fetchone()
    return float(row[0]) if row else 0.0


def enforce(checks: Sequence[Check]) -> None:
    """Raises GuardStopped naming every limit that the plan would break."""
    broken = [c for c in checks if not c.ok]
    if broken:
        raise GuardStopped(
            "the plan was stopped by a safety limit",
            why="; ".join(f"{c.figure:g} {c.text}, at most {c.limit:g} allowed" for c in broken),
            safe="nothing was written to any CRM",
            fix="look at the plan; if it is right, raise the limit under safety: in cs-connector.yml",
        )

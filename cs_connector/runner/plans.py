"""Plans as files: made once, looked at, and applied exactly as they are, or not at all."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from cs_connector.act import guard, plan
from cs_connector.errors import GuardStopped, UsageError

from .deciding import planned
from .engine import Engine

LIFE = timedelta(hours=24)


def make(engine: Engine) -> dict[str, Any]:
    """The plan/1 document of what would be written now. Changes nothing in any CRM."""
    with planned(engine) as (con, checks, held):
        changes = list(plan.changes(con))
        names = dict(
            con.execute(
                "SELECT key, name FROM wanted_relationship UNION ALL SELECT account_id, name FROM account"
            ).fetchall()
        )
        bands = _bands(con, engine)
        people = _population(con)
    now = engine.clock.now()
    document = {
        "schema": "plan/1",
        "plan": secrets.token_hex(4).upper(),
        "digest": "",
        "created_at": now.isoformat(timespec="seconds"),
        "expires_at": (now + LIFE).isoformat(timespec="seconds"),
        "as_of": engine.as_of.isoformat(),
        "config_hash": engine.config_hash(),
        "data_epoch": engine.store.facts.version(),
        "population": people,
        "connections": _connections(engine),
        "changes": [_written(c, names.get(c.key)) for c in changes],
        "bands": bands,
        "calls": _calls(engine, changes),
        "guard": [{"rule": c.rule, "ok": c.ok, "figure": c.figure, "limit": c.limit} for c in checks],
        "held": {
            "values": held.values,
            "unknown": list(held.unknown),
            "text": str(held) if held.values else "",
        },
    }
    return document | {"digest": _digest(document, changes)}


JUDGED = (
    "plan",
    "created_at",
    "expires_at",
    "as_of",
    "config_hash",
    "data_epoch",
    "connections",
    "guard",
)


def _digest(document: Mapping[str, Any], changes: Sequence[plan.Planned]) -> str:
    return plan.digest(changes, [document[name] for name in JUDGED])


def mark(engine: Engine, document: Mapping[str, Any]) -> None:
    """Note that a plan is being applied: it cannot be applied again, however this ends."""
    engine.mark_stage(f"plan:{document['plan']}", document["digest"])


def _written(change: plan.Planned, name: str | None) -> dict[str, Any]:
    return {
        "connection": change.connection,
        "object": change.object,
        "key": change.key,
        "name": name,
        "action": "create" if change.record_id is None else "update",
        "send": change.action,
        "source": change.source,
        "key_field": change.key_field,
        "record_id": change.record_id,
        "associate": change.associate,
        "fields": {n: [a, b] for n, a, b in change.fields},
        "reason": change.reason,
    }


def _bands(con: duckdb.DuckDBPyConnection, engine: Engine) -> list[dict[str, Any]]:
    rows = con.execute(
        "SELECT a.name, o.band, n.band FROM snapshot n JOIN account a ON a.account_id = n.entity_id LEFT JOIN snapshot o "
        "ON o.entity = 'account' AND o.main AND o.entity_id = n.entity_id AND o.on_date = "
        "(SELECT max(on_date) FROM snapshot WHERE on_date < $day) WHERE n.entity = 'account' AND n.main "
        "AND n.on_date = $day AND n.band IS DISTINCT FROM o.band ORDER BY 1",
        {"day": engine.as_of},
    ).fetchall()
    return [{"account": a, "from": b, "to": c} for a, b, c in rows]


def _population(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """How many accounts are what, and why the others are not scored."""
    rows = con.execute(
        "SELECT coalesce(customer_status, 'Not scored'), status_reason, count(*) FROM account GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    counts: Counter[str] = Counter()
    for status, _reason, count in rows:
        counts[status] += count
    reasons = {str(reason): count for status, reason, count in rows if status == "Not scored"}
    return {"accounts": counts.total(), **counts, "reasons": reasons}


def _connections(engine: Engine) -> list[dict[str, Any]]:
    found = []
    for name, settings in engine.project.settings.connections.items():
        if settings.write:
            identity = engine.identify(name)
            found.append(
                {
                    "name": name,
                    "crm": identity.crm,
                    "org_id": identity.org_id,
                    "sandbox": identity.sandbox,
                    "install_id": engine.install_id(),
                }
            )
    return found


def _calls(engine: Engine, changes: Sequence[plan.Planned]) -> list[dict[str, Any]]:
    """How many calls the changes need at 100 records a call, and what the CRM has left."""
    counts: dict[str, dict[str, int]] = {}
    for change in changes:
        counts.setdefault(change.connection, {}).setdefault(change.object, 0)
        counts[change.connection][change.object] += 1
    return [
        {
            "connection": name,
            "needed": sum(-(-n // 100) for n in objects.values()),
            "left": engine.adapter(name).usage().left,
        }
        for name, objects in sorted(counts.items())
    ]


def load(path: Path) -> dict[str, Any]:
    """A plan file. Raises UsageError for a missing or broken one."""
    try:
        document = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        raise UsageError(
            f"there is no plan at {path}", safe="nothing was written", fix="make one with: cs-connector plan"
        ) from None
    except msgspec.DecodeError as error:
        raise UsageError(f"{path} is not a plan", why=str(error), safe="nothing was written") from None
    if not isinstance(document, dict) or document.get("schema") != "plan/1":
        raise UsageError(f"{path} is not a plan", why="its schema is not plan/1", safe="nothing was written")
    return document


def check(engine: Engine, document: Mapping[str, Any]) -> list[plan.Planned]:
    """The changes of a plan that may be applied.

    Raises GuardStopped for a stale, edited, foreign or already applied plan, UsageError for half a plan.
    """
    try:
        changes = [_read(c) for c in document["changes"]]
        problems = _problems(engine, document, changes)
        checks = [guard.Check(g["rule"], g["figure"], g["limit"], g["rule"]) for g in document["guard"]]
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            "this is not a whole plan",
            why=f"something in it is missing or of another form: {error}",
            safe="nothing was written to any CRM",
            fix="make a new one with: cs-connector plan",
        ) from None
    if problems:
        raise GuardStopped(
            f"plan {document['plan']} cannot be applied",
            why="; ".join(problems),
            safe="nothing was written to any CRM",
            fix="make a new one with: cs-connector plan",
        )
    guard.enforce(checks)
    return changes


def _problems(engine: Engine, document: Mapping[str, Any], changes: Sequence[plan.Planned]) -> list[str]:
    """Why a plan cannot be applied."""
    known = {c["name"]: c["org_id"] for c in _connections(engine)}
    foreign = [c["name"] for c in document["connections"] if known.get(c["name"]) != c["org_id"]]
    problems = {
        "it was edited: its digest does not match its changes": _digest(document, changes)
        != document["digest"],
        "it was applied already": engine.stage_done(f"plan:{document['plan']}", document["digest"]),
        "it is older than a day": engine.clock.now() > datetime.fromisoformat(document["expires_at"]),
        "the configuration has changed since": document["config_hash"] != engine.config_hash(),
        "new data has been read since": document["data_epoch"] != engine.store.facts.version(),
        f"it was made for another org: {', '.join(foreign)}": bool(foreign),
    }
    return [text for text, wrong in problems.items() if wrong]


def _read(change: Mapping[str, Any]) -> plan.Planned:
    return plan.Planned(
        change["connection"],
        change["object"],
        change["source"],
        change["key"],
        change["send"],
        change["key_field"],
        change["record_id"],
        tuple((n, pair[0], pair[1]) for n, pair in change["fields"].items()),
        tuple((a, b) for a, b in change["associate"]),
        change["reason"],
    )

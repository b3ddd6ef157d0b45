"""Changes that a CRM refused before: they stay out of a plan as long as nothing has changed that could make it take them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from itertools import chain

import duckdb
import pyarrow as pa

from cs_connector.act.outbox.line import payload
from cs_connector.act.outbox.refused import Known
from cs_connector.act.plan import STAMPS
from cs_connector.unify.source import Latest


def hold(
    con: duckdb.DuckDBPyConnection, known: Mapping[str, Known], latest: Latest
) -> Counter[tuple[str, str]]:
    """Take them out of `plan_change`, and count them by connection and object.

    One goes again when its values or its record are not what they were; `known` are those that were refused under the configuration
    of now, by the key that they have in the outbox.
    """
    held: Counter[tuple[str, str]] = Counter()
    for where, rows in _planned(con, known).items():
        seen = _seen(con, latest(*where), [record for _, record, *_ in rows if record])
        same = [
            key
            for key, record, fields, before, at in rows
            if _body(fields) == before and (record is None or seen.get(record, at) <= at)
        ]
        _take_out(con, where, same)
        held[where] += len(same)
    return +held


def _planned(
    con: duckdb.DuckDBPyConnection, known: Mapping[str, Known]
) -> dict[tuple[str, str], list[tuple[str, str | None, list[str], str, datetime]]]:
    """Key, record, fields as planned, and what was refused and when: by connection and object."""
    if not known:
        return {}
    columns = {
        "name": list(known),
        "payload_hash": [each.payload_hash for each in known.values()],
        "at": pa.array([each.at.replace(tzinfo=None) for each in known.values()], pa.timestamp("us")),
    }
    con.register("known_refused", pa.table(columns))
    rows = con.execute(
        "SELECT p.connection, p.object, p.key, any_value(p.record_id), list(p.fields), k.payload_hash, k.at FROM plan_change p "
        "JOIN known_refused k ON k.name = p.connection || '|' || p.object || '|' || p.key GROUP BY ALL ORDER BY 1, 2, 3"
    ).fetchall()
    con.unregister("known_refused")
    found: dict[tuple[str, str], list[tuple[str, str | None, list[str], str, datetime]]] = {}
    for connection, name, *rest in rows:
        found.setdefault((connection, name), []).append((rest[0], rest[1], rest[2], rest[3], rest[4]))
    return found


def _seen(con: duckdb.DuckDBPyConnection, view: str, records: list[str]) -> dict[str, datetime]:
    """Since when the newest version of each record is known."""
    query = f"SELECT id, known_at FROM {view} WHERE list_contains(?, id)"
    return dict(con.execute(query, [records]).fetchall()) if records else {}


def _body(parts: list[str]) -> str:
    """The body of a record as it is sent: what several rules write to it goes together."""
    fields = chain.from_iterable(map(json.loads, parts))
    return payload({f["f"]: f["b"] for f in fields if f["c"] not in STAMPS}, ())


def _take_out(con: duckdb.DuckDBPyConnection, where: tuple[str, str], keys: list[str]) -> None:
    con.execute(
        "DELETE FROM plan_change WHERE connection = ? AND object = ? AND list_contains(?, key)",
        [*where, keys],
    )

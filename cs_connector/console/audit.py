"""Who wrote what, when and from what, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .screen import Screen

_HIDDEN = "hmac:"


def rows(screen: Screen, document: Mapping[str, Any], field: str | None, count: int) -> None:
    """audit/1, the newest rows last; of one field, or of all."""
    found = document["rows"]
    for row in found[-count:]:
        for line in _row(row, field):
            screen.plain(line)
    if len(found) > count:
        screen.plain(f"{len(found) - count:,} earlier ones are not shown; all: --count {len(found)}")
    scored = [row for row in found if row["account"] and row["as_of"]]
    if scored:
        last = scored[-1]
        screen.plain(
            f'\nwhat a score stood on: cs-connector explain "{last["account"]}" --as-of {last["as_of"]}; '
            f"what a run did: cs-connector runs show {last['run']}"
        )
    if not found:
        screen.plain("nothing that a CRM took is on record for this")


def _row(row: Mapping[str, Any], field: str | None) -> Iterator[str]:
    who = f" by {row['actor']}" if row["actor"] else ""
    yield f"{row['id']}  {row['at']:%Y-%m-%d %H:%M} UTC  run {row['run']}{who}"
    name = f" ({row['account']})" if row["account"] else ""
    day = f", from the scores of {row['as_of']}" if row["as_of"] else ""
    where = f"{row['connection']} {row['object']} {row['record_id'] or row['key']}"
    yield f"    {where}{name} {row['verdict']}{day}" + (f": {row['reason']}" if row["reason"] else "")
    for name in sorted({*(row["before"] or {}), *row["after"]}):
        if field in (None, name):
            yield f"    {name}  {_change(row, name)}"


def _change(row: Mapping[str, Any], name: str) -> str:
    after = _value(row["after"].get(name))
    if row["before"] is not None:
        return f"{_value(row['before'].get(name))} → {after}"
    return after if row["verdict"] == "created" else f"? → {after}"


def _value(value: Any) -> str:
    if value is None:
        return "empty"
    text = str(value)
    return "(kept as a digest)" if text.startswith(_HIDDEN) else text


def verified(screen: Screen, document: Mapping[str, Any]) -> None:
    """audit-check/1 of an audit that is what was written."""
    if not document["rows"]:
        screen.plain("the audit is empty")
        return
    start = f", from where it was pruned (row {document['first']:,})" if document["first"] > 1 else ""
    screen.plain(f"{document['rows']:,} rows are what was written{start}, up to row {document['last']:,}")
    if document["sealed"]:
        screen.plain(f"row {document['sealed']:,} is what the checkpoint of {document['checkpoint']} says")
    if document["open"]:
        screen.plain(
            f"{document['open']:,} rows came after the checkpoint; the next run that ends signs them"
        )

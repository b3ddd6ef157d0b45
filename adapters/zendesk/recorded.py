"""Recorded answers of Zendesk and tables of a warehouse as records of an account, with the fields that they need.

A record is as its answers last showed it. An organization of which only domains are known bears the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cs_connector.sandbox.recorded import Exchange, exchanges, table
from cs_connector.sandbox.wire import SeedRow

_NOUNS = {"user": "users", "organization": "organizations", "ticket": "tickets", "identity": "identities"}
_DEFINITIONS = ("user_fields", "organization_fields", "ticket_fields")
_SEEDS = "fivetran_zendesk"
_TABLES = {"organizations": "organization", "users": "user", "tickets": "ticket"}
_NOT_WIRE = frozenset({"_fivetran_synced", "merged_ticket_ids", "system_client", "followup_ids"})
_FLAGS = frozenset(
    {
        "active", "allow_channelback", "chat_only", "has_incidents", "is_public", "moderator",
        "only_private_comments", "restricted_agent", "shared", "shared_agent", "shared_comments", "shared_tickets",
        "suspended", "two_factor_auth_enabled", "verified",
    }
)  # fmt: skip
_OPTIONAL = frozenset({"priority", "type", "due_at", "last_login_at", "email"})
_Record = dict[str, Any]


def recorded(folder: Path) -> tuple[dict[str, Any], Iterator[SeedRow]]:
    """What to install, and every record. Raises UsageError."""
    found = [e for e in exchanges(folder, "zendesk") if e.accepted and isinstance(e.response_body, dict)]
    records: dict[tuple[str, int], _Record] = {}
    for noun, record in (*_shown(found), *_seeded(folder), *_domains(folder)):
        held = records.setdefault((noun, record["id"]), {})
        held |= record
    rows = (SeedRow(noun, record) for (noun, _), record in records.items())
    return _definitions(found, records), rows


def _shown(found: Iterable[Exchange]) -> Iterator[tuple[str, _Record]]:
    for exchange in found:
        for one, many in _NOUNS.items():
            single = exchange.response_body.get(one)
            for record in (*exchange.response_body.get(many, ()), *([single] if single else [])):
                yield many, record


def _definitions(
    found: Iterable[Exchange], records: Mapping[tuple[str, int], _Record]
) -> dict[str, list[_Record]]:
    """Fields as they were listed; one that only a record shows is a text."""
    defined: dict[str, dict[str, _Record]] = {noun: {} for noun in _DEFINITIONS}
    for exchange in found:
        for noun in _DEFINITIONS:
            listed = exchange.response_body.get(noun)
            defined[noun] |= {f["key"]: f for f in listed or () if "key" in f}
    for (many, _), record in records.items():
        noun = f"{many[:-1]}_fields"
        for key in record.get(noun) or ():
            defined[noun].setdefault(key, {"key": key, "type": "text", "title": key})
    return {noun: list(fields.values()) for noun, fields in defined.items()}


def _seeded(folder: Path) -> Iterator[tuple[str, _Record]]:
    for noun, name in _TABLES.items():
        tags = _tags(folder, name)
        for row in table(folder, f"{_SEEDS}/{name}_data"):
            record = {k: _value(k, v) for k, v in row.items() if _is_wire(k)}
            record["tags"] = tags.get(record["id"], [])
            if "via_channel" in row:
                record["via"] = _via(row)
            yield noun, record


def _is_wire(column: str) -> bool:
    return column not in _NOT_WIRE and not column.startswith("via_")


def _value(column: str, text: str) -> Any:
    """Ids and flags in the types of the wire; every other text as it is, also one that is empty."""
    if column == "id" or (column.endswith("_id") and column != "external_id"):
        return int(text) if text else None
    if column in _FLAGS:
        return text.upper() == "TRUE"
    return text or None if column in _OPTIONAL else text


def _via(row: Mapping[str, str]) -> _Record:
    source = {"from": _end(row, "from"), "to": _end(row, "to"), "rel": row["via_source_rel"] or None}
    return {"channel": row["via_channel"], "source": source}


def _end(row: Mapping[str, str], side: str) -> dict[str, str]:
    found = {part: row.get(f"via_source_{side}_{part}") for part in ("address", "name", "id", "title")}
    return {part: text for part, text in found.items() if text}


def _tags(folder: Path, name: str) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in table(folder, f"{_SEEDS}/{name}_tag_data"):
        tags = found.setdefault(int(row[f"{name}_id"]), [])
        if row["tag"] not in tags:
            tags.append(row["tag"])
    return found


def _domains(folder: Path) -> Iterator[tuple[str, _Record]]:
    found: dict[int, list[str]] = {}
    for row in table(folder, f"{_SEEDS}/domain_name_data"):
        found.setdefault(int(row["organization_id"]), []).append(row["domain_name"])
    for number, names in found.items():
        yield "organizations", {"id": number, "name": names[0], "domain_names": names}

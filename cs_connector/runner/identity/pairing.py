"""Pairs of records as a person decides about them: two entities, once, whichever of their records met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any

_ORDER = ("account", "person", "user")


@dataclass(frozen=True, slots=True)
class Side:
    """An entity by its name, and its records that met one of the other side."""

    name: str
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """Two entities that may be one: `odds` of the likeliest pair, what speaks for and against it, and what to type to join them."""

    entity: str
    sides: tuple[Side, Side]
    odds: str
    evidence: tuple[str, ...]
    why: str
    command: str


def cards(rows: Sequence[Mapping[str, Any]]) -> list[Card]:
    """One card for each two entities: accounts before people, then the likeliest first."""
    met: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        turned = _turned(row)
        met.setdefault((turned["entity"], turned["one_entity_id"], turned["other_entity_id"]), []).append(
            turned
        )
    best = sorted(met.values(), key=_place)
    return [_card(found) for found in best]


def _turned(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same pair with the lesser entity on the left."""
    if row["one_entity_id"] <= row["other_entity_id"]:
        return dict(row)
    ends = {"one": "other", "other": "one"}
    swapped = {
        f"{ends[end]}_{what}": row[f"{end}_{what}"]
        for end in ends
        for what in ("entity_id", "name", "record")
    }
    return {**row, **swapped}


def _place(found: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    top = max(row["probability"] for row in found)
    entity = found[0]["entity"]
    return (
        _ORDER.index(entity) if entity in _ORDER else len(_ORDER),
        entity,
        -top,
        str(found[0]["one_name"]),
        found[0]["one_entity_id"],
    )


def _card(found: Sequence[Mapping[str, Any]]) -> Card:
    top = min(found, key=lambda row: (-row["probability"], row["one_record"], row["other_record"]))
    sides = tuple(
        Side(str(top[f"{end}_name"] or "(no name)"), tuple(sorted({row[f"{end}_record"] for row in found})))
        for end in ("one", "other")
    )
    told = tuple(part.strip() for part in str(top["evidence"] or "").split(";") if part.strip())
    command = f"cs-connector link {quote(top['one_record'])} {quote(top['other_record'])}"
    return Card(
        top["entity"],
        (sides[0], sides[1]),
        _odds(top["probability"]),
        told,
        str(top.get("why") or ""),
        command,
    )


def _odds(probability: float) -> str:
    """In whole percent; what is not certain is never shown as certain."""
    return f"{min(99, max(1, round(100 * probability)))} %"

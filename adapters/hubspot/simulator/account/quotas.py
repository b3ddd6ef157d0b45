"""How much a portal may hold, and how much it does: the limits tracking endpoints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cs_connector.sandbox.wire import Response

from ..call import Call, answer
from ..links.labels import MOST_LABELS
from ..links.links import USER
from ..records.kinds import Kind
from ..records.shelf import Shelf
from ..state import State
from .pipelines import MOST_PIPELINES

# Those of a portal with every product: others have fewer.
PROPERTIES, PROPERTIES_OF_ONE, OBJECT_TYPES, RECORDS, RECORDS_OF_ONE = (
    10_000,
    1_000,
    20,
    1_500_000,
    15_000_000,
)
# How many records of a kind one record may be linked to.
LINKS = 50_000


class Quotas:
    def __init__(self, state: State) -> None:
        self._state = state

    def properties(self, _: Call) -> Response:
        self._permit()
        rows = [_row(shelf.kind, PROPERTIES_OF_ONE, _own(shelf)) for shelf in self._state.shelves.values()]
        return answer(_overall(rows, PROPERTIES))

    def object_types(self, _: Call) -> Response:
        self._permit()
        return answer(_share(OBJECT_TYPES, sum(1 for _ in self._custom())))

    def records(self, _: Call) -> Response:
        self._permit()
        custom = [{**_names(s.kind), "usage": len(s.ids)} for s in self._custom()]
        plain = [s for s in self._state.shelves.values() if not s.kind.custom]
        rows = [_row(s.kind, RECORDS_OF_ONE, len(s.ids)) for s in plain]
        return answer({"customObjectTypes": _overall(custom, RECORDS), "hubspotDefinedObjectTypes": rows})

    def pipelines(self, _: Call) -> Response:
        self._permit()
        held = self._state.pipelines
        plain = [s.kind for s in self._state.shelves.values() if s.kind.name in held and not s.kind.custom]
        custom = [{**_names(s.kind), "usage": len(held.get(s.kind.name, {}))} for s in self._custom()]
        rows = [_row(kind, MOST_PIPELINES, len(held[kind.name])) for kind in plain]
        return answer(
            {"customObjectTypes": _overall(custom, MOST_PIPELINES), "hubspotDefinedObjectTypes": rows}
        )

    def labels(self, call: Call) -> Response:
        """Of the pair of kinds that is asked for, or of every pair that has any."""
        self._permit()
        wanted = [call.query.get(name) for name in ("fromObjectTypeId", "toObjectTypeId")]
        pairs: dict[tuple[str, str], list[str]] = {}
        for kind in self._state.links.types.values():
            if kind.category == USER and not kind.default:
                pairs.setdefault((kind.start, kind.end), []).append(kind.label or kind.name)
        fits = [pair for pair in pairs if all(w in (None, p) for w, p in zip(wanted, pair, strict=True))]
        return answer({"results": [self._labelled(pair, pairs[pair]) for pair in fits]})

    def links(self, call: Call) -> Response:
        """How near records of one kind are to the limit on links to another."""
        self._permit()
        start, end = (self._state.shelf(name).kind.type_id for name in call.args)
        counts = {r: len(ends) for r, ends in self._state.links.tables.get((start, end), {}).items()}
        full = [r for r, count in counts.items() if count >= LINKS]
        near = [r for r, count in counts.items() if LINKS > count >= LINKS * 0.8]
        return answer(
            {
                "limit": LINKS,
                "totalRecordsAtLimit": len(full),
                "totalRecordsNearLimit": len(near),
                "atLimitFromRecordSamples": [{"objectId": r, "label": str(r)} for r in full[:10]],
                "nearLimitFromRecordSamples": [
                    {"objectId": r, "label": str(r), **_share(LINKS, counts[r])} for r in near[:10]
                ],
            }
        )

    def _labelled(self, pair: tuple[str, str], labels: list[str]) -> dict[str, Any]:
        start, end = (_names(self._state.shelves[type_id].kind) for type_id in pair)
        return {
            "fromObjectType": start,
            "toObjectType": end,
            "allLabels": labels,
            **_share(MOST_LABELS, len(labels)),
        }

    def _custom(self) -> Iterable[Shelf]:
        return (shelf for shelf in self._state.shelves.values() if shelf.kind.custom)

    def _permit(self) -> None:
        """Any scope for reading records will do, but none for schemas."""
        readable = sorted(s for s in self._state.scopes if s.startswith("crm.objects.") or s == "tickets")
        self._state.demand(*(readable or ["crm.objects.contacts.read"]))


def _own(shelf: Shelf) -> int:
    return sum(1 for prop in shelf.fields.values() if not prop.spec.get("hubspotDefined"))


def _names(kind: Kind) -> dict[str, Any]:
    words = kind.singular.replace("_", " ").capitalize(), kind.name.replace("_", " ").capitalize()
    return {"objectTypeId": kind.type_id, "singularLabel": words[0], "pluralLabel": words[1]}


def _row(kind: Kind, limit: int, usage: int) -> dict[str, Any]:
    return {**_names(kind), **_share(limit, usage)}


def _share(limit: int, usage: int) -> dict[str, Any]:
    return {"limit": limit, "usage": usage, "percentage": round(100 * usage / limit, 2)}


def _overall(rows: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    usage = sum(row["usage"] for row in rows)
    percentage = round(100 * usage / limit, 2)
    named = {"overallLimit": limit, "overallUsage": usage, "overallPercentage": percentage}
    return {**named, "byObjectType": rows}

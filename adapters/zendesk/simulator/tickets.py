"""Tickets, their metrics, and what is loaded beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cs_connector.sandbox.wire import Response

from .answers import Call, Refusal, invalid, reply
from .kinds import ORGANIZATION, TICKET, USER, Kind
from .resource import Resource
from .table import Record

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES = ("urgent", "high", "normal", "low")
TYPES = ("problem", "incident", "question", "task")
SIDELOADS: dict[str, tuple[Kind, str]] = {
    "users": (USER, "requester_id"),
    "organizations": (ORGANIZATION, "organization_id"),
}
REPEAT_FOR = 7200
UNSEEN = ("metric_set", "comment", "comments")  # kept with a ticket, told elsewhere
DURATIONS = (
    "reply_time_in_minutes",
    "first_resolution_time_in_minutes",
    "full_resolution_time_in_minutes",
    "agent_wait_time_in_minutes",
    "requester_wait_time_in_minutes",
    "on_hold_time_in_minutes",
)


class Tickets(Resource):
    """Deleted tickets stay in the exports, with the status `deleted`."""

    kind = TICKET

    def alive(self, record: Record) -> bool:
        return record.get("status") != "deleted"

    def buried(self, record: Record) -> dict[str, Any]:
        return {**record, "status": "deleted", "generated_timestamp": self.state.now()}

    def view(self, record: Record) -> dict[str, Any]:
        shown = super().view(record)
        for name in UNSEEN:
            shown.pop(name, None)
        shown["fields"] = shown.get("custom_fields", ())
        shown["raw_subject"] = shown.get("subject")
        if "updated_at" in shown and shown["generated_timestamp"] is None:
            shown["generated_timestamp"] = self.table.when(record)
        return shown

    def shown(self, records: Iterable[Record], call: Call) -> dict[str, Any]:
        rows = list(records)
        views = [self.view(record) for record in rows]
        wanted = call.query.get("include", "").split(",")
        if "metric_sets" in wanted:
            for view, record in zip(views, rows, strict=True):
                view["metric_set"] = self.metric(record)
        return {"tickets": views, **self._beside(rows, wanted)}

    def validate(self, new: dict[str, Any], old: Record | None) -> None:
        comment = new.get("comment")
        if old is None:
            self._open(new, comment)
        if comment is not (old or {}).get("comment"):
            new["comments"] = new.get("comments", 0) + 1
        for name, known in (("status", STATUSES), ("priority", PRIORITIES), ("type", TYPES)):
            if new.get(name) is not None and new[name] not in known:
                raise invalid(**{name: f"{name.capitalize()}: {new[name]} is not valid"})
        if new.get("type") != "task":
            new["due_at"] = None
        self._safe(new, old)
        for name, kind in (("organization_id", ORGANIZATION), ("requester_id", USER)):
            if new.get(name) is not None and self.state.table(kind).get(new[name]) is None:
                raise invalid(**{name.removesuffix("_id"): f"{name}: {new[name]} is invalid"})

    def touched(self, new: dict[str, Any]) -> None:
        new["generated_timestamp"] = self.state.now()

    def create(self, call: Call) -> Response:
        """With an Idempotency-Key, a repeated request within two hours gets the first answer again."""
        key = call.request.headers.get("idempotency-key")
        if key is None:
            return super().create(call)
        first = self.state.answered.get(key)
        if first is None or self.state.now() - first[0] > REPEAT_FOR:
            response = super().create(call)
            kept = {"status": response.status, "body": response.body, "headers": dict(response.headers)}
            self.state.answered[key] = (self.state.now(), call.request.body, kept)
            response.headers["x-idempotency-lookup"] = "miss"
            return response
        if first[1] != call.request.body:
            text = "You have already used this idempotency key with different parameters"
            raise Refusal(400, {"error": "IdempotentRequestError", "description": text})
        again = first[2]
        return Response(again["status"], again["body"], {**again["headers"], "x-idempotency-lookup": "hit"})

    def update(self, call: Call) -> Response:
        headers = self.state.buckets.ticket(call.ident)
        response = super().update(call)
        response.headers |= headers
        return response

    def of_organization(self, call: Call) -> Response:
        ids = self.table.where("organization_id", call.ident)
        return self.listed(call, ids, f"organizations/{call.ident}/tickets")

    def metrics(self, call: Call) -> Response:
        page = self.lister("ticket_metrics").page(call)
        rows = page.pop("tickets")
        return reply({"ticket_metrics": [self.metric(record) for record in rows], **page})

    def metrics_of(self, call: Call) -> Response:
        return reply({"ticket_metric": self.metric(self.find(call.ident))})

    def metric(self, record: Record) -> dict[str, Any]:
        """A ticket's metrics: as they were seeded, and unknown otherwise."""
        solved = record.get("status") in ("solved", "closed")
        known: Mapping[str, Any] = record.get("metric_set") or {}
        return {
            "url": self.state.url(f"ticket_metrics/{record['id']}.json"),
            "id": record["id"],
            "ticket_id": record["id"],
            "created_at": record.get("created_at"),
            "updated_at": record.get("updated_at"),
            "reopens": 0,
            "replies": 0,
            "solved_at": record.get("updated_at") if solved else None,
            **{name: {"calendar": None, "business": None} for name in DURATIONS},
            **known,
        }

    def _open(self, new: dict[str, Any], comment: Any) -> None:
        body = comment.get("body") or comment.get("html_body") if isinstance(comment, dict) else None
        body = body or new.get("description")
        if not body:
            raise invalid(base="Description: cannot be blank")
        new["description"] = body
        new["is_public"] = not (isinstance(comment, dict) and comment.get("public") is False)
        new.setdefault("subject", None)
        new.setdefault("status", "new")
        new["generated_timestamp"] = self.state.now()

    def _safe(self, new: dict[str, Any], old: Record | None) -> None:
        """Raise Refusal (409) for a safe update of a ticket that changed meanwhile."""
        safe, seen = new.pop("safe_update", False), new.pop("updated_stamp", None)
        if safe and old is not None and seen != old.get("updated_at"):
            text = "Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket data"
            raise Refusal(409, {"error": "UpdateConflict", "description": text})

    def _beside(self, rows: list[Record], wanted: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, (kind, column) in SIDELOADS.items():
            if name in wanted:
                table = self.state.table(kind)
                keys = dict.fromkeys(row[column] for row in rows if row.get(column) is not None)
                held = (table.get(key) for key in keys)
                found[name] = [self.state.view(kind, record) for record in held if record is not None]
        return found

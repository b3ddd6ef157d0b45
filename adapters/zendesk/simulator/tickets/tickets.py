"""Tickets: a comment is what opens and what answers them; a closed one is frozen, a deleted one stays in exports.

Facts: the vendor's reference; that a closed ticket refuses every change, and how it says so, was observed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import Refusal, flat, invalid, reply
from ..call import Call
from ..digits import number
from ..kinds import ORGANIZATION, TICKET
from ..paths import Routes
from ..people.users import Users
from ..records.resource import Resource
from ..records.sideloads import Sideloads
from ..records.table import Record
from ..records.writing import fitted, flag, plain
from ..state import ME, State
from .audits import Audits
from .drawing import Drawer
from .metrics import Metrics
from .ticket_fields import TicketFields

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES = ("urgent", "high", "normal", "low")
TYPES = ("problem", "incident", "question", "task")
REPEAT_FOR = 7200  # seconds that an Idempotency-Key is remembered
LONGEST_KEY = 255
_TAG_CHANGES = ("additional_tags", "remove_tags")


class Tickets(Resource):
    kind = TICKET

    def __init__(self, state: State, users: Users, audits: Audits, metrics: Metrics) -> None:
        super().__init__(state)
        self._users, self._audits, self._metrics = users, audits, metrics
        self._fields = TicketFields(state)
        self._drawer = Drawer(state, self._fields)
        self.table.shown_by(self.look, self.alive)
        self._sideloads = Sideloads(state)

    def routes(self) -> Routes:
        return super().routes() | {
            ("GET", "tickets/show_many"): self.show_many,
            ("GET", "tickets/recent"): self.all,
            ("GET", "tickets/:id/related"): self.related,
            ("GET", "organizations/:id/tickets"): self.of_organization,
            ("GET", "organizations/:id/tickets/count"): self.of_organization_count,
            ("GET", "users/:id/tickets/requested"): self.requested,
            ("GET", "users/:id/tickets/assigned"): self.assigned,
        }

    def alive(self, record: Record) -> bool:
        return record.get("status") != "deleted"

    def buried(self, record: Record) -> dict[str, Any]:
        gone = {
            "deleted_at": self.state.stamp(),
            "deleted_by": ME,
            "previous_status": record.get("status", "open"),
        }
        return {**record, **gone, "status": "deleted", "generated_timestamp": self.state.now()}

    def view(self, record: Record) -> dict[str, Any]:
        shown = super().view(record)
        shown["custom_fields"] = shown["fields"] = self._fields.shown(record)
        shown["raw_subject"] = shown.get("subject")
        if shown["generated_timestamp"] is None:
            shown["generated_timestamp"] = self.table.when(record)
        return shown

    def drawn(self, record: Record) -> bytes:
        return self._drawer.draw(record) or super().drawn(record)

    def all(self, call: Call) -> Response:
        """By external_id too. Deep numbered pages have a rate of their own."""
        return self.copied(call) or self._all(call)

    def _all(self, call: Call) -> Response:
        limits = self.state.limits
        deep = (number(call.query.get("page", "1")) or 0) * limits.page > limits.deep
        headers = self.state.buckets.endpoint("tickets-index") if deep else {}
        ids = None
        if "external_id" in call.query:
            ids = [record["id"] for record in self.having("external_id", call.query["external_id"])]
        response = self.listed(call, ids)
        response.headers |= headers
        return response

    def shown(self, records: Sequence[Record], call: Call) -> dict[str, Any]:
        beside = self._sideloads.of_tickets(records, call)
        if call.wants("metric_sets") or call.wants("comment_count"):
            return {"tickets": [self._wide(record, call) for record in records], **beside}
        return {"tickets": self.rendered.rows(records), **beside}

    def _wide(self, record: Record, call: Call) -> dict[str, Any]:
        """A ticket with the sideloads that stand in it."""
        view = self.view(record)
        if call.wants("metric_sets"):
            view["metric_set"] = self._metrics.view(record)
        if call.wants("comment_count"):
            events = (event for audit in self._audits.of(record) for event in audit["events"])
            view["comment_count"] = sum(1 for event in events if event["type"] == "Comment")
        return view

    def validate(self, new: dict[str, Any], old: Record | None) -> None:
        if old is not None and old.get("status") == "closed":
            raise invalid(status="Status: closed prevents ticket update")
        self._safe(new, old)
        self._take_comment(new, old)
        self._take_tags(new)
        if new.get("custom_fields") != (old or {}).get("custom_fields"):
            self._fields.take(new.get("custom_fields"), new, old or {})
        for name, known in (("status", STATUSES), ("priority", PRIORITIES), ("type", TYPES)):
            if new.get(name) is not None and new[name] not in known:
                raise invalid(**{name: f"{name.capitalize()}: {new[name]} is not valid"})
        self._take_people(new, old)
        if old is None:
            self._inherit_tags(new)
        if new.get("type") != "task":
            new["due_at"] = None
        if new.get("assignee_id") is not None and new.get("status") == "new":
            new["status"] = "open"
        if old is None:
            new["generated_timestamp"] = self.state.now()

    def touched(self, new: dict[str, Any]) -> None:
        new["generated_timestamp"] = self.state.now()

    def after(self, new: Record, old: Record | None) -> None:
        self._audits.write(new, old)

    def create(self, call: Call) -> Response:
        """With an Idempotency-Key, a repeated request within two hours gets the first answer again."""
        key = call.request.headers.get("idempotency-key")
        if key is None:
            return self._create(call)
        if not 0 < len(key) <= LONGEST_KEY:
            raise flat(400, "IdempotentRequestError", f"The key must have 1 to {LONGEST_KEY} characters")
        first = self.state.answered.get(key)
        if first is None or self.state.now() - first[0] > REPEAT_FOR:
            response = self._create(call)
            kept = {"status": response.status, "body": response.body, "headers": dict(response.headers)}
            self.state.answered[key] = (self.state.now(), call.request.body, kept)
            response.headers["x-idempotency-lookup"] = "miss"
            return response
        if first[1] != call.request.body:
            text = "Request parameters don't match the given idempotency key"
            raise flat(400, "IdempotentRequestError", text)
        again = first[2]
        return Response(again["status"], again["body"], {**again["headers"], "x-idempotency-lookup": "hit"})

    def update(self, call: Call) -> Response:
        headers = self.state.buckets.ticket(call.ident)
        record = self.change(self.find(call.ident), call.part("ticket"), call.ignored)
        return reply({"ticket": self.view(record), "audit": self._last_audit(record)}, 200, headers)

    def related(self, call: Call) -> Response:
        self.find(call.ident)
        url = self.state.url(f"tickets/{call.ident}/related.json")
        nothing: list[int] = []
        counts = {"topic_id": None, "followup_source_ids": nothing, "from_archive": False, "incidents": 0}
        return reply({"ticket_related": {"url": url, **counts}})

    def of_organization(self, call: Call) -> Response:
        ids = self.table.where("organization_id", call.ident)
        return self.listed(call, ids, f"organizations/{call.ident}/tickets")

    def of_organization_count(self, call: Call) -> Response:
        return self.counted(self.having("organization_id", call.ident))

    def requested(self, call: Call) -> Response:
        ids = self.table.where("requester_id", call.ident)
        return self.listed(call, ids, f"users/{call.ident}/tickets/requested")

    def assigned(self, call: Call) -> Response:
        ids = self.table.where("assignee_id", call.ident)
        return self.listed(call, ids, f"users/{call.ident}/tickets/assigned")

    def _create(self, call: Call) -> Response:
        record = self.add(call.part("ticket"), call.ignored)
        view = self.view(record)
        return reply({"ticket": view, "audit": self._last_audit(record)}, 201, {"location": view["url"]})

    def _last_audit(self, record: Record) -> dict[str, Any]:
        return self._audits.view(self._audits.of(record)[-1])

    def _safe(self, new: dict[str, Any], old: Record | None) -> None:
        """Raise Refusal (409) for a safe update of a ticket that changed meanwhile."""
        safe, seen = new.pop("safe_update", False), new.pop("updated_stamp", None)
        if safe and old is not None and seen != old.get("updated_at"):
            text = "Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket data"
            raise flat(409, "UpdateConflict", text)

    def _take_comment(self, new: dict[str, Any], old: Record | None) -> None:
        """Whether a comment is public, when it does not say so, is as the ticket began."""
        said = new.get("comment")
        if old is not None and said == old.get("comment"):
            return
        if isinstance(said, str):
            said = {"body": said}
        body = said.get("body") or said.get("html_body") if isinstance(said, Mapping) else None
        if old is None:
            body = body or new.get("description")
        if not body:
            raise invalid(base="Description: cannot be blank" if old is None else "Comment: cannot be blank")
        asked = said if isinstance(said, Mapping) else {"body": body}
        first = True if old is None else old.get("first_public", old.get("is_public", True))
        plain("body", body)
        public = first if asked.get("public") is None else flag("public", asked["public"])
        new["comment"] = {**asked, "public": public, "at": self._moment()}
        if old is None:
            new |= {"description": body, "first_public": public, "is_public": public}
            new.setdefault("subject", None)
            new.setdefault("status", "new")
        elif public:
            new["is_public"] = True

    def _moment(self) -> str:
        """Tells two comments of the same words apart."""
        return self.state.world.clock.now().isoformat()

    def _take_people(self, new: dict[str, Any], old: Record | None) -> None:
        """A requester who is new is made last: a ticket that is refused makes nobody."""
        asked = new.pop("requester", None)
        if old is None:
            new["submitter_id"] = new.get("submitter_id") or ME
            new["requester_id"] = new.get("requester_id") or ME
        for name in ("requester_id", "assignee_id"):
            if new.get(name) is not None and new.get(name) != (old or {}).get(name):
                self._check_user(name, new[name])
        self._check_organization(new, old)
        if isinstance(asked, Mapping):
            new["requester_id"] = self._requester(asked)
        if old is None and new.get("organization_id") is None and new["requester_id"] != ME:
            new["organization_id"] = self._users.find(new["requester_id"]).get("organization_id")

    def _check_organization(self, new: dict[str, Any], old: Record | None) -> None:
        ident = new.get("organization_id")
        if ident is None or (old is not None and old.get("organization_id") == ident):
            return
        found = self.state.table(ORGANIZATION).get(ident)
        if found is None or found.get("deleted_at"):
            raise invalid(organization=f"Organization: {ident} is invalid")

    def _requester(self, asked: Mapping[str, Any]) -> int:
        found = self._users.same(asked)
        if found is None:
            found = self._users.add({"name": asked.get("name") or asked.get("email"), **asked}, [])
        return int(found["id"])

    def _check_user(self, name: str, ident: Any) -> None:
        try:
            self._users.find(ident)
        except Refusal:
            told = name.removesuffix("_id")
            raise invalid(**{told: f"{told.capitalize()}: {ident} is invalid"}) from None

    def _inherit_tags(self, new: dict[str, Any]) -> None:
        """A new ticket has those of its requester and organization too. Vendor: help article 203662006."""
        requester = self._users.find(new["requester_id"])
        organization = self.state.table(ORGANIZATION).get(new.get("organization_id")) or {}
        given = [tag for record in (requester, organization) for tag in record.get("tags") or ()]
        if given:
            new["tags"] = list(dict.fromkeys((*(new.get("tags") or ()), *given)))

    @staticmethod
    def _take_tags(new: dict[str, Any]) -> None:
        """additional_tags and remove_tags go by what the ticket has."""
        more, less = (fitted(TICKET, "tags", new.pop(name, None)) or () for name in _TAG_CHANGES)
        kept = [tag for tag in (*(new.get("tags") or ()), *more) if tag not in less]
        if kept or "tags" in new:
            new["tags"] = list(dict.fromkeys(str(tag).lower() for tag in kept))

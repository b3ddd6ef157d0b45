"""What happened to a ticket: one audit a change, of which the comments are a part.

A ticket that was always there has one audit, made of its description when somebody first asks.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import empty, not_found, reply
from ..call import Call
from ..kinds import AUDIT, TICKET
from ..paths import Routes
from ..records.paging import whole
from ..records.resource import Resource
from ..records.sideloads import Sideloads
from ..records.table import Record
from ..state import ME, State

_TOLD = (
    "status",
    "priority",
    "type",
    "subject",
    "assignee_id",
    "group_id",
    "organization_id",
    "requester_id",
)


class Audits(Resource):
    kind = AUDIT
    identifiers = ()

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._tickets = state.table(TICKET)
        self._sideloads = Sideloads(state)

    def routes(self) -> Routes:
        one = "tickets/:id"
        return {
            ("GET", "ticket_audits"): self.everything,
            ("GET", f"{one}/audits"): self.all,
            ("GET", f"{one}/audits/count"): self.count,
            ("GET", f"{one}/audits/:audit_id"): self.show,
            ("GET", f"{one}/comments"): self.comments,
            ("GET", f"{one}/comments/count"): self.comments_count,
            ("PUT", f"{one}/comments/:comment_id/make_private"): self.make_private,
        }

    def view(self, record: Record) -> dict[str, Any]:
        shown = super().view(record)
        shown.pop("url")
        return shown

    def write(self, new: Record, old: Record | None) -> Record:
        """Add the audit of a change. `new["comment"]` is the comment that came with it, if any."""
        comment = new.get("comment")
        said = comment is not None and comment != (old or {}).get("comment")
        events = [_event(self.state.new_id(), "Comment", _comment(comment))] if said and comment else []
        events += [
            _event(self.state.new_id(), "Create" if old is None else "Change", found)
            for found in _differences(new, old)
        ]
        return self._put(new["id"], self.state.stamp(), events)

    def of(self, ticket: Record) -> list[Record]:
        """The audits of a ticket, oldest first."""
        found = [self.table.get(key) for key in self.table.where("ticket_id", ticket["id"])]
        held = [record for record in found if record is not None]
        if not any(record["created_at"] == ticket.get("created_at") for record in held):
            held = [self._first(ticket), *held]
        return sorted(held, key=lambda record: (record["created_at"] or "", record["id"]))

    def everything(self, call: Call) -> Response:
        return self.listed(call, path="ticket_audits")

    def all(self, call: Call) -> Response:
        held = self.of(self._ticket(call))
        return self.listed(call, [record["id"] for record in held], f"tickets/{call.ident}/audits")

    def count(self, call: Call) -> Response:
        return self.counted(self.of(self._ticket(call)))

    def show(self, call: Call) -> Response:
        wanted = int(call.params["audit_id"])
        for record in self.of(self._ticket(call)):
            if record["id"] == wanted:
                return reply({"audit": self.view(record)})
        raise not_found()

    def comments(self, call: Call) -> Response:
        """Oldest first, or with sort_order=desc or sort=-created_at the newest."""
        ticket = self._ticket(call)
        rows = self._comments(ticket)
        if call.query.get("sort_order") == "desc" or call.query.get("sort") == "-created_at":
            rows.reverse()
        found = {"comments": rows, **whole(call, len(rows))}
        people = [{"requester_id": row["author_id"]} for row in rows]
        return reply(found | self._sideloads.of_tickets(people, call))

    def comments_count(self, call: Call) -> Response:
        return self.counted(self._comments(self._ticket(call)))

    def make_private(self, call: Call) -> Response:
        wanted = int(call.params["comment_id"])
        for record in self.of(self._ticket(call)):
            if any(event["id"] == wanted and event["type"] == "Comment" for event in record["events"]):
                events = [{**e, "public": False} if e["id"] == wanted else e for e in record["events"]]
                self.state.keep(self.kind, {**record, "events": events}, record)
                self.state.log("comments", wanted, "update", {"public": True}, {"public": False})
                return empty(200)
        raise not_found()

    def _comments(self, ticket: Record) -> list[dict[str, Any]]:
        return [
            {
                **event,
                "audit_id": audit["id"],
                "via": audit.get("via", AUDIT.columns["via"]),
                "created_at": audit["created_at"],
                "metadata": AUDIT.columns["metadata"],
            }
            for audit in self.of(ticket)
            for event in audit["events"]
            if event["type"] == "Comment"
        ]

    def _first(self, ticket: Record) -> Record:
        author = ticket.get("submitter_id") or ticket.get("requester_id") or ME
        said = {"body": ticket.get("description") or "", "public": ticket.get("is_public", True)}
        event = _event(self.state.new_id(), "Comment", _comment({**said, "author_id": author}))
        return self._put(ticket["id"], ticket.get("created_at"), [event], author)

    def _put(self, ticket: int, at: str | None, events: list[dict[str, Any]], author: int = ME) -> Record:
        told = {"ticket_id": ticket, "created_at": at, "author_id": author, "events": events}
        new = {"id": self.state.new_id(), **told}
        self.state.keep(self.kind, new, None)
        return new

    def _ticket(self, call: Call) -> Record:
        ticket = self._tickets.get(int(call.ident))
        if ticket is None or ticket.get("status") == "deleted":
            raise not_found()
        return ticket


def _event(ident: int, kind: str, rest: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": ident, "type": kind, **rest}


def _comment(asked: Mapping[str, Any]) -> dict[str, Any]:
    plain = str(asked.get("body") or asked.get("html_body") or "")
    return {
        "author_id": asked.get("author_id") or ME,
        "body": plain,
        "html_body": asked.get("html_body")
        or f'<div class="zd-comment" dir="auto"><p dir="auto">{html.escape(plain)}</p></div>',
        "plain_body": plain,
        "public": bool(asked.get("public", True)),
        "attachments": [],
    }


def _differences(new: Record, old: Record | None) -> Iterable[dict[str, Any]]:
    for name in _TOLD:
        value, before = new.get(name), (old or {}).get(name)
        if value == before:
            continue
        found = {"field_name": name, "value": None if value is None else str(value)}
        yield found if old is None else {**found, "previous_value": None if before is None else str(before)}

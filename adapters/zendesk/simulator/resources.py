"""Every resource of an account, made once and known to those that need it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from .bulk.bulk import Bulk
from .bulk.jobs import Jobs
from .fields.custom_objects import CustomObjects
from .fields.fields import Fields
from .finding.exports import Export
from .finding.search import Search
from .kinds import ORGANIZATION, TICKET, USER
from .paths import Routes
from .people.identities import Identities
from .people.memberships import Memberships
from .people.organization_merges import OrganizationMerges
from .people.organizations import Organizations
from .people.user_ends import DeletedUsers, UserMerges
from .people.users import Users
from .records.basics import About, Brands, CustomStatuses, Groups, TicketForms
from .state import DEFINED, State
from .tickets.audits import Audits
from .tickets.deleted_tickets import DeletedTickets
from .tickets.metrics import Metrics
from .tickets.surveys import Ratings, Surveys
from .tickets.tags import Tags
from .tickets.ticket_moves import TicketMoves
from .tickets.tickets import Tickets


class Routed(Protocol):
    """Whatever answers some paths."""

    def routes(self) -> Routes: ...


class Resources:
    def __init__(self, state: State) -> None:
        self._state = state
        self.jobs = Jobs(state)
        self._moves = TicketMoves(state)
        self._audits, self._metrics = Audits(state), Metrics(state)
        self._identities = Identities(state)
        self.memberships = Memberships(state, self._moves)
        self.users = Users(state, self.memberships, self._identities, self._moves)
        self.organizations = Organizations(state, self.memberships, self._moves)
        self.tickets = Tickets(state, self.users, self._audits, self._metrics)
        self.deleted_tickets = DeletedTickets(state, self.tickets, self.jobs)
        self.merges = OrganizationMerges(state, self.organizations, self.memberships, self._moves)
        self.groups = Groups(state)
        self.custom_objects = CustomObjects(state, self.jobs)

    def routes(self) -> Routes:
        """Every (method, path below /api/v2/) with what answers it."""
        found: Routes = {}
        for part in self._routed():
            found |= part.routes()
        return found | self._exports()

    def _routed(self) -> Iterator[Routed]:
        state, moves = self._state, self._moves
        written = (self.organizations, self.users, self.tickets)
        yield from (*written, self.memberships, self._identities, self._audits, self._metrics, self.groups)
        yield from (self.jobs, self.custom_objects, About(state), Tags(*written))
        yield from (Ratings(state), Surveys(state), Brands(state), TicketForms(state), CustomStatuses(state))
        yield from (Bulk(resource, self.jobs) for resource in (*written, self.memberships))
        yield from (Fields(state, noun) for noun in DEFINED)
        yield Search(state, (*written, self.groups))
        yield self.deleted_tickets
        yield DeletedUsers(state, self.users)
        yield UserMerges(state, self.users, self.memberships, self._identities, moves)
        yield self.merges

    def _exports(self) -> Routes:
        tickets = Export(self._state, TICKET, self.tickets.shown)
        users = Export(self._state, USER, self.users.shown)
        organizations = Export(self._state, ORGANIZATION, self.organizations.exported)
        found = organizations.time_routes()
        for export in (tickets, users):
            found |= export.time_routes() | export.cursor_routes()
        return found | self.custom_objects.export_routes()

"""Which path is answered by what."""

from __future__ import annotations

from collections.abc import Callable

from cs_connector.sandbox.wire import Request, Response

from .answers import Call, reply
from .bulk import ACCOUNT_ID, Bulk, Jobs
from .exports import Export
from .fields import Fields
from .kinds import ORGANIZATION, TICKET, USER
from .nouns import Organizations, Users
from .resource import Resource
from .state import DEFINED, State
from .surveys import Ratings, Surveys
from .tickets import Tickets

Handler = Callable[[Call], Response]
Routes = dict[tuple[str, str], Handler]
PREFIX = "/api/v2/"
FOR_ANYONE = "users/me"  # also answers clients without a login
TEXT_IDS = ("job_statuses", "guide/survey_responses")


def routes(state: State) -> Routes:
    """Every (method, path below /api/v2/) with its handler; `:id` stands for an id."""
    jobs = Jobs(state)
    organizations, users, tickets = Organizations(state), Users(state), Tickets(state)
    ratings, surveys = Ratings(state), Surveys(state)
    found: Routes = {
        ("GET", "users/me"): _me(state),
        ("GET", "account/settings"): _settings(state),
        ("GET", "organizations/search"): organizations.search,
        ("GET", "users/search"): users.search,
        ("GET", "organizations/:id/users"): users.of_organization,
        ("GET", "organizations/:id/tickets"): tickets.of_organization,
        ("GET", "ticket_metrics"): tickets.metrics,
        ("GET", "tickets/:id/metrics"): tickets.metrics_of,
        ("GET", "satisfaction_ratings"): ratings.all,
        ("GET", "satisfaction_ratings/:id"): ratings.show,
        ("GET", "guide/survey_responses"): surveys.all,
        ("GET", "guide/survey_responses/:id"): surveys.show,
        ("GET", "job_statuses/show_many"): jobs.show_many,
        ("GET", "job_statuses/:id"): jobs.show,
    }
    for resource in (organizations, users, tickets):
        found |= _written(resource, Bulk(resource, jobs))
    for noun in DEFINED:
        found |= _defined(noun, Fields(state, noun))
    return found | _exports(state, organizations, users, tickets)


def shape(request: Request) -> tuple[str, str]:
    """A path as the table of routes names it, and the id in it."""
    path = request.path.removeprefix(PREFIX).strip("/").removesuffix(".json")
    head, _, tail = path.rpartition("/")
    if head in TEXT_IDS and tail != "show_many":
        return f"{head}/:id", tail
    parts = path.split("/")
    idents = [part for part in parts if part.isdecimal()]
    keyed = len(parts) == 2 and parts[0] in DEFINED and not idents
    if keyed:
        return f"{parts[0]}/:id", parts[1]
    return "/".join(":id" if part.isdecimal() else part for part in parts), idents[0] if idents else ""


def _written(resource: Resource, bulk: Bulk) -> Routes:
    noun = resource.kind.plural
    return {
        ("GET", noun): resource.all,
        ("GET", f"{noun}/count"): _count(resource),
        ("GET", f"{noun}/show_many"): resource.show_many,
        ("GET", f"{noun}/:id"): resource.show,
        ("POST", noun): resource.create,
        ("PUT", f"{noun}/:id"): resource.update,
        ("DELETE", f"{noun}/:id"): resource.delete,
        ("POST", f"{noun}/create_or_update"): resource.create_or_update,
        ("POST", f"{noun}/create_many"): bulk.create_many,
        ("PUT", f"{noun}/update_many"): bulk.update_many,
        ("POST", f"{noun}/create_or_update_many"): bulk.create_or_update_many,
        ("DELETE", f"{noun}/destroy_many"): bulk.destroy_many,
    }


def _defined(noun: str, fields: Fields) -> Routes:
    return {
        ("GET", noun): fields.all,
        ("GET", f"{noun}/:id"): fields.show,
        ("POST", noun): fields.create,
        ("PUT", f"{noun}/:id"): fields.update,
        ("DELETE", f"{noun}/:id"): fields.delete,
    }


def _exports(state: State, organizations: Organizations, users: Users, tickets: Tickets) -> Routes:
    of_tickets = Export(state, TICKET, tickets.shown)
    of_users = Export(state, USER, users.shown)
    of_organizations = Export(state, ORGANIZATION, organizations.exported)
    return {
        ("GET", "incremental/tickets/cursor"): _counted(state, of_tickets.by_cursor),
        ("GET", "incremental/users/cursor"): _counted(state, of_users.by_cursor),
        ("GET", "incremental/tickets"): _counted(state, of_tickets.by_time),
        ("GET", "incremental/users"): _counted(state, of_users.by_time),
        ("GET", "incremental/organizations"): _counted(state, of_organizations.by_time),
    }


def _counted(state: State, export: Callable[[Call], dict[str, object]]) -> Handler:
    def answer(call: Call) -> Response:
        headers = state.buckets.incremental()
        return reply(export(call), 200, headers)

    return answer


def _count(resource: Resource) -> Handler:
    def answer(_: Call) -> Response:
        value = sum(1 for record in resource.table.records.values() if resource.alive(record))
        return reply({"count": {"value": value, "refreshed_at": resource.state.stamp()}})

    return answer


def _me(state: State) -> Handler:
    def me(_: Call) -> Response:
        user = {**USER.columns, "id": ACCOUNT_ID + 1, "name": "Connector", "email": "connector@example.com"}
        url = state.url(f"users/{ACCOUNT_ID + 1}.json")
        return reply({"user": {"url": url, **user, "role": "admin", "restricted_agent": False}})

    return me


def _settings(state: State) -> Handler:
    def settings(_: Call) -> Response:
        surveys = bool(len(state.tables["survey_responses"]))
        active = {"customer_satisfaction": not surveys, "csat_survey": surveys}
        return reply({"settings": {"active_features": active, "localization": {"locale_ids": [1]}}})

    return settings

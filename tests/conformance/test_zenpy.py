"""zenpy, unmodified but for a session that leads to the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from zenpy import Zenpy
from zenpy.lib.api_objects import Organization, Ticket, User
from zenpy.lib.exception import APIException, RecordNotFoundException

from .loopback import session_to
from .stage import Crms

CLIENT = "zenpy"


@pytest.fixture(scope="module")
def client(crms: Crms) -> Iterator[Zenpy]:
    login = crms.zendesk
    with session_to(login["base_url"]) as session:
        yield Zenpy(
            subdomain=login["subdomain"],
            oauth_token=login["access_token"],
            session=session,
            disable_cache=True,
        )


def finished(client: Zenpy, job):
    """A job once it is done."""
    for _ in range(50):
        job = client.job_status(id=job.id)
        if job.status not in ("queued", "working"):
            return job
    raise AssertionError(job.status)


def test_who_am_i(client: Zenpy) -> None:
    assert client.users.me().role == "admin"


def test_a_list(client: Zenpy) -> None:
    found = list(client.organizations())
    assert len({o.id for o in found}) == len(found) > 25


def test_a_list_by_cursor(client: Zenpy) -> None:
    found = list(client.users(cursor_pagination=20))
    assert len({u.id for u in found}) == len(found) > 60


def test_count(client: Zenpy) -> None:
    assert len(client.organizations()) == len(list(client.organizations()))


def test_create_show_update_delete(crms: Crms, client: Zenpy) -> None:
    done = crms.watch("zendesk", "organizations")
    made = client.organizations.create(Organization(name="Zen one", external_id="zen-1"))
    assert client.organizations(id=made.id).external_id == "zen-1"
    made.notes = "kept"
    assert client.organizations.update(made).notes == "kept"
    client.organizations.delete(made)
    assert [e["action"] for e in done()] == ["create", "update", "delete"]
    with pytest.raises(RecordNotFoundException):
        client.organizations(id=made.id)


def test_create_or_update(client: Zenpy) -> None:
    first = client.users.create_or_update(User(name="Zen", email="zen@zen.example", external_id="zen-u"))
    again = client.users.create_or_update(User(name="Zen two", email="zen@zen.example", external_id="zen-u"))
    assert (again.id, again.name) == (first.id, "Zen two")


def test_many_at_once(crms: Crms, client: Zenpy) -> None:
    done = crms.watch("zendesk", "organizations")
    job = client.organizations.create([Organization(name=f"Zen many {n}") for n in range(5)])
    ids = [r.id for r in finished(client, job).results]
    assert [o.name for o in client.organizations(ids=ids)] == [f"Zen many {n}" for n in range(5)]
    updated = finished(
        client, client.organizations.update([Organization(id=one, notes="many") for one in ids])
    )
    assert updated.status == "completed"
    client.organizations.delete([Organization(id=one) for one in ids])
    actions = [e["action"] for e in done()]
    assert actions[:10] == ["create"] * 5 + ["update"] * 5


def test_a_bad_record(client: Zenpy) -> None:
    client.organizations.create(Organization(name="Zen taken"))
    with pytest.raises(APIException) as refused:
        client.organizations.create(Organization(name="Zen taken"))
    assert refused.value.response.status_code == 422


def test_tickets(crms: Crms, client: Zenpy) -> None:
    done = crms.watch("zendesk", "tickets")
    made = client.tickets.create(Ticket(subject="Zen", description="Help")).ticket
    made.priority = "urgent"
    client.tickets.update(made)
    assert client.tickets(id=made.id).priority == "urgent"
    client.tickets.delete(made)
    assert [e["action"] for e in done()][:3] == ["create", "update", "delete"]


def test_tickets_of_an_organization(client: Zenpy) -> None:
    ticket = next(t for t in client.tickets() if t.organization_id)
    assert ticket.id in {t.id for t in client.tickets.organizations(ticket.organization_id)}


def test_incremental_exports(client: Zenpy) -> None:
    start = datetime.now(UTC) - timedelta(days=900)  # noqa: TID251
    for kind in (client.tickets, client.users, client.organizations):
        found = [r.id for r in kind.incremental(start_time=start)]
        assert len(found) > 25


def test_incremental_exports_by_cursor(client: Zenpy) -> None:
    start = datetime.now(UTC) - timedelta(days=900)  # noqa: TID251
    found = [t.id for t in client.tickets.incremental(start_time=start, paginate_by_time=False)]
    assert len(set(found)) == len(found) > 25


def test_search(client: Zenpy) -> None:
    known = next(iter(client.organizations()))
    found = list(client.search(type="organization", name=known.name))
    assert known.id in {o.id for o in found}


def test_metrics_and_ratings(client: Zenpy) -> None:
    ticket = next(iter(client.tickets()))
    assert client.tickets.metrics(ticket).ticket_id == ticket.id
    assert {r.score for r in client.satisfaction_ratings()} <= {"good", "bad", "offered", "unoffered"}


def test_fields(client: Zenpy) -> None:
    assert {f.key for f in client.organization_fields()}
    assert {"subject", "priority"} <= {f.type for f in client.ticket_fields()}
    list(client.user_fields())


def test_merges(client: Zenpy) -> None:
    kept, lost = (
        client.users.create(User(name=f"Zen merge {n}", email=f"m{n}@zen.example")) for n in range(2)
    )
    client.users.merge(lost, kept)
    addresses = {i.value for i in client.users.identities(kept.id) if i.type == "email"}
    assert addresses == {"m0@zen.example", "m1@zen.example"}


def test_deleted_tickets(client: Zenpy) -> None:
    made = client.tickets.create(Ticket(subject="Zen gone", description="Help")).ticket
    client.tickets.delete(made)
    assert made.id in {t.id for t in client.tickets.deleted()}
    client.tickets.restore(made)
    assert client.tickets(id=made.id).subject == "Zen gone"

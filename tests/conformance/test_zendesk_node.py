"""node-zendesk, unmodified, with the address of the simulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .node_child import NodeChild, NodeFailed
from .stage import Crms

CLIENT = "node-zendesk"
Call = Callable[..., Any]


@pytest.fixture
def call(node: NodeChild, crms: Crms) -> Call:
    return lambda name, /, **args: node.call("zendesk", name, login=crms.zendesk, **args)


def finished(call: Call, job: dict[str, Any]) -> dict[str, Any]:
    """A job once it is done."""
    for _ in range(50):
        job = call("job", id=job["id"])
        if job["status"] not in ("queued", "working"):
            return job
    raise AssertionError(job["status"])


def test_who_am_i(call: Call) -> None:
    assert call("me")["role"] == "admin"


@pytest.mark.parametrize("kind", ["organizations", "users", "tickets"])
def test_a_list_of_all_pages(call: Call, kind: str) -> None:
    found = call("list", kind=kind)
    assert len({r["id"] for r in found}) == len(found) > 25


def test_create_show_update_delete(call: Call, crms: Crms) -> None:
    done = crms.watch("zendesk", "organizations")
    made = call("create", kind="organizations", record={"organization": {"name": "Node zen"}})
    assert call("show", kind="organizations", id=made["id"])["name"] == "Node zen"
    call("update", kind="organizations", id=made["id"], record={"organization": {"notes": "kept"}})
    call("remove", kind="organizations", id=made["id"])
    assert [e["action"] for e in done()] == ["create", "update", "delete"]
    with pytest.raises(NodeFailed) as gone:
        call("show", kind="organizations", id=made["id"])
    assert gone.value.code == 404


def test_create_or_update(call: Call) -> None:
    user = {"user": {"name": "Node", "email": "node@zen.example"}}
    assert (
        call("createOrUpdate", kind="users", record=user)["id"]
        == call("createOrUpdate", kind="users", record=user)["id"]
    )


def test_many_at_once(call: Call, crms: Crms) -> None:
    done = crms.watch("zendesk", "organizations")
    names = [{"name": f"Node many {n}"} for n in range(4)]
    job = finished(call, call("createMany", kind="organizations", records={"organizations": names}))
    ids = [r["id"] for r in job["results"]]
    assert len(call("showMany", kind="organizations", ids=ids)) == 4
    changes = {"organizations": [{"id": one, "notes": "many"} for one in ids]}
    finished(call, call("updateMany", kind="organizations", records=changes))
    assert [e["action"] for e in done()] == ["create"] * 4 + ["update"] * 4


def test_a_bad_record(call: Call) -> None:
    with pytest.raises(NodeFailed) as refused:
        call("create", kind="organizations", record={"organization": {}})
    assert refused.value.code == 422


def test_tickets(call: Call, crms: Crms) -> None:
    done = crms.watch("zendesk", "tickets")
    made = call("create", kind="tickets", record={"ticket": {"subject": "Node", "comment": {"body": "Help"}}})
    call("update", kind="tickets", id=made["id"], record={"ticket": {"priority": "high"}})
    assert call("show", kind="tickets", id=made["id"])["priority"] == "high"
    assert [e["action"] for e in done()][:2] == ["create", "update"]


def test_search(call: Call) -> None:
    known = call("list", kind="organizations")[0]["name"]
    found = call("search", query=f'type:organization name:"{known}"')
    assert known in {r["name"] for r in found}


@pytest.mark.parametrize("kind", ["organizationfields", "userfields", "ticketfields"])
def test_fields(call: Call, kind: str) -> None:
    assert all(f["title"] for f in call("list", kind=kind))


def test_incremental_export(call: Call) -> None:
    assert len(call("incremental", kind="organizations", start=1_600_000_000)) > 25


def test_a_dead_token(node: NodeChild, crms: Crms) -> None:
    with pytest.raises(NodeFailed) as refused:
        node.call("zendesk", "list", login={**crms.zendesk, "access_token": "nobody"}, kind="organizations")
    assert refused.value.code == 401

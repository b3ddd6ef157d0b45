"""What is no page of a CRM, and what hardly is one: never taken for the end, and nothing else is lost by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

import pytest
from cs_connector.adapters.hubspot import HubSpot
from cs_connector.adapters.hubspot.simulator import HubSpotPortal
from cs_connector.adapters.salesforce import Salesforce
from cs_connector.adapters.salesforce.simulator import SalesforceOrg
from cs_connector.adapters.zendesk import Zendesk
from cs_connector.adapters.zendesk.simulator import ZendeskAccount

from cs_connector.errors import Unavailable
from cs_connector.ports import Adapter, Read
from cs_connector.sandbox.faults import Do, Rule
from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow
from cs_connector.transport import Policy

from .adapter_kit import START, Around, QuickClock, read_all

pytestmark = pytest.mark.slow
LONG_AGO = "2026-01-02T03:04:05Z"
STAMPED = {"created_at": LONG_AGO, "updated_at": LONG_AGO}
NAMED = {"properties": {"name": "Öl & Söhne"}, "createdAt": LONG_AGO, "updatedAt": LONG_AGO}
WAYS: dict[str, tuple[Any, Any, list[SeedRow], Read, str]] = {
    "hubspot": (
        HubSpot,
        HubSpotPortal,
        [SeedRow("companies", {"id": str(n), **NAMED}) for n in (1, 2)],
        Read("companies", ("name",)),
        "/companies$",
    ),
    "zendesk": (
        Zendesk,
        ZendeskAccount,
        [SeedRow("organizations", {"id": n, "name": "Öl & Söhne", **STAMPED}) for n in (1, 2)],
        Read("organizations", ()),
        "/incremental/organizations",
    ),
    "salesforce": (
        Salesforce,
        SalesforceOrg,
        [SeedRow("Account", {"Name": "Öl & Söhne"})],
        Read("Account", ("Name",)),
        "/queryAll",
    ),
}


@contextmanager
def reading(crm: str, *more: SeedRow) -> Iterator[tuple[Adapter, Read, Callable[[Do], None]]]:
    """An adapter that tries once, what to read, and what to do to its pages."""
    kind, simulator, rows, read, path = WAYS[crm]
    with ExitStack() as stack:
        sandbox = Sandbox([(crm, simulator)], START, profile="unlimited")
        sandbox.load(crm, [*rows, *more])
        stack.enter_context(sandbox)
        login = sandbox.document()[crm]
        settings = kind.Settings(**{k: v for k, v in login.items() if k in kind.Settings.model_fields})
        adapter = kind(settings, Around(crm, QuickClock(sandbox.world.clock)).lent)
        stack.callback(adapter.close)
        session = vars(adapter).get("_transport") or vars(adapter)["_session"]
        session.policy = Policy(attempts=1)
        yield adapter, read, lambda do: sandbox.faults.replace([Rule(do, crm=crm, path=path)])


@pytest.mark.parametrize("crm", WAYS)
def test_a_page_that_is_cut_at_any_byte_is_an_error(crm: str) -> None:
    with reading(crm) as (adapter, read, cut):
        whole = read_all(adapter, read.object, read.fields).records
        for at in count():
            cut(Do(truncate=at))
            try:
                found = read_all(adapter, read.object, read.fields).records
            except Unavailable:
                continue
            break
    assert found == whole  # only the cut behind the last byte is none
    assert at > sum(len(record.payload) for record in whole.values()) > 100


@pytest.mark.parametrize("body", [{"status": "error", "message": "busy"}, {}, [], None, "<html>", "[]"])
@pytest.mark.parametrize("crm", WAYS)
def test_a_good_status_makes_no_page_of_an_error(crm: str, body: Any) -> None:
    with reading(crm) as (adapter, read, answer), pytest.raises(Unavailable) as caught:
        answer(Do(status=200, body=body) if body is not None else Do(status=200))
        read_all(adapter, read.object, read.fields)
    assert caught.value.what


LONG = "Castell " * (1 << 17)
BIG = {
    "hubspot": SeedRow("companies", {"id": "3", **NAMED, "properties": {"name": LONG}}),
    "zendesk": SeedRow("organizations", {"id": 3, "name": LONG, **STAMPED}),
    "salesforce": SeedRow("Account", {"Name": LONG}),
}


@pytest.mark.parametrize("crm", WAYS)
def test_a_megabyte_in_a_name_stops_nothing(crm: str) -> None:
    with reading(crm, BIG[crm]) as (adapter, read, _):
        records = read_all(adapter, read.object, read.fields).records.values()
    assert len(records) == len(WAYS[crm][2]) + 1
    assert sum(LONG.encode() in record.payload for record in records) == 1

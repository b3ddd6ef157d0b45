"""An account that was kept answers as one that was never on disk, whatever was asked, changed and taken away since."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock
from urllib.parse import quote

import msgspec
import pytest
from cs_connector.adapters.hubspot.simulator.portal import HubSpotPortal
from cs_connector.adapters.zendesk.simulator import ZendeskAccount
from cs_connector.adapters.zendesk.simulator.records import kept
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector.sandbox import stored
from cs_connector.sandbox.clock import SandboxClock
from cs_connector.sandbox.keeping import Folder, Head
from cs_connector.sandbox.ledger import Ledger
from cs_connector.sandbox.wire import Request, SeedRow, World

pytestmark = pytest.mark.slow
DAY = datetime(2026, 11, 25, tzinfo=UTC)
TEXTS = st.one_of(
    st.text(max_size=6), st.sampled_from(['},"createdAt":', '"results":[', "\x01", "æ\u2028😀"])
)
NAMES = ("closed_date", "content", "hs_ticket_category", "hs_ticket_priority", "subject")
HUBSPOT = {
    "rows": st.dictionaries(
        st.integers(1, 6), st.dictionaries(st.sampled_from(NAMES), TEXTS, max_size=4), min_size=1
    ),
    "asks": st.lists(
        st.tuples(st.sets(st.sampled_from(NAMES)), st.integers(1, 5), st.integers(0, 6)),
        min_size=1,
        max_size=4,
    ),
    "steps": st.lists(
        st.tuples(
            st.sampled_from(["put", "put", "new", "drop", "hide", "remove_field", "calm", "fork", "keep"]),
            st.integers(1, 6),
            TEXTS,
        ),
        max_size=6,
    ),
}
TICKETS = st.dictionaries(
    st.integers(1, 6),
    st.fixed_dictionaries(
        {"subject": st.one_of(st.none(), TEXTS), "updated_at": st.integers(0, 3)},
        optional={
            "status": st.sampled_from(["open", "closed", "deleted"]),
            "tags": st.lists(st.sampled_from(["a", "b"]), max_size=2),
            "generated_timestamp": st.integers(1_700_000_000, 1_700_000_003),
            "custom_fields": st.just([{"id": 7, "value": "x"}]),
            "url": st.just("http://127.0.0.1:1/mine"),
            "metric_set": st.just({"reopens": 2}),
        },
    ),
    min_size=1,
)
ZENDESK_STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["put", "put", "new", "drop", "hide", "remove_field", "define", "calm", "fork", "keep"]
        ),
        st.integers(1, 6),
        TEXTS,
    ),
    max_size=6,
)


class Twin:
    """A simulator in memory, or one that goes on from a file; at the same address, as kept ones do, or at another."""

    def __init__(self, kind, folder=None):
        self.kind, self.folder = kind, folder
        self.base = "http://127.0.0.1:9000"
        self.clock = SandboxClock(DAY)
        self.clock.move(to=DAY + timedelta(minutes=1), running=False)
        self.world = World(self.clock, Ledger(self.clock), random.Random(1), "unlimited")
        self.sim = kind(self.world, "one", self.base)

    def keep(self, port=9000):
        """Go on from a file, in another process as it were."""
        if self.folder is None:
            return
        self.base = f"http://127.0.0.1:{port}"
        named = {"clock": self.clock, "world": self.world}
        few = mock.patch.object(stored, "FEW", 0), mock.patch.object(kept, "FEW", 0)
        with few[0], few[1], Folder(self.folder) as folder:
            head = Head("kept/1", "a", 0, "2026-11-25", "vendor", 0, [], [], {})
            folder.save(head, self.sim.snapshot(), named)
            state = folder.find().read(named)
        self.sim = self.kind(self.world, "one", self.base)
        self.sim.restore(state)

    def ask(self, method, target, body=None):
        path, _, query = target.partition("?")
        token = self.sim.credentials()["access_token"]
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        data = b"" if body is None else msgspec.json.encode(body)
        answer = self.sim.handle(Request(method, path, query, headers, data))
        text = bytes(answer.body).decode().replace(self.base, "BASE")
        found = msgspec.json.decode(text) if text else None
        if answer.status >= 400 and isinstance(found, dict):
            found.pop("correlationId", None)
        return answer.status, found

    def order(self, order):
        self.world.dice.seed(5)
        self.sim.control(order)

    def fork(self):
        state = self.sim.snapshot()
        self.sim.restore(state)


def both(kind, folder, rows):
    twins = Twin(kind), Twin(kind, Path(folder))
    for twin in twins:
        twin.sim.load(rows)
        twin.keep()
    return twins


def same(twins, method, target, body=None):
    one, two = (twin.ask(method, target, body) for twin in twins)
    assert one == two, target
    return one


def step(twins, do, number, change):
    for twin in twins:
        if do == "keep":
            twin.keep(9000 + number % 2)
        elif do == "calm":
            twin.sim.calm()
        elif do == "fork":
            twin.fork()
        elif do == "hide":
            twin.order({"hide": {"object": "tickets", "share": 0.4}})
        elif do == "remove_field":
            twin.order({"remove_field": {"object": "tickets", "field": "subject"}})
        else:
            break
    else:
        return
    same(twins, *change)


@settings(deadline=None, max_examples=40)
@given(**HUBSPOT)
def test_a_portal_from_a_file_answers_as_one_in_memory(rows, asks, steps):
    seeds = [
        SeedRow(
            "tickets",
            {
                "id": str(number),
                "properties": {"hs_pipeline_stage": "1", **{n: v for n, v in values.items() if v}},
                "createdAt": "2026-01-01T00:00:00Z",
                "updatedAt": f"2026-02-01T00:00:{number:02d}.{number:03d}Z",
                "archived": False,
            },
        )
        for number, values in rows.items()
    ]
    with TemporaryDirectory() as folder:
        twins = both(HubSpotPortal, folder, seeds)
        _look_at_hubspot(twins, asks)
        for do, number, text in steps:
            where = f"/crm/v3/objects/tickets/{number}"
            change = {
                "put": ("PATCH", where, {"properties": {"subject": text}}),
                "drop": ("DELETE", where),
                "new": (
                    "POST",
                    "/crm/v3/objects/tickets",
                    {"properties": {"subject": "new", "hs_pipeline_stage": "1"}},
                ),
            }.get(do)
            step(twins, do, number, change)
            _look_at_hubspot(twins, asks)


def _look_at_hubspot(twins, asks):
    for names, size, after in asks:
        properties = ",".join(sorted(names))
        page = f"/crm/v3/objects/tickets?limit={size}&properties={properties}"
        for _ in range(2):
            same(twins, "GET", f"{page}&after={after}")
        same(twins, "GET", page)
        path, _, query = page.partition("?")
        for _ in range(2):  # other ways to say where a page starts
            same(twins, "GET", f"{path}?after={after}&{query}")
            same(twins, "GET", f"{page}&%61fter={after}")
            same(twins, "GET", f"{page}&after=1&after={after}")
            same(twins, "GET", f"{page}&after=x{after}")
        same(twins, "GET", f"/crm/v3/objects/tickets/{after}?properties={properties}")
        same(
            twins, "GET", f"/crm/v3/objects/tickets?limit=100&properties={','.join(NAMES)},hs_pipeline_stage"
        )


@settings(deadline=None, max_examples=40)
@given(TICKETS, ZENDESK_STEPS, st.integers(1, 5))
def test_an_account_from_a_file_answers_as_one_in_memory(rows, steps, size):
    seeds = [
        SeedRow(
            "tickets",
            {
                **record,
                "id": number,
                "created_at": "2026-01-01T00:00:00Z",
                "updated_at": f"2026-02-01T00:00:{record['updated_at']:02d}Z",
            },
        )
        for number, record in rows.items()
    ]
    with TemporaryDirectory() as folder:
        twins = both(ZendeskAccount, folder, seeds)
        _look_at_zendesk(twins, size)
        for do, number, text in steps:
            where = f"/api/v2/tickets/{number}.json"
            change = {
                "put": ("PUT", where, {"ticket": {"subject": text, "priority": "low"}}),
                "drop": ("DELETE", where),
                "new": (
                    "POST",
                    "/api/v2/tickets.json",
                    {"ticket": {"subject": "n", "comment": {"body": "n"}}},
                ),
                "define": (
                    "POST",
                    "/api/v2/ticket_fields.json",
                    {"ticket_field": {"type": "text", "title": f"t {number}"}},
                ),
            }.get(do)
            step(twins, do, number, change)
            _look_at_zendesk(twins, size)


def _look_after(twins, query, cursor):
    """The pages after a cursor as clients write it, or after other things than a cursor of this list."""
    path = "/api/v2/tickets.json"
    for _ in range(2):
        same(twins, "GET", f"{path}?{query}&page[after]={cursor}")
        same(twins, "GET", f"{path}?{query}&page%5Bafter%5D={quote(cursor or '')}")
    same(twins, "GET", f"{path}?page[after]={cursor}&{query}")


def _look_at_zendesk(twins, size):
    for sort in ("id", "-id", "updated_at", "status"):
        target = f"/api/v2/tickets.json?page[size]={size}&sort={sort}"
        for _ in range(3):
            _, found = same(twins, "GET", target)
            if not found["meta"]["has_more"]:
                break
            target = found["links"]["next"].removeprefix("BASE")
        if found["links"]["prev"]:
            same(twins, "GET", found["links"]["prev"].removeprefix("BASE"))
        for cursor in (found["meta"]["after_cursor"], "WzEsMl0=", "LTE=", "MDAx", "x", "", "!"):
            _look_after(twins, f"page[size]={size}&sort={sort}", cursor)
    for rest in ("tickets.json?per_page=2&page=2", "tickets.json?sort_by=subject", "tickets/count.json"):
        same(twins, "GET", f"/api/v2/{rest}")
    for number in (1, 2, 4, 6):
        same(twins, "GET", f"/api/v2/tickets/{number}.json")
    for since in ("1", "1700000001"):
        for more in ("", "&exclude_deleted=true"):
            path = f"incremental/tickets/cursor.json?start_time={since}&per_page={size}{more}"
            _, found = same(twins, "GET", f"/api/v2/{path}")
            same(twins, "GET", found["after_url"].removeprefix("BASE"))
        same(twins, "GET", f"/api/v2/incremental/tickets.json?start_time={since}&per_page={size}")

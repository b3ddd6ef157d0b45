"""The control address: who may call it, what it understands, the clock, and people at work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from cs_connector.sandbox.up import Sandbox

from .echo import Echo

AS_OF = datetime(2026, 11, 2, tzinfo=UTC)
JSON = {"content-type": "application/json"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox([("echo", Echo), ("second", Echo)], AS_OF, seed=7) as sandbox:
        yield sandbox


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def ask(sandbox, http):
    def ask(method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return http.request(method, sandbox.control.base_url + path, json=body, **more)

    return ask


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/faults", b"", "not understood"),
        ("/faults", b"[]", "docs/faults"),
        ("/faults", b'{"rules": [{"do": {"explode": 1}}]}', "explode"),
        ("/faults", b'{"rules": [{"do": {"drop": "later"}}]}', "$.rules[0].do.drop"),
        ("/faults", b'{"rules": [{"crm": "nope", "do": {"status": 500}}]}', "'nope'"),
        ("/faults", b'{"rules": [{"path": "(", "do": {"status": 500}}]}', "regular expression"),
        ("/clock", b"{", '{\\"advance\\": \\"PT1H\\"}'),
        ("/clock", b'{"advance": "an hour"}', "'an hour'"),
        ("/clock", b'{"advance": "PT"}', "'PT'"),
        ("/clock", b'{"advance": "PT1H", "set": "2027-01-01T00:00:00Z"}', "two ways"),
        ("/clock", b'{"advance": "P99999999999D"}', "too long"),
        ("/clock", b'{"advance": "P3000000D"}', "cannot be moved"),
        ("/clock", b'{"set": "2026-11-01T00:00:00Z"}', "only moves forward"),
        ("/clock", b'{"set": "2026-12-01T00:00:00"}', "no time zone"),
        ("/clock", b'{"set": "tomorrow"}', "RFC3339"),
        ("/clock", b'{"back": 1}', "back"),
        ("/life", b'{"rate": -1}', "0 or more"),
        ("/life", b'{"rate": 1e9}', "at most 10,000"),
        ("/life", b'{"rate": "fast"}', "$.rate"),
        ("/life", b"{}", "rate"),
        ("/restore", b"", "no such snapshot"),
        ("/restore", b'{"snapshot": [1]}', "$.snapshot"),
        ("/nowhere", b"", "POST /faults"),
        ("/ledger", b"", "GET /ledger"),
    ],
)
def test_a_refusal_says_what_why_and_how_to_put_it_right(sandbox, http, path, body, says):
    answer = http.post(sandbox.control.base_url + path, data=body)
    assert answer.status_code == {"/nowhere": 404, "/ledger": 405}.get(path, 400)
    assert says in answer.text
    said = answer.json()
    assert said["error"]
    assert said["fix"]
    assert set(said) <= {"error", "why", "fix"}


def test_a_refused_move_leaves_the_clock_alone(ask, sandbox):
    assert ask("POST", "/clock", {"running": False, "advance": "soon"}).status_code == 400
    assert sandbox.world.clock.running


def test_a_body_that_is_too_large_is_refused(sandbox, http):
    answer = http.post(sandbox.control.base_url + "/faults", data=b" " * (9 << 20))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example.com"},
        {"Host": "evil.example.com:80"},
        {"Host": "127.0.0.1.evil.example.com"},
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_a_web_page_cannot_call_it(ask, sandbox, headers):
    answer = ask("POST", "/clock", {"advance": "PT1H"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["fix"]
    assert sandbox.world.clock.now() < AS_OF + timedelta(minutes=10)
    assert ask("GET", "/ledger", headers=headers).status_code == 403


def test_this_machine_may_call_it_by_its_names(ask, sandbox):
    port = sandbox.control.port
    assert ask("GET", "/clock", headers={"Host": f"localhost:{port}"}).ok
    assert ask("GET", "/clock", headers={"Origin": sandbox.control.base_url}).ok


def now(answer: requests.Response) -> datetime:
    return datetime.fromisoformat(answer.json()["now"])


def test_the_clock_moves_on_order(ask):
    before = now(ask("GET", "/clock"))
    after = now(ask("POST", "/clock", {"advance": "P1DT2H3M4.5S"}))
    assert AS_OF <= before < AS_OF + timedelta(hours=1)
    assert after - before >= timedelta(days=1, hours=2, minutes=3, seconds=4)


def test_the_clock_stands_still_and_goes_on(ask, sandbox):
    still = ask("POST", "/clock", {"running": False, "set": "2026-12-01T09:00:00Z"})
    assert still.json() == {"now": "2026-12-01T09:00:00.000+00:00", "running": False}
    assert ask("GET", "/clock").json() == still.json()
    assert now(ask("POST", "/clock", {"advance": "PT1S"})) == datetime(2026, 12, 1, 9, 0, 1, tzinfo=UTC)
    assert ask("POST", "/clock", {"running": True}).json()["running"]
    assert sandbox.world.clock.now() > datetime(2026, 12, 1, 9, 0, 1, tzinfo=UTC)


def test_new_rules_end_what_the_old_ones_began(ask, sandbox):
    ask("POST", "/faults", {"rules": [{"crm": "second", "do": {"hide": {"object": "note", "share": 1}}}]})
    assert sandbox.simulators["second"].calmed == 1
    ask("POST", "/faults", {"rules": []})
    assert [sandbox.simulators[name].calmed for name in ("echo", "second")] == [2, 2]


def edits(ask) -> list[tuple[str, ...]]:
    return [(e["at"], e["crm"], e["by"], e["after"]["text"]) for e in ask("GET", "/ledger").json()]


def test_edits_happen_at_their_time_and_before_later_requests(ask, sandbox, http):
    ask("POST", "/clock", {"running": False})
    assert ask("POST", "/life", {"rate": 48, "seed": 3}).json() == {"rate": 48.0, "seed": 3, "edits": 0}
    ask("POST", "/clock", {"advance": "P1D"})
    http.post(sandbox.servers["echo"].base_url, "mine")
    found = edits(ask)
    assert 60 < len(found) < 130
    assert [by for _, _, by, _ in found] == ["user"] * (len(found) - 1) + ["api"]
    assert [at for at, *_ in found] == sorted(at for at, *_ in found)
    assert all(at[:19] in text for at, _, by, text in found if by == "user")
    assert ask("GET", "/life").json()["edits"] == len(found) - 1
    ask("POST", "/life", {"rate": 0})
    ask("POST", "/clock", {"advance": "P9D"})
    assert len(edits(ask)) == len(found)


def two_days(http, steps: list[str], *asked: str) -> list[dict[str, Any]]:
    """The ledger after two days of the same people, with other requests between."""
    with Sandbox([("echo", Echo), ("second", Echo)], AS_OF) as sandbox:
        control = sandbox.control.base_url
        http.post(f"{control}/clock", json={"running": False, "set": "2026-11-03T00:00:00Z"})
        http.post(f"{control}/life", json={"rate": 12, "seed": 3})
        for step in steps:
            for name in asked:
                http.get(sandbox.servers[name].base_url)
            sandbox.world.clock.advance(timedelta(hours=int(step)))
        return list(http.get(f"{control}/ledger").json())


def test_the_same_seed_and_clock_make_the_same_ledger_whatever_the_requests(http):
    at_once = two_days(http, ["48"])
    assert len(at_once) > 30
    assert two_days(http, ["1"] * 48, "echo") == at_once
    assert two_days(http, ["7", "40", "1"], "second", "echo", "second") == at_once


def test_a_restored_snapshot_lives_on_from_where_it_was(ask):
    ask("POST", "/clock", {"running": False, "set": "2026-11-03T00:00:00Z"})
    ask("POST", "/life", {"rate": 12, "seed": 3})
    ask("POST", "/clock", {"advance": "P1D"})
    number = ask("POST", "/snapshot").json()["snapshot"]
    ask("POST", "/clock", {"advance": "P1D"})
    first = edits(ask)
    ask("POST", "/restore", {"snapshot": number})
    ask("POST", "/clock", {"advance": "P1D"})
    again = edits(ask)
    assert [(crm, by, text[:8]) for _, crm, by, text in first] == [
        (crm, by, text[:8]) for _, crm, by, text in again
    ]
    assert first != again

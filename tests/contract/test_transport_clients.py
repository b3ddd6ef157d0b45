"""simple-salesforce sends everything through our session, so nothing it does escapes the limits."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

import pytest
import responses
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceResourceNotFound

from cs_connector.errors import ConfigError
from cs_connector.transport import Transport

ORG = "https://acme.my.salesforce.com"


class StoppedClock:
    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def sleep(self, seconds: float) -> None: ...


@pytest.fixture
def session():
    with Transport(connection="sales", hosts=("*.salesforce.com",), clock=StoppedClock()) as made:
        yield made


def client(session, instance=ORG):
    return Salesforce(instance_url=instance, session_id="-", session=session, version="67.0")


@responses.activate
def test_its_calls_are_counted_repeated_and_read_as_usual(session):
    url = f"{ORG}/services/data/v67.0/limits/"
    responses.get(url, status=503)
    responses.get(url, json={"DailyApiRequests": {"Max": 1}})
    assert client(session).limits() == {"DailyApiRequests": {"Max": 1}}
    assert session.usage.used == 2


@responses.activate
def test_what_we_do_not_judge_reaches_it_as_an_answer(session):
    responses.get(
        f"{ORG}/services/data/v67.0/x", status=404, json=[{"errorCode": "NOT_FOUND", "message": "no"}]
    )
    with pytest.raises(SalesforceResourceNotFound):
        client(session).restful("x")


def test_it_cannot_call_another_host(session, monkeypatch):
    def refuse(*args):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(ConfigError):
        client(session, "https://evil.example").restful("x")

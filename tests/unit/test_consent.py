"""What a browser sends to the address of a consent: the answer, and much that is none."""

from __future__ import annotations

import socket
from urllib.parse import urlencode, urlsplit

import pytest
import responses
from cs_connector.adapters.hubspot import HubSpot
from cs_connector.adapters.hubspot.paths import HOST

from cs_connector.errors import AuthFailed
from cs_connector.testing import MemoryTokens, surroundings
from cs_connector.transport.consent import Callback

TOKEN = f"{HOST}/oauth/2026-03/token"


def test_a_connection_on_which_nothing_is_said_keeps_nobody_waiting() -> None:
    with Callback(0) as callback:
        port = urlsplit(callback.address).port
        with (
            socket.create_connection(("127.0.0.1", port or 0)),
            socket.create_connection(("127.0.0.1", port or 0)) as browser,
        ):
            query = urlencode({"code": "c1", "state": callback.state})
            browser.sendall(f"GET /callback?{query} HTTP/1.0\r\n\r\n".encode())
            assert callback.wait(10) == "c1"


@pytest.mark.parametrize("state", ["", "other", "ünïcode"])
def test_an_answer_to_another_question_is_nobodys(state: str) -> None:
    with Callback(0) as callback, pytest.raises(AuthFailed, match="not approved"):
        assert "not the answer" in callback.take({"code": "c1", "state": state})
        callback.wait(0)


@responses.activate
def test_a_login_that_a_person_took_back_says_so() -> None:
    tokens = MemoryTokens()
    adapter = HubSpot(
        HubSpot.Settings(client_id="c", client_secret="s"), surroundings("hubspot", tokens=tokens)
    )
    responses.post(TOKEN, json={"access_token": "a1", "refresh_token": "r1", "expires_in": 0})
    adapter.approve("code", "http://localhost:1/callback")
    responses.replace(
        "POST",
        TOKEN,
        status=400,
        json={"status": "BAD", "message": "refresh token is revoked", "correlationId": "7"},
    )
    responses.post(TOKEN, status=400, json={"message": "grant_type is not supported"})
    with pytest.raises(AuthFailed) as caught:
        adapter.check()
    assert caught.value.why == "refresh token is revoked (BAD)"
    adapter.close()


@responses.activate
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"error": "invalid_grant", "error_description": "used before"}', "used before (invalid_grant)"),
        ('{"expires_in": 5}', "the answer holds no token"),
    ],
)
def test_a_login_that_is_refused_with_status_200_says_why(body: str, said: str) -> None:
    adapter = HubSpot(HubSpot.Settings(client_id="c", client_secret="s"), surroundings("hubspot"))
    responses.post(TOKEN, body=body, content_type="application/json")
    with pytest.raises(AuthFailed) as caught:
        adapter.check()
    assert caught.value.why == said
    adapter.close()

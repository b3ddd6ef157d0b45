"""What a browser sends to the address of a consent: the answer, and much that is none."""

from __future__ import annotations

import socket
from urllib.parse import urlencode, urlsplit

import pytest

from cs_connector.errors import AuthFailed
from cs_connector.transport.consent import Callback


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

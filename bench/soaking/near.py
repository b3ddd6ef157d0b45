"""Simulators that answer in this process: the client goes its whole way but for the socket."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from cs_connector.sandbox import wire

Handle = Callable[[wire.Request], wire.Response]
BASE = "http://127.0.0.1:{port}"


@contextmanager
def answering(ports: Mapping[int, Handle], now: Callable[[], datetime]) -> Iterator[None]:
    """What is sent to one of these ports of this machine is handed over; everything else is refused.

    Answers are dated by `now`.
    """

    def send(self: HTTPAdapter, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        asked = received(request)
        port = urlsplit(request.url or "").port
        if port not in ports:
            raise AssertionError(f"nobody answers at {request.url}")
        return self.build_response(request, _sent(asked, ports[port](asked), now()))

    with patch.object(HTTPAdapter, "send", send):
        yield


def received(request: PreparedRequest) -> wire.Request:
    """The request as a server sees it."""
    url = urlsplit(request.url or "")
    body = request.body or b""
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    content = body if isinstance(body, bytes) else str(body).encode()
    return wire.Request(request.method or "GET", unquote(url.path), url.query, headers, content)


def _sent(asked: wire.Request, answer: wire.Response, now: datetime) -> HTTPResponse:
    dated = format_datetime(now.replace(microsecond=0), usegmt=True)
    said = {"date": dated, "content-length": str(len(answer.body)), **answer.headers}
    headers = {name: text for name, text in said.items() if text}
    return HTTPResponse(
        io.BytesIO(answer.body),
        headers,
        answer.status,
        preload_content=False,
        decode_content=False,
        request_method=asked.method,
    )


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value

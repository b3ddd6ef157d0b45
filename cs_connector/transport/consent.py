"""Waits on this machine for the code that a vendor's consent page sends back through the browser."""

from __future__ import annotations

import html
import secrets
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import monotonic
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from cs_connector.errors import AuthFailed, UsageError

HOST = "127.0.0.1"
PATH = "/callback"
_PAGE = "<!doctype html><meta charset=utf-8><title>cs-connector</title><p>{text}</p>"


class Callback:
    """Listens from the start; use as a context. `state` ties the answer to this very question."""

    def __init__(self, port: int) -> None:
        self.state = secrets.token_urlsafe(24)
        self._answer: dict[str, str] = {}
        try:
            self._server = HTTPServer((HOST, port), self._handler())
        except OSError as error:
            raise UsageError(
                f"port {port} is taken", why=str(error), fix="choose another with --port"
            ) from error
        self._server.timeout = 0.5

    @property
    def address(self) -> str:
        """Where the vendor has to send the person back to."""
        return f"http://localhost:{self._server.server_address[1]}{PATH}"

    def wait(self, seconds: float) -> str:
        """The code. Raises AuthFailed when the person said no or nobody came."""
        until = monotonic() + seconds
        while not self._answer and monotonic() < until:
            self._server.handle_request()
        if code := self._answer.get("code"):
            return code
        why = (
            self._answer.get("error_description")
            or self._answer.get("error")
            or "nobody came back from the page"
        )
        raise AuthFailed("the connection was not approved", why=why[:200], fix="run the command again")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    def take(self, query: Mapping[str, str]) -> str:
        """Keep an answer, and what to show in the browser; one with another state is nobody's."""
        if not secrets.compare_digest(query.get("state", "").encode(), self.state.encode()):
            return "This is not the answer that cs-connector waits for."
        self._answer = dict(query)
        return "You can close this window and go back to the terminal."

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self.take

        class Handler(BaseHTTPRequestHandler):
            timeout = 1  # browsers open connections ahead and say nothing on them

            def do_GET(self) -> None:
                address = urlsplit(self.path)
                ours = address.path == PATH
                query = {name: values[-1] for name, values in parse_qs(address.query).items()}
                body = _PAGE.format(text=html.escape(take(query) if ours else "Nothing is here.")).encode()
                self.send_response(200 if ours else 404)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """The address holds the code: it is not written anywhere."""

        return Handler

"""What is meant for a vendor's host goes to a simulator: a session adapter of requests."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter


class ToLoopback(HTTPAdapter):
    """Sends every request to one base url, with its path and query as they are; the client does not see it."""

    def __init__(self, base_url: str) -> None:
        self._base = urlsplit(base_url)
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        asked = request.url or ""
        url = urlsplit(asked)
        request.url = urlunsplit((self._base.scheme, self._base.netloc, url.path, url.query, ""))
        try:
            answer = super().send(request, *args, **more)
        finally:
            request.url = asked
        answer.url = asked
        return answer


def session_to(base_url: str) -> requests.Session:
    """A session for which every https host is the simulator."""
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", ToLoopback(base_url))
    return session

"""Where requests may go, and how those to a vendor reach a simulated CRM on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from cs_connector.errors import ConfigError

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(url: str) -> bool:
    return (urlsplit(url).hostname or "").lower() in _LOOPBACK


def check_host(url: str, hosts: Sequence[str], connection: str) -> None:
    """Raises ConfigError unless `url` is on this machine, or https to a host that one of `hosts` matches."""
    if is_loopback(url):
        return
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if not any(fnmatch(host, pattern) for pattern in hosts):
        raise ConfigError(
            f"{connection} may not call {host or 'an address without a host'}",
            why=f"the hosts of this connection are {', '.join(hosts)}",
            safe="nothing was sent",
            fix="correct the address of the connection in cs-connector.yml",
        )
    if parts.scheme != "https":
        raise ConfigError(
            f"{connection} may not call {host} without encryption",
            why=f"the address begins with {parts.scheme}://",
            safe="nothing was sent",
            fix="use https://",
        )


class Router(HTTPAdapter):
    """Sends to `base` (http://127.0.0.1:PORT) what is addressed to a vendor; without a base, straight on.

    The answer keeps the vendor's address, so clients that look at it never notice.
    """

    def __init__(self, base: str | None = None) -> None:
        if base and not is_loopback(base):
            raise ConfigError(f"{base} is not on this machine", fix="a sandbox listens on 127.0.0.1")
        self._base = base
        super().__init__(pool_maxsize=8)

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        if self._base is None or is_loopback(request.url or ""):
            return super().send(request, *args, **kwargs)
        moved = request.copy()
        moved.url = _moved(request.url or "", self._base)
        kwargs["proxies"] = {}
        response = super().send(moved, *args, **kwargs)
        response.request, response.url = request, request.url or ""
        return response


def _moved(url: str, base: str) -> str:
    there, here = urlsplit(url), urlsplit(base)
    return urlunsplit((here.scheme, here.netloc, here.path.rstrip("/") + there.path, there.query, ""))

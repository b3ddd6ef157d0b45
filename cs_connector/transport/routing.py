"""Where requests may go, and how those to a vendor reach a simulated CRM on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.utils import get_encoding_from_headers
from urllib3.connectionpool import ConnectionPool

from cs_connector.errors import ConfigError

from .answered import Answered
from .preparing import twin
from .wire import Http, Https

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def origin(url: str) -> str:
    """What stands before the path of an address, scheme included: the same for all pages of a list, which saves taking
    each of them apart.
    """
    end = url.find("/", len("https://"))
    return url if end < 0 else url[:end]


def address(text: str | None) -> str | None:
    """An address as settings give it, without a slash at its end. Raises ValueError for what does not say how to call it."""
    if text is None:
        return None
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError(f"{text!r} is no whole address: write it with https://")
    return text.rstrip("/")


def is_loopback(url: str) -> bool:
    return _parts(origin(url))[1] in _LOOPBACK


@lru_cache(256)
def _parts(origin: str) -> tuple[str, str]:
    """Scheme and host."""
    parts = urlsplit(origin)
    return parts.scheme, (parts.hostname or "").lower()


def check_host(url: str, hosts: Sequence[str], connection: str) -> None:
    """Raises ConfigError unless `url` is on this machine, or https to a host that one of `hosts` matches."""
    scheme, host = _parts(origin(url))
    if host in _LOOPBACK:
        return
    if not any(fnmatch(host, pattern) for pattern in hosts):
        raise ConfigError(
            f"{connection} may not call {host or 'an address without a host'}",
            why=f"the hosts of this connection are {', '.join(hosts)}",
            safe="nothing was sent",
            fix="correct the address of the connection in cs-connector.yml",
        )
    if scheme != "https":
        raise ConfigError(
            f"{connection} may not call {host} without encryption",
            why=f"the address begins with {scheme}://",
            safe="nothing was sent",
            fix="use https://",
        )


class Router(HTTPAdapter):
    """Sends to `base` (http://127.0.0.1:PORT) what is addressed to a vendor; without a base, straight on.

    The answer keeps the vendor's address, so clients that look at it never notice.
    The pool of connections to a host is looked up once: that costs a twentieth of a call.
    """

    def __init__(self, base: str | None = None) -> None:
        if base and not is_loopback(base):
            raise ConfigError(f"{base} is not on this machine", fix="a sandbox listens on 127.0.0.1")
        self._base = base
        self._pools: dict[tuple[Any, ...], ConnectionPool] = {}
        super().__init__(pool_maxsize=8)

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        if self._base is None or is_loopback(request.url or ""):
            return super().send(request, *args, **kwargs)
        moved = twin(request)
        moved.url = _moved(request.url or "", self._base)
        kwargs["proxies"] = {}
        response = super().send(moved, *args, **kwargs)
        response.request, response.url = request, request.url or ""
        return response

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Called by requests: ways through a proxy stay those of urllib3."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": Http, "https": Https}

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Called by requests."""
        if not isinstance(resp, Answered):
            return super().build_response(req, resp)
        response = Response()
        response.status_code, response.reason, response.headers = resp.status, resp.reason, resp.headers
        response.encoding = _encoding(response.headers.get("Content-Type", ""))
        response.url, response.request, response.connection = req.url or "", req, self
        response._content, response._content_consumed = resp.content(), True  # type: ignore[attr-defined]  # noqa: SLF001
        return response

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> ConnectionPool:
        """Called by requests for every call."""
        if proxies:
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        where = (origin(request.url or ""), verify, cert)
        if where not in self._pools:
            self._pools[where] = super().get_connection_with_tls_context(request, verify, cert=cert)
        return self._pools[where]

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        """Called by requests for every call."""
        path = (request.url or "")[len(origin(request.url or "")) :].partition("#")[0]
        return super().request_url(request, proxies) if proxies or path[:1] != "/" else path

    def close(self) -> None:
        self._pools.clear()
        super().close()


@lru_cache(64)
def _encoding(content_type: str) -> str | None:
    return get_encoding_from_headers({"content-type": content_type})


def _moved(url: str, base: str) -> str:
    return base.rstrip("/") + url[len(origin(url)) :].partition("#")[0]

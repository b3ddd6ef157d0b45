"""HubSpot's own client library, speaking through our transport."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from requests import Response

from cs_connector.errors import ConfigError
from cs_connector.transport import Transport

from .paths import HOST, Paths


class Reply:
    """An answer as the library expects it."""

    def __init__(self, response: Response) -> None:
        self.status, self.reason, self.data = response.status_code, response.reason, response.content
        self._headers = response.headers

    def getheaders(self) -> dict[str, str]:
        return dict(self._headers)

    def getheader(self, name: str, default: str | None = None) -> str | None:
        return self._headers.get(name, default)


class Rest:
    """Takes the place of the library's connection pool. Logins and tries are the transport's."""

    def __init__(self, transport: Transport, paths: Paths, failed: Callable[..., Exception]) -> None:
        self._transport, self._paths, self._failed = transport, paths, failed

    def __getattr__(self, method: str) -> Callable[..., Reply]:
        if not method.isupper():
            raise AttributeError(method)
        return partial(self._request, method)

    def _request(
        self,
        method: str,
        url: str,
        *,
        query_params: Any = None,
        headers: Any = None,
        body: Any = None,
        post_params: Any = None,
        _preload_content: bool = True,
        _request_timeout: object = None,
    ) -> Reply:
        address = self._paths.translate(url)
        response = self._transport.request(
            method, address, params=query_params, headers=headers, json=body, data=post_params or None
        )
        reply = Reply(response)
        if not response.ok:
            raise self._failed(http_resp=reply)
        return reply


def client(transport: Transport, paths: Paths) -> Any:
    """A hubspot.HubSpot. Raises ConfigError where the library is not installed."""
    try:
        from hubspot import HubSpot
    except ModuleNotFoundError as error:
        raise ConfigError(
            "HubSpot's client library is missing",
            safe="nothing was read or written",
            fix='pip install "cs-connector[hubspot]"',
        ) from error
    return HubSpot(api_factory=partial(_api, transport, paths))


def _api(transport: Transport, paths: Paths, package: ModuleType, name: str, _config: object) -> Any:
    settings = package.Configuration()
    settings.host = HOST
    api_client = package.ApiClient(settings)
    api_client.rest_client = Rest(transport, paths, package.ApiException)
    return getattr(package, name)(api_client)

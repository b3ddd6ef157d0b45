"""Single objects of Zendesk, through its client library where that is installed and plainly where not."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

from cs_connector.errors import AdapterError
from cs_connector.transport import Transport
from cs_connector.transport.sensible import sensible

from .errors import problem

_CRM = "Zendesk"


class Me(msgspec.Struct, frozen=True):
    """The user behind the login; `id` is None when Zendesk took us for a visitor."""

    id: int | None = None
    role: str | None = None
    name: str | None = None


class Option(msgspec.Struct, frozen=True):
    value: str


class OrganizationField(msgspec.Struct, frozen=True):
    key: str
    type: str
    title: str = ""
    description: str | None = None
    active: bool = True
    custom_field_options: list[Option] | None = None


class Objects(Protocol):
    def me(self) -> Me: ...

    def organization_fields(self) -> list[OrganizationField]: ...


class Plain:
    """Without a library."""

    def __init__(self, transport: Transport, host: str) -> None:
        self._transport, self._host = transport, host

    def me(self) -> Me:
        with sensible(_CRM):
            return msgspec.convert(self._get("/api/v2/users/me.json")["user"], Me)

    def organization_fields(self) -> list[OrganizationField]:
        with sensible(_CRM):
            found = self._get("/api/v2/organization_fields.json")["organization_fields"]
            return msgspec.convert(found, list[OrganizationField])

    def _get(self, path: str) -> dict[str, Any]:
        response = self._transport.get(self._host + path)
        if not response.ok:
            raise AdapterError(f"Zendesk answered {response.status_code}", why=problem(response).message)
        return msgspec.json.decode(response.content, type=dict[str, Any])


class ByZenpy:
    """Through zenpy."""

    def __init__(self, zenpy: Any) -> None:
        self._zenpy = zenpy

    def me(self) -> Me:
        with self._sensible():
            return msgspec.convert(self._zenpy.users.me().to_dict(), Me)

    def organization_fields(self) -> list[OrganizationField]:
        with self._sensible():
            found = [field.to_dict() for field in self._zenpy.organization_fields()]
            return msgspec.convert(found, list[OrganizationField])

    def _sensible(self) -> AbstractContextManager[None]:
        from requests import HTTPError
        from zenpy.lib.exception import APIException, ZenpyException

        return sensible(_CRM, ZenpyException, APIException, HTTPError)

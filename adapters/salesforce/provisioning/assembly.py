"""The provisioner of one connection, of its session and its login."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote_plus

import msgspec

from cs_connector.transport import Transport

from ..auth import Login
from ..errors import decode
from ..soql import long_id
from .assigning import Assignments
from .filled import Filled
from .provisioner import Provisioner
from .soap import MetadataApi

Address = Callable[[], str]


class _User(msgspec.Struct):
    user_id: str


def assembled(session: Transport, login: Login, origin: Address, version: str) -> Provisioner:
    """`origin` is the address of the org."""

    def root() -> str:
        return f"{origin()}/services/data/v{version}"

    def query(soql: str) -> Mapping[str, Any]:
        return _mapping(session.get(f"{root()}/query?q={quote_plus(soql)}").content)

    @cache
    def user() -> str:
        found: _User = decode(session.get(f"{origin()}/services/oauth2/userinfo").content, _User)
        return long_id(found.user_id)

    api = MetadataApi(
        session,
        lambda: f"{origin()}/services/Soap/m/{version}",
        lambda: login.token().access_token,
        login.renew,
    )
    assignments = Assignments(session, root, query, user)
    return Provisioner(
        api, assignments, Filled(query), lambda: _mapping(session.get(f"{root()}/limits").content)
    )


def _mapping(content: bytes) -> Mapping[str, Any]:
    found: Mapping[str, Any] = decode(content, dict[str, Any])
    return found

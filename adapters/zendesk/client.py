"""zenpy, speaking through our transport. It is GPLv3: an extra that people choose, and never needed."""

from __future__ import annotations

from typing import Any

from cs_connector.errors import ConfigError
from cs_connector.transport import Transport

from .objects import ByZenpy, Objects, Plain


def client(transport: Transport, subdomain: str) -> Any:
    """A zenpy.Zenpy; it never sees the login. Raises ConfigError where zenpy is not installed."""
    try:
        from zenpy import Zenpy
    except ModuleNotFoundError as error:
        raise ConfigError("zenpy is not installed", fix='pip install "cs-connector[zendesk]"') from error
    return Zenpy(subdomain=subdomain, session=transport, disable_cache=True)


def objects(transport: Transport, subdomain: str, host: str) -> Objects:
    try:
        return ByZenpy(client(transport, subdomain))
    except ConfigError:
        return Plain(transport, host)

"""simple-salesforce, speaking through our transport: the library knows the addresses; login, time limits and retries are ours."""

from __future__ import annotations

from typing import Any

from cs_connector.errors import ConfigError
from cs_connector.transport import Transport


def client(session: Transport, origin: str, version: str) -> Any:
    """A simple_salesforce.Salesforce. Raises ConfigError where the library is not installed."""
    try:
        from simple_salesforce.api import Salesforce
    except ModuleNotFoundError as error:
        raise ConfigError(
            "Salesforce's client library is missing",
            safe="nothing was read or written",
            fix='pip install "cs-connector[salesforce]"',
        ) from error
    return Salesforce(instance_url=origin, session_id="-", session=session, version=version)

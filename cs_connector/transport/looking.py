"""A plain request and its answer, for adapters that let their assumptions be tested."""

from __future__ import annotations

import msgspec

from cs_connector.errors import UsageError
from cs_connector.ports import Answer, Ask

from .session import Transport


def look(session: Transport, root: str, ask: Ask) -> Answer:
    """Ask below an address. Raises UsageError for a body that is not a search: nothing may be changed."""
    if ask.body is None:
        with session.plain():
            response = session.get(root + ask.path, params=dict(ask.query))
    elif ask.path.endswith("/search"):
        with session.plain(), session.safe():
            response = session.post(root + ask.path, json=ask.body)
    else:
        raise UsageError(
            f"{ask.path} is not a search", why="a probe never changes anything", safe="nothing was sent"
        )
    headers = {name.lower(): value for name, value in response.headers.items()}
    try:
        return Answer(response.status_code, headers, msgspec.json.decode(response.content))
    except msgspec.DecodeError:
        return Answer(response.status_code, headers)

"""Where the next page is."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from .call import Call

HOST = "https://api.hubapi.com"


def link(call: Call, after: int | str | None) -> dict[str, Any]:
    """The `paging` member of a page; nothing on the last one."""
    if after is None:
        return {}
    kept = [(name, value) for name, value in parse_qsl(call.request.query_string) if name != "after"]
    query = urlencode([*kept, ("after", str(after))])
    return {"paging": {"next": {"after": str(after), "link": f"{HOST}{call.request.path}?{query}"}}}


def onward(after: int | None) -> dict[str, Any]:
    """The same for pages that are asked for with a body."""
    return {} if after is None else {"paging": {"next": {"after": str(after)}}}

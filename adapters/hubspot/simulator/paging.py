"""Where the next page is."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, urlencode

from .call import Call

HOST = "https://api.hubapi.com"


def link(call: Call, after: int | str | None) -> dict[str, Any]:
    """The `paging` member of a page; nothing on the last one."""
    if after is None:
        return {}
    return {"paging": {"next": {"after": str(after), "link": address(call) + quote_plus(str(after))}}}


def address(call: Call) -> str:
    """That of any page of the list, up to where it starts."""
    kept = tuple((name, value) for name, value in call.request.pairs if name != "after" and value)
    return f"{HOST}{call.request.path}?{_query(kept)}after="


@lru_cache(maxsize=256)
def _query(kept: tuple[tuple[str, str], ...]) -> str:
    """The part of a query that is the same for every page."""
    return urlencode(kept) + "&" if kept else ""


def onward(after: int | None) -> dict[str, Any]:
    """The same for pages that are asked for with a body."""
    return {} if after is None else {"paging": {"next": {"after": str(after)}}}

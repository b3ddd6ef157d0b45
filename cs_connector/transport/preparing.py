"""Requests for pages of a list: they differ in the query alone, so the rest is made ready once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

from requests import PreparedRequest, Request

MOST = 64  # lists that are remembered
_quoted = lru_cache(1024)(quote_plus)  # names and most values are the same on every page


class Lists:
    """Remembers requests without their query, by address and by what the session puts on all of them."""

    def __init__(self, prepare: Callable[[Request], PreparedRequest], headers: Mapping[str, Any]) -> None:
        self._prepare, self._headers = prepare, headers
        self._kept: dict[tuple[Any, ...], PreparedRequest] = {}

    def page(self, address: str, query: Mapping[str, str | int | None]) -> PreparedRequest:
        """The same GET that requests would prepare. `address` has no query; a None is left out."""
        key = (address, *self._headers.items())
        kept = self._kept.get(key) or self._remember(key)
        made = copy(kept)
        made.headers = kept.headers.copy()
        pairs = [
            f"{_quoted(name)}={_quoted(str(value))}" for name, value in query.items() if value is not None
        ]
        made.url = f"{kept.url}?{'&'.join(pairs)}" if pairs else kept.url
        return made

    def _remember(self, key: tuple[Any, ...]) -> PreparedRequest:
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[key] = self._prepare(Request("GET", key[0]))
        return self._kept[key]

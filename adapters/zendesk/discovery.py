"""A Zendesk account's own description: the definitions of organization, user and ticket fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from cs_connector.errors import AdapterError, UsageError
from cs_connector.ports import Document
from cs_connector.transport import Transport
from cs_connector.transport.sensible import sensible

from .errors import problem

NOUNS = {"organizations": "organization_fields", "users": "user_fields", "tickets": "ticket_fields"}
OWN = {name: noun for name, noun in NOUNS.items() if name != "tickets"}  # whose values stand under their keys
PEOPLE = frozenset({"creator_user_id"})


def documents(transport: Transport, host: str, wanted: Sequence[str]) -> Iterator[Document]:
    """Raises UsageError for an object that has no fields of one's own."""
    unknown = [name for name in wanted if name not in NOUNS]
    if unknown:
        raise UsageError(f"Zendesk has no fields of {unknown[0]}", fix=f"choose among {', '.join(NOUNS)}")
    for name in wanted or NOUNS:
        noun = NOUNS[name]
        yield Document(noun, {noun: list(defined(transport, f"{host}/api/v2/{noun}.json", noun))})


def defined(transport: Transport, first: str, noun: str) -> Iterator[dict[str, Any]]:
    """The definitions of a noun, without the users who made them. Raises AdapterError."""
    url: str | None = first
    while url:
        response = transport.get(url)
        if not response.ok:
            raise AdapterError(f"Zendesk answered {response.status_code}", why=problem(response).message)
        with sensible("Zendesk"):
            page: dict[str, Any] = msgspec.json.decode(response.content, type=dict[str, Any])
            found = [{k: v for k, v in each.items() if k not in PEOPLE} for each in page[noun]]
        yield from found
        url = page.get("next_page")

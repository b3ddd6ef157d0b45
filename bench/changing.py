"""Changes some tickets of a simulated CRM, as an app of somebody else would: through its API, many in a request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import requests

from cs_connector.sandbox.ids import sales_id

from .bed import Bed
from .cost import Broken
from .tickets import FIRST

Call: TypeAlias = tuple[str, str, dict[str, Any]]


def change(bed: Bed, crm: str, numbers: Sequence[int], text: str) -> None:
    """Give the tickets with these numbers, counted from 0, a new subject. Raises Broken."""
    size, calls = CALLS[crm]
    block = bed.document[crm]
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {block['access_token']}"
        for start in range(0, len(numbers), size):
            for method, target, body in calls(numbers[start : start + size], text):
                answer = session.request(method, block["base_url"] + target, json=body, timeout=60)
                if not answer.ok or b'"success":false' in answer.content:
                    raise Broken(f"{target}: {answer.status_code} {answer.text[:300]}")


def _salesforce(numbers: Sequence[int], text: str) -> Iterator[Call]:
    records = [
        {"attributes": {"type": "Case"}, "id": sales_id("500", number + 1), "Subject": text}
        for number in numbers
    ]
    yield "PATCH", "/services/data/v67.0/composite/sobjects", {"records": records}


def _hubspot(numbers: Sequence[int], text: str) -> Iterator[Call]:
    inputs = [{"id": str(FIRST["tickets"] + number), "properties": {"subject": text}} for number in numbers]
    yield "POST", "/crm/v3/objects/tickets/batch/update", {"inputs": inputs}


def _zendesk(numbers: Sequence[int], text: str) -> Iterator[Call]:
    tickets = [{"id": 1001 + number, "subject": text} for number in numbers]
    yield "PUT", "/api/v2/tickets/update_many.json", {"tickets": tickets}


CALLS: dict[str, tuple[int, Callable[[Sequence[int], str], Iterator[Call]]]] = {
    "salesforce": (200, _salesforce),
    "hubspot": (100, _hubspot),
    "zendesk": (100, _zendesk),
}

"""Changes some tickets of a simulated CRM, as an app of somebody else would: through its API, many in a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import requests

from bench.bed import Bed
from bench.cost import Broken
from bench.tickets import FIRST
from cs_connector.sandbox.ids import sales_id

QUEUE, DONE = 25, "PT1M"  # jobs of Zendesk that may wait at once, nearly, and until they are done

Call: TypeAlias = tuple[str, str, dict[str, Any]]


def change(bed: Bed, crm: str, numbers: Sequence[int], text: str) -> None:
    """Give the tickets with these numbers, counted from 0, a new subject. Raises Broken."""
    size, call = CALLS[crm]
    block = bed.document[crm]
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {block['access_token']}"
        for number, start in enumerate(range(0, len(numbers), size), 1):
            method, target, body = call(numbers[start : start + size], text)
            answer = session.request(method, block["base_url"] + target, json=body, timeout=60)
            if not answer.ok or b'"success":false' in answer.content:
                raise Broken(f"{target}: {answer.status_code} {answer.text[:300]}")
            if number % QUEUE == 0:
                bed.advance(DONE)


def _salesforce(numbers: Sequence[int], text: str) -> Call:
    records = [
        {"attributes": {"type": "Case"}, "id": sales_id("500", number + 1), "Subject": text}
        for number in numbers
    ]
    return "PATCH", "/services/data/v67.0/composite/sobjects", {"records": records}


def _hubspot(numbers: Sequence[int], text: str) -> Call:
    inputs = [{"id": str(FIRST["tickets"] + number), "properties": {"subject": text}} for number in numbers]
    return "POST", "/crm/v3/objects/tickets/batch/update", {"inputs": inputs}


def _zendesk(numbers: Sequence[int], text: str) -> Call:
    tickets = [{"id": 1001 + number, "subject": text} for number in numbers]
    return "PUT", "/api/v2/tickets/update_many.json", {"tickets": tickets}


CALLS: dict[str, tuple[int, Callable[[Sequence[int], str], Call]]] = {
    "salesforce": (200, _salesforce),
    "hubspot": (100, _hubspot),
    "zendesk": (100, _zendesk),
}

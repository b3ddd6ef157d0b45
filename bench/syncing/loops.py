"""Loops that fetch the pages of one CRM with requests, parse them and throw them away; prints how many records and bytes.

They begin with the very request that the command begins with, so that both read the same pages.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

import orjson
import requests

ROWS = 50_000  # of one page of bulk results
Get: TypeAlias = Callable[[str], requests.Response]


def salesforce(get: Get, first: str) -> Iterator[tuple[int, int]]:
    target: str | None = first
    while target:
        answer = get(target)
        page = orjson.loads(answer.content)
        yield len(page["records"]), len(answer.content)
        target = page.get("nextRecordsUrl")


def hubspot(get: Get, first: str) -> Iterator[tuple[int, int]]:
    target = first
    while target:
        answer = get(target)
        page = orjson.loads(answer.content)
        yield len(page["results"]), len(answer.content)
        target = f"{first}&after={page['paging']['next']['after']}" if "paging" in page else ""


def zendesk(get: Get, first: str) -> Iterator[tuple[int, int]]:
    target = first
    while target:
        answer = get(target)
        page = orjson.loads(answer.content)
        yield len(page["tickets"]), len(answer.content)
        onward = first.replace("start_time=0", f"cursor={page['after_cursor']}")
        target = "" if page["end_of_stream"] else onward


def bulk(get: Get, first: str) -> Iterator[tuple[int, int]]:
    """The same query as a job of Bulk API 2.0; a look at it at once is enough, because the sandbox does not dawdle."""
    root, query = first.partition("/queryAll")[0], parse_qs(urlsplit(first).query)["q"][0]
    order = {"operation": "queryAll", "query": query.partition(" ORDER BY ")[0]}
    job = f"{root}/jobs/query/{get(f'{root}/jobs/query', json=order).json()['id']}"  # type: ignore[call-arg]
    while get(job).json()["state"] != "JobComplete":
        pass
    locator = ""
    while locator != "null":
        answer = get(f"{job}/results?maxRecords={ROWS}{locator and '&locator='}{locator}")
        rows = sum(1 for _ in csv.reader(io.StringIO(answer.content.decode(), newline="")))
        yield rows - 1, len(answer.content)
        locator = answer.headers["Sforce-Locator"]


LOOPS = {"salesforce": salesforce, "hubspot": hubspot, "zendesk": zendesk, "bulk": bulk}


def main(document: Path, crm: str, loop: str, first: str) -> dict[str, int]:
    block = json.loads(document.read_text())[crm]
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {block['access_token']}"
        session.headers["Sforce-Query-Options"] = "batchSize=2000"

        def get(target: str, json: Any = None) -> requests.Response:
            method = "GET" if json is None else "POST"
            answer = session.request(method, block["base_url"] + target, json=json, timeout=120)
            answer.raise_for_status()
            return answer

        records, sizes = zip(*LOOPS[loop](get, first), strict=True)
    return {"records": sum(records), "bytes": sum(sizes), "pages": len(sizes)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), *sys.argv[2:])) + "\n")

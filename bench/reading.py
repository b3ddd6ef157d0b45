"""Loops that fetch the pages of one CRM with requests, parse them with orjson and throw them away; prints how many records."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import orjson
import requests

SOQL = "SELECT Id, SystemModstamp, {fields}, IsDeleted FROM Case ORDER BY SystemModstamp, Id"


def salesforce(session: requests.Session, org: dict[str, str], fields: str) -> Iterator[int]:
    session.headers["Sforce-Query-Options"] = "batchSize=2000"
    query = quote_plus(SOQL.format(fields=fields.replace(",", ", ")))
    path = f"/services/data/v{org['api_version']}/queryAll?q={query}"
    while path:
        page = _get(session, org["base_url"] + path)
        yield len(page["records"])
        path = page.get("nextRecordsUrl")


def hubspot(session: requests.Session, portal: dict[str, str], fields: str) -> Iterator[int]:
    start = f"{portal['base_url']}/crm/objects/2026-03/tickets?limit=100&properties={fields}"
    after: str | None = ""
    while after is not None:
        page = _get(session, start + (f"&after={after}" if after else ""))
        yield len(page["results"])
        after = page["paging"]["next"]["after"] if "paging" in page else None


def zendesk(session: requests.Session, account: dict[str, str], fields: str) -> Iterator[int]:
    del fields  # an export has all of them
    where = "start_time=0"
    while where:
        page = _get(
            session, f"{account['base_url']}/api/v2/incremental/tickets/cursor.json?per_page=1000&{where}"
        )
        yield len(page["tickets"])
        where = "" if page["end_of_stream"] else f"cursor={page['after_cursor']}"


def _get(session: requests.Session, url: str) -> Any:
    answer = session.get(url, timeout=60)
    answer.raise_for_status()
    return orjson.loads(answer.content)


LOOPS = {"salesforce": salesforce, "hubspot": hubspot, "zendesk": zendesk}


def main(document: Path, crm: str, fields: str) -> int:
    block = json.loads(document.read_text())[crm]
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {block['access_token']}"
        return sum(LOOPS[crm](session, block, fields))


if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])}\n")

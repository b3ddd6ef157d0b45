"""The floor of a pull: the same pages of the same queries, parsed and thrown away."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from urllib.parse import quote_plus

import orjson
import requests

BATCH = {"Sforce-Query-Options": "batchSize=2000"}


def main(document: Path, queries: list[str]) -> int:
    """Fetch every page of the queries; gives the number of records."""
    org = json.loads(document.read_text())["salesforce"]
    base, count = org["base_url"], 0
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update({"Authorization": f"Bearer {org['access_token']}", **BATCH})
        for query in queries:
            path = f"/services/data/v{org['api_version']}/queryAll?q={quote_plus(query)}"
            while path:
                answer = session.get(base + path, timeout=60)
                answer.raise_for_status()
                page = orjson.loads(answer.content)
                count += len(page["records"])
                path = page.get("nextRecordsUrl")
    return count


if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(sys.argv[1]), sys.argv[2:])}\n")

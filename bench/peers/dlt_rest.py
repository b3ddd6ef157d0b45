"""dlt's own REST API source over the tickets of one CRM, to Parquet files; run by the Python that has dlt.

Prints how many records came, and the CPU seconds until all were extracted and until all were loaded.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

folder = Path(sys.argv[4])
os.environ |= {
    "DLT_DATA_DIR": str(folder),
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "NO_PROXY": "127.0.0.1",
}

import dlt  # noqa: E402
from dlt.destinations import filesystem  # noqa: E402
from dlt.sources.helpers.rest_client import paginators  # noqa: E402
from dlt.sources.rest_api import rest_api_source  # noqa: E402


class Export(paginators.JSONResponseCursorPaginator):
    """Zendesk names a cursor on the last page too."""

    def __init__(self) -> None:
        super().__init__(cursor_path="after_cursor", cursor_param="cursor")

    def update_state(self, response: Any, data: list[Any] | None = None) -> None:
        super().update_state(response, data)
        if response.json()["end_of_stream"]:
            self._has_next_page = False


PAGES = {
    "salesforce": ("records", lambda: paginators.JSONLinkPaginator("nextRecordsUrl")),
    "hubspot": (
        "results",
        lambda: paginators.JSONResponseCursorPaginator("paging.next.after", cursor_param="after"),
    ),
    "zendesk": ("tickets", Export),
}


def source(document: Path, crm: str, first: str) -> Any:
    """`first` is the target of the first page."""
    block = json.loads(document.read_text())[crm]
    target, (selector, paginator) = urlsplit(first), PAGES[crm]
    client = {
        "base_url": block["base_url"],
        "auth": {"type": "bearer", "token": block["access_token"]},
        "headers": {"Sforce-Query-Options": "batchSize=2000"},
        "paginator": paginator(),
    }
    endpoint = {"path": target.path, "params": dict(parse_qsl(target.query)), "data_selector": selector}
    tickets = {"name": "tickets", "endpoint": endpoint, "max_table_nesting": 0}
    return rest_api_source({"client": client, "resources": [tickets]})


def main() -> None:
    pipeline = dlt.pipeline(
        "bench", destination=filesystem(bucket_url=str(folder / "loaded")), dataset_name="tickets",
        pipelines_dir=str(folder / "pipelines"),
    )  # fmt: skip
    pipeline.extract(source(Path(sys.argv[1]), sys.argv[2], sys.argv[3]), loader_file_format="parquet")
    extracted = _cpu()
    pipeline.normalize()
    pipeline.load()
    records = pipeline.last_trace.last_normalize_info.row_counts["tickets"]
    sys.stdout.write(json.dumps({"records": records, "extracted": extracted, "loaded": _cpu()}) + "\n")


def _cpu() -> float:
    """Also of the processes that dlt started."""
    spent = os.times()
    return time.process_time() + spent.children_user + spent.children_system


if __name__ == "__main__":
    main()

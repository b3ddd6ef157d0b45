"""Recorded exchanges and tables of a warehouse, as they lie in a folder."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import msgspec

from cs_connector.errors import UsageError


class Exchange(msgspec.Struct, frozen=True):
    """A request and its answer; a body is JSON, a text, or "" where there was none."""

    method: str
    path: str
    status: int
    query: dict[str, str] = {}
    request_body: Any = None
    response_body: Any = None

    @property
    def accepted(self) -> bool:
        return self.status < 300


_exchange = msgspec.json.Decoder(Exchange)


def exchanges(folder: Path, crm: str) -> list[Exchange]:
    """Those of recorded/<crm>.jsonl, one a line, in their order. Raises UsageError."""
    path = folder / "recorded" / f"{crm}.jsonl"
    try:
        return [_exchange.decode(line) for line in path.read_bytes().splitlines() if line.strip()]
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist", fix="name the folder that holds recorded/") from None
    except msgspec.DecodeError as error:
        raise UsageError(f"{path} does not hold recorded exchanges", why=str(error)) from error


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of a CSV file, every value as the text that it is; none where there is no such file."""
    path = folder / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))

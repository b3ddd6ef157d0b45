"""Writing: what 20,000 changes cost beside a bare loop that posts the same bytes, and how many calls they take."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib import import_module

from bench.results import Row
from bench.size import Yard

CRMS = ("salesforce", "hubspot", "zendesk")  # each a module here with `rows` and `measure`


def measure(yard: Yard) -> list[Row]:
    return [row for crm in CRMS for row in yard.attempt(f"writing to {crm}", partial(_rows, yard, crm))]


def _rows(yard: Yard, crm: str) -> Iterator[Row]:
    """None, as long as its module is not there."""
    name = f"{__name__}.{crm}"
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return
    yield from module.measure(yard)

"""Jobs of a life before: their results tell of changes whose answer was never heard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cs_connector.errors import Unavailable
from cs_connector.ports import Change, Receipt

from ..soql import long_id
from . import verdicts
from .groups import Group
from .ingest import ENDED, OPEN, Files, Ingest
from .job_notes import JobNotes, Noted
from .outcome import sent_cells
from .results import fault, table
from .sheet import ReadAsNull, sheet

Sent = tuple[tuple[str, str], ...]  # what was sent of a record: column and cell, in order


class Said(NamedTuple):
    """Of a record, and `failed` instead of `created` where it was refused."""

    id: str
    created: bool
    failed: str = ""


class Recall:
    """What noted jobs say; each is asked once in this life, and tells of a record once."""

    def __init__(self, ingest: Ingest, notes: JobNotes) -> None:
        self._ingest, self._notes = ingest, notes
        self._told: list[tuple[Noted, dict[Sent, Said]]] = []
        self._running: dict[str, Noted] = {}

    def receipts(self, group: Group) -> dict[int, Receipt]:
        """Of those changes of a group of which a job tells, by position. Raises AdapterError."""
        for noted in self._notes.all():
            if _fits(noted, group) and noted.job not in self._running:
                self._ask(noted, len(group))
        told = [rows for noted, rows in self._told if rows and _fits(noted, group)]
        if not told:
            return {}
        found: dict[int, Receipt] = {}
        for n, sent in enumerate(_sent(group)):
            rows = next((rows for rows in told if sent in rows), None)
            if rows is not None:
                found[n] = _receipt(group.changes[n], rows.pop(sent))
        return found

    def running(self, group: Group) -> bool:
        """Whether a job of this kind goes on: then what is not done yet may still be."""
        return any(_fits(noted, group) for noted in self._running.values())

    def _ask(self, noted: Noted, records: int) -> None:
        """Take a job's results, and forget it: what it tells is kept for the rest of this life."""
        job = self._ingest.find(noted.job)
        if job is not None and job.state == OPEN:
            self._ingest.abort(noted.job)  # never closed, so never done
        elif job is not None:
            try:
                ended = job if job.state in ENDED else self._ingest.wait(noted.job, records)
            except Unavailable:
                self._running[noted.job] = noted
                return
            self._told.append((noted, _read(self._ingest.files(ended, ended.processed))))
        self._notes.drop(noted.job)


def _fits(noted: Noted, group: Group) -> bool:
    return (noted.object, noted.action, noted.key_field) == (group.object, group.action, group.key_field)


def _sent(group: Group) -> Iterable[Sent]:
    try:
        return [_in_order(cells) for cells in sent_cells(table(sheet(group)))]
    except ReadAsNull:  # such changes are in no job
        return ()


def _read(files: Files) -> dict[Sent, Said]:
    done, failed = table(files.successful), table(files.failed)
    found = {
        _in_order(cells): Said(row[0], created=row[1].lower() == "true")
        for cells, row in zip(sent_cells(done), done.rows, strict=True)
    }
    refused = zip(sent_cells(failed), failed.rows, strict=True)
    return found | {_in_order(cells): Said(row[0], created=False, failed=row[1]) for cells, row in refused}


def _in_order(cells: Mapping[str, str]) -> Sent:
    return tuple(sorted(cells.items()))


def _receipt(change: Change, said: Said) -> Receipt:
    record_id = long_id(said.id) or None
    if said.failed:
        return verdicts.refused(change, fault(said.failed), record_id)
    return verdicts.done(change, record_id, created=said.created)

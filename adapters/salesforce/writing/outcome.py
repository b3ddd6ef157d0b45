"""What the results of a job say of each change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cs_connector.ports import Receipt

from ..soql import long_id
from . import verdicts
from .groups import Group
from .ingest import Files
from .results import CREATED, ERROR, ID, Table, cells, fault, table

_TRUE = frozenset({"true", "True", "TRUE"})
_OURS = "sf__"  # columns that Salesforce puts before those that were sent


@dataclass(slots=True)
class Outcome:
    """Receipts by place; `left` are the changes of the group that were never tried, by position."""

    found: dict[int, Receipt] = field(default_factory=dict)
    left: list[int] = field(default_factory=list)


def outcome(group: Group, files: Files, body: bytes) -> Outcome:
    """Every change is in one of the two; one of which no file tells is UNKNOWN."""
    done, failed, unprocessed = _by_column(group, files) if group.column else _by_row(files)
    waiting = dict(zip(_names(group, body), range(len(group)), strict=True))
    receipts = [*_done(group, done, waiting), *_refused(group, failed, waiting)]
    untouched = list(waiting) if files.job.nothing_done else unprocessed
    left = sorted(n for name in untouched if (n := waiting.pop(name, None)) is not None)
    why = f"job {files.job.id} does not tell of it"
    receipts += [(n, verdicts.missing(group.changes[n], why)) for n in waiting.values()]
    return Outcome({group.places[n]: receipt for n, receipt in receipts}, left)


def _done(group: Group, rows: Sequence[Row], waiting: dict[str, int]) -> Iterator[tuple[int, Receipt]]:
    for name, record_id, created in rows:
        n = waiting.pop(name, None)
        if n is not None:
            new = created in _TRUE
            yield n, verdicts.done(group.changes[n], long_id(record_id), created=new)


def _refused(group: Group, rows: Sequence[Row], waiting: dict[str, int]) -> Iterator[tuple[int, Receipt]]:
    for name, record_id, said in rows:
        n = waiting.pop(name, None)
        if n is not None:
            yield n, verdicts.refused(group.changes[n], fault(said), long_id(record_id) or None)


Row = tuple[str, ...]
Rows = tuple[Sequence[Row], Sequence[Row], Sequence[str]]


def _by_column(group: Group, files: Files) -> Rows:
    column = str(group.column)
    return (
        cells(files.successful, column, ID, CREATED) or cells(files.successful, ID, ID, CREATED),
        cells(files.failed, column, ID, ERROR) or cells(files.failed, ID, ID, ERROR),
        [row[0] for row in cells(files.unprocessed, column)],
    )


def _by_row(files: Files) -> Rows:
    """New records have nothing but their values: rows that are alike are told apart by counting."""
    seen: Counter[str] = Counter()
    tables = [table(content) for content in (files.successful, files.failed, files.unprocessed)]
    done, failed, left = (list(_counted(each, seen)) for each in tables)
    return (
        [(name, row[0], row[1]) for name, row in zip(done, tables[0].rows, strict=True)],
        [(name, row[0], row[1]) for name, row in zip(failed, tables[1].rows, strict=True)],
        left,
    )


def _names(group: Group, body: bytes) -> Sequence[str]:
    return group.names if group.column else list(_counted(table(body), Counter()))


def _counted(rows: Table, seen: Counter[str]) -> Iterator[str]:
    for sent in sent_cells(rows):
        text = "\x1f".join(f"{name}={value}" for name, value in sorted(sent.items()))
        seen[text] += 1
        yield f"{text}\x1f{seen[text]}"


def sent_cells(rows: Table) -> Iterator[Mapping[str, str]]:
    """Of each row what was sent, by column; an empty cell was not."""
    for row in rows.rows:
        pairs = zip(rows.head, row, strict=True)
        yield {name: value for name, value in pairs if value and not name.startswith(_OURS)}

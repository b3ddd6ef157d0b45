"""Works off the rows of an ingest job: in batches that run beside each other, chunk by chunk.

What two transactions that run at the same moment both need, the later one does not get: neither two batches of a job
nor two jobs whose time overlaps. (Vendor: data is split into batches of 10,000 and transactions of 200 records.)
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from ..errors import RecordError
from ..state import State
from .ingest_head import Sheet
from .ingest_rows import Rows, error_cell, named_id

CHUNK = 200
Lines = list[list[str]]


@dataclass(slots=True)
class Outcome:
    """Result lines; `left` are those that were never tried. `needed` are the rows locked at each moment."""

    head: list[str] = field(default_factory=list)
    done: Lines = field(default_factory=list)
    failed: Lines = field(default_factory=list)
    left: Lines = field(default_factory=list)
    needed: list[frozenset[str]] = field(default_factory=list)


def run(state: State, rows: Rows, sheet: Sheet, size: int, beside: Sequence[frozenset[str]]) -> Outcome:
    """What became of each row. `size` is a batch's, `beside` what another job needed at each moment."""
    outcome = Outcome(sheet.head)
    for chunks, others in zip_longest(moments(sheet.lines, size), beside):
        if chunks is None:
            break
        outcome.needed.append(_moment(state, rows, outcome, chunks, others or frozenset()))
    return outcome


def batches(lines: int, size: int) -> int:
    return -(-lines // size)


def moments(lines: Lines, size: int) -> Iterator[list[Lines]]:
    """At each moment, one chunk of every batch."""
    parts = [lines[start : start + size] for start in range(0, len(lines), size)]
    for start in range(0, size, CHUNK):
        chunks = [part[start : start + CHUNK] for part in parts if len(part) > start]
        if not chunks:
            return
        yield chunks


def _moment(
    state: State, rows: Rows, outcome: Outcome, chunks: list[Lines], taken: frozenset[str]
) -> frozenset[str]:
    """Write the chunks; answers the rows that they locked."""
    locks = state.writer.locks
    for chunk in chunks:
        rows.new_chunk(outcome.head, chunk)
        locks.taken, locks.needed = taken, set()
        for line in chunk:
            _one(state, rows, outcome, line)
        taken |= locks.needed
    locks.taken = frozenset()
    return taken


def _one(state: State, rows: Rows, outcome: Outcome, line: list[str]) -> None:
    try:
        record_id, created = rows.write(outcome.head, line)
    except RecordError as bad:
        outcome.failed.append([named_id(outcome.head, line), error_cell(bad), *line])
        return
    state.writer.commit()
    outcome.done.append([record_id, "true" if created else "false", *line])


def shuffled(lines: Lines, seed: str) -> Lines:
    """The results of a job are in no order that a client may count on."""
    return random.Random(seed).sample(lines, len(lines))  # noqa: S311 — dice, not secrets

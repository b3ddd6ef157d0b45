"""Which rows of a dataset count: of each id the newest one, by known_at and then by modified_at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

import duckdb

from . import views

_VERSION = "{'known': known_at, 'modified': coalesce(modified_at, '')}"


class Holds(StrEnum):
    """What is known of the rows of a file: nothing; that no id is there twice; that later files have overtaken them all."""

    ANY = ""
    ONCE = "once"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a dataset."""

    path: Path
    holds: Holds = Holds.ANY


def layered(parts: Sequence[Part]) -> bool:
    """Whether each file that is not of the past has its ids once."""
    return all(part.holds is not Holds.ANY for part in parts)


def living(parts: Sequence[Part]) -> list[Path]:
    """The files that are not of the past."""
    return [part.path for part in parts if part.holds is not Holds.PAST]


def query(con: duckdb.DuckDBPyConnection, parts: Sequence[Part], columns: Mapping[str, str]) -> str:
    """A query for the newest row of each id. `parts` are in the order of their age."""
    paths = living(parts)
    if not layered(parts) or not paths:
        return _sorted(con, paths, columns)
    return Layers.of(paths).newest(con, columns)


@dataclass(frozen=True, slots=True)
class Layers:
    """Files that have each id once: the largest, and those that are older and newer.

    Only ids of what is newer are kept in memory, which are few; the rows of the largest just stream through.
    """

    older: Sequence[Path]
    base: Path
    newer: Sequence[Path]

    @classmethod
    def of(cls, paths: Sequence[Path]) -> Self:
        at = max(range(len(paths)), key=lambda n: paths[n].stat().st_size)
        return cls(paths[:at], paths[at], paths[at + 1 :])

    def newest(self, con: duckdb.DuckDBPyConnection, columns: Mapping[str, str]) -> str:
        """A query for the newest row of each id."""
        found = [_unless(views.scan(con, [self.base], columns), self.newer)]
        if self.older:
            found.append(_unless(_sorted(con, self.older, columns), [self.base, *self.newer]))
        if self.newer:
            found.append(_sorted(con, self.newer, columns))
        names = ", ".join(map(views.name, columns))
        return " UNION ALL ".join(f"SELECT {names} FROM ({each})" for each in found)


def _unless(rows: str, later: Sequence[Path]) -> str:
    return f"SELECT * FROM ({rows}) ANTI JOIN ({_ids(later)}) USING (id)" if later else rows


def _ids(paths: Sequence[Path]) -> str:
    if not paths:
        return "SELECT CAST(NULL AS VARCHAR) AS id WHERE false"
    return f"SELECT id FROM read_parquet([{', '.join(views.text(str(path)) for path in paths)}])"


def _sorted(con: duckdb.DuckDBPyConnection, paths: Sequence[Path], columns: Mapping[str, str]) -> str:
    """The payloads only stream through; what is kept in memory is one short row an id."""
    needed = {**columns, "id": "VARCHAR", "known_at": "TIMESTAMP", "modified_at": "VARCHAR"}
    every = views.scan(con, paths, needed)
    return (
        f"SELECT every.* FROM ({every}) every SEMI JOIN "
        f"(SELECT id AS top_id, max({_VERSION}) AS newest FROM ({every}) GROUP BY id) top "
        f"ON id = top_id AND {_VERSION} = newest"
    )

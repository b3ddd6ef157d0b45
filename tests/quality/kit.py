"""Labelled records through the product's own matching, and how well its groups fit the labels."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from cs_connector.language.executor import connect
from cs_connector.model import ENTITIES
from cs_connector.unify import identity
from cs_connector.unify.extraction import ORIGIN
from cs_connector.unify.sql import ident

_ORDER = ("sales", "marketing", "service", "files")
AS_OF = date(2026, 11, 25)
Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Fit:
    """Of pairs: `precision`, `recall` and their mean `f1`; `b_cubed` is the F1 of the mean record."""

    precision: float
    recall: float
    f1: float
    b_cubed: float


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [{k.strip(): (v or "").strip() for k, v in row.items()} for row in csv.DictReader(file)]


def executor() -> duckdb.DuckDBPyConnection:
    """An executor with empty staging tables and no links of an earlier run."""
    con = connect()
    con.execute("CREATE TABLE connection_crm(connection VARCHAR, crm VARCHAR)")
    links = ", ".join(
        f"{c} VARCHAR" for c in ("entity_id", "entity", "connection", "object", "record_id", "method")
    )
    con.execute(f"CREATE TABLE previous_link({links})")
    for entity in ENTITIES.values():
        columns = ", ".join(f"{ident(c.name)} {c.type}" for c in entity.staged)
        con.execute(f"CREATE TABLE stage_{entity.name}({ORIGIN}, {columns})")
    return con


def stage(con: duckdb.DuckDBPyConnection, entity: str, rows: Iterable[Row]) -> None:
    """Rows of `record`, `system`, and attributes, as if they had been read; a system that sells is believed first."""
    rows = list(rows)
    columns = [c for c in rows[0] if c not in ("record", "system")]
    con.executemany(
        f"INSERT INTO stage_{entity}(connection, rank, object, record_id, {', '.join(columns)}) "
        f"VALUES (?, ?, '{entity}', ?, {', '.join('?' * len(columns))})",
        [
            [
                row["system"],
                _ORDER.index(row["system"] or ""),
                row["record"],
                *(row[c] or None for c in columns),
            ]
            for row in rows
        ],
    )


def groups(con: duckdb.DuckDBPyConnection, entity: str) -> dict[str, str]:
    """Record → entity id, as the product decides."""
    identity.resolve(con, AS_OF)
    return dict(
        con.execute(f"SELECT record_id, entity_id FROM resolved WHERE entity = '{entity}'").fetchall()
    )


def fit(found: Mapping[str, str], truth: Mapping[str, str]) -> Fit:
    both = Counter((found[r], truth[r]) for r in truth)
    right, said, is_ = (_pairs(c) for c in (both, Counter(found[r] for r in truth), Counter(truth.values())))
    precision, recall = right / said if said else 1.0, right / is_
    sizes, real = Counter(found[r] for r in truth), Counter(truth.values())
    p = sum(n * n / sizes[f] for (f, _), n in both.items()) / len(truth)
    r = sum(n * n / real[t] for (_, t), n in both.items()) / len(truth)
    return Fit(precision, recall, _mean(precision, recall), _mean(p, r))


def _pairs(counts: Counter[object] | Counter[str]) -> int:
    return sum(n * (n - 1) // 2 for n in counts.values())


def _mean(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0


def companies(rows: Sequence[Row]) -> list[dict[str, str | None]]:
    return [
        {k: row[k] for k in ("record", "system", "name", "domain", "country", "city", "phone")}
        for row in rows
    ]


def people(rows: Sequence[Row], *without: str) -> list[dict[str, str | None]]:
    """The columns of the febrl sets as attributes of a person; the social security number would be the answer."""
    return [
        {
            "record": row["rec_id"],
            "system": "files",
            "given_name": row["given_name"],
            "family_name": row["surname"],
            "street": f"{row['street_number']} {row['address_1']}".strip(),
            "street_2": row["address_2"],
            "city": row["suburb"],
            "postal_code": row["postcode"],
            "region": row["state"],
            "born_on": None if "born_on" in without else row["date_of_birth"],
        }
        for row in rows
    ]


def contacts(rows: Sequence[Row]) -> list[dict[str, str | None]]:
    """The columns of the set fake_1000, of people with name, birthday, city and email."""
    return [
        {
            "record": row["unique_id"],
            "system": "files",
            "given_name": row["first_name"],
            "family_name": row["surname"],
            "email": row["email"],
            "city": row["city"],
            "born_on": row["dob"],
        }
        for row in rows
    ]

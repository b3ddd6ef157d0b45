"""A small company in tables, the same rows in pandas, and steps run over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pandas as pd
import pyarrow as pa

from cs_connector.language.compiler import compile_study
from cs_connector.language.executor import Connection, connect, sql
from cs_connector.language.periods import GREGORIAN, Calendar
from cs_connector.language.steps import Step
from cs_connector.measure.metrics import BASE
from cs_connector.model import ATTACHMENT, ENTITIES, Entity

GRID = (date(2026, 11, 25), date(2026, 10, 31), date(2026, 3, 31))
RELATIONSHIPS = (  # r, account, product
    (1, "a1", "P"), (2, "a1", "Q"), (3, "a2", None), (4, "a3", "P"), (5, "a4", "P"), (6, "a5", "Q"), (7, "a6", "P"),
)  # fmt: skip
PARENTS = {"a1": "a1", "a2": "a1", "a3": "a1", "a4": "a4", "a5": None, "a6": "a6"}
SEGMENTS = {"a1": "Big", "a2": "Big", "a3": "Big", "a4": "Big", "a5": None, "a6": "Small"}
CELL = ["r", "today"]
Steps = list[dict[str, Any]]
COUNT = {"aggregate": {"totals": {"n": {"take": "count"}}}}


def steps(*listed: dict[str, Any]) -> list[Step]:
    return [Step.model_validate(step) for step in listed]


@dataclass
class Town:
    """The tables, and what was put into them."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    attached: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, entity: str, /, **values: Any) -> None:
        rows = self.rows.setdefault(entity, [])
        rows.append({ENTITIES[entity].key: f"{entity}-{len(rows):03}", **values})

    def connection(self, grid: Sequence[date] = GRID) -> Connection:
        con = connect("500MB", threads=1)
        for entity in (*ENTITIES.values(), ATTACHMENT):
            fill(con, entity, self.rows.get(entity.name, []))
        for entity_name, entity_id, relationship in self.attached:
            con.execute(
                "INSERT INTO attachment VALUES (?, ?, ?, 'rule')", [entity_name, entity_id, relationship]
            )
        con.execute("CREATE TABLE grid(on_date DATE)")
        con.executemany("INSERT INTO grid VALUES (?)", [[day] for day in grid])
        listed = ", ".join(f'"{name}" {type_}' for name, type_ in BASE.items() if name != "today")
        con.execute(f"CREATE TABLE scope(r INTEGER, {listed})")
        for r, account, product in RELATIONSHIPS:
            con.execute(
                "INSERT INTO scope (r, relationship_id, account_id, product, arr, account_segment, account_ultimate_parent_id) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                [r, f"r{r}", account, product, 100 * r, SEGMENTS[account], PARENTS[account]],
            )
        return con

    def frame(self, entity: str) -> pd.DataFrame:
        """The rows of an entity, with every column."""
        names = [c.name for c in ENTITIES[entity].columns]
        return pd.DataFrame(
            [{n: row.get(n) for n in names} for row in self.rows.get(entity, [])], columns=names
        )

    def counted(self, entity: str, of: str = "relationship") -> pd.DataFrame:
        """The rows that count for each relationship, found by looking at every pair."""
        found = []
        for r, account, product in RELATIONSHIPS:
            mine = self.rows.get(entity, [])
            found += [{"r": r, **row} for row in mine if self._counts(entity, row, of, r, account, product)]
        return pd.DataFrame(found, columns=["r", *self.frame(entity).columns])

    def _counts(
        self, entity: str, row: dict[str, Any], of: str, r: int, account: str, product: str | None
    ) -> bool:
        if of == "group":
            return (PARENTS[account] or account) == (PARENTS[row["account_id"]] or row["account_id"])
        if row["account_id"] != account:
            return False
        if of == "account":
            return True
        to = [where for e, i, where in self.attached if (e, i) == (entity, row[ENTITIES[entity].key])]
        return f"r{r}" in to if to else row["product"] is None or row["product"] == product


def fill(con: Connection, entity: Entity, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(f'"{c.name}" {c.type}' for c in entity.columns)
    con.execute(f'CREATE TABLE "{entity.name}" ({columns})')
    if rows:
        names = [c.name for c in entity.columns]
        con.register("given", pa.table({name: [row.get(name) for row in rows] for name in names}))
        con.execute(f'INSERT INTO "{entity.name}" SELECT * FROM given')
        con.unregister("given")


def town(seed: int = 1) -> Town:
    """Usage, tickets and invoices with gaps, ties and values that are not known; a4 has one row, a5 none."""
    made, draw = Town(), Random(seed)
    for account, parent in PARENTS.items():
        made.add(
            "account",
            account_id=account,
            ultimate_parent_id=parent,
            segment=SEGMENTS[account],
            currency="EUR",
        )
    for account in ("a1", "a2", "a3", "a6"):
        for _ in range(40):
            day = date(2025, 1, 1) + timedelta(draw.randrange(700))
            value = draw.choice([None, 1, 1, 2, 5, 5.5, -3, 1e6])
            made.add(
                "usage", account_id=account, product=draw.choice([None, "P", "Q"]), metric=draw.choice(["x", "y", None]),
                on_date=day, grain="day", value=value,
            )  # fmt: skip
            moment = datetime.combine(day, datetime.min.time()) + timedelta(minutes=draw.randrange(1440))
            made.add(
                "ticket", account_id=account, product=draw.choice([None, "P"]), priority=draw.choice(["P1", "P2", None]),
                status="open", opened_at=draw.choice([moment, moment, moment, None]),
            )  # fmt: skip
    made.add(
        "usage", account_id="a4", product="P", metric="x", on_date=date(2026, 9, 15), grain="day", value=4
    )
    made.add(
        "usage", account_id="a4", product="P", metric="y", on_date=date(2026, 9, 15), grain="day", value=None
    )
    made.attached += [
        ("usage", "usage-000", "r2"),
        ("usage", "usage-001", "r1"),
        ("usage", "usage-001", "r2"),
    ]
    return made


def rows(con: Connection, listed: Sequence[dict[str, Any]], calendar: Calendar = GREGORIAN) -> pd.DataFrame:
    """What the steps give, whatever a row is; ordered."""
    ending = [*listed, COUNT]
    stages = list(compile_study(steps(*ending), calendar).stages)
    return frame(con, sql(stages[-2].rows.query))


def cells(con: Connection, listed: Sequence[dict[str, Any]], calendar: Calendar = GREGORIAN) -> pd.DataFrame:
    """What the steps give, a row a relationship and date."""
    plan = compile_study(steps(*listed), calendar, base=BASE)
    for part in plan.whole and plan.parts:
        con.execute(f'CREATE OR REPLACE TABLE "{part.table}" AS {sql(part.rows.query)}')
    return frame(con, sql(plan.rows.query))


def frame(con: Connection, query: str) -> pd.DataFrame:
    found = con.execute(f"SELECT * FROM ({query}) ORDER BY ALL").df()
    return found.assign(today=found["today"].dt.date) if "today" in found else found


def paired(frame: pd.DataFrame, dated: str | None, grid: Sequence[date] = GRID) -> pd.DataFrame:
    """Each row at each date, without what is dated later."""
    found = frame.merge(pd.DataFrame({"today": list(grid)}), how="cross")
    if dated is None:
        return found
    days = pd.to_datetime(found[dated]).dt.date
    return found[[d is None or pd.isna(d) or d <= t for d, t in zip(days, found["today"], strict=True)]]


def same(ours: pd.DataFrame, theirs: pd.DataFrame, keys: Sequence[str] = CELL) -> None:
    """The same rows with the same values, to nine digits; not known is equal to not known only."""
    columns = [c for c in ours.columns if c in theirs.columns]
    assert set(theirs.columns) <= set(ours.columns), (ours.columns, theirs.columns)
    left, right = (tidy(f, columns, keys) for f in (ours, theirs))
    pd.testing.assert_frame_equal(left, right, check_dtype=False, rtol=1e-9, atol=1e-9)


def tidy(frame: pd.DataFrame, columns: Sequence[str], keys: Sequence[str]) -> pd.DataFrame:
    """Comparable: days as texts, numbers as floats, ordered by the keys."""
    found = frame[list(columns)].copy()
    for name in columns:
        kind = found[name].dropna()
        if len(kind) and hasattr(kind.iloc[0], "isoformat"):
            found[name] = [None if pd.isna(v) else str(v)[:10] for v in found[name]]
        elif len(kind) and isinstance(kind.iloc[0], str):
            found[name] = [None if pd.isna(v) else v for v in found[name]]
        else:
            found[name] = pd.to_numeric(found[name]).astype(float)
    order = sorted(range(len(found)), key=lambda i: [str(found[k].iloc[i]) for k in keys])
    return found.iloc[order].reset_index(drop=True)

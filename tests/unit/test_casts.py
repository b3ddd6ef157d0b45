"""A text of a record becomes a typed value whatever form a CRM gave it, or nothing."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from cs_connector.model import DATE, TIME
from cs_connector.unify import Source, aliases, load_mapping
from cs_connector.unify.extraction import stage
from cs_connector.unify.sql import cast, literal

from .unify_kit import Records, latest, rows

NAMES = """\
version: 1
crm: x
read:
  - object: Contract
    entity: subscription
    fields: {product: t2, region: payload, type: z}
"""
NINE = datetime(2026, 3, 29, 9)
TIMES = {
    "2026-03-29T09:00:00.000+0000": NINE,
    "2026-03-29T09:00:00Z": NINE,
    "2026-03-29T09:00:00.250Z": NINE.replace(microsecond=250_000),
    "2026-03-29 09:00:00": NINE,
    "2026-03-29T11:00:00+02:00": NINE,
    "2026-03-29T04:30:00-0430": NINE,
    "2026-03-29": NINE.replace(hour=0),
    "1774774800000": NINE,
    "-62135596800000": datetime(1, 1, 1),
    "2026/03/29 09:00:00 Z": NINE,
    "12026-03-29T09:00:00Z": None,
    "2026-02-30T09:00:00Z": None,
    "soonZ": None,
    "Z": None,
    "+0000": None,
    "": None,
}
DATES = {
    "2026-03-29": date(2026, 3, 29),
    "2026-03-29T23:59:59.000+0000": date(2026, 3, 29),
    "1774774800000": date(2026, 3, 29),
    "2026/03/29": date(2026, 3, 29),
    "12026-03-29": None,
    "2026-13-01": None,
    "soon": None,
}


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    made.execute("SET timezone = 'UTC'")
    return made


@pytest.mark.parametrize(
    ("text", "to", "value"),
    [*((t, TIME, v) for t, v in TIMES.items()), *((d, DATE, v) for d, v in DATES.items())],
)
def test_a_text_is_read_in_every_form(
    con: duckdb.DuckDBPyConnection, text: str, to: str, value: object
) -> None:
    assert con.execute(f"SELECT {cast('t', to)} FROM (SELECT {literal(text)} AS t)").fetchall() == [(value,)]


def test_fields_with_names_of_inner_columns_keep_their_own_values(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "x.yml").write_text(NAMES)
    raw: Records = {("x", "Contract"): [{"Id": "1", "t2": "Gold", "payload": "West", "z": "new"}]}
    source = Source("x", "x", 0, load_mapping(tmp_path / "x.yml"))
    aliases.collect(con, [source], latest(con, raw))
    stage(con, [source], latest(con, raw))
    assert rows(con, "SELECT product, region, type FROM stage_subscription") == [("Gold", "West", "new")]

"""Laws of mappings: what is written comes back as it was meant, and what is read is what a plain reading gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cs_connector.act.differences import current
from cs_connector.act.differences.comparing import _value
from cs_connector.unify import Source, aliases
from cs_connector.unify.extraction import stage
from cs_connector.unify.mapping import MappingFile, WriteRule

TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=40)
SPACES = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"  # what reading leaves out at the ends
WORDS = ("green", "yellow", "red", "unknown")
RULE: dict[str, Any] = {
    "object": "A",
    "source": "account",
    "fields": {
        "T__c": {"column": "text", "length": 12},
        "Free__c": "text",
        "N__c": {"column": "number", "type": "number"},
        "M__c": {"column": "money", "type": "number", "scale": 2},
        "P__c": {"column": "number", "type": "percent"},
        "D__c": {"column": "day", "type": "date"},
        "B__c": {"column": "band", "values": {word: word.title() for word in WORDS}},
    },
}
ROWS = st.lists(
    st.fixed_dictionaries({
        "text": TEXTS | st.none(),
        "number": st.floats(-1e9, 1e9) | st.none(),
        "money": st.decimals(-(10**12), 10**12, places=2) | st.none(),
        "day": st.dates(date(1970, 1, 1), date(2100, 1, 1)) | st.none(),
        "band": st.sampled_from(WORDS) | st.none(),
    }),
    min_size=1,
    max_size=20,
)  # fmt: skip


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def wanted(
    con: duckdb.DuckDBPyConnection, rule: WriteRule, rows: list[dict[str, Any]]
) -> list[dict[str, str | None]]:
    """What the plan writes, as texts."""
    con.execute(
        "CREATE OR REPLACE TABLE w(n INTEGER, text VARCHAR, number DOUBLE, money DECIMAL(18,2), day DATE, band VARCHAR)"
    )
    listed = [(n, r["text"], r["number"], r["money"], r["day"], r["band"]) for n, r in enumerate(rows)]
    con.executemany("INSERT INTO w VALUES (?, ?, ?, ?, ?, ?)", listed)
    columns = ", ".join(f'{_value(rule, name)} AS "{name}"' for name in rule.fields)
    found = con.execute(f"SELECT {columns} FROM w ORDER BY n").fetchall()
    return [dict(zip(rule.fields, row, strict=True)) for row in found]


def kept(rule: WriteRule, name: str, text: str | None) -> Any:
    """How a CRM gives back what it was sent: numbers as numbers, an empty text as nothing, dates also as times."""
    if text is None:
        return None
    if rule.fields[name].type in ("number", "percent"):
        return float(text)
    return f"{text}T00:00:00.000+0000" if rule.fields[name].type == "date" else text


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(root=st.sampled_from(["", "properties"]), rows=ROWS)
def test_what_was_written_is_not_written_again(
    con: duckdb.DuckDBPyConnection, root: str, rows: list[dict[str, Any]]
) -> None:
    mapping = MappingFile.model_validate(
        {"version": 1, "crm": "x", "root": root, "read": [], "write": [RULE]}
    )
    (rule,) = mapping.write
    sent = wanted(con, rule, rows)
    assert all(len((row["T__c"] or "").encode("utf-16-le")) <= 2 * 12 for row in sent)
    con.execute(
        "CREATE OR REPLACE TABLE raw(id VARCHAR, known_at TIMESTAMP, deleted BOOLEAN, payload VARCHAR)"
    )
    for number, row in enumerate(sent):
        record: dict[str, Any] = {name: kept(rule, name, text) for name, text in row.items()}
        payload = json.dumps({root: record} if root else record)
        con.execute("INSERT INTO raw VALUES (?, NULL, FALSE, ?)", [f"{number:03}", payload])
    current.read(con, mapping, rule, "raw", "back")
    names = ", ".join(f'"{name}"' for name in rule.fields)
    found = con.execute(f"SELECT {names} FROM back ORDER BY record_id").fetchall()
    assert [dict(zip(rule.fields, row, strict=True)) for row in found] == sent


READ: dict[str, Any] = {
    "object": "A",
    "entity": "subscription",
    "fields": {
        "product": "Free__c",
        "arr": "M__c",
        "renewal_on": "D__c",
        "status": {"field": "B__c", "values": {word.title(): word for word in WORDS}, "default": None},
    },
}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_what_was_written_is_read_as_what_it_was(
    con: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]
) -> None:
    mapping = MappingFile.model_validate({"version": 1, "crm": "x", "read": [READ], "write": [RULE]})
    (rule,) = mapping.write
    con.execute(
        "CREATE OR REPLACE TABLE raw(id VARCHAR, modified_at VARCHAR, deleted BOOLEAN, payload VARCHAR)"
    )
    for number, row in enumerate(wanted(con, rule, rows)):
        payload = json.dumps({name: kept(rule, name, text) for name, text in row.items()})
        con.execute("INSERT INTO raw VALUES (?, NULL, FALSE, ?)", [f"{number:03}", payload])
    source = Source("x", "x", 0, mapping)
    aliases.collect(con, [source], lambda _connection, _object: "raw")
    stage(con, [source], lambda _connection, _object: "raw")
    found = con.execute(
        "SELECT product, arr, renewal_on, status FROM stage_subscription ORDER BY record_id"
    ).fetchall()
    assert found == [((r["text"] or "").strip(SPACES) or None, r["money"], r["day"], r["band"]) for r in rows]
    assert con.execute("SELECT count(*) FROM quarantine").fetchone() == (0,)

"""Which rules hold for which relationships, and which of them speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from .rules import MOVING, SCORES, Rule

BOOK = "book:"
"""How the relationship of a call begins that is about all of them together; the name of its rule follows."""
_AROUND = "SELECT relationship_id, {0} AS shift FROM {1} WHERE coalesce({2}, FALSE)"


def fire(con: duckdb.DuckDBPyConnection, rules: Sequence[tuple[Rule, str]]) -> None:
    """Fill `reading` (rule, relationship_id, holds, surely): what is not in it does not hold.

    `surely` says that a score three points lower or higher would change nothing; a reading that is there and holds
    neither way is one that nearly does. `undecided` gets the relationships for which a rule cannot be judged now: a
    feed that is lost is no answer, nor is a score that did not fall by what is left of it.
    """
    con.execute("CREATE OR REPLACE TABLE undecided(relationship_id VARCHAR, rule VARCHAR)")
    con.execute(
        "CREATE OR REPLACE TABLE reading(rule VARCHAR, relationship_id VARCHAR, holds BOOLEAN, surely BOOLEAN)"
    )
    for rule, condition in rules:
        tables = {0: "standing", -1: "standing_low", 1: "standing_high"}
        shifts = tables if any(name in condition for name in SCORES) else {0: "standing"}
        around = " UNION ALL ".join(_AROUND.format(n, table, condition) for n, table in shifts.items())
        con.execute(
            f"INSERT INTO reading SELECT ?, relationship_id, bool_or(shift = 0), count(*) = {len(shifts)} "
            f"FROM ({around}) GROUP BY relationship_id",
            [rule.rule],
        )
        blind = " OR lost" if any(name in condition for name in MOVING) else ""
        con.execute(
            f"INSERT INTO undecided SELECT relationship_id, ? FROM standing WHERE ({condition}) IS NULL{blind}",
            [rule.rule],
        )


def choose(con: duckdb.DuckDBPyConnection, rules: Mapping[str, Rule]) -> None:
    """Fill `candidate` from `settled`: at most one call of a type for each relationship, the first rule in rank.

    A rule that a person silenced for the relationship (`silenced`) speaks only where no other does. One about the whole
    book makes one call, of the relationships in `book`.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE declared(rule VARCHAR, rank INTEGER, type VARCHAR, level VARCHAR)"
    )
    if rules:
        con.executemany(
            "INSERT INTO declared VALUES (?, ?, ?, ?)",
            [[r.rule, r.rank, r.type, r.level] for r in rules.values()],
        )
    con.execute(
        "CREATE OR REPLACE TABLE book AS SELECT rule, relationship_id FROM settled JOIN declared USING (rule) WHERE level = 'book'"
    )
    con.execute(
        "CREATE OR REPLACE TABLE candidate AS WITH held AS (SELECT d.*, s.relationship_id, s.account_id, "
        "z.rule IS NOT NULL AS quiet FROM settled JOIN declared d USING (rule) JOIN standing s USING (relationship_id) "
        "LEFT JOIN silenced z ON z.rule = d.rule AND z.relationship_id = s.relationship_id WHERE d.level <> 'book' "
        "QUALIFY d.level = 'relationship' OR "
        "row_number() OVER (PARTITION BY d.rule, s.account_id ORDER BY s.arr DESC, s.relationship_id) = 1) "
        "SELECT rule, rank, type, relationship_id, account_id FROM held "
        "QUALIFY row_number() OVER (PARTITION BY relationship_id, type ORDER BY quiet, rank, rule) = 1 "
        f"UNION ALL SELECT DISTINCT rule, rank, type, '{BOOK}' || rule, '' FROM declared JOIN book USING (rule)"
    )

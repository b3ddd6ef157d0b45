"""The same customers from every side: the totals agree, and the groups add up to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector.errors import UsageError
from cs_connector.model import ACCOUNT, RELATIONSHIP, USER
from cs_connector.runner.perspectives import BY, perspective

few = st.sampled_from([None, "x", "y"])
accounts = st.lists(
    st.tuples(st.sampled_from(["Customer", "Trial", "Former customer", None]), few, st.sampled_from([None, "EUR", "USD"])),
    max_size=5,
)  # fmt: skip
relationships = st.lists(
    st.tuples(
        st.integers(0, 5), few, few, few, st.sampled_from(["Active", "Onboarding", "Ended"]),
        st.none() | st.decimals(0, 10_000, places=2), st.sampled_from([None, "red", "green"]),
    ),
    max_size=8,
)  # fmt: skip


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as con:
        for entity in (ACCOUNT, RELATIONSHIP, USER):
            columns = ", ".join(f"{c.name} {c.type}" for c in entity.columns)
            con.execute(f'CREATE TABLE "{entity.name}"({columns})')
        con.execute("CREATE TABLE band(relationship_id VARCHAR, band VARCHAR)")
        con.execute("""INSERT INTO "user"(user_id, name) VALUES ('x', 'Ann'), ('y', 'Ann')""")
        yield con


def plant(con: duckdb.DuckDBPyConnection, told: list[Any], kin: list[Any]) -> None:
    con.execute("DELETE FROM account; DELETE FROM relationship; DELETE FROM band")
    names = "account_id, customer_status, segment, currency"
    rows = [(str(n), *row) for n, row in enumerate(told)]
    if rows:
        con.executemany(f"INSERT INTO account({names}) VALUES (?, ?, ?, ?)", rows)
    names = "relationship_id, account_id, product, region, owner_user_id, status, arr"
    if kin:
        made = [(str(n), str(row[0]), *row[1:-1]) for n, row in enumerate(kin)]
        con.executemany(f"INSERT INTO relationship({names}) VALUES (?, ?, ?, ?, ?, ?, ?)", made)
        con.executemany("INSERT INTO band VALUES (?, ?)", [(str(n), row[-1]) for n, row in enumerate(kin)])


@settings(deadline=None, max_examples=20)
@given(accounts, relationships, st.lists(st.sampled_from(sorted(BY)), min_size=2, max_size=2, unique=True))
def test_totals_agree_from_every_side_and_groups_add_up(
    con: duckdb.DuckDBPyConnection, told: list[Any], kin: list[Any], sides: list[str]
) -> None:
    plant(con, told, kin)
    seen = [perspective(con, by) for by in sides]
    for view in seen:
        assert view["total"] == seen[0]["total"]
        added: Counter[str] = Counter()
        for group in view["groups"]:
            added.update({k: group[k] for k in ("relationships", "red")})
            for name in ("revenue", "at_risk"):
                added.update({f"{name} {c}": Decimal(str(v)) for c, v in group[name].items()})
        whole = {k: view["total"][k] for k in ("relationships", "red")}
        for name in ("revenue", "at_risk"):
            whole |= {f"{name} {c}": Decimal(str(v)) for c, v in view["total"][name].items()}
        assert +added == +Counter(whole)
        assert len({g["value"] for g in view["groups"]}) == len(view["groups"])
    live = [k for k in kin if k[0] < len(told) and told[k[0]][0] in ("Customer", "Trial") and k[4] != "Ended"]
    assert seen[0]["total"]["relationships"] == len(live)
    assert seen[0]["total"]["accounts"] == sum(a[0] in ("Customer", "Trial") for a in told)


def test_a_side_that_is_not_there_is_refused_by_name(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(UsageError, match="colour"):
        perspective(con, "colour")

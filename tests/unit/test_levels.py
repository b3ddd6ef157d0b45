"""Pairs that are left out before their names are compared could not have been likely enough, whatever those say."""

from __future__ import annotations

from itertools import combinations

import duckdb
import pytest

from cs_connector.unify import names, scoring
from cs_connector.unify.grades import Grade
from cs_connector.unify.levels import TOLD, Comparison, Level, Model, at_most
from cs_connector.unify.models import ACCOUNT

# name, domain, country, city, phone
FIRMS = (
    ("Ember Retail Ltd", "ember.com", "us", "austin", "4155550100"),
    ("Ember Retail GmbH", "ember.de", "de", "berlin", "4155550100"),
    ("Ember", "ember.com", None, "austin", "15554155550100"),
    ("Nordwind (formerly Ember Retail)", "nordwind.example", "us", "boston", "2125550199"),
    ("Nordwind", "emberretail.com", "us", None, "212555019901"),
    ("株式会社エンバー", "ember.com", "us", "~toukyou", "4155550100"),
)
COLUMNS = ", ".join(f"{c} {'BOOLEAN' if c == 'telling' else 'VARCHAR'}" for c in ACCOUNT.columns)


def shown(firm: tuple[str | None, ...]) -> list[object]:
    name, domain, country, city, phone = firm
    said = names.company(name or "")
    label = domain.split(".")[0] if domain else None
    told = (said.core, said.spoken, said.bare or said.spoken, said.form, said.telling, said.script)
    return [*told, domain, label, country, city, phone, said.raw]


def weight(comparison: Comparison) -> str:
    cases = (
        f"{level.when if level.when == 'ELSE' else f'WHEN {level.when} THEN'} {level.weight!r}"
        for level in comparison.levels
    )
    return f"CASE WHEN {comparison.unknown} THEN 0::DOUBLE {' '.join(cases)} END"


@pytest.mark.parametrize("comparison", ACCOUNT.comparisons, ids=lambda c: c.name)
def test_no_pair_weighs_more_than_it_can_at_most(comparison: Comparison) -> None:
    alone = type(ACCOUNT)(ACCOUNT.columns, 0.5, (comparison,))
    with duckdb.connect() as con:
        scoring.functions(con)
        con.execute(f"CREATE TABLE faced(n INTEGER, {COLUMNS}); CREATE TABLE graded({TOLD} INTEGER)")
        rows = [[n, *shown(firm)] for n, firm in enumerate(FIRMS)]
        con.executemany(f"INSERT INTO faced VALUES ({', '.join('?' * len(rows[0]))})", rows)
        con.executemany("INSERT INTO graded VALUES (?)", [[int(grade)] for grade in Grade])
        sides = ", ".join(f"l.{c} AS {c}_l, r.{c} AS {c}_r" for c in ("n", *ACCOUNT.columns))
        found = con.execute(
            f"SELECT {weight(comparison)} AS bits, {at_most(alone)} AS most FROM "
            f"(SELECT {TOLD}, {sides} FROM graded, faced l JOIN faced r ON l.n < r.n)"
        ).fetchall()
    assert len(found) == len(Grade) * len(list(combinations(FIRMS, 2)))
    assert all(bits <= most + 1e-9 for bits, most in found)


def test_what_an_earlier_level_may_say_is_no_less_for_a_later_one_that_holds() -> None:
    surest = Level(f"{TOLD} = 9", 0.8, 0.1, only="TRUE")
    near = Level(f"{TOLD} = 1 AND city_l = city_r", 0.2, 0.1, only="city_l = city_r")
    model = Model(("city",), 0.5, (Comparison("town", "FALSE", (surest, near, Level("ELSE", 0.1, 0.2))),))
    with duckdb.connect() as con:
        rows = con.execute(
            f"SELECT {at_most(model)} FROM (VALUES ('a', 'a'), ('a', 'b')) t(city_l, city_r)"
        ).fetchall()
    assert rows == [(surest.weight,)] * 2

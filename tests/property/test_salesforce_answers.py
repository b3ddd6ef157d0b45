"""What generated SOQL finds in the simulated org, against the same question in SQL over the same rows.

Salesforce's own rules stand in the SQL: text is compared and sorted without regard to case, a negation lets
nulls through, nulls come first.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.soql_grammar import mutated, valid
from tests.contract.salesforce_org import Org

COUNT = 60
COLUMNS = (
    "Name",
    "Industry",
    "AnnualRevenue",
    "NumberOfEmployees",
    "CreatedDate",
    "Rating",
    "ParentId",
    "City",
)


@dataclass(frozen=True)
class Both:
    """The same thing in SOQL and in SQL."""

    soql: str
    sql: str


@cache
def world():
    """An org of some accounts with a few contacts, and a database of the same rows."""
    dice, org = random.Random(7), Org()
    org.load("Account", *[account(dice, n) for n in range(COUNT)])
    ids = [r["Id"] for r in org.soql("SELECT Id FROM Account ORDER BY Id")["records"]]
    for record_id in ids[5::3]:
        org.call("PATCH", f"sobjects/Account/{record_id}", {"ParentId": dice.choice(ids[:5])})
    org.load("Contact", *[{"LastName": f"C{n}", "AccountId": dice.choice([*ids, None])} for n in range(80)])
    base = duckdb.connect()
    base.execute(
        "CREATE TABLE a (Id TEXT, Name TEXT, Industry TEXT, AnnualRevenue DOUBLE, NumberOfEmployees INTEGER, "
        "CreatedDate TIMESTAMP, Rating TEXT, ParentId TEXT, City TEXT)"
    )
    base.execute("CREATE TABLE c (Id TEXT, LastName TEXT, AccountId TEXT)")
    names = ["Id", *COLUMNS[:-1], "BillingCity"]
    rows = org.soql(f"SELECT {', '.join(names)} FROM Account")["records"]
    base.executemany(f"INSERT INTO a VALUES ({', '.join('?' * 9)})", [[r[n] for n in names] for r in rows])
    contacts = org.soql("SELECT Id, LastName, AccountId FROM Contact")["records"]
    base.executemany(
        "INSERT INTO c VALUES (?, ?, ?)", [[r[n] for n in ("Id", "LastName", "AccountId")] for r in contacts]
    )
    return org, base


def account(dice, n):
    day = f"20{dice.randint(24, 26)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
    return {
        "Name": dice.choice(["Aurora", "aurora", "Borealis", "100% Cirrus", "D'Arc"]) + str(n % 7),
        "Industry": dice.choice([None, "Energy", "Media", "Retail"]),
        "AnnualRevenue": dice.choice([None, 0, 10.5, 10.5, 2000]),
        "NumberOfEmployees": dice.choice([None, 1, 5, 50]),
        "CreatedDate": f"{day}T{dice.randint(0, 23):02}:30:00.000+0000",
        "Rating": dice.choice([None, "Hot", "Cold"]),
        "BillingCity": dice.choice([None, "Oslo", "oslo", "Rome"]),
    }


TEXT = ["Name", "Industry", "Rating", "BillingCity"]
NUMBERS = ["AnnualRevenue", "NumberOfEmployees"]
WORDS = ["Aurora0", "aurora3", "Energy", "MEDIA", "Hot", "Oslo", "D\\'Arc1"]
PERIODS = {
    "LAST_YEAR": ("2025-01-01", "2026-01-01"), "THIS_YEAR": ("2026-01-01", "2027-01-01"),
    "THIS_MONTH": ("2026-11-01", "2026-12-01"), "LAST_N_DAYS:30": ("2026-10-23", "2026-11-23"),
    "LAST_N_MONTHS:6": ("2026-05-01", "2026-11-01"), "THIS_QUARTER": ("2026-10-01", "2027-01-01"),
    "LAST_WEEK": ("2026-11-15", "2026-11-22"), "LAST_N_QUARTERS:2": ("2026-04-01", "2026-10-01"),
    "N_YEARS_AGO:2": ("2024-01-01", "2025-01-01"), "NEXT_WEEK": ("2026-11-29", "2026-12-06"),
}  # fmt: skip


def sql_name(field):
    return "City" if field == "BillingCity" else field


def sql_text(word):
    return "'" + word.replace("\\'", "''").lower() + "'"


def text_test(field, op, word):
    left, right = f"lower({sql_name(field)})", sql_text(word)
    soql = f"{field} {op} '{word}'"
    if op == "!=":
        return Both(soql, f"{left} IS DISTINCT FROM {right}")
    return Both(soql, f"coalesce({left} {op} {right}, false)")


def number_test(field, op, value):
    sql = f"{field} IS DISTINCT FROM {value}" if op == "!=" else f"coalesce({field} {op} {value}, false)"
    return Both(f"{field} {op} {value}", sql)


def null_test(field, op):
    return Both(f"{field} {op} null", f"{sql_name(field)} IS {'NOT ' if op == '!=' else ''}NULL")


def like_test(field, pattern):
    sql = pattern.replace("\\'", "''").lower()
    return Both(
        f"{field} LIKE '{pattern}'", f"coalesce(lower({sql_name(field)}) LIKE '{sql}' ESCAPE '\\', false)"
    )


def among_test(field, op, words):
    listed = ", ".join(f"'{word}'" for word in words)
    inside = f"coalesce(lower({sql_name(field)}) IN ({', '.join(map(sql_text, words))}), false)"
    return Both(f"{field} {op} ({listed})", inside if op == "IN" else f"NOT {inside}")


def period_test(op, name):
    first, after = PERIODS[name]
    sql = {
        "=": f"CreatedDate >= '{first}' AND CreatedDate < '{after}'",
        "!=": f"NOT (CreatedDate >= '{first}' AND CreatedDate < '{after}')",
        "<": f"CreatedDate < '{first}'",
        "<=": f"CreatedDate < '{after}'",
        ">": f"CreatedDate >= '{after}'",
        ">=": f"CreatedDate >= '{first}'",
    }[op]
    return Both(f"CreatedDate {op} {name}", f"({sql})")


def parent_test(op, word):
    parent = "(SELECT lower(p.Name) FROM a p WHERE p.Id = a.ParentId)"
    sql = (
        f"{parent} IS DISTINCT FROM {sql_text(word)}"
        if op == "!="
        else f"coalesce({parent} = {sql_text(word)}, false)"
    )
    return Both(f"Parent.Name {op} '{word}'", sql)


ops = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
equality = st.sampled_from(["=", "!="])
leaf = st.one_of(
    st.builds(text_test, st.sampled_from(TEXT), ops, st.sampled_from(WORDS)),
    st.builds(number_test, st.sampled_from(NUMBERS), ops, st.sampled_from(["0", "5", "10.5", "-1"])),
    st.builds(null_test, st.sampled_from([*TEXT, *NUMBERS, "ParentId"]), equality),
    st.builds(like_test, st.sampled_from(TEXT), st.sampled_from(["a%", "%o_a%", "100\\%%", "D\\'%", "____"])),
    st.builds(
        among_test,
        st.sampled_from(TEXT),
        st.sampled_from(["IN", "NOT IN"]),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    ),
    st.builds(period_test, ops, st.sampled_from(sorted(PERIODS))),
    st.builds(parent_test, equality, st.sampled_from(WORDS)),
    st.sampled_from([2024, 2025, 2026]).map(
        lambda y: Both(f"CALENDAR_YEAR(CreatedDate) = {y}", f"year(CreatedDate) = {y}")
    ),
    st.integers(1, 7).map(
        lambda d: Both(f"DAY_IN_WEEK(CreatedDate) = {d}", f"dayofweek(CreatedDate) + 1 = {d}")
    ),
)


def joined(parts):
    word, of = parts
    return Both(f" {word} ".join(f"({p.soql})" for p in of), f" {word} ".join(f"({p.sql})" for p in of))


def grow(inner):
    return st.one_of(
        st.tuples(st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3)).map(joined),
        inner.map(lambda b: Both(f"NOT ({b.soql})", f"NOT ({b.sql})")),
    )


condition = st.recursive(leaf, grow, max_leaves=6)
semi = st.sampled_from(["IN", "NOT IN"]).map(
    lambda op: Both(
        f"Id {op} (SELECT AccountId FROM Contact)",
        f"Id {op} (SELECT AccountId FROM c WHERE AccountId IS NOT NULL)",
    )
)
filters = st.one_of(
    condition,
    semi,
    st.tuples(st.just("AND"), st.tuples(condition, semi)).map(
        lambda p: Both(f"({p[1][0].soql}) AND {p[1][1].soql}", f"({p[1][0].sql}) AND {p[1][1].sql}")
    ),
)
orders = st.lists(
    st.tuples(
        st.sampled_from([*TEXT, *NUMBERS, "CreatedDate"]),
        st.sampled_from(["", " DESC"]),
        st.sampled_from(["", " NULLS LAST"]),
    ),
    max_size=2,
)
EXAMPLES = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def order_sql(order):
    field, way, nulls = order
    name = f"lower({sql_name(field)})" if field in TEXT else field
    return f"{name}{way or ' ASC'}{nulls or ' NULLS FIRST'}"


@pytest.mark.slow
@EXAMPLES
@given(where=filters, order=orders, limit=st.one_of(st.none(), st.integers(0, 30)), offset=st.integers(0, 10))
def test_records_are_those_that_sql_finds_in_the_same_order(where, order, limit, offset):
    org, base = world()
    by = ", ".join([*(f"{f}{w}{n}" for f, w, n in order), "Id"])
    cut = f"{'' if limit is None else f' LIMIT {limit}'} OFFSET {offset}"
    found = org.soql(f"SELECT Id FROM Account WHERE {where.soql} ORDER BY {by}{cut}")
    by_sql = ", ".join([*map(order_sql, order), "Id"])
    wanted = base.execute(f"SELECT Id FROM a WHERE {where.sql} ORDER BY {by_sql}{cut}").fetchall()
    assert [r["Id"] for r in found["records"]] == [i for (i,) in wanted], where.soql


KEYS = [
    "Industry",
    "Rating",
    "NumberOfEmployees",
    "CALENDAR_YEAR(CreatedDate)",
    "CALENDAR_QUARTER(CreatedDate)",
]
FOLDS = [
    "COUNT(Id)",
    "COUNT(AnnualRevenue)",
    "COUNT_DISTINCT(BillingCity)",
    "SUM(AnnualRevenue)",
    "MIN(NumberOfEmployees)",
    "MAX(CreatedDate)",
    "AVG(NumberOfEmployees)",
]


def fold_sql(fold):
    name, _, rest = fold.partition("(")
    column = sql_name(rest[:-1])
    if name == "COUNT_DISTINCT":
        return f"COUNT(DISTINCT {column})"
    return (
        f"strftime({name}({column}), '%Y-%m-%dT%H:%M:%S.000+0000')"
        if column == "CreatedDate"
        else f"{name}({column})"
    )


def key_sql(key):
    return key.replace("CALENDAR_YEAR", "year").replace("CALENDAR_QUARTER", "quarter")


@pytest.mark.slow
@EXAMPLES
@given(
    where=condition,
    keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=2, unique=True),
    folds=st.lists(st.sampled_from(FOLDS), min_size=1, max_size=3, unique=True),
    kind=st.sampled_from(["", "ROLLUP", "CUBE"]),
    least=st.integers(0, 3),
)
def test_groups_are_those_that_sql_makes(where, keys, folds, kind, least):
    org, base = world()
    group = f"{kind}({', '.join(keys)})" if kind else ", ".join(keys)
    named = [f"{key} k{n}" for n, key in enumerate(keys)] + [f"{fold} f{n}" for n, fold in enumerate(folds)]
    found = org.soql(
        f"SELECT {', '.join(named)} FROM Account WHERE {where.soql} GROUP BY {group} HAVING COUNT(Id) >= {least}"
    )
    group_sql = f"{kind}({', '.join(map(key_sql, keys))})" if kind else ", ".join(map(key_sql, keys))
    wanted = base.execute(
        f"SELECT {', '.join([*map(key_sql, keys), *map(fold_sql, folds)])} FROM a WHERE {where.sql} "
        f"GROUP BY {group_sql} HAVING COUNT(Id) >= {least}"
    ).fetchall()
    ours = [tuple(v for k, v in r.items() if k != "attributes") for r in found["records"]]
    assert sorted(map(rounded, ours), key=str) == sorted(map(rounded, wanted), key=str), where.soql


def rounded(line):
    return tuple(round(float(v), 9) if isinstance(v, (int, float)) else v for v in line)


@pytest.mark.slow
@EXAMPLES
@given(tokens=st.one_of(valid, mutated()), name=st.sampled_from(["query", "queryAll"]), columns=st.booleans())
def test_no_query_crashes_the_org(tokens, name, columns):
    org, _ = world()
    answer = org.call("GET", name, q=" ".join(tokens), **({"columns": "true"} if columns else {}))
    assert answer.status in {200, 400, 501}, answer.body


@EXAMPLES
@given(
    text=st.text(max_size=60), head=st.sampled_from(["", "SELECT Id FROM Account WHERE Name = ", "SELECT "])
)
def test_no_text_crashes_the_parser(text, head):
    org, _ = world()
    assert org.call("GET", "query", q=head + text).status in {200, 400, 501}

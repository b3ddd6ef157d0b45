"""Tables of hard values, and the functions and totals that every engine must answer alike over them."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from cs_connector.language.compiler import column
from cs_connector.language.expression import number, parse
from cs_connector.language.lowering import call

from .company import ARROW

CASE = {
    "id": "BIGINT", "a": "DOUBLE", "b": "DOUBLE", "w": "BIGINT", "m": "DECIMAL(18,2)", "d": "DATE", "e": "DATE",
    "t": "TIMESTAMP", "s": "VARCHAR", "u": "VARCHAR", "f": "BOOLEAN", "g": "BOOLEAN", "custom": "VARCHAR",
}  # fmt: skip
GROUP = {
    "grp": "VARCHAR", "id": "BIGINT", "x": "DOUBLE", "y": "DOUBLE", "m": "DECIMAL(18,2)", "d": "DATE", "s": "VARCHAR", "f": "BOOLEAN",
}  # fmt: skip
FLOAT = {"id": "BIGINT", "p": "DOUBLE"}
TABLES = {"hard": CASE, "grouped_rows": GROUP, "floats": FLOAT}

NUMBERS = (
    None,
    0.0,
    -0.5,
    0.5,
    1.5,
    2.5,
    -2.5,
    2.675,
    16.15,
    1 / 3,
    1e-9,
    1e15,
    -1e12,
    7.0,
    30.0,
    0.49999999999999994,
)
DAYS = (
    None,
    *map(
        date.fromisoformat,
        ("2024-02-29", "2025-02-28", "2026-01-31", "2026-03-29", "2026-12-31", "2027-01-03", "2026-10-25"),
    ),
)
TIMES = (None, *map(datetime.fromisoformat, (
    "2026-03-29T00:59:59", "2026-03-29T01:00:00", "2026-03-28T23:30:00", "2026-10-24T22:00:00", "2026-10-25T00:59:59.999999",
    "2026-10-25T01:00:00", "2026-10-25T23:00:00", "2026-06-30T22:30:00", "2026-12-31T23:30:00", "2026-03-08T06:59:59", "2024-02-29T12:00:00",
)))  # fmt: skip
TEXTS = (
    None,
    "",
    " ",
    " a b ",
    "ab",
    "AB",
    "Straße",
    "ÄÖÜ",
    "λόγος",
    "ΛΟΓΟΣ",
    "İstanbul",
    "a\tb\n",
    "\u00a0x\u2003",
    "it's",
    "a\\b",
    "50%_",
    "\U0001f600ab",
    "z",
    "Z",
    "é",
)
CUSTOM = (
    None,
    "{}",
    '{"N__c":12.5,"A b":"x"}',
    '{"N__c":"-7e1","A b":"it\'s"}',
    '{"N__c":true,"A b":"ÄÖ"}',
    '{"N__c":"12,5","A b":""}',
    '{"N__c":".5"}',
    '{"N__c":"1e999","B":3}',
)
MONEY = (None, *map(Decimal, ("0.00", "0.05", "-1.15", "16.15", "99999999.99", "12345.67", "2.50")))


def write(folder: Path) -> dict[str, Path]:
    made = {"hard": (CASE, _hard()), "grouped_rows": (GROUP, _grouped()), "floats": (FLOAT, _floats())}
    return {name: _written(folder / f"{name}.parquet", *of) for name, of in made.items()}


def _written(path: Path, columns: dict[str, str], rows: list[tuple[Any, ...]]) -> Path:
    schema = pa.schema([(name, ARROW[type_]) for name, type_ in columns.items()])
    pq.write_table(pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows], schema), path)
    return path


def _hard() -> list[tuple[Any, ...]]:
    """Every number with every number, and the rest in turn, so that each value stands in several rows."""
    of = Random(6).choice
    pools = (
        NUMBERS,
        NUMBERS,
        (None, 0, 3, -7, 2**53),
        MONEY,
        DAYS,
        DAYS,
        TIMES,
        TEXTS,
        TEXTS,
        (None, True, False),
        (True, False, None),
    )
    every = [(a, b, *map(of, pools[2:])) for a, b in product(NUMBERS, NUMBERS)]
    every += [
        (of(NUMBERS), of(NUMBERS), None, of(MONEY), d, e, of(TIMES), of(TEXTS), of(TEXTS), True, False)
        for d, e in product(DAYS, DAYS)
    ]
    every += [
        (1.0, of(NUMBERS), 5, None, of(DAYS), of(DAYS), t, s, of(TEXTS), None, True)
        for t, s in product(TIMES, TEXTS)
    ]
    return [(index, *row, CUSTOM[index % len(CUSTOM)]) for index, row in enumerate(every)]


def _grouped() -> list[tuple[Any, ...]]:
    """Groups: mixed, of ties, of equal values, of one row, without any value, and of one pair that is whole."""
    random, rows = Random(8), []
    for index in range(400):
        x = None if index % 11 == 0 else random.choice((0.1, 2.5, random.uniform(-9, 9)))
        y = None if index % 7 == 0 else (x or 0) * 2 + random.random()
        rows.append((random.choice("mn"), x, y, random.choice(MONEY)))
    rows += [("tie", value, 10 - value, Decimal(5)) for value in (3.0, 3.0, 1.0, 1.0, 2.0)]
    rows += [("same", 0.1, 0.3, Decimal("0.10"))] * 7 + [
        ("one", 4.2, 1.0, Decimal("-3.33")),
        ("none", None, None, None),
    ]
    rows += [("pair", 1.0, 2.0, None), ("pair", 5.0, None, None), ("pair", None, 6.0, None)]
    day = date(2026, 1, 31)
    return [
        (grp, index, x, y, m, None if index % 13 == 0 or grp == "none" else day + timedelta(days=index % 5),
         random.choice(TEXTS), None if index % 17 == 0 or grp == "none" else index % 3 == 0)
        for index, (grp, x, y, m) in enumerate(rows)
    ]  # fmt: skip


def _floats() -> list[tuple[Any, ...]]:
    values = (
        None,
        math.inf,
        -math.inf,
        math.nan,
        0.0,
        -0.0,
        5e-324,
        1.7e308,
        123456789.5,
        0.1 + 0.2,
        -98765.432109876,
        1e-300,
        999999999.9,
        1 / 3,
    )
    return list(enumerate(values))


# One formula a line, told by what it is there for.
FORMULAS = {
    "+": "a + b", "-": "a - b", "*": "a * b", "/": "a / b", "/ of whole numbers": "w / 2", "/ of money": "m / 3", "neg": "-a",
    "* of money": "m * 0.1", "+ of money": "m + m", "- of money": "m - 0.3", "()": "(a - b) * (a + 1)",
    "=": "a = b", "<>": "a <> b", "<": "a < b", "<=": "a <= b", ">": "m > 16.15", ">=": "a >= w", "= of texts": "s = u",
    "< of texts": "s < u", "<= of texts": "s <= u", "= of a date and its text": "d = '2026-01-31'", "< of times": "t < '2026-10-25'",
    "> of a time and a date": "t > d", "< of dates": "d < e", "= of flags": "f = g",
    "and": "f and g", "or": "f or g", "not": "not f", "is null": "s is null", "is not null": "d is not null", "is true": "f is true",
    "between": "a between b and 7", "between dates": "d between '2026-01-31' and e", "in": "a in (0, 2.5, 7)", "in texts": "s in ('ab', 'it''s', 'a\\b')",
    "case": "case when a > 1 then b when f then 2 end", "case of": "case s when 'ab' then 1 when 'Z' then m else a end",
    "if": "if(f, m, 0)", "if of texts": "if(g, s, 'no')", "true": "if(true, a, b)", "null": "coalesce(null, a)",
    "abs": "abs(a)", "abs of money": "abs(m)", "coalesce": "coalesce(a, b, 0)", "coalesce of money": "coalesce(m, 0)", "coalesce of dates": "coalesce(d, t)",
    "least": "least(a, b)", "greatest": "greatest(a, b, 1)", "least of dates": "least(d, e)", "greatest of texts": "greatest(s, u)", "least of money": "least(m, 2)",
    "nullif": "nullif(a, b)", "nullif of texts": "nullif(s, 'ab')",
    "round": "round(a)", "round to 1": "round(a, 1)", "round to 2": "round(a, 2)", "round of money": "round(m, 1)", "round of a product": "round(m * 0.5, 2)",
    "floor": "floor(a)", "floor of money": "floor(m)", "ceil": "ceil(a)", "ceil of a sum": "ceil(a + 0.5)",
    "days": "days(d, e)", "days of times": "days(t, d)", "months": "months(d, e)", "months of times": "months(t, d)", "month_end": "month_end(d)",
    "month_end of a time": "month_end(t)", "add_days": "add_days(d, b)", "add_months": "add_months(d, b)", "add_months back": "add_months(d, -w)",
    "year": "year(t)", "month": "month(d)", "day_start": "day_start(t)", "week_start": "week_start(d)", "month_start": "month_start(t)",
    "quarter_start": "quarter_start(d)", "year_start": "year_start(t)", "fiscal_quarter_start": "fiscal_quarter_start(d)", "fiscal_year_start": "fiscal_year_start(d)",
    "local_date": "local_date(t, 'Europe/Berlin')", "local_date in New York": "local_date(t, 'America/New_York')", "local_date in Kolkata": "local_date(t, 'Asia/Kolkata')",
    "known": "known(a)", "lower": "lower(s)", "upper": "upper(s)", "trim": "trim(s)", "length": "length(s)", "length of a trim": "length(trim(s))",
    "left": "left(s, 2)", "left of any": "left(s, b)", "right": "right(s, 1)", "right of any": "right(s, a)", "contains": "contains(s, u)",
    "contains a constant": "contains(s, 'b')", "starts_with": "starts_with(s, u)", "starts_with a constant": "starts_with(s, 'a')",
    "field": "field(custom, 'A b')", "number of a field": "number(field(custom, 'N__c'))",
    "concat": "concat(s, '-', u)", "concat of two": "concat(s, u)", "= of lowered texts": "lower(trim(s)) = lower(u)", "max of lowered": "greatest(lower(s), upper(u))",
}  # fmt: skip


def formulas() -> exp.Select:
    """All of them over the hard values, in one query."""
    listed = [parse(text, CASE).tree.as_(name, quoted=True) for name, text in FORMULAS.items()]
    listed += [
        _decay(column("a")).as_("half-life", quoted=True),
        _decay(number(1e6)).as_("long half-life", quoted=True),
    ]
    return exp.select(column("id"), *listed).from_(exp.to_table("hard", quoted=True))


def _decay(value: exp.Expr) -> exp.Expr:
    """A curve of half-life."""
    falling = exp.Mul(this=exp.Abs(this=value), expression=number(-0.01))
    return exp.Pow(this=number(2), expression=exp.Paren(this=falling))


def published() -> exp.Select:
    """What becomes of numbers that are not finite, very small or very long."""
    made = call("significant", column("p")).as_("significant", quoted=True)
    return exp.select(column("id"), made).from_(exp.to_table("floats", quoted=True))


def _where(name: str) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=exp.GT(this=column("x"), expression=number(2)), true=column(name))])


X, Y = column("x"), column("y")
TOTALS: dict[str, exp.Expr] = {
    "count": exp.Count(this=X), "count of money": exp.Count(this=column("m")), "count where": exp.Count(this=_where("id")),
    "distinct": exp.Count(this=exp.Distinct(expressions=[X])), "distinct texts": exp.Count(this=exp.Distinct(expressions=[column("s")])),
    "min": exp.Min(this=X), "max": exp.Max(this=X), "min of texts": exp.Min(this=column("s")), "max of texts": exp.Max(this=column("s")),
    "min of flags": exp.Min(this=column("f")), "max of flags": exp.Max(this=column("f")), "max of dates": exp.Max(this=column("d")),
    "min of money": exp.Min(this=column("m")), "total": call("total", X), "total of money": call("total", column("m")),
    "total where": call("total", _where("y")), "mean": call("mean", X), "mean of money": call("mean", column("m")),
    "newest": call("newest", X, column("d"), column("id")), "newest of texts": call("newest", column("s"), column("d"), column("id")),
    "newest by a number": call("newest", column("d"), Y, column("id")),
    "stddev": call("stddev", X), "stddev of money": call("stddev", column("m")), "variance": call("variance", Y),
    "median": call("median", X), "median of money": call("median", column("m")), "quantile 0.1": call("quantile", X, number(0.1)),
    "quantile 0.9": call("quantile", column("m"), number(0.9)), "quantile 0": call("quantile", X, number(0)), "quantile 1": call("quantile", X, number(1)),
    "corr": call("corr", X, Y), "slope": call("slope", Y, X), "published mean": call("significant", call("mean", Y)),
}  # fmt: skip


def totals() -> exp.Select:
    """All of them for each group, in one query."""
    listed = [tree.copy().as_(name, quoted=True) for name, tree in TOTALS.items()]
    return (
        exp.select(column("grp"), *listed)
        .from_(exp.to_table("grouped_rows", quoted=True))
        .group_by(column("grp"))
    )


def _over(tree: exp.Expr, *order: str, desc: bool = False, rows: int | None = None) -> exp.Expr:
    ordered = [exp.Ordered(this=column(name), desc=desc, nulls_first=False) for name in order]
    spec = (
        exp.WindowSpec(kind="ROWS", start=str(rows), start_side="PRECEDING", end="CURRENT ROW")
        if rows
        else None
    )
    return exp.Window(
        this=tree.copy(), partition_by=[column("grp")], order=exp.Order(expressions=ordered) if order else None, spec=spec
    )  # fmt: skip


WINDOWS: dict[str, exp.Expr] = {
    "row_number": _over(exp.RowNumber(), "x", "id"), "row_number from above": _over(exp.RowNumber(), "s", "id", desc=True),
    "rank": _over(exp.Rank(), "x"), "rank of dates from above": _over(exp.Rank(), "d", desc=True), "dense_rank": _over(exp.DenseRank(), "m"),
    "ntile": _over(exp.Ntile(this=exp.Literal.number(4)), "y", "id"), "lag": _over(exp.Lag(this=X, offset=exp.Literal.number(1)), "d", "id"),
    "lead": _over(exp.Lead(this=X, offset=exp.Literal.number(2)), "d", "id"), "total over": _over(call("total", X)),
    "running total": _over(call("total", column("m")), "id", rows=400), "moving mean": _over(call("mean", X), "id", rows=2),
    "stddev over": _over(call("stddev", X)), "corr over": _over(call("corr", X, Y)), "min over": _over(exp.Min(this=X)), "max over": _over(exp.Max(this=column("s"))),
    "count over": _over(exp.Count(this=X)), "slope over": _over(call("slope", Y, X)),
}  # fmt: skip


def windows() -> exp.Select:
    """All of them for each row, in one query."""
    listed = [tree.copy().as_(name, quoted=True) for name, tree in WINDOWS.items()]
    return exp.select(column("id"), *listed).from_(exp.to_table("grouped_rows", quoted=True))

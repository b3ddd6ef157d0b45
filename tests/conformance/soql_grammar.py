"""Queries of every clause of SOQL as Hypothesis strategies, and queries with a token too many or too few."""

from __future__ import annotations

from hypothesis import strategies as st

Tokens = list[str]
FIELDS = st.sampled_from(["Id", "Name", "Owner.Name", "Parent.Owner.Email", "CS_Key__c", "Account__r.Name"])
OBJECTS = st.sampled_from(["Account", "Contact", "Case", "CS_Relationship__c"])
CHILDREN = st.sampled_from(["Contacts", "Cases", "Opportunities", "CS_Relationships__r"])
DATE_PARTS = [
    "CALENDAR_MONTH", "CALENDAR_QUARTER", "CALENDAR_YEAR", "DAY_IN_MONTH", "DAY_IN_WEEK", "DAY_IN_YEAR",
    "DAY_ONLY", "FISCAL_MONTH", "FISCAL_QUARTER", "FISCAL_YEAR", "HOUR_IN_DAY", "WEEK_IN_MONTH", "WEEK_IN_YEAR",
]  # fmt: skip
AGGREGATES = ["COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"]
UNITS = ["DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "FISCAL_QUARTER", "FISCAL_YEAR"]
NAMED = ["YESTERDAY", "TODAY", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS"]
NAMED += [f"{side}_{unit}" for side in ("LAST", "THIS", "NEXT") for unit in UNITS[1:]]
COUNTED = [f"{side}_N_{unit}S" for side in ("LAST", "NEXT") for unit in UNITS]
COUNTED += [f"N_{unit}S_AGO" for unit in UNITS]
MARKS = ["(", ")", ",", "=", "!=", "<", ">=", "'x'", "1", "NULL", "TRUE", "Id"]
WORDS = [
    "SELECT", "FROM", "WHERE", "GROUP", "BY", "HAVING", "ORDER", "LIMIT", "OFFSET", "AND", "OR", "NOT", "IN",
    "LIKE", "INCLUDES", "WITH", "NULLS", "LAST", "DESC", "FOR", "VIEW",
]  # fmt: skip


def join(*parts: Tokens) -> Tokens:
    return [token for part in parts for token in part]


def listed(of: st.SearchStrategy[Tokens], most: int = 3) -> st.SearchStrategy[Tokens]:
    """One to `most` of them, comma between."""
    return st.lists(of, min_size=1, max_size=most).map(lambda ps: join(*([*p, ","] for p in ps))[:-1])


def maybe(of: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    return st.one_of(st.just([]), of)


def call(names: list[str], of: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    return st.tuples(st.sampled_from(names), of).map(lambda p: [p[0], "(", *p[1], ")"])


field = FIELDS.map(lambda name: [name])
strings = st.text("ab%_ 'é\\", max_size=5).map(
    lambda t: "'" + t.replace("\\", "\\\\").replace("'", "\\'") + "'"
)
numbers = st.sampled_from(["0", "42", "-1", "+7", "3.5", "-0.25", ".5"])
dates = st.dates().filter(lambda d: d.year >= 1700).map(str)
times = st.builds(
    lambda d, t: f"{d}T{t}", dates, st.sampled_from(["10:00:00Z", "10:00:00.000+01:00", "23:59:59-08:00"])
)
periods = st.one_of(
    st.sampled_from(NAMED), st.builds(lambda w, n: f"{w}:{n}", st.sampled_from(COUNTED), st.integers(1, 400))
)
literal = st.one_of(
    strings, numbers, dates, times, periods, st.sampled_from(["NULL", "TRUE", "FALSE", "EUR500"])
).map(lambda text: [text])
date_part = call(DATE_PARTS, st.one_of(field, call(["convertTimezone"], field)))
aggregate = call(AGGREGATES, field)
wrapped = call(["toLabel", "FORMAT", "convertCurrency"], field)


def comparison(left: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    ops = st.sampled_from(["=", "!=", "<>", "<", ">", "<=", ">=", "LIKE", "like"]).map(lambda op: [op])
    return st.tuples(left, ops, literal).map(lambda p: join(*p))


def among() -> st.SearchStrategy[Tokens]:
    ops = st.sampled_from([["IN"], ["NOT", "IN"], ["INCLUDES"], ["EXCLUDES"]])
    values = st.lists(strings, min_size=1, max_size=3).map(lambda v: join(*([s, ","] for s in v))[:-1])
    return st.tuples(field, ops, values).map(lambda p: [*p[0], *p[1], "(", *p[2], ")"])


def semi_join() -> st.SearchStrategy[Tokens]:
    inner = st.tuples(field, OBJECTS, maybe(where(st.one_of(comparison(field), among()))))
    ops = st.sampled_from([["IN"], ["NOT", "IN"]])
    return st.tuples(field, ops, inner).map(
        lambda p: [*p[0], *p[1], "(", "SELECT", *p[2][0], "FROM", p[2][1], *p[2][2], ")"]
    )


def logic(of: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    """Conditions joined by one kind of word; another kind only in parentheses."""

    def grow(inner: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
        part = st.one_of(of, inner.map(lambda t: ["(", *t, ")"]), of.map(lambda t: ["NOT", *t]))
        parts = st.tuples(st.sampled_from(["AND", "OR"]), st.lists(part, min_size=2, max_size=3))
        return parts.map(lambda p: join(*([*t, p[0]] for t in p[1]))[:-1])

    return st.recursive(of, grow, max_leaves=5)


def where(of: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    return logic(of).map(lambda t: ["WHERE", *t])


def order(of: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    ends = st.sampled_from([[], ["ASC"], ["DESC"], ["NULLS", "LAST"], ["DESC", "NULLS", "FIRST"]])
    return listed(st.tuples(of, ends).map(lambda p: join(*p))).map(lambda t: ["ORDER", "BY", *t])


limit = st.integers(0, 2000).map(lambda n: ["LIMIT", str(n)])
offset = st.integers(0, 2000).map(lambda n: ["OFFSET", str(n)])
anything = st.one_of(comparison(field), comparison(date_part), among())
pages = st.one_of(limit, st.tuples(limit, offset).map(lambda p: join(*p)))
tail = st.tuples(maybe(order(field)), maybe(pages)).map(lambda p: join(*p))


@st.composite
def child(draw: st.DrawFn) -> Tokens:
    inner = [*draw(listed(field)), "FROM", draw(CHILDREN), *draw(maybe(where(anything))), *draw(tail)]
    return ["(", "SELECT", *inner, ")"]


@st.composite
def typeof(draw: st.DrawFn) -> Tokens:
    case = st.tuples(OBJECTS, listed(st.sampled_from(["Phone", "Name"]).map(lambda f: [f]), 2))
    cases = draw(st.lists(case, min_size=1, max_size=2))
    otherwise = draw(maybe(st.just(["ELSE", "Name", ",", "Email"])))
    return ["TYPEOF", "What", *join(*(["WHEN", o, "THEN", *f] for o, f in cases)), *otherwise, "END"]


@st.composite
def plain(draw: st.DrawFn) -> Tokens:
    """A query for records."""
    whole = st.sampled_from(
        [["COUNT", "(", ")"], ["FIELDS", "(", "ALL", ")"], ["FIELDS", "(", "CUSTOM", ")"]]
    )
    items = draw(st.one_of(listed(st.one_of(field, wrapped, child(), typeof())), whole))
    scope = draw(maybe(st.sampled_from(["mine", "everything", "team"]).map(lambda s: ["USING", "SCOPE", s])))
    mode = draw(maybe(st.sampled_from(["SECURITY_ENFORCED", "USER_MODE"]).map(lambda m: ["WITH", m])))
    condition = draw(maybe(where(st.one_of(anything, semi_join()))))
    ends = [
        [],
        ["FOR", "VIEW"],
        ["FOR", "REFERENCE"],
        ["UPDATE", "TRACKING"],
        ["UPDATE", "VIEWSTAT"],
        ["FOR", "UPDATE"],
    ]
    end = draw(st.sampled_from(ends))
    return ["SELECT", *items, "FROM", draw(OBJECTS), *scope, *condition, *mode, *draw(tail), *end]


@st.composite
def grouped(draw: st.DrawFn) -> Tokens:
    """A query for groups."""
    around = draw(st.sampled_from([[], ["ROLLUP", "("], ["CUBE", "("]]))
    key = field if around else st.one_of(field, date_part)
    keys = draw(listed(key, 2))
    item = st.one_of(key, aggregate, call(["FORMAT"], aggregate), call(["GROUPING"], field))
    items = draw(listed(st.tuples(item, maybe(st.just(["total"]))).map(lambda p: join(*p))))
    having = draw(
        maybe(logic(st.one_of(comparison(aggregate), comparison(field))).map(lambda t: ["HAVING", *t]))
    )
    group = ["GROUP", "BY", *around, *keys, *([")"] if around else []), *having]
    condition = draw(maybe(where(anything)))
    ordering = draw(maybe(order(st.one_of(key, aggregate))))
    return ["SELECT", *items, "FROM", draw(OBJECTS), *condition, *group, *ordering, *draw(maybe(limit))]


valid = st.one_of(plain(), grouped())


@st.composite
def mutated(draw: st.DrawFn) -> Tokens:
    """A query with one token dropped, doubled, moved or replaced."""
    tokens = list(draw(valid))
    n = draw(st.integers(0, len(tokens) - 1))
    way = draw(st.sampled_from(["drop", "double", "swap", "replace", "insert"]))
    other = draw(st.sampled_from([*MARKS, *WORDS]))
    if way == "drop":
        del tokens[n]
    elif way == "double":
        tokens.insert(n, tokens[n])
    elif way == "swap":
        tokens[n - 1], tokens[n] = tokens[n], tokens[n - 1]
    elif way == "replace":
        tokens[n] = other
    else:
        tokens.insert(n, other)
    return tokens

"""measure check: every planted mistake is told, with its place and what to do, and none twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_connector.measure.mistakes import found

GROWING = tuple(
    f"derive: {{n{i}: 'greatest({n}, {n} * 2) + least({n}, 3)'}}" for i, n in enumerate(("n", "n1", "n2"), 1)
)
SAME = "write `on: {account_id: account_id}` to find those with the same one"
END = "aggregate: {totals: {n: {take: count}}}"


def study(*steps: str, value: str = "n", known: str | None = None) -> str:
    listed = "".join(f"  - {step}\n" for step in steps)
    metric = f"    value: {value}\n" + (f"    known: {known}\n" if known else "")
    return f"version: 1\nsteps:\n{listed}metrics:\n  m:\n    title: T\n{metric}"


PLANTED = {
    "misspelt step": (
        study("fetch: ticket", "filtr: priority = 'P1'", END),
        "4:5 steps.1.filtr is not a known key; did you mean 'filter'?",
    ),
    "misspelt entity": (study("fetch: tickets", END), "3:5 there is no entity 'tickets'; did you mean 'ticket'?"),
    "misspelt column": (
        study("fetch: ticket", "filter: prioritty = 'P1'", END),
        "4:13 'prioritty' is not known here at column 1; did you mean 'priority'?",
    ),
    "text against number": (
        study("fetch: ticket", "filter: priority > 3", END),
        "4:24 > cannot take priority, which is a text, with 3, which is a number at column 12; change the formula",
    ),
    "date minus date": (
        study("fetch: ticket", "derive: {age: today - opened_at}", END),
        "4:19 - takes numbers or money, not a date and a time at column 1; use days(later, earlier)",
    ),
    "no fetch": (study("filter: 1 = 1", END), "3:5 the first step must fetch an entity; begin with `- fetch: ticket`"),
    "no aggregate": (
        study("fetch: ticket", value="'1'"),
        "2:1 the steps end without an aggregate, with a row a ticket; end with an aggregate without `by` and `every`",
    ),
    "misspelt function": (
        study("fetch: ticket", "filter: lowr(priority) = 'p1'", END),
        "4:13 there is no function 'lowr' at column 1; did you mean 'lower'?",
    ),
    "sum of a text": (
        study("fetch: ticket", "aggregate: {totals: {n: {take: sum, of: priority}}}"),
        "4:45 sum needs a number or money, and priority is a text; change the formula",
    ),
    "misspelt total": (
        study("fetch: ticket", "aggregate: {totals: {n: {take: cuont}}}"),
        "4:30 steps.1.aggregate.totals.n.take is not valid; did you mean 'count'?",
    ),
    "equal to nothing": (
        study("fetch: ticket", "filter: closed_at = null", END),
        "4:13 = null is never true at column 1; use `is null` or `is not null`",
    ),
    "a case of nothing": (
        study("fetch: ticket", "derive: {x: case priority when null then 1 else 2 end}", END),
        "4:22 when null is never true at column 6; ask first, with `case when … is null then …`",
    ),
    "between nothing": (
        study("fetch: ticket", "filter: opened_at between null and closed_at", END),
        "4:13 between null is never true at column 1; use <= or >= for one limit alone",
    ),
    "between a high and a low": (
        study("fetch: ticket", END, value="if(n between 9 and -1, 1, 0)"),
        "8:15 between 9 and -1 is never true at column 4; write the lower one first",
    ),
    "rounded too often": (
        study("fetch: ticket", END, value='"round(n, 1, 2)"'),
        "8:13 round takes 1 or 2 values, 3 given at column 1; change the formula",
    ),
    "a place by totals of money": (
        study("fetch: invoice", "aggregate: {totals: {n: {take: sum, of: amount, where: \"currency = 'EUR'\"}}}", "peers: {of: n, add: {place: rank}}"),
        "5:5 peers would be compared by money of several currencies; add account_currency to `within`, or divide by money to get a share",
    ),
    "nothing in a list": (
        study("fetch: ticket", "filter: \"priority not in ('P1', null)\"", END),
        "4:14 a list cannot find null at column 1; leave it out, and ask for it with `is null`",
    ),
    "a day that no calendar has": (
        study("fetch: usage", "pivot: {on: on_date, values: {n: '2026-13-01'}, take: count}"),
        "4:5 '2026-13-01' is no date; write one like '2026-01-31'",
    ),
    "a text for a date": (
        study("fetch: usage", "derive: {d: \"least(on_date, '2026-01-31')\"}", END),
        "4:33 least cannot take on_date, which is a date, with '2026-01-31', which is a text at column 16; as a date it is add_days('2026-01-31', 0)",
    ),
    "a metric with the name of a column of every answer": (
        study("fetch: ticket", END).replace("  m:", "  On_Date:"),
        "6:3 'On_Date' is a name of ours; choose another",
    ),
    "a name that is taken": (
        study("fetch: ticket", "derive: {priority: status}", END),
        "4:5 'priority' exists already; choose another name",
    ),
    "a merge that multiplies": (
        study("fetch: account", "merge: {entity: person, on: {account_id: account_id}, take: [name]}", END),
        "4:5 the merge could multiply rows; merge on that, aggregate the other side first, or say `many: true`",
    ),
    "a value that is a text": (
        study("fetch: ticket", END, value="status"),
        "8:12 value needs a number or money, and status is a text; change the formula",
    ),
    "known is a number": (
        study("fetch: ticket", END, known="n + 1"),
        "9:12 known needs yes or no, and n + 1 is a number; change the formula",
    ),
    "two steps in one": (
        study("fetch: ticket\n    filter: priority = 'P1'", END), "3:5 steps.0 is not valid; correct the value",
    ),
    "a bracket that stays open": (
        study("fetch: ticket", "filter: (priority = 'P1'", END),
        "4:25 the formula cannot be read at column 13; change the formula",
    ),
    "money times money": (
        study("fetch: invoice", "derive: {x: amount * amount}", END),
        "4:17 money times money is nothing at column 1; divide to get a share, or multiply by a number",
    ),
    "misspelt grain": (
        study("fetch: ticket", "aggregate: {every: {of: opened_at, grain: mnth}, totals: {n: {take: count}}}", END),
        "4:40 steps.1.aggregate.every.grain is not valid; did you mean 'month'?",
    ),
    "a window over a text": (
        study("fetch: ticket", "trailing: {of: priority, days: 30}", END),
        "4:20 trailing needs a date or a time, and priority is a text; change the formula",
    ),
    "a formula that is hostile": (
        study("fetch: ticket", f"filter: {'(' * 60}1 = 1{')' * 60}", END),
        "4:5 the formula is nested too deeply; change the formula",
    ),
    "an entity that must be complete and is none": (
        study("fetch: ticket", END) + "    complete: [ticket, tickets]\n",
        "9:5 there is no entity 'tickets'; did you mean 'ticket'?",
    ),
    "misspelt evidence": (
        study("fetch: ticket", "filter: known(priority)", END) + "    evidence: prioritty = 'P1'\n",
        "10:15 'prioritty' is not known here at column 1; did you mean 'priority'?",
    ),
    "a name that is none": (
        study("fetch: ticket", END).replace("  m:", "  it's:"), "6:3 \"it's\" is no name for a metric; use letters, digits and _, a letter first, at most 60 of them",
    ),
    "a column of the relationship": (
        study("fetch: ticket", "filter: seats > 3", END),
        "4:13 'seats' is not known here at column 1; seats is of the relationship: use it in `value` and `known`, or in `peers`",
    ),
    "peers within what is none": (
        study("fetch: ticket", END, "peers: {within: [account_segmnt], of: n, add: {place: rank}}"),
        "5:22 'account_segmnt' is not known here at column 1; did you mean 'account_segment'?",
    ),
    "a merge on the key of another entity": (
        study("fetch: ticket", "merge: {entity: person, on: account_id, take: [champion]}", END),
        f"4:5 account_id tells one account from another, and is no key of a person; {SAME}",
    ),
    "a value of columns that are too large together": (
        study("fetch: ticket", END, *GROWING, value=" + ".join(["n3"] * 9)),
        "11:5 the formula is too large; name each column once or twice, or put an aggregate in between",
    ),
    "a value that an engine would write out many times": (
        study("fetch: ticket", END, value=f"{'round(' * 9}n{', 1)' * 9}"),
        "8:5 a formula is too large for this engine; derive the inner part as a column first",
    ),
    "a step that an engine would write out many times": (
        study("fetch: ticket", f"derive: {{x: '{'length(left(status, ' * 9}1{'))' * 9}'}}", END),
        "4:5 a formula is too large for this engine; derive the inner part as a column first",
    ),
    "one column without the brackets of a list": (
        study("fetch: ticket", "window: {by: person_id, add: {n: {take: row_number}}}", END),
        "4:14 steps.1.window.by is not valid; correct the value",
    ),
    "a version that is not yet": (
        study("fetch: ticket", END).replace("version: 1", "version: 2"), "1:1 version is not valid; correct the value",
    ),
    "misspelt key of what may be a text": (
        study("fetch: {entty: ticket}", END), "3:13 steps.0.fetch.entty is not a known key; did you mean 'entity'?",
    ),
    "misspelt zone": (
        study("fetch: ticket", "aggregate: {every: {of: opened_at, grain: day, zone: Europe/Berln}, totals: {n: {take: count}}}", END),
        "4:58 'Europe/Berln' is not a time zone; did you mean 'Europe/Berlin'?",
    ),
    "an order that ends otherwise": (
        study("fetch: ticket", "latest: {order: [opened_at descending]}", END),
        "4:5 an order ends with asc or desc, not with 'descending'; write `opened_at desc`",
    ),
    "a misspelt key that is needed": (
        study("fetch: ticket", END).replace("metrics:", "metric:"), "5:1 metric is not a known key; did you mean 'metrics'?",
    ),
    "a place by money of several currencies": (
        study("fetch: ticket", END, "peers: {within: [account_segment], of: arr, add: {place: rank}}"),
        "5:5 peers would be compared by money of several currencies; add account_currency to `within`, or divide by money to get a share",
    ),
    "a sum of a group of companies": (
        study("fetch: {entity: relationship, of: group}", "aggregate: {totals: {n: {take: sum, of: arr}}}"),
        "4:5 n would add money of several currencies; first `merge: {entity: account, on: account_id, take: [currency]}`, then aggregate by currency",
    ),
    "no title": ("version: 1\nmetrics:\n  m:\n    value: arr\n", "3:3 metrics.m.title is missing; add title:"),
    "sides of a union that differ": (
        study("fetch: ticket", "union: {steps: [{fetch: invoice}]}", END),
        "4:5 these rows have no column 'amount'; give both sides the same columns",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_told_once_with_its_place(tmp_path: Path, name: str) -> None:
    text, message = PLANTED[name]
    _file(tmp_path, "planted", text)
    assert _told(tmp_path) == [f"planted.yml:{message}"]


@pytest.mark.parametrize(("wrong", "why"), [
    ("window: {by: person_id, add: {n: {take: row_number}}}", "needed here: a list ([one, another], or lines that begin with -)"),
    ("aggregate: {totals: count}", "needed here: keys with values (name: value)"),
    ("fetch: [ticket]", "needed here: a text (in quotes where it looks like a number or a date) or keys with values (name: value)"),
    ("pivot: {on: priority, values: {high: [P2, P3]}}", "needed here: yes or no (true, false) or a whole number or a number or a text (in quotes where it looks like a number or a date)"),
    ("trailing: {of: opened_at, days: many}", "needed here: a whole number"),
    ("trailing: {of: opened_at, days: 0}", "it should be greater than or equal to 1"),
    ("aggregate: {every: {of: opened_at, grain: decade}, totals: {n: {take: count}}}", "known here: 'day', 'week', 'month', 'quarter', 'year'"),
])  # fmt: skip
def test_what_is_of_another_shape_is_told_in_words_of_the_file(tmp_path: Path, wrong: str, why: str) -> None:
    _file(tmp_path, "planted", study("fetch: ticket", wrong, END))
    assert [error.why for error in found([tmp_path])] == [why]


def test_every_mistake_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    for number, (text, _message) in enumerate(PLANTED.values()):
        _file(tmp_path, f"f{number:02}", text.replace("  m:", f"  m{number}:"))
    assert len(_told(tmp_path)) == len(PLANTED)


def test_a_metric_of_two_files_is_told_at_the_second(tmp_path: Path) -> None:
    for name in ("first", "second"):
        _file(tmp_path, name, study("fetch: ticket", END))
    assert _told(tmp_path) == ["second.yml:6:3 m is in first.yml already; give one of them another name"]


def test_a_metric_that_differs_in_capitals_only_is_told_too(tmp_path: Path) -> None:
    """An engine would give both the numbers of the first."""
    _file(tmp_path, "first", study("fetch: ticket", END))
    _file(tmp_path, "second", study("fetch: ticket", END).replace("  m:", "  M:"))
    assert _told(tmp_path) == [
        "second.yml:6:3 M and m of first.yml differ in capitals only; give one of them another name"
    ]


def test_a_metric_of_another_file_is_to_be_named_in_uses(tmp_path: Path) -> None:
    _file(tmp_path, "first", study("fetch: ticket", END, value="z / 2"))
    _file(tmp_path, "second", study("fetch: ticket", END).replace("  m:", "  z:"))
    assert _told(tmp_path) == [
        "first.yml:8:12 'z' is not known here at column 1; z is a metric of second.yml: name it in `uses: [z]`"
    ]
    _file(tmp_path, "first", study("fetch: ticket", "filter: z > 2", END))
    assert "uses" not in _told(tmp_path)[0], "steps see no metrics"
    _file(tmp_path, "first", study("fetch: ticket", END) + "  two: {title: T, value: m}\n")
    assert _told(tmp_path)[0].endswith("do not know each other: move m to another one and name it in `uses`")


def test_a_file_that_nobody_reads_is_told(tmp_path: Path) -> None:
    _file(tmp_path, "mine", study("fetch: ticket", END))
    (tmp_path / "metrics" / "mine.yml").rename(tmp_path / "metrics" / "mine.yaml")
    assert _told(tmp_path) == ["mine.yaml: mine.yaml is not read; name it mine.yml"]
    (tmp_path / "metrics" / "mine.yaml").rename(tmp_path / "metrics" / "mine.YML")
    assert _told(tmp_path) == ["mine.YML: mine.YML is not read; name it mine.yml"]


def test_each_wrong_metric_of_a_file_is_told(tmp_path: Path) -> None:
    text = study("fetch: ticket", END, value="nn") + "  two:\n    title: T\n    value: n / m\n"
    _file(tmp_path, "file", text)
    assert [line.partition(";")[0] for line in _told(tmp_path)] == [
        "file.yml:8:12 'nn' is not known here at column 1",
        "file.yml:11:16 'm' is not known here at column 5",
    ]


def _file(root: Path, name: str, text: str) -> None:
    (root / "metrics").mkdir(exist_ok=True)
    (root / "metrics" / f"{name}.yml").write_text(text)


def _told(root: Path) -> list[str]:
    told = []
    for error in found([root]):
        assert error.place
        at = ":".join(str(n) for n in (error.place.line, error.place.column) if n is not None)
        told.append(f"{Path(error.place.path).name}:{at} {error.what}; {error.fix}")
    return told


def test_money_of_one_currency_is_compared_and_added(tmp_path: Path) -> None:
    by_currency = "aggregate: {by: [currency], totals: {n: {take: sum, of: arr}}}"
    merge = "merge: {entity: account, on: account_id, take: [currency]}"
    _file(
        tmp_path,
        "group",
        study(
            "fetch: {entity: relationship, of: group}", merge, by_currency, END.replace("n:", "k:"), value="k"
        ),
    )
    _file(
        tmp_path,
        "one",
        study(
            "fetch: {entity: relationship, of: account}", "aggregate: {totals: {n: {take: sum, of: arr}}}"
        ).replace("  m:", "  o:"),
    )
    for name, peers in (("place", "within: [account_currency], of: arr"), ("share", "of: arr / account_arr")):
        text = study("fetch: ticket", END, f"peers: {{{peers}, add: {{p: rank}}}}", value="p")
        _file(tmp_path, name, text.replace("  m:", f"  {name}:"))
    assert _told(tmp_path) == []


def test_what_a_function_gives_has_names_of_its_own(tmp_path: Path) -> None:
    step = "python: {file: mine.py, function: mine, gives: {a: number, A: number}}"
    _file(tmp_path, "mine", study("fetch: ticket", step, "aggregate: {totals: {n: {take: sum, of: a}}}"))
    (tmp_path / "metrics" / "mine.py").write_text("def mine(rows):\n    return rows\n")
    assert _told(tmp_path) == ["mine.yml:4:5 'A' and 'a' differ in capitals only; choose another name"]

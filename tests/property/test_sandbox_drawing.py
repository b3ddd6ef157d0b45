"""A record that is drawn says the same as a dictionary of its columns, whatever it holds and in whatever order."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector.sandbox.drawing import Column, Drawing

NAMES = ("a", "c", "æ", "d", "e", "f")
VALUES = st.one_of(st.none(), st.booleans(), st.text(), st.lists(st.integers(0, 9), max_size=2))
RECORDS = st.lists(
    st.tuples(st.sampled_from([*NAMES, "not shown"]), VALUES), unique_by=lambda pair: pair[0]
).map(dict)
COLUMNS = st.lists(
    st.builds(Column, st.sampled_from(NAMES), st.sampled_from(NAMES), VALUES), unique_by=lambda c: c.name
)


@settings(deadline=None, max_examples=50)
@given(COLUMNS, st.lists(RECORDS, min_size=1))
def test_a_drawn_record_is_the_same_json(columns, records):
    drawing = Drawing("head", columns)
    for record in records:
        plain = {column.name: record.get(column.source, column.absent) for column in columns}
        assert drawing.draw("h", record) == msgspec.json.encode({"head": "h", **plain})

"""Rows that are read by their numbers, with columns that are the same everywhere and such as are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from cs_connector.store.versions import picked

GROUP = 3
VALUES = st.sampled_from([None, 0, 1, 2])
ROWS = st.lists(st.tuples(VALUES, VALUES, st.none(), st.just(7)), min_size=1, max_size=12)


@settings(deadline=None)
@given(rows=ROWS, statistics=st.booleans(), data=st.data())
def test_rows_are_those_that_reading_everything_gives(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int | None, ...]],
    statistics: bool,
    data: st.DataObject,
) -> None:
    names = ["a", "b", "none", "seven"]
    columns = [pa.array(column, pa.int64()) for column in zip(*rows, strict=True)]
    table = pa.table(columns, names)
    path = tmp_path_factory.mktemp("picked") / "rows.parquet"
    parquet.write_table(table, path, row_group_size=GROUP, write_statistics=statistics)
    file = parquet.ParquetFile(path)
    groups = range(data.draw(st.integers(0, file.num_row_groups - 1)), file.num_row_groups)
    there = table.slice(groups[0] * GROUP)
    which = data.draw(st.lists(st.integers(0, there.num_rows - 1), max_size=5))

    found = picked.rows(file, list(groups), names, np.array(which, np.int64))

    assert found.to_pylist() == there.take(pa.array(which, pa.int64())).to_pylist()


def test_a_column_with_one_value_is_read_from_the_first_row_group_alone(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"a": [1, 2, 3, 4], "seven": [7] * 4}), path, row_group_size=2)
    file, asked = parquet.ParquetFile(path), []

    class Watched:
        schema_arrow, metadata = file.schema_arrow, file.metadata

        def read_row_groups(self, groups: list[int], columns: list[str], use_threads: bool) -> pa.Table:
            asked.append((list(groups), columns))
            return file.read_row_groups(groups, columns=columns, use_threads=use_threads)

    picked.rows(Watched(), [0, 1], ["seven", "a"], np.array([3]))

    assert asked == [([0, 1], ["a"]), ([0], ["seven"])]

"""What does not fit into the memory that a project may use is said, with the setting that changes it."""

from __future__ import annotations

import pytest

from cs_connector.errors import ConfigError
from cs_connector.language.executor import connect, store


def test_a_query_that_needs_more_memory_than_it_may_have_is_told() -> None:
    with connect(memory_limit="20MB") as con, pytest.raises(ConfigError) as caught:
        store(con, "usage", "SELECT md5(i::VARCHAR) AS id, list(i) AS l FROM range(2000000) t(i) GROUP BY 1")
    assert caught.value.what == "usage needs more memory than it may have"
    assert "memory" in caught.value.fix

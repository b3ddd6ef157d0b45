"""DuckDB connections that share one instance: to set one up costs more than to fold a few records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Self
from unittest.mock import patch

import duckdb


class Shared:
    """A connection with a database of its own in memory, which ends with it."""

    def __init__(self, root: duckdb.DuckDBPyConnection, name: str) -> None:
        self._mine, self._name = root.cursor(), name
        self._mine.execute(f"ATTACH ':memory:' AS {name}; USE {name}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mine, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._mine.execute(f"USE memory; DETACH {self._name}")
        self._mine.close()


@contextmanager
def shared() -> Iterator[None]:
    """In this block `duckdb.connect()` gives such connections."""
    whole: Callable[..., duckdb.DuckDBPyConnection] = duckdb.connect
    numbers = count()
    with whole() as root:

        def connect(*given: Any, **more: Any) -> Any:
            return whole(*given, **more) if given or more else Shared(root, f"n{next(numbers)}")

        with patch.object(duckdb, "connect", connect):
            yield

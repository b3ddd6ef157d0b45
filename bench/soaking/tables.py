"""What is dear to set up and the same for every history: an instance of DuckDB, and the key of an org's login."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import Any, Self
from unittest.mock import patch

import duckdb
from cryptography.hazmat.primitives.asymmetric import rsa


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
    """In this block `duckdb.connect()` gives such connections, and there is one key for all."""
    whole: Callable[..., duckdb.DuckDBPyConnection] = duckdb.connect
    numbers, key = count(), cache(rsa.generate_private_key)
    with whole() as root:

        def connect(*given: Any, **more: Any) -> Any:
            return whole(*given, **more) if given or more else Shared(root, f"n{next(numbers)}")

        with patch.object(duckdb, "connect", connect), patch.object(rsa, "generate_private_key", key):
            yield

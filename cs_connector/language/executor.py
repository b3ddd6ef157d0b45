"""Running trees on DuckDB, in this process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from cs_connector.errors import ConfigError
from cs_connector.language import counts

if TYPE_CHECKING:
    from sqlglot import exp

Connection = duckdb.DuckDBPyConnection


def connect(memory_limit: str = "2GB", temp_directory: Path | None = None, threads: int = 2) -> Connection:
    """An in-memory database in UTC. Large work spills into `temp_directory`, never further than asked."""
    con = duckdb.connect(config={"memory_limit": memory_limit, "threads": threads})
    con.execute("SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
    # dates are a table of a handful: to sort many rows for a join with it costs more than to look at each pair
    con.execute("SET nested_loop_join_threshold = 100")
    if temp_directory is not None:
        con.execute(f"SET temp_directory = '{str(temp_directory).replace(chr(39), chr(39) * 2)}'")
    return con


def sql(tree: exp.Expr) -> str:
    """The tree as DuckDB text."""
    from cs_connector.language.lowering import lower  # who only reads has no trees

    return lower(tree).sql("duckdb")


def store(con: Connection, name: str, query: str) -> None:
    """Keep the rows of a query as a temporary table. Raises ConfigError if types do not fit, or the memory does not do."""
    try:
        with counts.taken(con, query):
            con.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {query}')
    except duckdb.OutOfMemoryException as error:
        raise ConfigError(
            f"{name} needs more memory than it may have",
            why=str(error).splitlines()[0],
            safe="nothing was written",
            fix="raise `memory` in cs-connector.yml",
        ) from error
    except (duckdb.BinderException, duckdb.ConversionException, duckdb.CatalogException) as error:
        line = str(error).splitlines()[0]
        raise ConfigError(
            f"{name} cannot be computed", why=line, safe="nothing was written", fix="check its formulas"
        ) from error

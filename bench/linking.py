"""`python -m bench.linking FOLDER HOW`: the people and companies of a folder linked once, by us or by Splink alone."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from cs_connector.language.executor import connect
from cs_connector.model import ENTITIES
from cs_connector.unify.extraction import ORIGIN
from cs_connector.unify.sql import ident

from .firms import SYSTEMS

NEW = 100  # one record in so many is new in the second run


def main() -> int:
    folder, how = Path(sys.argv[1]), sys.argv[2]
    con = connect(memory_limit="2GB", temp_directory=folder)
    {"read": _read, "ours": _first, "again": _again, "splink": _splink}[how](con, folder)
    return 0


def _read(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """What both do before they link."""
    for entity in ENTITIES.values():
        columns = ", ".join(f"{ident(c.name)} {c.type}" for c in entity.staged)
        con.execute(f"CREATE TABLE stage_{entity.name}({ORIGIN}, {columns})")
    con.execute("CREATE TABLE connection_crm(connection VARCHAR, crm VARCHAR)")
    for entity, columns in (
        ("account", "name, domain, country, city, phone"),
        ("person", "name, email, phone, account_id"),
    ):
        con.execute(
            f"INSERT INTO stage_{entity}(connection, rank, object, record_id, {columns}) SELECT connection, "
            f"list_position({list(SYSTEMS)}, connection), '{entity}', record_id, {columns} FROM '{folder / entity}.parquet'"
        )


def _ours(con: duckdb.DuckDBPyConnection) -> None:
    from cs_connector.unify import identity

    con.execute(
        "CREATE TABLE IF NOT EXISTS previous_link(entity_id VARCHAR, entity VARCHAR, connection VARCHAR, object VARCHAR, "
        "record_id VARCHAR, method VARCHAR, confidence DOUBLE, evidence VARCHAR)"
    )
    identity.resolve(con, date(2026, 11, 25))


def _first(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    _read(con, folder)
    _ours(con)


def keep(folder: Path) -> None:
    """Link all but the newest, and keep what that leaves."""
    con = connect(memory_limit="2GB", temp_directory=folder)
    _read(con, folder)
    for entity in ("account", "person"):
        con.execute(f"DELETE FROM stage_{entity} WHERE hash(record_id) % {NEW} = 0")
    _ours(con)
    _leave(con, folder, "before")


def _leave(con: duckdb.DuckDBPyConnection, folder: Path, word: str) -> None:
    """What the run leaves to the next one, as files."""
    from cs_connector.unify.identity import left

    for table in left(con):
        path = folder / f"{word}_{table}.parquet"
        con.execute(f"COPY after_{table} TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


def _again(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """With what all but the newest left; what is new is written, as a run does it."""
    from cs_connector.unify.identity import KEPT

    _read(con, folder)
    for table in KEPT:
        path = folder / f"before_{table}.parquet"
        if path.exists():
            con.execute(f"CREATE VIEW before_{table} AS SELECT * FROM '{path}'")
    _ours(con)
    _leave(con, folder, "after")


def _splink(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """As Splink's own pages do it: estimate, predict, cluster; columns in lower case, nothing else prepared."""
    import splink.comparison_library as cl
    from splink import block_on

    _read(con, folder)
    con.execute(
        "CREATE TABLE firm AS SELECT connection || record_id AS unique_id, lower(name) AS name, domain, country, city, phone "
        "FROM stage_account"
    )
    con.execute(
        "CREATE TABLE human AS SELECT connection || record_id AS unique_id, split_part(lower(name), ' ', 1) AS given, "
        "split_part(lower(name), ' ', 2) AS family, email, phone, account_id AS account FROM stage_person"
    )
    _linked(con, "firm", [
        cl.JaroWinklerAtThresholds("name", [0.95, 0.88]), cl.ExactMatch("domain"), cl.ExactMatch("country"),
        cl.ExactMatch("city"), cl.ExactMatch("phone"),
    ], [block_on("name"), block_on("domain"), block_on("phone"), block_on("substr(name, 1, 6)")],
        [block_on("domain"), block_on("name")])  # fmt: skip
    _linked(con, "human", [
        cl.JaroWinklerAtThresholds("given", [0.92, 0.85]), cl.JaroWinklerAtThresholds("family", [0.92, 0.85]),
        cl.EmailComparison("email"), cl.ExactMatch("phone"),
    ], [block_on("email"), block_on("phone"), block_on("given", "family"), block_on("account", "family")],
        [block_on("email"), block_on("given", "family")])  # fmt: skip


def _linked(
    con: duckdb.DuckDBPyConnection, table: str, comparisons: list[Any], rules: list[Any], training: list[Any]
) -> None:
    from splink import DuckDBAPI, Linker, SettingsCreator

    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=comparisons, blocking_rules_to_generate_predictions=rules
    )
    linker = Linker(DuckDBAPI(con).register(table), settings, log_level=None)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in training:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    pairs = linker.inference.predict(threshold_match_probability=0.02)
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(
        pairs, threshold_match_probability=0.9
    )
    sys.stdout.write(
        f"{con.execute(f'SELECT count(DISTINCT cluster_id) FROM {found.physical_name}').fetchall()}\n"
    )


if __name__ == "__main__":
    sys.exit(main())

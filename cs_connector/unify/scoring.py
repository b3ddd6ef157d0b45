"""Pairs of records with the probability that they are the same: Splink scores what is new against everything."""

from __future__ import annotations

import duckdb

from . import names
from .clusters import WORD
from .evidence import Kind
from .grades import grade
from .models import NEAR, Comparison, Model, settings

PAIR = {
    "entity": "VARCHAR",
    "left_ref": "VARCHAR",
    "right_ref": "VARCHAR",
    "weight": "DOUBLE",
    "probability": "DOUBLE",
    "method": "VARCHAR",
    "evidence": "VARCHAR",
}


def functions(con: duckdb.DuckDBPyConnection) -> None:
    """What the comparisons call: company_grade, latin."""
    listed = con.execute("SELECT 1 FROM duckdb_functions() WHERE function_name = 'company_grade'").fetchone()
    if listed is None:
        con.create_function("company_grade", _grade, ["VARCHAR", "VARCHAR"], "INTEGER")
        con.create_function("latin", names.latin, ["VARCHAR"], "VARCHAR")


def _grade(one: str, other: str) -> int:
    return int(grade(one, other))


def score(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Make `pair` (the columns of PAIR) of all records of `evidence`: those of `before_pair` that still hold, and new ones.

    A pair holds while neither of its records was touched; what systems and people say is told anew.
    """
    columns = ", ".join(PAIR)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE pair AS SELECT {columns} FROM before_pair b WHERE b.entity = '{kind.entity}' AND b.weight < {WORD} "
        "AND b.left_ref NOT IN (SELECT ref FROM touched) AND b.right_ref NOT IN (SELECT ref FROM touched)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE anew AS SELECT e.* FROM evidence e SEMI JOIN touched USING (ref)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE older AS SELECT e.* FROM evidence e ANTI JOIN touched USING (ref)"
    )
    fresh, old = (con.execute(f"SELECT count(*) FROM {t}").fetchall()[0][0] for t in ("anew", "older"))
    if fresh and fresh + old > 1:
        _splink(con, kind, within=fresh > 1, between=old > 0)


def _splink(con: duckdb.DuckDBPyConnection, kind: Kind, *, within: bool, between: bool) -> None:
    from splink import DuckDBAPI, Linker

    con.execute("SET enable_progress_bar = false")  # nothing but the result goes to the terminal
    api = DuckDBAPI(con)
    anew = api.register("anew")
    linker = Linker(anew, settings(kind.model), log_level=None, validate_settings=False)
    if within:
        found = linker.inference.predict(threshold_match_probability=NEAR, warning_mode="never")
        _keep(con, kind, found.physical_name)
    if between:
        found = linker.inference.predict_between(
            anew, api.register("older"), threshold_match_probability=NEAR, warning_mode="never"
        )
        _keep(con, kind, found.physical_name)
    linker.table_management.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]


def _keep(con: duckdb.DuckDBPyConnection, kind: Kind, predicted: str) -> None:
    con.execute(
        f"INSERT INTO pair SELECT '{kind.entity}', least(ref_l, ref_r), greatest(ref_l, ref_r), round(match_weight, 6), "
        f"round(match_probability, 9), {_method(kind.model)}, {_evidence(kind.model)} FROM {predicted}"
    )


def _evidence(model: Model) -> str:
    """What agrees and what does not, in words."""
    said = [f"CASE {_levels(c)} END" for c in model.comparisons]
    return f"concat_ws('; ', {', '.join(said)})"


def _levels(comparison: Comparison) -> str:
    """The words of the level that was met, which is known by its weight."""
    return " ".join(
        f"WHEN abs(mw_{comparison.name} - log2({level.m!r} / {level.u!r})) < 1e-6 THEN '{level.words}'"
        for level in comparison.levels
        if level.words
    )


def _method(model: Model) -> str:
    """The strongest kind of evidence."""
    found = {c.name for c in model.comparisons}
    if "email" in found:
        return "CASE WHEN mw_email > 15 THEN 'email' ELSE 'name' END"
    return "CASE WHEN mw_domain > 10 AND mw_name > 15 THEN 'domain and name' WHEN mw_domain > 10 THEN 'domain' ELSE 'name' END"

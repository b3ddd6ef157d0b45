"""Pairs of records with the probability that they are the same: Splink scores what changed against all that it has to do with."""

from __future__ import annotations

from contextlib import suppress

import duckdb

from . import names
from .evidence import Kind
from .grades import grade, owns
from .layers import PAIR
from .levels import TOLD, Comparison, Model, at_most, bits, settings
from .models import NEAR


def functions(con: duckdb.DuckDBPyConnection) -> None:
    """What is called in SQL: company_grade, domain_owns, latin."""
    with suppress(duckdb.NotImplementedException):  # they are there
        con.create_function("company_grade", _grade, ["VARCHAR", "VARCHAR"], "INTEGER")
        con.create_function("domain_owns", owns, ["VARCHAR", "VARCHAR", "VARCHAR"], "BOOLEAN")
        con.create_function("latin", names.latin, ["VARCHAR"], "VARCHAR")


def _grade(one: str, other: str) -> int:
    return int(grade(one, other))


def score(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Make `scored` (the columns of PAIR): records of `weighed` paired with each other, and with those of `known` that did not change.

    Records that have a key in common that is not crowded are compared. What systems and people say is told elsewhere.
    """
    _face(con, kind)
    _pair(con)
    _tell(con, kind.model)
    con.execute(f"CREATE OR REPLACE TEMP TABLE scored({', '.join(f'{n} {t}' for n, t in PAIR.items())})")
    if con.execute("SELECT 1 FROM blocked LIMIT 1").fetchone():
        _splink(con, kind)


def _face(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """`facing`: numbers for those who are compared, in the order of their refs, `mine` where they changed; `faced`: what is
    compared of them; `mine` and `theirs`: their keys.
    """
    listed = ", ".join(("ref", "lent", *kind.model.columns))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE other AS SELECT {listed} FROM known SEMI JOIN (SELECT ref FROM met SEMI JOIN "
        "(SELECT unnest(keys) AS k FROM weighed) USING (k) ANTI JOIN crowded USING (k)) USING (ref) ANTI JOIN swayed USING (ref)"
        + ("" if con.execute("SELECT 1 FROM met LIMIT 1").fetchone() else " LIMIT 0")
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE facing AS SELECT CAST(row_number() OVER (ORDER BY ref) AS INTEGER) AS n, ref "
        "FROM (SELECT ref FROM weighed UNION ALL SELECT ref FROM other)"
    )
    shown = [
        f"CASE WHEN NOT lent THEN {c} END AS {c}" if c in ("domain", "label") else c
        for c in kind.model.columns
    ]
    if kind.model.tells:
        shown.append(f"NULL::INTEGER AS {TOLD}")  # Splink takes it for a column of records, too
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE faced AS SELECT n, {', '.join(shown)} FROM (SELECT {listed} FROM weighed UNION ALL "
        f"SELECT {listed} FROM other) JOIN facing USING (ref)"
    )


def _pair(con: duckdb.DuckDBPyConnection) -> None:
    """`blocked`: the pairs to compare, as Splink takes them, with nothing told of them."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE mine AS SELECT k, n FROM (SELECT unnest(keys) AS k, n FROM weighed JOIN facing USING (ref)) "
        "ANTI JOIN crowded USING (k)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE theirs AS SELECT k, n FROM met JOIN facing USING (ref) ANTI JOIN swayed USING (ref)"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE blocked AS SELECT l AS join_key_l, r AS join_key_r, NULL::INTEGER AS {TOLD} FROM ("
        "SELECT a.n AS l, b.n AS r FROM mine a JOIN mine b ON a.k = b.k AND a.n < b.n UNION "
        "SELECT least(a.n, b.n), greatest(a.n, b.n) FROM mine a JOIN theirs b USING (k))"
    )


def _tell(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Tell how alike the names of `blocked` pairs are; those that would be too unlikely with the best of names are left out.

    Many records have one name, and to compare two names takes longer than all else: each pair of names is compared once.
    """
    if not model.tells:
        return
    sides = ", ".join(f"l.{c} AS {c}_l, r.{c} AS {c}_r" for c in model.columns)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE likely AS SELECT join_key_l, join_key_r, CASE WHEN core_l <= core_r THEN core_l ELSE core_r END AS one, "
        "CASE WHEN core_l <= core_r THEN core_r ELSE core_l END AS other FROM "
        f"(SELECT join_key_l, join_key_r, {sides} FROM blocked JOIN faced l ON l.n = join_key_l JOIN faced r ON r.n = join_key_r) "
        f"WHERE {at_most(model)} > {bits(NEAR) - 1e-6!r}"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE graded AS SELECT one, other, company_grade(one, other) AS grade "
        "FROM (SELECT DISTINCT one, other FROM likely)"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE blocked AS SELECT join_key_l, join_key_r, grade AS {TOLD} FROM likely LEFT JOIN graded USING (one, other)"
    )


def _splink(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    from splink import DuckDBAPI, Linker

    con.execute("SET enable_progress_bar = false")  # nothing but the result goes to the terminal
    api = DuckDBAPI(con)
    linker = Linker(api.register("faced"), settings(kind.model), log_level=None, validate_settings=False)
    linker.table_management.register_blocked_pairs_for_predict(api.register("blocked"))
    found = linker.inference.predict(threshold_match_probability=NEAR, warning_mode="never")
    con.execute(
        f"INSERT INTO scored SELECT '{kind.entity}', l.ref, r.ref, round(match_weight, 6), round(match_probability, 9), "
        f"{_method(kind.model)}, {_evidence(kind.model)} FROM {found.physical_name} "
        "JOIN facing l ON l.n = n_l JOIN facing r ON r.n = n_r"
    )
    linker.table_management.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]


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

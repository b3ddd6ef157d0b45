"""Pairs of records with the probability that they are the same: Splink scores what changed against all that it has to do with."""

from __future__ import annotations

from contextlib import suppress

import duckdb

from . import names
from .evidence import Kind
from .grades import grade, owns
from .layers import PAIR
from .levels import Comparison, Model, settings
from .models import NEAR


def functions(con: duckdb.DuckDBPyConnection) -> None:
    """What the comparisons call: company_grade, domain_owns, latin."""
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
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE faced AS SELECT n, {', '.join(shown)} FROM (SELECT {listed} FROM weighed UNION ALL "
        f"SELECT {listed} FROM other) JOIN facing USING (ref)"
    )


def _pair(con: duckdb.DuckDBPyConnection) -> None:
    """`blocked`: the pairs to compare, as Splink takes them."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE mine AS SELECT k, n FROM (SELECT unnest(keys) AS k, n FROM weighed JOIN facing USING (ref)) "
        "ANTI JOIN crowded USING (k)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE theirs AS SELECT k, n FROM met JOIN facing USING (ref) ANTI JOIN swayed USING (ref)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE blocked AS SELECT l AS join_key_l, r AS join_key_r, '0' AS match_key FROM ("
        "SELECT a.n AS l, b.n AS r FROM mine a JOIN mine b ON a.k = b.k AND a.n < b.n UNION "
        "SELECT least(a.n, b.n), greatest(a.n, b.n) FROM mine a JOIN theirs b USING (k))"
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

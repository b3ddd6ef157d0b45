"""What trees mean on each engine. Rendering is not meaning: an engine says every function of ours, and every node of SQL
that others read differently, in its own lowering; what it does not say is refused there by name.
"""

from __future__ import annotations

from sqlglot import exp

from cs_connector.config.documents import suggest
from cs_connector.errors import ConfigError

from .common import MAX_DAYS, Lowering, Rule, call
from .duckdb import DUCKDB
from .postgres import POSTGRES
from .spark import SPARK

__all__ = ["ENGINES", "MAX_DAYS", "Lowering", "Rule", "call", "lower", "text"]

ENGINES: dict[str, Lowering] = {engine.name: engine for engine in (DUCKDB, POSTGRES, SPARK)}


def lower(tree: exp.Expr, engine: str = "duckdb") -> exp.Expr:
    """The tree in an engine's own words. Raises ConfigError for a part that the engine has none for."""
    return _engine(engine).apply(tree)


def text(tree: exp.Expr, engine: str = "duckdb", *, pretty: bool = False) -> str:
    """The tree as the engine's SQL, `pretty` over several lines. Raises ConfigError as `lower` does."""
    known = _engine(engine)
    return known.apply(tree).sql(known.dialect, identify=True, pretty=pretty)


def _engine(name: str) -> Lowering:
    if name in ENGINES:
        return ENGINES[name]
    hint = suggest(name, ENGINES) or f"engines: {', '.join(sorted(ENGINES))}"
    raise ConfigError(f"there is no engine {name!r}", fix=hint, safe="nothing was computed")

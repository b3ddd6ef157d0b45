"""Steps that are Python: a function gets a pandas DataFrame and gives one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cs_connector.config.documents import Document
from cs_connector.errors import ConfigError
from cs_connector.language.apply import TYPES
from cs_connector.language.compiler import Part
from cs_connector.language.executor import Connection
from cs_connector.measure.metrics import Source
from cs_connector.model import NUMBER

if TYPE_CHECKING:
    import pandas as pd


def code(source: Source) -> dict[str, str]:
    """The files with the functions of a study's Python steps, each with its text; those that are not there have none."""
    named = {part.python.file for part in source.plan.parts if part.python} if source.plan else set()
    paths = {name: source.document.path.parent / name for name in sorted(named)}
    return {name: path.read_text("utf-8") for name, path in paths.items() if path.exists()}


def run(con: Connection, document: Document, part: Part, table: str) -> None:
    """Replace the rows of a table by what the function of a part makes of them. Raises ConfigError."""
    assert part.python is not None
    path = document.path.parent / part.python.file
    function = _function(path, path.stat().st_mtime_ns if path.exists() else 0, part.python.function)
    rows = con.execute(f'SELECT * FROM "{table}" ORDER BY ALL').df()
    try:
        given = function(rows)
    except (Exception, SystemExit) as error:
        raise _wrong(path, part, f"it stopped with {type(error).__name__}: {error}") from error
    columns = {name: TYPES[kind] for name, kind in part.python.gives.items()}
    why = _mistake(rows, given, columns, single=part.rows.node.shape.single)
    if why:
        raise _wrong(path, part, why)
    listed = ", ".join(f'{_taken(name, type_)} AS "{name}"' for name, type_ in columns.items())
    con.register("given rows", given[["r", "today", *columns]])
    try:
        con.execute(
            f'CREATE OR REPLACE TEMP TABLE "{table}" AS SELECT CAST(r AS INTEGER) AS r, CAST(today AS DATE) AS today, '
            f'{listed} FROM "given rows"'
        )
    except Exception as error:
        raise _wrong(path, part, str(error).splitlines()[0]) from error
    finally:
        con.unregister("given rows")


def _taken(name: str, type_: str) -> str:
    """SQL: a column of what a function gave. What is infinite is unknown, as in all that is read."""
    given = f'CAST("{name}" AS {type_})'
    return f"CASE WHEN isfinite({given}) THEN {given} END" if type_ == NUMBER else given


@lru_cache(64)
def _function(path: Path, changed_at: int, name: str) -> Callable[[Any], Any]:  # noqa: ARG001  another file has another time
    """The function of a file. Raises ConfigError when there is none."""
    spec = spec_from_file_location(f"cs_connector_step_{path.stem}", path)
    if spec is None or spec.loader is None or not path.exists():
        raise ConfigError(f"there is no file {path}", safe="nothing was computed", fix="correct `file`")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ConfigError(
            f"{path.name} cannot be loaded", why=f"{type(error).__name__}: {error}", safe="nothing was computed",
            fix="correct the file",
        ) from error  # fmt: skip
    function = getattr(module, name, None)
    if not callable(function):
        raise ConfigError(
            f"{path.name} has no function {name!r}", safe="nothing was computed", fix="correct `function`"
        )
    return function  # type: ignore[no-any-return]


def _mistake(rows: pd.DataFrame, given: Any, columns: Mapping[str, str], *, single: bool) -> str:
    """What is wrong with an answer, or nothing."""
    names = getattr(given, "columns", None)
    if names is None:
        return "it gave no DataFrame"
    missing = [name for name in ("r", "today", *columns) if name not in names]
    if missing:
        return f"what it gave has no column {missing[0]!r}"
    if not set(given["r"]) <= set(rows["r"]):
        return "what it gave has relationships (`r`) that it did not get"
    if single and given.duplicated(["r", "today"]).any():
        return "it got one row a relationship and date, and gave several"
    return ""


def _wrong(path: Path, part: Part, why: str) -> ConfigError:
    assert part.python is not None
    return ConfigError(
        f"{part.python.function} of {path.name} failed", why=why, safe="nothing was written",
        fix="correct the function, or `gives`",
    )  # fmt: skip

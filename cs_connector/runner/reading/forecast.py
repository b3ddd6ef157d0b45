"""What a sync would read and how many calls it would need, from descriptions and counts alone."""

from __future__ import annotations

from typing import Any

from cs_connector.errors import AdapterError, ConnectorError, about
from cs_connector.runner import drift, estimating, shrink
from cs_connector.runner.engine import Engine
from cs_connector.unify import Source

from . import halted


def estimate(engine: Engine) -> tuple[dict[str, Any], ConnectorError | None]:
    """`objects`: records and calls each, null where the CRM does not say; `calls`: needed, allowed and left, a connection.

    A connection that cannot be asked keeps no other from being estimated; what stopped it, or will stop the run as it
    shows far too few records, is the second answer.
    """
    objects: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    stopped: dict[str, ConnectorError] = {}
    for source in engine.sources():
        try:
            with about(source.connection, halted.SAFE):
                line, lines, shrunk = _connection(engine, source)
        except AdapterError as error:
            stopped[source.connection] = error
            continue
        calls.append(line)
        objects += lines
        if shrunk:
            stopped[source.connection] = shrink.stopped(source.connection, shrunk)
    return {"objects": objects, "calls": calls}, halted.together(stopped, ()) if stopped else None


def _connection(engine: Engine, source: Source) -> tuple[dict[str, Any], list[dict[str, Any]], list[str]]:
    """What all objects of a connection come to, each of them, and those of which far too few are there."""
    name = source.connection
    login = _login(engine, name)
    lines, shrunk = _objects(engine, source)
    usage = engine.adapter(name).usage()
    needed = login + sum(1 if line["calls"] is None else line["calls"] for line in lines)
    exact = all(line["exact"] for line in lines)
    first = {line["object"]: line["records"] for line in lines if line["first"]}
    estimating.remember(engine, name, estimating.Expected(needed, exact), first)
    said = {"connection": name, "needed": needed, "exact": exact}
    return {**said, "limit": usage.limit, "left": usage.left}, lines, shrunk


def _login(engine: Engine, connection: str) -> int:
    """The calls by which a run makes sure of the org; the first time may log in as well, so the second counts."""
    engine.identify(connection)
    before = engine.adapter(connection).usage().used
    engine.identify(connection)
    return engine.adapter(connection).usage().used - before


def _objects(engine: Engine, source: Source) -> tuple[list[dict[str, Any]], list[str]]:
    """A line an object; the look at how many records there are is a call of its own, from the second sync on.

    Where fewer are there than we hold, the run will list them all besides.
    """
    adapter, lines, shrunk = engine.adapter(source.connection), [], list[str]()
    for name, read in drift.ahead(engine, source).items():
        found = adapter.estimate(read)
        known = engine.store.live(source.connection, name)
        total = adapter.total(name) if known else None
        if known and total is not None:
            shrunk += shrink.fewer(engine, source.connection, name, known, total)
        calls = None if found.calls is None else found.calls + (total is not None)
        exact = calls is not None and found.exact and not (known and total is not None and total < known)
        line = {"connection": source.connection, "object": name, "first": read.cursor is None}
        lines.append({**line, "records": found.records, "calls": calls, "exact": exact})
    return lines, shrunk

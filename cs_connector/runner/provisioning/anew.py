"""What is made again: who took away a field or an object took what it held, and no record says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb

from cs_connector.act.face import Standing, Step
from cs_connector.act.outbox import tasks, written
from cs_connector.ports import Piece
from cs_connector.runner import shrink
from cs_connector.runner.engine import Engine
from cs_connector.store import shapes


def fields(engine: Engine, connection: str, new: Sequence[Piece]) -> None:
    """Objects of which a new field was read before are read from the beginning, and hold nothing of ours in it."""
    names = {_last(piece.name) for piece in new}
    for name, shape in sorted(shapes.kept(engine.store.state, connection).items()):
        if again := {field for field, type_ in shape.items() if type_ and _last(field) in names}:
            engine.store.landing.again(connection, name)
            _forget(engine, connection, name, again | {_last(field) for field in again})


def _forget(engine: Engine, connection: str, name: str, again: set[str]) -> None:
    rules = (r for s in engine.sources() if s.connection == connection for r in s.mapping.write)
    holds_tasks = any(rule.source == "call" and rule.object == name for rule in rules)
    with engine.store.state.begin() as db:
        written.forget_fields(db, connection, name, again)
        if holds_tasks:
            tasks.forget_fields(db, connection, again)


def objects(engine: Engine, connection: str, steps: Sequence[Step]) -> None:
    """Nothing that we knew of the records of an object that is made again is there."""
    lost = _lost(steps)
    for name in sorted(shapes.kept(engine.store.state, connection)):
        if any(
            name == each or name.endswith(f"_{each}") for each in lost
        ):  # a CRM may put its own before a name
            _gone(engine, connection, name)


def _lost(steps: Iterable[Step]) -> set[str]:
    """The names of new pieces in which there are others, of which none is there."""
    made, inside, there = set[str](), set[str](), set[str]()
    for step in steps:
        new = step.standing is Standing.CREATE
        made |= {step.piece.name} if new else set()
        (inside if new else there).add(step.piece.name.rpartition(".")[0])
    return (made & inside) - there


def _gone(engine: Engine, connection: str, name: str) -> None:
    with duckdb.connect() as con:
        engine.store.facts.latest(con, connection, name, "records")
        held = con.execute("SELECT id FROM records WHERE NOT deleted ORDER BY id").fetchall()
    shrink.land(engine, connection, name, [record for (record,) in held])
    engine.store.landing.again(connection, name)
    with engine.store.state.begin() as db:
        written.forget_object(db, connection, name)


def _last(name: str) -> str:
    """A field's name without that of its object."""
    return name.rpartition(".")[2]

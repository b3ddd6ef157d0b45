"""What is made again: who took away a field or an object took what it held, and no record says so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import duckdb

from cs_connector.act.face import Key, Standing, Step, key
from cs_connector.act.outbox import tasks, written
from cs_connector.ports import Piece
from cs_connector.runner import shrink
from cs_connector.runner.engine import Engine
from cs_connector.store import shapes

from .record import ASKED
from .surveying import Site


def fields(engine: Engine, site: Site, new: Sequence[Piece]) -> None:
    """Objects of which a new field was read before are read from the beginning, and hold nothing of ours in it.

    Of an object that goes with its fields nothing is forgotten before it is made.
    """
    connection, lost = site.connection, _lost(site.steps, ())
    known = shapes.kept(engine.store.state, connection)
    for name, shape in sorted(known.items()):
        if any(_called(each, name) for each in lost):
            continue
        names = {_last(piece.name) for piece in new if _may_be_of(_home(piece.name), name, known)}
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


def objects(engine: Engine, site: Site, made: Iterable[Piece]) -> None:
    """Nothing that we knew of the records of an object that was made again is there; one that is refused may be there unseen.

    Until this is done, what was made has no answer on record: after a death, `late` does it.
    """
    shown = {name for piece in made for name in (piece.name, _home(piece.name))}
    _forget_records(engine, site.connection, _lost(site.steps, ()) & shown)


def late(engine: Engine, site: Site) -> None:
    """The same for objects that an earlier run had asked for and that show now."""
    asked = {name for name, sent in site.record.unanswered().items() if sent.state == ASKED}
    absent = {step.piece.name for step in site.steps if step.standing is Standing.CREATE}
    shown = {name for _, name in asked} - absent
    _forget_records(engine, site.connection, _lost(site.steps, asked) & shown)


def _lost(steps: Iterable[Step], asked: Collection[Key]) -> set[str]:
    """The names of new pieces, or of those asked for, in which there are others, of which none was there before."""
    made, inside, there = set[str](), set[str](), set[str]()
    for step in steps:
        new = step.standing is Standing.CREATE or key(step.piece) in asked
        made |= {step.piece.name} if new else set()
        (inside if new else there).add(_home(step.piece.name))
    return (made & inside) - there


def _forget_records(engine: Engine, connection: str, lost: Collection[str]) -> None:
    for name in sorted(shapes.kept(engine.store.state, connection)) if lost else ():
        if any(_called(each, name) for each in lost):
            _gone(engine, connection, name)


def _gone(engine: Engine, connection: str, name: str) -> None:
    with duckdb.connect() as con:
        engine.store.facts.latest(con, connection, name, "records")
        held = con.execute("SELECT id FROM records WHERE NOT deleted ORDER BY id").fetchall()
    shrink.land(engine, connection, name, [record for (record,) in held])
    engine.store.landing.again(connection, name)
    with engine.store.state.begin() as db:
        written.forget_object(db, connection, name)


def _may_be_of(home: str, name: str, known: Iterable[str]) -> bool:
    """Whether a field of `home` may be one of this object: it is of another one only if that is known by its name."""
    return _called(home, name) or not any(_called(home, other) for other in known)


def _called(home: str, name: str) -> bool:
    """Whether an object has this name: a CRM may put its own before it."""
    return name == home or name.endswith(f"_{home}")


def _home(name: str) -> str:
    return name.rpartition(".")[0]


def _last(name: str) -> str:
    """A field's name without that of its object."""
    return name.rpartition(".")[2]

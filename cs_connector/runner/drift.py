"""What the objects of a connection look like now, against what they looked like: a lost field becomes unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cs_connector.errors import GuardStopped
from cs_connector.store import shapes
from cs_connector.store.shapes import Shape
from cs_connector.unify import Source

from .engine import Engine

_KINDS = {
    "number": "int|integer|long|double|decimal|currency|percent|number",
    "yes or no": "bool|boolean|checkbox",
    "date": "date",
    "time": "datetime|date_time",
}


def look(engine: Engine, source: Source) -> dict[str, tuple[str, ...]]:
    """The objects to read, each with those mapped fields that can be read; what changed becomes a note of the run."""
    connection, wanted = source.connection, source.mapping.objects()
    known = shapes.kept(engine.store.state, connection)
    found: dict[str, Shape] = {}
    for info in engine.adapter(connection).describe(list(wanted)):
        before, now = known.get(info.name, {}), {f.name: f.type for f in info.fields}
        if f"{connection}.{info.name}" in engine.accepted:
            before = {f: t for f, t in before.items() if f not in now}
        found[info.name] = _merged(before, now, wanted[info.name])
    for name, fields in _unread(known, found):
        engine.store.landing.again(connection, name)
        engine.summary.notes.append(
            f"{connection} {name} is read anew: {', '.join(fields)} was not read before"
        )
    shapes.keep(engine.store.state, connection, found, engine.clock.now())
    changed = list(_changes(found))
    for change in changed:
        engine.summary.notes.append(_sentence(connection, *change))
    _check_filters(source, {(name, field) for name, field, _was, _now in changed})
    gone = {(name, field) for name, field, _was, now in changed if not now}
    return {name: tuple(f for f in fields if (name, f) not in gone) for name, fields in wanted.items()}


def _unread(known: Mapping[str, Shape], found: Mapping[str, Shape]) -> Iterable[tuple[str, list[str]]]:
    """Objects with fields that can be read now and could not, or were not mapped, when their records were read."""
    for name, shape in sorted(found.items()):
        before = known.get(name)
        new = [f for f, t in sorted(shape.items()) if before and not _gone(t) and _missing(before.get(f), t)]
        if new:
            yield name, new


def _missing(before: str | None, now: str) -> bool:
    return before is None or _gone(before) or (not before and bool(now))


def _gone(type_: str) -> bool:
    turn = shapes.changed(type_)
    return turn is not None and not turn[1]


def _check_filters(source: Source, changed: set[tuple[str, str]]) -> None:
    """Raises GuardStopped when a field that decides which records count, or who is who, cannot be believed."""
    for rule in source.mapping.read:
        deciding = {c.field for c in rule.where} | ({rule.same_as.field} if rule.same_as else set())
        deciding |= set(rule.adds_to.sources) if rule.adds_to else set()
        lost = sorted(field for field in deciding if (rule.object, field) in changed)
        if lost:
            name = f"{source.connection} {rule.object}.{lost[0]}"
            raise GuardStopped(
                f"{name} is gone, hidden from this login, or of another kind",
                why=f"it decides which {rule.object} count, or which record of another one they belong to",
                safe="nothing was read, everything stays as it was",
                fix="give the login the field again or change the mapping; if another kind is right: "
                f"cs-connector sync --accept {source.connection}.{rule.object}",
            )


def _merged(before: Shape, now: Mapping[str, str], mapped: Iterable[str]) -> Shape:
    """The shape to keep: a mapped field that went away or turned into another kind stays on record as it was.

    A field that was never described, such as that of a parent record, has no type.
    """
    shape = {}
    for field in mapped:
        was, is_ = shapes.first(before.get(field, "")), now.get(field)
        if is_ is not None:
            shape[field] = shapes.turned(was, is_) if was and _kind(was) != _kind(is_) else is_
        else:
            shape[field] = shapes.turned(was, "") if was else ""
    return shape


def _changes(found: Mapping[str, Shape]) -> Iterable[tuple[str, str, str, str]]:
    for name, shape in sorted(found.items()):
        for field, type_ in sorted(shape.items()):
            if turn := shapes.changed(type_):
                yield (name, field, *turn)


def _sentence(connection: str, name: str, field: str, was: str, now: str) -> str:
    what = f"was {was} and is {now}" if now else "is gone or hidden from this login"
    return f"{connection} {name}.{field} {what}: it counts as unknown. Mend the field or the mapping" + (
        f", or: cs-connector sync --accept {connection}.{name}" if now else ""
    )


def _kind(type_: str) -> str:
    """Types of one kind can take each other's place; what is no number, date or yes-or-no is text."""
    plain = type_.lower()
    return next((kind for kind, names in _KINDS.items() if re.fullmatch(names, plain)), "text")

"""What the objects of a connection look like now, against what they looked like: a lost field becomes unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import NamedTuple

from cs_connector.errors import AdapterError, MappingError, Unavailable
from cs_connector.ports import Adapter, ObjectInfo, Read
from cs_connector.store import shapes
from cs_connector.store.shapes import Shape
from cs_connector.unify import Source
from cs_connector.unify.mapping import HISTORY
from cs_connector.unify.passing import kind

from .engine import Engine
from .reading.halted import ENDING, Halted

Attempt = Callable[[str], AbstractContextManager[object]]
_Change = tuple[str, str, str, str]  # an object, its field, what that was and what it is now
# Fields whose parts are fields too, and files.
_WHOLES = frozenset({"address", "location", "base64", "complexvalue"})


def look(engine: Engine, source: Source, attempt: Attempt = nullcontext) -> dict[str, Read]:
    """What to read of each object: those wanted fields that can be read; what changed becomes a note of the run.

    Where an `attempt` takes what is wrong with an object, that is as it was.
    """
    connection, mapped = source.connection, source.mapping.objects()
    _check_histories(engine, source)
    kept, wanted, found = _compared(engine, source, attempt)
    _read_anew(engine, connection, kept, found)
    shapes.keep(engine.store.state, connection, found, engine.clock.now())
    changed = list(_changes(found))
    for name, field, was, now in _told_once(changed, source.mapping.write_root):
        fix = _fix(connection, name, free=bool(now) or field not in mapped[name])
        engine.summary.notes.append(_sentence(f"{connection} {name}.{field}", was, now, fix))
    _check_filters(source, {(name, field) for name, field, _was, _now in changed})
    gone = {(name, field) for name, field, _was, now in changed if not now}
    return {
        name: replace(read, fields=tuple(f for f in read.fields if (name, f) not in gone))
        for name, read in wanted.items()
    }


def ahead(engine: Engine, source: Source) -> Mapping[str, Read]:
    """What the next run will read of each object, and from where; nothing is kept. Raises AdapterError."""
    kept, wanted, found = _compared(engine, source)
    anew = {name for name, _fields in _unread(kept, found)}
    cursor = engine.store.landing.cursor
    return {
        name: replace(read, cursor=None if name in anew else cursor(source.connection, name))
        for name, read in wanted.items()
    }


class _Compared(NamedTuple):
    """The shapes that are on record, what is to be read, and the shapes as they are now; by object."""

    kept: Mapping[str, Shape]
    wanted: Mapping[str, Read]
    found: Mapping[str, Shape]


def _compared(engine: Engine, source: Source, attempt: Attempt = nullcontext) -> _Compared:
    connection, mapped = source.connection, source.mapping.objects()
    kept, adapter = shapes.kept(engine.store.state, connection), engine.adapter(connection)
    infos = [
        sought(adapter, info, _typed(kept.get(name, {})))
        for name, info in _told(engine, connection, list(mapped), attempt).items()
    ]
    described = {info.name: {f.name: f.type for f in info.fields} for info in infos}
    known = {n: _accepted(engine, connection, n, shape, described, mapped) for n, shape in kept.items()}
    wanted = source.mapping.reads(
        {name: {**known.get(name, {}), **_plain(described.get(name, {}))} for name in mapped}
    )
    found = {name: _merged(known.get(name, {}), now, wanted[name]) for name, now in described.items()}
    return _Compared(kept, wanted, found)


def described(engine: Engine, connection: str, objects: Sequence[str]) -> Mapping[str, ObjectInfo]:
    """Those of the named objects that can be seen; asked for only where nobody has asked in this run. Raises AdapterError."""
    known = engine.described.get(connection, {})
    missing = [name for name in objects if name not in known]
    if missing:
        _anew(engine, connection, missing)
    seen = engine.described.get(connection, {})
    return {name: info for name in objects if (info := seen.get(name)) is not None}


def sought(adapter: Adapter, info: ObjectInfo, wanted: Iterable[str]) -> ObjectInfo:
    """The object with those wanted fields that its description left out, where it comes from a part of the records."""
    seen = {field.name for field in info.fields}
    missing = [name for name in wanted if name not in seen]
    return replace(info, fields=(*info.fields, *adapter.seek(info.name, missing))) if missing else info


def _typed(shape: Shape) -> list[str]:
    """The fields of which it was known once that they are there."""
    return [field for field, type_ in shape.items() if shapes.first(type_) and not field.startswith(HISTORY)]


def _told(
    engine: Engine, connection: str, objects: Sequence[str], attempt: Attempt
) -> Mapping[str, ObjectInfo]:
    """The same of all at once; where an object of them cannot be had one by one, each in an attempt."""
    try:
        return _anew(engine, connection, objects)
    except (*ENDING, Unavailable):
        raise
    except AdapterError:
        found: dict[str, ObjectInfo] = {}
        for name in objects:
            with attempt(name):
                found |= _anew(engine, connection, [name])
        return found


def _anew(engine: Engine, connection: str, objects: Sequence[str]) -> Mapping[str, ObjectInfo]:
    """The same, as they are at this moment."""
    found = {info.name: info for info in engine.adapter(connection).describe(objects)}
    engine.described.setdefault(connection, {}).update({name: found.get(name) for name in objects})
    return found


def _accepted(
    engine: Engine,
    connection: str,
    name: str,
    shape: Shape,
    described: Mapping[str, Mapping[str, str]],
    mapped: Mapping[str, Sequence[str]],
) -> Shape:
    """The shape to compare with: of an accepted object, only those mapped fields that are not there."""
    if f"{connection}.{name}" not in engine.accepted:
        return shape
    now = described.get(name, {})
    return {f: t for f, t in shape.items() if f in mapped.get(name, ()) and f not in now}


def _read_anew(
    engine: Engine, connection: str, kept: Mapping[str, Shape], found: Mapping[str, Shape]
) -> None:
    for name, fields in _unread(kept, found):
        engine.store.landing.again(connection, name)
        engine.summary.notes.append(
            f"{connection} {name} is read anew: {', '.join(fields)} was not read before"
        )


def _plain(fields: Mapping[str, str]) -> dict[str, str]:
    """Fields that a pattern may pass through."""
    return {name: type_ for name, type_ in fields.items() if type_ not in _WHOLES}


def _check_histories(engine: Engine, source: Source) -> None:
    """Raises MappingError when values of before are asked of a system that does not tell them."""
    for index, rule in enumerate(source.mapping.read):
        if rule.history and not engine.adapter(source.connection).capabilities.history:
            document = source.mapping.document
            raise MappingError(
                f"{source.mapping.crm} does not tell what {rule.object}.{rule.history[0]} was before",
                safe=f"nothing of {source.connection} was read, and nothing was written to any CRM",
                fix="remove history:",
                place=None if document is None else document.place(("read", index, "history")),
            )


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
    """Raises Halted when a field that decides which records count, or who is who, cannot be believed."""
    for rule in source.mapping.read:
        lost = sorted(field for field in rule.deciding if (rule.object, field) in changed)
        if lost:
            name = f"{source.connection} {rule.object}.{lost[0]}"
            again = _ours_again(source, rule.object, lost[0])
            raise Halted(
                f"{name} is gone, hidden from this login, or of another kind",
                why=f"it decides which {rule.object} count, or which record of another one they belong to",
                safe=f"nothing of {source.connection} was read, what was read of it before stays as it was, and nothing was written to any CRM",
                fix=f"{again}give the login the field again or change the mapping; if another kind is right: "
                f"cs-connector sync --accept {source.connection}.{rule.object}",
            )


def _ours_again(source: Source, object_name: str, field: str) -> str:
    """What helps where the field is one that `provision` makes."""
    ours = {r.key_field for r in source.mapping.write if r.object == object_name}
    ours = ours.union(*(r.fields for r in source.mapping.write if r.object == object_name))
    return (
        f"it is one of ours: cs-connector provision apply {source.connection}; or " if field in ours else ""
    )


def _merged(before: Shape, now: Mapping[str, str], read: Read) -> Shape:
    """The shape to keep: a wanted field that went away or turned into another kind stays on record as it was.

    A field that was never described, such as that of a parent record, has no type.
    """
    shape = {f"{HISTORY}{field}": "history" for field in read.history}
    for field in read.fields:
        was, is_ = shapes.first(before.get(field, "")), now.get(field)
        if is_ is not None:
            shape[field] = shapes.turned(was, is_) if was and kind(was) != kind(is_) else is_
        else:
            shape[field] = shapes.turned(was, "") if was else ""
    return shape


def _changes(found: Mapping[str, Shape]) -> Iterable[_Change]:
    for name, shape in sorted(found.items()):
        for field, type_ in sorted(shape.items()):
            if turn := shapes.changed(type_):
                yield (name, field, *turn)


def _told_once(changed: Sequence[_Change], root: str) -> list[_Change]:
    """Without the fields that are also read below `root`, where their name as they are written stands for the same field."""
    there = {(name, field) for name, field, _was, _now in changed}
    return [change for change in changed if not root or (change[0], f"{root}.{change[1]}") not in there]


def _sentence(field: str, was: str, now: str, fix: str) -> str:
    what = f"was {was} and is {now}" if now else "is gone or hidden from this login"
    return f"{field} {what}: it counts as unknown. Mend the field or the mapping{fix}"


def _fix(connection: str, name: str, *, free: bool) -> str:
    """What else helps where nothing depends on the field as it was."""
    return f", or: cs-connector sync --accept {connection}.{name}" if free else ""

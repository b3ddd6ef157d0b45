"""Whether a mapping fits what a connection has: objects, fields, kinds, permissions, picklists, lengths."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain

from cs_connector.act.differences.preflight import TAKES, kind, unavailable
from cs_connector.config.documents import Document, Path_, suggest
from cs_connector.model import DATE, ENTITIES, FLAG, MONEY, NUMBER, TIME, WHOLE
from cs_connector.ports import FieldInfo, ObjectInfo
from cs_connector.unify import Source
from cs_connector.unify.mapping import KINDS, Condition, FieldRule, ReadRule, Through, WriteField, WriteRule

ASK = "remove it, or ask the admin for permission"
_ALIKE = 0.8  # as difflib counts: a name that near to a saved one is that one misspelt
_SHOWN = 8  # values of a picklist that a message lists

_TAKES = {  # what an attribute can be made of, besides plain text
    NUMBER: ("a number",), WHOLE: ("a number",), MONEY: ("a number",),
    DATE: ("a date", "a time"), TIME: ("a date", "a time"), FLAG: ("yes or no",),
}  # fmt: skip
_CALLED = {
    NUMBER: "a number",
    WHOLE: "a whole number",
    MONEY: "money",
    DATE: "a date",
    TIME: "a time",
    FLAG: "yes or no",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a mapping that the connection cannot do; `place` is file and line. Of a file that is of no connection that is empty."""

    connection: str
    place: str
    what: str
    fix: str


@dataclass(frozen=True, slots=True)
class _Fault:
    """`where` are the keys that lead to it in the file, `lacks` the object that is not known."""

    where: Path_
    what: str
    fix: str
    lacks: str = ""


def fit(source: Source, known: Mapping[str, ObjectInfo], *, partly: bool = False) -> list[Problem]:
    """Compare one mapping with the objects that its connection describes; `partly` if it may have others."""
    document = source.mapping.document
    assert document is not None
    faults = chain(
        _reads(source, known), _writes(source.mapping.write, known), _ways(source, known), _dead_ends(source)
    )
    told = {fault for fault in faults if not (partly and _not_saved(fault.lacks, known))}
    found = sorted(told, key=lambda fault: (_line(document, fault), fault.what))
    return [Problem(source.connection, str(document.place(f.where)), f.what, f.fix) for f in found]


def _not_saved(lacks: str, known: Iterable[str]) -> bool:
    """Whether an object is one that nobody saved, and no slip of the pen."""
    return bool(lacks) and not get_close_matches(lacks, list(known), n=1, cutoff=_ALIKE)


def _line(document: Document, fault: _Fault) -> int:
    return document.place(fault.where).line or 0


def _reads(source: Source, known: Mapping[str, ObjectInfo]) -> Iterator[_Fault]:
    for index, rule in enumerate(source.mapping.read):
        where: Path_ = ("read", index)
        info = known.get(rule.object)
        if info is None:
            yield _no_object(where, rule.object, known)
            continue
        fields = {f.name: f for f in info.fields}
        if not info.readable:
            yield _Fault(
                (*where, "object"),
                f"{rule.object} may not be read by this login",
                "ask the admin for permission",
            )
        yield from _unknown_fields(where, rule, fields)
        entity = ENTITIES.get(rule.entity)  # what is none is a mistake of the file, and told there
        columns = {c.name: c.type for c in entity.columns} if entity else {}
        for attribute, how in rule.fields.items():
            called = f"{rule.entity}.{attribute}"
            yield from _attribute(
                (*where, "fields", attribute), rule.object, (called, columns.get(attribute)), how, fields
            )
        for name, how in rule.inputs.items():
            yield from _attribute((*where, "inputs", name), rule.object, (name, KINDS[how.type]), how, fields)
        for at, condition in _conditions(rule):
            yield from _condition((*where, *at), rule.object, condition, fields)


def _conditions(rule: ReadRule) -> Iterator[tuple[Path_, Condition]]:
    """What a rule, or one of its attributes, asks of a record, and where."""
    yield from ((("where", number), condition) for number, condition in enumerate(rule.where))
    for part, rules in (("fields", rule.fields), ("inputs", rule.inputs)):
        yield from (((part, name), how.only_if) for name, how in rules.items() if how.only_if)


def _no_object(where: Path_, name: str, known: Iterable[str]) -> _Fault:
    return _Fault(
        (*where, "object"),
        f"{name} is not an object that this login sees",
        suggest(name, known)
        or "remove the rule, ask the admin for permission or, where it is read from files, see that its pattern finds one",
        lacks=name,
    )


def _unknown_fields(where: Path_, rule: ReadRule, fields: Mapping[str, FieldInfo]) -> Iterator[_Fault]:
    for keys, name in _mentions(rule):
        if name not in fields and "." not in name and not name.startswith("/"):
            yield _Fault(
                (*where, *keys),
                f"{rule.object}.{name} is not a field that this login sees",
                suggest(name, fields) or ASK,
            )


def _mentions(rule: ReadRule) -> Iterator[tuple[Path_, str]]:
    """Every field that a rule names, and where."""
    for part, rules in (("fields", rule.fields), ("inputs", rule.inputs)):
        for attribute, how in rules.items():
            yield from (((part, attribute), name) for name in how.sources)
            if how.only_if:
                yield (part, attribute), how.only_if.field
    yield from ((("where", number), condition.field) for number, condition in enumerate(rule.where))
    yield from ((("history", number), name) for number, name in enumerate(rule.history))
    yield from ((("adds_to",), name) for name in (rule.adds_to.sources if rule.adds_to else ()))
    if rule.same_as:
        yield ("same_as",), rule.same_as.field


def _attribute(
    where: Path_, name: str, wanted: tuple[str, str | None], how: FieldRule, fields: Mapping[str, FieldInfo]
) -> Iterator[_Fault]:
    """Fields of an object that cannot be what is made of them: `wanted` is what that is called, and its type."""
    found = [fields[name] for name in how.sources if name in fields]
    if how.values is not None:
        yield from (fault for field in found for fault in _values(where, name, field, how))
        return
    called, type_ = wanted
    if how.link or how.contains or how.join or how.through:
        return
    for field in found:
        held = kind(field.type)
        if type_ in _TAKES and held and held not in _TAKES[type_]:
            yield _Fault(
                where,
                f"{called} is {_CALLED[type_]}, and {name}.{field.name} is {held}",
                "map a field of that kind, or translate its values",
            )


def _values(where: Path_, name: str, field: FieldInfo, how: FieldRule) -> Iterator[_Fault]:
    """Translated values that the picklist lacks."""
    if field.values and how.values and not how.lookup:  # a look-up also serves fields with other choices
        yield from _strangers((*where, "values"), name, field, how.values)


def _strangers(where: Path_, name: str, field: FieldInfo, values: Iterable[str]) -> Iterator[_Fault]:
    for value in values:
        if field.values and value not in field.values:
            fix = suggest(value, field.values) or f"it has {_listed(field.values)}"
            yield _Fault((*where, value), f"{name}.{field.name} has no value {value!r}", fix)


def _condition(
    where: Path_, name: str, condition: Condition, fields: Mapping[str, FieldInfo]
) -> Iterator[_Fault]:
    field = fields.get(condition.field)
    if field:
        yield from _strangers(where, name, field, (*(condition.any_of or ()), *(condition.none_of or ())))


def _writes(rules: Iterable[WriteRule], known: Mapping[str, ObjectInfo]) -> Iterator[_Fault]:
    for index, rule in enumerate(rules):
        where: Path_ = ("write", index)
        info = known.get(rule.object)
        if info is None:
            yield _no_object(where, rule.object, known)
            continue
        if not info.writable:
            yield _Fault(
                (*where, "object"),
                f"{rule.object} may not be written by this login",
                "ask the admin for permission",
            )
        fields = {f.name: f for f in info.fields}
        yield from _keys(where, rule, fields)
        for name, how in rule.fields.items():
            if name not in fields:
                fix = suggest(name, fields) or "if it is one of ours: cs-connector provision plan"
                yield _Fault(
                    (*where, "fields", name), f"{rule.object}.{name} is not a field that this login sees", fix
                )
                continue
            yield from _written((*where, "fields", name), rule.object, fields[name], how)


def _keys(where: Path_, rule: WriteRule, fields: Mapping[str, FieldInfo]) -> Iterator[_Fault]:
    """The fields by which records are found, and those by which a task is closed."""
    asked = {"key_field": rule.key_field, "closed": rule.closed.field if rule.closed else None}
    for key, name in asked.items():
        if name and name not in fields:
            fix = suggest(name, fields) or "if it is one of ours: cs-connector provision plan"
            yield _Fault((*where, key), f"{rule.object}.{name} is not a field that this login sees", fix)


def _written(where: Path_, name: str, field: FieldInfo, how: WriteField) -> Iterator[_Fault]:
    found = kind(field.type)
    if not field.writable:
        yield _Fault(
            where,
            f"{name}.{field.name} may not be written by this login",
            "ask the admin for edit permission",
        )
    if found and found not in TAKES[how.type]:
        yield _Fault(
            where,
            f"{name}.{field.name} is {found}, and the mapping writes a {how.type}",
            "change type, or the field",
        )
    if how.length and field.length and how.length > field.length:
        yield _Fault(
            where,
            f"{name}.{field.name} holds {field.length} characters, not {how.length}",
            f"set length: {field.length}",
        )
    if how.values and found == "a choice":
        yield from (_Fault(where, f.what, f.fix) for f in _strangers(where, name, field, how.values.values()))
    if field.choices:
        yield from _not_available(where, name, field, (how.values or {}).values())


def _not_available(where: Path_, name: str, field: FieldInfo, values: Iterable[str]) -> Iterator[_Fault]:
    """Record types that this login may not set."""
    for value in values:
        if value not in field.choices:
            what, _, fix = unavailable(value, field).partition(": ")
            yield _Fault(where, f"{name}.{field.name}: {value} {what}", fix)


def _ways(source: Source, known: Mapping[str, ObjectInfo]) -> Iterator[_Fault]:
    """Fields of other objects to which references lead."""
    for index, rule in enumerate(source.mapping.read):
        led = [("fields", name, how.through) for name, how in rule.fields.items()]
        led += [("inputs", name, how.through) for name, how in rule.inputs.items()]
        for part, name, other in led:
            if other:
                yield from _led(("read", index, part, name, "through"), other, known)


def _led(where: Path_, other: Through, known: Mapping[str, ObjectInfo]) -> Iterator[_Fault]:
    if other.object not in known:
        yield _no_object(where, other.object, known)
    elif other.field not in (fields := [f.name for f in known[other.object].fields]):
        what = f"{other.object}.{other.field} is not a field that this login sees"
        yield _Fault(where, what, suggest(other.field, fields) or ASK)


def _dead_ends(source: Source) -> Iterator[_Fault]:
    """References to records of this system that no rule reads."""
    read = {rule.object for rule in source.mapping.read}
    for index, rule in enumerate(source.mapping.read):
        for attribute, how in rule.fields.items():
            if how.link and how.object and how.crm in (None, source.crm) and how.object not in read:
                fix = suggest(how.object, read) or f"read {how.object} too"
                yield _Fault(
                    ("read", index, "fields", attribute),
                    f"{how.object} is not read, so {attribute} leads nowhere",
                    fix,
                )


def elsewhere(
    source: Source, systems: Mapping[str, Collection[str]], adapters: Iterable[str]
) -> list[Problem]:
    """References into other systems that nobody knows, or to objects that no mapping reads there; `systems` has what is read of each."""
    document = source.mapping.document
    assert document is not None
    found = []
    for where, crm, name in _abroad(source):
        known = sorted({*systems, *adapters})
        if crm not in known:
            what, fix = f"{crm} is no system", suggest(crm, known) or f"known: {', '.join(known)}"
        elif crm in systems and name not in systems[crm]:
            what = f"{name} of {crm} is not read, so it leads nowhere"
            fix = suggest(name, systems[crm]) or f"read {name} in the mapping of {crm}"
        else:
            continue
        found.append(Problem(source.connection, str(document.place(where)), what, fix))
    return found


def _abroad(source: Source) -> Iterator[tuple[Path_, str, str]]:
    """Where a mapping names an object of another system: the system and the object."""
    for index, rule in enumerate(source.mapping.read):
        at = ("read", index)
        led = [((*at, "fields", name), how) for name, how in rule.fields.items()]
        for where, how in [*led, *([((*at, "adds_to"), rule.adds_to)] if rule.adds_to else [])]:
            if how.link and how.object and how.crm not in (None, source.crm):
                yield where, str(how.crm), how.object
        if rule.same_as:
            yield (*at, "same_as"), rule.same_as.crm, rule.same_as.object


def _listed(values: Iterable[str]) -> str:
    every = list(values)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more

"""Whether a mapping fits what a connection has: objects, fields, kinds, permissions, picklists, lengths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from cs_connector.config.documents import Document, Path_, suggest
from cs_connector.model import DATE, ENTITIES, FLAG, MONEY, NUMBER, TIME, WHOLE
from cs_connector.ports import FieldInfo, ObjectInfo
from cs_connector.unify import Source
from cs_connector.unify.mapping import Condition, FieldRule, ReadRule, WriteField, WriteRule

from .engine import Engine

ASK = "remove it, or ask the admin for permission"
_SHOWN = 8  # values of a picklist that a message lists

_KINDS = {
    "a number": "int|integer|long|double|decimal|currency|percent|number",
    "yes or no": "bool|boolean|checkbox",
    "a date": "date",
    "a time": "datetime|date_time",
    "a choice": "picklist|multipicklist|enumeration|tagger|dropdown|multiselect",
    "a reference": "reference|id|lookup",
}
_TAKES = {  # what an attribute can be made of, besides plain text
    NUMBER: ("a number",), WHOLE: ("a number",), MONEY: ("a number",),
    DATE: ("a date", "a time"), TIME: ("a date", "a time"), FLAG: ("yes or no",),
}  # fmt: skip
_WRITES = {
    "number": ("a number",), "percent": ("a number",), "date": ("a date", "a time"), "reference": ("a reference", "a choice"),
    "text": ("a choice",),
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
    """Something in a mapping that the connection cannot do; `place` is file and line."""

    connection: str
    place: str
    what: str
    fix: str


@dataclass(frozen=True, slots=True)
class _Fault:
    """`where` are the keys that lead to it in the file."""

    where: Path_
    what: str
    fix: str


def check(engine: Engine) -> list[Problem]:
    """Every place where a mapping asks for what its connection does not have, in the order of the files."""
    return [problem for source in engine.sources() for problem in fit(source, _described(engine, source))]


def _described(engine: Engine, source: Source) -> dict[str, ObjectInfo]:
    return {o.name: o for o in engine.adapter(source.connection).describe(list(source.mapping.objects()))}


def fit(source: Source, known: Mapping[str, ObjectInfo]) -> list[Problem]:
    """Compare one mapping with the objects that its connection describes."""
    document = source.mapping.document
    assert document is not None
    faults = chain(
        _reads(source, known),
        _writes(source.mapping.write, known),
        _claims(source.mapping.write),
        _dead_ends(source),
    )
    found = sorted(set(faults), key=lambda fault: (_line(document, fault), fault.what))
    return [Problem(source.connection, str(document.place(f.where)), f.what, f.fix) for f in found]


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
        for attribute, how in rule.fields.items():
            yield from _attribute((*where, "fields", attribute), rule, attribute, how, fields)
        for number, condition in enumerate(rule.where):
            yield from _condition((*where, "where", number), rule.object, condition, fields)


def _no_object(where: Path_, name: str, known: Iterable[str]) -> _Fault:
    return _Fault(
        (*where, "object"), f"{name} is not an object that this login sees", suggest(name, known) or ASK
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
    for attribute, how in rule.fields.items():
        yield from ((("fields", attribute), name) for name in how.sources)
        if how.only_if:
            yield ("fields", attribute), how.only_if.field
    yield from ((("where", number), condition.field) for number, condition in enumerate(rule.where))
    yield from ((("adds_to",), name) for name in (rule.adds_to.sources if rule.adds_to else ()))
    if rule.same_as:
        yield ("same_as",), rule.same_as.field


def _attribute(
    where: Path_, rule: ReadRule, attribute: str, how: FieldRule, fields: Mapping[str, FieldInfo]
) -> Iterator[_Fault]:
    found = [fields[name] for name in how.sources if name in fields]
    if how.values is not None:
        yield from (fault for field in found for fault in _values(where, rule.object, field, how))
        return
    column = ENTITIES[rule.entity].column(attribute)
    if column is None or how.link or how.contains or how.join:
        return
    for field in found:
        kind = _kind(field.type)
        if column.type in _TAKES and kind and kind not in _TAKES[column.type]:
            yield _Fault(
                where,
                f"{rule.entity}.{attribute} is {_CALLED[column.type]}, and {rule.object}.{field.name} is {kind}",
                "map a field of that kind, or translate its values",
            )


def _values(where: Path_, name: str, field: FieldInfo, how: FieldRule) -> Iterator[_Fault]:
    """Translated values that the picklist lacks, and choices of the picklist that nobody translates."""
    assert how.values is not None
    if not field.values:
        return
    yield from _strangers((*where, "values"), name, field, how.values)
    untold = [v for v in field.values if v not in how.values]
    if untold and "default" not in how.model_fields_set:
        yield _Fault(
            where,
            f"{name}.{field.name} can be {_listed(untold)}, which have no translation and become unknown",
            "translate them, or give a default (default: null if they should be unknown)",
        )


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
        for name, how in rule.fields.items():
            if name not in fields:
                fix = suggest(name, fields) or "install it: docs/operations.md says how"
                yield _Fault(
                    (*where, "fields", name), f"{rule.object}.{name} is not a field that this login sees", fix
                )
                continue
            yield from _written((*where, "fields", name), rule.object, fields[name], how)


def _written(where: Path_, name: str, field: FieldInfo, how: WriteField) -> Iterator[_Fault]:
    kind = _kind(field.type)
    if not field.writable:
        yield _Fault(
            where,
            f"{name}.{field.name} may not be written by this login",
            "ask the admin for edit permission",
        )
    if kind and kind not in _WRITES[how.type]:
        yield _Fault(
            where,
            f"{name}.{field.name} is {kind}, and the mapping writes a {how.type}",
            "change type, or the field",
        )
    if how.length and field.length and how.length > field.length:
        yield _Fault(
            where,
            f"{name}.{field.name} holds {field.length} characters, not {how.length}",
            f"set length: {field.length}",
        )
    if how.values and kind == "a choice":
        yield from (_Fault(where, f.what, f.fix) for f in _strangers(where, name, field, how.values.values()))


def _claims(rules: Iterable[WriteRule]) -> Iterator[_Fault]:
    """Two rules that write one field of the same records: the later would undo the earlier for ever."""
    seen: dict[tuple[str, str, str], str] = {}
    for index, rule in enumerate(rules):
        for name in rule.fields:
            first = seen.setdefault((rule.object, rule.by, name), rule.source)
            if first != rule.source:
                yield _Fault(
                    ("write", index, "fields", name),
                    f"{rule.object}.{name} is written from the {first} and from the {rule.source}",
                    "let one of them write it",
                )


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


def _kind(type_: str) -> str | None:
    """None for text and for what is not known: any value may be in it."""
    return next((kind for kind, names in _KINDS.items() if re.fullmatch(names, type_.lower())), None)


def _listed(values: Iterable[str]) -> str:
    every = list(values)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more

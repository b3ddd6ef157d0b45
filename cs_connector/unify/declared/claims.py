"""Rules that are after the same thing: one field or one record twice, or what we write ourselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from cs_connector.config.documents import Document, Path_
from cs_connector.unify.mapping import Condition, MappingFile, ReadRule


@dataclass(frozen=True, slots=True)
class Claim:
    """`first` are the keys of what was there before."""

    where: Path_
    first: Path_
    what: str
    fix: str

    def why(self, document: Document | None) -> str:
        return f"the other one is in {document.place(self.first)}" if document else ""


def found(mapping: MappingFile) -> Iterator[Claim]:
    yield from _written_twice(mapping)
    yield from _read_twice(mapping)
    yield from _fed_back(mapping)


def _written_twice(mapping: MappingFile) -> Iterator[Claim]:
    """The later would undo the earlier for ever."""
    seen: dict[tuple[str, str, str], tuple[Path_, str]] = {}
    for index, rule in enumerate(mapping.write):
        for name in rule.fields:
            where: Path_ = ("write", index, "fields", name)
            first, source = seen.setdefault((rule.object, rule.by, name), (where, rule.source))
            if first != where:
                what = f"{rule.object}.{name} is written from the {source} and from the {rule.source}"
                yield Claim(where, first, what, "let one of them write it")


def _read_twice(mapping: MappingFile) -> Iterator[Claim]:
    """One record as two entities of a kind counts twice; two rules that add one attribute overrule each other."""
    for (number, other), (index, rule) in combinations(enumerate(mapping.read), 2):
        if (rule.object, rule.entity) != (other.object, other.entity) or _apart(rule, other):
            continue
        if not rule.adds_to and not other.adds_to:
            what = f"{rule.object} is read as {rule.entity} by two rules that can take the same record"
            yield Claim(("read", index, "object"), ("read", number, "object"), what, "part them with where")
        elif rule.adds_to and other.adds_to:
            yield from _shared(rule, other, index, number)


def _shared(rule: ReadRule, other: ReadRule, index: int, number: int) -> Iterator[Claim]:
    for name in sorted(rule.fields.keys() & other.fields.keys()):
        what = f"{rule.entity}.{name} is read from {rule.object} by two rules that can take the same record"
        where, first = (("read", n, "fields", name) for n in (index, number))
        yield Claim(where, first, what, "part them with where, or read it in one of them")


def _apart(one: ReadRule, other: ReadRule) -> bool:
    """Whether no record can meet the conditions of both, as far as they tell."""
    return any(
        a.field == b.field and (_excludes(a, b) or _excludes(b, a)) for a in one.where for b in other.where
    )


def _excludes(a: Condition, b: Condition) -> bool:
    if a.any_of is None:
        return a.known is True and b.known is False
    values = set(a.any_of)
    if b.any_of is not None:
        return values.isdisjoint(b.any_of)
    return b.known is False or (b.none_of is not None and values <= set(b.none_of))


def _fed_back(mapping: MappingFile) -> Iterator[Claim]:
    """What we write to an account or a relationship must not come back as what we make it of.

    A task's state may, and so may a reference: that says where the record is, and people move it.
    """
    written = {
        (rule.object, name): ("write", index, "fields", name)
        for index, rule in enumerate(mapping.write)
        if rule.source != "call"
        for name in rule.fields
    }
    for index, rule in enumerate(mapping.read):
        for where, attribute, name in _plain(rule):
            if first := written.get((rule.object, name)):
                what = (
                    f"{rule.object}.{name} is written by us, and read as {attribute}: it would feed on itself"
                )
                yield Claim(("read", index, *where), first, what, "read another field, or do not write it")


def _plain(rule: ReadRule) -> Iterator[tuple[Path_, str, str]]:
    """What is read of fields, but keys and references: where, as what, and of which field."""
    for part, rules in (("fields", rule.fields), ("inputs", rule.inputs)):
        for attribute, how in rules.items():
            if attribute != "key" and not how.link:
                yield from (((part, attribute), attribute, name) for name in how.sources)

"""What of an org looks like something that its mapping does not read yet: guesses, for a person to judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cs_connector.model import ENTITIES, FLAG, MONEY, NUMBER, TEXT, WHOLE
from cs_connector.ports import FieldInfo, ObjectInfo

from . import vocabulary
from .likeness import alike
from .mapping import MappingFile, ReadRule
from .passing import kind

FIT, NAMED, VALUE = (
    78,
    70,
    85,
)  # from which likeness on a field, an object and a value are taken for what we look for
ENOUGH = 4  # attributes that make an object as certain as its name does
_KINDS = {FLAG: {"yes or no"}, MONEY: {"number"}, NUMBER: {"number"}, WHOLE: {"number"}}
_SHORT = frozenset({"string", "picklist", "combobox", "enumeration", "text", "dropdown", "tagger"})


@dataclass(frozen=True, slots=True)
class Match:
    """An attribute and the field that it may come from; `values` translate, and `left` have no translation."""

    attribute: str
    info: FieldInfo
    likeness: float
    values: Mapping[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guess:
    """An object that may be an entity; `account` is its field that refers to one."""

    object: str
    entity: str
    account: FieldInfo
    matches: tuple[Match, ...]
    likeness: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """By rule of the mapping what is not there (None: its whole object) and what could be added; new rules, and other
    objects that are as well like one; objects that look like lists of products.
    """

    missing: Mapping[int, frozenset[str] | None]
    added: Mapping[int, tuple[Match, ...]]
    rules: tuple[Guess, ...]
    others: tuple[Guess, ...]
    products: tuple[str, ...]


def propose(mapping: MappingFile, objects: Iterable[ObjectInfo]) -> Proposal:
    """`objects` are those of the org that may matter, and all that the mapping reads and that exist."""
    known = {info.name: info for info in objects}
    missing = {
        index: gone
        for index, rule in enumerate(mapping.read)
        if (gone := _missing(rule, known)) != frozenset()
    }
    read = {rule.object for rule in mapping.read} | {target.object for target in mapping.write}
    new = [info for name, info in sorted(known.items()) if name not in read]
    held = {
        rule.entity for index, rule in enumerate(mapping.read) if missing.get(index, frozenset()) is not None
    }
    rules, others = _ranked(_guesses(mapping, new), held)
    return Proposal(
        missing,
        dict(_added(mapping, known, missing)),
        rules,
        others,
        tuple(info.name for info in new if alike(_names(info), vocabulary.PRODUCTS) >= VALUE),
    )


def _missing(rule: ReadRule, known: Mapping[str, ObjectInfo]) -> frozenset[str] | None:
    """The fields that a rule reads and that are not there; fields of parents and of the record's top are not looked at."""
    info = known.get(rule.object)
    if info is None:
        return None
    have = {f.name for f in info.fields}
    return frozenset(f for f in rule.needs if "." not in f and not f.startswith("/") and f not in have)


def _added(
    mapping: MappingFile, known: Mapping[str, ObjectInfo], missing: Mapping[int, frozenset[str] | None]
) -> Iterator[tuple[int, tuple[Match, ...]]]:
    """Attributes that a rule does not read, or reads from a field that is not there, with fields that nobody uses."""
    users = _objects(mapping, "user")
    for index, rule in enumerate(mapping.read):
        gone = missing.get(index, frozenset())
        if gone is None or rule.adds_to:
            continue
        used = {f for r in mapping.read if r.object == rule.object for f in r.needs}
        used |= {f for w in mapping.write if w.object == rule.object for f in w.fields}
        free = [f for f in known[rule.object].fields if f.name not in used]
        read = {
            name for name, how in rule.fields.items() if not how.sources or not gone.issuperset(how.sources)
        }
        if found := _matches(rule.entity, free, read, users):
            yield index, found


def _objects(mapping: MappingFile, entity: str) -> set[str]:
    return {rule.object for rule in mapping.read if rule.entity == entity and rule.adds_to is None}


def _guesses(mapping: MappingFile, objects: Iterable[ObjectInfo]) -> Iterator[Guess]:
    """The best guess for each object that refers to an account."""
    accounts, users = _objects(mapping, "account"), _objects(mapping, "user")
    for info in objects:
        links = [f for f in info.fields if accounts & set(f.refers_to)]
        if not links:
            continue
        account = min(links, key=lambda f: (f.nullable, f.name))
        found = (_guess(info, entity, account, users) for entity in vocabulary.OBJECTS)
        if best := max(filter(None, found), key=lambda g: g.likeness, default=None):
            yield best


def _guess(info: ObjectInfo, entity: str, account: FieldInfo, users: set[str]) -> Guess | None:
    matches = _matches(entity, info.fields, set(), users)
    have = {match.attribute for match in matches}
    named = alike(_names(info), vocabulary.OBJECTS[entity])
    sold = "arr" in have and not have.isdisjoint(("renewal_on", "end_on"))
    if have.isdisjoint(vocabulary.TELLING[entity]) or (named < NAMED and not sold):
        return None
    full = 100 * min(len(matches), ENOUGH) / ENOUGH
    return Guess(info.name, entity, account, matches, 0.6 * named + 0.4 * full)


def _ranked(guesses: Iterable[Guess], held: set[str]) -> tuple[tuple[Guess, ...], tuple[Guess, ...]]:
    """The likeliest object of each entity that nothing is read for yet, and all others."""
    first: dict[str, Guess] = {}
    others = []
    for guess in sorted(guesses, key=lambda g: (-g.likeness, g.object)):
        if guess.entity in held or guess.entity in first:
            others.append(guess)
        else:
            first[guess.entity] = guess
    return tuple(first.values()), tuple(others)


def _matches(entity: str, fields: Sequence[FieldInfo], taken: set[str], users: set[str]) -> tuple[Match, ...]:
    """Attributes with their fields, each once, the likeliest pairs first; in the order of the model."""
    pairs = sorted(
        (-likeness, name, f.name, f)
        for name, phrases in vocabulary.ATTRIBUTES.get(entity, {}).items()
        for f in fields
        if name not in taken and _fits(entity, name, f, users)
        if (likeness := alike((f.name, f.label), phrases)) >= FIT
    )
    found: dict[str, Match] = {}
    used: set[str] = set()
    for likeness, name, field_name, info in pairs:
        if name not in found and field_name not in used:
            found[name] = _match(entity, name, info, -likeness)
            used.add(field_name)
    order = [c.name for c in ENTITIES[entity].columns]
    return tuple(sorted(found.values(), key=lambda m: order.index(m.attribute)))


def _fits(entity: str, name: str, info: FieldInfo, users: set[str]) -> bool:
    column = ENTITIES[entity].column(name)
    assert column is not None
    if name.endswith("_user_id"):
        return not users.isdisjoint(info.refers_to)
    if column.type == TEXT:
        return info.type.lower() in _SHORT or (name == "product" and bool(info.called))
    return kind(info.type) in _KINDS.get(column.type, {"date", "time"})


def _match(entity: str, name: str, info: FieldInfo, likeness: float) -> Match:
    ours = vocabulary.VALUES.get((entity, name))
    if ours is None or not info.values:
        return Match(name, info, likeness)
    told = {value: _translated(value, ours) for value in info.values}
    values = {theirs: word for theirs, word in told.items() if word}
    return Match(name, info, likeness, values, tuple(v for v, word in told.items() if not word))


def _translated(value: str, ours: Mapping[str, Sequence[str]]) -> str | None:
    likeness, word = max((alike((value,), phrases), word) for word, phrases in ours.items())
    return word if likeness >= VALUE else None


def _names(info: ObjectInfo) -> tuple[str, str]:
    return info.name, info.label

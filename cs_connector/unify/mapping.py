"""Mapping files: which field of which object is which attribute of which entity, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cs_connector.config.documents import Document, load, suggest, validate
from cs_connector.errors import MappingError
from cs_connector.model import CUSTOM, DATE, ENTITIES, TIME
from cs_connector.ports import Read

HISTORY = "history of "  # how the history of a field is called among the fields that were read


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)


class Condition(Strict):
    """A record counts only if a field is (or is not) one of these values, or is known."""

    field: str
    any_of: tuple[str, ...] | None = None
    none_of: tuple[str, ...] | None = None
    known: bool | None = None


class FieldRule(Strict):
    """How one attribute comes from a record: a field, the first known of several, several
    joined by spaces, or a constant.

    `values` translates (what is not listed becomes `default`), `contains` asks for an item of a
    `;`-separated list, `link` follows a reference to another record's entity (`crm`: in another
    system), `only_if` leaves the attribute unknown unless a condition holds. With `reached` the field holds dated values,
    and the attribute is when one of these was first among them.
    """

    field: str | None = None
    first: tuple[str, ...] = ()
    join: tuple[str, ...] = ()
    const: str | int | float | bool | None = None
    values: dict[str, str | int | float | bool | None] | None = None
    default: str | int | float | bool | None = None
    contains: str | None = None
    link: (
        Literal["account", "person", "user", "ticket", "opportunity", "survey_response", "activity"] | None
    ) = None
    object: str | None = None
    crm: str | None = None
    only_if: Condition | None = None
    reached: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        return self.first or self.join or ((self.field,) if self.field else ())


class Range(Strict):
    """An attribute outside of this range is a mistake: the record goes to quarantine."""

    attribute: str
    low: float
    high: float


class SameAs(Strict):
    """The record says itself which record of another system it is."""

    crm: str
    object: str
    field: str


class ReadRule(Strict):
    """One object as one entity; with `adds_to` its attributes are added to the entity it refers to.

    No two records of a `distinct` object are the same entity, unless a person says so. Fields whose names match a
    pattern in `pass` are read too; a pattern that begins with ! takes some out again. Of the
    fields in `history` the values that they had are read.
    """

    object: str
    entity: str
    where: tuple[Condition, ...] = ()
    fields: dict[str, FieldRule]
    same_as: SameAs | None = None
    adds_to: FieldRule | None = None
    ranges: tuple[Range, ...] = ()
    distinct: bool = False
    patterns: tuple[str, ...] = Field(default=(), alias="pass")
    history: tuple[str, ...] = ()

    @field_validator("fields", mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {k: {"field": v} if isinstance(v, str) else v for k, v in value.items()}

    def passes(self, field: str) -> bool:
        """Whether a field is passed through."""
        wanted = any(fnmatchcase(field, p) for p in self.patterns if not p.startswith("!"))
        return wanted and not any(fnmatchcase(field, p[1:]) for p in self.patterns if p.startswith("!"))

    @property
    def needs(self) -> set[str]:
        """Every field of the record that this rule looks at."""
        rules = [*self.fields.values(), *([self.adds_to] if self.adds_to else [])]
        found = {source for rule in rules for source in rule.sources}
        found |= {c.field for c in self.where} | {r.only_if.field for r in rules if r.only_if}
        return found | set(self.history) | ({self.same_as.field} if self.same_as else set())


class WriteField(Strict):
    """What one CRM field gets: a column of what is wanted, in the CRM's own values.

    A `movable` field of a task may still change after the task was sent.
    """

    column: str
    type: Literal["text", "number", "date", "percent", "reference"] = "text"
    values: dict[str, str] | None = None
    length: int | None = None
    scale: int = 0
    movable: bool = False

    @field_validator("values", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else value


class WriteRule(Strict):
    """What is written to one object, from accounts, relationships or calls.

    `by: record` writes to the record that the account is linked to, `by: key` to the one with our key in
    `key_field`. `associate` names the object of the account's record that a new one is linked to.
    """

    object: str
    source: Literal["account", "relationship", "call"]
    key_field: str | None = None
    by: Literal["record", "key"] = "record"
    closed: Condition | None = None
    associate: str | None = None
    fields: dict[str, WriteField]

    @field_validator("fields", mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {k: {"column": v} if isinstance(v, str) else v for k, v in value.items()}


class MappingFile(Strict):
    """One system: `root` is where its fields are inside a record; a field named `/x` stands at the top."""

    version: Literal[1]
    crm: str
    root: str = ""
    write_root: str = ""
    read: tuple[ReadRule, ...]
    write: tuple[WriteRule, ...] = ()
    document: Document | None = Field(default=None, exclude=True)

    @property
    def passing(self) -> bool:
        """Whether anything is passed through."""
        return any(rule.patterns for rule in self.read)

    def path(self, name: str) -> str:
        """A field's place in a record, as a JSON path."""
        root = "" if name.startswith("/") else self.root
        return _json_path([*([root] if root else []), *name.lstrip("/").split(".")])

    def written(self, name: str) -> str:
        """A written field's place in a record as it is read back, as a JSON path."""
        root = self.write_root or self.root
        return _json_path([*([root] if root else []), name])

    def objects(self) -> dict[str, tuple[str, ...]]:
        """Every object to read with the fields to ask for, those that we write included."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for rule in self.read:
            wanted[rule.object] |= rule.needs
        for target in self.write:
            wanted[target.object] |= set(target.fields)
            if target.key_field:
                wanted[target.object].add(target.key_field)
        return {
            name: tuple(sorted(f for f in fields if not f.startswith("/"))) for name, fields in wanted.items()
        }

    def reads(self, known: Mapping[str, Iterable[str]]) -> dict[str, Read]:
        """The same with what patterns pass through, of the fields that are `known` of each object, and with histories."""
        return {
            name: Read(
                name,
                tuple(sorted({*fields, *self._passed(name, known.get(name, ()))})),
                history=tuple(sorted({f for rule in self.read if rule.object == name for f in rule.history})),
            )
            for name, fields in self.objects().items()
        }

    def _passed(self, name: str, known: Iterable[str]) -> set[str]:
        rules = [rule for rule in self.read if rule.object == name]
        return {field for rule in rules for field in self.passed(rule, known)}

    def passed(self, rule: ReadRule, known: Iterable[str]) -> list[str]:
        """Those of the `known` fields that a rule passes through: not what it maps, and not what we write ourselves."""
        if not rule.patterns:
            return []
        ours = {field for target in self.write if target.object == rule.object for field in target.fields}
        keys = {target.key_field for target in self.write if target.object == rule.object}
        left = set(known) - rule.needs - ours - keys
        return sorted(field for field in left if rule.passes(field) and not field.startswith(HISTORY))


def _json_path(parts: list[str]) -> str:
    return "$" + "".join(f"[{p}]" if p.isdigit() else f'."{p}"' for p in parts)


def load_mapping(path: Path) -> MappingFile:
    """Read and check a mapping file. Raises ConfigError or MappingError with file and line."""
    document = load(path)
    mapping = validate(MappingFile, document)
    for where, what, fix in (*_mistakes(mapping), *_untranslated(mapping), *_unreachable(mapping)):
        raise MappingError(what, safe="nothing was read or written", fix=fix, place=document.place(where))
    return mapping.model_copy(update={"document": document})


Mistake = tuple[tuple[str | int, ...], str, str]
"""The keys that lead to it, what is wrong, and the fix."""


def _untranslated(mapping: MappingFile) -> Iterator[Mistake]:
    parts: tuple[tuple[str, Sequence[ReadRule | WriteRule]], ...] = (
        ("read", mapping.read),
        ("write", mapping.write),
    )
    fields = (
        ((part, index, "fields", name, "values"), name, how)
        for part, rules in parts
        for index, rule in enumerate(rules)
        for name, how in rule.fields.items()
    )
    for where, name, how in fields:
        if how.values is not None and not how.values:
            yield where, f"the values of {name} are empty", "list at least one, or remove values"


def _unreachable(mapping: MappingFile) -> Iterator[Mistake]:
    """Attributes that are no time cannot be when something was reached."""
    for index, rule in enumerate(mapping.read):
        entity = ENTITIES.get(rule.entity)
        for name, how in rule.fields.items():
            column = entity.column(name) if entity else None
            if how.reached and column and column.type not in (DATE, TIME):
                where = ("read", index, "fields", name, "reached")
                yield where, f"{rule.entity}.{name} is no date", "use reached: for a date or a time"


def _mistakes(mapping: MappingFile) -> Iterator[Mistake]:
    for index, rule in enumerate(mapping.read):
        entity = ENTITIES.get(rule.entity)
        if entity is None:
            hint = suggest(rule.entity, ENTITIES) or f"known: {', '.join(sorted(ENTITIES))}"
            yield ("read", index, "entity"), f"{rule.entity} is not an entity", hint
            continue
        if rule.entity == "relationship" and "key" not in rule.fields:
            yield (
                ("read", index, "fields"),
                "a relationship is found by its key, which is not read",
                "add key",
            )
        known = [c.name for c in entity.staged if c.name != CUSTOM]
        for name in rule.fields:
            if name not in known:
                hint = suggest(name, known) or f"known: {', '.join(known)}"
                yield ("read", index, "fields", name), f"{rule.entity}.{name} is not an attribute", hint

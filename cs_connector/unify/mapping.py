"""Mapping files: which field of which object is which attribute of which entity, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic.json_schema import SkipJsonSchema

from cs_connector.config.documents import Document
from cs_connector.model import DATE, FLAG, MONEY, NUMBER, TEXT, TIME
from cs_connector.ports import Read

from .declared.called import BY
from .declared.rates import Rates

Word = str | int | float | bool | None
HISTORY = "history of "  # how the history of a field is called among the fields that were read
KINDS = {"text": TEXT, "number": NUMBER, "money": MONEY, "date": DATE, "time": TIME, "yes or no": FLAG}
"""What an input can be, with its type."""
_SOURCES = ("field", "first", "join", "const", "formula")
_BESIDE_FORMULA = frozenset({"formula", "default", "only_if", "type"})


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)


class Condition(Strict):
    """A record counts only if a field is (or is not) one of these values, or is known."""

    field: str
    any_of: tuple[str, ...] | None = None
    none_of: tuple[str, ...] | None = None
    known: bool | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.any_of and not self.none_of and self.known is None:
            raise ValueError("it asks nothing: give any_of or none_of with at least one value, or known")
        return self


class Unit(Strict):
    """A number is told in one unit, and wanted in another: `cs_connector.unify.declared.units` lists them."""

    told: str = Field(alias="from")
    wanted: str = Field(alias="to")


class Through(Strict):
    """The field holds the id of a record of another object, of which a field is meant."""

    object: str
    field: str


class FieldRule(Strict):
    """How one attribute comes from a record: a field, the first known of several, several
    joined by spaces, a constant, or a formula over inputs and other attributes.

    `values` translates (what is not listed becomes `default`), `lookup` names a file of such values, `contains` asks for an
    item of a `;`-separated list, `link` follows a reference to another record's entity (`crm`: in another
    system; `by`: the field holds its e-mail address or domain), `only_if` leaves the attribute unknown unless a condition
    holds. With `reached` the field holds dated values, and the attribute is when one of these was first among them.
    """

    field: str | None = None
    first: tuple[str, ...] = ()
    join: tuple[str, ...] = ()
    const: str | int | float | bool | None = None
    formula: str | None = None
    through: Through | None = None
    unit: Unit | None = None
    lookup: str | None = None
    values: dict[str, str | int | float | bool | None] | None = None
    default: str | int | float | bool | None = None
    contains: str | None = None
    link: (
        Literal[
            "account", "person", "user", "ticket", "opportunity", "survey_response", "activity", "subscription",
            "relationship",
        ]
        | None
    ) = None  # fmt: skip
    object: str | None = None
    crm: str | None = None
    by: Literal["email", "domain"] | None = None
    only_if: Condition | None = None
    reached: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        said = {name for name, value in self if value not in (None, ())}
        given = [name for name in _SOURCES if name in said]
        nothing = self.const is None and "const" in self.model_fields_set
        if len(given) > 1 or not (given or nothing):
            told = f"it has {' and '.join(given)}" if given else "it says nothing of where it comes from"
            raise ValueError(f"{told}: exactly one of {', '.join(_SOURCES)} is needed")
        if given == ["formula"] and (more := said - _BESIDE_FORMULA):
            raise ValueError(f"a formula goes with default and only_if, not with {', '.join(sorted(more))}")
        self._led()
        return self

    def _led(self) -> None:
        """Raises ValueError where it is not said to what a link leads."""
        by = self.by
        if by and (self.link not in BY[by] or self.object or self.crm):
            raise ValueError(f"by: {by} goes with link: {' or '.join(BY[by])}, without object and crm")
        if self.link and not (self.object or by):
            raise ValueError("link needs object: of which object is the record?")

    @property
    def sources(self) -> tuple[str, ...]:
        return self.first or self.join or ((self.field,) if self.field else ())


def _shortened(key: str, kind: type[BaseModel]) -> BeforeValidator:
    """Just a name is short for a rule with that name under `key`."""

    def long(value: Any) -> Any:
        return {key: value} if isinstance(value, str) else value

    return BeforeValidator(long, json_schema_input_type=kind | str)


class Input(FieldRule):
    """What formulas of a rule may name besides attributes: read like one, as the type that it is."""

    type: Literal["text", "number", "money", "date", "time", "yes or no"] = "text"


class Conversion(Strict):
    """Every amount that a rule reads becomes one of the currency `to`, by the rate of a day.

    `told` names the attribute or input with the currency that it has; `on` the dates of which the first known one counts,
    or a date.
    """

    wanted: str = Field(alias="to", pattern="^[A-Z]{3}$")
    told: str = Field(default="currency", alias="from")
    on: date | Annotated[tuple[str, ...], Field(min_length=1)]


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

    `name` tells rules of one object and entity apart. No two records of a `distinct` object are the same entity, unless a
    person says so. Fields whose names match a pattern in `pass` are read too; a pattern that begins with ! takes some out
    again. Of the fields in `history` the values that they had are read. Formulas may use `inputs`; `convert` is for amounts.
    """

    object: str
    entity: str
    name: str | None = None
    where: tuple[Condition, ...] = ()
    inputs: dict[str, Annotated[Input, _shortened("field", Input)]] = Field(default_factory=dict)
    fields: dict[str, Annotated[FieldRule, _shortened("field", FieldRule)]]
    convert: Conversion | None = None
    same_as: SameAs | None = None
    adds_to: FieldRule | None = None
    ranges: tuple[Range, ...] = ()
    distinct: bool = False
    patterns: tuple[str, ...] = Field(default=(), alias="pass")
    history: tuple[str, ...] = ()

    def passes(self, field: str) -> bool:
        """Whether a field is passed through."""
        wanted = any(fnmatchcase(field, p) for p in self.patterns if not p.startswith("!"))
        return wanted and not any(fnmatchcase(field, p[1:]) for p in self.patterns if p.startswith("!"))

    @property
    def needs(self) -> set[str]:
        """Every field of the record that this rule looks at."""
        rules = [*self.fields.values(), *self.inputs.values(), *([self.adds_to] if self.adds_to else [])]
        found = {source for rule in rules for source in rule.sources}
        found |= {c.field for c in self.where} | {r.only_if.field for r in rules if r.only_if}
        return found | set(self.history) | ({self.same_as.field} if self.same_as else set())

    @property
    def deciding(self) -> set[str]:
        """Those of them that say which records count, or which record of another one they belong to."""
        found = {c.field for c in self.where} | ({self.same_as.field} if self.same_as else set())
        return found | (set(self.adds_to.sources) if self.adds_to else set())

    @property
    def ways(self) -> list[Through]:
        """Fields of other objects' records to which fields of this one lead."""
        return [r.through for r in (*self.fields.values(), *self.inputs.values()) if r.through]


LOOKUP = "relationship_ref"
"""The column with the record of a relationship."""


class WriteField(Strict):
    """What one CRM field gets: a column of what is wanted, in the CRM's own values.

    A `movable` field of a task may still change after the task was sent. `by_key` is what the CRM calls a lookup that names
    its record by our key: while the record that it leads to is made by the same plan, its id is not known.
    """

    column: str
    type: Literal["text", "number", "date", "time", "percent", "flag", "reference"] = "text"
    values: dict[str, str] | None = None
    length: int | None = None
    scale: int = 0
    movable: bool = False
    by_key: str | None = None

    @field_validator("values", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _looked_up(self) -> WriteField:
        if self.by_key and self.column != LOOKUP:
            raise ValueError(f"by_key: is for lookups to a relationship: column: {LOOKUP}")
        return self


class WriteRule(Strict):
    """What is written to one object, from accounts, relationships, calls, the snapshots of month ends, or our heartbeat.

    `by: record` writes to the record that the account is linked to, `by: key` to the one with our key in
    `key_field`. `associate` names the object of the account's record that a new one is linked to,
    `associate_person` that of the person whom it is about. `foreign` says what is done
    about values of ours that somebody else has changed, in the place of what the connection says.
    """

    object: str
    source: Literal["account", "relationship", "call", "snapshot", "heartbeat"]
    name: str | None = None
    key_field: str | None = None
    by: Literal["record", "key"] = "record"
    closed: Condition | None = None
    associate: str | None = None
    associate_person: str | None = None
    foreign: Literal["overwrite", "yield", "alert"] | None = None
    fields: dict[str, Annotated[WriteField, _shortened("column", WriteField)]]


class MappingFile(Strict):
    """One system: `root` is where its fields are inside a record; a field named `/x` stands at the top."""

    version: Literal[1]
    crm: str
    root: str = ""
    write_root: str = ""
    read: tuple[ReadRule, ...]
    write: tuple[WriteRule, ...] = ()
    document: SkipJsonSchema[Document | None] = Field(default=None, exclude=True)
    rates: SkipJsonSchema[Rates | None] = Field(default=None, exclude=True)

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
            for way in rule.ways:
                wanted[way.object].add(way.field)
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

"""relationships.yml: which records make a relationship, what is attached to it, who owns it and what it goes through."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from cs_connector.config.documents import Document, load, suggest, validate
from cs_connector.errors import ConfigError
from cs_connector.language.executor import sql
from cs_connector.language.expression import parse, parse_as
from cs_connector.language.kinds import DATED, NUMERIC, kind
from cs_connector.model import DATE, ENTITIES, RELATIONSHIP, SUBSCRIPTION, Entity

Owner = Literal["partner", "relationship", "csm", "team", "parent", "account_owner", "fallback"]
Named = Literal["subscription", "opportunity", "account", "goal", "lifecycle_event"]

# what a record can say of its relationship, with the types of model.SUBSCRIPTION
GIVEN = (
    "name", "product", "region", "type", "status", "start_on", "end_on", "renewal_on", "arr", "currency", "seats",
    "features_bought", "auto_renew", "notice_on", "owner_user_id", "partner_account_id",
)  # fmt: skip
ATTACHABLE = tuple(e.name for e in ENTITIES.values() if any(c.name == "topic" for c in e.evidence))
_OF_RELATIONSHIP = {c.name: c.type for c in RELATIONSHIP.columns}
GIVEN_TYPES = {c.name: c.type for c in (*SUBSCRIPTION.columns, *RELATIONSHIP.columns) if c.name in GIVEN}
_ACCOUNTS = ("account_id", "parent_id", "ultimate_parent_id", "partner_account_id")  # what holds an account
_FORMULA_SAFE = "nothing was read or written"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceRule(Strict):
    """Records of one entity that make relationships, a relationship for each `key` of an account.

    `when` is a formula over the record's attributes; a record makes the relationship of the first rule that it meets.
    `type` stands above what the record says itself. `values` gives attributes by formulas, `account` the account if it is
    not `account_id`. With `unique` a key is that of one living record: another one is set aside.
    """

    from_: Named = Field(alias="from")
    when: str | None = None
    type: str | None = None
    key: tuple[str, ...] = ("product",)
    account: str = "account_id"
    unique: bool = False
    values: dict[str, str] = Field(default_factory=dict)


class Stage(Strict):
    """A stage of the life of a relationship, due so many days after its start or on one of its dates."""

    stage: str
    within: int | None = Field(default=None, ge=0)
    on: Literal["start_on", "renewal_on"] | None = None


def _someone(owner: tuple[Owner, ...]) -> tuple[Owner, ...]:
    if not owner:
        raise ValueError("name at least one place where the owner is looked for")
    return owner


Owners = Annotated[tuple[Owner, ...], AfterValidator(_someone)]


class RelationshipType(Strict):
    """What is special about relationships of a type; what is not said is as for all."""

    scorecard: str | None = None
    owner: Owners | None = None
    lifecycle: tuple[Stage, ...] | None = None


class AttachRule(Strict):
    """Which relationships of its account a record is about: those that name its person (`by: person`), those that have
    the `same` value (record's attribute: relationship's), or those that meet `to`; only records that meet `when`.
    """

    when: str | None = None
    by: Literal["person"] | None = None
    same: dict[str, str] = Field(default_factory=dict)
    to: str | None = None


_STAGES = (
    Stage(stage="Closed Won", on="start_on"),
    Stage(stage="Onboarding", within=30),
    Stage(stage="First Value", within=60),
    Stage(stage="Executive Business Review", within=240),
    Stage(stage="Renewal", on="renewal_on"),
)


_SHORT = (_STAGES[0], Stage(stage="Onboarding", within=14), Stage(stage="First Value", within=90))
_TYPES = {
    "Subscription": RelationshipType(),
    "Product line": RelationshipType(),
    "Services engagement": RelationshipType(lifecycle=_SHORT),
    "Business unit": RelationshipType(),
    "Region": RelationshipType(),
    "Onboarding project": RelationshipType(lifecycle=_SHORT),
    "Trial": RelationshipType(lifecycle=()),
}


class Rulebook(Strict):
    """The whole file; what it leaves out is as it ships."""

    version: Literal[1] = 1
    relationships: tuple[SourceRule, ...] = (SourceRule.model_validate({"from": "subscription"}),)
    gap_days: int = Field(default=90, ge=0)
    owner: Owners = ("partner", "relationship", "csm", "team", "parent", "fallback")
    lifecycle: tuple[Stage, ...] = _STAGES
    attach: dict[str, tuple[AttachRule, ...]] = Field(default_factory=dict)
    types: dict[str, RelationshipType] = Field(default_factory=lambda: dict(_TYPES))

    @field_validator("types")
    @classmethod
    def _known(cls, types: dict[str, RelationshipType]) -> dict[str, RelationshipType]:
        """A type that the file leaves out is as it ships."""
        return _TYPES | types

    @cached_property
    def stages(self) -> tuple[str, ...]:
        """Every stage of any type, each once."""
        every = [self.lifecycle, *(t.lifecycle or () for t in self.types.values())]
        return tuple(dict.fromkeys(s.stage for part in every for s in part))

    @cached_property
    def scorecards(self) -> dict[str, str]:
        """The scorecards that types carry, by type."""
        return {name: t.scorecard for name, t in self.types.items() if t.scorecard}


def formula(text: str, names: Mapping[str, str]) -> str:
    """A formula as SQL over bare column names, which have types. Raises ConfigError."""
    return f"({sql(parse(text, names).tree)})"


def load_rulebook(path: Path, scorecards: Collection[str] | None = None) -> Rulebook:
    """Read and check relationships.yml; `scorecards` are those that a type may carry. Raises ConfigError with the line."""
    document = load(path)
    book = validate(Rulebook, document)
    for where, error in (*_sources(book), *_attached(book), *_typed(book, scorecards)):
        raise _placed(document, where, error)
    return book


Wrong = tuple[tuple[str | int, ...], ConfigError]


def _placed(document: Document, where: tuple[str | int, ...], error: ConfigError) -> ConfigError:
    return document.error(where, error.what, why=error.why, fix=error.fix)


def _unknown(name: str, known: Iterable[str], what: str) -> ConfigError | None:
    listed = tuple(known)
    if name in listed:
        return None
    fix = suggest(name, listed) or f"known: {', '.join(sorted(listed))}"
    return ConfigError(f"{name} is no {what}", fix=fix, safe=_FORMULA_SAFE)


def _attempt(
    where: tuple[str | int, ...], text: str | None, names: Mapping[str, str], wanted: str | None = None
) -> Iterator[Wrong]:
    """What is wrong with a formula, if anything: with a condition, or with what becomes of a `wanted` type."""
    if text is None:
        return
    what = "a condition" if wanted is None else str(where[-1])
    try:
        parse_as(_fitting(wanted), text, names, what)
    except ConfigError as error:
        yield where, error


def _fitting(wanted: str | None) -> tuple[str, ...]:
    """The kinds that can become a type; without one, what a condition gives."""
    own = "yes or no" if wanted is None else kind(wanted) or ""
    return next((alike for alike in (NUMERIC, DATED) if own in alike), (own,))


def attributes(entity: Entity) -> dict[str, str]:
    """What a formula may say of a record, and `today`, with their types."""
    return {c.name: c.type for c in entity.columns} | {"today": DATE}


def _sources(book: Rulebook) -> Iterator[Wrong]:
    for index, rule in enumerate(book.relationships):
        at = ("relationships", index)
        known = attributes(ENTITIES[rule.from_])
        yield from _attempt((*at, "when"), rule.when, known)
        yield from _names((*at, "key"), rule.key, known, rule.from_)
        if error := _unknown(rule.account, (n for n in _ACCOUNTS if n in known), "account of a record"):
            yield (*at, "account"), error
        for name, text in rule.values.items():
            if error := _unknown(name, GIVEN, "attribute of a relationship"):
                yield (*at, "values", name), error
            else:
                yield from _attempt((*at, "values", name), text, known, GIVEN_TYPES[name])


def _names(
    at: tuple[str | int, ...], names: Iterable[str], known: Iterable[str], entity: str
) -> Iterator[Wrong]:
    for name in names:
        if error := _unknown(name, known, f"attribute of {entity}"):
            yield at, error


def _attached(book: Rulebook) -> Iterator[Wrong]:
    for name, rules in book.attach.items():
        if error := _unknown(name, ATTACHABLE, "entity that can be attached"):
            yield ("attach", name), error
            continue
        known = {c.name: c.type for c in ENTITIES[name].staged}
        for index, rule in enumerate(rules):
            yield from _attach_rule(("attach", name, index), rule, known, name)


def _attach_rule(
    at: tuple[str | int, ...], rule: AttachRule, known: Mapping[str, str], name: str
) -> Iterator[Wrong]:
    if (rule.by is not None) + bool(rule.same) + (rule.to is not None) != 1:
        fix = "write exactly one of by, same and to"
        yield at, ConfigError("this rule does not say to which relationships", fix=fix, safe=_FORMULA_SAFE)
    if rule.by and "person_id" not in known:
        yield (*at, "by"), ConfigError(f"a {name} has no person", fix="use same or to", safe=_FORMULA_SAFE)
    yield from _attempt((*at, "when"), rule.when, known)
    yield from _attempt((*at, "to"), rule.to, _OF_RELATIONSHIP)
    yield from _names((*at, "same"), rule.same, known, name)
    yield from _names((*at, "same"), rule.same.values(), _OF_RELATIONSHIP, "relationship")


def _staged(at: tuple[str | int, ...], stages: Iterable[Stage]) -> Iterator[Wrong]:
    """Stages that are there twice, in whatever letters, and those of which a day would be passed over."""
    seen: set[str] = set()
    for index, stage in enumerate(stages):
        plain = stage.stage.strip().lower()
        if plain in seen:
            yield (
                (*at, index),
                ConfigError(f"{stage.stage} is there twice", fix="remove one", safe=_FORMULA_SAFE),
            )
        if stage.on and stage.within is not None:
            told = f"{stage.stage} is due within {stage.within} days and on {stage.on}"
            yield (*at, index), ConfigError(told, fix="keep one of them", safe=_FORMULA_SAFE)
        seen.add(plain)


def _typed(book: Rulebook, scorecards: Collection[str] | None) -> Iterator[Wrong]:
    lists: Mapping[tuple[str | int, ...], tuple[Stage, ...]] = {
        ("lifecycle",): book.lifecycle,
        **{("types", n, "lifecycle"): t.lifecycle or () for n, t in book.types.items()},
    }
    for at, stages in lists.items():
        yield from _staged(at, stages)
    for name, card in book.scorecards.items():
        if scorecards is not None and (error := _unknown(card, scorecards, "scorecard")):
            yield ("types", name, "scorecard"), error

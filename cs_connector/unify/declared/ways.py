"""Fields of other records to which the fields of a record lead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cs_connector.unify import aliases
from cs_connector.unify.mapping import FieldRule, ReadRule
from cs_connector.unify.source import Latest, Source
from cs_connector.unify.sql import ident, literal


@dataclass(frozen=True, slots=True)
class Followed:
    """A rule that reads fields of other records as if they were its own; `columns` are their SQL, with names."""

    rule: ReadRule
    columns: tuple[str, ...] = ()
    lost: frozenset[str] = frozenset()


def followed(source: Source, rule: ReadRule, latest: Latest) -> Followed:
    """Expects `q`, where `columns` are selected: a column for each field of the record that the rule needs."""
    if not rule.ways:
        return Followed(rule)
    columns = tuple(sorted({_column(source, how, latest) for how in _led(rule)}))
    fields = {name: _own(how) for name, how in rule.fields.items()}
    inputs = {name: _own(how) for name, how in rule.inputs.items()}
    lost = frozenset(_called(how) for how in _led(rule) if _lost(source, rule, how))
    return Followed(rule.model_copy(update={"fields": fields, "inputs": inputs}), columns, lost)


def _led(rule: ReadRule) -> Iterator[FieldRule]:
    yield from (how for how in (*rule.fields.values(), *rule.inputs.values()) if how.through)


def _own(how: FieldRule) -> FieldRule:
    if how.through is None:
        return how
    return how.model_copy(update={"through": None, "field": _called(how), "first": (), "join": ()})


def _called(how: FieldRule) -> str:
    assert how.through is not None
    return f"{how.through.object}.{how.through.field} of {' or '.join(how.sources)}"


def _column(source: Source, how: FieldRule, latest: Latest) -> str:
    assert how.through is not None
    view, path = (
        latest(source.connection, how.through.object),
        literal(source.mapping.path(how.through.field)),
    )
    id_ = f"coalesce({', '.join(f'q.{ident(name)}' for name in how.sources)})"
    return (
        f"(SELECT any_value(nullif(trim(json_extract_string(o.payload, {path})), '')) "
        f"FROM ({aliases.named(view, source, how.through.object)}) o WHERE o.name = {id_}) AS {ident(_called(how))}"
    )


def _lost(source: Source, rule: ReadRule, how: FieldRule) -> bool:
    """Whether the id, or the field of the other record, cannot be believed now."""
    assert how.through is not None
    there = source.unknown.get(how.through.object, frozenset())
    return how.through.field in there or source.unknown.get(rule.object, frozenset()).issuperset(how.sources)

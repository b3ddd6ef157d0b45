"""Formulas of a mapping: attributes that are computed of inputs and of other attributes of the same record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from sqlglot import exp

from cs_connector.errors import FormulaError
from cs_connector.language.executor import sql
from cs_connector.language.expression import Formula, parse
from cs_connector.language.kinds import DATED, NUMERIC, called, kind
from cs_connector.model import CUSTOM, ENTITIES, WHOLE
from cs_connector.unify.mapping import KINDS, FieldRule, ReadRule

_FITS = {"number": NUMERIC, "money": NUMERIC, "date": DATED, "time": DATED}


def errors(rule: ReadRule) -> Iterator[tuple[str, FormulaError]]:
    """What is wrong with each formula of a rule, by its attribute."""
    names, types = _names(rule), _types(rule)
    read: dict[str, Formula] = {}
    for name, how in rule.fields.items():
        if how.formula is None or name not in types:
            continue
        try:
            read[name] = parse(how.formula, names)
        except FormulaError as error:
            yield name, error
            continue
        gives, wanted = read[name].kind, kind(types[name])
        if gives is not None and gives not in _FITS.get(wanted or "", (wanted,)):
            told = f"the formula gives {called(gives)}, and {rule.entity}.{name} is {called(wanted)}"
            yield name, FormulaError(told, fix="change the formula, or map another attribute")
    yield from _circle(read)


def _circle(read: Mapping[str, Formula]) -> Iterator[tuple[str, FormulaError]]:
    try:
        TopologicalSorter({name: _needs(formula, read) for name, formula in read.items()}).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        name = min(circle)
        circle = circle[circle.index(name) : -1] + circle[: circle.index(name)] + [name]
        told = f"formulas stand on each other in a circle: {' → '.join(circle)}"
        yield name, FormulaError(told, fix="let one of them stand on inputs alone")


def _needs(formula: Formula, read: Mapping[str, Formula]) -> set[str]:
    return {name for name in formula.names if name in read}


def _types(rule: ReadRule) -> dict[str, str]:
    """The attributes that a rule reads, with their types."""
    columns = {c.name: c.type for c in ENTITIES[rule.entity].staged if c.name != CUSTOM}
    return {name: columns[name] for name in rule.fields if name in columns}


def _names(rule: ReadRule) -> dict[str, str]:
    """What formulas may name: inputs, and attributes that are no references."""
    own = {name: type_ for name, type_ in _types(rule).items() if not rule.fields[name].link}
    return own | {name: KINDS[how.type] for name, how in rule.inputs.items()}


@dataclass(frozen=True, slots=True)
class Computed:
    """An attribute with a formula: its type, its SQL over columns called as inputs and attributes, and the fields of the
    record on which it rests in the end.
    """

    name: str
    type: str
    sql: str
    rests_on: frozenset[str]

    def fitted(self, column: str) -> str:
        """A column with what the SQL gives, as the type; what is no number, or does not fit, becomes NULL."""
        if kind(self.type) in DATED:
            return f"CAST({column} AS {self.type})"
        if kind(self.type) not in NUMERIC:
            return column
        finite = f"CASE WHEN isfinite(CAST({column} AS DOUBLE)) THEN {column} END"
        return f"TRY_CAST({f'round({finite})' if self.type == WHOLE else finite} AS {self.type})"


def computed(rule: ReadRule) -> list[Computed]:
    """Every attribute with a formula, the first those on which others stand. Expects a rule without errors."""
    names, types = _names(rule), _types(rule)
    read = {name: parse(how.formula, names) for name, how in rule.fields.items() if how.formula}
    order = TopologicalSorter({name: _needs(formula, read) for name, formula in read.items()}).static_order()
    found: dict[str, Computed] = {}
    for name in order:
        rests = _fields(rule.fields[name]).union(
            *(found[n].rests_on if n in found else _fields(_said(rule, n)) for n in read[name].names)
        )
        found[name] = Computed(name, types[name], sql(read[name].tree.transform(_quoted)), rests)
    return list(found.values())


def _said(rule: ReadRule, name: str) -> FieldRule:
    return rule.fields[name] if name in rule.fields else rule.inputs[name]


def _fields(how: FieldRule) -> frozenset[str]:
    return frozenset({*how.sources, *([how.only_if.field] if how.only_if else [])})


def _quoted(node: exp.Expr) -> exp.Expr:
    return exp.column(node.name, quoted=True) if isinstance(node, exp.Column) else node

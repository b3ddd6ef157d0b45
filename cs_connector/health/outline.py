"""What explaining needs of a scorecard, ready to use and kept beside the scores: no declaration is read or compiled to explain one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import ValidationError

from cs_connector.errors import UsageError
from cs_connector.health.curves import Curve
from cs_connector.health.expiry import Expiry
from cs_connector.language.executor import Connection
from cs_connector.language.steps import Strict

if TYPE_CHECKING:
    from cs_connector.health.scorecard import Cap, Definitions, Measure
    from cs_connector.measure.judgements import Judgement
    from cs_connector.measure.metrics import Source
    from cs_connector.measure.retirements import Retirement

OUTLINE = {"scorecard": "VARCHAR", "outline": "VARCHAR"}
CONTRADICTION = {
    "relationship_id": "VARCHAR", "account_id": "VARCHAR", "on_date": "DATE", "place": "INTEGER", "contradiction": "VARCHAR",
    "kind": "VARCHAR", "title": "VARCHAR", "text": "VARCHAR", "known": "BOOLEAN",
}  # fmt: skip


class Evidence(Strict):
    """The records that a metric stands on: a query of their keys (`key`) over `scope` and `grid`; none of an entity, none of keys:
    only the relationship itself says it, and `judged`: what a person says of it.

    `own` names the entities of which it reads the rows of the account alone, `whole` those that it looks things up in.
    """

    entity: str | None = None
    keys: str = ""
    own: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    judged: bool = False


class Outlined(Strict):
    """A measure: its group with those above it, its curves, the text of its lever, and its metric with the records that stand behind that."""

    metric: str
    title: str
    group: str
    curve: Curve
    by_segment: dict[str, Curve]
    lever: str | None
    effort: float
    evidence: Evidence
    optional: bool = False

    def curve_for(self, segment: str | None) -> Curve:
        return self.by_segment.get(segment or "", self.curve)


class OutlinedCap(Strict):
    """An override: `holds` is SQL over the columns of a relationship, `today` and `k_<metric>`."""

    name: str
    cap: int
    metrics: tuple[str, ...]
    holds: str
    reason: str
    fix: str
    expires: Expiry | None = None


class Outline(Strict):
    """A scorecard; `carried` says for how many days each metric counts that its overrides and texts name."""

    measures: dict[str, Outlined]
    overrides: tuple[OutlinedCap, ...]
    carried: dict[str, int]


@dataclass(frozen=True, slots=True)
class Declared:
    """The outlines of scorecards as they are declared now."""

    definitions: Definitions

    @property
    def judgements(self) -> Sequence[Judgement]:
        return self.definitions.metrics.judgements

    @property
    def retired(self) -> Sequence[Retirement]:
        return self.definitions.retired

    def of(self, scorecard: str) -> Outline | None:
        return outline(self.definitions, scorecard) if scorecard in self.definitions.cards else None


@dataclass(frozen=True, slots=True)
class Kept:
    """The outlines that were kept with the scores: the view `outline`."""

    con: Connection
    judgements: Sequence[Judgement] = ()
    retired: Sequence[Retirement] = ()

    def of(self, scorecard: str) -> Outline | None:
        query = "SELECT outline FROM outline WHERE scorecard = ?"
        found = self.con.execute(query, [scorecard]).fetchone()
        try:
            return Outline.model_validate_json(found[0]) if found else None
        except ValidationError:
            raise UsageError(
                f"what explains scores of {scorecard} cannot be read",
                why="another version of the program computed them",
                safe="nothing was changed",
                fix="cs-connector run, and ask again",
            ) from None


Outlines: TypeAlias = Declared | Kept


def outlines(known: Definitions | Outlines) -> Outlines:
    """Where outlines are found: those that were kept, or what declarations say now."""
    return known if isinstance(known, Declared | Kept) else Declared(known)


def publish(con: Connection, definitions: Definitions, cards: Collection[str]) -> None:
    """Make the table `outline` (scorecard, outline as JSON) of the scorecards that were used."""
    columns = ", ".join(f"{name} {kind}" for name, kind in OUTLINE.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE outline ({columns})")
    for name in sorted(cards):
        con.execute("INSERT INTO outline VALUES (?, ?)", [name, outline(definitions, name).model_dump_json()])


def outline(definitions: Definitions, scorecard: str) -> Outline:
    """The outline of a scorecard as it is declared now."""
    card, metrics = definitions.cards[scorecard], definitions.metrics
    measures = {
        m.measure: _outlined(m, metrics.by_name[m.metric].title, metrics.source(m.metric))
        for m in card.rule.measures
    }
    carried = {name: metrics.by_name[name].carry_for for name in definitions.used}
    return Outline(measures=measures, overrides=tuple(map(_cap, card.caps)), carried=carried)


def _outlined(m: Measure, title: str, source: Source) -> Outlined:
    return Outlined(
        metric=m.metric, title=title, group=m.group, curve=m.curve, by_segment=m.by_segment, lever=m.lever, effort=m.effort,
        evidence=_evidence(source, m.metric), optional=m.optional,
    )  # fmt: skip


def _cap(cap: Cap) -> OutlinedCap:
    rule = cap.rule
    metrics = tuple(sorted(cap.metrics))
    return OutlinedCap(
        name=cap.name, cap=rule.cap, metrics=metrics, holds=cap.holds, reason=rule.reason, fix=rule.fix, expires=rule.expires,
    )  # fmt: skip


def _evidence(source: Source, metric: str) -> Evidence:
    stood = source.standing_on(metric)
    if stood is None:
        judged = source.rows is None and "csm_judgement" in source.formula(metric)[0].names
        return Evidence(judged=judged)
    scans = [(node.entity, getattr(node, "of", "")) for node in _nodes(stood.node)]
    whole = {entity for entity, of in scans if of not in ("relationship", "account")}
    if any(of == "group" for _, of in scans):
        whole.add("account")
    own = {entity for entity, _ in scans} - whole
    return Evidence(entity=stood.entity, keys=stood.keys, own=tuple(sorted(own)), whole=tuple(sorted(whole)))


def _nodes(node: Any) -> Iterator[Any]:
    """The nodes below one that read an entity."""
    from cs_connector.language.tree import Lookup, Scan

    if isinstance(node, Scan | Lookup):
        yield node
    for one in fields(node):
        value = getattr(node, one.name)
        for part in value if isinstance(value, tuple) else (value,):
            if is_dataclass(part) and type(part).__module__ == Scan.__module__:
                yield from _nodes(part)

"""Metrics: a number for one relationship at one date, or unknown. Declared in `metrics/*.yml`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Protocol

from sqlglot import exp

from cs_connector.config.documents import Document, load, suggest, validate
from cs_connector.errors import ConfigError
from cs_connector.language.build import cells, same
from cs_connector.language.closed import over
from cs_connector.language.compiler import Plan, Rows, StepError, column, compile_rows, compile_study
from cs_connector.language.daily import core, over_core
from cs_connector.language.executor import Connection, sql
from cs_connector.language.expression import Formula, number, parse_as
from cs_connector.language.kinds import NUMERIC
from cs_connector.language.lowering import call
from cs_connector.language.periods import GREGORIAN, Calendar
from cs_connector.language.weight import light
from cs_connector.measure.calendar import load_calendar
from cs_connector.measure.judgements import Judgement, load_judgements
from cs_connector.measure.names import proper, taken
from cs_connector.measure.study import Metric, Study
from cs_connector.model import ACCOUNT, DATE, NUMBER, RELATIONSHIP

# what a formula may say of the relationship itself, and of its account
OF_RELATIONSHIP = tuple(c.name for c in RELATIONSHIP.columns)
OF_ACCOUNT = tuple(f"account_{c.name}" for c in ACCOUNT.columns if c.name != "account_id")
BASE = {"today": DATE, **{c.name: c.type for c in RELATIONSHIP.columns}} | {
    f"account_{c.name}": c.type for c in ACCOUNT.columns if c.name != "account_id"
}
FED, BROKEN = "feed", "broken"
_FEEDS = {FED: "feed_complete", BROKEN: "feed_broken"}  # tables of accounts, entities and dates


class Said(NamedTuple):
    """The formulas of a metric: its value, the condition for knowing it, and that for knowing it while a feed is broken."""

    value: Formula
    known: Formula | None
    sure: Formula | None


def as_it_is(plan: Plan) -> Plan:
    return plan


@dataclass(frozen=True)
class Source:
    """A study that was read, checked and compiled; `used` has the studies of the metrics that it uses.

    `kept` names the tables that it reads instead of making what they keep (see language.closed), by digest.
    """

    name: str
    study: Study
    document: Document
    calendar: Calendar = GREGORIAN
    used: tuple[Source, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    watched: Callable[[Plan], Plan] = as_it_is

    @cached_property
    def plan(self) -> Plan | None:
        """How the rows are computed, None for a study of the relationship alone. Raises StepError."""
        if not self.study.steps:
            return None
        # two versions of a study may be compared: each has tables of its own
        name = f"{self.name} {sha256(self.study.model_dump_json().encode()).hexdigest()[:6]}"
        folder = self.document.path.parent
        made = compile_study(self.study.steps, self.calendar, name=name, base=BASE, folder=folder)
        return self.watched(over(made, self.kept) if self.kept else made)

    @cached_property
    def rows(self) -> Rows | None:
        """What the steps end with: a row for each relationship and date."""
        return self.plan.rows if self.plan else None

    def over(self, standing: str | None) -> Rows | None:
        """The same over a table of the totals, if they stand in one."""
        return Rows(over_core(self.rows.node, standing)) if self.rows and standing else self.rows

    @cached_property
    def core(self) -> Rows:
        """The totals that the steps make, before what they say of those alone. There must be steps."""
        assert self.plan is not None
        return Rows(core(self.plan.rows.node))

    @cached_property
    def formulas(self) -> dict[str, Said]:
        """What each metric says. Raises ConfigError with the line."""
        return {name: self.formula(name) for name in self.study.metrics}

    @property
    def told(self) -> set[str]:
        """What its metrics say of the relationship itself."""
        said = {name for both in self.formulas.values() for f in both if f for name in f.names}
        return said & BASE.keys() - {"today"}

    def formula(self, name: str) -> Said:
        """What one metric says. Raises ConfigError with the line."""
        others = dict.fromkeys(self.study.uses, NUMBER)
        names = {**BASE, **others, **(self.rows.columns if self.rows else {})}
        metric = self.study.metrics[name]
        proper(self.document, name, metric)
        value = self._formula((name, "value"), metric.value, names, *NUMERIC)
        known, sure = (
            self._formula((name, key), text, names, "yes or no") if text else None
            for key, text in (("known", metric.known), ("sure", metric.sure))
        )
        return Said(value, known, sure)

    @cached_property
    def query(self) -> str:
        """The query of `values`, printed once."""
        return sql(values(self))

    def standing_on(self, metric: str) -> Rows | None:
        """The rows that a person wants to see for a metric. Raises ConfigError with the line."""
        if metric not in self._stood_on:
            self._stood_on[metric] = self._standing_on(metric)
        return self._stood_on[metric]

    @cached_property
    def _stood_on(self) -> dict[str, Rows | None]:
        return {}

    def _standing_on(self, metric: str) -> Rows | None:
        evidence = self.study.metrics[metric].evidence
        try:
            return compile_rows(self.study.steps, evidence, self.calendar)
        except StepError as error:
            if error.at:
                raise
            raise self.document.told(("metrics", metric, "evidence"), error) from None

    def _formula(self, at: tuple[str, str], text: str, names: Mapping[str, str], *kinds: str) -> Formula:
        try:
            formula = parse_as(kinds, text, names, at[1], self.calendar)
            if self.rows:
                light(formula.tree, self.rows.node)
        except ConfigError as error:
            raise self.document.told(("metrics", *at), error) from None
        return formula

    def check(self) -> None:
        try:
            self.formulas  # noqa: B018  compiling is the check
            for name in self.study.metrics:
                self.standing_on(name)
        except StepError as error:
            raise self.document.told(("steps", *error.at), error) from None


class Before(Protocol):
    """What was measured before, and need not be again."""

    def bucket(self, con: Connection, metrics: Metrics) -> None:
        """Make `metric_bucket` of the relationships in `scope`: `r`, `today` and `m_<metric>` at every date of the grid."""


@dataclass(frozen=True)
class Metrics:
    """All studies in force; later layers replace a file of the same name.

    `ready` makes the tables that they name in `kept`, once relationships are numbered in `scored`.
    """

    sources: tuple[Source, ...]
    ready: Callable[[Connection, date], None] = lambda _con, _as_of: None
    judgements: tuple[Judgement, ...] = ()
    before: Before | None = None

    @cached_property
    def by_name(self) -> dict[str, Metric]:
        return {name: metric for source in self.sources for name, metric in source.study.metrics.items()}

    @cached_property
    def feeds(self) -> tuple[str, ...]:
        return tuple(
            sorted({e for metric in self.by_name.values() for e in (*metric.complete, *metric.intact)})
        )

    def source(self, metric: str) -> Source:
        return next(s for s in self.sources if metric in s.study.metrics)


def load_metrics(layers: Sequence[Path]) -> Metrics:
    """Read `metrics/*.yml` of every layer, in the calendar of the layers, and what people judged. Raises ConfigError with file and line."""
    files, calendar = metric_files(layers), load_calendar(layers)
    sources = [_source(name, path, path.stat().st_mtime_ns, calendar) for name, path in sorted(files.items())]
    _unique(sources)
    return Metrics(tuple(using(sources)), judgements=load_judgements(layers))


def metric_files(layers: Sequence[Path]) -> dict[str, Path]:
    """The files in force by their names; a later layer replaces one of the same name."""
    return {path.stem: path for layer in layers for path in sorted((layer / "metrics").glob("*.yml"))}


@lru_cache(128)
def _source(name: str, path: Path, changed_at: int, calendar: Calendar) -> Source:  # noqa: ARG001  another file has another time
    document = load(path)
    source = Source(name, validate(Study, document), document, calendar)
    if not source.study.uses:
        source.check()
    return source


def using(sources: Sequence[Source]) -> list[Source]:
    """The sources with those that they use. Raises ConfigError with the line for one that is not there, and for a circle."""
    owners = {metric: source for source in sources for metric in source.study.metrics}
    made: dict[str, Source] = {}

    def resolve(source: Source, above: tuple[str, ...]) -> Source:
        if source.name not in made:
            others = [_owner(source, owners, i, (*above, source.name)) for i in range(len(source.study.uses))]
            used = {other.name: resolve(other, (*above, source.name)) for other in others}
            made[source.name] = replace(source, used=tuple(used.values())) if used else source
            if used:
                made[source.name].check()
        return made[source.name]

    return [resolve(source, ()) for source in sources]


def _owner(source: Source, owners: Mapping[str, Source], index: int, above: Sequence[str]) -> Source:
    """The study of a metric that another one uses."""
    name, at = source.study.uses[index], ("uses", index)
    if name not in owners:
        hint = suggest(name, owners) or "name a metric of another file"
        raise source.document.error(at, f"there is no metric {name!r}", fix=hint)
    owner = owners[name]
    if owner.name in above:
        why = " → ".join((*above[above.index(owner.name) :], owner.name))
        raise source.document.error(
            at, "metrics use each other in a circle", why=why, fix="compute one of them alone"
        )
    if owner.plan is not None and owner.plan.python:
        raise source.document.error(at, f"{name} has a Python step, and cannot be used by others")
    return owner


def _unique(sources: Iterable[Source]) -> None:
    seen: dict[str, tuple[str, str]] = {}
    for source in sources:
        for metric in source.study.metrics:
            if what := taken(metric, source.name, seen):
                raise source.document.error(("metrics", metric), what, fix="give one of them another name")


def values(source: Source) -> exp.Select:
    """One row for every relationship in `scope` and date on which it had begun: `r`, `today`, a column a metric."""
    return together([source], {})


def together(sources: Sequence[Source], standing: Mapping[str, str], prefix: str = "") -> exp.Select:
    """The same of several studies side by side: relationships meet dates once, and each feed is asked once.

    `standing` are the tables of the totals of studies that were made.
    """
    base = {"account_id", *(name for source in sources for name in source.told)}
    query = exp.select().from_(cells(sorted(base)).subquery("b"))
    metrics = [metric for source in sources for metric in source.study.metrics.values()]
    fed = {(FED, e) for m in metrics for e in m.complete} | {(BROKEN, e) for m in metrics for e in m.intact}
    for kind, entity in sorted(fed):
        query.join(_feed(kind, entity), on=_reached(kind, entity), join_type="left", copy=False)
    found: list[exp.Expr] = [column("r", "b"), column("today", "b")]
    for source in sources:
        places = _places(query, source, standing)
        for name, metric in source.study.metrics.items():
            value = _value(metric, source.formulas[name], places)
            found.append(value.as_(f"{prefix}{name}", quoted=True, copy=False))
    return _published(query.select(*found, copy=False))


def _published(query: exp.Select) -> exp.Select:
    """The numbers as they are published: engines work out what a function says of a column once, and of a formula each time."""
    cell, numbers = query.named_selects[:2], query.named_selects[2:]
    found = [call("significant", column(name, "v")).as_(name, quoted=True) for name in numbers]
    return exp.select(*(column(name, "v") for name in cell), *found).from_(query.subquery("v", copy=False))


def _places(query: exp.Select, source: Source, standing: Mapping[str, str]) -> dict[str, exp.Expr]:
    """Join what the metrics of a study stand on; gives where each name is."""
    places: dict[str, exp.Expr] = {n: column(n, "b") for n in BASE}
    rows = source.over(standing.get(source.name))
    if rows is not None:
        own = f"of {source.name}"
        match = same("b", own, rows.cell)
        query.join(rows.query.subquery(own), on=match, join_type="left", copy=False)
        places |= {n: column(n, own) for n in rows.columns}
    for other in source.used:
        theirs = f"{source.name} uses {other.name}"
        match = same("b", theirs, ("r", "today"))
        query.join(together([other], standing).subquery(theirs), on=match, join_type="left", copy=False)
        named = other.study.metrics.keys() & set(source.study.uses) - set(rows.columns if rows else ())
        places |= {n: column(n, theirs) for n in named}
    return places


def _value(metric: Metric, formulas: Said, places: Mapping[str, exp.Expr]) -> exp.Expr:
    tests: list[exp.Expr] = [
        exp.Not(this=column("account_id", f"{FED}_{entity}").is_(exp.null())) for entity in metric.complete
    ]
    if formulas.known is not None:
        tests.append(exp.Paren(this=formulas.known.over(places)))
    said = formulas.value.over(places)
    if metric.intact:
        whole = [column("account_id", f"{BROKEN}_{entity}").is_(exp.null()) for entity in metric.intact]
        sure = formulas.sure.over(places) if formulas.sure else _says(said)
        tests.append(exp.Paren(this=exp.or_(exp.and_(*whole), sure)))
    return exp.Case(ifs=[exp.If(this=exp.and_(*tests), true=said)]) if tests else said


def _says(value: exp.Expr) -> exp.Expr:
    """Another number than 0 is told by somebody."""
    return exp.NEQ(this=exp.Paren(this=value.copy()), expression=number(0))


def _feed(kind: str, entity: str) -> exp.Subquery:
    kept = exp.EQ(this=column("entity"), expression=exp.convert(entity))
    table = exp.to_table(_FEEDS[kind])
    query = exp.select(column("account_id"), column("on_date")).from_(table).where(kept)
    return query.subquery(f"{kind}_{entity}")


def _reached(kind: str, entity: str) -> exp.Expr:
    feed = f"{kind}_{entity}"
    day = exp.EQ(this=column("on_date", feed), expression=column("today", "b"))
    return exp.and_(same("b", feed, ("account_id",)), day)

"""Metrics: a number for one relationship at one date, or unknown. Declared in `metrics/*.yml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from pydantic import Field
from sqlglot import exp

from cs_connector.config.documents import Document, load, validate
from cs_connector.errors import ConfigError
from cs_connector.language.compiler import Rows, StepError, column, compile_steps
from cs_connector.language.executor import sql
from cs_connector.language.expression import Formula, parse_as
from cs_connector.language.kinds import NUMERIC
from cs_connector.language.lowering import call
from cs_connector.language.steps import Step, Strict
from cs_connector.model import ACCOUNT, DATE, RELATIONSHIP

# what a formula may say of the relationship itself, and of its account
OF_RELATIONSHIP = tuple(c.name for c in RELATIONSHIP.columns)
OF_ACCOUNT = tuple(f"account_{c.name}" for c in ACCOUNT.columns if c.name != "account_id")
BASE = {"today": DATE, **{c.name: c.type for c in RELATIONSHIP.columns}} | {
    f"account_{c.name}": c.type for c in ACCOUNT.columns if c.name != "account_id"
}


class Metric(Strict):
    """`value` is NULL when unknown; `complete` names entities whose feeds must have been read to the end.

    `evidence` picks, of the rows of the steps, those that a person wants to see.
    """

    title: str
    unit: str = ""
    value: str
    known: str | None = None
    complete: tuple[str, ...] = ()
    evidence: str | None = None
    carry_for: int = Field(default=180, ge=180)


class Study(Strict):
    """One file: steps over an entity, and the metrics that its totals give; no steps: the relationship alone."""

    version: int = 1
    steps: tuple[Step, ...] = ()
    metrics: dict[str, Metric]


@dataclass(frozen=True)
class Source:
    """A study that was read, checked and compiled."""

    name: str
    study: Study
    document: Document

    @cached_property
    def rows(self) -> Rows | None:
        return compile_steps(self.study.steps) if self.study.steps else None

    @cached_property
    def formulas(self) -> dict[str, tuple[Formula, Formula | None]]:
        """Each metric's value, and the condition for knowing it. Raises ConfigError with the line."""
        names = {**BASE, **(self.rows.columns if self.rows else {})}
        found = {}
        for name, metric in self.study.metrics.items():
            value = self._formula((name, "value"), metric.value, names, *NUMERIC)
            known = self._formula((name, "known"), metric.known, names, "yes or no") if metric.known else None
            found[name] = (value, known)
        return found

    @cached_property
    def query(self) -> str:
        """The query of `values`, printed once."""
        return sql(values(self))

    def _formula(self, at: tuple[str, str], text: str, names: Mapping[str, str], *kinds: str) -> Formula:
        try:
            return parse_as(kinds, text, names, at[1])
        except ConfigError as error:
            raise self.document.told(("metrics", *at), error) from None

    def check(self) -> None:
        try:
            self.formulas  # noqa: B018  compiling is the check
        except StepError as error:
            raise self.document.told(("steps", *error.at), error) from None


@dataclass(frozen=True)
class Metrics:
    """All studies in force; later layers replace a file of the same name."""

    sources: tuple[Source, ...]

    @cached_property
    def by_name(self) -> dict[str, Metric]:
        return {name: metric for source in self.sources for name, metric in source.study.metrics.items()}

    @cached_property
    def feeds(self) -> tuple[str, ...]:
        return tuple(sorted({entity for metric in self.by_name.values() for entity in metric.complete}))

    def source(self, metric: str) -> Source:
        return next(s for s in self.sources if metric in s.study.metrics)


def load_metrics(layers: Sequence[Path]) -> Metrics:
    """Read `metrics/*.yml` of every layer. Raises ConfigError with file and line."""
    files = {path.stem: path for layer in layers for path in sorted((layer / "metrics").glob("*.yml"))}
    sources = tuple(_source(name, path, path.stat().st_mtime_ns) for name, path in sorted(files.items()))
    _unique(sources)
    return Metrics(sources)


@lru_cache(128)
def _source(name: str, path: Path, changed_at: int) -> Source:  # noqa: ARG001  another file has another time
    document = load(path)
    source = Source(name, validate(Study, document), document)
    source.check()
    return source


def _unique(sources: Iterable[Source]) -> None:
    seen: dict[str, str] = {}
    for source in sources:
        for metric in source.study.metrics:
            if metric in seen:
                raise source.document.error(("metrics", metric), f"{metric} is in {seen[metric]}.yml already")
            seen[metric] = source.name


def values(source: Source) -> exp.Select:
    """One row for every relationship in `scope` and date of `grid`: `r`, `today`, a column a metric."""
    base = _base()
    listed = [column("r", "b"), column("today", "b")]
    query = exp.select(*listed).from_(base.subquery("b"))
    if source.rows is not None:
        match = _same(("r", "today"), "b", "a")
        query = query.join(source.rows.query.subquery("a"), on=match, join_type="left")
    needed = sorted({entity for metric in source.study.metrics.values() for entity in metric.complete})
    for entity in needed:
        query = query.join(_complete(entity), on=_reached(entity), join_type="left")
    total = source.rows.columns if source.rows else ()
    places = {n: column(n, "b") for n in BASE} | {n: column(n, "a") for n in total}
    for name, metric in source.study.metrics.items():
        query = query.select(_value(metric, *source.formulas[name], places).as_(name, quoted=True))
    return query


def _value(metric: Metric, value: Formula, known: Formula | None, places: Mapping[str, exp.Expr]) -> exp.Expr:
    tests: list[exp.Expr] = [
        exp.Not(this=column("account_id", f"feed_{entity}").is_(exp.null())) for entity in metric.complete
    ]
    if known is not None:
        tests.append(exp.Paren(this=known.over(places)))
    published = call("significant", value.over(places))
    return exp.Case(ifs=[exp.If(this=exp.and_(*tests), true=published)]) if tests else published


def _base() -> exp.Select:
    names = [column(n, "s") for n in (*OF_RELATIONSHIP, *OF_ACCOUNT)]
    return (
        exp.select(column("r", "s"), column("on_date", "g").as_("today", quoted=True), *names)
        .from_(exp.to_table("scope").as_("s"))
        .join(exp.to_table("grid").as_("g"), join_type="cross")
    )


def _complete(entity: str) -> exp.Subquery:
    kept = exp.EQ(this=column("entity"), expression=exp.convert(entity))
    query = (
        exp.select(column("account_id"), column("on_date")).from_(exp.to_table("feed_complete")).where(kept)
    )
    return query.subquery(f"feed_{entity}")


def _reached(entity: str) -> exp.Expr:
    feed = f"feed_{entity}"
    day = exp.EQ(this=column("on_date", feed), expression=column("today", "b"))
    return exp.and_(_same(("account_id",), "b", feed), day)


def _same(names: Iterable[str], left: str, right: str) -> exp.Expr:
    return exp.and_(*(exp.EQ(this=column(n, left), expression=column(n, right)) for n in names))

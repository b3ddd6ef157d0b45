"""From scores to a plan: the tables that `act`, `plan` and `write_back` share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb

from cs_connector.act import wanted
from cs_connector.act.differences import comparing, parents
from cs_connector.act.guarding import begun, guard, past
from cs_connector.act.guarding.begun import Begins
from cs_connector.act.heartbeat import ours
from cs_connector.errors import AdapterError
from cs_connector.model import ENTITIES
from cs_connector.unify import Source
from cs_connector.unify.relations import news

from . import judging
from .engine import Engine
from .plans import holding, neighbours, permission
from .plans.begun import Begun
from .plans.holding import Kept
from .standing import SCORED, must_be_scored
from .undoing import again


@contextmanager
def standing(engine: Engine) -> Iterator[duckdb.DuckDBPyConnection]:
    """An executor with entities, metrics and snapshots. Raises UsageError where nothing was scored yet."""
    must_be_scored(engine)
    with engine.tables([*ENTITIES, "link", "feed", "attachment"]) as con:
        scored(con, engine)
        yield con


def scored(con: duckdb.DuckDBPyConnection, engine: Engine) -> None:
    """Views of what was last measured and scored."""
    for view, (dataset, columns) in SCORED.items():
        engine.store.facts.attach(con, dataset, view, columns)


@dataclass(frozen=True, slots=True)
class Held:
    """How many values of the CRMs stay as they are, because the fields named in `unknown` cannot be read now.

    `away` are the connections for which nothing could be planned, and why, `kept` is what else stays out of the plan.
    """

    values: int
    unknown: tuple[str, ...]
    kept: Kept = field(default_factory=Kept)
    away: Mapping[str, AdapterError] = field(default_factory=dict)

    @property
    def notes(self) -> list[str]:
        """All of it in sentences."""
        return [*([str(self)] if self.values else []), *self.missing]

    @property
    def missing(self) -> list[str]:
        """The same without the values that stay as they are."""
        out = (
            f"nothing is planned for {name}: {error.what.removeprefix(f'{name}: ')}"
            for name, error in self.away.items()
        )
        return [*out, *self.kept.notes]

    def whole(self, changes: int) -> bool:
        """Whether a plan of so many changes says what the files of the project bring to the connections that are there.

        One of none does only where nothing stayed out.
        """
        if self.unknown or self.kept.objects:
            return False
        return changes > 0 or not (self.kept.missed or self.kept.stops)

    def __str__(self) -> str:
        return (
            f"{self.values:,} values that would be emptied, zero or ended stay as they are while this is unknown: "
            f"{', '.join(self.unknown)}"
        )


@contextmanager
def planned(engine: Engine) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[guard.Check], Held]]:
    """The plan for what is known now, as `plan_change`, with the guard's findings and what is held back."""
    with standing(engine) as con:
        wanted.want(con, engine.as_of)
        wanted.attach(con, engine.store.facts, engine.as_of)
        wanted.mark(con, engine.as_of)
        with engine.store.state.read() as db:
            judging.want(engine, con, db)
            away = holding.away(engine)
            sources, stops = holding.fitted(engine, away)
            wanted.extend(con, engine.as_of, _columns(sources))
            ours.want(con, _beat(engine))
            latest, policies = engine.latest(con), holding.policies(engine)
            engine.store.facts.attach(con, "unify/facts", "account_facts", news.COLUMNS)
            home, config = engine.home(), engine.config_hash()
            comparing.compare(con, db, sources, latest, home, engine.as_of, policies, config)
        lost = _unread(engine)
        values = comparing.hold(con) if lost else 0
        kept = holding.keep_out(engine, con, sources, stops)
        parents.name(con, sources)
        with engine.store.state.read() as db:
            found = limits(engine, con, Begun(engine, db))
        checks = [*_strangers(engine, con, sources), *found, *again.checks(engine, con)]
        yield con, checks, Held(values, lost, kept, away)


def _beat(engine: Engine) -> ours.Beat | None:
    """A run that may not write, or that tries another day, gives no sign."""
    quiet = permission.stopped(engine) or not neighbours.today(engine)
    return None if quiet else neighbours.beat(engine)


def _strangers(
    engine: Engine, con: duckdb.DuckDBPyConnection, sources: Iterable[Source]
) -> list[guard.Check]:
    written = [source.connection for source in sources]
    return [other.check for other in neighbours.others_of(engine, con, written)]


def _columns(sources: Iterable[Source]) -> set[str]:
    """What is written of accounts, in our words."""
    rules = (rule for source in sources for rule in source.mapping.write if rule.source == "account")
    return {how.column for rule in rules for how in rule.fields.values()}


def limits(
    engine: Engine, con: duckdb.DuckDBPyConnection, begins: Begins = begun.nothing
) -> list[guard.Check]:
    """What the guard finds in `plan_change`; `begins` says of fields that they were never ours."""
    with engine.store.state.read() as db:
        before = past.read(db)
    names = [name for (name,) in con.execute("SELECT DISTINCT connection FROM target").fetchall()]
    changed = {name: permission.meaning(engine, before, name) for name in names}
    kinds = {bool(files): files for files in changed.values()} or {False: []}
    found = [
        check
        for files in kinds.values()
        for check in guard.inspect(con, engine.project.settings.safety, before, files, begins)
        if bool(changed[check.connection]) == bool(files)
    ]
    found.sort(key=lambda check: check.connection)
    return [*found, guard.dated(engine.as_of, engine.clock.now().date())]


def _unread(engine: Engine) -> tuple[str, ...]:
    """The fields that the mappings read and the CRMs do not show as they were."""
    lost = {
        f"{source.connection} {rule.object}.{name}"
        for source in engine.sources()
        for rule in source.mapping.read
        for name in rule.needs & source.unknown.get(rule.object, frozenset())
    }
    return tuple(sorted(lost))

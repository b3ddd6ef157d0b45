"""Questions about one account: only its own rows are read, of however many customers there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb

from cs_connector.errors import UsageError
from cs_connector.health import kept
from cs_connector.health.explain import barring, levers_for, next_band
from cs_connector.health.explain import explain as explained
from cs_connector.health.outline import Kept, Outlines
from cs_connector.health.why_changed import End
from cs_connector.health.why_changed import why_changed as changed
from cs_connector.model import ACCOUNT, ATTACHMENT, ENTITIES, LINK, RELATIONSHIP, Entity
from cs_connector.store import views

from .finding import find
from .standing import PAST, SCORED, must_be_scored

if TYPE_CHECKING:
    from cs_connector.health.bands import Bands
    from cs_connector.measure.judgements import Judgement
    from cs_connector.measure.retirements import Retirement

    from .engine import Engine

_RECORD = {"account_id": "VARCHAR", **{c.name: c.type for c in LINK.columns}}


@dataclass(frozen=True, slots=True)
class Own:
    """The rows of one account, as tables of `con`; `entity` is what was asked about, the account or a relationship of it."""

    engine: Engine
    con: duckdb.DuckDBPyConnection
    entity: str
    account: str

    @property
    def outlines(self) -> Outlines:
        """As they were kept with the scores; of scores that an earlier version computed, as they are declared now."""
        if self.engine.store.facts.files("health/outline"):
            return Kept(self.con, _judgements(self.engine), _retirements(self.engine))
        from cs_connector.health import load_definitions
        from cs_connector.health.outline import Declared

        return Declared(load_definitions([*self.engine.project.shipped, self.engine.project.root]))

    def keep(
        self, dataset: str, name: str, columns: Mapping[str, str], where: str = "account_id = $id"
    ) -> None:
        """Make a table of the rows of a dataset that are the account's."""
        rows = views.scan(self.con, self.engine.store.facts.files(dataset), columns)
        query = f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM ({rows}) WHERE {where}'
        self.con.execute(query, {"id": self.account} if "$id" in where else {})

    def measured(self) -> None:
        """Make `metric_value`, with what earlier runs measured and the last one does not know any more: caps hold on that, too."""
        self.keep(SCORED["metric_value"][0], "metric_value", SCORED["metric_value"][1])
        if older := self.engine.store.facts.files(PAST):
            rows = views.scan(self.con, older, {})
            query = f"INSERT INTO metric_value BY NAME SELECT * FROM ({rows}) WHERE account_id = $id"
            self.con.execute(query, {"id": self.account})

    def entities(self, names: Iterable[str]) -> None:
        for name in names:
            self.keep(f"entity/{name}", name, _columns(ENTITIES[name]))

    def days(self) -> list[date]:
        """The days on which the account has scores, the newest first."""
        rows = self.con.execute("SELECT DISTINCT on_date FROM snapshot ORDER BY on_date DESC").fetchall()
        return [row[0] for row in rows]

    def day(self, day: date | None) -> date | None:
        """The day itself or the newest with scores, of the account or else of all. Raises UsageError for one without."""
        mine = self.days()
        if day in mine or (day is None and mine):
            return day or mine[0]
        self.engine.store.facts.attach(self.con, "health/snapshot", "whole snapshot", {})
        return scored_on(self.con, day, "whole snapshot")


_OUTCOME = (SCORED["outcome"][0], "outcome", SCORED["outcome"][1])


@contextmanager
def about(engine: Engine, id_: str) -> Iterator[Own]:
    """The scores of an account, or of that of a relationship. Raises UsageError for an unknown id, and where nothing was scored."""
    must_be_scored(engine)
    with engine.tables() as con:
        con.execute("SET parquet_metadata_cache = true")
        own = Own(engine, con, *_home(engine, con, id_))
        for name in ("snapshot", "measure_score"):
            own.keep(SCORED[name][0], name, SCORED[name][1])
        for name in ("scorecard", "outline"):
            engine.store.facts.attach(con, SCORED[name][0], name, SCORED[name][1])
        own.entities(["account", "relationship"])
        yield own


def explain(engine: Engine, id_: str, scorecard: str | None, day: date | None = None) -> dict[str, Any]:
    """explain/1 of an account or relationship, newest or of a day. Raises UsageError for an unknown one."""
    with about(engine, id_) as own:
        on = own.day(day)
        own.measured()
        own.keep(SCORED["contradiction"][0], "contradiction", SCORED["contradiction"][1])
        engine.store.facts.attach(own.con, *_OUTCOME)
        _evidence(own)
        return explained(own.con, own.outlines, own.entity, scorecard, on)


def levers(engine: Engine, id_: str, target: int | None = None, day: date | None = None) -> dict[str, Any]:
    """levers/1 of an account or relationship, newest or of a day, with all caps that have to go first.

    Without a target it is where the next better band begins.
    """
    with about(engine, id_) as own:
        on = own.day(day)
        if target is None:
            target = next_band(own.con, _bands(engine), own.entity, on)
        document = levers_for(own.con, own.outlines, own.entity, target, on=on)
        if document["first"] is None:
            return document
        own.measured()
        engine.store.facts.attach(own.con, *_OUTCOME)
        outlines = own.outlines
        if outlines.judgements or outlines.retired:  # they may name an account by its record in a CRM
            _links(own)
        return {**document, "caps": barring(own.con, outlines, own.entity, target, on)}


def _bands(engine: Engine) -> Bands:
    from cs_connector.health.bands import load_bands  # it reads a file, which no other question here needs

    return load_bands((*engine.project.shipped, engine.project.root))


def why_changed(
    engine: Engine, id_: str, first: date | None, last: date | None, reading: str | None
) -> dict[str, Any]:
    """why-changed/1 of an account or relationship between two days, and which days there are (`days`).

    Without days: the newest, and the month end before it. The reading is `known` (each day as it was known then) or
    `restated` (both by what is known and configured now); without one, known where both days were kept. Raises
    UsageError, naming the days, for a day without scores.
    """
    with about(engine, id_) as own:
        engine.store.facts.attach(own.con, "health/snapshot", "whole snapshot", {})
        found = {"known": kept.days(engine.store.facts), "restated": scored_days(own.con, "whole snapshot")}
        reading, days = kept.choose(found, first, last, reading)
        for day in days if reading == "known" else ():
            for name in ("snapshot", "measure"):
                own.keep(f"{kept.PLACE}{day}/{name}", f"{name} {day}", {})
            engine.store.facts.attach(own.con, f"{kept.PLACE}{day}/scorecard", f"scorecard {day}", {})
        ends = tuple(End.kept(day) if reading == "known" else End(day) for day in days)
        document = changed(own.con, own.outlines, own.entity, (ends[0], ends[1]), reading)
    return {**document, "days": found}


def scored_days(con: duckdb.DuckDBPyConnection, view: str = "snapshot") -> list[date]:
    """The days with scores of anybody, the newest first."""
    query = f'SELECT DISTINCT on_date FROM "{view}" ORDER BY on_date DESC'
    return [row[0] for row in con.execute(query).fetchall()]


def scored_on(con: duckdb.DuckDBPyConnection, day: date | None, view: str = "snapshot") -> date:
    """The day itself, or the newest with scores. Raises UsageError, naming the dates, when it has none."""
    dates = scored_days(con, view)
    if day in dates or (day is None and dates):
        return day or dates[0]
    raise UsageError(
        f"there are no scores of {day}" if day else "there are no scores",
        why=f"there are scores of {', '.join(map(str, dates))}" if dates else "",
        safe="nothing was changed",
        fix="name one of these dates, or compute it with: cs-connector run --dry-run --as-of DATE",
    )


def _home(engine: Engine, con: duckdb.DuckDBPyConnection, id_: str) -> tuple[str, str]:
    """What an id or a name means, and the account that it is or belongs to. An id of ours goes before any name."""
    if found := _known(engine, con, id_):
        return found
    for name in ("account", "relationship", "link"):
        engine.attach(con, name)
    entity = find(con, id_)
    for name in ("account", "relationship", "link"):
        con.execute(f'DROP VIEW "{name}"')
    home = _known(engine, con, entity)
    assert home is not None, "it was found"
    return home


def _known(engine: Engine, con: duckdb.DuckDBPyConnection, id_: str) -> tuple[str, str] | None:
    for entity in (ACCOUNT, RELATIONSHIP):
        rows = views.scan(con, engine.store.facts.files(f"entity/{entity.name}"), {})
        query = f"SELECT {entity.key}, account_id FROM ({rows}) WHERE {entity.key} = ? LIMIT 1"
        if row := con.execute(query, [id_]).fetchone():
            return str(row[0]), str(row[1])
    return None


def _evidence(own: Own) -> None:
    """The records of the account, and the rows of the entities that its measures stand on."""
    cards = own.con.execute(
        "SELECT DISTINCT scorecard FROM snapshot WHERE entity = 'relationship'"
    ).fetchall()
    outlines = [found for (card,) in cards if (found := own.outlines.of(card))]
    evidence = [m.evidence for found in outlines for m in found.measures.values()]
    mine = sorted(
        {name for one in evidence for name in one.own} - {"account", "relationship"} | {"subscription"}
    )
    looked_up = {name for one in evidence for name in one.whole}
    own.entities(mine)
    _people(own, mine, looked_up)
    for name in sorted(looked_up - {"account", "person"}):
        own.engine.attach(own.con, name)
    keys = " UNION ALL ".join(f'SELECT {ENTITIES[name].key} FROM "{name}"' for name in mine)
    own.keep("entity/attachment", "attachment", _columns(ATTACHMENT), f"entity_id IN ({keys})")
    _links(own)


def _links(own: Own) -> None:
    if own.engine.store.facts.files("unify/record"):
        own.keep("unify/record", "link", _RECORD)
    else:
        own.engine.attach(own.con, "link")


def _people(own: Own, mine: Iterable[str], looked_up: set[str]) -> None:
    """Those of the account; and those of others only where a row of the account names one."""
    if "person" not in looked_up:
        return
    named = [f'SELECT person_id FROM "{name}"' for name in mine if ENTITIES[name].column("person_id")]
    own.entities(["person"])
    strangers = f"SELECT 1 FROM ({' UNION ALL '.join(named)}) ANTI JOIN person USING (person_id) WHERE person_id IS NOT NULL LIMIT 1"
    if named and own.con.execute(strangers).fetchone():
        own.con.execute("DROP TABLE person")
        own.engine.attach(own.con, "person")


def _columns(entity: Entity) -> dict[str, str]:
    return {c.name: c.type for c in entity.columns}


def _judgements(engine: Engine) -> tuple[Judgement, ...]:
    """Few projects have any, and reading them loads much."""
    layers = (*engine.project.shipped, engine.project.root)
    if not any((layer / "judgements.yml").exists() for layer in layers):
        return ()
    from cs_connector.measure.judgements import load_judgements

    return load_judgements(layers)


def _retirements(engine: Engine) -> tuple[Retirement, ...]:
    """The same of evidence that somebody retired."""
    layers = (*engine.project.shipped, engine.project.root)
    if not any((layer / "retired.yml").exists() for layer in layers):
        return ()
    from cs_connector.measure.retirements import load_retirements

    return load_retirements(layers)

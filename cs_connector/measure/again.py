"""Measuring what days that are kept need: new days from the totals of the last one, old ones of accounts where something came.

Reads `days touched` and `days moved` (see measure.news), and `days base`: what is stored of the last day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from cs_connector.language.executor import Connection, sql, store
from cs_connector.measure import evaluate, totals
from cs_connector.measure.metrics import Source
from cs_connector.measure.steady import Steady

ONE_DAY = 3  # times as many relationships at one day, in the memory that those at seven need
_SLIM = "r, relationship_id, account_id, product"  # all that rows are looked for by
_LAST = """CREATE OR REPLACE TEMP TABLE "days last" AS
SELECT s.r, b.* FROM "days base" AS b JOIN scope AS s USING (account_id, relationship_id)"""
Stage = Callable[[date, str], None]


@dataclass(frozen=True)
class Round:
    """The days of a run: those that are kept, and those that are not; the studies of which the last day's totals can be gone on from."""

    steady: Steady
    as_of: date
    old: tuple[date, ...] = ()
    new: tuple[date, ...] = ()
    going: frozenset[str] = frozenset()

    @property
    def told(self) -> str:
        return f"{len(self.old)} days kept, {len(self.new)} measured; gone on from the last day: {', '.join(sorted(self.going)) or 'none'}"


def measure(con: Connection, run: Round, stage: Stage) -> None:
    """Measure new days of all relationships, and old ones of those with news; `stage` is given a query of each part of a day."""
    for source in run.steady.sources:
        if source.name in run.going:
            _news(con, source, run)
    count = con.execute("SELECT coalesce(max(r), 0) FROM numbered").fetchall()[0][0]
    size = evaluate.at_once(con) * (ONE_DAY if len(run.new) == 1 else 1)
    for low in range(1, count + 1, size) if run.new else ():
        _scope(con, f"SELECT {_wide(run)} FROM scored WHERE r >= {low} AND r < {low + size}")
        with _at(con, run.new):
            _measured(con, run, run.going)
        for day in run.new:
            stage(day, _stored(run, "days measured", day))
    _old(con, run, stage)


def begun(day: str, run: Round) -> str:
    """SQL: a relationship `s` has no past before it started; on the day of the run it always has a row."""
    return f"(s.start_on IS NULL OR s.start_on <= {day} OR {day} = DATE '{run.as_of}')"


def _old(con: Connection, run: Round, stage: Stage) -> None:
    if not run.old:
        return
    some = f"SELECT account_id FROM \"days touched\" WHERE since <= DATE '{run.old[-1]}'"
    for part in _parts(con, "days news", some, evaluate.at_once(con)):
        _scope(con, f"SELECT {_wide(run)} FROM scored SEMI JOIN ({part}) USING (r)")
        with _at(con, run.old):
            _measured(con, run, frozenset())
        con.execute(
            'CREATE OR REPLACE TEMP TABLE "days again" AS SELECT m.* FROM "days measured" m JOIN scope s USING (r) '
            f'JOIN (SELECT account_id, min(since) AS since FROM "days touched" GROUP BY ALL) t USING (account_id) WHERE m.today >= t.since AND {begun("m.today", run)}'
        )
        for day in run.old:
            stage(day, _stored(run, "days again", day))


def _wide(run: Round) -> str:
    """All that metrics say of a relationship."""
    return ", ".join(["r", *sorted(run.steady.told)])


def _scope(con: Connection, query: str) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE scope AS {query}")


@contextmanager
def _at(con: Connection, days: Iterable[date]) -> Iterator[None]:
    """Some days of the grid only."""
    con.execute('CREATE OR REPLACE TEMP TABLE "days grid" AS SELECT * FROM grid')
    listed = ", ".join(f"DATE '{day}'" for day in days)
    con.execute(f"DELETE FROM grid WHERE on_date NOT IN ({listed})")
    yield
    con.execute('CREATE OR REPLACE TEMP TABLE grid AS SELECT * FROM "days grid"')


def _parts(con: Connection, table: str, accounts: str, size: int) -> Iterator[str]:
    """Make a table of the relationships of some accounts (r), and queries of so many of them at a time."""
    con.execute(
        f'CREATE OR REPLACE TEMP TABLE "{table}" AS SELECT r, row_number() OVER (ORDER BY r) AS place FROM numbered '
        f"SEMI JOIN ({accounts}) USING (account_id)"
    )
    count = con.execute(f'SELECT count(*) FROM "{table}"').fetchall()[0][0]
    for low in range(1, count + 1, size):
        yield f'SELECT r FROM "{table}" WHERE place >= {low} AND place < {low + size}'


def _table(study: str) -> str:
    return f"days rows {study}"


def _there(study: str) -> str:
    """The column that says whether a relationship has totals: that all of them are unknown is another thing."""
    return f"{study} "


def _news(con: Connection, source: Source, run: Round) -> None:
    """Make `days new <study>`, today's totals of the relationships with news, and `days news <study>` (r), which those are."""
    name = source.name
    fetched = ", ".join(f"'{entity}'" for entity in sorted(run.steady.daily[name].asked))
    some = (
        f"SELECT account_id FROM \"days touched\" WHERE since <= DATE '{run.as_of}' AND (entity IS NULL OR entity IN ({fetched})) "
        f"UNION SELECT account_id FROM \"days moved\" WHERE study = '{name}'"
    )
    query = sql(source.core.query)
    with _at(con, run.new):
        _scope(con, f"SELECT {_SLIM} FROM scored LIMIT 0")
        store(con, f"days new {name}", query)
        for part in _parts(con, f"days news {name}", some, ONE_DAY * evaluate.at_once(con)):
            _scope(con, f"SELECT {_SLIM} FROM scored SEMI JOIN ({part}) USING (r)")
            totals.make(con, [("days part", source)])
            con.execute(f'INSERT INTO "days new {name}" SELECT * FROM "days part"')


def _gone_on(con: Connection, source: Source, run: Round) -> None:
    """Today's totals of a study: new ones of relationships with news, and those of the last day of all others."""
    name, table = source.name, _table(source.name)
    con.execute(
        f'CREATE OR REPLACE TEMP TABLE "{table}" AS SELECT * FROM "days new {name}" SEMI JOIN scope USING (r)'
    )
    today = f", DATE '{run.as_of}' AS today" if "today" in source.core.cell else ""
    listed = "".join(f', b."{name} {total}" AS "{total}"' for total in source.core.columns)
    con.execute(
        f'INSERT INTO "{table}" BY NAME SELECT b.r{today}{listed} FROM "days last" b ANTI JOIN "days news {name}" n ON n.r = b.r '
        f'WHERE b."{_there(name)}"'
    )


def _measured(con: Connection, run: Round, going: Iterable[str]) -> None:
    """Make `days measured`, the metrics of the relationships in `scope`, and tables of the totals that they come from."""
    names = {s.name for s in run.steady.sources if s.plan is not None}
    if going:
        con.execute(_LAST)
    for source in run.steady.sources:
        if source.name in going:
            _gone_on(con, source, run)
    made = [(_table(s.name), s) for s in run.steady.sources if s.name in names - set(going)]
    totals.make(con, made)
    tables = {name: _table(name) for name in names}
    store(con, "days measured", evaluate.study(con, run.steady.sources, tables))
    evaluate.forget(con, run.steady.sources)


def _stored(run: Round, table: str, day: date) -> str:
    """A query of what is stored of a day: metrics, and the totals of each study under its name."""
    metrics = "".join(f', t."{name}"' for name in run.steady.metrics)
    listed, joins = "", ""
    for number, source in enumerate(s for s in run.steady.sources if s.plan is not None):
        listed += f', x{number}.r IS NOT NULL AS "{_there(source.name)}"'
        listed += "".join(f', x{number}."{name}" AS "{source.name} {name}"' for name in source.core.columns)
        joins += f' LEFT JOIN "{_table(source.name)}" x{number} USING ({", ".join(source.core.cell)})'
    return (
        f'SELECT s.account_id, s.relationship_id, today AS on_date{metrics}{listed} FROM "{table}" t JOIN scope s USING (r)'
        f"{joins} WHERE today = DATE '{day}' ORDER BY r"
    )

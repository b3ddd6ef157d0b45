"""A bucket of relationships over days that are kept: new days are measured from the totals of the last one, old ones taken as they are.

Reads `days touched` and `days moved` (see measure.news), `days base` and `days kept` (what is stored of the last day, and of old ones).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date

from cs_connector.language.executor import Connection, sql, store
from cs_connector.measure import evaluate
from cs_connector.measure.metrics import Metrics, Source
from cs_connector.measure.steady import Steady
from cs_connector.store import views

_SLIM = "r, relationship_id, account_id, product"  # all that rows are looked for by
Stage = Callable[[date, str], None]


@dataclass(frozen=True)
class Round:
    """The days of a run: those that are kept, and those that are not; the studies of which the last day's totals can be gone on from."""

    steady: Steady
    as_of: date
    old: tuple[date, ...] = ()
    new: tuple[date, ...] = ()
    going: frozenset[str] = frozenset()


def bucket(con: Connection, metrics: Metrics, run: Round, stage: Stage) -> None:
    """Make `metric_bucket` of the relationships in `scope`; `stage` is given a query of what was measured of a day."""
    con.execute('CREATE OR REPLACE TEMP TABLE "days bucket" AS SELECT * FROM scope')
    con.execute('CREATE OR REPLACE TEMP TABLE "days grid" AS SELECT * FROM grid')
    _grid(con, run.new)
    for source in _with_rows(metrics, run):
        if source.name in run.going:
            _gone_on(con, source, run)
        else:
            _rows(con, source)
    _measured(con, metrics, run, "metric_bucket")
    for day in run.new:
        stage(day, _stored(run, "metric_bucket", day))
    if run.old:
        _grid(con, run.old)
        _kept(con, metrics, run)
        _touched(con, metrics, run, stage)
    con.execute("CREATE OR REPLACE TEMP TABLE grid AS SELECT * FROM \"days grid\"")
    _scope(con)


def _grid(con: Connection, days: Iterable[date]) -> None:
    con.execute("DELETE FROM grid")
    for day in days:
        con.execute("INSERT INTO grid VALUES (?)", [day])


def _scope(con: Connection, of: str = "", columns: str = "*") -> None:
    con.execute(f'CREATE OR REPLACE TEMP TABLE scope AS SELECT {columns} FROM "days bucket" {of}')


def _with_rows(metrics: Metrics, run: Round) -> list[Source]:
    names = {s.name for s in run.steady.sources}
    return [s for s in metrics.sources if s.name in names and s.plan is not None]


def _table(study: str) -> str:
    return f"days rows {study}"


def _rows(con: Connection, source: Source) -> None:
    store(con, _table(source.name), sql(source.core.query))


def _gone_on(con: Connection, source: Source, run: Round) -> None:
    """The rows of a study today: made of accounts with news, and those of the last day of all others."""
    news = (
        f"SELECT account_id FROM \"days touched\" WHERE since <= DATE '{run.as_of}' "
        f"UNION SELECT account_id FROM \"days moved\" WHERE study = '{source.name}'"
    )
    _scope(con, f"SEMI JOIN ({news}) USING (account_id)", _SLIM)
    _rows(con, source)
    _scope(con)
    today = f", DATE '{run.as_of}' AS today" if "today" in source.core.cell else ""
    totals = "".join(f', b."{source.name} {name}" AS "{name}"' for name in source.core.columns)
    con.execute(
        f'INSERT INTO "{_table(source.name)}" BY NAME SELECT s.r{today}{totals} FROM "days base" b '
        f"JOIN scope s USING (account_id, relationship_id) ANTI JOIN ({news}) USING (account_id) WHERE {_near(con, 'b')}"
    )


def _near(con: Connection, table: str) -> str:
    """What is stored lies by accounts, as buckets do: other parts of files need not be read."""
    low, high = con.execute("SELECT min(account_id), max(account_id) FROM scope").fetchall()[0]
    return f"{table}.account_id BETWEEN {views.text(low or '')} AND {views.text(high or '')}"


def _measured(con: Connection, metrics: Metrics, run: Round, table: str) -> None:
    """Make the metrics of all studies, of those in the round from their rows."""
    standing = {s.name for s in _with_rows(metrics, run)}
    sources = [_standing(source, standing) for source in metrics.sources]
    store(con, table, evaluate.study(con, sources))
    evaluate.forget(con, sources)


def _standing(source: Source, names: set[str]) -> Source:
    used = tuple(_standing(other, names) for other in source.used)
    return replace(source, used=used, standing=_table(source.name) if source.name in names else "")


def _stored(run: Round, table: str, day: date) -> str:
    """A query of what is stored of a day: metrics, and the totals of each study under its name."""
    metrics = "".join(f', t."{name}"' for name in run.steady.metrics)
    totals, joins = "", ""
    for number, source in enumerate(s for s in run.steady.sources if s.plan is not None):
        totals += "".join(f', x{number}."{name}" AS "{source.name} {name}"' for name in source.core.columns)
        joins += f' LEFT JOIN "{_table(source.name)}" x{number} USING ({", ".join(source.core.cell)})'
    return (
        f"SELECT s.account_id, s.relationship_id, today AS on_date{metrics}{totals} FROM \"{table}\" t JOIN scope s USING (r)"
        f"{joins} WHERE today = DATE '{day}' ORDER BY s.account_id, s.relationship_id"
    )


def _begun(day: str, run: Round) -> str:
    """A relationship has no past before it started."""
    return f"(s.start_on IS NULL OR s.start_on <= {day} OR {day} = DATE '{run.as_of}')"


def _kept(con: Connection, metrics: Metrics, run: Round) -> None:
    """Add what is stored of old days, with what the other studies come to at those."""
    names = {s.name for s in run.steady.sources}
    others = [s for s in metrics.sources if s.name not in names]
    also = ""
    if others:
        store(con, "days others", evaluate.study(con, others))
        evaluate.forget(con, others)
        also = ' JOIN "days others" o ON o.r = s.r AND o.today = k.on_date'
    listed = [*(f'k."{name}"' for name in run.steady.metrics), *(f'o."m_{m}"' for s in others for m in s.study.metrics)]
    con.execute(
        f'INSERT INTO metric_bucket BY NAME SELECT s.r, k.on_date AS today, {", ".join(listed)} FROM "days kept" k '
        f'JOIN scope s USING (account_id, relationship_id){also} LEFT JOIN "days touched" t ON t.account_id = s.account_id '
        f"WHERE {_near(con, 'k')} AND (t.since IS NULL OR k.on_date < t.since) AND {_begun('k.on_date', run)}"
    )


def _touched(con: Connection, metrics: Metrics, run: Round, stage: Stage) -> None:
    """Measure old days again for the accounts where something came that was there by then."""
    _scope(con, f"SEMI JOIN (SELECT * FROM \"days touched\" WHERE since <= DATE '{run.old[-1]}') USING (account_id)")
    if con.execute("SELECT 1 FROM scope LIMIT 1").fetchone() is None:
        return
    for source in _with_rows(metrics, run):
        _rows(con, source)
    _measured(con, metrics, run, "days measured")
    con.execute(
        'CREATE OR REPLACE TEMP TABLE "days again" AS SELECT m.* FROM "days measured" m JOIN scope s USING (r) '
        f"JOIN \"days touched\" t USING (account_id) WHERE m.today >= t.since AND {_begun('m.today', run)}"
    )
    con.execute('INSERT INTO metric_bucket BY NAME SELECT * FROM "days again"')
    for day in run.old:
        stage(day, _stored(run, "days again", day))


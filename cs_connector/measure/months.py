"""Closed months: what steps make of the rows of a period that is over is kept, and made again only where a row of it changed.

Of each such node (language.closed) there is a dataset a period, `months/<digest>/<first day>`, with the totals by relationship; of
which relationships they are, `months/<digest>/scope`; and which files they stand on, `months/<digest>/read`. All are published in one
transaction, so that a run that was killed leaves what was kept before, with the files that it stood on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from sqlglot import exp

from cs_connector.language.closed import Closed, within
from cs_connector.language.executor import Connection, sql, store
from cs_connector.measure import reopening
from cs_connector.measure.metrics import Metrics, Source
from cs_connector.measure.reopening import SCOPE, Basis
from cs_connector.store import views
from cs_connector.store.facts import Facts
from cs_connector.store.leases import Lease

PLACE = "months/"
LEAST = 100_000  # rows of an entity: with fewer, to make the months costs less than to keep them
BUCKET = 50_000  # relationships at a time
FEW = 8  # files of a period
_DAY = "CAST(period AS VARCHAR)"  # a date of DuckDB may be none of Python
_READ = {"kind": "VARCHAR", "name": "VARCHAR"}
_SAME = 'ANTI JOIN "months whole" USING (relationship_id)'
_AGAIN = """SELECT s.relationship_id, t.period FROM scored s JOIN "months touched" t USING (account_id)"""


@dataclass(frozen=True, slots=True)
class Brought:
    """How the months of a study were brought up to date: so many pairs of account and period were read again, and so many totals
    of a relationship and period made. `filled`: nothing was kept that could be gone on from, and all were made.
    """

    study: str
    reopened: int
    made: int
    filled: bool


@dataclass
class Months:
    """The closed months of a project; `told` says what was done, once the metrics were computed."""

    facts: Facts
    run: str
    lease: Lease | None = None
    least: int = LEAST
    bucket: int = BUCKET
    told: list[Brought] = field(default_factory=list)

    def under(self, metrics: Metrics) -> Metrics:
        """The metrics over what is kept, where it is worth it; what is kept of other steps is forgotten."""
        found = {one.digest: (name, one) for name, one in kept(metrics.sources) if self._worth(one)}
        tables = {digest: _table(one) for digest, (_, one) in found.items()}

        def ready(con: Connection, as_of: date) -> None:
            self._forget(found)
            con.execute("CREATE TEMP TABLE IF NOT EXISTS scope AS SELECT * FROM scored LIMIT 0")
            for name, one in found.values():
                self.told.append(self._bring(con, name, one, as_of))
                self._view(con, one)

        return replace(metrics, sources=tuple(_reading(s, tables) for s in metrics.sources), ready=ready)

    def _worth(self, one: Closed) -> bool:
        return self.facts.rows(f"entity/{one.scan.entity}") >= self.least

    def _forget(self, digests: Collection[str]) -> None:
        gone = [name for name in self.facts.datasets(PLACE) if name.split("/")[1] not in digests]
        if gone:
            self.facts.publish(self.run, replace=dict.fromkeys(gone, ()), lease=self.lease)

    def _bring(self, con: Connection, study: str, one: Closed, as_of: date) -> Brought:
        before = self._before(con, one)
        now = self._now(con, one, as_of, before)
        if before is None or not before.there:
            reopening.every(con, one, now)
            staged: dict[str, list[Path]] = {name: [] for name in self.facts.datasets(_place(one, ""))}
            made = self._make(con, one, staged)
            self._publish(con, one, now, staged)
            return Brought(study, 0, made, filled=True)
        reopened = reopening.since(con, one, before, now, self.facts.files(_place(one, "scope")))
        staged = dict(self._rests(con, one))
        made = self._make(con, one, staged)
        if staged or before != now or self._left(con, one):
            self._publish(con, one, now, staged)
        return Brought(study, reopened, made, filled=False)

    def _before(self, con: Connection, one: Closed) -> Basis | None:
        """What is kept stands on; None where nothing is kept."""
        files = self.facts.files(_place(one, "read"))
        if not files:
            return None
        found: dict[str, set[str]] = {"until": set(), "rows": set(), "attached": set()}
        for kind, name in con.execute(views.scan(con, files, _READ)).fetchall():
            found[kind].add(name)
        rows, attached = self._folder(one.scan.entity), self._folder("attachment")
        return Basis(
            date.fromisoformat(found["until"].pop()),
            frozenset(rows / name for name in found["rows"]),
            frozenset(attached / name for name in found["attached"]),
        )

    def _now(self, con: Connection, one: Closed, as_of: date, before: Basis | None) -> Basis:
        day = exp.cast(exp.Literal.string(as_of.isoformat()), "date")
        until = con.execute(f"SELECT {sql(one.grain.start(day))}").fetchall()[0][0]
        rows, attached = (self.facts.files(f"entity/{name}") for name in (one.scan.entity, "attachment"))
        return Basis(max(until, before.until) if before else until, frozenset(rows), frozenset(attached))

    def _folder(self, entity: str) -> Path:
        return self.facts.stage(f"entity/{entity}").parent

    def _rests(self, con: Connection, one: Closed) -> Iterator[tuple[str, list[Path]]]:
        """Of each period that is made again for some, the dataset with a file of the others."""
        con.execute(f'CREATE OR REPLACE TEMP TABLE "months again" AS {_AGAIN}')
        days = {day for (day,) in con.execute(f'SELECT DISTINCT {_DAY} FROM "months again"').fetchall()}
        whole = con.execute('SELECT 1 FROM "months whole" LIMIT 1').fetchone() is not None
        for name in self._periods(one):
            if whole or name.split("/")[2] in days:
                yield name, self._rest(con, name)

    def _rest(self, con: Connection, name: str) -> list[Path]:
        files = self.facts.files(name)
        same = (
            f'SELECT * FROM {_files(files)} {_SAME} ANTI JOIN "months again" USING (relationship_id, period)'
        )
        count = con.execute(f"SELECT count(*) FROM ({same})").fetchall()[0][0]
        if count == self.facts.rows(name) and len(files) <= FEW:  # something comes to them, and nothing goes
            return files
        return self._written(con, name, f"{same} ORDER BY account_id, relationship_id") if count else []

    def _make(self, con: Connection, one: Closed, staged: dict[str, list[Path]]) -> int:
        """Stage the totals of `months rows` for the relationships `months of`, a bucket at a time; gives how many there are."""
        count, made = con.execute('SELECT count(*) FROM "months of"').fetchall()[0][0], 0
        for low in range(1, count + 1, self.bucket):
            con.execute(
                'CREATE OR REPLACE TEMP TABLE "months scope" AS SELECT * FROM "months of" WHERE r >= ? AND r < ?',
                [low, low + self.bucket],
            )
            store(con, "months made", _totals(one))
            days = con.execute(f'SELECT {_DAY}, count(*) FROM "months made" GROUP BY 1 ORDER BY 1').fetchall()
            for day, rows in days:
                name, made = _place(one, day), made + rows
                query = f"SELECT * FROM \"months made\" WHERE {_DAY} = '{day}' ORDER BY account_id, relationship_id"
                staged.setdefault(name, []).extend(self._written(con, name, query))
        return made

    def _written(self, con: Connection, dataset: str, query: str) -> list[Path]:
        path = self.facts.stage(dataset)
        con.execute(f"COPY ({query}) TO {views.text(str(path))} (FORMAT parquet, COMPRESSION zstd)")
        return [path]

    def _left(self, con: Connection, one: Closed) -> bool:
        """Whether relationships that totals are kept of are there no more: should they come again, theirs may be old."""
        kept_ = views.scan(con, self.facts.files(_place(one, "scope")), SCOPE)
        return (
            con.execute(
                f"SELECT 1 FROM ({kept_}) ANTI JOIN scored USING (relationship_id) LIMIT 1"
            ).fetchone()
            is not None
        )

    def _publish(
        self, con: Connection, one: Closed, now: Basis, staged: Mapping[str, Sequence[Path]]
    ) -> None:
        read = [("until", now.until.isoformat())]
        read += [("rows", path.name) for path in sorted(now.rows)]
        read += [("attached", path.name) for path in sorted(now.attached)]
        listed = ", ".join(f"({views.text(kind)}, {views.text(name)})" for kind, name in read)
        mark = {
            _place(one, "read"): f"SELECT * FROM (VALUES {listed}) AS r({', '.join(_READ)})",
            _place(one, "scope"): f"SELECT {', '.join(SCOPE)} FROM scored ORDER BY r",
        }
        marks = {name: self._written(con, name, query) for name, query in mark.items()}
        self.facts.publish(self.run, replace={**staged, **marks}, lease=self.lease)

    def _periods(self, one: Closed) -> list[str]:
        return [
            name
            for name in self.facts.datasets(_place(one, ""))
            if name.split("/")[2] not in ("read", "scope")
        ]

    def _view(self, con: Connection, one: Closed) -> None:
        """What is kept, of the relationships in `scope`."""
        files = [path for name in self._periods(one) for path in self.facts.files(name)]
        names = ", ".join(f'k."{name}"' for name in one.node.shape.columns)
        rows = (
            _files(files)
            if files
            else f"(SELECT NULL AS account_id, * EXCLUDE (r), NULL AS relationship_id FROM ({sql(one.query(one.scan.entity, 'scope'))}) LIMIT 0)"
        )
        con.execute(
            f'CREATE OR REPLACE TEMP VIEW "{_table(one)}" AS SELECT s.r, {names} FROM {rows} k '
            "JOIN scope s ON s.account_id = k.account_id AND s.relationship_id = k.relationship_id"
        )


def kept(sources: Sequence[Source]) -> Iterator[tuple[str, Closed]]:
    """What could be kept of some studies, and of those that they use, with the names of the studies."""
    for source in sources:
        yield from kept(source.used)
        for one in within(source.plan) if source.plan else ():
            yield source.name, one


def _reading(source: Source, tables: Mapping[str, str]) -> Source:
    if not any(one.digest in tables for _, one in kept([source])):
        return source
    return replace(source, kept=tables, used=tuple(_reading(other, tables) for other in source.used))


def _totals(one: Closed) -> str:
    made = sql(one.query("months rows", "months scope"))
    return f'SELECT s.account_id, s.relationship_id, x.* EXCLUDE (r) FROM ({made}) x JOIN "months scope" s USING (r)'


def _table(one: Closed) -> str:
    return f"months {one.digest}"


def _place(one: Closed, part: str) -> str:
    return f"{PLACE}{one.digest}/{part}"


def _files(paths: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(views.text(str(path)) for path in paths)}])"

"""Measured days: what studies came to at a date is kept, and measured again only where it may have become another.

A date has a dataset, `days/<digest>/<date>`, with a row a relationship: its metrics, and the totals that they were made of. Which files
all dates stand on is in `days/<digest>/read`; of which relationships and feeds, in `scope` and `fed`. All are published in one
transaction, so that a run that was killed leaves what was kept before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from cs_connector.language.executor import Connection, store
from cs_connector.measure import again, evaluate, news
from cs_connector.measure.again import Round
from cs_connector.measure.metrics import Metrics
from cs_connector.measure.news import FED, SCOPE, Files
from cs_connector.measure.steady import Steady, steady
from cs_connector.model import ATTACHMENT, DATE, NUMBER, TEXT
from cs_connector.store import views
from cs_connector.store.facts import Facts
from cs_connector.store.leases import Lease

PLACE = "days/"
LEAST = 100_000  # rows of what studies stand on: with fewer, to measure costs less than to keep
_LACKING = """INSERT INTO metric_bucket BY NAME
SELECT r, today FROM "days others" ANTI JOIN metric_bucket USING (r, today)"""
_READ = {"kind": "VARCHAR", "name": "VARCHAR"}


@dataclass(frozen=True)
class Basis:
    """What days that are kept stand on: the last of them, all of them, and the files by entity."""

    last: date
    days: frozenset[date]
    files: Mapping[str, frozenset[Path]]

    @property
    def there(self) -> bool:
        """Whether all of it can still be read, to see what has changed since."""
        return all(path.exists() for paths in self.files.values() for path in paths)


@dataclass
class Days:
    """The measured days of a project, in one run: metrics are `under` it, and once all buckets were measured, `keep` publishes."""

    facts: Facts
    run: str
    lease: Lease | None = None
    least: int = LEAST
    round: Round | None = None
    last: date | None = None
    files: dict[date, list[Path]] = field(default_factory=dict)

    def under(self, metrics: Metrics) -> Metrics:
        """The metrics with what is kept of them; what is kept of other steps is forgotten. As they are, where it is not worth it."""
        studies = steady(metrics.sources)
        worth = sum(self.facts.rows(f"entity/{name}") for name in studies.read) >= self.least
        gone = [n for n in self.facts.datasets(PLACE) if not worth or n.split("/")[1] != studies.digest]
        if gone:
            self.facts.publish(self.run, replace=dict.fromkeys(gone, ()), lease=self.lease)
        if not worth:
            return metrics

        def ready(con: Connection, as_of: date) -> None:
            metrics.ready(con, as_of)
            self.round = self._begin(con, studies, as_of)
            self.files = self._measure(con, self.round)

        return replace(metrics, ready=ready, before=self)

    def bucket(self, con: Connection, metrics: Metrics) -> None:
        """Make `metric_bucket` of the relationships in `scope`: what is stored, and what other studies come to."""
        assert self.round is not None
        names = {s.name for s in self.round.steady.sources}
        others = [s for s in metrics.sources if s.name not in names]
        store(con, "days others", evaluate.study(con, others))
        evaluate.forget(con, others)
        listed = ", ".join(
            f'{"k" if source.name in names else "o"}."m_{name}"'
            for source in metrics.sources
            for name in source.study.metrics
        )
        stored = self._stored(con, [path for paths in self.files.values() for path in paths])
        mine = (
            f"SELECT s.r, k.on_date AS today, k.* FROM ({stored}) AS k JOIN scope AS s USING (account_id, relationship_id) "
            f"WHERE {_near(con)} AND {again.begun('k.on_date', self.round)}"
        )
        if others:
            query = (
                f'SELECT r, today, {listed} FROM "days others" AS o LEFT JOIN ({mine}) AS k USING (r, today)'
            )
        else:  # nothing stands beside what is stored
            query = f"SELECT r, today, {listed} FROM ({mine}) AS k"
        store(con, "metric_bucket", query)
        if not others:
            con.execute(_LACKING)

    def keep(self, con: Connection) -> None:
        """Publish what was measured, unless days that came later are kept."""
        if self.round is None or (self.last is not None and self.last > self.round.as_of):
            return
        days = {str(day) for day in self.files}
        gone = [n for n in self.facts.datasets(self._place("")) if n.split("/")[2] not in days]
        staged: dict[str, list[Path]] = {name: [] for name in gone}
        staged |= {self._place(day): paths for day, paths in self.files.items()}
        self.facts.publish(self.run, replace=staged | self._marks(con), lease=self.lease)

    def _begin(self, con: Connection, studies: Steady, as_of: date) -> Round:
        """Find out what may have become another."""
        self.round = Round(studies, as_of)
        grid = [day for (day,) in con.execute("SELECT on_date FROM grid ORDER BY 1").fetchall()]
        news.tell(con, studies.told)
        basis = self._basis(con, studies)
        self.last = basis.last if basis else None
        if basis is None or basis.last > as_of or not basis.there:
            news.touched(con, ())
            return Round(studies, as_of, new=tuple(grid))
        news.touched(con, self._touched(con, studies, basis))
        there = {day for day in basis.days if self.facts.files(self._place(day))}
        old = tuple(day for day in grid if day in there)
        new = tuple(day for day in grid if day not in there)
        if basis.last in there:
            views.create(con, "days base", self._stored(con, self.facts.files(self._place(basis.last))))
        next_ = new == (as_of,) and basis.last in there
        going = news.moved(con, studies.daily, basis.last, as_of) if next_ else ()
        return Round(studies, as_of, old, new, frozenset(going))

    def _basis(self, con: Connection, studies: Steady) -> Basis | None:
        """None where nothing is kept."""
        found = con.execute(views.scan(con, self.facts.files(self._place("read")), _READ)).fetchall()
        days = frozenset(date.fromisoformat(name) for kind, name in found if kind == "day")
        named: dict[str, set[Path]] = {name: set() for name in _datasets(studies)}
        for kind, name in found:
            if kind in named:
                named[kind].add(self.facts.stage(f"entity/{kind}").parent / name)
        return (
            Basis(max(days), days, {kind: frozenset(paths) for kind, paths in named.items()})
            if days
            else None
        )

    def _touched(self, con: Connection, studies: Steady, basis: Basis) -> Iterator[str]:
        files = {name: Files(basis.files[name], now) for name, now in self._now(studies).items()}
        yield from news.others(con, *(self.facts.files(self._place(name)) for name in ("scope", "fed")))
        for name in studies.fetched:
            yield from news.rows(con, name, files[name])
        looked = {look for one in studies.daily.values() for look in one.looked}
        for look in sorted(looked, key=repr):
            yield from news.looked(con, look, files[look.other])
        yield from news.attached(con, studies.fetched, files[ATTACHMENT.name])

    def _now(self, studies: Steady) -> dict[str, frozenset[Path]]:
        return {name: frozenset(self.facts.files(f"entity/{name}")) for name in _datasets(studies)}

    def _measure(self, con: Connection, run: Round) -> dict[date, list[Path]]:
        """The files of each day, with what was measured anew in the place of what was kept of it."""
        made: dict[date, list[Path]] = {}

        def stage(day: date, query: str) -> None:
            made.setdefault(day, []).extend(self._written(con, self._place(day), query))

        again.measure(con, run, stage)
        old = {day: self.facts.files(self._place(day)) for day in run.old}
        for day in run.old:
            if day in made:
                old[day] = self._rest(con, day, old[day])
        return {day: [*old.get(day, ()), *made.get(day, ())] for day in (*run.old, *run.new)}

    def _rest(self, con: Connection, day: date, files: Sequence[Path]) -> list[Path]:
        touched = f"SELECT account_id FROM \"days touched\" WHERE since <= DATE '{day}'"
        rest = f"SELECT * FROM ({self._stored(con, files)}) ANTI JOIN ({touched}) USING (account_id)"
        return self._written(con, self._place(day), f"{rest} ORDER BY account_id, relationship_id")

    def _stored(self, con: Connection, files: Sequence[Path]) -> str:
        assert self.round is not None
        columns = {"account_id": TEXT, "relationship_id": TEXT, "on_date": DATE}
        return views.scan(con, files, columns | dict.fromkeys(self.round.steady.metrics, NUMBER))

    def _place(self, part: object) -> str:
        assert self.round is not None
        return f"{PLACE}{self.round.steady.digest}/{part}"

    def _written(self, con: Connection, dataset: str, query: str) -> list[Path]:
        path = self.facts.stage(dataset)
        con.execute(f"COPY ({query}) TO {views.text(str(path))} (FORMAT parquet, COMPRESSION zstd)")
        return [path]

    def _marks(self, con: Connection) -> dict[str, list[Path]]:
        assert self.round is not None
        read = [("day", day.isoformat()) for day in sorted(self.files)]
        for kind, paths in self._now(self.round.steady).items():
            read += [(kind, path.name) for path in sorted(paths)]
        listed = ", ".join(f"({views.text(kind)}, {views.text(name)})" for kind, name in read)
        marks = {
            "read": f"SELECT * FROM (VALUES {listed}) AS r({', '.join(_READ)})",
            "scope": f'SELECT {", ".join(SCOPE)} FROM "days scope" ORDER BY relationship_id',
            "fed": f'SELECT {", ".join(FED)} FROM "days fed" ORDER BY ALL',
        }
        return {
            self._place(name): self._written(con, self._place(name), query) for name, query in marks.items()
        }


def _datasets(studies: Steady) -> list[str]:
    return sorted({*studies.read, ATTACHMENT.name})


def _near(con: Connection) -> str:
    """What is stored lies by accounts, as buckets do: other parts of files need not be read."""
    low, high = con.execute("SELECT min(account_id), max(account_id) FROM scope").fetchall()[0]
    return f"account_id BETWEEN {views.text(low or '')} AND {views.text(high or '')}"

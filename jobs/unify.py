"""unify: raw records become accounts, people, relationships; who is who, and who is a customer."""

from __future__ import annotations

from dataclasses import asdict, replace

import duckdb
import sqlalchemy as sa

from cs_connector.language.apply import day_of
from cs_connector.language.executor import sql
from cs_connector.model import ENTITIES
from cs_connector.runner import Engine
from cs_connector.runner.identity.decisions import WHO, changed, decisions
from cs_connector.runner.reading import broken
from cs_connector.runner.summary import ObjectLine, People
from cs_connector.runner.unifying import resolve
from cs_connector.store import monthly, tables
from cs_connector.unify import hierarchy
from cs_connector.unify.relations import news
from cs_connector.unify.run import FeedMark, read

RELATED = ("stage_reached", "relationship_person", "relationship_issue", "attached", "disagreement")
FEW = 20  # bad records that no share makes a failure of


class Unify:
    name = "unify"

    def __call__(self, engine: Engine) -> None:
        marks, lost, decided = _marks(engine), _lost(engine), decisions(engine)
        days = [(m.connection, m.object, m.complete, m.watermark and m.watermark.date()) for m in marks]
        digest = engine.digest(["raw/"], days, lost, decided)
        if engine.stage_done(self.name, digest):
            engine.summary.skipped.append(self.name)
            self._recount(engine)
            return
        with engine.talk.step("who is who"), engine.tables() as con:
            content = engine.digest([], days, lost, decided, read(con, engine.sources(), engine.latest(con)))
            seen = {(connection, name) for connection, name, *_fields in lost}
            marks = _trusted(engine, con, [_without(m, seen) for m in marks])
            if engine.stage_done(f"{self.name} content", content):
                engine.summary.skipped.append(self.name)
                self._recount(engine)
            else:
                self._resolve(engine, con, marks)
        engine.mark_stage(f"{self.name} content", content)
        engine.mark_stage(self.name, digest)

    def _resolve(self, engine: Engine, con: duckdb.DuckDBPyConnection, marks: list[FeedMark]) -> None:
        counted = resolve(engine, con, marks)
        engine.store.facts.attach(con, "unify/parent", "parents_before", _PARENT)
        hierarchy.remember(con, engine.clock.now())
        engine.store.facts.attach(con, "unify/facts", "facts_before", news.COLUMNS)
        news.remember(con, engine.clock.now())
        _quarantine(engine, con)
        _odd_trees(engine, con)
        _held(engine, con)
        names = [*ENTITIES, "link", "feed", "attachment"]
        known = f"TIMESTAMP '{engine.clock.now():%Y-%m-%d %H:%M:%S}' AS known_at"
        published = {f"entity/{n}": f'SELECT *, {known} FROM "{n}"{_side_by_side(n)}' for n in names}
        published["unify/record"] = _RECORDS
        published["unify/population"] = "SELECT account_id, customer_status, status_reason FROM account"
        published["unify/seen"] = "SELECT * FROM seen"
        published["unify/unowned"] = "SELECT * FROM unowned"
        published |= {f"unify/{n}": f"SELECT * FROM {n} ORDER BY ALL" for n in RELATED}
        published["unify/mixed_currency"] = "SELECT * FROM mixed_currency"
        published["unify/hierarchy_issue"] = "SELECT * FROM hierarchy_issue ORDER BY ALL"
        published["unify/facts"] = "SELECT * FROM account_facts ORDER BY account_id"
        published["unify/parent"] = "SELECT * FROM parent_history ORDER BY account_id, since"
        published |= {f"{WHO}/{table}": f"SELECT * FROM after_{table}" for table in changed(con)}
        for name in ENTITIES:
            con.execute(f"DROP TABLE stage_{name}")  # sorting what is published needs the room
        engine.publish(con, published, _days(con))
        engine.summary.population = People(**asdict(counted))

    def _recount(self, engine: Engine) -> None:
        with engine.tables(["account"]) as con:
            row = con.execute(
                "SELECT count(*), count(*) FILTER (customer_status = 'Customer'), "
                "count(*) FILTER (customer_status = 'Trial'), count(*) FILTER (customer_status = 'Former customer'), "
                "count(*) FILTER (customer_status IS NULL) FROM account"
            ).fetchone()
        assert row is not None
        engine.summary.population = People(*row)
        _report(engine)


def _side_by_side(name: str) -> str:
    """Rows of an account lie together, so that those of one are found by its id."""
    return " ORDER BY account_id" if name in ENTITIES and ENTITIES[name].column("account_id") else ""


_RECORDS = """SELECT account_id, * EXCLUDE (account_id) FROM linked WHERE account_id IS NOT NULL
    ORDER BY account_id, entity"""


def _days(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """SQL for the day from which on a row of an entity exists, of entities that may be large enough for a file a month."""
    days = {name: day_of(name) for name in ENTITIES if _rows(con, name) >= monthly.LEAST}
    return {f"entity/{name}": sql(day.tree) for name, day in days.items() if day is not None}


def _rows(con: duckdb.DuckDBPyConnection, name: str) -> int:
    return int(con.execute(f'SELECT count(*) FROM "{name}"').fetchall()[0][0])


def _lost(engine: Engine) -> list[tuple[str, ...]]:
    """(connection, object, field…) of what the mappings read and cannot be believed now."""
    read_ = {
        (s.connection, rule.object, *sorted(rule.needs & s.unknown.get(rule.object, frozenset())))
        for s in engine.sources()
        for rule in s.mapping.read
    }
    return sorted(each for each in read_ if len(each) > 2)


def _without(mark: FeedMark, lost: set[tuple[str, str]]) -> FeedMark:
    """A feed in which a field is unknown is not complete: counting in it would count what cannot be seen."""
    return replace(mark, complete=mark.complete and (mark.connection, mark.object) not in lost)


def _trusted(engine: Engine, con: duckdb.DuckDBPyConnection, marks: list[FeedMark]) -> list[FeedMark]:
    """An object of which too many records cannot be read is not complete: what depends on it becomes unknown."""
    share = engine.project.settings.safety.max_quarantined_share
    rows = con.execute(
        "SELECT connection, object, sum(quarantined) AS bad, sum(staged) AS good FROM seen GROUP BY ALL "
        "HAVING bad >= ? AND bad > ? * (bad + good) ORDER BY ALL",
        [FEW, share],
    ).fetchall()
    for connection, name, bad, good in rows:
        engine.summary.notes.append(
            f"{connection} {name}: {bad:,} of {bad + good:,} records cannot be read, so it counts as not read; "
            "the reasons: cs-connector quarantine"
        )
    failed = {(connection, name) for connection, name, _, _ in rows}
    return [replace(m, complete=False) if (m.connection, m.object) in failed else m for m in marks]


_PARENT = {"account_id": "VARCHAR", "parent_id": "VARCHAR", "since": "TIMESTAMP"}


def _odd_trees(engine: Engine, con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        "SELECT kind, count(DISTINCT account_id) FROM hierarchy_issue GROUP BY kind ORDER BY kind"
    ).fetchall()
    if found:
        told = ", ".join(f"{kind} {count:,}" for kind, count in found)
        engine.summary.notes.append(
            f"the tree of accounts is odd in places ({told}); which: cs-connector unify --report"
        )


_STAY = {"parent": "under the parent that was last known", "subscription": "as it last said"}
_SILENT = """SELECT h.connection, h.object, h.field, h.what, count(DISTINCT l.entity_id) FROM held h
JOIN link l ON l.entity = CASE h.what WHEN 'parent' THEN 'account' ELSE h.what END
AND (l.connection, l.object, l.record_id) = (h.connection, h.object, h.record_id) GROUP BY ALL ORDER BY ALL"""


def _held(engine: Engine, con: duckdb.DuckDBPyConnection) -> None:
    """What stays as it was, because nobody can say how it is."""
    for connection, name, field, what, count in con.execute(_SILENT).fetchall():
        of = "account" if what == "parent" else what
        who = f"1 {of} stays" if count == 1 else f"{count:,} {of}s stay"
        engine.summary.notes.append(f"{connection} {name}.{field} cannot be read, so {who} {_STAY[what]}")
    for connection, name, field in con.execute(
        "SELECT DISTINCT connection, object, field FROM unseen ORDER BY ALL"
    ).fetchall():
        engine.summary.notes.append(
            f"{connection} {name}.{field} cannot be read, so who is who among its known records stays as it is"
        )


def _marks(engine: Engine) -> list[FeedMark]:
    with engine.store.state.read() as db:
        rows = db.execute(sa.select(tables.feeds).order_by(tables.feeds.c.connection, tables.feeds.c.object))
        return [
            FeedMark(
                r.connection, r.object, bool(r.complete), r.watermark and r.watermark.replace(tzinfo=None)
            )
            for r in rows
        ]


def _quarantine(engine: Engine, con: duckdb.DuckDBPyConnection) -> None:
    """The open quarantine is what the last unify could not read; what was mended leaves it."""
    rows = con.execute(
        "SELECT connection, object, record_id, code, reason FROM quarantine ORDER BY ALL"
    ).fetchall()
    table = tables.quarantine
    common = {"run": engine.run, "stage": "unify", "at": engine.clock.now(), "state": "open"}
    listed = [
        {"connection": c, "object": o, "record_id": r, "code": k, "reason": w, **common}
        for c, o, r, k, w in rows
    ]
    with engine.store.state.begin() as db:
        db.execute(sa.delete(table).where(table.c.stage == "unify", table.c.state == "open"))
        if listed:
            db.execute(sa.insert(table), listed)
    _report(engine)


def _report(engine: Engine) -> None:
    """How many are set aside of what was read in this run, and of what it did not read those that cannot be read."""
    broken.gone_through(engine.summary.notes)
    counts, unread = _counted(engine, sa.true()), _counted(engine, tables.quarantine.c.stage == "unify")
    for line in engine.summary.objects:
        line.quarantined = counts.get((line.connection, line.object), 0)
    told = {(line.connection, line.object) for line in engine.summary.objects}
    for (connection, name), count in sorted(unread.items()):
        if (connection, name) not in told:  # as where unify runs by itself
            engine.summary.objects.append(ObjectLine(connection, name, quarantined=count))


def _counted(engine: Engine, which: sa.ColumnElement[bool]) -> dict[tuple[str, str], int]:
    """Records of the open quarantine, by connection and object."""
    table = tables.quarantine
    place = table.c.connection, table.c.object
    query = (
        sa.select(*place, sa.func.count().label("n")).where(table.c.state == "open", which).group_by(*place)
    )
    with engine.store.state.read() as db:
        return {(r.connection, r.object): int(r.n) for r in db.execute(query)}


JOB = Unify()

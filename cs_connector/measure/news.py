"""Of which accounts measured days must be measured again: rows that came, went or changed, and a day that passed for those that stayed.

Leaves `days touched` (account_id, entity, since): what is measured of the account from its rows of the entity, or from any where there is
none, may be another at `since` and later; and `days moved` (study, account_id): the totals of a study at a day may be others than at an
earlier one, though nothing came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlglot import exp

from cs_connector.language.apply import day_of
from cs_connector.language.build import placed
from cs_connector.language.daily import Daily, Looked
from cs_connector.language.executor import Connection, sql
from cs_connector.measure.attached import reattached
from cs_connector.measure.evaluate import FRESH_DAYS
from cs_connector.model import ATTACHMENT, ENTITIES, TEXT, Entity
from cs_connector.store import views

ALWAYS = "DATE '0001-01-01'"
_TELL = "{'n': count(*), 'x': bit_xor(h), 's': sum(h)}"
SCOPE = {"relationship_id": TEXT, "account_id": TEXT, "told": "UBIGINT"}
FED = {"connection": TEXT, "entity": TEXT, "on_date": "DATE", "whole": "BOOLEAN"}
_FED = f"""SELECT f.connection, f.entity, g.on_date,
    bool_and(coalesce(f.complete AND CAST(f.watermark AS DATE) >= g.on_date - {FRESH_DAYS}, FALSE)) AS whole
    FROM feed f CROSS JOIN grid g WHERE f.watermark IS NOT NULL GROUP BY ALL"""
_LINKED = "SELECT account_id, bit_xor(hash(connection, silent)) AS told FROM linked GROUP BY ALL"


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one dataset that were read before, and those that are read now."""

    before: frozenset[Path]
    now: frozenset[Path]

    @property
    def went(self) -> list[Path]:
        return sorted(self.before - self.now)

    @property
    def came(self) -> list[Path]:
        return sorted(self.now - self.before)


def tell(con: Connection, columns: Iterable[str]) -> None:
    """Make `days scope`: what there is to be told of each relationship and of where its account comes from; and `days fed`."""
    listed = ", ".join(f's."{name}"' for name in sorted(columns))
    con.execute(
        f'CREATE OR REPLACE TEMP TABLE "days scope" AS SELECT s.relationship_id, s.account_id, hash({listed}, l.told) AS told '
        f"FROM scored s LEFT JOIN ({_LINKED}) l USING (account_id)"
    )
    con.execute(f'CREATE OR REPLACE TEMP TABLE "days fed" AS {_FED}')


def touched(con: Connection, parts: Iterable[str]) -> None:
    """Make `days touched` of queries of its columns."""
    none = "SELECT CAST(NULL AS VARCHAR) AS account_id, CAST(NULL AS VARCHAR) AS entity, CAST(NULL AS DATE) AS since"
    con.execute(
        'CREATE OR REPLACE TEMP TABLE "days touched" AS SELECT account_id, entity, min(since) AS since '
        f"FROM ({' UNION ALL '.join([none, *parts])}) WHERE account_id IS NOT NULL GROUP BY ALL"
    )


def others(con: Connection, scope: Iterable[Path], fed: Iterable[Path]) -> Iterator[str]:
    """Accounts with a relationship that is another than before, or that are fed otherwise; over `days scope` and `days fed`."""
    was = views.scan(con, sorted(scope), SCOPE)
    yield (
        f'SELECT s.account_id, NULL AS entity, {ALWAYS} AS since FROM "days scope" s LEFT JOIN ({was}) b '
        "USING (relationship_id, account_id) WHERE b.told IS DISTINCT FROM s.told"
    )
    was = views.scan(con, sorted(fed), FED)
    yield (
        f'SELECT l.entity_id AS account_id, NULL AS entity, {ALWAYS} AS since FROM link l SEMI JOIN (SELECT connection FROM "days fed" n '
        f"JOIN ({was}) b USING (connection, entity, on_date) WHERE b.whole <> n.whole UNION ALL SELECT connection "
        f'FROM (SELECT connection, entity FROM "days fed" EXCEPT SELECT connection, entity FROM ({was}))'
        f'UNION ALL SELECT connection FROM (SELECT connection, entity FROM ({was}) EXCEPT SELECT connection, entity FROM "days fed")) '
        "c ON c.connection = l.connection WHERE l.entity = 'account'"
    )


def rows(con: Connection, entity: str, files: Files) -> Iterator[str]:
    """Accounts of which rows of an entity differ, since the day of the first of those; nothing of earlier days knows them."""
    if _alike(con, ENTITIES[entity], files):
        return
    day = day_of(entity)
    since = f"coalesce(CAST({sql(day.tree)} AS DATE), {ALWAYS})" if day else ALWAYS
    differing = _differing(con, entity, files, {"account_id": "account_id", "since": since})
    yield f"SELECT account_id, '{entity}' AS entity, since FROM ({differing})"


def looked(con: Connection, one: Looked, files: Files) -> Iterator[str]:
    """Accounts with rows that look up what differs."""
    if _alike(con, ENTITIES[one.other], files):
        return
    differing = _differing(con, one.other, files, {"looked": f'"{one.theirs}"'})
    of = f"SELECT account_id, '{one.entity}' AS entity, {ALWAYS} AS since"
    yield f'{of} FROM "{one.entity}" SEMI JOIN ({differing}) d ON d.looked = "{one.mine}"'


def attached(con: Connection, entities: Iterable[str], files: Files) -> Iterator[str]:
    """Accounts of rows that are about other relationships than before."""
    if _alike(con, ATTACHMENT, files):
        return
    reattached(con, "days attached", files.went, files.came, entities)
    known = {name for (name,) in con.execute('SELECT DISTINCT entity FROM "days attached"').fetchall()}
    for name in sorted(known):
        of = f"SELECT account_id, '{name}' AS entity, {ALWAYS} AS since"
        some = f"SELECT entity_id FROM \"days attached\" WHERE entity = '{name}'"
        yield f'{of} FROM "{name}" SEMI JOIN ({some}) a ON a.entity_id = "{ENTITIES[name].key}"'


def _alike(con: Connection, entity: Entity, files: Files) -> bool:
    """Whether there are the same rows as before, though it may be in other files."""
    if files.before == files.now:
        return True
    told = [
        con.execute(f"SELECT {_TELL} FROM ({_hashed(con, entity, paths, {})})").fetchall()
        for paths in (files.went, files.came)
    ]
    return told[0] == told[1]


def _hashed(con: Connection, entity: Entity, paths: Iterable[Path], by: Mapping[str, str]) -> str:
    columns = {c.name: c.type for c in entity.columns}
    listed = ", ".join(f'"{name}"' for name in columns)
    named = "".join(f"{text} AS {name}, " for name, text in by.items())
    return f"SELECT {named}hash({listed}) AS h FROM ({views.scan(con, sorted(paths), columns)})"


def _differing(con: Connection, entity: str, files: Files, by: Mapping[str, str]) -> str:
    """The values of `by` whose rows are not the same in the files that went as in those that came, whatever their order."""
    names = ", ".join(by)
    went, came = (
        f"SELECT {names}, {_TELL} AS told FROM ({_hashed(con, ENTITIES[entity], paths, by)}) GROUP BY ALL"
        for paths in (files.went, files.came)
    )
    return f"SELECT {names} FROM ({went}) a FULL JOIN ({came}) b USING ({names}) WHERE a.told IS DISTINCT FROM b.told"


def moved(con: Connection, studies: Mapping[str, Daily], before: date, now: date) -> set[str]:
    """Make `days moved`; gives the studies of which it tells all: of others everything may have changed with the day."""
    con.execute('CREATE OR REPLACE TEMP TABLE "days moved"(study VARCHAR, account_id VARCHAR)')
    steady = {name for name, one in studies.items() if not _any(con, _changed(one.days, before, now))}
    if before == now:
        return steady
    for name in sorted(steady):
        for entity, asked in sorted(studies[name].asked.items()):
            if asked:
                con.execute(
                    f'INSERT INTO "days moved" SELECT DISTINCT \'{name}\', account_id FROM "{entity}" '
                    f"WHERE {' OR '.join(_changed(asked, before, now))}"
                )
    return steady


def _changed(trees: Iterable[exp.Expr], before: date, now: date) -> list[str]:
    """Whether each comes out otherwise."""
    days = [exp.cast(exp.Literal.string(day.isoformat()), "date") for day in (before, now)]
    return sorted(
        " IS DISTINCT FROM ".join(f"({sql(placed(tree, {'today': day}))})" for day in days) for tree in trees
    )


def _any(con: Connection, tests: list[str]) -> bool:
    return bool(tests) and bool(con.execute(f"SELECT {' OR '.join(tests)}").fetchall()[0][0])

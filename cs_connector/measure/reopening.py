"""What of kept months must be made again: rows that came, went or changed, of which account and period; relationships that are others.

Leaves the view `months rows` (rows of the entity to make totals of) and the table `months of` (the relationships that they may count for,
numbered anew as `r`); after `since` also `months touched` (account_id, period) and `months whole` (relationship_id, account_id).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from cs_connector.language.closed import Closed
from cs_connector.language.executor import Connection, sql
from cs_connector.measure.attached import reattached
from cs_connector.model import TEXT
from cs_connector.store import views

SCOPE = {"relationship_id": TEXT, "account_id": TEXT, "product": TEXT}
_LONGEST = {"month": 31, "quarter": 92, "year": 366}
_OLD = date(1900, 1, 1)  # a date of DuckDB may be none of Python
_BOUNDS = f"""SELECT CASE WHEN min(period) >= DATE '{_OLD}' THEN min(period) END, greatest(max(period), DATE '{_OLD}'), count(*)
FROM "months touched\""""
_ZONE = timedelta(days=2)  # the day of a time is another one elsewhere


@dataclass(frozen=True, slots=True)
class Basis:
    """The files that months stand on, and the first day that is in no closed period."""

    until: date
    rows: frozenset[Path]
    attached: frozenset[Path]

    @property
    def there(self) -> bool:
        """Whether all of it can still be read, to see what has changed since."""
        return all(path.exists() for path in (*self.rows, *self.attached))


def every(con: Connection, one: Closed, now: Basis) -> None:
    """All closed periods of all relationships in `scored`."""
    _rows(con, f"SELECT * FROM \"{one.scan.entity}\" WHERE {sql(one.period)} < DATE '{now.until}'")
    _of(con, "scored")


def since(con: Connection, one: Closed, before: Basis, now: Basis, scope: Sequence[Path]) -> int:
    """What differs from what stood before, over the relationships in `scope` (files); gives the number of accounts and periods."""
    con.execute(
        'CREATE OR REPLACE TEMP TABLE "months whole" AS SELECT s.relationship_id, s.account_id FROM scored s '
        f"ANTI JOIN ({views.scan(con, scope, SCOPE)}) k ON k.relationship_id = s.relationship_id "
        "AND k.account_id = s.account_id AND k.product IS NOT DISTINCT FROM s.product"
    )
    found = [
        *_changed(con, one, before, now),
        *_attached(con, one, before, now),
        *_others(con, one, before, now),
    ]
    none = "SELECT CAST(NULL AS VARCHAR) AS account_id, CAST(NULL AS DATE) AS period"
    con.execute(
        'CREATE OR REPLACE TEMP TABLE "months touched" AS SELECT account_id, period '
        f"FROM ({' UNION '.join([none, *found])}) WHERE period < DATE '{now.until}'"
    )
    _of(con, 'scored SEMI JOIN "months touched" USING (account_id)')
    return _touched(con, one)


def _touched(con: Connection, one: Closed) -> int:
    """Rows of the pairs alone; the days between which they lie let files and parts of them be left out."""
    low, high, count = con.execute(_BOUNDS).fetchall()[0]
    end = (high or _OLD) + timedelta(days=_LONGEST[one.grain.grain]) + _ZONE
    day = sql(one.day)
    begun = f"{day} >= DATE '{low}' - 2 AND " if low else ""
    _rows(
        con,
        f"SELECT e.* FROM (SELECT * FROM \"{one.scan.entity}\" WHERE {begun}{day} < DATE '{end}') e "
        f'SEMI JOIN "months touched" t ON t.account_id = e.account_id AND t.period = {sql(one.period)}',
    )
    return int(count)


def _rows(con: Connection, query: str) -> None:
    con.execute(f'CREATE OR REPLACE TEMP VIEW "months rows" AS {query}')


def _of(con: Connection, relationships: str) -> None:
    con.execute(
        'CREATE OR REPLACE TEMP TABLE "months of" AS SELECT CAST(row_number() OVER (ORDER BY r) AS INTEGER) AS r, '
        f"{', '.join(SCOPE)} FROM {relationships}"
    )


def _changed(con: Connection, one: Closed, before: Basis, now: Basis) -> Iterator[str]:
    """The accounts and periods whose rows are not the same in the files that went as in those that came."""
    if before.rows != now.rows:
        went, came = (
            _told(con, one, sorted(paths)) for paths in (before.rows - now.rows, now.rows - before.rows)
        )
        yield (
            f"SELECT account_id, period FROM ({went}) a FULL JOIN ({came}) b USING (account_id, period) "
            "WHERE a.told IS DISTINCT FROM b.told"
        )


def _told(con: Connection, one: Closed, paths: Sequence[Path]) -> str:
    """What stands for the rows of an account and period, whatever their order."""
    columns = {c.name: c.type for c in one.entity.columns}
    listed = ", ".join(f'"{name}"' for name in one.read)
    hashed = (
        f"SELECT account_id, {sql(one.period)} AS period, hash({listed}) AS h "
        f"FROM ({views.scan(con, paths, columns)}) WHERE account_id IS NOT NULL"
    )
    return (
        "SELECT account_id, period, {'n': count(*), 'x': bit_xor(h), 's': sum(h)} AS told "
        f"FROM ({hashed}) WHERE period IS NOT NULL GROUP BY ALL"
    )


def _attached(con: Connection, one: Closed, before: Basis, now: Basis) -> Iterator[str]:
    """Those of rows that are about other relationships than before."""
    if before.attached == now.attached:
        return
    reattached(con, "months attached", before.attached, now.attached, [one.scan.entity])
    if _any(con, "months attached"):
        yield (
            f'SELECT account_id, {sql(one.period)} AS period FROM "{one.scan.entity}" '
            f'SEMI JOIN "months attached" ON entity_id = "{one.entity.key}"'
        )


def _others(con: Connection, one: Closed, before: Basis, now: Basis) -> Iterator[str]:
    """Every period of the accounts of relationships that are others; every account in periods that have ended since."""
    rows = f'SELECT account_id, {sql(one.period)} AS period FROM "{one.scan.entity}"'
    if _any(con, "months whole"):
        yield f'{rows} SEMI JOIN "months whole" USING (account_id)'
    if before.until < now.until:
        ended = f"SELECT * FROM ({rows} WHERE {sql(one.day)} >= DATE '{before.until}' - 2)"
        yield f"{ended} WHERE period >= DATE '{before.until}'"


def _any(con: Connection, table: str) -> bool:
    return con.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone() is not None

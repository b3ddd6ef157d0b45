"""Everybody's book, or that of one, between two days of the last run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from typing import Any

from cs_connector.errors import UsageError
from cs_connector.health.books import books as read
from cs_connector.language.executor import Connection
from cs_connector.model import RELATIONSHIP
from cs_connector.runner.asking import scored_days, scored_on
from cs_connector.runner.engine import Engine
from cs_connector.runner.standing import SCORED, must_be_scored
from cs_connector.store import views

SCHEMA = "books/1"
_USER = """SELECT user_id, name FROM "user" WHERE $who IN (user_id, name, email) ORDER BY user_id"""
_NEEDED = ("snapshot", "measure_score")
_WHOLE = "whole snapshot"


def books(
    engine: Engine, first: date | None, owner: str | None = None, last: date | None = None
) -> dict[str, Any]:
    """books/1: from `first`, or the last month end, to `last`, or the newest scores, of everybody or of the owner with this name, e-mail or id.

    Of one owner only the rows of the book are kept in memory. Raises UsageError for a day without scores and an unknown owner.
    """
    with _opened(engine) as con:
        end = scored_on(con, last, _WHOLE)
        start = _start([day for day in scored_days(con, _WHOLE) if day < end], first, end)
        if owner is None:
            _all(engine, con)
        else:
            _own(engine, con, _user(con, owner), (start, end))
        found = read(con, start, end)
    return {
        "schema": SCHEMA,
        "from": start.isoformat(),
        "to": end.isoformat(),
        "books": [asdict(book) for book in found],
    }


@contextmanager
def _opened(engine: Engine) -> Iterator[Connection]:
    must_be_scored(engine)
    with engine.tables(["user"]) as con:
        con.execute("SET parquet_metadata_cache = true")
        engine.store.facts.attach(con, SCORED["snapshot"][0], _WHOLE, {})
        yield con


def _start(earlier: Sequence[date], first: date | None, end: date) -> date:
    start = first or (earlier[0] if earlier else None)
    if start is not None and start in earlier:
        return start
    raise UsageError(
        f"there are no scores of {start} before {end}"
        if start
        else f"there are no scores of a day before {end}",
        safe="nothing was changed",
        fix=f"use one of: {', '.join(map(str, earlier))}" if earlier else "cs-connector run",
    )


def _all(engine: Engine, con: Connection) -> None:
    engine.attach(con, "relationship")
    for view in _NEEDED:
        engine.store.facts.attach(con, SCORED[view][0], view, {})


def _own(engine: Engine, con: Connection, user: str, days: tuple[date, date]) -> None:
    """Tables of the rows of one book: its relationships, and what was scored of them on the two days."""
    _keep(engine, con, "entity/relationship", "relationship", "owner_user_id = $1", user)
    mine = "account_id IN (SELECT account_id FROM relationship) AND on_date IN ($1, $2)"
    for view in _NEEDED:
        _keep(engine, con, SCORED[view][0], view, mine, *days)


def _keep(engine: Engine, con: Connection, dataset: str, name: str, where: str, *values: object) -> None:
    columns = {c.name: c.type for c in RELATIONSHIP.columns} if name == RELATIONSHIP.name else {}
    rows = views.scan(con, engine.store.facts.files(dataset), columns)
    con.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM ({rows}) WHERE {where}", list(values))


def _user(con: Connection, who: str) -> str:
    found: list[tuple[str, str | None]] = con.execute(_USER, {"who": who}).fetchall()
    if len(found) == 1:
        return found[0][0]
    if found:
        listed = ", ".join(user for user, _ in found)
        raise UsageError(
            f"{who!r} means {len(found)} people", safe="nothing was changed", fix=f"name one: {listed}"
        )
    raise UsageError(
        f"nobody is called {who!r}",
        why="it is no name, no e-mail address and no id of a user",
        safe="nothing was changed",
        fix="look at who has a book with cs-connector books",
    )

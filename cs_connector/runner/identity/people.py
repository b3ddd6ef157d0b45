"""The people whom the settings of tasks name, as far as the CRMs know them."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from cs_connector.config.documents import suggest
from cs_connector.runner.engine import Engine

_CALLED = "lower(?) IN (lower(email), lower(name))"
_USER = f'SELECT min(user_id), count(DISTINCT user_id) FROM "user" WHERE active IS NOT FALSE AND {_CALLED}'
_LEFT = f'SELECT count(*) FROM "user" WHERE active IS FALSE AND {_CALLED}'
_KNOWN = (
    'SELECT DISTINCT unnest([email, name]) AS called FROM "user" WHERE active IS NOT FALSE ORDER BY called'
)


def user(con: duckdb.DuckDBPyConnection, called: str | None) -> str | None:
    """The active user with this name or e-mail address; the first, where there are several."""
    row = con.execute(_USER, [called]).fetchone() if called else None
    return row[0] if row else None


def notes(engine: Engine) -> list[str]:
    """A sentence for each setting that does not name one active user."""
    if not any(_named(engine)):
        return []
    with engine.tables(["user"]) as con:
        told = [(setting, _whom(con, called)) for setting, called in _named(engine)]
    return [f"tasks.{setting} names {wrong}; see cs-connector doctor" for setting, wrong in told if wrong]


def check(engine: Engine) -> str:
    """What there is to say of those settings once people were read. Raises ConfigError for one that does not name one active user."""
    named = list(_named(engine)) if "entity/user" in engine.store.facts.datasets("entity/") else []
    if not named:
        return ""
    with engine.tables(["user"]) as con:
        for setting, called in named:
            if wrong := _whom(con, called):
                near = suggest(called, _known(con))
                fix = near or "name the e-mail address, or the name, of an active user of the CRM"
                raise engine.project.document.error(
                    ("tasks", setting), f"tasks.{setting} names {wrong}: {called}", fix=fix
                )
    return f"{', '.join(setting for setting, _ in named)} known and active"


def _named(engine: Engine) -> Iterator[tuple[str, str]]:
    tasks = engine.project.settings.tasks
    for setting, called in (("manager", tasks.manager), ("fallback_owner", tasks.fallback_owner)):
        if called:
            yield setting, called


def _whom(con: duckdb.DuckDBPyConnection, called: str) -> str:
    """Whom somebody calls so, where that is not one active user."""
    count = con.execute(_USER, [called]).fetchall()[0][1]
    if count > 1:
        return f"{count} people: the first counts"
    if count:
        return ""
    left = con.execute(_LEFT, [called]).fetchall()[0][0]
    return "somebody who is not active any more" if left else "nobody whom the CRMs know"


def _known(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [called for (called,) in con.execute(_KNOWN).fetchall() if called]

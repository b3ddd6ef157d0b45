"""Which rows are about other relationships than before."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cs_connector.language.executor import Connection
from cs_connector.model import TEXT
from cs_connector.store import views
from cs_connector.unify.sql import literal

_COLUMNS = dict.fromkeys(("entity", "entity_id", "relationship_id"), TEXT)


def reattached(
    con: Connection, table: str, before: Iterable[Path], now: Iterable[Path], entities: Iterable[str]
) -> None:
    """Make a table (entity, entity_id) of the rows of some entities of which files of attachments say another thing than those before."""
    listed = ", ".join(map(literal, sorted(entities)))
    old, new = (
        f"(SELECT {', '.join(_COLUMNS)} FROM ({views.scan(con, sorted(paths), _COLUMNS)}) WHERE entity IN ({listed}))"
        for paths in (before, now)
    )
    con.execute(
        f'CREATE OR REPLACE TEMP TABLE "{table}" AS SELECT DISTINCT entity, entity_id FROM '
        f"(({old} EXCEPT ALL {new}) UNION ALL ({new} EXCEPT ALL {old}))"
    )

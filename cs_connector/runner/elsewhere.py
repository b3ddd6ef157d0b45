"""The metrics of a project, computed by another engine over the files that were last published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from cs_connector.language.engines import Engine as Other
from cs_connector.language.executor import Connection
from cs_connector.measure import elsewhere, evaluate
from cs_connector.measure.metrics import load_metrics

from .engine import Engine

_PREPARED = ("account", "relationship", "attachment", "link", "feed")


def metrics(engine: Engine, other: Other) -> Iterator[tuple[str, pa.Table]]:
    """Each study with relationship_id, account_id, on_date and a column a metric; those with a Python step are left out.

    What is prepared here goes to the other engine by files in the project's state, which it must be able to read, as the
    published ones. Raises ConfigError for what it cannot run.
    """
    every = load_metrics([*engine.project.shipped, engine.project.root])
    facts = engine.store.facts
    with (
        facts.pin() as version,
        engine.tables(_PREPARED) as con,
        TemporaryDirectory(dir=engine.project.state, prefix="elsewhere-") as folder,
    ):
        evaluate.begin(con, engine.as_of, every)
        elsewhere.load(other, con, every, lambda name: facts.files(f"entity/{name}", version), Path(folder))
        for source in every.sources:
            if not elsewhere.local(source):
                yield source.name, _named(con, elsewhere.compute(other, source))


def _named(con: Connection, table: pa.Table) -> pa.Table:
    """With the names of the relationships for their numbers."""
    con.register("computed", table)
    found: pa.Table = con.sql(
        "SELECT relationship_id, account_id, today AS on_date, computed.* EXCLUDE (r, today) "
        "FROM computed JOIN scored USING (r) ORDER BY relationship_id, on_date"
    ).to_arrow_table()
    con.unregister("computed")
    return found

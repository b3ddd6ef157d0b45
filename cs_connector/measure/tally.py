"""How many rows came to each step in a run, and how many it left: counted as they pass, logged, and kept with the run."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial

from cs_connector.errors import UsageError
from cs_connector.language import counts
from cs_connector.language.counting import changing, counted
from cs_connector.language.executor import Connection
from cs_connector.measure.metrics import Metrics, Source
from cs_connector.model import TEXT, TIME, WHOLE
from cs_connector.store import views
from cs_connector.store.facts import Facts
from cs_connector.store.leases import Lease

PLACE = "measure/step"
RUNS = 100  # that are kept, the newest
COLUMNS = {
    "run": TEXT, "known_at": TIME, "study": TEXT, "step": WHOLE, "kind": TEXT, "rows_in": WHOLE, "rows_out": WHOLE,
}  # fmt: skip
_FEWER = ("filter", "trailing", "latest", "top")  # what they leave is of what came
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Passed:
    """The rows of a step, the first step is 1. To a `fetch` come all rows of its entity. None: not told apart from the next
    step, or not read, because what it leaves is kept.
    """

    step: int
    kind: str
    rows_in: int | None
    rows_out: int | None


def under(metrics: Metrics) -> Metrics:
    """The metrics with their steps counted."""
    watched = (replace(s, watched=partial(counted, study=s.name)) for s in metrics.sources)
    return replace(metrics, sources=tuple(watched))


def keep(
    con: Connection, metrics: Metrics, facts: Facts, run: str, at: datetime, lease: Lease | None
) -> None:
    """Log what passed, and publish it beside that of earlier runs; nothing, where no step ran."""
    passed = counts.read(con)
    found = {s.name: list(_steps(s, passed, facts)) for s in metrics.sources if _ran(s, passed)}
    if not found:
        return
    for study, steps in found.items():
        _LOG.info("%s", json.dumps({"run": run, "study": study, "steps": [asdict(one) for one in steps]}))
    rows = [(run, at, study, *asdict(one).values()) for study, steps in found.items() for one in steps]
    _publish(con, facts, run, rows, lease)


def read(con: Connection, facts: Facts, run: str | None) -> tuple[str, dict[str, list[Passed]]]:
    """The steps of each study in a run, by default the newest that counted any. Raises UsageError where nothing is kept of it."""
    facts.attach(con, PLACE, "steps kept", COLUMNS)
    newest = 'SELECT run FROM "steps kept" ORDER BY known_at DESC, run LIMIT 1'
    rows = con.execute(
        f'SELECT run, study, step, kind, rows_in, rows_out FROM "steps kept" WHERE run = coalesce(?, ({newest})) ORDER BY study, step',
        [run],
    ).fetchall()
    if not rows:
        what = f"no steps were counted in run {run!r}" if run else "no steps were counted yet"
        why = f"the last {RUNS} runs that computed metrics are kept"
        raise UsageError(what, why=why, safe="nothing was changed", fix="cs-connector runs")
    studies: dict[str, list[Passed]] = {}
    for _, study, *rest in rows:
        studies.setdefault(study, []).append(Passed(*rest))
    return str(rows[0][0]), studies


def _ran(source: Source, passed: Mapping[int, int]) -> bool:
    return bool(source.plan) and any(
        counts.place(source.name, n) in passed for n in range(len(source.study.steps))
    )


def _steps(source: Source, passed: Mapping[int, int], facts: Facts) -> Iterator[Passed]:
    assert source.plan is not None
    changed = changing(source.plan)
    came: int | None = _there(source, facts)
    for stage in source.plan.stages:
        came = passed.get(counts.came(source.name, stage.index), came)
        left = passed.get(counts.place(source.name, stage.index))
        if left is None and (stage.index not in changed or (came == 0 and stage.kind in _FEWER)):
            left = came
        yield Passed(stage.index + 1, stage.kind, came, left)
        came = left


def _there(source: Source, facts: Facts) -> int:
    """The rows that there are of the entity that is fetched."""
    form = source.study.steps[0].fetch
    name = form if isinstance(form, str) else form.entity if form else ""
    return facts.rows(f"entity/{name}")


def _publish(
    con: Connection, facts: Facts, run: str, rows: list[tuple[object, ...]], lease: Lease | None
) -> None:
    facts.attach(con, PLACE, "steps kept", COLUMNS)
    listed = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS.items())
    con.execute(f'CREATE OR REPLACE TEMP TABLE "steps new"({listed})')
    con.executemany(f'INSERT INTO "steps new" VALUES ({", ".join("?" * len(COLUMNS))})', rows)
    path = facts.stage(PLACE)
    newest = f'SELECT run FROM "steps kept" GROUP BY run ORDER BY max(known_at) DESC, run LIMIT {RUNS - 1}'
    con.execute(
        f'COPY (SELECT * FROM "steps new" UNION ALL BY NAME SELECT {", ".join(COLUMNS)} FROM "steps kept" WHERE run IN ({newest}) '
        f"ORDER BY known_at, run, study, step) TO {views.text(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    )
    facts.publish(run, replace={PLACE: [path]}, lease=lease)

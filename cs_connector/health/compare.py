"""Two configurations over the same base: every customer scored by both, bucket by bucket, by the code of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from cs_connector.health import scoring
from cs_connector.health.job import BUCKET
from cs_connector.health.rolling import rollup
from cs_connector.health.scorecard import Card, Definitions
from cs_connector.health.silence import carry
from cs_connector.language.executor import Connection
from cs_connector.language.sizes import size
from cs_connector.measure import evaluate

Side = Literal["before", "after"]
BATCH = 5_000
_STAND = ("scorecard", "score", "band", "uncapped", "coverage", "cap", "override")
# the accounts that change band, with the relationship that tells why: it has a score by both configurations
_TOLD = """SELECT aa.entity_id AS account_id,
    CASE WHEN there.entity_id IS NULL OR aa.standing > ab.standing AND stays.entity_id IS NOT NULL
        THEN db.relationship_id ELSE da.relationship_id END AS relationship_id
FROM by_after AS aa JOIN by_before AS ab USING (entity, entity_id)
JOIN decides_before AS db ON db.account_id = aa.entity_id JOIN decides_after AS da ON da.account_id = aa.entity_id
LEFT JOIN by_before AS there ON there.entity = 'relationship' AND there.entity_id = da.relationship_id
LEFT JOIN by_after AS stays ON stays.entity = 'relationship' AND stays.entity_id = db.relationship_id
WHERE aa.entity = 'account' AND aa.band <> ab.band"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A relationship or an account by one configuration; `scores` are those of its measures that count, by name."""

    scorecard: str
    score: int | None
    band: str
    uncapped: float | None
    coverage: float
    cap: int | None
    override: str | None
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Moved:
    """An account whose score or band differs, and the relationship that moved it, each by both configurations."""

    account_id: str
    name: str | None
    segment: str | None
    currency: str
    revenue: float
    renewal_on: date | None
    accounts: tuple[Standing, Standing]
    relationships: tuple[Standing, Standing]


def compare(
    con: Connection,
    as_of: date,
    before: Definitions,
    after: Definitions,
    *,
    bucket: int = BUCKET,
    tick: Callable[[int], None] = lambda _: None,
) -> int:
    """Score everybody at as_of by both; gives the number of relationships.

    Needs what a run needs (see `job.run`). Leaves `by_before` and `by_after` (relationships, then accounts), `measured`
    (the scores of measures by side), and for accounts `decides_before` and `decides_after`. Nothing is published.
    """
    sides: dict[Side, Definitions] = {"before": before, "after": after}
    alike = _studies(before) == _studies(after)
    count = 0
    _begin(con, sides)
    for group in [list(sides)] if alike else [[side] for side in sides]:
        count = evaluate.prepare(con, as_of, sides[group[0]].metrics)
        for low in range(1, max(count, 1) + 1, bucket):
            evaluate.evaluate(con, sides[group[0]].metrics, low, low + bucket)
            for side in group:
                _score(con, as_of, side, sides[side])
                tick(min(bucket, count - low + 1))
    for side, definitions in sides.items():
        _roll_up(con, side, definitions)
    return count


def _studies(definitions: Definitions) -> tuple[object, ...]:
    """What decides the metrics; those that both sides decide alike are computed once."""
    metrics = definitions.metrics
    made = {s.name: (s.study, s.calendar, _functions(s.document.path.parent)) for s in metrics.sources}
    return made, [one.entry for one in metrics.judgements]


def _functions(folder: Path) -> list[tuple[str, bytes]]:
    """The Python beside a file of metrics."""
    return [(path.name, path.read_bytes()) for path in sorted(folder.glob("*.py"))]


def _begin(con: Connection, sides: Mapping[Side, Definitions]) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in scoring.SNAPSHOT.items())
    for side in sides:
        con.execute(f"CREATE OR REPLACE TEMP TABLE by_{side} ({columns})")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE measured (side VARCHAR, relationship_id VARCHAR, scores DOUBLE[])"
    )


def _score(con: Connection, as_of: date, side: Side, definitions: Definitions) -> None:
    """Add the bucket in `wide` to one side."""
    carry.ready(con, definitions)
    carry.only(con, as_of)
    used = scoring.choose(con, definitions)
    con.execute("DELETE FROM chosen WHERE NOT main")
    scoring.begin(con, definitions.cards.values())
    for name in sorted(used & _mains(con)):
        scoring.score(con, definitions.cards[name], definitions.bands)
        _keep(con, side, definitions.cards[name])
    con.execute(f"INSERT INTO by_{side} SELECT * FROM snapshot_raw")


def _mains(con: Connection) -> set[str]:
    return {str(row[0]) for row in con.execute("SELECT DISTINCT scorecard FROM chosen").fetchall()}


def _keep(con: Connection, side: Side, card: Card) -> None:
    """The scores of the measures in the order of the scorecard; those that do not count are NULL."""
    listed = ", ".join(f'"s_{m.measure}"' for m in card.rule.measures)
    con.execute(
        f"INSERT INTO measured SELECT '{side}', relationship_id, [{listed}] FROM {scoring.table(card)}"
    )
    con.execute(f"DROP TABLE {scoring.table(card)}")


def _roll_up(con: Connection, side: Side, definitions: Definitions) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE snapshot_raw AS SELECT * FROM by_{side}")
    rollup.roll_up(con, rollup.Way(definitions.roll_up, definitions.bands))
    con.execute(f"INSERT INTO by_{side} SELECT * FROM snapshot_raw WHERE entity = 'account'")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE decides_{side} AS SELECT account_id, entity_id AS relationship_id FROM binding"""
    )
    con.execute("DROP TABLE snapshot_raw")


def total(con: Connection) -> list[tuple[str, str, str, int, float]]:
    """Every pair of bands (before, after) with its currency, accounts and revenue: also those that stay."""
    return con.execute(
        """SELECT b.band, a.band, coalesce(c.currency, ''), count(*), CAST(sum(CAST(a.arr AS DECIMAL(18, 2))) AS DOUBLE)
        FROM by_after AS a JOIN by_before AS b USING (entity, entity_id) JOIN account AS c ON c.account_id = a.entity_id
        WHERE a.entity = 'account' GROUP BY ALL ORDER BY ALL"""
    ).fetchall()


def unfit(con: Connection) -> list[tuple[Side, str, int, float | None]]:
    """Relationships to which no scorecard fits by one configuration alone: by which, with their currency, number and revenue."""
    return con.execute(
        """WITH one AS (SELECT * FROM by_before WHERE entity = 'relationship'), two AS (SELECT * FROM by_after WHERE entity = 'relationship'),
        alone AS (SELECT 'after' AS side, account_id, arr FROM one ANTI JOIN two USING (entity_id)
            UNION ALL SELECT 'before', account_id, arr FROM two ANTI JOIN one USING (entity_id))
        SELECT side, coalesce(c.currency, ''), count(*), CAST(sum(CAST(alone.arr AS DECIMAL(18, 2))) AS DOUBLE)
        FROM alone JOIN account AS c USING (account_id) GROUP BY ALL ORDER BY ALL"""
    ).fetchall()


def stayed(con: Connection) -> tuple[int, int, int]:
    """Accounts that keep their band and get another score; the points of the deepest fall and of the highest rise."""
    row = con.execute(
        """SELECT count(*), least(min(a.score - b.score), 0), greatest(max(a.score - b.score), 0)
        FROM by_after AS a JOIN by_before AS b USING (entity, entity_id)
        WHERE a.entity = 'account' AND a.band = b.band AND a.score IS DISTINCT FROM b.score"""
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1] or 0), int(row[2] or 0)


def moved(con: Connection, before: Definitions, after: Definitions) -> Iterator[Moved]:
    """Accounts that change band, those with most revenue first, beside others of the same currency.

    The relationship is the worst by the first configuration where the account rises, else by the second: a worst of
    many rises only with the one that was worst, and falls only with the one that is. Where that has a score by one
    configuration alone, it is the other. Ask nothing else while it lasts.
    """
    sides = (("b", before), ("a", after))
    stands = ", ".join(f'{kind}{s}."{name}"' for kind in ("a", "r") for s, _ in sides for name in _STAND)
    cursor = con.execute(
        f"""
        WITH told AS MATERIALIZED ({_TOLD})
        SELECT c.account_id, c.name, c.segment, coalesce(c.currency, ''), coalesce(aa.arr, 0), c.renewal_on, {stands},
            mb.scores, ma.scores
        FROM told AS t JOIN by_after AS aa ON aa.entity = 'account' AND aa.entity_id = t.account_id
        JOIN by_before AS ab ON ab.entity = 'account' AND ab.entity_id = t.account_id JOIN account AS c ON c.account_id = t.account_id
        JOIN by_before AS rb ON rb.entity = 'relationship' AND rb.entity_id = t.relationship_id
        JOIN by_after AS ra ON ra.entity = 'relationship' AND ra.entity_id = t.relationship_id
        JOIN measured AS mb ON mb.side = 'before' AND mb.relationship_id = t.relationship_id
        JOIN measured AS ma ON ma.side = 'after' AND ma.relationship_id = t.relationship_id
        ORDER BY {size("aa.arr", "c.currency")} DESC NULLS LAST, c.name, c.account_id
        """
    )
    while rows := cursor.fetchmany(BATCH):
        yield from (_moved(row, before, after) for row in rows)


def _moved(row: tuple[Any, ...], before: Definitions, after: Definitions) -> Moved:
    size = len(_STAND)
    ab, aa, rb, ra = (row[6 + n * size : 6 + (n + 1) * size] for n in range(4))
    one = _standing(rb, _scores(before, rb[0], row[-2]))
    two = _standing(ra, _scores(after, ra[0], row[-1]))
    accounts = (_standing(ab, {}), _standing(aa, {}))
    return Moved(row[0], row[1], row[2], row[3], row[4], row[5], accounts, (one, two))


def _standing(values: tuple[Any, ...], scores: Mapping[str, float]) -> Standing:
    return Standing(**dict(zip(_STAND, values, strict=True)), scores=scores)


def _scores(definitions: Definitions, scorecard: str, scores: list[float | None]) -> dict[str, float]:
    measures = definitions.cards[scorecard].rule.measures
    return {m.measure: s for m, s in zip(measures, scores, strict=True) if s is not None}

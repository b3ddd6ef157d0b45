"""Caps that held on what was last known and let go, because that grew too old or a person retired it: the admin's business."""

from __future__ import annotations

from datetime import date
from typing import Any

from cs_connector.health import load_definitions
from cs_connector.health.explain import rows_of
from cs_connector.health.scorecard import Definitions
from cs_connector.measure import retirements
from cs_connector.runner.asking import scored_on
from cs_connector.runner.deciding import standing
from cs_connector.runner.engine import Engine

from .configurations import layers

SCHEMA = "released/1"
# known neither to hold nor not to hold, and no lower cap in its place
RELEASED = """
    WITH line AS (SELECT entity_id, scorecard, on_date, score, cap, cap_unsure, lag(override) OVER days AS was, lag(cap) OVER days AS was_cap,
            lag(score) OVER days AS was_score, lag(on_date) OVER days AS held_on
        FROM snapshot WHERE entity = 'relationship' AND main WINDOW days AS (PARTITION BY entity_id, scorecard ORDER BY on_date))
    SELECT r.account_id AS account, a.name, r.relationship_id AS relationship, r.name AS relationship_name, line.was AS override,
        line.was_cap AS cap, line.held_on, line.on_date AS released_by, line.was_score AS score_then, line.score AS score_after
    FROM line JOIN relationship AS r ON r.relationship_id = line.entity_id JOIN account AS a USING (account_id)
    WHERE was IS NOT NULL AND list_contains(string_split(coalesce(cap_unsure, ''), ' '), was) AND coalesce(line.cap > was_cap, TRUE)
    ORDER BY line.on_date DESC, a.name, r.relationship_id"""


def released(engine: Engine, until: date | None = None) -> dict[str, Any]:
    """released/1: each such cap of the last run's days, or of those up to one, the newest first; `retired` says who retired its evidence,
    if somebody did.

    Raises UsageError where nothing was scored, and for a day without scores.
    """
    definitions = load_definitions(layers(engine))
    with standing(engine) as con:
        day = scored_on(con, until)
        found = [row for row in rows_of(con, RELEASED) if row["released_by"] <= day]
        for row in found:
            known = retirements.of(con, definitions.retired, row["relationship"], row["released_by"])
            looked_at = _metrics(definitions, row["override"])
            row["retired"] = next((one.said() for name, one in known.items() if name in looked_at), None)
    return {"schema": SCHEMA, "as_of": day, "released": found}


def _metrics(definitions: Definitions, override: str) -> frozenset[str]:
    caps = (cap for card in definitions.cards.values() for cap in card.caps if cap.name == override)
    return next((cap.metrics for cap in caps), frozenset())

"""What was last measured and scored, by dataset."""

from __future__ import annotations

from cs_connector.errors import UsageError
from cs_connector.health.outline import CONTRADICTION, OUTLINE

from .engine import Engine

SCORED: dict[str, tuple[str, dict[str, str]]] = {
    "metric_value": ("measure/metric", {}),
    "measure_score": ("health/measure", {}),
    "snapshot": ("health/snapshot", {}),
    "scorecard": ("health/scorecard", {"scorecard": "VARCHAR", "basis": "VARCHAR"}),
    "outline": ("health/outline", OUTLINE),
    "contradiction": ("health/contradiction", CONTRADICTION),
    "outcome": ("health/outcome", {"override": "VARCHAR", "held": "BIGINT", "gone": "BIGINT"}),
}
"""View → dataset, and the columns that it has even where no file has them."""
PAST = "measure/past"  # what earlier runs measured, and the last one does not know any more


def must_be_scored(engine: Engine) -> None:
    """Raises UsageError where nothing was scored yet."""
    if not engine.store.facts.files("health/snapshot"):
        raise UsageError(
            "nothing has been scored yet",
            why="this project has no scores",
            safe="nothing was written",
            fix="cs-connector run",
        )

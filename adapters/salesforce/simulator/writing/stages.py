"""What a sales stage brings with it: the probability and the forecast that a new org has for it."""

from __future__ import annotations

from ..schema.schema import ObjectType
from .rows import Row

STAGE, CHANCE, FORECAST = "StageName", "Probability", "ForecastCategoryName"
OPEN = "Pipeline"
CLOSED = {"Closed Won": "Closed", "Closed Lost": "Omitted"}
CATEGORIES = {"Best Case": "BestCase", "Commit": "Forecast", "Most Likely": "MostLikely"}
PERCENT = {
    "Prospecting": 10, "Qualification": 10, "Needs Analysis": 20, "Proposal": 75, "Negotiation": 90,
    "Closed Won": 100, "Closed Lost": 0,
}  # fmt: skip


def with_stage(obj: ObjectType, taken: Row, before: Row | None) -> Row:
    """The values of a request; one that moves an opportunity to another stage gets what the stage brings.

    What the request itself names stays. A stage that only the org itself has brings no probability: a describe does
    not tell it.
    """
    stage = taken.get(STAGE)
    if obj.name != "Opportunity" or stage is None or stage == (before or {}).get(STAGE):
        return taken
    brought: Row = {FORECAST: CLOSED.get(stage, OPEN)}
    if stage in PERCENT:
        brought[CHANCE] = float(PERCENT[stage])
    return {name: value for name, value in brought.items() if name.lower() in obj.fields} | taken


def forecast(stage: str | None, named: str | None) -> Row:
    """The forecast category of an opportunity, by name and as the API calls it; `named` is what it was given."""
    name = named or CLOSED.get(str(stage), OPEN)
    return {FORECAST: name, "ForecastCategory": CATEGORIES.get(name, name)}

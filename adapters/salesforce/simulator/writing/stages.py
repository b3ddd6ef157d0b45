"""What a sales stage brings with it: the probability that a new org has for it."""

from __future__ import annotations

from ..schema.schema import ObjectType
from .rows import Row

STAGE, CHANCE = "StageName", "Probability"
PERCENT = {
    "Prospecting": 10, "Qualification": 10, "Needs Analysis": 20, "Proposal": 75, "Negotiation": 90,
    "Closed Won": 100, "Closed Lost": 0,
}  # fmt: skip


def with_chance(obj: ObjectType, taken: Row, before: Row | None) -> Row:
    """The values of a request; one that moves an opportunity to another stage without a probability gets the stage's.

    A stage that only the org itself has brings none: a describe does not tell it.
    """
    stage = taken.get(STAGE)
    moved = stage is not None and stage != (before or {}).get(STAGE)
    if obj.name != "Opportunity" or not moved or CHANCE in taken or CHANCE.lower() not in obj.fields:
        return taken
    return taken if stage not in PERCENT else {**taken, CHANCE: float(PERCENT[stage])}

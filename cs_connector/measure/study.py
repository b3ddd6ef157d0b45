"""What stands in a file of metrics, as data: docs/metrics.md tells it in plain words."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from cs_connector.language.steps import Step, Strict


class Metric(Strict):
    """`value` is NULL when unknown; `complete` names entities whose feeds must have been read to the end; `intact` those whose feeds must
    for a 0 to be known, where the account has any that was ever read; with `sure`, for all where that does not hold.

    `evidence` picks, of the rows of the steps, those that a person wants to see.
    """

    title: str
    unit: str = ""
    value: str
    known: str | None = None
    complete: tuple[str, ...] = ()
    intact: tuple[str, ...] = ()
    sure: str | None = None
    evidence: str | None = None
    carry_for: int = Field(default=180, ge=180)


class Study(Strict):
    """One file: steps over an entity, and the metrics that its totals give; no steps: the relationship alone.

    Values may name metrics of other files that `uses` lists.
    """

    version: Literal[1] = 1
    uses: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    metrics: dict[str, Metric]


def schema() -> dict[str, Any]:
    """The JSON Schema of a file of metrics, for editors."""
    made = Study.model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **made,
        "title": "cs-connector metrics",
    }

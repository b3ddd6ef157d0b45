"""The JSON Schemas of the files that say what a score is."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from cs_connector.health.bands import BandFile
from cs_connector.health.contradictions import ContradictionFile
from cs_connector.health.rolling.upward import RollUp
from cs_connector.health.scorecard import AssignFile, OverrideFile, Scorecard
from cs_connector.measure.judgements import JudgementFile
from cs_connector.measure.retirements import RetiredFile

KINDS: dict[str, type[BaseModel]] = {
    "scorecard": Scorecard, "overrides": OverrideFile, "contradictions": ContradictionFile, "judgements": JudgementFile, "assign": AssignFile,
    "rollup": RollUp, "bands": BandFile, "retired": RetiredFile,
}  # fmt: skip


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of a file of one of KINDS, for editors."""
    made = KINDS[kind].model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": f"cs-connector {kind}",
    }  # fmt: skip

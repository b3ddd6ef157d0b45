"""How two records are compared, as levels of agreement with a weight each: what Splink takes.

`m` is how often a level is seen among records of the same, `u` among records of different ones; a level weighs
log2(m / u), and where something is missing nothing is weighed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Level:
    """A condition on the columns of two records (`x_l`, `x_r`), and the words for a person; no words, no evidence."""

    when: str
    m: float
    u: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first level that holds counts; nothing does where `unknown` holds."""

    name: str
    unknown: str
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """`prior` is the probability that two records picked at random are the same; `columns` are what is compared."""

    columns: tuple[str, ...]
    prior: float
    comparisons: tuple[Comparison, ...]


def missing(column: str) -> str:
    return f"{column}_l IS NULL OR {column}_r IS NULL"


def equal(column: str) -> str:
    return f"{column}_l = {column}_r"


def alike(one: str, other: str, least: float) -> str:
    return f"jaro_winkler_similarity({one}, {other}) >= {least}"


def edits(column: str, most: int) -> str:
    return f"damerau_levenshtein({column}_l, {column}_r) <= {most}"


def settings(model: Model) -> dict[str, Any]:
    """The model as Splink takes it, for pairs that it is given."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "n",
        "probability_two_random_records_match": model.prior,
        "comparisons": [_comparison(c) for c in model.comparisons],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    unknown = {"sql_condition": comparison.unknown, "label_for_charts": "unknown", "is_null_level": True}
    levels = [
        {
            "sql_condition": level.when,
            "label_for_charts": level.words or "–",
            "m_probability": level.m,
            "u_probability": level.u,
        }
        for level in comparison.levels
    ]
    return {"output_column_name": comparison.name, "comparison_levels": [unknown, *levels]}

"""How two records are compared, as levels of agreement with a weight each: what Splink takes.

`m` is how often a level is seen among records of the same, `u` among records of different ones; a level weighs
log2(m / u), and where something is missing nothing is weighed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log2
from typing import Any

# What is known of a pair itself, whatever its records say: Splink carries this column along with each pair.
TOLD = "match_key"


@dataclass(frozen=True, slots=True)
class Level:
    """A condition on the columns of two records (`x_l`, `x_r`) and on TOLD, and the words for a person; no words, no evidence.

    `only` is a part of a condition on TOLD that can be judged without it.
    """

    when: str
    m: float
    u: float
    words: str = ""
    only: str = "TRUE"

    @property
    def weight(self) -> float:
        """In bits."""
        return log2(self.m / self.u)


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

    @property
    def tells(self) -> bool:
        """Whether anything depends on TOLD."""
        return any(TOLD in level.when for c in self.comparisons for level in c.levels)


def at_most(model: Model) -> str:
    """The bits that two records can have at most, whatever TOLD says of them; to find it out may cost more than all else."""
    return " + ".join((repr(bits(model.prior)), *map(_at_most, model.comparisons)))


def bits(probability: float) -> float:
    """A probability as Splink adds them up."""
    return log2(probability / (1 - probability))


def _at_most(comparison: Comparison) -> str:
    weights = [level.weight for level in comparison.levels]
    best, cases = -inf, [f"WHEN {comparison.unknown} THEN 0::DOUBLE"]
    for number, level in enumerate(comparison.levels):
        if TOLD not in level.when:
            when = level.when if level.when == "ELSE" else f"WHEN {level.when} THEN"
            cases.append(f"{when} {max(best, weights[number])!r}")
        elif level.only == "TRUE":
            best = max(best, weights[number])
        else:
            cases.append(f"WHEN {level.only} THEN {max(best, *weights[number:])!r}")
    return f"CASE {' '.join(cases)} END"


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

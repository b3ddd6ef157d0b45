"""The rows of scoring."""

from __future__ import annotations

from bench.results import Row
from bench.size import Yard

from . import company, judging, questions


def measure(yard: Yard) -> list[Row]:
    return [*company.measure(yard), *judging.measure(yard), *questions.measure(yard)]

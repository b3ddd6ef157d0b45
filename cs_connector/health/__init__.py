"""What a score means: measures through curves, weighted, capped, explained."""

from cs_connector.health.explain import explain, levers_for
from cs_connector.health.job import Outcome, parts, run
from cs_connector.health.scorecard import Definitions, load_definitions

__all__ = ["Definitions", "Outcome", "explain", "levers_for", "load_definitions", "parts", "run"]

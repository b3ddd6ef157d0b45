"""What a score means: measures through curves, weighted, capped, explained."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cs_connector.health.explain import explain, levers_for

if TYPE_CHECKING:
    from cs_connector.health.job import Outcome, parts, run
    from cs_connector.health.scorecard import Definitions, load_definitions

__all__ = ["Definitions", "Outcome", "explain", "levers_for", "load_definitions", "parts", "run"]
_HOMES = {
    "Outcome": "job", "parts": "job", "run": "job", "Definitions": "scorecard", "load_definitions": "scorecard",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Who explains a score needs nothing of what makes one."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

"""The metrics that ship."""

from __future__ import annotations

from functools import cache

from cs_connector import registry
from cs_connector.measure.metrics import Metrics, load_metrics

STUDIES = sorted({path.stem for layer in registry.shipped() for path in (layer / "metrics").glob("*.yml")})


@cache
def metrics() -> Metrics:
    return load_metrics(registry.shipped())

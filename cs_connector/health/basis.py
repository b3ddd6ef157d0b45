"""What scores were based on: weights, curves and caps, kept beside them so that a later look knows what was in force."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from cs_connector.health.curves import Curve
from cs_connector.language.executor import Connection
from cs_connector.language.steps import Strict

if TYPE_CHECKING:
    from cs_connector.health.scorecard import Cap, Definitions, Measure
    from cs_connector.measure.metrics import Metrics

SCORECARD = {"scorecard": "VARCHAR", "basis": "VARCHAR"}


class Judged(Strict):
    """How a measure counts. `measured` tells apart two definitions of its metric."""

    metric: str
    measured: str
    weight: float
    curve: Curve
    by_segment: dict[str, Curve]

    def curve_for(self, segment: str | None) -> Curve:
        return self.by_segment.get(segment or "", self.curve)


class Capping(Strict):
    """When a cap holds. `measured` tells apart two definitions of the metrics that it speaks of."""

    when: str
    measured: str
    cap: int


class Basis(Strict):
    """A scorecard as it was in force: everything that moves a score, and none of its texts."""

    measures: dict[str, Judged]
    overrides: dict[str, Capping]


def publish(con: Connection, definitions: Definitions, cards: Collection[str]) -> None:
    """Make the table `scorecard` (scorecard, basis as JSON) of the scorecards that were used."""
    columns = ", ".join(f"{name} {kind}" for name, kind in SCORECARD.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE scorecard ({columns})")
    for name in sorted(cards):
        basis = basis_of(definitions, name).model_dump_json()
        con.execute("INSERT INTO scorecard VALUES (?, ?)", [name, basis])


def basis_of(definitions: Definitions, scorecard: str) -> Basis:
    """The basis of a scorecard as it is declared now."""
    card = definitions.cards[scorecard]
    return Basis(
        measures={m.measure: _judged(m, definitions.metrics) for m in card.rule.measures},
        overrides={cap.name: _capping(cap, definitions.metrics) for cap in card.caps},
    )


def _judged(measure: Measure, metrics: Metrics) -> Judged:
    return Judged(
        metric=measure.metric,
        measured=_measured(metrics, [measure.metric]),
        weight=measure.weight,
        curve=measure.curve,
        by_segment=measure.by_segment,
    )


def _capping(cap: Cap, metrics: Metrics) -> Capping:
    return Capping(when=cap.rule.when, measured=_measured(metrics, cap.metrics), cap=cap.rule.cap)


def _measured(metrics: Metrics, names: Iterable[str]) -> str:
    """A digest of everything that decides what metrics come to, Python too; their titles and units do not."""
    from cs_connector.measure import functions  # only scoring tells definitions apart

    total = hashlib.sha256()
    for name in sorted(names):
        study = metrics.source(name).study.model_dump(mode="json", exclude_defaults=True)
        metric = study["metrics"][name]
        parts = [study.get("steps"), *(metric.get(key) for key in ("value", "known", "complete"))]
        uses = study.get("uses", [])
        parts += [metric[key] for key in ("intact", "sure") if key in metric]
        parts += [_measured(metrics, uses)] if uses else []
        parts += functions.code(metrics.source(name)).items()
        total.update(json.dumps([name, *parts], sort_keys=True).encode())
    return total.hexdigest()[:16]

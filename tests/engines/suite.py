"""What is asked of every engine: functions over hard values, every kind of step, and the metrics that ship."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlglot import exp

from cs_connector.language.engines import Engine
from cs_connector.measure import elsewhere

from . import cases, steps
from .alike import rows
from .shipped import STUDIES, metrics

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Asked:
    """One query, or the queries of one study: of what kind, its name, and the columns that tell its rows apart."""

    kind: str
    name: str
    keys: tuple[str, ...]
    run: Callable[[Engine], pa.Table]
    trees: Callable[[], list[exp.Select]]

    def answer(self, engine: Engine) -> Rows:
        return rows(self.run(engine), self.keys)

    def columns(self, answer: Rows) -> list[str]:
        return [name for name in answer[0] if name not in self.keys]


def _query(kind: str, made: Callable[[], exp.Select], key: str) -> Asked:
    return Asked(kind, kind, (key,), lambda engine: engine.rows(made()), lambda: [made()])


def _study(name: str) -> Asked:
    def run(engine: Engine) -> pa.Table:
        *before, last = steps.plan(steps.STUDIES[name]).parts
        for part in before:
            engine.store(part.table, part.rows.query)
        return engine.rows(last.rows.query)

    def trees() -> list[exp.Select]:
        return [part.rows.query for part in steps.plan(steps.STUDIES[name]).parts]

    return Asked("step", name, ("r", "today"), run, trees)


def _shipped(name: str) -> Asked:
    def source() -> Any:
        return next(s for s in metrics().sources if s.name == name)

    return Asked(
        "metrics", f"{name}.yml", ("r", "today"),
        lambda engine: elsewhere.compute(engine, source()), lambda: [tree for _, tree in elsewhere.queries(source())],
    )  # fmt: skip


SUITE = (
    _query("formula", cases.formulas, "id"),
    _query("total", cases.totals, "grp"),
    _query("window", cases.windows, "id"),
    _query("published", cases.published, "id"),
    *map(_study, steps.STUDIES),
    *map(_shipped, STUDIES),
)


class Answers:
    """Of all engines, each thing asked once."""

    def __init__(self, engines: dict[str, Engine]) -> None:
        self.engines = engines
        self._known: dict[tuple[str, str, str], Rows] = {}

    def of(self, engine: str, asked: Asked) -> Rows:
        at = engine, asked.kind, asked.name
        if at not in self._known:
            self._known[at] = asked.answer(self.engines[engine])
        return self._known[at]

"""What customers say against what they do, declared in `contradictions.yml` and found in every run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal

import pyarrow as pa
from pydantic import Field

from cs_connector.config.documents import Document, load, validate
from cs_connector.health.conditions import condition
from cs_connector.health.outline import CONTRADICTION
from cs_connector.health.words import Template, template
from cs_connector.language.compiler import column
from cs_connector.language.executor import Connection, sql
from cs_connector.language.expression import Formula
from cs_connector.language.periods import GREGORIAN, Calendar
from cs_connector.language.steps import Strict
from cs_connector.unify.sql import literal

FILE = "contradictions.yml"
LONGEST = 80  # characters of the field in the CRM, which a text with its values is cut to; names and formats may be longer


class Contradiction(Strict):
    """While `when` holds, what is said and what is done do not go together.

    `praise`: they speak well and do little; `complaint`: they speak ill and do much; `silence`: they say nothing and do much.
    """

    title: str
    kind: Literal["praise", "complaint", "silence"]
    when: str
    text: str = Field(max_length=LONGEST + 40)


class ContradictionFile(Strict):
    """Null takes away one of an earlier layer."""

    version: Literal[1] = 1
    contradictions: dict[str, Contradiction | None]


@dataclass(frozen=True)
class Detector:
    """A contradiction with its checked formula and text; `place` is its order over all files."""

    name: str
    place: int
    rule: Contradiction
    when: Formula
    text: Template
    metrics: frozenset[str]

    @cached_property
    def holds(self) -> str:
        """SQL: whether it holds, over known or carried values."""
        return self._over("k")

    @cached_property
    def holds_known(self) -> str:
        """SQL: whether it holds by what is known now alone."""
        return self._over("m")

    def _over(self, side: str) -> str:
        return sql(self.when.over({name: column(f"{side}_{name}") for name in self.metrics}))


def load_contradictions(
    layers: Sequence[Path], names: Mapping[str, str], metrics: Iterable[str], calendar: Calendar = GREGORIAN
) -> tuple[Detector, ...]:
    """Those in force, in the order of the files; a later layer replaces one of the same name where it stood.

    Raises ConfigError with file and line. None where no layer declares any.
    """
    found: dict[str, tuple[Document, Contradiction | None]] = {}
    for layer in layers:
        if (layer / FILE).exists():
            document = load(layer / FILE)
            declared = validate(ContradictionFile, document).contradictions
            found |= {name: (document, rule) for name, rule in declared.items()}
    standing = [(name, document, rule) for name, (document, rule) in found.items() if rule is not None]
    known = frozenset(metrics)
    return tuple(
        _detector(name, place, document, rule, names, known, calendar)
        for place, (name, document, rule) in enumerate(standing)
    )


def _detector(
    name: str,
    place: int,
    document: Document,
    rule: Contradiction,
    names: Mapping[str, str],
    metrics: frozenset[str],
    calendar: Calendar,
) -> Detector:
    at = ("contradictions", name)
    when = condition(document, (*at, "when"), rule.when, names, calendar)
    text = template(document, (*at, "text"), rule.text, names)
    return Detector(name, place, rule, when, text, when.names & metrics)


def begin(con: Connection) -> None:
    """An empty table `contradiction`."""
    listed = ", ".join(f"{name} {kind}" for name, kind in CONTRADICTION.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE contradiction ({listed})")


def find(con: Connection, detectors: Iterable[Detector], metrics: Iterable[str]) -> None:
    """Add to `contradiction` those that hold in the bucket `ready`, at every date; `metrics` are those that it carries."""
    carried = frozenset(metrics)
    for one in detectors:
        con.execute(f"CREATE OR REPLACE TEMP TABLE contradicted AS {_query(one, carried)}")
        if one.text.names:
            _write(con, one)
        said = "text" if one.text.names else literal(one.text.fill({}, date.min))
        values = ", ".join([str(one.place), *map(literal, (one.name, one.rule.kind, one.rule.title)), said])
        con.execute(
            f"INSERT INTO contradiction SELECT relationship_id, account_id, today, {values}, known FROM contradicted"
        )


def _query(one: Detector, metrics: frozenset[str]) -> str:
    named = [f'"k_{n}" AS "v#{n}"' if n in metrics else f'"{n}" AS "v#{n}"' for n in sorted(one.text.names)]
    named += [f'"d_{n}" AS "d#{n}"' for n in sorted(one.text.names & metrics)]
    listed = ", ".join(["relationship_id", "account_id", "today", *named])
    return f"SELECT {listed}, coalesce({one.holds_known}, FALSE) AS known FROM ready WHERE {one.holds}"


def _write(con: Connection, one: Detector) -> None:
    """Give `contradicted` its `text`, row by row."""
    rows = con.sql("SELECT * FROM contradicted ORDER BY relationship_id, today").to_arrow_table()
    texts = [
        one.text.fill(
            {n: row[f"v#{n}"] for n in one.text.names},
            row["today"],
            {n: row.get(f"d#{n}") for n in one.text.names},
        )[:LONGEST]
        for row in rows.to_pylist()
    ]
    con.register("contradictions_told", rows.append_column("text", pa.array(texts, pa.string())))
    con.execute("CREATE OR REPLACE TEMP TABLE contradicted AS SELECT * FROM contradictions_told")
    con.unregister("contradictions_told")

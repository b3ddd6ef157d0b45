"""What a call stands on: figures that cost health, each with a link to a record behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from cs_connector.health import Definitions
from cs_connector.health.sources import ready, records
from cs_connector.health.words import half_up, plain

from .firing import BOOK
from .rules import Rule
from .texts import EVIDENCE

Address = Callable[[str, str, str], str | None]
_COSTLY = """SELECT metric FROM measure_score WHERE relationship_id = ? AND on_date = ? AND scorecard = ? AND known
AND weight * (100 - score) >= 2 ORDER BY round(weight * (100 - score), 9) DESC, measure"""


class Evidence:
    """Gives at most three lines for a rule and the row of a relationship in `standing`.

    First what the rule looks at, then what caps the score, then the costliest measures. `address` says where a person
    sees a record, by connection, object and id; where nobody can, its object is named.
    """

    def __init__(
        self, con: duckdb.DuckDBPyConnection, definitions: Definitions, day: date, address: Address
    ) -> None:
        self._con, self._definitions, self._day, self._address = con, definitions, day, address
        self._ready = False

    def __call__(self, rule: Rule, row: Mapping[str, Any]) -> Sequence[str]:
        if row["relationship_id"].startswith(BOOK):
            return ()
        if not self._ready:
            ready(self._con, self._definitions, self._day)
            self._ready = True
        found: list[str] = []
        for metric in dict.fromkeys(self._metrics(rule, row)):
            line = self._line(metric, row)
            if line and len(found) < EVIDENCE:
                found.append(f"{len(found) + 1}. {line}")
            if len(found) == EVIDENCE:
                break
        return found

    def _metrics(self, rule: Rule, row: Mapping[str, Any]) -> Iterator[str]:
        named = re.findall(r"[a-z]\w*", rule.when)
        yield from (name for name in named if name in self._definitions.metrics.by_name)
        caps = (cap for card in self._definitions.cards.values() for cap in card.caps)
        yield from (name for cap in caps if cap.name == row.get("override") for name in sorted(cap.metrics))
        asked = [row["relationship_id"], self._day, row.get("scorecard")]
        yield from (metric for (metric,) in self._con.execute(_COSTLY, asked).fetchall())

    def _line(self, name: str, row: Mapping[str, Any]) -> str | None:
        value = row.get(name)
        if value is None:
            return None
        found = records(self._con, self._definitions, row["relationship_id"], name)
        if not found:
            return None
        metric = self._definitions.metrics.by_name[name]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        return f"{metric.title}: {_told(float(value), metric.unit)} – {self._place(found[0])}{more}"

    def _place(self, record: Mapping[str, str]) -> str:
        connection, name, id_ = record["connection"], record["object"], record["id"]
        return (
            self._address(connection, name, id_)
            or f"{connection} {name} {id_ if id_.isalnum() else ''}".rstrip()
        )


def _told(value: float, unit: str) -> str:
    if unit in ("share", "ratio"):
        return f"{half_up(value * 100)} %"
    if not unit:
        return "yes" if value else "no"
    return f"{plain(value)} {unit}".strip()

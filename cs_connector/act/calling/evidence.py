"""What a call stands on: figures that cost health, each with a link to a record behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any

import duckdb

from cs_connector.health import Definitions
from cs_connector.health.sources import Behind, behind
from cs_connector.health.words import half_up, plain

from .firing import BOOK
from .rules import Rule
from .texts import EVIDENCE

Address = Callable[[str, str, str], str | None]
Need = tuple[Rule, Mapping[str, Any]]
_COSTLY = """SELECT relationship_id, scorecard, list(metric ORDER BY round(weight * (100 - score), 9) DESC, measure)
FROM measure_score WHERE on_date = $day AND known AND weight * (100 - score) >= 2
AND relationship_id IN (SELECT unnest($relationships)) GROUP BY ALL"""


class Evidence:
    """Gives at most three lines for each rule and the row of a relationship in `standing`; for all of them at once.

    First what the rule looks at, then what caps the score, then the costliest measures. `address` says where a person
    sees a record, by connection, object and id; where nobody can, its object is named.
    """

    def __init__(
        self, con: duckdb.DuckDBPyConnection, definitions: Definitions, day: date, address: Address
    ) -> None:
        self._con, self._definitions, self._day, self._address = con, definitions, day, address

    def __call__(self, needs: Sequence[Need]) -> list[Sequence[str]]:
        costly = self._costly([row["relationship_id"] for _, row in needs])
        asked = [list(self._asked(*need, costly)) for need in needs]
        wanted = {
            (row["relationship_id"], m) for (_, row), those in zip(needs, asked, strict=True) for m in those
        }
        found = behind(self._con, self._definitions, self._day, wanted) if wanted else {}
        return [self._lines(row, those, found) for (_, row), those in zip(needs, asked, strict=True)]

    def _costly(self, relationships: Sequence[str]) -> dict[tuple[str, str], list[str]]:
        """The metrics of the measures that cost most, by relationship and scorecard."""
        asked = {"day": self._day, "relationships": sorted({*relationships})}
        return {(r, card): metrics for r, card, metrics in self._con.execute(_COSTLY, asked).fetchall()}

    def _asked(
        self, rule: Rule, row: Mapping[str, Any], costly: Mapping[tuple[str, str], Sequence[str]]
    ) -> Iterator[str]:
        """The metrics that are evidence for a rule, those that are known, each once."""
        if row["relationship_id"].startswith(BOOK):
            return
        named = [
            name for name in re.findall(r"[a-z]\w*", rule.when) if name in self._definitions.metrics.by_name
        ]
        caps = (cap for card in self._definitions.cards.values() for cap in card.caps)
        capping = [name for cap in caps if cap.name == row.get("override") for name in sorted(cap.metrics)]
        most = costly.get((row["relationship_id"], str(row.get("scorecard"))), ())
        yield from (name for name in dict.fromkeys((*named, *capping, *most)) if row.get(name) is not None)

    def _lines(
        self, row: Mapping[str, Any], metrics: Sequence[str], found: Mapping[tuple[str, str], Behind]
    ) -> Sequence[str]:
        there = ((name, found.get((row["relationship_id"], name))) for name in metrics)
        shown = islice(((name, behind) for name, behind in there if behind), EVIDENCE)
        return [f"{n}. {self._line(name, row[name], behind)}" for n, (name, behind) in enumerate(shown, 1)]

    def _line(self, name: str, value: float, behind: Behind) -> str:
        metric = self._definitions.metrics.by_name[name]
        more = f" (and {behind.count - 1} more)" if behind.count > 1 else ""
        return f"{metric.title}: {_told(float(value), metric.unit)} – {self._place(behind.first)}{more}"

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

"""Small hand-made tables of entities, for tests of scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cs_connector.errors import ConfigError
from cs_connector.health import Definitions, load_definitions, run
from cs_connector.health.linting.mistakes import Types, wrong
from cs_connector.language.executor import Connection, connect
from cs_connector.model import ENTITIES, FEED, LINK, Entity

AS_OF = date(2026, 11, 25)
SHIPPED = Path(__file__).parents[2] / "mappings"
_LOADED: dict[tuple[Path, ...], Definitions] = {}


def definitions(*layers: Path) -> Definitions:
    """The shipped definitions with layers over them, read once."""
    if layers not in _LOADED:
        _LOADED[layers] = load_definitions([SHIPPED, *layers])
    return _LOADED[layers]


def refused(layers: list[Path], types: Types) -> set[tuple[str, int, str]]:
    """File, line and mistake, as loading says it and as the lint does; one alone where both say the same."""
    with pytest.raises(ConfigError) as caught:
        load_definitions(layers)
    (found,) = wrong(layers, types)
    places = [(error.place, error.what) for error in (caught.value, found)]
    return {(Path(place.path).name, place.line, what) if place else ("", 0, what) for place, what in places}


def month(back: int, as_of: date = AS_OF) -> date:
    """The first day of the month so many months before."""
    index = as_of.year * 12 + as_of.month - 1 - back
    return date(index // 12, index % 12 + 1, 1)


@dataclass
class World:
    """Rows by entity; one customer with one relationship to begin with."""

    as_of: date = AS_OF
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, entity: str, /, **values: Any) -> None:
        rows = self.rows.setdefault(entity, [])
        key = (ENTITIES | {"link": LINK, "feed": FEED})[entity].key
        rows.append(
            {key: f"{entity}-{len(rows) + 1}", **values} if entity not in ("link", "feed") else values
        )

    def customer(self, account: str = "a1", relationship: str = "r1", **values: Any) -> World:
        """An account with a relationship, linked to the service desk and the billing files, both read fully."""
        if not any(row["account_id"] == account for row in self.rows.get("account", [])):
            self.account(account)
        base = {
            "status": "Active",
            "type": "Subscription",
            "arr": 100_000,
            "seats": 100,
            "features_bought": 10,
        }
        base |= {
            "start_on": date(2024, 1, 1),
            "renewal_on": self.as_of + timedelta(days=300),
            "stage": "Renewal",
        }
        self.add("relationship", relationship_id=relationship, account_id=account, **(base | values))
        return self

    def account(self, account: str = "a1", **values: Any) -> World:
        base = {"name": f"Account {account}", "customer_status": "Customer", "ultimate_parent_id": account}
        base |= {"currency": "USD", "arr": 100_000, "segment": "Mid-Market"}
        self.add("account", account_id=account, **(base | values))
        for connection in ("service", "files"):
            self.add(
                "link",
                entity_id=account,
                entity="account",
                connection=connection,
                object="x",
                record_id=account,
            )
        if not self.rows.get("feed"):
            noon = datetime.combine(self.as_of, datetime.min.time())
            self.add("feed", entity="ticket", connection="service", complete=True, watermark=noon)
            self.add("feed", entity="invoice", connection="files", complete=True, watermark=noon)
        return self

    def users(self, *newest_first: float, account: str = "a1", product: str | None = None) -> World:
        for back, value in enumerate(newest_first, start=1):
            self.use("active_users", month(back, self.as_of), value, account, product)
        return self

    def use(
        self, metric: str, on: date, value: float, account: str = "a1", product: str | None = None
    ) -> None:
        self.add(
            "usage",
            account_id=account,
            product=product,
            metric=metric,
            on_date=on,
            grain="month",
            value=value,
        )

    def tickets(self, count: int, *, days_ago: int = 5, account: str = "a1", **values: Any) -> World:
        opened = datetime.combine(self.as_of - timedelta(days=days_ago), datetime.min.time())
        for _ in range(count):
            base = {"priority": "Medium", "status": "Closed", "opened_at": opened, "closed_at": opened}
            self.add("ticket", account_id=account, **(base | values))
        return self

    def answer(
        self, score: float, *, days_ago: int = 20, low: float = 0, high: float = 10, **values: Any
    ) -> World:
        on = self.as_of - timedelta(days=days_ago)
        base = {"account_id": "a1", "kind": "NPS", "score": score, "scale_min": low, "scale_max": high}
        base |= {"score_10": (score - low) / (high - low) * 10, "answered_on": on}
        self.add("survey_response", **(base | values))
        return self

    def connection(self) -> Connection:
        con = connect("500MB", threads=1)
        for entity in (*ENTITIES.values(), LINK, FEED):
            _table(con, entity, self.rows.get(entity.name, []))
        return con

    def score(self, *layers: Path, con: Connection | None = None) -> Scores:
        con = con or self.connection()
        run(con, self.as_of, definitions(*layers))
        return Scores(con, self.as_of)


def _table(con: Connection, entity: Entity, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(f'"{c.name}" {c.type}' for c in entity.columns)
    con.execute(f'CREATE TABLE "{entity.name}" ({columns})')
    if rows:
        names = [c.name for c in entity.columns]
        con.register("given", pa.table({name: [row.get(name) for row in rows] for name in names}))
        con.execute(f'INSERT INTO "{entity.name}" SELECT * FROM given')
        con.unregister("given")


@dataclass(frozen=True)
class Scores:
    """The answers, as plain rows."""

    con: Connection
    as_of: date

    def snapshot(
        self,
        entity_id: str = "r1",
        *,
        scorecard: str | None = None,
        on: date | None = None,
        entity: str = "relationship",
    ) -> dict[str, Any]:
        """The row of a scorecard, or of the one in force."""
        found = self.all(
            "SELECT * FROM snapshot WHERE entity = ? AND entity_id = ? AND on_date = ? "
            "AND (scorecard = ? OR (? IS NULL AND main))",
            [entity, entity_id, on or self.as_of, scorecard, scorecard],
        )
        assert len(found) == 1, found
        return found[0]

    def measures(self, scorecard: str = "standard", relationship: str = "r1") -> dict[str, dict[str, Any]]:
        rows = self.all(
            "SELECT * FROM measure_score WHERE scorecard = ? AND relationship_id = ? AND on_date = ?",
            [scorecard, relationship, self.as_of],
        )
        return {row["measure"]: row for row in rows}

    def metric(self, name: str, relationship: str = "r1", on: date | None = None) -> float | None:
        rows = self.all(
            "SELECT value FROM metric_value WHERE metric = ? AND relationship_id = ? AND on_date = ?",
            [name, relationship, on or self.as_of],
        )
        return rows[0]["value"]

    def all(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        cursor = self.con.execute(query, values or [])
        names = [d[0] for d in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

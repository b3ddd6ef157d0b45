"""Entities as they are before relationships are made, for tests of relationships: no identity, no files."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb

from cs_connector.model import ENTITIES, LINK, RELATIONSHIP, TEXT, WHOLE
from cs_connector.unify import owners, population, relationships
from cs_connector.unify.population import Customers
from cs_connector.unify.relations.rulebook import Rulebook

TODAY = date(2026, 11, 25)
ORIGIN = ("connection", "rank", "object", "record_id", "adds_ref")
COLUMNS: dict[str, dict[str, str]] = {
    "linked": {c.name: c.type for c in LINK.columns} | {"account_id": TEXT},
    "connection_crm": dict.fromkeys(("connection", "crm"), TEXT),
    "reference": dict.fromkeys(("entity", "ref", "entity_id"), TEXT),
    "quarantine": dict.fromkeys(("connection", "object", "record_id", "code", "reason"), TEXT),
    "said": dict.fromkeys(ORIGIN, TEXT) | {"rank": WHOLE} | {c.name: c.type for c in RELATIONSHIP.columns},
}
for entity in ENTITIES.values():
    COLUMNS[entity.name] = {c.name: c.type for c in entity.columns}
    COLUMNS[f"stage_{entity.name}"] = (
        dict.fromkeys(ORIGIN, TEXT) | {"rank": WHOLE} | {c.name: c.type for c in entity.staged}
    )
SCHEMA = "; ".join(
    f'CREATE TABLE "{table}"({", ".join(f"{chr(34)}{n}{chr(34)} {t}" for n, t in columns.items())})'
    for table, columns in COLUMNS.items()
)
SCHEMA += "; CREATE VIEW link AS SELECT * EXCLUDE (account_id) FROM linked"
Rows = list[tuple[Any, ...]]


class Kin:
    """Records of one CRM, `sf`: each is an entity, and its key is its id there; `said` are records of relationships."""

    def __init__(self, book: dict[str, Any] | None = None) -> None:
        self.con = duckdb.connect(config={"threads": 1})
        self.book = Rulebook.model_validate(book or {})
        self.con.execute(SCHEMA)

    def add(self, entity: str, key: str, /, **values: Any) -> Kin:
        """A record; attributes that only the record says (evidence) stay with the record."""
        model = ENTITIES[entity]
        own = {n: v for n, v in values.items() if model.column(n)}
        table = "said" if entity == "relationship" else entity
        here = {"connection": "sf", "rank": 0, "object": entity, "record_id": key}
        self._insert(table, {model.key: key, **own} if table == entity else here | own)
        self._insert(f"stage_{entity}", here | values)
        if entity != "relationship":
            account = {"account_id": own.get("account_id")}
            self._insert(
                "linked", {"entity_id": key, "entity": entity, **here, "method": "itself", **account}
            )
            self._insert("reference", {"entity": entity, "ref": f"sf|{entity}|{key}", "entity_id": key})
        return self

    def account(self, key: str, **values: Any) -> Kin:
        return self.add("account", key, **{"name": key.upper(), "ultimate_parent_id": key, **values})

    def sold(self, key: str, account: str | None, product: str | None = "P", **values: Any) -> Kin:
        """A subscription that lives since the begin of the year."""
        base = {"status": "Active", "start_on": date(2026, 1, 1), "arr": 10}
        return self.add("subscription", key, account_id=account, product=product, **{**base, **values})

    def derive(self, today: date = TODAY) -> Kin:
        relationships.derive(self.con, self.book, today)
        return self

    def owned(self, fallback: str | None = None) -> Kin:
        population.count(self.con, Customers(version=1), TODAY)
        owners.assign(self.con, self.book, fallback)
        return self

    def rows(self, sql: str) -> Rows:
        return self.con.execute(sql).fetchall()

    def _insert(self, table: str, values: dict[str, Any]) -> None:
        kept = {n: v for n, v in values.items() if n in COLUMNS[table]}
        names = ", ".join(f'"{n}"' for n in kept)
        self.con.execute(
            f'INSERT INTO "{table}"({names}) VALUES ({", ".join("?" * len(kept))})', [*kept.values()]
        )

"""A small seeded company: a few thousand rows with what engines disagree about, in Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cs_connector.model import ATTACHMENT as ATTACHED
from cs_connector.model import ENTITIES, FEED, LINK, MONEY, Entity

AS_OF = date(2026, 10, 31)
ACCOUNTS, QUIET = 60, 6  # the last ones have no rows at all
SIZES = {
    "person": 150, "relationship": 90, "subscription": 90, "ticket": 900, "survey_response": 500, "usage": 2500,
    "invoice": 400, "opportunity": 150, "activity": 600, "lifecycle_event": 200, "goal": 120, "role": 120, "task": 120,
    "document": 90,
}  # fmt: skip
ARROW = {
    "VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(), MONEY: pa.decimal128(18, 2),
    "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us"), "INTEGER": pa.int32(),
}  # fmt: skip
# what steps ask for, and letters and blanks that engines read differently
WORDS: dict[str, tuple[str | None, ...]] = {
    "segment": ("Enterprise", "Mid", "Small", "One", None), "customer_status": ("Customer", "Customer", "Trial"),
    "product": ("Core", "Plus", None), "currency": ("EUR", "USD"), "status": ("open", "On Track", "Met", "At risk", None),
    "priority": ("P1", "urgent", "High", "low", None), "kind": ("nps", "NPS", "csat", "Straße", " call ", None),
    "grain": ("month", "day"), "csm_judgement": ("Good", "concerned", "AT RISK", None), "name": ("Ärzte", "zebra", "Zoo", ""),
    "activity.kind": ("email", "call", "mailing sent", "mailing opened"), "ticket.kind": ("how-to", "bug", None),
    "survey_response.kind": ("nps", "NPS", "csat", "app_review", "Social_Review", None), "document.kind": ("success plan", "contract"),
    "lifecycle_event.kind": ("onboarding", "Kick-off", "first value", "Go-live", "executive business review", "Straße"),
    "industry": ("Öl", "oil", "ÖL", "x\\y", "it's", "100%"), "stage": ("Won", "lost", None), "type": ("Standard", None),
}  # fmt: skip
MONTHLY = ("active_users", "key_features_used", "budget_spent", "budget_planned")
DAILY = ("active", "key_actions", "key_actions_goal", "people_invited")
NUMBERS = {
    "score": (0, 10),
    "score_10": (0, 10),
    "scale_max": (10, 10),
    "scale_min": (0, 0),
    "seats": (0, 40),
}
TURNS = (
    datetime(2026, 3, 29, 0, 30),
    datetime(2026, 10, 25, 0, 30),
    datetime(2026, 3, 8, 6, 30),
    datetime(2026, 9, 30, 22, 30),
)


def write(folder: Path) -> dict[str, Path]:
    """A file an entity, and `link` and `feed`."""
    tables = {entity.name: list(_rows(entity)) for entity in ENTITIES.values()}
    tables["link"] = [
        {
            "entity_id": f"account-{i:03}",
            "entity": "account",
            "connection": "crm" if i % 4 else "other",
            "record_id": str(i),
        }
        for i in range(ACCOUNTS)
    ]
    tables["feed"] = [
        {
            "entity": name,
            "connection": "crm",
            "complete": name != "goal",
            "watermark": datetime(2026, 10, 31, 12),
        }
        for name in SIZES
    ]
    tables["attachment"] = [
        {
            "entity": "ticket",
            "entity_id": f"ticket-{i:03}",
            "relationship_id": f"relationship-{i % 90:03}",
            "rule": "x",
        }
        for i in range(0, 900, 9)
    ]
    known = {**ENTITIES, "link": LINK, "feed": FEED, "attachment": ATTACHED}
    return {name: _written(folder, known[name], rows) for name, rows in tables.items()}


def _written(folder: Path, entity: Entity, rows: list[dict[str, Any]]) -> Path:
    schema = pa.schema([(c.name, ARROW[c.type]) for c in entity.columns])
    path = folder / f"{entity.name}.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema), path)
    return path


def _rows(entity: Entity) -> Iterator[dict[str, Any]]:
    """The same for the same entity, whatever others there are."""
    random = Random(entity.name)
    for number in range(ACCOUNTS if entity.name in ("account", "user") else SIZES.get(entity.name, 50)):
        row = {c.name: _value(random, entity.name, c.name, c.type) for c in entity.columns}
        row[entity.key] = f"{entity.name}-{number:03}"
        yield {**row, **_fixed(random, entity.name, number)}


def _fixed(random: Random, entity: str, number: int) -> Mapping[str, Any]:
    if entity == "account":
        group = f"account-{number - number % 3:03}"
        return {
            "ultimate_parent_id": group,
            "parent_id": None if number % 3 == 0 else group,
            "depth": int(number % 3 > 0),
        }
    if entity == "relationship":
        return {"account_id": f"account-{number % ACCOUNTS:03}", "scorecard": None, "key": str(number)}
    return _usage(random, number) if entity == "usage" else {}


def _usage(random: Random, number: int) -> Mapping[str, Any]:
    """Users of twenty months, other numbers of months, and days of trials."""
    monthly = number < 2000
    metrics = MONTHLY if number >= 1000 else MONTHLY[:1]
    row = {"account_id": f"account-{number % 50:03}", "product": None, "grain": "month" if monthly else "day"}
    if not monthly:
        day = AS_OF - timedelta(days=random.randrange(70))
        return {**row, "metric": random.choice(DAILY), "on_date": day, "value": float(random.randrange(9))}
    month = date(2026, 10, 1)
    for _ in range(number // 50 % 20):
        month = (month - timedelta(days=1)).replace(day=1)
    return {**row, "metric": random.choice(metrics), "on_date": month}


def _value(random: Random, entity: str, column: str, type_: str) -> Any:
    if column == "account_id":
        return f"account-{random.randrange(ACCOUNTS - QUIET):03}"
    if column == "custom" or random.random() < 0.06:
        return None
    if column.endswith("_id"):
        of = column.removesuffix("_id").removesuffix("_user").removesuffix("_account")
        kind = {"csm": "user", "owner": "user", "person": "person", "relationship": "relationship"}.get(
            of, "account"
        )
        return f"{kind}-{random.randrange(SIZES.get(kind, ACCOUNTS)):03}"
    return _of_type(random, entity, column, type_)


def _of_type(random: Random, entity: str, column: str, type_: str) -> Any:
    if type_ == "VARCHAR":
        return random.choice(WORDS.get(f"{entity}.{column}") or WORDS.get(column, ("a", "b", "C")))
    if type_ == "BOOLEAN":
        return random.random() < 0.5
    if type_ == "DATE":
        return _day(random, column)
    if type_ == "TIMESTAMP":
        turn = random.choice(TURNS) + timedelta(minutes=30 * random.randrange(5))
        other = datetime(2026, 11, 5) - timedelta(
            minutes=random.randrange(400 * 1440), microseconds=random.randrange(10)
        )
        return turn if random.random() < 0.2 else other
    low, high = NUMBERS.get(column, (-5, 90))
    if type_ == "BIGINT":
        return random.randint(low, high)
    if type_ == MONEY:
        return Decimal(random.choice((0, 1, 12345, 99999, 250000, random.randrange(10**7)))) / 100
    return random.choice((low, high, random.randint(low, high), round(random.uniform(low, high), 3)))


def _day(random: Random, column: str) -> date:
    """Month ends and leap days among them; renewals lie ahead."""
    if random.random() < 0.25:
        return random.choice(
            (date(2024, 2, 29), date(2026, 2, 28), date(2026, 8, 31), date(2026, 9, 30), AS_OF)
        )
    ahead = random.randrange(-60, 400) if column in ("renewal_on", "end_on") else -random.randrange(-10, 420)
    return AS_OF + timedelta(days=ahead)

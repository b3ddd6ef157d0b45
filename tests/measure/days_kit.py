"""A company to which anything happens between two nights, and its metrics measured anew and over the days that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from cs_connector.language.apply import day_of
from cs_connector.language.executor import Connection, connect, sql
from cs_connector.measure import evaluate
from cs_connector.measure.again import Round
from cs_connector.measure.days import Days
from cs_connector.measure.metrics import Metrics
from cs_connector.model import (
    ATTACHMENT,
    DATE,
    ENTITIES,
    FEED,
    FLAG,
    LINK,
    MONEY,
    NUMBER,
    TIME,
    WHOLE,
    Column,
)
from cs_connector.store import monthly
from cs_connector.store.store import Store
from tests.measure.kit import fill

ACCOUNTS = ("a", "b", "c")
EDGES = (0, 0, 1, 2, 7, 10, 29, 30, 31, 32, 60, 89, 90, 91, 120, 121, 179, 180, 364, 365, 400, -1, -3, -30)
WORDS = {
    "account_id": ACCOUNTS,
    "person_id": ("p0", "p1", "p2", None),
    "product": ("P", "Q", None),
    "kind": (
        "nps",
        "csat",
        "app_review",
        "email",
        "mailing sent",
        "mailing opened",
        "how-to",
        "success plan",
        "Onboarding",
    ),
    "priority": ("P1", "high", "low", None),
    "metric": ("active_users", "key_features_used", "active", "budget_spent", "budget_planned"),
    "grain": ("month", "month", "day"),
    "status": ("On track", "Met", "At risk", None),
    "currency": ("EUR", "USD", None),
    "type": ("Trial", "Subscription", None),
}
ROWS = (
    "ticket",
    "survey_response",
    "invoice",
    "activity",
    "goal",
    "usage",
    "document",
    "lifecycle_event",
    "subscription",
)


@dataclass
class Town:
    """Rows of every entity by their keys."""

    draw: Random
    today: date = date(2026, 5, 12)
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    attached: set[tuple[str, str, str]] = field(default_factory=set)
    fed: dict[tuple[str, str], tuple[bool, date]] = field(default_factory=dict)
    linked: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        for name in ACCOUNTS:
            self.put("account", name, customer_status="Customer", currency="EUR", arr=1000)
        for name, account, product in (
            ("r1", "a", "P"),
            ("r2", "a", "Q"),
            ("r3", "b", None),
            ("r4", "c", "P"),
        ):
            self.put("relationship", name, account_id=account, product=product, seats=10, features_bought=4)
        for key in ("p0", "p1", "p2"):
            self.put("person", key)
        for connection in ("desk", "crm"):
            self.fed["ticket", connection] = self.fed["invoice", connection] = (True, self.today)
            self.linked |= {(name, connection) for name in ACCOUNTS}
        for name in ROWS:
            for number in range(12):
                self.put(name, f"{name}{number}")

    def put(self, entity: str, key: str, **given: Any) -> None:
        columns = ENTITIES[entity].columns
        drawn = (
            {c.name: self._value(c) for c in columns[1:]} if entity not in ("account", "relationship") else {}
        )
        self.rows.setdefault(entity, {})[key] = {columns[0].name: key, **drawn, **given}

    def _value(self, column: Column) -> Any:
        draw = self.draw
        if column.name in WORDS:
            return draw.choice(WORDS[column.name])
        day = self.today - timedelta(days=draw.choice(EDGES))
        if column.name == "on_date" and draw.random() < 0.7:
            day = day.replace(day=1)
        made = {
            DATE: day, TIME: datetime(day.year, day.month, day.day, draw.choice([0, 9, 23])), FLAG: draw.random() < 0.7,
            NUMBER: draw.choice([0.0, 1.0, 5.0, 9.0, 10.0]), WHOLE: draw.choice([0, 3, 10]), MONEY: draw.choice([0, 50, 900]),
        }  # fmt: skip
        return made[column.type] if column.type in made and draw.random() < 0.85 else None

    def night(self) -> None:
        """Anything that can happen until the next run."""
        draw = self.draw
        self.today += timedelta(days=draw.choice([0, 1, 1, 1, 2, 9, 19, 31, -1]))
        self.fed = {key: (whole, self.today) for key, (whole, _) in self.fed.items()}
        for _ in range(draw.randrange(1, 6)):
            draw.choice(
                [self._row, self._row, self._row, self._row, self._person, self._relationship, self._source]
            )()

    def _row(self) -> None:
        name = self.draw.choice(ROWS)
        key = f"{name}{self.draw.randrange(20)}"
        if self.draw.random() < 0.2:
            self.rows[name].pop(key, None)
        else:
            self.put(name, key)
        if self.draw.random() < 0.4:
            self.attached ^= {(name, key, self.draw.choice(["r1", "r3"]))}

    def _person(self) -> None:
        self.put("person", self.draw.choice(["p0", "p1", "p2", "p3"]))

    def _relationship(self) -> None:
        draw, key = self.draw, self.draw.choice(["r1", "r2", "r3", "r4", "r5"])
        self.rows["relationship"].pop(draw.choice(["r4", "r5"]), None)
        started = self.today - timedelta(days=draw.choice([-40, 10, 50, 200]))
        self.put(
            "relationship", key, account_id=draw.choice(ACCOUNTS), product=draw.choice(["P", "Q", None]), start_on=started,
            status=draw.choice(["Active", "Ended", None]), seats=draw.choice([None, 10]), renewal_on=self.today + timedelta(days=40),
        )  # fmt: skip
        self.put(
            "account",
            draw.choice(ACCOUNTS),
            customer_status=draw.choice(["Customer", "Former"]),
            arr=500,
            currency="USD",
        )

    def _source(self) -> None:
        self.fed[self.draw.choice(sorted(self.fed))] = (self.draw.random() < 0.6, self.today)
        self.linked ^= {(self.draw.choice(ACCOUNTS), self.draw.choice(["desk", "crm"]))}

    @contextmanager
    def tables(self) -> Iterator[Connection]:
        with connect("500MB", threads=1) as con:
            for entity in (*ENTITIES.values(), LINK, FEED, ATTACHMENT):
                fill(con, entity, [row for _, row in sorted(self.rows.get(entity.name, {}).items())])
            for each in sorted(self.attached):
                con.execute("INSERT INTO attachment VALUES (?, ?, ?, 'rule')", list(each))
            for (entity_name, connection), (whole, day) in sorted(self.fed.items()):
                con.execute(
                    "INSERT INTO feed (entity, connection, complete, watermark) VALUES (?, ?, ?, ?)",
                    [entity_name, connection, whole, day],
                )
            for account, connection in sorted(self.linked):
                con.execute(
                    "INSERT INTO link (entity_id, entity, connection) VALUES (?, 'account', ?)",
                    [account, connection],
                )
            yield con

    def publish(self, store: Store, con: Connection, least: int) -> None:
        """Unify has run: with a file a month from `least` rows on."""
        paths = {}
        for name in (*ENTITIES, ATTACHMENT.name):
            day = day_of(name) if name in ENTITIES else None
            paths[f"entity/{name}"] = monthly.stage(
                store.facts,
                con,
                f"entity/{name}",
                f'SELECT * FROM "{name}"',
                sql(day.tree) if day else None,
                least,
            )
        store.facts.publish("unify", replace=paths)


Rows = list[tuple[Any, ...]]


def measured(con: Connection, today: date, metrics: Metrics, bucket: int = 2) -> Rows:
    """All metrics at all dates of the grid."""
    evaluate.prepare(con, today, metrics)
    for n, (low, high) in enumerate(evaluate.buckets(con, bucket)):
        evaluate.evaluate(con, metrics, low, high)
        evaluate.keep(con, metrics, n == 0)
    return con.execute("SELECT * FROM metric_wide ORDER BY relationship_id, on_date").fetchall()


@dataclass
class Nights:
    """Run after run over one store."""

    store: Store
    metrics: Metrics
    least: int = 10**6

    def run(self, town: Town) -> tuple[Rows, Rows, Round]:
        """What the metrics come to from all facts, and over what is kept; and which days were kept."""
        with town.tables() as con:
            town.publish(self.store, con, self.least)
            whole = measured(con, town.today, self.metrics)
        with town.tables() as con:
            days = Days(self.store.facts, "run", least=0)
            over = measured(con, town.today, days.under(self.metrics))
            days.keep(con)
        assert days.round is not None
        return whole, over, days.round

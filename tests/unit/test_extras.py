"""What accounts may say besides: how many are red, how the group is, what was said last, and all of it in detail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from cs_connector.act import wanted
from cs_connector.unify.declared.mistakes import WANTED

TODAY = date(2026, 11, 25)


class Book:
    """Accounts with relationships, scored today; `a0` stands above the others."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        self.con.execute(
            "CREATE TABLE account(account_id VARCHAR, parent_id VARCHAR, customer_status VARCHAR, arr DECIMAL(18,2)); "
            "CREATE TABLE relationship(relationship_id VARCHAR, account_id VARCHAR, key VARCHAR, name VARCHAR, status VARCHAR, renewal_on DATE); "
            "CREATE TABLE snapshot(entity VARCHAR, entity_id VARCHAR, main BOOLEAN, on_date DATE, scorecard VARCHAR, score BIGINT, band VARCHAR); "
            "CREATE TABLE metric_value(relationship_id VARCHAR, account_id VARCHAR, metric VARCHAR, on_date DATE, value DOUBLE, known BOOLEAN); "
            "CREATE TABLE contradiction(relationship_id VARCHAR, account_id VARCHAR, on_date DATE, place INTEGER, text VARCHAR); "
            "CREATE TABLE survey_response(survey_response_id VARCHAR, account_id VARCHAR, kind VARCHAR, score_10 DOUBLE, answered_on DATE); "
            "CREATE TABLE measure_score(relationship_id VARCHAR, scorecard VARCHAR, account_id VARCHAR, on_date DATE, group_name VARCHAR, "
            "measure VARCHAR, score DOUBLE, contribution DOUBLE); "
            "CREATE TABLE wanted_call(key VARCHAR, account_id VARCHAR, closing BOOLEAN); "
            "CREATE TABLE wanted_account(account_id VARCHAR, customer_status VARCHAR)"
        )

    def account(
        self,
        name: str,
        band: str | None = "green",
        parent: str | None = None,
        status: str | None = "Customer",
        arr: float = 100,
    ) -> None:
        self.con.execute("INSERT INTO account VALUES (?, ?, ?, ?)", [name, parent, status, arr])
        self.con.execute("INSERT INTO wanted_account VALUES (?, ?)", [name, status])
        if band:
            self._scored("account", name, 1, band)

    def relationship(
        self, name: str, score: int | None, band: str, account: str = "a1", status: str = "Active"
    ) -> None:
        row = [name, account, name, name.title(), status, date(2027, 1, 12)]
        self.con.execute("INSERT INTO relationship VALUES (?, ?, ?, ?, ?, ?)", row)
        self._scored("relationship", name, score, band)

    def _scored(self, entity: str, name: str, score: int | None, band: str) -> None:
        self.con.execute(
            "INSERT INTO snapshot VALUES (?, ?, TRUE, ?, 'standard', ?, ?)",
            [entity, name, TODAY, score, band],
        )

    def put(self, table: str, *rows: tuple[Any, ...]) -> None:
        for row in rows:
            self.con.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", list(row))

    def want(self, column: str) -> dict[str, Any]:
        wanted.extend(self.con, TODAY, [column])
        return dict(
            self.con.execute(f"SELECT account_id, {column} FROM wanted_account ORDER BY 1").fetchall()
        )


@pytest.fixture
def book() -> Iterator[Book]:
    made = Book()
    yield made
    made.con.close()


def test_only_what_is_asked_for_is_made(book: Book) -> None:
    book.account("a1")
    wanted.extend(book.con, TODAY, ["score", "band"])
    assert [row[0] for row in book.con.execute("DESCRIBE wanted_account").fetchall()] == [
        "account_id",
        "customer_status",
    ]
    assert set(wanted.EXTRAS) < WANTED["account"]


def test_red_relationships_are_counted_and_summed_up_worst_first(book: Book) -> None:
    book.account("a1")
    book.account("a2", status="Former customer")
    book.account("a3")
    book.relationship("ledger", 82, "green")
    book.relationship("dispatch", 40, "red")
    book.relationship("signals", None, "unknown")
    book.relationship("old", 10, "red", status="Ended")
    book.relationship("left", 10, "red", account="a2")
    assert book.want("red_relationships") == {"a1": 1, "a2": None, "a3": 0}
    assert book.want("relationship_summary")["a1"] == (
        "Dispatch: red 40, renews 12 Jan 2027\nLedger: green 82, renews 12 Jan 2027\nSignals: unknown, renews 12 Jan 2027"
    )


def test_a_group_is_told_at_each_account_that_has_some_below_it(book: Book) -> None:
    book.account("a0")
    book.account("a1", parent="a0", band="red", arr=18)
    book.account("a2", parent="a1", arr=82)
    book.account("a3", parent="a0", status=None, band=None)
    assert book.want("group_health") == {
        "a0": "1 of 2 accounts red, 18 % of revenue", "a1": "0 of 1 account red", "a2": None, "a3": None,
    }  # fmt: skip


def test_accounts_above_each_other_end_the_walk(book: Book) -> None:
    book.account("a1", parent="a2")
    book.account("a2", parent="a1", band="red")
    assert book.want("group_health")["a1"] == "1 of 1 account red, 100 % of revenue"


def test_of_an_account_the_contradiction_that_comes_first_is_told(book: Book) -> None:
    for name in ("a1", "a2"):
        book.account(name)
    book.put(
        "contradiction",
        ("r1", "a1", TODAY, 2, "Answers no survey, but files tickets regularly"),
        ("r2", "a1", TODAY, 1, "Recommends us, but hardly anyone logs in"),
        ("r3", "a2", date(2026, 10, 31), 0, "Recommends us, but usage halved"),
    )
    assert book.want("contradiction") == {"a1": "Recommends us, but hardly anyone logs in", "a2": None}


def test_the_latest_answer_and_the_open_tasks(book: Book) -> None:
    book.account("a1")
    book.account("a2")
    answers = [
        ("s1", "a1", "nps", 9, date(2026, 1, 1)),
        ("s2", "a1", "NPS", 3, date(2026, 11, 1)),
        ("s3", "a1", "csat", 10, TODAY),
    ]
    book.put("survey_response", *answers)
    book.put("wanted_call", ("k1", "a1", False), ("k2", "a1", None), ("k3", "a1", True))
    assert book.want("latest_nps") == {"a1": 3, "a2": None}
    assert book.want("open_calls") == {"a1": 2, "a2": 0}


def test_every_measure_is_listed_with_its_points(book: Book) -> None:
    book.account("a1")
    book.relationship("dispatch", 40, "red")
    book.put(
        "measure_score",
        ("dispatch", "standard", "a1", TODAY, "Usage", "active_share", 61.4, 9.213),
        ("dispatch", "standard", "a1", TODAY, "Survey", "nps", None, None),
        ("dispatch", "other", "a1", TODAY, "Usage", "active_share", 1, 1),
    )
    assert book.want("details")["a1"].splitlines() == [
        "Dispatch | Survey | nps: unknown", "Dispatch | Usage | active share: 61 of 100, 9.2 points",
    ]  # fmt: skip

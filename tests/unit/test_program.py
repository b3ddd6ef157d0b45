"""Churn, retention, NPS and the rest against a table worked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from cs_connector.health import opinions
from cs_connector.health.books import Book, books
from cs_connector.health.program import MONEY, LeftOut, logos, periods, prepare, retention, revenue
from cs_connector.language.executor import Connection
from tests.unit.health_tables import AS_OF, World

OLD, START, MIDDLE = date(2025, 3, 1), date(2026, 9, 1), date(2026, 10, 15)
GAP = 90
#       account   product  currency  arr      seats  start              end
TERMS = (
    ("stays",   "A", "USD", 100,     10,   START,             None),
    ("stays",   "B", "USD", 40,      4,    MIDDLE,            None),  # a second product: expansion
    ("leaves",  "A", "USD", 50,      5,    START,             MIDDLE),
    ("cut",     "A", "USD", 120_000, 100,  START,             MIDDLE),
    ("cut",     "A", "USD", 70_000,  60,   MIDDLE,            None),  # seats 48,000 and price 2,000
    ("dearer",  "A", "USD", 50_000,  100,  START,             MIDDLE),
    ("dearer",  "A", "USD", 56_000,  100,  MIDDLE,            None),  # price alone
    ("grown",   "A", "USD", 1_000,   10,   START,             MIDDLE),
    ("grown",   "A", "USD", 1_500,   15,   MIDDLE,            None),  # seats alone
    ("moved",   "A", "USD", 66_000,  100,  START,             MIDDLE),
    ("moved",   "A", "EUR", 60_000,  100,  MIDDLE,            None),  # neither less nor more
    ("new",     "A", "USD", 300,     3,    MIDDLE,            None),
    ("back",    "A", "USD", 20_000,  50,   date(2022, 1, 1),  date(2024, 12, 31)),
    ("back",    "A", "USD", 30_000,  100,  MIDDLE,            None),
    ("late",    "A", "USD", 10,      1,    START,             date(2026, 9, 20)),
    ("late",    "A", "USD", 10,      1,    date(2026, 10, 20), None),  # renewed a month late
    ("ending",  "A", "USD", 5,       1,    START,             date(2026, 12, 1)),
)  # fmt: skip
USD = {
    "opening": 237_165, "lost": 50, "contraction": 50_000, "expansion": 6_540, "new": 300, "returned": 30_000,
    "moved_out": 66_000, "moved_in": 0, "closing": 157_955, "contraction_price": 2_000, "contraction_seats": 48_000,
    "expansion_price": 6_000, "expansion_seats": 500,
}  # fmt: skip


def base() -> World:
    world = World()
    for name in dict.fromkeys(term[0] for term in TERMS):
        world.account(name, segment="Small" if name in ("stays", "leaves") else "Large", csm_user_id="u1")
    for account, product, currency, arr, seats, start, end in TERMS:
        term = {
            "product": product,
            "currency": currency,
            "arr": arr,
            "seats": seats,
            "start_on": start,
            "end_on": end,
        }
        world.add(
            "subscription",
            account_id=account,
            type="Subscription",
            status="Ended" if end else "Active",
            **term,
        )
    world.add("subscription", account_id="new", type="Trial", status="Trial", arr=999, start_on=START)
    world.add("subscription", account_id="new", type="trial", status="Active", arr=999, start_on=START)
    world.add(
        "subscription", account_id="stays", product="C", status="Ended", arr=999, start_on=START
    )  # no end is known
    return world


def answer(
    world: World, account: str, person: str, score: float, kind: str = "nps", on: date = MIDDLE
) -> None:
    world.add(
        "survey_response", account_id=account, person_id=person, kind=kind, score_10=score, score=score,
        invited_on=on - timedelta(days=5), answered_on=on,
    )  # fmt: skip


def surveyed(world: World) -> World:
    """Ten people answer: six promoters, one passive, three detractors; one of them had said 10 a week before."""
    for n, score in enumerate((10.0, 9, 9, 10, 9, 9, 8, 6, 3, 0)):
        answer(world, "stays" if n < 6 else "cut", f"p{n}", score)
    answer(world, "cut", "p9", 10, on=MIDDLE - timedelta(days=7))
    for n, score in enumerate((10, 7.5, 5.0, 2.5)):
        answer(world, "dearer", f"q{n}", score, "csat")
    answer(world, "dearer", "q1", 8, "ces")
    answer(world, "dearer", "q2", 5, "ces")
    for _ in range(3):
        world.add("survey_response", account_id="grown", kind="nps", invited_on=MIDDLE)
    answer(world, "nobody", "x", 0)  # no customer
    return world


@pytest.fixture(scope="module")
def con() -> Iterator[Connection]:
    with surveyed(base()).connection() as found:
        assert prepare(found, AS_OF, periods(AS_OF), GAP) == LeftOut(1, 0, 0)
        yield found


def month(
    rows: list[tuple[object, ...]], label: str = "2026-10", span: str = "month"
) -> list[tuple[Any, ...]]:
    return [row[2:] for row in rows if row[:2] == (label, span)]


def test_the_last_full_months() -> None:
    assert periods(AS_OF, 2) == [
        ("2026-10", "month", date(2026, 9, 30), date(2026, 10, 31)),
        ("2026-10", "year", date(2025, 10, 31), date(2026, 10, 31)),
        ("2026-09", "month", date(2026, 8, 31), date(2026, 9, 30)),
        ("2026-09", "year", date(2025, 9, 30), date(2026, 9, 30)),
    ]
    assert periods(date(2026, 10, 31), 1)[0][0] == "2026-10"
    assert periods(date(2028, 3, 30), 1)[1][2:] == (date(2027, 2, 28), date(2028, 2, 29))


def test_logos(con: Connection) -> None:
    """Of eight, one leaves; one is new and one comes back."""
    assert month(logos(con, "all")) == [(None, 8, 1, 1, 1, 9)]
    assert month(logos(con, "segment")) == [("Large", 6, 0, 1, 1, 8), ("Small", 2, 1, 0, 0, 1)]


def test_money(con: Connection) -> None:
    eur, usd = month(revenue(con, "all"))
    assert dict(zip(MONEY, usd[2:], strict=True)) == USD
    moved = {"moved_in": 60_000, "closing": 60_000}
    assert dict(zip(MONEY, eur[2:], strict=True)) == dict.fromkeys(MONEY, 0) | moved


def test_money_adds_up_from_every_side(con: Connection) -> None:
    """What is at first, less and more what moves, is what is at last: in every group, and all groups together."""
    for by in ("all", "segment", "product", "owner"):
        rows = [(row[1], dict(zip(MONEY, row[2:], strict=True))) for row in month(revenue(con, by))]
        for _, m in rows:
            less, more = (
                m["lost"] + m["contraction"] + m["moved_out"],
                m["expansion"] + m["new"] + m["returned"] + m["moved_in"],
            )
            assert m["opening"] - less + more == m["closing"]
        assert {n: sum(m[n] for currency, m in rows if currency == "USD") for n in MONEY} == USD


def test_retention_by_hand() -> None:
    """Without what moved to euros: 171,165 at first, of which 121,115 are kept and 127,655 come to."""
    gross, net = retention(dict(USD))
    assert gross == pytest.approx(121_115 / 171_165, abs=1e-6)
    assert net == pytest.approx(127_655 / 171_165, abs=1e-6)
    assert retention(dict.fromkeys(MONEY, 0.0)) == (None, None)


def test_a_year_is_compared_end_to_end(con: Connection) -> None:
    """Nobody was there in October 2025, so all of the year are new, and the one of 2022 is back."""
    assert month(logos(con, "all"), span="year") == [(None, 0, 0, 8, 1, 9)]


def test_nps_with_its_margin(con: Connection) -> None:
    """Six of ten promote, three detract: 30 points; 1.96 · sqrt((0.9 − 0.09) / 10) = 55.8 points."""
    found = opinions.answers(con, "all")["2026-10", "month", None]
    assert found["nps"] == {"score": 30.0, "margin": pytest.approx(55.78, abs=0.01), "answers": 10}
    assert found["csat"] == {"share": 0.5, "answers": 4}
    assert found["ces"] == {"mean": 6.5, "answers": 2}
    assert opinions.nps(0, 0, 0) == opinions.Nps(None, None, 0)
    assert opinions.nps(5, 0, 5).margin == pytest.approx(45.01, abs=0.01), "five who agree are no certainty"


def test_response_rate_and_advocacy(con: Connection) -> None:
    """17 of 20 invitations are answered. Of two accounts that answer, one has promoters and no detractor."""
    assert opinions.responses(con, "all", AS_OF)["2026-10", "month", None] == {
        "invited": 20,
        "answered": 17,
        "rate": 0.85,
    }
    assert opinions.advocacy(con, "all")["2026-10", "month", None] == {
        "advocates": 1,
        "answered": 2,
        "share": 0.5,
    }
    assert opinions.advocacy(con, "segment")["2026-10", "month", "Small"]["advocates"] == 1


def test_nothing_dated_later_is_seen() -> None:
    """Later terms, ends and answers leave the figures as they were; a return after as_of does not undo a churn."""
    later = AS_OF + timedelta(days=1)
    world = surveyed(base())
    world.add(
        "subscription",
        account_id="leaves",
        product="A",
        currency="USD",
        arr=50,
        seats=5,
        status="Active",
        start_on=later,
    )
    world.add(
        "subscription", account_id="cut", product="B", currency="USD", arr=9, status="Active", start_on=later
    )
    answer(world, "stays", "p0", 0, on=later)
    with surveyed(base()).connection() as then, world.connection() as now:
        for one in (then, now):
            prepare(one, AS_OF, periods(AS_OF), GAP)
        for by in ("all", "segment"):
            assert logos(now, by) == logos(then, by)
            assert revenue(now, by) == revenue(then, by)
            assert opinions.answers(now, by) == opinions.answers(then, by)
            assert opinions.advocacy(now, by) == opinions.advocacy(then, by)
            assert (
                opinions.responses(now, by, AS_OF)["2026-10", "month", None if by == "all" else "Large"][
                    "answered"
                ]
                > 0
            )
        prepare(now, date(2026, 12, 31), periods(date(2026, 12, 31), 3), GAP)
        assert month(logos(now, "all"))[0][2] == 0, "who came back within the gap was never lost"


#           relationship  owner   was  now  facts start             end    override
BOOK = (
    ("better",      "u1", 50, 60, 60, START,            None, None),
    ("worse",       "u1", 80, 60, 70, START,            None, None),  # ten by what it did, ten by what is not known
    ("blind",       "u1", 70, None, None, START,        None, None),
    ("fresh",       "u1", None, 90, None, MIDDLE,       None, None),
    ("acquired",    "u1", 90, 20, 20, START,            None, "leaving_uncontrollable"),
    ("ended",       "u1", None, None, None, START,      MIDDLE, None),
    ("steady",      None, 40, 40, 40, START,            None, None),
)  # fmt: skip


def test_a_book_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two relationships compare: 65 to 60, of which customers did nothing in sum (+10, −10) and coverage −5."""
    first, last = date(2026, 9, 30), date(2026, 10, 31)
    world = World()
    world.add("user", user_id="u1", name="Ann")
    for name, owner, was, now, _, start, end, _ in BOOK:
        status = "Ended" if end else "Active"
        world.add(
            "relationship",
            relationship_id=name,
            owner_user_id=owner,
            status=status,
            start_on=start,
            end_on=end,
        )
        del was, now
    with world.connection() as con:
        con.execute(
            "CREATE TABLE snapshot (entity VARCHAR, entity_id VARCHAR, main BOOLEAN, on_date DATE, score INTEGER, band VARCHAR, override VARCHAR)"
        )
        con.execute("CREATE TABLE moved (relationship_id VARCHAR, was INTEGER, value_score INTEGER)")
        for name, _, was, now, facts, _, end, override in BOOK:
            if end is None:
                band = "red" if now is not None and now < 50 else "green"
                con.execute(
                    "INSERT INTO snapshot VALUES ('relationship', ?, TRUE, ?, ?, ?, ?)",
                    [name, last, now, band, override],
                )
            if was is not None:
                con.execute(
                    "INSERT INTO snapshot VALUES ('relationship', ?, TRUE, ?, ?, 'green', NULL)",
                    [name, first, was],
                )
                con.execute("INSERT INTO moved VALUES (?, ?, ?)", [name, was, facts])
        monkeypatch.setattr("cs_connector.health.moved.publish", lambda *_: None)
        assert books(con, first, last) == [
            Book("Ann", 5, 2, 1, 1, 1, 65.0, 60.0, 0.0, -5.0, 1, 1, 1),
            Book(None, 1, 1, 0, 0, 0, 40.0, 40.0, 0.0, 0.0, 0, 0, 1),
        ]


def _lines(*terms: tuple[str, float, date, date | None]) -> list[tuple[Any, ...]]:
    """What the terms (account, arr, start, end) of one product come to in October 2026: account, kind and what moves."""
    world = World()
    for account in dict.fromkeys(term[0] for term in terms):
        world.account(account)
    for account, arr, start, end in terms:
        status = "Ended" if end and end <= AS_OF else "Active"
        more = {"product": "A", "currency": "USD", "type": "Subscription", "status": status}
        world.add("subscription", account_id=account, arr=arr, start_on=start, end_on=end, **more)
    con = world.connection()
    prepare(con, AS_OF, [p for p in periods(AS_OF, 1) if p[1] == "month"], GAP)
    return con.execute("SELECT account_id, kind, CAST(moves AS DOUBLE) FROM flow ORDER BY 1").fetchall()


def test_a_late_renewal_beside_an_add_on_is_no_contraction() -> None:
    """Of two terms of one product the one that ended goes on with the one that begins after it, whatever began between."""
    ended, renewed, between = date(2026, 10, 20), date(2026, 11, 5), date(2026, 6, 1)
    assert _lines(
        ("base", 1_000, START, ended), ("base", 200, between, None), ("base", 1_000, renewed, None),
        ("dropped", 1_000, START, ended), ("dropped", 200, between, date(2026, 10, 25)), ("dropped", 200, renewed, None),
        ("joined", 1_000, START, ended), ("joined", 500, START, ended), ("joined", 1_500, renewed, None),
    ) == [("base", "same", 0), ("dropped", "contraction", -1_000), ("joined", "same", 0)]  # fmt: skip


def test_subscriptions_that_cannot_be_counted_are_counted_as_that() -> None:
    world = base()
    for given in ({"start_on": START}, {"arr": 5}, {"arr": 5, "type": "Trial"}):
        world.add("subscription", account_id="stays", product="D", status="Active", **given)
    left = prepare(world.connection(), AS_OF, periods(AS_OF, 1), GAP)
    assert left == LeftOut(without_end=1, without_start=1, without_amount=1)

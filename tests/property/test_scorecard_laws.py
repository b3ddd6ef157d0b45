"""Laws of a score over scorecards and data that nobody chose: random weights, curves, caps, and what is known of whom."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, get_args

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector.health import scoring
from cs_connector.health.bands import DEFAULT
from cs_connector.health.rolling import rollup
from cs_connector.health.rolling.rollup import Way
from cs_connector.health.rolling.upward import Accounts, Groups, RollUp, Small, Take, Taking
from cs_connector.health.scorecard import Cap, Card, Measure, Override, Scorecard
from cs_connector.health.words import Template
from cs_connector.language.executor import Connection, connect
from cs_connector.language.expression import parse_condition
from tests.unit.health_tables import AS_OF

from .test_health_laws import BETTER, curves

pytestmark = [pytest.mark.slow]

NAMES = ("usage", "trend", "tickets", "nps", "invoices", "goals")
SEGMENTS = (None, "Enterprise")
BEFORE = date(2026, 9, 30)
LAWS = settings(max_examples=5, deadline=None)
TEXT = Template("", (), frozenset())
Row = dict[str, Any]


@st.composite
def cards(draw: st.DrawFn) -> Card:
    """One to six measures, some optional, some with a curve for a segment; up to three caps on facts beside them."""
    chosen = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    weight = st.one_of(st.just(0.0), st.floats(0.01, 50))
    weights = draw(st.lists(weight, min_size=len(chosen), max_size=len(chosen)).filter(max))
    measures = tuple(
        Measure(measure=name, group="Usage", metric=name, weight=weight, curve=draw(curves()), optional=draw(st.booleans()),
                by_segment={"Enterprise": draw(curves())} if draw(st.booleans()) else {}, phrase="")
        for name, weight in zip(chosen, weights, strict=True)
    )  # fmt: skip
    rule = Scorecard(title="Any", minimum_coverage=draw(st.floats(0, 1)), measures=measures)
    caps = sorted(draw(st.lists(st.integers(0, 100), max_size=3, unique=True)))
    return Card("any", rule, tuple(_cap(n, cap) for n, cap in enumerate(caps)), {}, {})


def _cap(number: int, cap: int) -> Cap:
    name = f"fact{number}"
    when = parse_condition(f"{name} = 1", {name: "number"})
    rule = Override(when=when.text, cap=cap, driver="Usage", reason="", fix="")
    return Cap(name, rule, when, TEXT, frozenset({name}))


@dataclass(frozen=True)
class Customer:
    """`known` and `carried` are values by metric; `facts` are those that caps look at."""

    segment: str | None
    known: dict[str, float]
    carried: dict[str, float]
    facts: tuple[int, int, int]

    def row(self, number: int) -> Row:
        found: Row = {
            "r": number,
            "today": AS_OF,
            "relationship_id": f"r{number}",
            "account_id": "a",
            "arr": 1.0,
        }
        found["account_segment"] = self.segment
        for name in NAMES:
            known = self.known.get(name)
            found |= {f"m_{name}": known, f"k_{name}": self.carried.get(name) if known is None else known}
            found[f"d_{name}"] = BEFORE if known is None and name in self.carried else None
        for number, fact in enumerate(self.facts):
            found |= {f"m_fact{number}": float(fact), f"k_fact{number}": float(fact), f"d_fact{number}": None}
        return found


def customers(seed: int, count: int = 25) -> list[Customer]:
    pick = random.Random(seed)
    return [_customer(pick) for _ in range(count)]


def _customer(pick: random.Random) -> Customer:
    states = {name: pick.choice(("known", "known", "carried", "unknown")) for name in NAMES}
    values = {name: float(pick.randint(-5, 15)) for name in NAMES}
    known, carried = ({n: values[n] for n in NAMES if states[n] == state} for state in ("known", "carried"))
    one, two, three = (pick.choice((0, 0, 1)) for _ in range(3))
    return Customer(pick.choice(SEGMENTS), known, carried, (one, two, three))


@pytest.fixture(scope="module")
def con() -> Connection:
    return connect("500MB", threads=1)


def scored(con: Connection, card: Card, found: list[Customer]) -> list[Row]:
    """What a run makes of them, in their order; beside the snapshot the score and weight of each measure that counts."""
    rows = [one.row(number) for number, one in enumerate(found)]
    shape = {name: pa.float64() for name in rows[0] if name[:2] in ("m_", "k_")}
    shape |= {name: pa.date32() for name in rows[0] if name[:2] == "d_"}
    kinds = {"r": pa.int32(), "today": pa.date32(), "arr": pa.float64()}
    schema = pa.schema([(name, shape.get(name) or kinds.get(name) or pa.string()) for name in rows[0]])
    con.register("given_rows", pa.Table.from_pylist(rows, schema))
    con.execute("CREATE OR REPLACE TEMP TABLE ready AS SELECT * FROM given_rows")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE chosen AS SELECT r, 'any' AS scorecard, TRUE AS main FROM ready"
    )
    scoring.begin(con, [card])
    scoring.score(con, card)
    listed = ", ".join(f'j."s_{m.measure}"' for m in card.rule.measures)
    cursor = con.execute(
        f"""SELECT s.*, j.weight AS total, [{listed}] AS scores FROM snapshot_raw AS s
        JOIN {scoring.table(card)} AS j ON j.relationship_id = s.entity_id ORDER BY j.r"""
    )
    names = [d[0] for d in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@LAWS
@given(cards(), st.integers(0, 10_000), st.floats(0.01, 1000))
def test_bounded_capped_and_the_sum_of_its_parts(
    con: Connection, card: Card, seed: int, factor: float
) -> None:
    """No weights lift a score above a cap that holds: neither these, nor the same multiplied."""
    found = customers(seed)
    times = [m.model_copy(update={"weight": m.weight * factor}) for m in card.rule.measures]
    heavier = replace(card, rule=card.rule.model_copy(update={"measures": tuple(times)}))
    for row, same, one in zip(scored(con, card, found), scored(con, heavier, found), found, strict=True):
        holding = [cap.rule.cap for number, cap in enumerate(card.caps) if one.facts[number]]
        assert row["cap"] == min(holding, default=None)
        assert row["score"] is None or 0 <= row["score"] <= min(holding, default=100)
        assert 0 <= row["coverage"] <= 1 + 1e-9
        assert row["low"] is None or 0 <= row["low"] <= row["high"] + 1e-9 <= 100 + 2e-9
        assert (row["score"] is None) == (row["uncapped"] is None)
        assert row["uncapped"] is None or same["uncapped"] == pytest.approx(row["uncapped"], abs=1e-6)
        if row["uncapped"] is not None:
            parts = [
                m.weight / row["total"] * score
                for m, score in zip(card.rule.measures, row["scores"], strict=True)
                if score is not None
            ]
            assert math.fsum(parts) == pytest.approx(row["uncapped"], abs=1e-9)


@LAWS
@given(cards(), st.integers(0, 10_000))
def test_monotone_in_each_measure(con: Connection, card: Card, seed: int) -> None:
    """One known value of each customer gets better by its curve, and nothing else changes."""
    pick, found, better = random.Random(seed), customers(seed), []
    for one in found:
        measures = [m for m in card.rule.measures if m.metric in one.known]
        value = dict(one.known)
        if measures:
            m = pick.choice(measures)
            step = pick.choice((0.5, 1, 4))
            value[m.metric] += -step if m.curve_for(one.segment).falling else step
        better.append(replace(one, known=value))
    for before, after in zip(scored(con, card, found), scored(con, card, better), strict=True):
        for name in ("uncapped", "score", "known_score", "low", "high"):
            assert before[name] is None or after[name] >= before[name] - 1e-7, name


@LAWS
@given(cards(), st.integers(0, 10_000))
def test_silence_never_improves(con: Connection, card: Card, seed: int) -> None:
    """Any of what is known is lost and carried, any that is carried stays; also what was never set was never lost."""
    pick, found, silent = random.Random(seed), customers(seed), []
    for one in found:
        lost = {name for name in one.known if pick.random() < 0.5}
        known = {name: value for name, value in one.known.items() if name not in lost}
        silent.append(
            replace(one, known=known, carried=one.carried | {name: one.known[name] for name in lost})
        )
    for before, after in zip(scored(con, card, found), scored(con, card, silent), strict=True):
        assert after["score"] is None or before["score"] is None or after["score"] <= before["score"]
        assert after["low"] is None or after["low"] <= before["low"] + 1e-7
        assert after["coverage"] <= before["coverage"] + 1e-9
        assert BETTER[after["band"]] <= BETTER[before["band"]]


@LAWS
@given(cards(), st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_order_does_not_show_and_the_same_again_is_the_same(
    con: Connection, card: Card, seed: int, order: random.Random
) -> None:
    found = customers(seed)
    first = scored(con, card, found)
    assert scored(con, card, found) == first
    measures, places = list(card.rule.measures), list(range(len(found)))
    order.shuffle(measures)
    order.shuffle(places)
    turned = replace(card, rule=card.rule.model_copy(update={"measures": tuple(measures)}))
    again = scored(con, turned, [found[place] for place in places])
    for place, row in zip(places, again, strict=True):
        for name in ("score", "band", "known_score", "known_band", "cap", "override", "published"):
            assert row[name] == first[place][name], name
        assert row["uncapped"] == pytest.approx(first[place]["uncapped"], abs=1e-9)


PARTS = "entity, entity_id, account_id, scorecard, main, on_date, score, band, uncapped, coverage, low, high, published, known_score, known_band, cap, standing, arr"


TAKES: tuple[Take, ...] = get_args(Take)
Child = tuple[str, str, int | None, float, int | None]


def ways(pick: random.Random) -> Way:
    """What is taken of all types, of one by itself, and of accounts."""
    named = Taking(take=pick.choice(TAKES))
    small = Small(below=0.1, floor=74) if pick.random() < 0.5 else None
    take: Take = "worst" if small else pick.choice(TAKES)
    accounts = Accounts(take=take, small=small, types={"odd": named} if pick.random() < 0.5 else {})
    return Way(RollUp(accounts=accounts, groups=Groups(take=pick.choice(TAKES))))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_a_better_child_never_lowers_its_parent(seed: int) -> None:
    """Relationships of four accounts of one group; one gets better or loses its cap, and no account and no group gets worse."""
    pick = random.Random(seed)
    way = ways(pick)
    rows: list[Child] = [
        (
            f"a{n % 4}",
            f"r{n}",
            pick.choice((None, *range(0, 101, 7))),
            pick.choice((0, 10, 1000)),
            pick.choice((None, None, 40, 60)),
        )
        for n in range(10)
    ]
    rows = [(a, name, _capped(score, cap), arr, cap) for a, name, score, arr, cap in rows]
    chosen = pick.choice([n for n, row in enumerate(rows) if row[2] is not None] or [0])
    account, name, score, arr, cap = rows[chosen]
    freed = pick.choice((cap, None))
    more = None if score is None else min(100, score + pick.choice((1, 10, 60)))
    better = [*rows]
    better[chosen] = (account, name, _capped(more, freed), arr, freed)
    first, second = rolled(rows, way), rolled(better, way)
    for key, before in first.items():
        assert before is None or second[key] >= before, key


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_a_fatal_child_pulls_its_parent_down_to_it_and_without_one_the_weight_counts(seed: int) -> None:
    """Fatal is who stands where a red cap holds it."""
    pick = random.Random(seed)
    fatal, weighted = (
        Way(RollUp(accounts=Accounts(take=take), groups=Groups(take="mean")))
        for take in ("any_fatal", "weighted")
    )
    caps = (None, 40, 60) if seed % 2 else (None, 60)
    children = [
        (f"a{n % 4}", pick.randrange(101), pick.choice((1, 10, 1000)), pick.choice(caps)) for n in range(10)
    ]
    rows: list[Child] = [
        (a, f"r{n}", _capped(score, cap), arr, cap) for n, (a, score, arr, cap) in enumerate(children)
    ]
    by_fatal, by_weight = rolled(rows, fatal), rolled(rows, weighted)
    for key, score in by_weight.items():
        held = [row[2] for row in rows if row[0] == key[1] and row[4] == 40 and row[2] is not None]
        if key[0] == "account":
            assert by_fatal[key] == min([score, *held]), (key, held)


def _capped(score: int | None, cap: int | None) -> int | None:
    return score if score is None or cap is None else min(score, cap)


def rolled(rows: list[Child], way: Way) -> dict[tuple[str, str], Any]:
    with connect("200MB", threads=1) as con:
        con.execute(
            "CREATE TABLE account AS SELECT 'a' || n AS account_id, 'a0' AS ultimate_parent_id, 'USD' AS currency, NULL AS kind FROM range(4) AS t(n)"
        )
        columns = ", ".join(f"{name} {kind}" for name, kind in scoring.SNAPSHOT.items())
        con.execute(f"CREATE TEMP TABLE snapshot_raw ({columns})")
        con.execute(
            "CREATE TABLE relationship AS SELECT 'r' || n AS relationship_id, CASE WHEN n % 3 = 0 THEN 'odd' END AS type FROM range(10) AS t(n)"
        )
        con.register(
            "given_rows",
            pa.Table.from_pylist(
                [dict(zip(("account", "name", "score", "arr", "cap"), row, strict=True)) for row in rows]
            ),
        )
        con.execute(
            f"""INSERT INTO snapshot_raw ({PARTS}) SELECT 'relationship', name, account, 'any', TRUE, DATE '{AS_OF}', score, {DEFAULT.sql("score")},
            score, 1, coalesce(score, 0), coalesce(score, 100), 'known', score, {DEFAULT.sql("score")}, cap, score, arr FROM given_rows"""
        )
        rollup.roll_up(con, way)
        found = con.execute(
            "SELECT entity, entity_id, score FROM snapshot_raw WHERE entity <> 'relationship'"
        ).fetchall()
    return {(entity, name): score for entity, name, score in found}

"""Laws of why a score moved: over any two scorecards and any two readings."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cs_connector.health import moved
from cs_connector.health.basis import Basis, Capping, Judged
from cs_connector.health.changes import FACTS, Line, Mark, Reading, decompose, shift
from cs_connector.health.curves import Curve
from cs_connector.health.why_changed import End, why_changed
from cs_connector.health.words import half_up
from tests.unit.health_tables import AS_OF, definitions

from .test_health_laws import company

MEASURES, OVERRIDES = ("usage", "trend", "tickets", "nps", "invoices"), ("notice", "dark", "survey")
CURVES = (Curve(half_life=6), Curve(line=((0, 0), (10, 100))), Curve(steps=((0, 20), (5, 80))))
SINCE = date(2026, 9, 30)
MANY = settings(max_examples=40, deadline=None)


@st.composite
def bases(draw: st.DrawFn) -> Basis:
    judged = st.builds(
        Judged,
        metric=st.just("m"),
        measured=st.sampled_from("ab"),
        weight=st.sampled_from([0.0, 1.0, 5.0, 10.0, 12.5]),
        curve=st.sampled_from(CURVES),
        by_segment=st.sampled_from([{}, {"Enterprise": CURVES[0]}]),
    )
    capping = st.builds(
        Capping, when=st.just("w"), measured=st.sampled_from("ab"), cap=st.sampled_from([10, 40, 74])
    )
    return Basis(
        measures=draw(st.dictionaries(st.sampled_from(MEASURES), judged, min_size=1)),
        overrides=draw(st.dictionaries(st.sampled_from(OVERRIDES), capping)),
    )


@st.composite
def readings(draw: st.DrawFn, basis: Basis) -> Reading:
    """A reading by a scorecard: each measure known, carried or unknown; any of its caps, or none."""
    segment = draw(st.sampled_from([None, "Enterprise"]))
    marks = {}
    for name, rule in basis.measures.items():
        value, state = (
            draw(st.integers(0, 12)),
            draw(st.sampled_from(["known", "known", "carried", "unknown"])),
        )
        score = None if state == "unknown" else rule.curve_for(segment).score(value)
        since = SINCE if state == "carried" else None
        marks[name] = Mark(None if state == "unknown" else value, score, state == "known", since)
    override = draw(st.sampled_from([None, *sorted(basis.overrides)]))
    cap = None if override is None else basis.overrides[override].cap
    unsure = frozenset(draw(st.sets(st.sampled_from(OVERRIDES))))
    return Reading(basis, marks, cap, override, unsure, segment)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Reading, Reading]:
    first = draw(bases())
    second = first if draw(st.booleans()) else draw(bases())
    return draw(readings(first)), draw(readings(second))


def total(lines: list[Line], *kinds: str) -> float:
    return math.fsum(line.points for line in lines if not kinds or line.kind in kinds)


@MANY
@given(pairs())
def test_the_parts_sum_to_the_difference(pair: tuple[Reading, Reading]) -> None:
    before, after = pair
    assume(before.exact is not None and after.exact is not None)
    assert before.exact is not None
    assert after.exact is not None
    assert total(decompose(before, after)) == pytest.approx(after.exact - before.exact, abs=1e-9)


@MANY
@given(pairs())
def test_the_order_of_measures_does_not_show(pair: tuple[Reading, Reading]) -> None:
    before, after = pair
    assume(before.exact is not None and after.exact is not None)
    turned = (
        replace(one, basis=one.basis.model_copy(update={"measures": dict(reversed(one.basis.measures.items()))}),
                marks=dict(reversed(one.marks.items())))
        for one in pair
    )  # fmt: skip
    assert decompose(*turned) == decompose(before, after)


@MANY
@given(st.data())
def test_where_only_coverage_changed_the_customer_did_nothing(data: st.DataObject) -> None:
    """Feeds come and go: what is known twice has the same value; what is carried may have any."""
    before = data.draw(readings(data.draw(bases())))
    marks = {}
    for name, mark in before.marks.items():
        state = data.draw(st.sampled_from(["same", "known", "carried", "unknown"]))
        value = mark.value if mark.known and state == "known" else data.draw(st.integers(0, 12))
        score = before.basis.measures[name].curve_for(before.segment).score(value or 0)
        marks[name] = {"same": mark, "known": Mark(value, score, known=True), "unknown": Mark(None, None, known=False),
                       "carried": Mark(value, score, known=False, since=SINCE)}[state]  # fmt: skip
    after = replace(before, marks=marks)
    assume(before.exact is not None and after.exact is not None)
    assert {line.kind for line in decompose(before, after)} <= {"coverage"}


@MANY
@given(st.data())
def test_where_only_the_configuration_changed_the_customer_did_nothing(data: st.DataObject) -> None:
    """The same values by another scorecard, in which the same measures are known."""
    before = data.draw(readings(data.draw(bases())))
    basis = data.draw(bases())
    override = data.draw(st.sampled_from([None, *sorted(basis.overrides)]))
    changed = override is None or basis.overrides.get(override) != before.basis.overrides.get(override)
    gone = before.override is None or before.basis.overrides[before.override] != basis.overrides.get(
        before.override
    )
    assume(changed and gone)
    marks = {}
    for name, rule in basis.measures.items():
        mark = before.marks.get(name) or Mark(5, 0.0, known=True)
        score = None if mark.score is None else rule.curve_for(before.segment).score(mark.value or 0)
        marks[name] = replace(mark, score=score)
    cap = None if override is None else basis.overrides[override].cap
    after = replace(before, basis=basis, marks=marks, override=override, cap=cap)
    assume(before.exact is not None and after.exact is not None)
    assert total(decompose(before, after), *FACTS) == pytest.approx(0, abs=1e-9)


@MANY
@given(st.data())
def test_what_the_customer_did_is_what_the_first_scorecard_makes_of_it(data: st.DataObject) -> None:
    """With everything known at both dates, value and cap are the whole difference, whatever is configured later."""
    first, second = data.draw(bases()), data.draw(bases())
    values = {name: (data.draw(st.integers(0, 12)), data.draw(st.integers(0, 12))) for name in MEASURES}

    def reading(basis: Basis, at: int) -> Reading:
        judged = basis.measures.items()
        scores = {n: Mark(values[n][at], rule.curve.score(values[n][at]), known=True) for n, rule in judged}
        return Reading(basis, scores)

    second = second.model_copy(
        update={"measures": {n: r.model_copy(update={"measured": first.measures[n].measured}) if n in first.measures else r
                             for n, r in second.measures.items()} | {n: r for n, r in first.measures.items() if n not in second.measures}}
    )  # fmt: skip
    before, then, after = reading(first, 0), reading(first, 1), reading(second, 1)
    assume(before.exact is not None and after.exact is not None and then.exact is not None)
    assert before.exact is not None
    assert then.exact is not None
    assert total(decompose(before, after), *FACTS) == pytest.approx(then.exact - before.exact, abs=1e-9)


@MANY
@given(
    *[
        st.dictionaries(
            st.sampled_from(MEASURES), st.tuples(st.floats(0.01, 100), st.floats(0, 100)), min_size=1
        )
    ]
    * 2
)
def test_a_mean_that_shifts_is_shared_out_exactly(
    before: dict[str, tuple[float, float]], after: dict[str, tuple[float, float]]
) -> None:
    means = [
        math.fsum(w * s for w, s in m.values()) / math.fsum(w for w, _ in m.values()) for m in (before, after)
    ]
    assert math.fsum(shift(before, after).values()) == pytest.approx(means[1] - means[0], abs=1e-9)


def capped(override: str | None, *unsure: str, cap: int | None = None) -> Reading:
    """One measure at 90, under a cap."""
    caps = {"notice": 10, "dark": 40, "survey": 74}
    rules = {
        n: Capping(when="w", measured="a", cap=cap if cap and n == override else c) for n, c in caps.items()
    }
    rule = Judged(metric="m", measured="a", weight=1, curve=CURVES[1], by_segment={})
    holds = rules[override].cap if override else None
    mark = {"usage": Mark(9, 90.0, known=True)}
    return Reading(Basis(measures={"usage": rule}, overrides=rules), mark, holds, override, frozenset(unsure))


@pytest.mark.parametrize(
    ("before", "after", "kind", "points"),
    [
        (capped(None), capped("dark"), "cap", -50),
        (capped("dark"), capped(None), "cap", 50),
        (capped("dark"), capped(None, "dark"), "coverage", 50),  # its evidence is not known any more
        (capped(None), capped("dark", "dark"), "coverage", -50),  # and here only carried
        (capped("dark"), capped("notice", "dark"), "cap", -30),  # a fact, whatever the other one stands on
        (capped("notice"), capped("dark", "notice"), "coverage", 30),
        (capped("dark"), capped("dark", cap=60), "configuration", 20),
    ],
)
def test_a_cap_belongs_to_what_changed_it(before: Reading, after: Reading, kind: str, points: float) -> None:
    found = decompose(before, after)
    assert {line.kind for line in found} == {kind}
    assert total(found) == pytest.approx(points)


def test_leaving_out_what_is_as_good_as_the_rest_costs_nothing() -> None:
    before = {"a": (1.0, 60.0), "b": (1.0, 80.0), "c": (3.0, 70.0)}
    assert shift(before, {"a": before["a"], "b": before["b"]})["c"] == pytest.approx(0)
    assert shift(before, {"a": before["a"], "c": before["c"]}) == pytest.approx({"a": 0, "b": -2.5, "c": 0})


@pytest.mark.slow
def test_what_rules_see_of_everybody_is_what_is_told_of_one() -> None:
    """`moved` in SQL, for all at once, and the value and cap part of each one's tree."""
    day, before = AS_OF, date(2026, 10, 31)
    world = company(11, 60)
    world.rows["feed"][0]["watermark"] = datetime(2026, 11, 2)  # tickets are carried
    con = world.connection()
    con.execute(
        "CREATE TABLE metric_before AS SELECT relationship_id, account_id, 'support_requests' AS metric, "
        "DATE '2026-11-10' AS on_date, 9.0::DOUBLE AS value FROM relationship"
    )
    scores = world.score(con=con)
    moved.publish(scores.con, day, before)
    seen = {row["relationship_id"]: row for row in scores.all("SELECT * FROM moved")}
    ends, compared = (End(before), End(day)), 0
    for relationship, row in seen.items():
        found = why_changed(scores.con, definitions(), relationship, ends, "restated")
        if found["facts"] is None:
            assert row["value_score"] is None or row["was"] is None
            continue
        exact = scores.snapshot(relationship, on=before)
        start = min(exact["uncapped"], 100 if exact["cap"] is None else exact["cap"])
        assert row["value_score"] == half_up(start + found["facts"])
        compared += found["facts"] != 0
    assert compared > 20

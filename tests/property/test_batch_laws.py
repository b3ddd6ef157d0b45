"""What holds of batches, whatever is in them and whoever refuses them."""

from __future__ import annotations

from collections import Counter
from math import ceil
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.soaking.moody import judge, ways
from cs_connector.errors import AuthFailed, NotPermitted, QuotaExhausted, Unavailable
from cs_connector.ports import Action, Change, Verdict
from cs_connector.transport.batches import Course, Item, Part, Receipts, Refused, all_of, settled, waves

pytestmark = [pytest.mark.slow]

ACTIONS = st.sampled_from([Action.UPDATE, Action.DELETE])


@st.composite
def plans(draw: st.DrawFn) -> list[Change]:
    """Few records, so that they come more than once."""
    rows = draw(st.lists(st.tuples(st.sampled_from("ab"), ACTIONS, st.integers(0, 9)), max_size=40))
    return [
        Change("c", name, action, f"k{n}", {}, record_id=f"r{r}") for n, (name, action, r) in enumerate(rows)
    ]


@settings(deadline=None)
@given(plans(), st.integers(1, 5))
def test_waves_hold_every_change_once_and_no_record_twice(changes: list[Change], most: int) -> None:
    found = list(waves(changes, most))
    items = [item for wave in found for part in wave for item in part]
    assert sorted(item.place for item in items) == list(range(len(changes)))
    for wave in found:
        records = Counter((i.change.object, i.change.record_id) for part in wave for i in part)
        assert set(records.values()) <= {1}
        assert all(len(part) <= most and len({i.change.action for i in part}) == 1 for part in wave)
    for record in {(c.object, c.record_id) for c in changes}:
        places = [i.place for i in items if (i.change.object, i.change.record_id) == record]
        assert places == sorted(places), "what comes later in a plan is sent later"


@settings(deadline=None)
@given(st.integers(1, 500))
def test_different_records_need_no_more_batches_than_must_be(count: int) -> None:
    changes = [Change("c", "a", Action.UPDATE, f"k{n}", {}, record_id=f"r{n}") for n in range(count)]
    assert sum(len(wave) for wave in waves(changes, 100)) == ceil(count / 100)


class Strict:
    """Takes a batch whole or not at all."""

    def __init__(self, bad: set[int], reason: str = "") -> None:
        self.bad, self.reason = bad, reason
        self.calls, self.done = 0, list[int]()

    def __call__(self, part: Part) -> Receipts | Refused:
        self.calls += 1
        wrong = [item.place for item in part if item.place in self.bad]
        if wrong:
            why = self.reason or f"change {wrong[0]} is wrong"
            return Refused(Verdict.REJECTED, "WRONG", why, why)
        self.done += [item.place for item in part]
        return all_of(part, Verdict.UPDATED, "", "")


def part_of(count: int, **fields: str) -> Part:
    return [
        Item(n, Change("c", "a", Action.UPDATE, f"k{n}", fields, record_id=f"r{n}")) for n in range(count)
    ]


@settings(deadline=None)
@given(st.integers(1, 100), st.data())
def test_bad_changes_of_a_refused_batch_stop_no_good_one(count: int, data: st.DataObject) -> None:
    crm = Strict(data.draw(st.sets(st.integers(0, count - 1))))
    receipts = settled(part_of(count), crm)
    assert sorted(receipts) == list(range(count))
    assert {n for n, r in receipts.items() if r.verdict is Verdict.REJECTED} == crm.bad
    assert sorted(crm.done) == sorted(set(range(count)) - crm.bad), "each good one is done, once"


@pytest.mark.parametrize("bad", [0, 41, 99])
def test_one_bad_change_of_a_hundred_costs_a_logarithm(bad: int) -> None:
    crm = Strict({bad})
    settled(part_of(100), crm)
    assert crm.calls <= 1 + 2 * 7


def test_a_fault_of_every_change_is_not_asked_for_once_a_change() -> None:
    crm = Strict(set(range(100)), "the object has no such key")
    receipts = settled(part_of(100), crm)
    assert {r.message for r in receipts.values()} == {"the object has no such key"}
    assert crm.calls <= 25


def test_a_property_that_does_not_exist_is_refused_at_once_for_all_that_have_it() -> None:
    calls: list[int] = []

    def send(part: Part) -> Receipts | Refused:
        calls.append(len(part))
        if any("gone" in item.change.fields for item in part):
            return Refused(Verdict.REJECTED, "PROPERTY_DOESNT_EXIST", "no gone", fields=frozenset({"gone"}))
        return all_of(part, Verdict.UPDATED, "", "")

    part = [*part_of(60, gone="x"), *[Item(60 + i.place, i.change) for i in part_of(40, here="y")]]
    receipts = settled(part, send)
    assert calls == [100, 40]
    assert Counter(r.verdict for r in receipts.values()) == {Verdict.REJECTED: 60, Verdict.UPDATED: 40}


@settings(deadline=None)
@given(st.integers(1, 100), st.integers(1, 40), st.sampled_from([Unavailable, QuotaExhausted]), st.booleans())
def test_whoever_stops_answering_in_the_middle_leaves_nothing_unsaid(
    count: int, stops: int, kind: type[Unavailable | QuotaExhausted], unsent: bool
) -> None:
    crm = Strict({0, count - 1})

    def send(part: Part) -> Receipts | Refused:
        if crm.calls == stops:
            error = kind("gone")
            error.unsent = unsent
            raise error
        return crm(part)

    receipts = settled(part_of(count), send)
    assert sorted(receipts) == list(range(count))
    said = {n for n, r in receipts.items() if r.verdict is Verdict.UPDATED}
    assert said == set(crm.done)
    unknown = sum(r.verdict is Verdict.UNKNOWN for r in receipts.values())
    assert not (unsent and unknown), "where nothing was done, nothing is unknown"


def raising(*errors: Exception | None) -> Course:
    left = list(errors)

    def send(part: Part) -> Receipts | Refused:
        error = left.pop(0) if left else None
        if error:
            raise error
        return all_of(part, Verdict.UPDATED, "", "")

    return Course(send)


def went(course: Course, parts: int) -> list[Verdict]:
    for n in range(parts):
        course.go([Item(n, Change("c", "a", Action.UPDATE, f"k{n}", {}, record_id=f"r{n}"))])
    return [course.receipts[n].verdict for n in range(parts)]


def unsent(error: AuthFailed | QuotaExhausted) -> AuthFailed | QuotaExhausted:
    error.unsent = True
    return error


def test_after_two_batches_without_an_answer_the_others_are_kept() -> None:
    course = raising(Unavailable("gone"), None, Unavailable("gone"), Unavailable("gone"))
    lost, done, kept = Verdict.UNKNOWN, Verdict.UPDATED, Verdict.LATER
    assert went(course, 6) == [lost, done, lost, lost, kept, kept]


def test_a_login_that_ends_in_the_middle_keeps_the_rest_for_later() -> None:
    course = raising(None, unsent(AuthFailed("ended")))
    assert went(course, 3) == [Verdict.UPDATED, Verdict.LATER, Verdict.LATER]


def test_a_spent_day_is_an_error_while_nothing_was_sent_and_a_doubt_is_not() -> None:
    with pytest.raises(QuotaExhausted):
        went(raising(unsent(QuotaExhausted("spent"))), 1)
    assert went(raising(QuotaExhausted("spent, after a try that was lost")), 1) == [Verdict.UNKNOWN]


def test_an_object_that_may_not_be_written_is_not_tried_again() -> None:
    error = NotPermitted("no", why="no scope")
    error.unsent = True
    course = raising(error)
    assert went(course, 3) == [Verdict.REJECTED] * 3
    assert {r.message for r in course.receipts.values()} == {"no scope"}


@pytest.mark.parametrize("way", [ways.of_hubspot, ways.of_zendesk])
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_verdicts_are_as_many_as_changes_and_true_whatever_a_crm_answers(way, seed: int) -> None:
    assert not way(Random(seed))


def test_whoever_takes_success_for_all_done_is_caught() -> None:
    (begin,) = ways.NAIVE.values()
    with begin(None) as attempt:
        assert any(attempt(seed).problem for seed in range(20))


def test_the_judge_wants_every_receipt_in_its_place() -> None:
    def fewer(adapter, changes):
        return adapter.write(changes)[:-1]

    assert "receipts" in ways.of_hubspot(Random(3), fewer)
    assert judge.DONE

"""The conformance suite: what the engine relies on, whatever the system behind an adapter.

Subclass a contract in a test module and give two pytest fixtures, `adapter` and `sample`:

    class TestMine(AdapterContract):
        @pytest.fixture
        def adapter(self): ...

        @pytest.fixture
        def sample(self, adapter): return Sample("Account", ("Name",), change=..., delete=..., ...)

An adapter that only reads takes ReadContract, one without unique keys WriteContract, others AdapterContract.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import msgspec

from cs_connector.errors import AdapterError, ConfigError, NotPermitted, Rejected, UsageError
from cs_connector.ports import Action, Adapter, Change, Page, RawRecord, Read, Receipt, Verdict

NOWHERE = "No_Such_Object_Anywhere__c"
REFUSALS = (ConfigError, UsageError, NotPermitted, Rejected)
TAKEN = (Verdict.CREATED, Verdict.UPDATED)


def nothing() -> None:
    """For systems in which a change can be read at once."""


def no_change(key: str) -> Change:
    """For adapters that only read: a change that they refuse."""
    return Change("test", "anything", Action.UPDATE, key, {"name": "x"}, record_id="1")


@dataclass(frozen=True, slots=True)
class Sample:
    """An object to try an adapter with; it should hold records for several pages, at least three records.

    `change` and `delete` do so to one record, as another client would, and return its id. `settle` lets as
    much time pass as the system needs to show a change. `good` and `bad` make a change by key: an upsert
    (or update) that the system takes, and one that it refuses. `held` counts the records with a key. `remove` makes a
    change that deletes a record. Inside `losing` the system does what it is told and its answers are lost, inside `busy`
    it turns everything away for the moment. `secrets` are texts that nothing may show.
    """

    object: str
    fields: tuple[str, ...]
    change: Callable[[], str]
    delete: Callable[[], str]
    settle: Callable[[], None] = nothing
    good: Callable[[str], Change] = no_change
    bad: Callable[[str], Change] = no_change
    held: Callable[[str], int] | None = None
    remove: Callable[[str], Change] | None = None
    losing: Callable[[], AbstractContextManager[Any]] | None = None
    busy: Callable[[], AbstractContextManager[Any]] | None = None
    secrets: tuple[str, ...] = ()
    settings: Any = None


def pages(adapter: Adapter, sample: Sample, cursor: str | None = None) -> list[Page]:
    return list(adapter.read(Read(sample.object, sample.fields, cursor)))


def records(read: Sequence[Page]) -> dict[str, RawRecord]:
    """The last version of each record in some pages."""
    return {r.id: r for page in read for r in page.records}


def content(read: Sequence[Page]) -> dict[str, object]:
    return {key: (r.deleted, msgspec.json.decode(r.payload)) for key, r in records(read).items()}


def tried(adapter: Adapter, change: Change) -> Receipt | None:
    """The receipt of a change that goes wrong; None where the adapter raised that nothing was done."""
    try:
        (receipt,) = adapter.write([change])
    except AdapterError:
        return None
    return receipt


class ReadContract:
    """Who it is, what it has, and readings that can be stopped anywhere."""

    def test_it_says_who_it_is_and_stays_the_same(self, adapter: Adapter) -> None:
        first = adapter.check()
        assert first.crm == adapter.crm, "check() names another system than the adapter"
        assert first.org_id, "check() gives no org_id: a project could not hold on to it"
        assert adapter.check().org_id == first.org_id, "check() gives another org_id the second time"

    def test_it_describes_what_is_there_and_only_that(self, adapter: Adapter, sample: Sample) -> None:
        found = adapter.describe([sample.object, NOWHERE])
        assert [info.name for info in found] == [sample.object], "describe() lists what was asked and exists"
        known = {f.name for f in found[0].fields}
        missing = [f for f in sample.fields if f not in known]
        assert not missing, f"describe() does not know {missing}"

    def test_two_full_readings_are_equal(self, adapter: Adapter, sample: Sample) -> None:
        first, second = pages(adapter, sample), pages(adapter, sample)
        assert len(records(first)) >= 3, "the sample should have at least three records"
        assert content(first) == content(second), "the same system was read differently the second time"

    def test_only_the_last_page_is_done_and_says_how_far(self, adapter: Adapter, sample: Sample) -> None:
        read = pages(adapter, sample)
        assert [p.done for p in read] == [False] * (len(read) - 1) + [True], "only the last page is done"
        assert read[-1].complete_to is not None, "the last page says up to when changes have been seen"
        assert read[-1].complete_to.tzinfo is not None, "complete_to carries its time zone"
        assert all(p.cursor for p in read), "every page has a cursor to go on from"

    def test_a_reading_goes_on_from_any_page(self, adapter: Adapter, sample: Sample) -> None:
        whole = pages(adapter, sample)
        everything, seen = set(records(whole)), set[str]()
        for page in whole[:-1]:
            seen |= {r.id for r in page.records}
            rest = set(records(pages(adapter, sample, page.cursor)))
            assert seen | rest >= everything, f"lost after a stop: {sorted(everything - seen - rest)[:5]}"
            assert len(seen & rest) <= len(page.records), "more than the last page is read again"

    def test_the_next_reading_sees_a_change_and_a_deletion(self, adapter: Adapter, sample: Sample) -> None:
        before = pages(adapter, sample)
        sample.settle()
        changed, deleted = sample.change(), sample.delete()
        sample.settle()
        after = records(pages(adapter, sample, before[-1].cursor))
        assert changed in after, "a change was missed"
        assert not after[changed].deleted, "a changed record is not a deleted one"
        if adapter.capabilities.deletes:
            assert deleted in after, "a deletion was missed"
            assert after[deleted].deleted, "a deleted record must say so"
        else:
            assert not any(r.deleted for r in after.values()), "it declares that it sees no deletions"

    def test_an_object_that_is_not_there_is_named(self, adapter: Adapter) -> None:
        try:
            list(adapter.read(Read(NOWHERE, ("Name",))))
        except REFUSALS as error:
            assert NOWHERE in f"{error.what} {error.why}", "the error does not name the object"  # noqa: PT017
            return
        raise AssertionError("reading an object that is not there must raise ConfigError or NotPermitted")

    def test_no_secret_shows(self, adapter: Adapter, sample: Sample) -> None:
        adapter.check()
        shown = f"{adapter!r} {adapter} {vars(adapter)} {sample.settings!r} {sample.settings}"
        assert not [n for n, s in enumerate(sample.secrets) if s and s in shown], "a secret shows in repr()"

    def test_it_counts_its_calls(self, adapter: Adapter, sample: Sample) -> None:
        before = adapter.usage().used
        pages(adapter, sample)
        assert adapter.usage().used >= before >= 0, "calls only grow"

    def test_every_change_gets_an_answer_whatever_the_adapter_can_do(
        self, adapter: Adapter, sample: Sample
    ) -> None:
        assert list(adapter.write([])) == [], "no change, no receipt"
        if not adapter.capabilities.writes:
            receipts = adapter.write([sample.good("k1"), sample.good("k2")])
            said = [(r.key, r.verdict) for r in receipts]
            assert said == [("k1", Verdict.REJECTED), ("k2", Verdict.REJECTED)], "it only reads: refuse each"
        else:
            assert isinstance(self, WriteContract), "it writes: take WriteContract or AdapterContract"


class WriteContract(ReadContract):
    """One receipt a change, in order; a bad one stops no other."""

    def test_one_receipt_a_change_in_order_and_a_bad_one_stops_no_other(
        self, adapter: Adapter, sample: Sample
    ) -> None:
        changes = [sample.good("k1"), sample.bad("k2"), sample.good("k3")]
        receipts = adapter.write(changes)
        assert [r.key for r in receipts] == ["k1", "k2", "k3"], "one receipt a change, in their order"
        verdicts = [r.verdict for r in receipts]
        assert verdicts[0] in TAKEN, f"a good change was not taken: {receipts[0]}"
        assert verdicts[2] in TAKEN, f"a good change was stopped by a bad one: {receipts[2]}"
        assert verdicts[1] is Verdict.REJECTED, "a bad change must be REJECTED"
        assert receipts[1].code or receipts[1].message, "a refusal says why"

    def test_a_change_made_twice_is_taken_twice(self, adapter: Adapter, sample: Sample) -> None:
        adapter.write([sample.good("k1")])
        (again,) = adapter.write([sample.good("k1")])
        assert again.verdict is Verdict.UPDATED, "the same change again is an update"

    def test_what_was_written_is_read_back(self, adapter: Adapter, sample: Sample) -> None:
        before = pages(adapter, sample)
        sample.settle()
        change = sample.good("k1")
        (receipt,) = adapter.write([change])
        sample.settle()
        if change.object == sample.object:
            after = records(pages(adapter, sample, before[-1].cursor))
            assert receipt.record_id in after, "what we wrote did not come back"

    def test_one_record_twice_in_a_plan_is_answered_twice(self, adapter: Adapter, sample: Sample) -> None:
        receipts = adapter.write([sample.good("k1"), sample.good("k1")])
        assert [r.verdict in TAKEN for r in receipts] == [True, True], f"one of two got lost: {receipts}"

    def test_the_calls_that_it_foretells_are_those_that_it_makes(
        self, adapter: Adapter, sample: Sample
    ) -> None:
        adapter.write([sample.good("k1")])  # a login, and what is looked up once
        changes = [sample.good("k1"), sample.good("k2")]
        before = adapter.usage().used
        foretold = adapter.cost(changes)
        assert adapter.usage().used == before, "cost() sends nothing"
        adapter.write(changes)
        assert adapter.usage().used - before == foretold, "cost() is what write() takes when all goes well"
        assert adapter.cost([]) == 0, "nothing costs nothing"

    def test_what_was_never_sent_is_not_called_done(self, adapter: Adapter, sample: Sample) -> None:
        assert list(adapter.resume([])) == []
        receipts = adapter.resume([sample.good("k1"), sample.good("k2")])
        assert [r.key for r in receipts] == ["k1", "k2"], "one receipt a change, in their order"
        done = [r for r in receipts if r.verdict not in (Verdict.LATER, Verdict.UNKNOWN)]
        assert not done, f"nothing was sent, and yet it says {done}"

    def test_a_lost_answer_is_unknown_and_the_truth_is_found_by_looking(
        self, adapter: Adapter, sample: Sample
    ) -> None:
        if not sample.losing:
            return
        adapter.check()
        with sample.losing():
            receipt = tried(adapter, sample.good("k1"))
        assert receipt, "it was done: an error would say that it was not"
        assert receipt.verdict is Verdict.UNKNOWN, f"nobody answered, and yet it says {receipt}"
        (seen,) = adapter.resume([sample.good("k1")])
        done = (*TAKEN, Verdict.LATER) if sample.good("k1").associate else TAKEN  # its links may be missing
        assert seen.verdict in done, f"it was done, and resume() says {seen}"
        assert seen.record_id, "resume() names the record"
        (again,) = adapter.write([sample.good("k1")])
        assert (again.verdict, again.record_id) == (Verdict.UPDATED, seen.record_id)
        if sample.held:
            assert sample.held("k1") == 1, "the record exists more than once"

    def test_what_is_turned_away_is_for_later_and_can_be_sent_again(
        self, adapter: Adapter, sample: Sample
    ) -> None:
        if not sample.busy:
            return
        adapter.check()
        with sample.busy():
            receipt = tried(adapter, sample.good("k1"))
        assert receipt is None or receipt.verdict is Verdict.LATER, f"it was turned away, and got {receipt}"
        (seen,) = adapter.resume([sample.good("k1")])
        assert seen.verdict is Verdict.LATER, f"it was not done, and resume() says {seen}"
        (taken,) = adapter.write([sample.good("k1")])
        assert taken.verdict in TAKEN, f"it may be sent again, and got {taken}"

    def test_a_deleted_record_is_gone_and_stays_so(self, adapter: Adapter, sample: Sample) -> None:
        if not sample.remove:
            return
        (made,) = adapter.write([sample.good("k1")])
        assert made.record_id, "a record that was written has an id"
        change = sample.remove(made.record_id)
        (before,) = adapter.resume([change])
        (gone,) = adapter.write([change])
        (after,) = adapter.resume([change])
        (again,) = adapter.write([change])
        assert before.verdict in (Verdict.LATER, Verdict.UNKNOWN), "it is still there"
        assert (gone.key, gone.verdict) == (change.key, Verdict.DELETED)
        assert after.verdict in (Verdict.DELETED, Verdict.UNKNOWN), "it is gone"
        assert again.verdict in (Verdict.DELETED, Verdict.REJECTED), "twice gone is gone"

    def test_a_change_of_a_record_that_is_gone_makes_none(self, adapter: Adapter, sample: Sample) -> None:
        if not sample.remove:
            return
        (made,) = adapter.write([sample.good("k1")])
        assert made.record_id, "a record that was written has an id"
        adapter.write([sample.remove(made.record_id)])
        asked = sample.good("k1")
        change = Change(
            asked.connection, asked.object, Action.UPDATE, asked.key, asked.fields, None, made.record_id
        )
        (late,) = adapter.write([change])
        (seen,) = adapter.resume([change])
        assert late.verdict is Verdict.GONE, f"its record is not there any more, and it got {late}"
        assert seen.verdict in (Verdict.GONE, Verdict.UNKNOWN), f"it is not there, and resume() says {seen}"


class AdapterContract(WriteContract):
    """Unique keys: found again, and never created twice."""

    def test_an_upsert_twice_creates_once(self, adapter: Adapter, sample: Sample) -> None:
        assert sample.good("k1").object in adapter.capabilities.upsert, (
            "good() is no object with a unique key"
        )
        (first,), (second,) = adapter.write([sample.good("k1")]), adapter.write([sample.good("k1")])
        assert (first.verdict, second.verdict) == (Verdict.CREATED, Verdict.UPDATED)
        assert first.record_id, "a created record has an id"
        assert first.record_id == second.record_id, "the second upsert met another record"
        if sample.held:
            assert sample.held("k1") == 1, "the record exists more than once"

    def test_a_record_is_found_by_its_key(self, adapter: Adapter, sample: Sample) -> None:
        change = sample.good("k1")
        assert change.key_field, "an upsert names its key field"
        (receipt,) = adapter.write([change])
        found = adapter.find(change.object, change.key_field, ["k1", "unknown"])
        assert dict(found) == {"k1": receipt.record_id}, (
            "find() gives the ids of keys that exist, and no other"
        )

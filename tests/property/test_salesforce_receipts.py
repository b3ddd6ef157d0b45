"""Whatever Salesforce answers, each change has one receipt, and the receipt says what became of the record."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cs_connector.adapters.salesforce.errors import Fault, Refused
from cs_connector.adapters.salesforce.writing import Writer
from cs_connector.adapters.salesforce.writing.results import cells
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector.errors import Unavailable
from cs_connector.ports import Action, Change, Surroundings, Verdict

DONE = {
    "upsert": {Verdict.CREATED, Verdict.UPDATED},
    "update": {Verdict.UPDATED},
    "delete": {Verdict.DELETED},
}
DONE["insert"] = {Verdict.CREATED}
ACTIONS = {
    "upsert": Action.UPSERT, "update": Action.UPDATE, "delete": Action.DELETE, "insert": Action.CREATE,
}  # fmt: skip
CODES = (
    "STRING_TOO_LONG",
    "UNABLE_TO_LOCK_ROW",
    "SERVER_UNAVAILABLE",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    "NEW",
)
FATES = ("done", *CODES)


class Still:
    """A clock that waits for nothing."""

    def __init__(self) -> None:
        self.time = datetime(2026, 6, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Kept(dict):
    """Notes in memory."""

    def keep(self, name: str, value: str) -> None:
        self[name] = value

    def read(self, name: str) -> str | None:
        return self.get(name)

    def names(self) -> list[str]:
        return sorted(self)

    def drop(self, name: str) -> None:
        self.pop(name, None)


@dataclass
class Answer:
    content: bytes
    status_code: int = 200


@dataclass
class World:
    """What becomes of each record (by its number), and how answers arrive."""

    fates: list[str]
    order: list[int]
    lose: set[int] = field(default_factory=set)  # calls whose answer is lost, after the work was done
    cut: int | None = None  # bytes of a result file that arrive
    poison: set[int] = field(default_factory=set)  # records that fail their whole call
    fail: str = ""  # with what the job fails, after `worked` records
    worked: int = 0
    locked: int = 9  # so many tries meet the lock
    bare: bool = False  # whether nothing but keys is sent
    lower: bool = False  # whether only the other spelling of a result file is known


class Salesforce:
    """Stands in for the session: collection calls and ingest jobs, without a network."""

    def __init__(self, world: World, operation: str) -> None:
        self.world, self.operation = world, operation
        self.written: set[int] = set()
        self.calls: list[str] = []
        self.tries: Counter[int] = Counter()
        self.head: list[str] = []
        self.rows: list[list[str]] = []
        self.good: list[list[str]] = []
        self.bad: list[list[str]] = []
        self.left: list[list[str]] = []

    def safe(self) -> Any:
        return nullcontext()

    def post(self, url: str, **more: Any) -> Answer:
        return self._answer("POST", url, more)

    def patch(self, url: str, **more: Any) -> Answer:
        return self._answer("PATCH", url, more)

    def put(self, url: str, **more: Any) -> Answer:
        return self._answer("PUT", url, more)

    def get(self, url: str, **more: Any) -> Answer:
        return self._answer("GET", url, more)

    def delete(self, url: str, **more: Any) -> Answer:
        return self._answer("DELETE", url, more)

    def _answer(self, method: str, url: str, more: dict[str, Any]) -> Answer:
        self.calls.append(f"{method} {url}")
        number = len(self.calls) - 1
        answer = self._job(method, url, more) if "/jobs/ingest" in url else self._collection(url, more)
        if number in self.world.lose:
            raise Unavailable("the answer was lost")
        return answer

    def _collection(self, url: str, more: dict[str, Any]) -> Answer:
        if "data" in more:
            numbers = [_number(row) for row in json.loads(more["data"])["records"]]
        else:
            numbers = [int(part[3:15]) for part in url.partition("ids=")[2].partition("&")[0].split(",")]
        if self.world.poison.intersection(numbers):
            raise Refused("no", Fault("it cannot be read", "JSON_PARSER_ERROR"))
        return Answer(json.dumps([self._one(n) for n in numbers]).encode())

    def _one(self, number: int) -> dict[str, Any]:
        fate = self.world.fates[number]
        self.tries[number] += 1
        freed = fate == "UNABLE_TO_LOCK_ROW" and self.tries[number] > self.world.locked
        if fate == "done" or freed:
            self.written.add(number)
            return {"id": record_id(number), "success": True, "errors": []} | self._new(number)
        return {"success": False, "errors": [{"statusCode": fate, "message": "no", "fields": []}]}

    def _new(self, number: int) -> dict[str, Any]:
        return {"created": number % 2 == 0} if self.operation == "upsert" else {}

    def _job(self, method: str, url: str, more: dict[str, Any]) -> Answer:
        tail = url.partition("/jobs/ingest")[2]
        if method == "PUT":
            self.head, *self.rows = csv.reader(io.StringIO(more["data"].decode(), newline=""))
            return Answer(b"", 201)
        if method == "PATCH":
            self._work()
        if method == "GET" and tail.count("/") > 1:
            return self._file(tail.split("/")[2])
        failed = len(self.bad)
        done = {"numberRecordsProcessed": len(self.good) + failed, "numberRecordsFailed": failed}
        state = "Failed" if self.world.fail else "JobComplete"
        more_of_it = done | {"state": state, "errorMessage": self.world.fail} if method == "GET" else {}
        return Answer(json.dumps({"id": "750"} | more_of_it).encode())

    def _work(self) -> None:
        worked = self.rows[: self.world.worked] if self.world.fail else self.rows
        self.left = self.rows[len(worked) :]
        fates = [(row, self._of(row), self.world.fates[self._of(row)]) for row in worked]
        self.written |= {n for _, n, fate in fates if fate == "done"}
        new = {"insert": "true", "upsert": None}
        self.good = [
            [record_id(n), new.get(self.operation, "false") or str(n % 2 == 0).lower(), *row]
            for row, n, fate in fates
            if fate == "done"
        ]
        self.bad = [
            ["" if self.operation in ("upsert", "insert") else record_id(n), f"{fate}:no:--", *row]
            for row, n, fate in fates
            if fate != "done"
        ]

    def _of(self, row: list[str]) -> int:
        return _number(dict(zip(self.head, row, strict=True)))

    def _file(self, name: str) -> Answer:
        if name.endswith("s") and name != name.lower() and self.world.lower:
            raise Refused("no", Fault("no", "NOT_FOUND"))
        kinds = {
            "successfulresults": (["sf__Id", "sf__Created"], self.good),
            "failedresults": (["sf__Id", "sf__Error"], self.bad),
            "unprocessedrecords": ([], self.left),
        }
        before, rows = kinds[name.lower()]
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow([*before, *self.head])
        writer.writerows(sorted(rows, key=lambda row: self.world.order[self._of(row[len(before) :])]))
        return Answer(out.getvalue().encode()[: self.world.cut])


def record_id(number: int) -> str:
    return f"001{number:012}AAA"


def _number(row: dict[str, Any]) -> int:
    named = row.get("CS_Key__c") or row.get("id") or row.get("Id") or row.get("Name")
    return int(re.search(r"\d+", str(named)[3:])[0])


def changes(operation: str, world: World) -> list[Change]:
    action = ACTIONS[operation]
    empty = action is Action.DELETE or (world.bare and action is Action.UPSERT)
    by_id, by_key = action in (Action.UPDATE, Action.DELETE), action is Action.UPSERT
    return [
        Change(
            "sales", "Thing__c", action, f"key{n}",
            {} if empty else {"Name": f"nam{n}", "Note__c": 'a\n"b"' if n % 3 else None},
            key_field="CS_Key__c" if by_key else None, record_id=record_id(n) if by_id else None,
        )
        for n in range(len(world.fates))
    ]  # fmt: skip


def write(operation: str, world: World, bulk_from: int) -> tuple[Salesforce, list[Any]]:
    there = Salesforce(world, operation)
    around = Surroundings("sales", Still(), None, notes=Kept())
    writer = Writer(there, lambda: "https://x", lambda: "https://x/data", around, lambda _: {}, bulk_from)
    return there, writer.write(changes(operation, world))


def judge(operation: str, there: Salesforce, receipts: list[Any]) -> None:
    """As many receipts as changes, in their order, and none that says what is not so."""
    assert [r.key for r in receipts] == [c.key for c in changes(operation, there.world)]
    for number, receipt in enumerate(receipts):
        written = number in there.written
        if receipt.verdict in DONE[operation]:
            assert written, receipt
        else:
            assert receipt.verdict in (Verdict.REJECTED, Verdict.LATER, Verdict.UNKNOWN)
            assert receipt.verdict is Verdict.UNKNOWN or not written, receipt


def worlds(**more: Any) -> Any:
    fates = st.lists(st.sampled_from(FATES), min_size=1, max_size=40)
    return fates.flatmap(lambda f: st.builds(World, st.just(f), st.permutations(range(len(f))), **more))


operations = st.sampled_from(sorted(DONE))


@settings(max_examples=60, deadline=None)
@given(operations, worlds(
    lose=st.sets(st.integers(0, 12), max_size=3), locked=st.integers(1, 2)
))  # fmt: skip
def test_calls_whose_answers_are_lost_leave_no_wrong_verdict(operation, world):
    there, receipts = write(operation, world, 1_000)
    judge(operation, there, receipts)


@settings(max_examples=120, deadline=None)
@given(operations, worlds(
    lose=st.sets(st.integers(0, 8), max_size=2), cut=st.none() | st.integers(0, 1_500), lower=st.booleans(),
    locked=st.integers(1, 2), bare=st.booleans(),
))  # fmt: skip
def test_jobs_whose_files_are_shuffled_cut_and_lost_leave_no_wrong_verdict(operation, world):
    there, receipts = write(operation, world, 0)
    judge(operation, there, receipts)
    if not world.lose and world.cut is None:
        assert {r.code for r in receipts if r.verdict is Verdict.UNKNOWN} == set()


def test_of_a_file_that_breaks_off_no_row_is_read_wrongly():
    text = (
        'sf__Id,sf__Created,"CS_Key__c"\n001,true,"k1"\n002,false,k12\n003,true,"k""3"\n004,true,"k\n123"\n'
    )
    whole = cells(text.encode(), "CS_Key__c", "sf__Id", "sf__Created")
    assert [row[0] for row in whole] == ["k1", "k12", 'k"3', "k\n123"]
    for at in range(len(text)):
        assert set(cells(text[:at].encode(), "CS_Key__c", "sf__Id", "sf__Created")) <= set(whole), text[:at]


REASONS = (
    "InvalidBatch : Field name not found : Note__c",
    "TooManyLockFailure : later",
    "InternalServerError : x",
)


@settings(max_examples=60, deadline=None)
@given(operations, worlds(fail=st.sampled_from(REASONS), worked=st.sampled_from([0, 3])))
def test_a_job_that_fails_as_a_whole_says_of_each_record_how_far_it_got(operation, world):
    there, receipts = write(operation, world, 0)
    judge(operation, there, receipts)
    assert not any(r.verdict is Verdict.UNKNOWN for r in receipts)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.sets(st.integers(0, 199), max_size=3))
def test_records_that_spoil_their_call_are_found_and_the_others_are_written(count, poison):
    poison = {n for n in poison if n < count}
    world = World(["done"] * count, list(range(count)), poison=poison)
    there, receipts = write("upsert", world, 1_000)
    judge("upsert", there, receipts)
    spoilt = {n for n, r in enumerate(receipts) if r.verdict is Verdict.REJECTED}
    assert spoilt == poison
    assert there.written == set(range(count)) - poison
    assert len(there.calls) <= 1 + 2 * 8 * len(poison)


def test_a_fault_of_every_record_is_not_looked_for_in_each():
    world = World(["done"] * 600, list(range(600)), poison=set(range(600)))
    there, receipts = write("upsert", world, 1_000)
    judge("upsert", there, receipts)
    assert len(there.calls) <= 3 + 64

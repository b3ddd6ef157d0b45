"""Reading an object from where the last run ended: by stamp and id, deleted records included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote_plus

import msgspec

from cs_connector.errors import AdapterError, NotPermitted, Rejected, Unavailable
from cs_connector.ports import Clock, Page, RawRecord, Read
from cs_connector.transport import Transport
from cs_connector.transport.cursors import unreadable
from cs_connector.transport.records import Records

from . import heads
from .bulk import USUAL_ROWS, Bulk, Lost, Order, fitting
from .errors import BAD_LOCATOR, decode
from .features import OPTIONAL
from .soql import Place, back, changes, check_length, literal, moment

OVERLAP = timedelta(minutes=10)  # commits become visible late; 10 minutes covers what was ever reported
_LAG = timedelta(minutes=5)
# How far back it is asked for changes, of which it lists 600,000: the second time more than the minute that it wants.
_SPANS = (OVERLAP, timedelta(minutes=2))
_MOST_IDS = "EXCEEDED_ID_LIMIT"
PAGE = 2000
_BATCH = {"Sforce-Query-Options": f"batchSize={PAGE}"}
_ENDS = ("IsDeleted", "MasterRecordId")  # that a record ended, and which one it was merged into
_STAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate", "LoginTime")


class Cursor(msgspec.Struct, omit_defaults=True):
    """`since`: where the next run begins. In the middle of a run, `at` is the last record that was
    handed over and `covered` the time up to which this run will be complete. `job` is the bulk query that
    reads everything after `at`, `left` how many records that is, `rows` how many are fetched at a time, and `locator`
    how far its results were handed over. `whole` is when the last reading from the beginning started, of objects with
    fields that change without a trace.
    """

    since: str | None = None
    at: Place | None = None
    covered: str | None = None
    job: str | None = None
    locator: str | None = None
    left: int = 0
    rows: int = USUAL_ROWS
    whole: str | None = None


class Answer(msgspec.Struct):
    records: list[msgspec.Raw]
    done: bool
    total: int = msgspec.field(default=0, name="totalSize")
    next: str | None = msgspec.field(default=None, name="nextRecordsUrl")


class Field(msgspec.Struct):
    name: str
    type: str = "string"
    calculated: bool = False


class Shape(msgspec.Struct):
    """The part of a describe that a read depends on."""

    fields: list[Field]
    replicateable: bool = True

    @property
    def names(self) -> set[str]:
        return {field.name for field in self.fields}

    def traceless(self, fields: Sequence[str]) -> bool:
        """Whether any of them changes without a new stamp on the record: a formula, a roll-up, or a field of a parent."""
        formulas = {field.name for field in self.fields if field.calculated}
        return any("." in name for name in fields) or not formulas.isdisjoint(fields)

    @property
    def types(self) -> dict[str, str]:
        return {field.name: field.type for field in self.fields}


@dataclass(frozen=True, slots=True)
class Columns:
    """What to ask of an object; `stamp` is the column that tells of changes, if there is one."""

    object: str
    fields: tuple[str, ...]
    stamp: str | None
    types: dict[str, str]

    def query(self, cursor: Cursor) -> str:
        after = cursor.at or (Place(cursor.since, "") if cursor.since and self.stamp else None)
        return changes(self.object, self.fields, self.stamp, after)


class Covered(msgspec.Struct):
    latest: str = msgspec.field(name="latestDateCovered")


class _TooMany(Exception):
    """More changes than Salesforce lists."""


_answer = msgspec.json.Decoder(Answer)


class Reader:
    """`root` gives the address of the API, such as https://acme.my.salesforce.com/services/data/v67.0.

    A reading of which more than `bulk_from` records are left after its first page goes on as a bulk query. Objects of
    which fields are read that change without a trace, as formulas do, are read from the beginning every `anew`.
    """

    def __init__(
        self,
        session: Transport,
        root: Callable[[], str],
        clock: Clock,
        describe: Callable[[str], bytes | None],
        bulk_from: int,
        anew: timedelta,
    ) -> None:
        self._session, self._root, self._clock, self._describe = session, root, clock, describe
        self._bulk, self._bulk_from, self._anew = Bulk(session, root, clock), bulk_from, anew

    def pages(self, read: Read) -> Iterator[Page]:
        """Raises NotPermitted for an object or fields that are missing or hidden, UsageError for a damaged cursor."""
        if self.lacks(read.object):
            return iter([Page((), read.cursor or _encode(Cursor()), done=True)])
        shape = self._shape(read.object)
        _check_fields(read, shape)
        stamp = next((name for name in _STAMPS if name in shape.names), None)
        fields = (*read.fields, *(name for name in _ENDS if name in shape.names))
        cursor = self._begin(read, shape)
        if cursor.covered is None:
            cursor.covered = self._covered(read.object)
        return self._run(Columns(read.object, fields, stamp, shape.types), cursor)

    def start(self, read: Read) -> tuple[datetime | None, str | None]:
        """From when on a read would look for changes, None for everything; and the column that it goes by."""
        shape = self._shape(read.object)
        cursor = self._begin(read, shape)
        since = cursor.at.stamp if cursor.at else cursor.since
        return moment(since) if since else None, next((name for name in _STAMPS if name in shape.names), None)

    def by_bulk(self, records: int) -> bool:
        """Whether a reading of so many goes on as a bulk query after its first page."""
        return records - PAGE > self._bulk_from

    def lacks(self, object_name: str) -> bool:
        """Whether an object is not there as its feature may be off, which is nothing to stop for."""
        return object_name in OPTIONAL and self._describe(object_name) is None

    def has(self, object_name: str, field: str) -> bool:
        return field in self._shape(object_name).names

    def replicated(self, object_name: str) -> bool:
        """Whether Salesforce says up to when all changes of an object can be seen."""
        shape = self._shape(object_name)
        return shape.replicateable and "SystemModstamp" in shape.names

    def _begin(self, read: Read, shape: Shape) -> Cursor:
        """Where to go on; at the beginning when fields that change without a trace were last read too long ago."""
        cursor = _begin(read)
        if cursor.covered is not None or not shape.traceless(read.fields):
            return cursor
        now = self._clock.now()
        fresh = cursor.whole is not None and now - moment(cursor.whole) < self._anew
        return cursor if fresh else Cursor(whole=literal(now))

    def _run(self, columns: Columns, cursor: Cursor) -> Iterator[Page]:
        if cursor.job:
            try:
                yield from self._by_job(columns, cursor)
            except Lost:  # everything after `at` is read again
                cursor.job = cursor.locator = None
                yield from self._by_page(columns, cursor, bulk=False)
        else:
            yield from self._by_page(columns, cursor, bulk=True)

    def _by_page(self, columns: Columns, cursor: Cursor, *, bulk: bool) -> Iterator[Page]:
        for answer, records in self._answers(columns, cursor):
            if answer.done:
                yield _last(records, columns, cursor)
                return
            yield Page(records, _encode(cursor), done=False, expected=answer.total)
            left = answer.total - len(records)
            if bulk and left > self._bulk_from and self._begun(columns, cursor):
                cursor.left, cursor.rows = left, fitting(records)
                yield Page((), _encode(cursor), done=False)  # from now on a killed run finds its job again
                yield from self._run(columns, cursor)
                return
            bulk = False

    def _begun(self, columns: Columns, cursor: Cursor) -> bool:
        with suppress(Lost):
            cursor.job = self._bulk.start(columns.query(cursor).partition(" ORDER BY ")[0])
        return cursor.job is not None

    def _by_job(self, columns: Columns, cursor: Cursor) -> Iterator[Page]:
        assert cursor.job is not None
        order = Order(cursor.job, columns.types, cursor.left, cursor.rows)
        for batch in self._bulk.batches(order, cursor.locator):
            if batch.locator is None:
                yield _last(batch.records, columns, cursor)
                return
            cursor.locator = batch.locator
            yield Page(batch.records, _encode(cursor), done=False)
            del batch

    def _answers(self, columns: Columns, cursor: Cursor) -> Iterator[tuple[Answer, Records]]:
        """Answers in order; `cursor.at` is moved to the last record of each before it is given out."""
        locator: str | None = None
        while True:
            path = locator or self._query(columns, cursor)
            found = self._ask(path, forgiving=locator is not None)
            if found is None:  # the place kept by Salesforce is gone: go on from ours
                locator = None
                continue
            answer, records = found
            if answer.records:
                cursor.at = _place(heads.head(answer.records[-1]), columns.stamp)
            yield answer, records
            if answer.done:
                return
            if not (answer.records or answer.next):
                raise Unavailable(
                    f"Salesforce says that there is more of {columns.object}, and not where",
                    safe="what was read before is kept, and the next run goes on from there",
                    fix="run again; if it stays so, look at what stands between here and Salesforce",
                )
            locator = answer.next

    def _query(self, columns: Columns, cursor: Cursor) -> str:
        text = check_length(columns.query(cursor), columns.object)
        return f"{self._root()}/queryAll?q={quote_plus(text)}"

    def _ask(self, path: str, *, forgiving: bool) -> tuple[Answer, Records] | None:
        url = path if path.startswith("http") else f"{_origin(self._root())}{path}"
        try:
            with self._session.expecting(_answer.decode) as page:
                response = self._session.page(url, {}, _BATCH)
        except AdapterError as error:
            if forgiving and error.code == BAD_LOCATOR:
                return None
            raise
        return _parse(response.content, page.found)

    def _shape(self, object_name: str) -> Shape:
        content = self._describe(object_name)
        if content is None:
            raise NotPermitted(
                f"Salesforce has no {object_name} for the user of this connection",
                why="the object does not exist, its feature is off, or it is hidden from this user",
                fix="correct the mapping, or add the object to the permission set",
            )
        shape: Shape = decode(content, Shape)
        return shape

    def _covered(self, object_name: str) -> str:
        """Every change up to this time can be seen now, also those of long transactions."""
        now = self._clock.now() + timedelta(seconds=self._session.usage.skew or 0)  # as stamps are told
        if not self.replicated(object_name):
            return literal(now - _LAG)
        for span in _SPANS:
            with suppress(_TooMany):
                return literal(min(self._until(object_name, now - span, now), now))
        return literal(now - _LAG)

    def _until(self, object_name: str, start: datetime, end: datetime) -> datetime:
        """What Salesforce says when it is asked for the changes in between. Raises _TooMany."""
        span = {"start": _second(start), "end": _second(end)}
        try:
            answer = self._session.get(f"{self._root()}/sobjects/{object_name}/updated/", params=span)
        except Rejected as error:
            if error.code == _MOST_IDS:
                raise _TooMany from error
            raise
        covered: Covered = decode(answer.content, Covered)
        return moment(covered.latest)


def _last(records: Sequence[RawRecord], columns: Columns, cursor: Cursor) -> Page:
    assert cursor.covered is not None
    since = back(cursor.covered, OVERLAP) if columns.stamp else None
    return Page(
        records, _encode(Cursor(since, whole=cursor.whole)), done=True, complete_to=moment(cursor.covered)
    )


def _parse(content: bytes, found: Answer | None) -> tuple[Answer, Records]:
    try:
        answer = found or _answer.decode(content)
        return answer, heads.records(content, answer.records)
    except msgspec.DecodeError:
        decode(content, Answer)
        decode(content, heads.Heads)  # one of the two says what is wrong
        raise


def _begin(read: Read) -> Cursor:
    if not read.cursor:
        return Cursor()
    try:
        cursor = msgspec.json.decode(read.cursor, type=Cursor)
        for time in filter(None, (cursor.since, cursor.covered, cursor.whole)):
            moment(time)
    except (msgspec.MsgspecError, ValueError) as error:
        raise unreadable(read.object) from error
    return cursor


def _encode(cursor: Cursor) -> str:
    return msgspec.json.encode(cursor).decode()


def _place(head: heads.Head, stamp: str | None) -> Place:
    return Place(_tidy(head.stamp if stamp else None) or "", head.id)


def _tidy(stamp: str | None) -> str | None:
    """The form that every reader of times takes."""
    return stamp[:-5] + "Z" if stamp and stamp[-5:] == "+0000" else stamp


def _second(time: datetime) -> str:
    return time.replace(microsecond=0).isoformat()


def _origin(root: str) -> str:
    return root[: root.index("/services/")]


def _check_fields(read: Read, shape: Shape) -> None:
    hidden = [name for name in read.fields if "." not in name and name not in shape.names]
    if hidden:
        raise NotPermitted(
            f"{read.object} has no {', '.join(hidden)} for the user of this connection",
            why="the field does not exist, or field-level security hides it",
            fix="correct the mapping, or add the field to the permission set; fields of ours are put there by: "
            "cs-connector provision apply",
        )

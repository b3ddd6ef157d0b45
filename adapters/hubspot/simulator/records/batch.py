"""Batches of at most a hundred records: read, create, update, upsert, archive."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec

from cs_connector.sandbox.wire import Response

from ..call import Call, answer, nothing, record_id
from ..errors import Refusal, bad_request, doubled, not_found, not_unique, read_misses
from ..state import State
from .records import Draft, Records, Ref, find
from .shelf import Record, Shelf
from .shown import batch, partly, view
from .values import Scalar
from .writes import Writer, Written

MOST = 100
Result = dict[str, Any]


class Reads(msgspec.Struct):
    inputs: list[Ref]
    properties: list[str] | None = None
    propertiesWithHistory: list[str] | None = None  # noqa: N815 — HubSpot's names
    idProperty: str | None = None  # noqa: N815


class Creates(msgspec.Struct):
    inputs: list[Draft]


class Patch(msgspec.Struct):
    id: str | int
    properties: dict[str, Scalar | None]
    idProperty: str | None = None  # noqa: N815
    objectWriteTraceId: str | None = None  # noqa: N815

    @property
    def key(self) -> str:
        return str(self.id)


class Patches(msgspec.Struct):
    inputs: list[Patch]


class Refs(msgspec.Struct):
    inputs: list[Ref]


class Part(NamedTuple):
    """What became of one input: what is shown of it, or why it was refused."""

    shown: Result | None = None
    refused: Result | None = None


class Batches:
    """Without trace ids a batch is written as a whole or not at all. With a different one on every input each is
    written or refused by itself, and a 207 says which.
    """

    def __init__(self, state: State, writer: Writer, records: Records, dice: random.Random) -> None:
        self._state = state
        self._writer = writer
        self._records = records
        self._dice = dice

    def read(self, call: Call) -> Response:
        """200, or 207 where some were not found."""
        shelf = self._open(call, "read")
        wanted = call.body(Reads)
        started = self._start(wanted.inputs)
        found = [
            find(shelf, str(ref.id), wanted.idProperty or "", archived=call.archived) for ref in wanted.inputs
        ]
        lost = [str(ref.id) for ref, record in zip(wanted.inputs, found, strict=True) if record is None]
        history = wanted.propertiesWithHistory or ()
        if history and len(wanted.inputs) > MOST // 2:
            raise bad_request(f"At most {MOST // 2} records with history can be read")
        show = view(self._state, shelf, wanted.properties or None, history).show
        unique = {record.id: record for record in found if record is not None}
        errors = [read_misses(shelf.kind.singular, lost)] if lost else []
        return self._answer([show(record) for record in unique.values()], started, errors)

    def create(self, call: Call) -> Response:
        shelf = self._open(call, "write")
        drafts = call.body(Creates).inputs
        started = self._start(drafts)
        if self._traced(drafts):
            return self._parted([_part(d, partial(self._added, shelf, d)) for d in drafts], started, 201)
        checked = [self._records.drafted(shelf, draft) for draft in drafts]
        ends = [self._records.ends(shelf, draft.associations or ()) for draft in drafts]
        self._writer.claim(shelf, [(None, values) for values in checked])
        results = [
            self._show(shelf, self._records.put(shelf, values, links), draft)
            for draft, values, links in zip(drafts, checked, ends, strict=True)
        ]
        return self._answer(results, started, status=201)

    def update(self, call: Call) -> Response:
        """Records that do not exist are reported in a 207, or left out."""
        shelf = self._open(call, "write")
        patches = call.body(Patches).inputs
        started = self._start(patches)
        found = [find(shelf, patch.key, patch.idProperty or "") for patch in patches]
        _once([patch.key for patch in patches], [r.id for r in found if r is not None])
        pairs = [(patch, record) for patch, record in zip(patches, found, strict=True) if record]
        missed = [patch.key for patch, record in zip(patches, found, strict=True) if record is None]
        misses = [read_misses(shelf.kind.singular, missed)] if missed and not self._state.omits_misses else []
        if self._traced(patches):
            parts = [_part(patch, partial(self._changed, shelf, record, patch)) for patch, record in pairs]
            return self._parted(parts, started, 200, misses)
        checked = [self._writer.check(shelf, patch.properties) for patch in patches]
        known = [(r, values) for r, values in zip(found, checked, strict=True) if r is not None]
        self._fits(shelf, known)
        results = [
            self._show(shelf, self._writer.update(shelf, shelf.live[r.id], values), patch)
            for (patch, _), (r, values) in zip(pairs, known, strict=True)
        ]
        return self._answer(results, started, misses)

    def upsert(self, call: Call) -> Response:
        """Update or create by a unique property. Each result says whether it is `new`."""
        shelf = self._open(call, "write")
        patches = call.body(Patches).inputs
        started = self._start(patches)
        found = [self._found(shelf, patch) for patch in patches]
        _once([patch.key for patch in patches], [r.id for r in found if r is not None])
        pairs = list(zip(patches, found, strict=True))
        if self._traced(patches):
            parts = [_part(patch, partial(self._upserted, shelf, record, patch)) for patch, record in pairs]
            return self._parted(parts, started, 200)
        checked = [self._complete(shelf, record, patch) for patch, record in pairs]
        own = [record.id if record else None for record in found]
        self._writer.claim(shelf, list(zip(own, checked, strict=True)))
        results = [
            self._written(shelf, record, patch, values)
            for (patch, record), values in zip(pairs, checked, strict=True)
        ]
        return self._answer(results, started)

    def archive(self, call: Call) -> Response:
        """204, also where some did not exist."""
        shelf = self._open(call, "write")
        refs = call.body(Refs).inputs
        self._start(refs)
        for number in [record_id(str(ref.id)) for ref in refs]:
            record = shelf.get(number)
            if record is not None:
                self._writer.archive(shelf, record)
        return nothing()

    def _open(self, call: Call, act: str) -> Shelf:
        shelf = self._state.shelf(call.args[0])
        self._state.permit(shelf.kind, act)
        return self._state.tidied(shelf)

    def _start(self, inputs: Sequence[Any]) -> int:
        if not inputs:
            raise bad_request("The inputs of a batch must not be empty")
        if len(inputs) > MOST:
            raise bad_request(f"Batch size is {len(inputs)} but at most {MOST} inputs are allowed")
        return self._state.now()

    def _traced(self, inputs: Sequence[Draft] | Sequence[Patch]) -> bool:
        traces = {each.objectWriteTraceId for each in inputs} - {None, ""}
        return self._state.traced and len(traces) == len(inputs)

    def _added(self, shelf: Shelf, draft: Draft) -> Result:
        return self._show(shelf, self._records.add(shelf, draft), draft)

    def _changed(self, shelf: Shelf, record: Record, patch: Patch) -> Result:
        values = self._writer.check(shelf, patch.properties)
        self._fits(shelf, [(record, values)])
        return self._show(shelf, self._writer.update(shelf, shelf.live[record.id], values), patch)

    def _fits(self, shelf: Shelf, rows: Sequence[tuple[Record, Mapping[str, str]]]) -> None:
        for record, values in rows:
            self._writer.fit(shelf, record, values)
        self._writer.claim(shelf, [(record.id, values) for record, values in rows])

    def _upserted(self, shelf: Shelf, record: Record | None, patch: Patch) -> Result:
        values = self._complete(shelf, record, patch)
        self._writer.claim(shelf, [(record.id if record else None, values)])
        return self._written(shelf, record, patch, values)

    def _complete(self, shelf: Shelf, record: Record | None, patch: Patch) -> dict[str, str]:
        key = {patch.idProperty: patch.id} if patch.idProperty in shelf.unique else {}
        values = self._writer.check(shelf, {**key, **patch.properties})
        if record is None:
            self._writer.require(shelf, values)
        self._writer.fit(shelf, record, values)
        return values

    def _written(self, shelf: Shelf, record: Record | None, patch: Patch, values: dict[str, str]) -> Result:
        if record is None:
            written = self._writer.create(shelf, values)
        else:
            written = self._writer.update(shelf, shelf.live[record.id], values)
        return {**self._show(shelf, written, patch), "new": written.new}

    def _found(self, shelf: Shelf, patch: Patch) -> Record | None:
        name = patch.idProperty or ""
        if name and name != "hs_object_id" and name not in shelf.unique:
            raise not_unique(shelf.kind.type_id, name)
        if not patch.key.strip():
            raise bad_request(f"The {name or 'id'} of an input must not be blank")
        record = find(shelf, patch.key, name)
        if record is None and name not in shelf.unique:
            raise not_found()
        return record

    def _show(self, shelf: Shelf, written: Written, one: Draft | Patch) -> Result:
        shown = self._records.shown(shelf, written)
        if one.objectWriteTraceId is not None:
            shown["objectWriteTraceId"] = one.objectWriteTraceId
        return shown

    def _parted(
        self, parts: Sequence[Part], started: int, status: int, errors: Sequence[Any] = ()
    ) -> Response:
        refused = [part.refused for part in parts if part.refused is not None]
        results = [part.shown for part in parts if part.shown is not None]
        return self._answer(results, started, [*errors, *refused], status)

    def _answer(
        self, results: list[Result], started: int, errors: Sequence[Any] = (), status: int = 200
    ) -> Response:
        self._dice.shuffle(results)
        body = batch(results, started, self._state.now())
        return answer(partly(body, errors), 207) if errors else answer(body, status)


def _part(one: Draft | Patch, write: Callable[[], Result]) -> Part:
    try:
        return Part(shown=write())
    except Refusal as refusal:
        return Part(refused=refusal.entry(one.objectWriteTraceId or ""))


def _once(keys: Sequence[str], ids: Sequence[int]) -> None:
    doubles = [key for key, count in Counter(keys).items() if count > 1]
    doubles = doubles or [str(number) for number, count in Counter(ids).items() if count > 1]
    if doubles:
        raise doubled(doubles)

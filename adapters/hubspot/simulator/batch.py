"""Batches of at most a hundred records: read, create, update, upsert, archive."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import msgspec

from cs_connector.sandbox.wire import Response

from .call import Call, answer, nothing, record_id
from .errors import bad_request, read_misses
from .fields import unknown_unique
from .records import Draft, Records, Ref, find
from .relations import Relations
from .shelf import Record, Shelf
from .shown import batch, frame, partly, view
from .state import State
from .writes import Writer, Written

MOST = 100


class Reads(msgspec.Struct):
    inputs: list[Ref]
    properties: list[str] | None = None
    propertiesWithHistory: list[str] | None = None  # noqa: N815 — HubSpot's names
    idProperty: str | None = None  # noqa: N815


class Creates(msgspec.Struct):
    inputs: list[Draft]


class Patch(msgspec.Struct):
    id: str | int
    properties: dict[str, Any] = {}
    idProperty: str | None = None  # noqa: N815
    objectWriteTraceId: str | None = None  # noqa: N815


class Patches(msgspec.Struct):
    inputs: list[Patch]


class Refs(msgspec.Struct):
    inputs: list[Ref]


class Batches:
    def __init__(
        self, state: State, writer: Writer, relations: Relations, records: Records, dice: random.Random
    ) -> None:
        self._state = state
        self._writer = writer
        self._relations = relations
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
        show = view(self._state, shelf, wanted.properties or None, wanted.propertiesWithHistory or ()).show
        unique = {record.id: record for record in found if record is not None}
        return self._answer(shelf, [show(record) for record in unique.values()], started, lost)

    def create(self, call: Call) -> Response:
        """All or none."""
        shelf = self._open(call, "write")
        drafts = call.body(Creates).inputs
        started = self._start(drafts)
        checked = [self._writer.check(shelf, draft.properties) for draft in drafts]
        for values in checked:
            self._writer.require(shelf, values)
        ends = [self._records.ends(shelf, draft.associations or ()) for draft in drafts]
        self._writer.claim(shelf, [(None, values) for values in checked])
        results = []
        for draft, values, links in zip(drafts, checked, ends, strict=True):
            written = self._writer.create(shelf, values)
            for kind, end in links:
                self._relations.link(kind, written.record.id, end)
            results.append(self._show(shelf, written, draft.objectWriteTraceId))
        return self._answer(shelf, results, started, status=201)

    def update(self, call: Call) -> Response:
        """All or none, but for records that do not exist: they are reported in a 207, or left out."""
        shelf = self._open(call, "write")
        patches = call.body(Patches).inputs
        started = self._start(patches)
        checked = [self._writer.check(shelf, patch.properties) for patch in patches]
        found = [find(shelf, str(patch.id), patch.idProperty or "") for patch in patches]
        _once([record.id for record in found if record is not None])
        known = [(record.id, values) for record, values in zip(found, checked, strict=True) if record]
        self._writer.claim(shelf, known)
        results = []
        for patch, record, values in zip(patches, found, checked, strict=True):
            if record is not None:
                written = self._writer.update(shelf, shelf.live[record.id], values)
                results.append(self._show(shelf, written, patch.objectWriteTraceId))
        lost = [str(patch.id) for patch, record in zip(patches, found, strict=True) if record is None]
        return self._answer(shelf, results, started, [] if self._state.omits_misses else lost)

    def upsert(self, call: Call) -> Response:
        """Update or create by a unique property; all or none. Each result says whether it is `new`."""
        shelf = self._open(call, "write")
        patches = call.body(Patches).inputs
        started = self._start(patches)
        checked = [self._upserted(shelf, patch) for patch in patches]
        found = [self._found(shelf, patch) for patch in patches]
        for record, values in zip(found, checked, strict=True):
            if record is None:
                self._writer.require(shelf, values)
        _once([record.id for record in found if record is not None])
        own = [record.id if record else None for record in found]
        self._writer.claim(shelf, list(zip(own, checked, strict=True)))
        results = []
        for patch, record, values in zip(patches, found, checked, strict=True):
            written = (
                self._writer.create(shelf, values)
                if record is None
                else self._writer.update(shelf, shelf.live[record.id], values)
            )
            results.append({**self._show(shelf, written, patch.objectWriteTraceId), "new": written.new})
        return self._answer(shelf, results, started)

    def archive(self, call: Call) -> Response:
        """204, also where some did not exist."""
        shelf = self._open(call, "write")
        refs = call.body(Refs).inputs
        self._start(refs)
        for ref in refs:
            record = shelf.get(record_id(str(ref.id)))
            if record is not None:
                self._writer.archive(shelf, record)
        return nothing()

    def _open(self, call: Call, act: str) -> Shelf:
        shelf = self._state.shelf(call.args[0])
        self._state.permit(shelf.kind, act)
        return shelf

    def _start(self, inputs: Sequence[Any]) -> int:
        if not inputs:
            raise bad_request("The inputs of a batch must not be empty")
        if len(inputs) > MOST:
            raise bad_request(f"Batch size is {len(inputs)} but at most {MOST} inputs are allowed")
        return self._state.now()

    def _upserted(self, shelf: Shelf, patch: Patch) -> dict[str, str]:
        if patch.idProperty and patch.idProperty not in shelf.unique:
            raise unknown_unique(patch.idProperty)
        key = {patch.idProperty: patch.id} if patch.idProperty else {}
        return self._writer.check(shelf, {**key, **patch.properties})

    def _found(self, shelf: Shelf, patch: Patch) -> Record | None:
        record = find(shelf, str(patch.id), patch.idProperty or "")
        if record is None and not patch.idProperty:
            raise bad_request(f"Record {patch.id} does not exist and no idProperty was given")
        return record

    def _show(self, shelf: Shelf, written: Written, trace: str | None) -> dict[str, Any]:
        current = shelf.live[written.record.id]
        shown = frame(self._state, shelf, current, dict(sorted(written.echo.items())))
        return shown if trace is None else {**shown, "objectWriteTraceId": trace}

    def _answer(
        self,
        shelf: Shelf,
        results: list[dict[str, Any]],
        started: int,
        lost: Sequence[str] = (),
        status: int = 200,
    ) -> Response:
        self._dice.shuffle(results)
        body = batch(results, started, self._state.now())
        if not lost:
            return answer(body, status)
        return answer(partly(body, [read_misses(shelf.kind.singular, lost)]), 207)


def _once(ids: Sequence[int]) -> None:
    doubles = {record_id for record_id in ids if ids.count(record_id) > 1}
    if doubles:
        listed = ", ".join(map(str, sorted(doubles)))
        raise bad_request(f"Duplicate IDs found in batch input: [{listed}]. IDs must be unique")

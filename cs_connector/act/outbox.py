"""Sending: every change is on record before the socket is touched, and its receipt after."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from cs_connector.errors import AdapterError, AuthFailed, QuotaExhausted, RateLimited, Unavailable
from cs_connector.ports import Action, Adapter, Change, Receipt, Value, Verdict
from cs_connector.store.leases import Lease, check
from cs_connector.store.state import State
from cs_connector.store.tables import calls, outbox, receipts

if TYPE_CHECKING:
    from .plan import Planned

BATCH = 200


@dataclass(slots=True)
class Tally:
    """What became of the changes of one object."""

    connection: str
    object: str
    created: int = 0
    updated: int = 0
    cleared: int = 0
    rejected: int = 0
    unknown: int = 0
    unsent: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)


def send(
    state: State,
    lease: Lease,
    run: str,
    adapters: Mapping[str, Adapter],
    planned: Iterable[Planned],
) -> Iterator[Tally]:
    """Write the changes in batches, one object after another; yields the tally after each batch.

    A connection that confirms nothing of a batch gets no more; the others do, and then its error is raised:
    AuthFailed, QuotaExhausted, RateLimited or Unavailable. What was not confirmed stays in flight.
    """
    stopped: dict[str, AdapterError] = {}
    for (connection, name), group in groupby(planned, key=lambda p: (p.connection, p.object)):
        tally = Tally(connection, name)
        while batch := list(islice(group, BATCH)):
            if connection in stopped:
                tally.unsent += len(batch)
            else:
                _mark(state, lease, run, batch)
                answers, error = _ask(adapters[connection], connection, batch)
                _settle(state, lease, run, batch, answers, tally)
                stopped.update({connection: error} if error else {})
            yield tally
    for error in stopped.values():
        raise error


def _ask(
    adapter: Adapter, connection: str, batch: Sequence[Planned]
) -> tuple[Sequence[Receipt], AdapterError | None]:
    """The answers to a batch, and the error when not one of them says what became of its change."""
    try:
        answers = adapter.write([_change(p) for p in batch])
    except AdapterError as error:
        return [Receipt(p.key, Verdict.UNKNOWN, None, error.code, error.what) for p in batch], error
    if len(answers) != len(batch):
        raise AssertionError(f"{connection} gave {len(answers)} receipts for {len(batch)} changes")
    if any(answer.verdict is not Verdict.UNKNOWN for answer in answers):
        return answers, None
    first = answers[0]
    kind = _OUTAGES.get(first.code, Unavailable)
    fix = "check the connection with: cs-connector doctor; then run again"
    return answers, kind(
        f"{connection} did not confirm what was sent", why=first.message or first.code, fix=fix
    )


_OUTAGES: dict[str, type[AuthFailed | QuotaExhausted | RateLimited]] = {
    kind.code: kind for kind in (AuthFailed, QuotaExhausted, RateLimited)
}


def _change(planned: Planned) -> Change:
    fields: dict[str, Value] = dict(planned.values)
    return Change(
        planned.connection,
        planned.object,
        Action(planned.action),
        planned.key,
        fields,
        planned.key_field,
        planned.record_id,
        planned.associate,
        planned.reason,
    )


def row_key(planned: Planned) -> str:
    return f"{planned.connection}|{planned.object}|{planned.key}"


def _mark(state: State, lease: Lease, run: str, batch: Sequence[Planned]) -> None:
    """Put the batch on record as in flight, committed before anything is sent."""
    rows = [_row(planned, run, lease, state) for planned in batch]
    with state.begin() as connection:
        check(connection, lease)
        keys = [r["key"] for r in rows]
        unread = sa.select(outbox.c.key, outbox.c.fields).where(
            outbox.c.key.in_(keys), outbox.c.state == "done"
        )
        before = {r.key: r.fields for r in connection.execute(unread)}
        for row in rows:  # what was written and not read back yet still counts
            row["fields"] = {**before.get(row["key"], {}), **row["fields"]}
        connection.execute(sa.delete(outbox).where(outbox.c.key.in_(keys)))
        connection.execute(sa.insert(outbox), rows)


def _row(planned: Planned, run: str, lease: Lease, state: State) -> dict[str, Any]:
    values = dict(planned.values)
    if planned.key_field:
        values[planned.key_field] = planned.key
    text = json.dumps(values, sort_keys=True)
    return {
        "key": row_key(planned),
        "run": run,
        "connection": planned.connection,
        "object": planned.object,
        "action": planned.action,
        "key_field": planned.key_field,
        "record_id": planned.record_id,
        "fields": values,
        "associate": [list(pair) for pair in planned.associate],
        "payload_hash": hashlib.sha256(text.encode()).hexdigest()[:32],
        "reason": planned.reason,
        "state": "inflight",
        "attempt": 1,
        "epoch": lease.epoch,
        "at": state.clock.now(),
    }


def _settle(
    state: State, lease: Lease, run: str, batch: Sequence[Planned], answers: Sequence[Receipt], tally: Tally
) -> None:
    """Put the answers on record: outbox, receipts and calls in one transaction."""
    now = state.clock.now()
    sent = [_outcome(p, a, now) for p, a in zip(batch, answers, strict=True)]
    ledger = [_receipt(p, a, run, now) for p, a in zip(batch, answers, strict=True)]
    columns = ("state", "crm_id", "code", "message", "at")
    changed: dict[str, sa.BindParameter[str]] = {name: sa.bindparam(name) for name in columns}
    with state.begin() as connection:
        check(connection, lease)
        connection.execute(sa.update(outbox).where(outbox.c.key == sa.bindparam("k")).values(changed), sent)
        connection.execute(sa.insert(receipts), ledger)
        for planned, line in zip(batch, sent, strict=True):
            if planned.source == "call" and line["crm_id"] and line["state"] == "done":
                _keep(connection, planned.key, line["crm_id"], dict(planned.values))
    for planned, answer in zip(batch, answers, strict=True):
        _count(tally, planned, answer)


def _outcome(planned: Planned, answer: Receipt, now: datetime) -> dict[str, Any]:
    outcome = {Verdict.REJECTED: "failed", Verdict.UNKNOWN: "inflight"}.get(answer.verdict, "done")
    crm_id = answer.record_id or planned.record_id
    said = {"code": answer.code, "message": answer.message, "at": now}
    return {"k": row_key(planned), "state": outcome, "crm_id": crm_id, **said}


def _receipt(planned: Planned, answer: Receipt, run: str, now: datetime) -> dict[str, Any]:
    return {
        "run": run,
        "connection": planned.connection,
        "object": planned.object,
        "key": planned.key,
        "verdict": answer.verdict.value,
        "record_id": answer.record_id or planned.record_id,
        "code": answer.code,
        "message": answer.message,
        "before": {n: a for n, a, _ in planned.fields},
        "after": {n: b for n, _, b in planned.fields},
        "at": now,
    }


def _keep(connection: sa.Connection, key: str, record_id: str, values: Mapping[str, Any]) -> None:
    """Note which record a call became and what was written to it: a person's later edit is told by that."""
    mine = calls.c.key == key
    sent = connection.scalar(sa.select(calls.c.sent).where(mine)) or {}
    written = {**sent.get("written", {}), **values}
    connection.execute(
        sa.update(calls).where(mine).values(record_id=record_id, sent={**sent, "written": written})
    )


def _count(tally: Tally, planned: Planned, answer: Receipt) -> None:
    if answer.verdict is Verdict.REJECTED:
        tally.rejected += 1
        label = answer.code or answer.message or "rejected"
        tally.reasons[label] = tally.reasons.get(label, 0) + 1
    elif answer.verdict is Verdict.UNKNOWN:
        tally.unknown += 1
        label = answer.message or answer.code or "no answer"
        tally.lost[label] = tally.lost.get(label, 0) + 1
    else:
        tally.created += answer.verdict is Verdict.CREATED
        tally.updated += answer.verdict is Verdict.UPDATED
        tally.cleared += sum(1 for _, a, b in planned.fields if a is not None and b is None)


def recover(state: State, lease: Lease, adapters: Mapping[str, Adapter]) -> int:
    """Settle what a dead process left in flight, by looking before anything is sent again.

    A record that the CRM has under our key is done; one that was to be linked to another is sent once more,
    by its key; anything else is planned afresh. Returns how many were found.
    """
    with state.read() as connection:
        left = connection.execute(
            sa.select(outbox).where(outbox.c.state == "inflight").order_by(outbox.c.key)
        ).all()
    found = 0
    for (name, object_name, key_field), group in groupby(
        left, key=lambda r: (r.connection, r.object, r.key_field)
    ):
        rows = list(group)
        ids: Mapping[str, str] = {}
        if key_field and name in adapters:
            linked = [_again(row) for row in rows if row.associate]
            if linked:
                adapters[name].write(linked)
            ids = adapters[name].find(object_name, key_field, [r.fields[key_field] for r in rows])
        found += len(ids)
        _forget(state, lease, rows, ids)
    return found


def _again(row: Any) -> Change:
    key = row.fields[row.key_field]
    fields = {name: value for name, value in row.fields.items() if name != row.key_field}
    associate = tuple((a, b) for a, b in row.associate)
    return Change(row.connection, row.object, Action(row.action), key, fields, row.key_field, None, associate)


def _forget(state: State, lease: Lease, rows: Sequence[Any], ids: Mapping[str, str]) -> None:
    with state.begin() as connection:
        check(connection, lease)
        for row in rows:
            connection.execute(sa.delete(outbox).where(outbox.c.key == row.key))
            key = row.fields.get(row.key_field) if row.key_field else None
            if key is not None and key in ids:
                sure = row.record_id is None
                _keep(connection, key, ids[key], row.fields if sure else {"maybe": row.fields})


def confirm(state: State, connection: str, object_name: str, until: datetime) -> None:
    """Let go of what was written before `until`: everything up to then has been read back."""
    mine = (outbox.c.connection == connection) & (outbox.c.object == object_name)
    with state.begin() as db:
        db.execute(sa.delete(outbox).where(mine, outbox.c.state == "done", outbox.c.at < until))

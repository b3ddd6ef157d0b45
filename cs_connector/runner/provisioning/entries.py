"""What the audit says of a piece that was made, changed or taken away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cs_connector.act.face import Made, Step
from cs_connector.ports import Action, Piece, Receipt, Value, Verdict
from cs_connector.store.audit import Entry

LATE = "found in the CRM after its answer was lost"


def taken(connection: str, step: Step, receipt: Receipt) -> Entry:
    """A piece that the CRM has just made or changed."""
    changes = {d.field: d for d in step.differences if not d.kept}
    if receipt.verdict is Verdict.CREATED or not changes:
        return _entry(connection, step.piece, Action.CREATE, receipt.verdict, None, step.piece.body)
    before = {name: change.was for name, change in changes.items()}
    after = {name: change.wanted for name, change in changes.items()}
    return _entry(connection, step.piece, Action.UPDATE, receipt.verdict, before, after)


def gone(connection: str, piece: Piece, why: str = "") -> Entry:
    return _entry(connection, piece, Action.DELETE, Verdict.DELETED, piece.body, {}, why)


def made_late(connection: str, step: Step) -> Entry:
    """A new piece that was sent by a run which got no answer, and stands in the CRM now."""
    return _entry(connection, step.piece, Action.CREATE, Verdict.CREATED, None, step.piece.body, LATE)


def changed_late(connection: str, step: Step, made: Made) -> Entry | None:
    """A change that was sent by a run which got no answer, as far as it shows; None where the piece is as it was before."""
    old, new = made.piece.body, step.piece.body
    otherwise = {d.field for d in step.differences}
    names = sorted(n for n in {*old, *new} - otherwise if old.get(n) != new.get(n))
    if not names:
        return None
    before, after = ({name: body.get(name) for name in names} for body in (old, new))
    return _entry(connection, step.piece, Action.UPDATE, Verdict.UPDATED, before, after, LATE)


def _entry(
    connection: str,
    piece: Piece,
    action: Action,
    verdict: Verdict,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    why: str = "",
) -> Entry:
    reason = f"provisioned ({piece.part})" + (f", {why}" if why else "")
    was = None if before is None else _plain(before)
    return Entry(connection, piece.kind, piece.name, None, action, verdict, was, _plain(after), reason)


def _plain(body: Mapping[str, Any]) -> dict[str, Value]:
    """Lists and the like as JSON."""
    return {name: _value(value) for name, value in body.items()}


def _value(value: Any) -> Value:
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)

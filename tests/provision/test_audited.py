"""Whatever a CRM took of what people see of us has its row in the audit, also when its answer was lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from cs_connector.errors import Unavailable
from cs_connector.ports import Piece, Receipt
from cs_connector.runner import Engine
from cs_connector.runner.auditing.writing import sign
from cs_connector.store.audit.checking import verify
from cs_connector.store.audit.finding import Question, rows

from .test_engine import Invented, apply, crm, destroy, engine

__all__ = ["crm", "engine"]


def audited(engine: Engine) -> list[tuple[str, str, str, Any, Any]]:
    """Run, piece, verdict, before and after of every row of the audit, whose chain must hold."""
    with engine.store.state.read() as db:
        assert verify(db, sign(engine), None).wrong is None
        found = list(rows(db, Question()))
    return [(r.run, f"{r.object} {r.key}", r.verdict, r.before, r.after) for r in found]


def test_every_piece_that_a_crm_took_has_a_row_in_the_audit(engine: Engine, crm: Invented) -> None:
    crm.refuses, crm.declared[2] = {"score"}, Piece("field", "band", {"label": "Band", "values": ["a"]})
    apply(engine)
    first = engine.run
    crm.declared[2] = Piece("field", "band", {"label": "Band", "values": ["a", "b"]})
    apply(engine)
    second = engine.run
    apply(engine)
    destroy(engine)
    assert audited(engine) == [
        (first, "group g", "created", None, {"label": "G"}),
        (first, "field band", "created", None, {"label": "Band", "values": '["a"]'}),
        (second, "field band", "updated", {"values": '["a"]'}, {"values": '["a", "b"]'}),
        (engine.run, "field band", "deleted", {"label": "Band", "values": '["a", "b"]'}, {}),
        (engine.run, "group g", "deleted", {"label": "G"}, {}),
    ]  # fmt: skip


def test_what_was_sent_before_a_death_gets_its_row_under_the_run_that_sent_it(
    engine: Engine, crm: Invented
) -> None:
    crm.dies = True
    with pytest.raises(KeyboardInterrupt):
        apply(engine)
    dead, crm.dies = engine.run, False
    apply(engine)
    alive = engine.run
    assert [row[:3] for row in audited(engine)] == [
        (dead, "group g", "created"),
        (alive, "field score", "created"),
        (alive, "field band", "created"),
    ]


def test_a_change_and_a_removal_that_got_no_answer_are_told_once(
    engine: Engine, crm: Invented, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(engine)
    crm.declared[2], crm.dies = Piece("field", "band", {"label": "Light", "type": "text"}), True
    with pytest.raises(KeyboardInterrupt):
        apply(engine)
    changing, crm.dies = engine.run, False
    apply(engine)

    def silent(pieces: Sequence[Piece]) -> Sequence[Receipt]:
        Invented.remove(crm, pieces)
        raise Unavailable("no answer")

    monkeypatch.setattr(crm, "remove", silent)
    assert not destroy(engine)
    removing = engine.run
    assert destroy(engine)
    assert [row[:3] for row in audited(engine)[3:]] == [
        (changing, "field band", "updated"),
        (removing, "field band", "deleted"),
        (removing, "field score", "deleted"),
        (removing, "group g", "deleted"),
    ]


def test_a_change_that_got_no_answer_is_told_before_its_removal(engine: Engine, crm: Invented) -> None:
    apply(engine)
    crm.declared[2], crm.dies = Piece("field", "band", {"label": "Light", "type": "text"}), True
    with pytest.raises(KeyboardInterrupt):
        apply(engine)
    changing, crm.dies = engine.run, False
    assert destroy(engine)
    assert audited(engine)[3:5] == [
        (changing, "field band", "updated", {"label": "Band"}, {"label": "Light"}),
        (engine.run, "field band", "deleted", {"label": "Light", "type": "text"}, {}),
    ]


def test_a_change_that_never_arrived_is_not_told(engine: Engine, crm: Invented) -> None:
    apply(engine)
    crm.declared[2], crm.lost = Piece("field", "band", {"label": "Light", "type": "text"}), True
    assert not apply(engine)
    crm.lost = False
    assert destroy(engine)
    assert [row[2] for row in audited(engine)] == ["created"] * 3 + ["deleted"] * 3


def test_a_change_beside_what_somebody_edited_is_told(engine: Engine, crm: Invented) -> None:
    apply(engine)
    crm.there["band"]["label"] = "Ampel"
    crm.declared[2], crm.dies = Piece("field", "band", {"label": "Band", "type": "choice"}), True
    with pytest.raises(KeyboardInterrupt):
        apply(engine)
    changing, crm.dies = engine.run, False
    apply(engine)
    assert audited(engine)[3:] == [(changing, "field band", "updated", {"type": "text"}, {"type": "choice"})]


def test_what_somebody_else_removed_is_not_told_as_ours(engine: Engine, crm: Invented) -> None:
    apply(engine)
    crm.there.clear()
    assert destroy(engine)
    assert {row[2] for row in audited(engine)} == {"created"}

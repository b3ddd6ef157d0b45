"""Provisioning a made-up CRM: what goes on record, what is sent, and what stops it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from cs_connector.act import switch
from cs_connector.act.face import Standing
from cs_connector.errors import AuthFailed, GuardStopped, UsageError
from cs_connector.ports import (
    Adapter,
    Capabilities,
    Identity,
    Page,
    Piece,
    RawRecord,
    Receipt,
    Storage,
    Usage,
    Verdict,
)
from cs_connector.runner import Engine, Summary, provisioning
from cs_connector.runner.checking import check
from cs_connector.runner.plans import permission
from cs_connector.runner.provisioning import making
from cs_connector.runner.provisioning.record import Record
from cs_connector.store import shapes
from cs_connector.store.tables import cursors, feeds, written
from tests.unit.engine_kit import engine_of

NUMBERS = count(1)


class Invented(Adapter):
    """A CRM that is a dict; `refuses` names what it does not take, `dies` ends the process instead of answering."""

    crm, capabilities = "made-up", Capabilities()

    def __init__(self) -> None:
        self.declared = [
            Piece("group", "g", {"label": "G"}),
            Piece("field", "score", {"label": "Score", "type": "number"}),
            Piece("field", "band", {"label": "Band", "type": "text"}),
            Piece("field", "extra", {"label": "Extra", "type": "text"}, "more"),
        ]
        self.there: dict[str, dict[str, Any]] = {}
        self.sent: list[str] = []
        self.refuses: set[str] = set()
        self.org, self.dies, self.lost = "org-1", False, False
        self.room: Storage | None = None

    def check(self) -> Identity:
        return Identity(self.crm, self.org, "Made up", sandbox=True)

    def usage(self) -> Usage:
        return Usage(1)

    def close(self) -> None: ...

    def storage(self) -> Storage | None:
        return self.room

    def total(self, object_name: str) -> int | None:
        return 100 if object_name else None

    def face(self, parts: Sequence[str]) -> Sequence[Piece]:
        return [p for p in self.declared if p.part in ("core", *parts)]

    def present(self, pieces: Sequence[Piece]) -> Sequence[Piece | None]:
        return [
            Piece(p.kind, p.name, {k: self.there[p.name].get(k) for k in p.body})
            if p.name in self.there
            else None
            for p in pieces
        ]

    def install(self, pieces: Sequence[Piece]) -> Sequence[Receipt]:
        if self.lost:
            raise AuthFailed("the login has ended")
        return [self._take(piece) for piece in pieces]

    def _take(self, piece: Piece) -> Receipt:
        self.sent.append(piece.name)
        if piece.name in self.refuses:
            return Receipt(f"{piece.kind} {piece.name}", Verdict.REJECTED, None, "NO", "too many fields")
        new = piece.name not in self.there
        self.there[piece.name] = {**self.there.get(piece.name, {}), **piece.body}
        if self.dies:
            raise KeyboardInterrupt
        return Receipt(f"{piece.kind} {piece.name}", Verdict.CREATED if new else Verdict.UPDATED)

    def remove(self, pieces: Sequence[Piece]) -> Sequence[Receipt]:
        self.sent += [f"-{piece.name}" for piece in pieces]
        for piece in pieces:
            del self.there[piece.name]
        return [Receipt(f"{piece.kind} {piece.name}", Verdict.DELETED) for piece in pieces]

    def filled(self, pieces: Sequence[Piece]) -> Sequence[int | None]:
        return [7 if piece.name == "score" else None for piece in pieces]


@pytest.fixture
def crm() -> Invented:
    return Invented()


@pytest.fixture
def engine(crm: Invented, tmp_path: Path) -> Iterator[Engine]:
    with engine_of(crm, tmp_path) as opened:
        yield opened


def another(engine: Engine) -> Engine:
    """The next run of the same project."""
    engine.summary = Summary(f"R{next(NUMBERS)}", engine.summary.as_of)
    return engine


def apply(engine: Engine, *parts: str, adopt: bool = False) -> bool:
    return provisioning.put(another(engine), provisioning.survey(engine, (), parts, adopt=adopt).sites)


def standings(engine: Engine, *parts: str) -> dict[str, Standing]:
    sites = provisioning.survey(engine, (), parts).sites
    return {step.piece.name: step.standing for site in sites for step in site.steps}


def destroy(engine: Engine, *parts: str) -> bool:
    return provisioning.remove(another(engine), provisioning.removal(engine, (), parts).sites)


def test_a_second_apply_sends_nothing(engine: Engine, crm: Invented) -> None:
    assert apply(engine)
    assert crm.sent == ["g", "score", "band"]
    assert apply(engine)
    assert crm.sent == ["g", "score", "band"]
    assert set(standings(engine).values()) == {Standing.THERE}


def test_a_part_that_is_there_is_wanted_until_it_is_removed(engine: Engine, crm: Invented) -> None:
    apply(engine, "more")
    assert standings(engine)["extra"] is Standing.THERE
    assert destroy(engine, "more")
    assert "extra" not in standings(engine)
    assert "score" in crm.there


def test_a_piece_that_is_refused_stops_no_other_and_is_not_on_record(engine: Engine, crm: Invented) -> None:
    crm.refuses = {"score"}
    sites = provisioning.survey(engine, (), ()).sites
    assert not provisioning.put(another(engine), sites)
    assert engine.summary.exit == 1
    assert sites[0].receipts["field score"].message == "too many fields"
    assert set(crm.there) == {"g", "band"}
    crm.refuses, crm.there["score"] = set(), {"label": "theirs", "type": "number"}
    assert standings(engine)["score"] is Standing.FOREIGN


def test_what_was_made_just_before_a_death_is_known_as_ours(engine: Engine, crm: Invented) -> None:
    crm.dies = True
    with pytest.raises(KeyboardInterrupt):
        apply(engine)
    assert set(crm.there) == {"g"}
    crm.dies = False
    assert apply(engine)
    assert destroy(engine)
    assert crm.there == {}


def test_a_crm_that_does_not_answer_at_all_is_told_for_every_piece(engine: Engine, crm: Invented) -> None:
    crm.lost = True
    sites = provisioning.survey(engine, (), ()).sites
    assert not provisioning.put(another(engine), sites)
    assert {r.message for r in sites[0].receipts.values()} == {"the login has ended"}


def test_destroy_takes_what_is_on_record_and_leaves_what_others_made(engine: Engine, crm: Invented) -> None:
    crm.there["band"] = {"label": "Band", "type": "text"}
    apply(engine)
    assert crm.sent == ["g", "score"]
    sites = provisioning.removal(engine, (), ()).sites
    assert sites[0].filled == {"field score": 7}
    assert provisioning.remove(another(engine), sites)
    assert crm.sent[2:] == ["-score", "-g"]
    assert set(crm.there) == {"band"}


def test_adopting_takes_over_what_others_made(engine: Engine, crm: Invented) -> None:
    crm.there = {"band": {"label": "Theirs", "type": "text"}, "g": {"label": "G"}}
    apply(engine)
    assert crm.there["band"]["label"] == "Theirs"
    apply(engine, adopt=True)
    assert crm.there["band"]["label"] == "Band"
    assert destroy(engine)
    assert crm.there == {}


def test_what_an_admin_changed_stays_through_a_new_version(engine: Engine, crm: Invented) -> None:
    apply(engine)
    crm.there["band"]["label"] = "Ampel"
    crm.declared[2] = Piece("field", "band", {"label": "Band", "type": "choice"})
    apply(engine)
    assert crm.there["band"] == {"label": "Ampel", "type": "choice"}
    assert standings(engine)["band"] is Standing.EDITED


def test_what_a_new_version_does_not_have_is_left_over_and_goes_only_when_asked(
    engine: Engine, crm: Invented
) -> None:
    apply(engine)
    del crm.declared[2]
    assert standings(engine)["band"] is Standing.LEFT
    apply(engine)
    assert "band" in crm.there
    assert provisioning.remove(another(engine), provisioning.removal(engine, (), (), unwanted=True).sites)
    assert set(crm.there) == {"g", "score"}
    assert "band" not in standings(engine)


def test_another_org_stops_everything(engine: Engine, crm: Invented) -> None:
    apply(engine)
    crm.org = "org-2"
    for look in (
        lambda: provisioning.survey(engine, (), ()),
        lambda: provisioning.removal(engine, (), ()).sites,
    ):
        with pytest.raises(GuardStopped, match="is not the made-up that it was"):
            look()
    assert Record(engine, "crm", "org-2").read() == {}


def test_a_crm_without_room_for_the_records_gets_nothing(engine: Engine, crm: Invented) -> None:
    crm.room = Storage(used=79, allowed=100, record=1)
    sites = provisioning.survey(engine, (), ()).sites
    assert sites[0].room is not None
    assert sites[0].room.ok
    crm.room = Storage(used=81, allowed=100, record=1)
    with pytest.raises(GuardStopped, match="too little room"):
        apply(engine)
    assert crm.sent == []


def test_records_of_an_object_that_is_to_be_made_are_not_there(
    engine: Engine, crm: Invented, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [
        SimpleNamespace(object=name, source=of) for name, of in (("g", "snapshot"), ("h", "relationship"))
    ]
    mapping = SimpleNamespace(write=rules, read=[])
    monkeypatch.setattr(Engine, "sources", lambda _: [SimpleNamespace(connection="crm", mapping=mapping)])
    crm.room = Storage(used=1, allowed=100, record=1)
    with engine.store.state.begin() as db:
        for name in ("g", "h"):
            db.execute(feeds.insert().values(connection="crm", object=name, complete=True, live=61))
    there = []
    for _ in range(2):
        (site,) = provisioning.survey(engine, (), ()).sites
        assert site.room is not None
        there.append(site.room.there)
        crm.there["g"] = {"label": "G"}
    assert there == [61, 122]


def test_the_switch_that_stops_writes_stops_this_too(engine: Engine, crm: Invented) -> None:
    sites = provisioning.survey(engine, (), ()).sites
    with engine.store.state.begin() as db:
        switch.stop(db, "stocktaking", "alex", engine.clock.now())
    with pytest.raises(GuardStopped, match="all writes are stopped"):
        provisioning.put(another(engine), sites)
    with pytest.raises(GuardStopped, match="all writes are stopped"):
        provisioning.remove(another(engine), sites)
    assert crm.sent == []


def test_the_variable_that_stops_writes_stops_this_too(
    engine: Engine, crm: Invented, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(engine)
    crm.sent.clear()
    monkeypatch.setenv(permission.NO_WRITES, "1")
    for act in (lambda: apply(engine, "more"), lambda: destroy(engine)):
        with pytest.raises(GuardStopped, match="all writes are stopped"):
            act()
    assert crm.sent == []


def test_a_stop_holds_from_the_next_pieces_on(
    engine: Engine, crm: Invented, monkeypatch: pytest.MonkeyPatch
) -> None:
    install = crm.install

    def stopped(pieces: Sequence[Piece]) -> Sequence[Receipt]:
        with engine.store.state.begin() as db:
            switch.stop(db, "stocktaking", "alex", engine.clock.now())
        return install(pieces)

    monkeypatch.setattr(making, "BATCH", 1)
    monkeypatch.setattr(crm, "install", stopped)
    with pytest.raises(GuardStopped, match="all writes are stopped") as caught:
        apply(engine)
    assert crm.sent == ["g"]
    assert "what was sent before is on record" in caught.value.safe


def test_a_field_that_was_taken_away_and_is_made_again_is_read_anew(engine: Engine, crm: Invented) -> None:
    apply(engine)
    now = engine.clock.now()
    shapes.keep(
        engine.store.state, "crm", {"Account": {"Account.score": "number"}, "Case": {"Id": "id"}}, now
    )
    with engine.store.state.begin() as db:
        for name in ("Account", "Case"):
            db.execute(cursors.insert().values(
                connection="crm", object=name, cursor="c9", run="R0", epoch=1, updated_at=now))  # fmt: skip
    apply(engine)
    assert engine.store.landing.cursor("crm", "Account") == "c9", "nothing was made"
    del crm.there["score"]  # with every value; no record tells that it changed
    apply(engine)
    assert engine.store.landing.cursor("crm", "Account") is None
    assert engine.store.landing.cursor("crm", "Case") == "c9"


def test_what_a_field_that_is_made_again_was_told_before_is_nobodys_edit(
    engine: Engine, crm: Invented
) -> None:
    apply(engine)
    told = {"score": 40, "owner": "u1"}
    shapes.keep(
        engine.store.state, "crm", {"Account": {"score": "number", "owner": "text"}}, engine.clock.now()
    )
    with engine.store.state.begin() as db:
        db.execute(written.insert().values(
            connection="crm", object="Account", record_id="001", name="k1", fields=told, before={}, unread=["score"],
            run="R0", at=engine.clock.now()))  # fmt: skip
    del crm.there["score"]
    apply(engine)
    with engine.store.state.read() as db:
        row = db.execute(sa.select(written.c.fields, written.c.unread)).one()
    assert row.fields == {"owner": "u1"}, "a plan took the empty field for what somebody wanted"
    assert row.unread is None


def landed(engine: Engine, name: str) -> None:
    page = Page([RawRecord("1", None, False, b"{}")], "c1", done=True)
    engine.store.landing.append(engine.lease, "R0", "crm", name, page)
    engine.store.fold("crm", name, "R0", engine.lease)


def test_records_of_an_object_that_is_made_again_are_gone(engine: Engine, crm: Invented) -> None:
    crm.declared += [Piece("object", "Health", {"label": "H"}), Piece("field", "Health.Key", {"label": "K"})]
    apply(engine)
    now, known = engine.clock.now(), {"p1_Health": {"Key": "text"}, "Account": {"Id": "id"}}
    shapes.keep(engine.store.state, "crm", known, now)
    for name in known:
        landed(engine, name)
        with engine.store.state.begin() as db:
            db.execute(written.insert().values(
                connection="crm", object=name, record_id="1", name="k1", fields={"Name": "x"}, before={}, unread=["Name"],
                run="R0", at=now))  # fmt: skip
    del crm.there["Health.Key"]
    apply(engine)
    assert engine.store.live("crm", "p1_Health") == 1, "only a field was made again"
    landed(engine, "p1_Health")
    del crm.there["Health"], crm.there["Health.Key"]
    apply(engine)
    assert [engine.store.live("crm", name) for name in known] == [0, 1]
    with engine.store.state.read() as db:
        assert db.scalars(sa.select(written.c.object)).all() == ["Account"]


def remade(engine: Engine, crm: Invented) -> None:
    """An object of ours with a record, which the CRM does not show any more."""
    crm.declared += [Piece("object", "Health", {"label": "H"}), Piece("field", "Health.Key", {"label": "K"})]
    apply(engine)
    shapes.keep(engine.store.state, "crm", {"p1_Health": {"Key": "text"}}, engine.clock.now())
    landed(engine, "p1_Health")
    del crm.there["Health"], crm.there["Health.Key"]


def test_records_of_an_object_that_only_cannot_be_seen_stay(engine: Engine, crm: Invented) -> None:
    remade(engine, crm)
    crm.refuses = {"Health", "Health.Key"}
    assert not apply(engine)
    assert engine.store.live("crm", "p1_Health") == 1


def test_records_of_an_object_that_was_made_again_just_before_a_death_are_gone(
    engine: Engine, crm: Invented, monkeypatch: pytest.MonkeyPatch
) -> None:
    remade(engine, crm)
    crm.dies = True
    with pytest.raises(KeyboardInterrupt):
        apply(engine)
    assert engine.store.live("crm", "p1_Health") == 1, "nobody knows yet what became of it"
    crm.dies = False
    assert apply(engine)
    assert engine.store.live("crm", "p1_Health") == 0
    landed(engine, "p1_Health")
    apply(engine)
    assert engine.store.live("crm", "p1_Health") == 1, "once"


def test_a_new_field_of_another_object_is_no_reason_to_read_one_anew(engine: Engine, crm: Invented) -> None:
    crm.declared += [Piece("field", "Account.Key", {"label": "K"})]
    apply(engine)
    now, known = engine.clock.now(), {"Account": {"Key": "text"}, "Task": {"Key": "text"}}
    shapes.keep(engine.store.state, "crm", known, now)
    with engine.store.state.begin() as db:
        for name in known:
            db.execute(cursors.insert().values(
                connection="crm", object=name, cursor="c9", run="R0", epoch=1, updated_at=now))  # fmt: skip
    del crm.there["Account.Key"]
    apply(engine)
    assert [engine.store.landing.cursor("crm", name) for name in known] == [None, "c9"]


def test_names_that_mean_nothing_are_refused(engine: Engine) -> None:
    with pytest.raises(UsageError, match="no connection has a part called moer"):
        provisioning.survey(engine, (), ["moer"])
    with pytest.raises(UsageError, match="nothing can be put into crn"):
        provisioning.survey(engine, ["crn"], ())


@pytest.mark.parametrize(
    ("there", "ok", "text"),
    [
        ((), False, "2 of 2 fields that we write are missing"),
        (("g", "score"), False, "1 of 2 fields that we write are missing"),
        (("score", "band"), True, "all 2 that we write are there; 1 other piece of ours is not"),
        (("g", "score", "band"), True, "all 2 that we write are there"),
    ],
)
def test_doctor_says_which_fields_are_missing(
    engine: Engine,
    crm: Invented,
    there: tuple[str, ...],
    ok: bool,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule = SimpleNamespace(fields={"score": None, "band": None, "theirs": None}, key_field=None)
    mapping = SimpleNamespace(write=[rule])
    monkeypatch.setattr(Engine, "sources", lambda _: [SimpleNamespace(connection="crm", mapping=mapping)])
    crm.there = {name: {"label": name} for name in there}
    line = next(line for line in check(engine) if line["name"] == "crm fields")
    assert line["ok"] is ok
    assert line["text"].startswith(text)
    assert "cs-connector provision plan crm" in line["fix"] + line["text"] or len(there) == 3


def test_a_connection_that_cannot_be_asked_is_named_and_stops_no_other(engine: Engine, crm: Invented) -> None:
    crm.lost = True
    crm.present = lambda _pieces: crm.install(())  # type: ignore[method-assign]
    found = provisioning.survey(engine, (), ["more"])
    assert found.sites == []
    told = provisioning.document("plan", "", found)["unreached"]
    assert [(each["name"], each["what"]) for each in told] == [("crm", "the login has ended")]


def test_the_document_says_what_differs_and_what_came_of_it(engine: Engine, crm: Invented) -> None:
    crm.there["band"], crm.refuses = {"label": "Theirs", "type": "text"}, {"score"}
    sites = provisioning.survey(engine, (), ()).sites
    provisioning.put(another(engine), sites)
    (site,) = provisioning.document("apply", "R1", provisioning.Survey(sites, {}))["connections"]
    told = {piece["name"]: piece for piece in site["pieces"]}
    assert site["counts"] == {"create": 2, "not_ours": 1}
    assert told["band"]["differences"] == [{"field": "label", "from": "Theirs", "to": "Band", "kept": True}]
    assert told["score"]["result"] == {"verdict": "rejected", "code": "NO", "message": "too many fields"}
    assert told["g"]["result"]["verdict"] == "created"

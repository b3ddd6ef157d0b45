"""What a run wrote is taken back where the CRM still has it, and nothing else is touched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cs_connector.act import undo
from cs_connector.act.plan import Planned
from cs_connector.act.undo import Current, Left, Rule, World
from cs_connector.store.audit import Audit
from cs_connector.store.audit.finding import Row

AT = datetime(2026, 11, 25, 6, tzinfo=UTC)
WHY = "takes back run R1"
FIELDS = {"Score": "score", "Reason": "reason", "Key": "key"}
BOOK = Audit({("sales", "Task"): frozenset({"Subject"})})


def row(
    record: str = "001", verdict: str = "updated", object_: str = "Account", at: datetime = AT, **values: Any
) -> Row:
    """A row of the audit; values are (before, after)."""
    gone = verdict == "deleted"
    before = {n: pair[0] for n, pair in values.items()}
    after = {} if gone else {n: pair[1] for n, pair in values.items()}
    return Row(
        1, "R1", at, "ada", "sales", "00D", object_, f"key-{record}", record, "update", verdict,
        None if verdict == "created" else before, after, "", "",
    )  # fmt: skip


class Town:
    """A CRM with records as they are now; `later` is what other runs wrote to since."""

    def __init__(self) -> None:
        self.current: dict[undo.Where, Current] = {}
        self.later: dict[undo.Where, str] = {}
        self.keys: set[undo.Where] = set()
        self.texts: dict[undo.Where, dict[str, Any]] = {}
        self.skew = 0.0
        self.former: dict[undo.Place, set[str]] = {}
        self.told: dict[undo.Where, dict[str, Any]] = {}
        self.rules = {
            ("sales", "Account"): Rule("account", None, FIELDS),
            ("sales", "Relationship"): Rule("relationship", "Key", FIELDS),
            ("sales", "Task"): Rule("call", "Key", {"Subject": "subject", "Due": "due_on"}),
        }

    def has(
        self, record: str = "001", object_: str = "Account", modified: datetime | None = AT, **values: Any
    ) -> None:
        self.current["sales", object_, record] = Current(values, modified)
        self.keys.add(("sales", object_, f"key-{record}"))

    def undo(self, *rows: Row) -> list[Planned | Left]:
        world = World(
            self.rules, self.current, self.keys, self.later, self.texts, {"sales": self.skew}, BOOK.hidden,
            self.former, self.told,
        )  # fmt: skip
        return list(undo.plan(undo.together(rows), world, WHY))


def changed(found: list[Planned | Left]) -> dict[str, Any]:
    """Action and fields of what is planned, by record or key."""
    return {
        p.record_id or p.key: (p.action, {n: (a, b) for n, a, b in p.fields})
        for p in found
        if isinstance(p, Planned)
    }


def left(found: list[Planned | Left]) -> dict[str, str]:
    return {
        f"{x.record_id}.{x.field}" if x.field else x.record_id: x.why for x in found if isinstance(x, Left)
    }


def test_values_go_back_where_the_crm_still_has_what_was_written() -> None:
    town = Town()
    town.has(Score="40", Reason="fell")
    found = town.undo(row(Score=("82", "40"), Reason=(None, "fell")))
    assert changed(found) == {"001": ("update", {"Score": ("40", "82"), "Reason": ("fell", None)})}
    assert (left(found), found[0].reason) == ({}, WHY)  # type: ignore[union-attr]


def test_a_value_that_was_emptied_is_filled_again() -> None:
    town = Town()
    town.has(Score=None)
    assert changed(town.undo(row(Score=("82", None)))) == {"001": ("update", {"Score": (None, "82")})}


def test_what_somebody_changed_since_is_left_and_told_field_by_field() -> None:
    town = Town()
    town.has(Score="55", Reason="fell")
    found = town.undo(row(Score=("82", "40"), Reason=("fine", "fell")))
    assert changed(found) == {"001": ("update", {"Reason": ("fell", "fine")})}
    assert left(found) == {"001.Score": "somebody changed it since"}


def test_what_a_later_run_wrote_is_left_and_the_run_is_named() -> None:
    town = Town()
    town.has(Score="55")
    town.later["sales", "Account", "001"] = "R2"
    assert left(town.undo(row(Score=("82", "40")))) == {"001.Score": "run R2 wrote to it since"}


def test_what_is_as_it_was_before_is_neither_planned_nor_told() -> None:
    """So that a second undo does nothing."""
    town = Town()
    town.has(Score="82")
    assert town.undo(row(Score=("82", "40"))) == []


def test_a_field_that_the_mended_mapping_does_not_write_goes_back_by_what_it_was_last_told() -> None:
    """The mapping is mended before the run is undone."""
    town = Town()
    town.former["sales", "Account"] = {"Site", "Fax"}
    for record in ("001", "002"):
        town.has(record, Score="40")
        town.told["sales", "Account", record] = {"Site": "9" if record == "002" else "7"}
    rows = [row(record, Site=(None, "7"), Gone=("a", "b")) for record in ("001", "002", "003")]
    found = town.undo(*rows, row("001", Fax=(None, "1")))
    assert changed(found) == {"001": ("update", {"Site": ("7", None)})}
    assert left(found)["002.Site"] == "somebody changed it since"
    out = "the mapping does not write this field any more, or it cannot be read now: put that into write: of the mapping again"
    assert all(left(found)[name].startswith(out) for name in ("001.Gone", "001.Fax"))


def test_a_key_that_a_task_got_back_stays() -> None:
    town = Town()
    town.former["sales", "Task"] = {"Key"}
    town.told["sales", "Task", "001"] = {"Key": "key-001", "Due": "2026-12-01"}
    town.has(object_="Task", Key="key-001", Due="2026-12-01")
    found = town.undo(row(object_="Task", Key=(None, "key-001"), Due=(None, "2026-12-01")))
    assert changed(found) == {"001": ("update", {"Due": ("2026-12-01", None)})}
    assert left(found) == {}


def test_a_record_that_is_gone_is_told() -> None:
    assert left(Town().undo(row(Score=("82", "40")))) == {"001": "the record is not there any more"}


def test_several_rows_of_one_record_go_back_to_before_the_first() -> None:
    town = Town()
    town.has(Score="30", Reason="worse")
    rows = (
        row(Score=("82", "40"), Reason=("fine", "fell")),
        row(Score=("40", "30")),
        row(Reason=("fell", "worse")),
    )
    assert changed(town.undo(*rows)) == {
        "001": ("update", {"Score": ("30", "82"), "Reason": ("worse", "fine")})
    }


def test_the_last_that_was_written_is_taken_back_first() -> None:
    town = Town()
    town.has("001", Score="1")
    town.has("002", Score="2")
    found = town.undo(row("001", Score=("9", "1")), row("002", Score=("9", "2")))
    assert list(changed(found)) == ["002", "001"]


def test_a_record_that_was_made_and_not_touched_goes_away() -> None:
    town = Town()
    town.has("R-1", "Relationship", Score="40")
    found = town.undo(row("R-1", "created", "Relationship", Score=(None, "40")))
    assert changed(found) == {"R-1": ("delete", {"Score": ("40", None)})}


def test_a_record_that_somebody_touched_stays_also_where_our_fields_are_as_they_were() -> None:
    town = Town()
    made = row("R-1", "created", "Relationship", Score=(None, "40"))
    town.has("R-1", "Relationship", AT + timedelta(minutes=5), Score="40")
    assert left(town.undo(made)) == {"R-1": "somebody changed it since"}
    town.has("R-1", "Relationship", AT, Score="41")
    assert left(town.undo(made)) == {"R-1": "somebody changed it since"}


def test_a_fast_clock_of_the_crm_is_no_touch() -> None:
    town = Town()
    town.skew = 300
    town.has("R-1", "Relationship", AT + timedelta(seconds=299), Score="40")
    assert list(changed(town.undo(row("R-1", "created", "Relationship", Score=(None, "40"))))) == ["R-1"]


def test_a_record_that_was_not_read_since_it_was_made_stays() -> None:
    town = Town()
    town.has("R-1", "Relationship", None, Score="40")
    (why,) = left(town.undo(row("R-1", "created", "Relationship", Score=(None, "40")))).values()
    assert why.startswith("it was not read since it was made")


def test_a_record_that_was_made_and_deleted_since_needs_nothing() -> None:
    assert Town().undo(row("R-1", "created", "Relationship", Score=(None, "40"))) == []


def test_a_deleted_record_is_made_again_by_its_key_once() -> None:
    town = Town()
    gone = row("R-1", "deleted", "Relationship", Score=("40", None), Reason=(None, None))
    found = town.undo(gone)
    assert changed(found) == {"key-R-1": ("upsert", {"Score": (None, "40")})}
    assert found[0].key_field == "Key"  # type: ignore[union-attr]
    town.has("R-1", "Relationship", Score="40")
    assert town.undo(gone) == []


def test_a_lookup_to_a_record_that_is_made_again_with_it_goes_by_its_key() -> None:
    """Its id is dead: the record gets another one when it is made again."""
    town = Town()
    town.rules["sales", "Month"] = Rule(
        "snapshot", "Key", {"Parent": "relationship_ref"}, {"Parent": "Parent.Key"}
    )
    month = row("m1", "deleted", "Month", Parent=("r1", None))
    parent = row("r1", "deleted", "Relationship", Score=("40", None))
    assert changed(town.undo(month, parent))["key-m1"] == ("upsert", {"Parent.Key": (None, "key-r1")})
    assert changed(town.undo(month))["key-m1"] == ("upsert", {"Parent": (None, "r1")})


def test_a_record_without_a_key_of_ours_is_not_made_again() -> None:
    assert "cannot be made again" in left(Town().undo(row("001", "deleted", Score=("40", None))))["001"]


def test_a_text_that_is_kept_as_a_digest_is_compared_but_cannot_go_back() -> None:
    town = Town()
    told = tuple(BOOK.hidden("sales", "Task", "Subject", text) for text in ("Risk: old", "Risk: new"))
    town.has("T-1", "Task", Subject="Risk: new", Due="2026-12-01")
    found = town.undo(row("T-1", "updated", "Task", Subject=told, Due=("2026-11-30", "2026-12-01")))
    assert changed(found) == {"T-1": ("update", {"Due": ("2026-12-01", "2026-11-30")})}
    assert "not kept" in left(found)["T-1.Subject"]
    town.has("T-1", "Task", Subject="mine now", Due="2026-12-01")
    assert left(town.undo(row("T-1", "updated", "Task", Subject=told))) == {
        "T-1.Subject": "somebody changed it since"
    }


def test_a_text_that_the_store_still_has_goes_back_if_it_is_the_one_that_stood_there() -> None:
    town = Town()
    told = tuple(BOOK.hidden("sales", "Task", "Subject", text) for text in ("Risk: old", "Risk: new"))
    town.has("T-1", "Task", Subject="Risk: new")
    town.texts["sales", "Task", "T-1"] = {"Subject": "Risk: old"}
    task = row("T-1", "updated", "Task", Subject=told)
    assert changed(town.undo(task)) == {"T-1": ("update", {"Subject": ("Risk: new", "Risk: old")})}
    town.texts["sales", "Task", "T-1"] = {"Subject": "Risk: of another time"}
    assert "not kept" in left(town.undo(task))["T-1.Subject"]


def test_a_made_task_goes_away_by_its_digest() -> None:
    town = Town()
    subject = BOOK.hidden("sales", "Task", "Subject", "Risk: new")
    town.has("T-1", "Task", Subject="Risk: new")
    assert list(changed(town.undo(row("T-1", "created", "Task", Subject=(None, subject))))) == ["T-1"]


def test_a_field_that_the_mapping_writes_no_more_is_told() -> None:
    town = Town()
    town.has(Score="40")
    found = town.undo(row(Score=("82", "40"), Old=("a", "b")))
    assert list(changed(found)) == ["001"]
    assert "does not write this field" in left(found)["001.Old"]
    assert (
        "nothing is written to this object"
        in left(town.undo(row("9", "updated", "Case", Score=("1", "2"))))["9"]
    )


def test_a_record_that_was_found_only_when_it_was_written_has_nothing_to_go_back_to() -> None:
    town = Town()
    town.has("R-1", "Relationship", Score="40")
    found_late = row("R-1", "created", "Relationship", Score=(None, "40"))
    found_late = Row(**{n: getattr(found_late, n) for n in Row.__slots__} | {"verdict": "updated"})
    assert "not known" in left(town.undo(found_late))["R-1.Score"]

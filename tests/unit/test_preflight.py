"""What a CRM would not take is known before anything is sent: whole fields once, records with their reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from cs_connector.act.differences import preflight
from cs_connector.ports import FieldInfo, ObjectInfo
from cs_connector.unify.mapping import WriteRule

RULE = WriteRule.model_validate(
    {
        "object": "Account",
        "source": "account",
        "by": "key",
        "key_field": "Key",
        "fields": {
            "Score": {"column": "score", "type": "number", "scale": 2},
            "Reason": {"column": "reason", "length": 255},
            "Code": "code",
            "Band": {"column": "band", "values": {"red": "Red", "green": "Green"}},
            "Owner": {"column": "owner_ref", "type": "reference"},
            "Day": {"column": "day", "type": "date"},
            "Kind": {"column": "type", "type": "reference", "values": {"Trial": "t1"}},
        },
    }
)
FIELDS: dict[str, FieldInfo] = {
    "Key": FieldInfo("Key", "string", length=80),
    "Score": FieldInfo("Score", "double", length=5, scale=2),
    "Reason": FieldInfo("Reason", "string", length=255),
    "Code": FieldInfo("Code", "string", length=4),
    "Band": FieldInfo("Band", "picklist", values=("Red", "Amber"), restricted=True),
    "Owner": FieldInfo("Owner", "reference", refers_to=("User",)),
    "Day": FieldInfo("Day", "date"),
    "Kind": FieldInfo("Kind", "reference", refers_to=("RecordType",), choices=("012AAA", "012BBB")),
}


def info(**other: FieldInfo | None) -> ObjectInfo:
    fields = {**FIELDS, **other}
    return ObjectInfo("Account", tuple(field for field in fields.values() if field))


def told(*, key: str = "Score", **other: FieldInfo | None) -> str:
    rule, stops = preflight.fit("crm", RULE, info(**other))
    assert rule is not None
    assert key not in rule.fields
    assert len(rule.fields) == len(RULE.fields) - 1
    (stop,) = stops
    return str(stop)


def test_a_mapping_that_fits_is_left_as_it_is() -> None:
    assert preflight.fit("crm", RULE, info()) == (RULE, [])


def test_a_field_that_is_missing_or_of_another_kind_stops_alone_and_is_named() -> None:
    assert told(Score=None) == (
        "crm Account.Score is not a field that this login sees: it is not written; "
        "install it with: cs-connector provision apply"
    )
    assert "may not be written" in told(Score=FieldInfo("Score", "double", writable=False))
    assert "is a date, and the mapping writes a number" in told(Score=FieldInfo("Score", "date"))
    assert "is yes or no, and the mapping writes a text" in told(
        key="Code", Code=FieldInfo("Code", "boolean")
    )


def test_a_misspelt_field_is_met_with_what_is_there() -> None:
    assert "Scores" in told(Score=None, Scores=FieldInfo("Scores", "double"))


@pytest.mark.parametrize(
    "seen",
    [None, ObjectInfo("Account", (), writable=False), info(Key=None)],
    ids=["unseen", "read-only", "keyless"],
)
def test_without_object_permission_or_key_nothing_of_it_is_written(seen: ObjectInfo | None) -> None:
    rule, (stop,) = preflight.fit("crm", RULE, seen)
    assert rule is None
    assert "not written" in str(stop)


def test_texts_are_cut_and_numbers_rounded_to_what_the_field_holds() -> None:
    rule, stops = preflight.fit(
        "crm",
        RULE,
        info(
            Reason=FieldInfo("Reason", "string", length=100),
            Score=FieldInfo("Score", "double", length=5, scale=0),
        ),
    )
    assert stops == []
    assert rule is not None
    assert (rule.fields["Reason"].length, rule.fields["Score"].scale) == (100, 0)


class World:
    """A plan of one account, and what was read of users."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        self.con.execute(
            "CREATE TABLE plan_change(connection VARCHAR, object VARCHAR, source VARCHAR, key VARCHAR, action VARCHAR, "
            "key_field VARCHAR, record_id VARCHAR, fields VARCHAR, associate VARCHAR, reason VARCHAR); "
            "CREATE TABLE raw_User(id VARCHAR, deleted BOOLEAN); "
            "INSERT INTO raw_User VALUES ('u1', FALSE), ('u2', TRUE), ('u3', FALSE); "
            "CREATE TABLE link(entity VARCHAR, entity_id VARCHAR, connection VARCHAR, record_id VARCHAR); "
            "INSERT INTO link VALUES ('user', 'U1', 'crm', 'u1'), ('user', 'U3', 'crm', 'u3'); "
            'CREATE TABLE "user"(user_id VARCHAR, active BOOLEAN); '
            "INSERT INTO \"user\" VALUES ('U1', TRUE), ('U3', FALSE)"
        )

    def plan(self, key: str = "a1", **values: str | None) -> None:
        fields = [{"f": n, "c": RULE.fields[n].column, "a": None, "b": b} for n, b in values.items()]
        row: list[Any] = ["crm", "Account", "account", key, "upsert", "Key", None]
        self.con.execute(
            "INSERT INTO plan_change SELECT ?, ?, ?, ?, ?, ?, ?, to_json(?::STRUCT(f VARCHAR, c VARCHAR, a VARCHAR, b VARCHAR)[]), "
            "NULL, NULL",
            [*row, fields],
        )

    def check(self) -> list[tuple[str, str]]:
        preflight.begin(self.con)
        preflight.check(self.con, "crm", RULE, info(), lambda _c, n: f"raw_{n}", frozenset({"User"}))
        preflight.refuse(self.con)
        return self.con.execute("SELECT key, code FROM refusal ORDER BY ALL").fetchall()

    def left(self) -> list[str]:
        return [row[0] for row in self.con.execute("SELECT key FROM plan_change ORDER BY 1").fetchall()]


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.con.close()


@pytest.mark.parametrize(
    ("name", "good", "bad", "code"),
    [
        ("Code", "🙂🙂", "🙂🙂x", "TOO_LONG"),
        ("Score", "-999.99", "1000.00", "TOO_LARGE"),
        ("Band", "red", "Green", "NO_SUCH_VALUE"),
        ("Owner", "u1", "u2", "RECORD_DELETED"),
        ("Owner", "u1", "u9", "RECORD_UNKNOWN"),
        ("Owner", "u1", "u3", "OWNER_INACTIVE"),
        ("Kind", "012AAA", "012CCC", "NOT_AVAILABLE"),
    ],
)
def test_what_one_record_cannot_take_stops_that_record_alone(
    world: World, name: str, good: str, bad: str, code: str
) -> None:
    world.plan("good", **{name: good})
    world.plan("bad", **{name: bad})
    assert world.check() == [("bad", code)]
    assert world.left() == ["good"]


def test_what_is_emptied_is_never_too_much(world: World) -> None:
    world.plan("a1", Code=None, Score=None, Band=None)
    assert world.check() == []


def test_a_missing_value_is_named_once_with_what_is_there(world: World) -> None:
    for n in range(3):
        world.plan(f"a{n}", Band="Ambre")
    world.check()
    assert preflight.sentences(world.con) == [
        "crm Account: 3 not written: Band has no value 'Ambre': did you mean 'Amber'?"
    ]
